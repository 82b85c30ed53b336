"""What may be given to the public functions, and what is said of the rest: one sentence with the name, never a type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import burncurve as bc
from simulator.arguments import read_arguments

SMALL: dict[str, Any] = {
    "name": "small",
    "volume": {"sessions_per_day": 2},
    "agents": {"chat": {"model": "openai/gpt-5", "output_tokens": 100}},
}


def test_numbers_are_read_as_people_write_them() -> None:
    problems: list[bc.ScenarioError] = []
    given = {"budget": "$30k", "trials": "10k", "seed": "18446744073709551615", "threads": 2.0, "engine": "auto"}
    right = {"budget": 30_000.0, "trials": 10_000, "seed": 2**64 - 1, "threads": 2, "engine": "auto"}
    assert read_arguments(given, problems) == right
    assert read_arguments({"trials": np.int64(3), "seed": np.uint64(2**64 - 1)}, problems) == {
        "trials": 3,
        "seed": 2**64 - 1,
    }
    assert problems == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"budget": "lots"}, "budget\n    a budget is a number above 0, such as 30k\n    got:     lots"),
        ({"budget": float("nan")}, "budget\n    a budget is a number above 0"),
        ({"budget": "3%"}, "a budget is a number above 0, such as 30k\n    got:     3%"),
        ({"trials": "300%"}, "trials\n"),
        ({"budget": True}, "got:     true"),
        ({"trials": 2.5}, "trials\n    the number of trials is a whole number from 1, such as 10k\n    got:     2.5"),
        ({"trials": [1]}, "trials\n"),
        ({"trials": True}, "trials\n"),
        ({"trials": "9" * 5_000}, "trials\n"),
        ({"seed": -1}, "seed\n    a seed is a whole number from 0 to 2^64 - 1"),
        ({"seed": True}, "seed\n"),
        ({"seed": None}, "seed\n"),
        ({"seed": 1.5}, "seed\n"),
        ({"threads": 0}, "threads\n    the number of threads is a whole number from 1 to 1,024"),
        ({"threads": 1e15}, "threads\n"),
        ({"budget": 10**400}, "budget\n"),
        ({"block": 0}, "block\n    a block is a whole number of trials from 1\n    got:     0"),
        ({"progress": 3}, "progress\n    takes a function of one argument, called as the run goes on\n    got:     3"),
        (
            {"engine": None},
            "engine\n    there is no such engine\n    got:     nothing\n    allowed: auto, exact or hybrid",
        ),
        ({"engine": "warp"}, "there is no such engine"),
        (
            {"tolerance": 0},
            "tolerance\n    a tolerance is a share of the P95, above 0 and up to 1, such as 1% or 0.01\n",
        ),
        ({"tolerance": -0.01}, "tolerance\n    a tolerance is a share"),
        ({"tolerance": 1.01}, "got:     1.01"),
        ({"tolerance": "101%"}, "got:     101%"),
        ({"tolerance": float("nan")}, "tolerance\n"),
        ({"tolerance": True}, "tolerance\n"),
        ({"tolerance": "little"}, "got:     little"),
        (
            {"points": "halton"},
            "points\n    there are no such points\n    got:     halton\n    allowed: sobol or plain",
        ),
        ({"points": None}, "points\n    there are no such points\n    got:     nothing"),
        ({"overrides": 3}, "overrides\n    are no overrides\n    got:     3"),
        ({"overrides": [3]}, "are no overrides"),
        ({"overrides": {"volume.sessions_per_day": 3}}, "path=value"),
        ({"overrides": "volume=many"}, "--set: volume"),
    ],
)
def test_wrong_arguments_of_a_run_are_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(bc.ScenarioError) as caught:
        bc.run(SMALL, **arguments)
    assert said in str(caught.value)


def test_arguments_and_scenario_are_wrong_at_once() -> None:
    with pytest.raises(bc.ScenarioError) as caught:
        bc.run(SMALL | {"plan": -1}, trials=0, seed=-1)
    assert [problem.path for problem in caught.value.problems] == ["plan", "seed", "trials"]


def test_one_override_may_stand_alone_and_edits_a_loaded_scenario_too() -> None:
    scenario = bc.load(SMALL, "name=other")
    assert scenario.name == "other"
    result = bc.run(scenario, trials="3", overrides="volume.sessions_per_day=5")
    assert result.facts.name == "other"
    assert 3 * 31 * 2 < result.tally.session.sessions < 3 * 31 * 9


@pytest.mark.parametrize("source", [3, None, [SMALL], b"faq"])
def test_what_is_no_scenario_is_refused(source: Any) -> None:
    for function in (bc.load, bc.run):
        with pytest.raises(bc.ScenarioError, match="is no scenario"):
            function(source)


def test_a_whole_number_beyond_all_floats_is_not_finite() -> None:
    with pytest.raises(bc.ScenarioError, match=r"finite|beyond"):
        bc.load(SMALL | {"plan": 10**400})


def test_a_scenario_that_was_not_loaded_is_sent_to_load() -> None:
    scenario = bc.Scenario.model_validate(SMALL)
    for function in (bc.load, bc.run):
        with pytest.raises(bc.ScenarioError, match=r"was not loaded(.|\n)*load\(\) it from a file or a mapping"):
            function(scenario)


def test_a_law_by_itself() -> None:
    assert bc.law("60k").mean() == 60_000
    assert bc.law({"lomax": {"alpha": 0.9, "scale": 1}}, allow_infinite_mean=True).mean() == float("inf")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (None, "law\n    nothing (an empty value) is not a number"),
        ([1], "a list is not a number"),
        ("many", "'many' is not a number"),
        ({"lognormal": {"mu": 5, "sigma": -1}}, "law.lognormal.sigma\n"),
        ({"data": {"file": "x.csv", "column": "a"}}, "there is no data file nowhere/x.csv"),
    ],
)
def test_a_law_that_is_none(spec: object, said: str) -> None:
    with pytest.raises(bc.ScenarioError) as caught:
        bc.law(spec, base=Path("nowhere"))
    assert said in str(caught.value)
    with pytest.raises(bc.ScenarioError, match="is no folder"):
        bc.law(spec, base=3)  # type: ignore[arg-type]
