"""What is too large to start, and what a run takes on where nobody says how much."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import burncurve as bc
from scenarios.prices import resolve_prices
from simulator import bounds
from simulator.bounds import default_trials_words, money_unit
from simulator.engine.again import sample_sessions
from simulator.engine.period import Period
from simulator.engine.plan import compile_program

SMALL: dict[str, Any] = {
    "name": "small",
    "volume": {"sessions_per_day": 2},
    "agents": {"chat": {"model": "openai/gpt-5", "output_tokens": 100}},
}


@pytest.mark.parametrize(
    ("changes", "trials", "said"),
    [
        ({"volume": {"sessions_per_day": 1e9}}, 100, "volume\n    this run would simulate .* model calls"),
        ({"drivers": {"volume": "1 to 1e12"}}, 100, "volume\n    this run would simulate .* model calls"),
        ({}, 10**12, "model calls"),
        ({"volume": {"sessions_per_day": 0.001}}, 10**9, "trials\n    this run would hold .* GiB of figures in memory"),
        ({"volume": {"sessions_per_day": 0.001}}, 10**9, r"at most \d+,\d+,\d+ of 31 days fit"),
        ({"fixed_costs": {"monthly": {"x": 1e90}}}, 3, "fixed_costs\n    would cost 1e\\+90 USD a period"),
        (
            {"models": {"m": {"input": 1e90, "output": 1e90}}, "agents": {"a": {"model": "m", "output_tokens": 9}}},
            3,
            "agents\n",
        ),
    ],
)
def test_what_is_too_large_is_refused_by_name(changes: dict[str, Any], trials: int, said: str) -> None:
    with pytest.raises(bc.ScenarioError) as caught:
        bc.run(SMALL | changes, trials=trials, engine="exact")
    assert re.search(said, str(caught.value)), str(caught.value)


def test_a_driver_that_explodes_in_one_trial_is_found_before_it_is_simulated() -> None:
    """The pilot's 64 trials see nothing of a law whose weight lies in one draw of thousands."""
    law = {"mixture": [{"weight": 0.9999, "law": 1}, {"weight": 0.0001, "law": 1e15}]}
    with pytest.raises(bc.ScenarioError, match="model calls"):
        bc.run(SMALL | {"drivers": {"volume": law}}, trials=100_000)


MANY: dict[str, Any] = SMALL | {"features": {f"f{i}": {"share": i + 1, "agent": "chat"} for i in range(130)}}


def test_many_features_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = bc.load(MANY)
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    looks: list[int] = []

    def look(*args: Any) -> Any:
        looks.append(len(args[3]))
        return sample_sessions(*args)

    monkeypatch.setattr(bounds, "sample_sessions", look)
    together = bounds.pilot(program, period)
    assert [n // 2048 for n in looks] == [64, 64, 2]
    monkeypatch.setattr(bounds, "PILOT_FEATURES", 1)
    assert bounds.pilot(program, period) == together


def test_more_features_than_memory_holds_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_BYTES", 100 * bounds.FEATURE_BYTES)
    said = "features\n    this run would count the sessions of 130 features one feature at a time; 100 are let through"
    with pytest.raises(bc.ScenarioError, match=said):
        bc.run(MANY, trials=3)


@pytest.mark.parametrize("amount", [1e10, 1e11, 1e15])
def test_fixed_costs_of_any_size_are_counted_in_a_unit_that_holds_them(amount: float) -> None:
    result = bc.run(SMALL | {"fixed_costs": {"monthly": {"x": amount}}, "period": "2026-12"}, trials=3)
    assert result.spend.mean == pytest.approx(amount, rel=1e-9)
    assert result.tally.frame.unit == money_unit(amount)
    assert (np.asarray(result.tally.cells) >= 0).all()
    assert len(result.sessions(5)) == 5


def test_why_there_are_fewer_trials_than_usual() -> None:
    assert default_trials_words(10_000) == []
    assert default_trials_words(4_213) == [
        "4,213 trials: as many as make 3 billion model calls; --trials asks for more"
    ]
    assert default_trials_words(200) == [
        "200 trials, the fewest by default: they make 3 billion model calls or more; --trials asks for others"
    ]
