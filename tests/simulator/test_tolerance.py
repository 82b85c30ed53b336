"""Trials until a run is sure enough: when it stops, what it says, and that no trial is another for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import burncurve as bc
from simulator import bounds
from simulator.engine.tally import ROWS, Tally
from simulator.risk.replicates import replicates
from simulator.risk.spend import Spend, covered_units
from simulator.show.reproduce import command
from simulator.show.screen import screen
from simulator.show.tolerance import tolerance_sentence, tolerance_words
from simulator.tolerance import FIRST, MOST, Goal, Tolerance, half_width, percentiles_asked, until_sure
from tests.risk.tallies import tally_of_spend

SPEC: dict[str, Any] = {
    "name": "small",
    "as_of": "2026-11-20",
    "period": {"start": "2026-12-01", "days": 2},
    "budget": {"amount": 0.05, "covers": ["models"]},
    "volume": {"sessions_per_day": 20},
    "agents": {"chat": {"model": "openai/gpt-5", "output_tokens": 100}},
    "drivers": {"volume": "0.6 to 1.7"},
    "fixed_costs": {"monthly": {"platform": 1}},
}


def width_of(result: bc.Result, p: float) -> float:
    return half_width(result.covered, p)


@pytest.fixture(scope="module")
def sure() -> bc.Result:
    return bc.run(SPEC, tolerance="2%", seed=3)


def test_a_run_stops_at_the_first_stage_that_is_sure_enough(sure: bc.Result) -> None:
    stages = [FIRST * 2**k for k in range(6)]
    widths = [width_of(bc.run(SPEC, trials=n, seed=3), 0.95) for n in stages]
    first = next(n for n, width in zip(stages, widths, strict=True) if width <= 0.02)
    assert sure.trials_done == first > FIRST
    assert sure.tolerance == Tolerance(0.02, {"p95": width_of(sure, 0.95)}, MOST, "tolerance")
    assert sure.tolerance.reached
    assert not sure.interrupted


def test_its_trials_are_those_of_a_run_that_was_asked_for_as_many(sure: bc.Result) -> None:
    plain = bc.run(SPEC, trials=sure.trials_done, seed=3)
    for name in ROWS:
        assert np.array_equal(getattr(sure.tally, name), getattr(plain.tally, name), equal_nan=name == "heaviest"), name
    assert np.array_equal(sure.tally.worst, plain.tally.worst)
    apart = ("tolerance",)
    values, others = ({key: x for key, x in result.to_dict().items() if key not in apart} for result in (sure, plain))
    assert values == others
    assert f"--trials {sure.trials_done} " in command(sure)


def test_it_says_so(sure: bc.Result) -> None:
    n = f"{sure.trials_done:,}"
    assert tolerance_words(sure) == f"tolerance of 2 % reached with {n} trials"
    assert f"tolerance of 2 % reached with {n} trials" in screen(sure, 400)
    assert tolerance_sentence(sure).startswith(f"tolerance of 2 % reached with {n} trials: simulation error ±1.")
    assert tolerance_sentence(sure).endswith("% of the P95")
    said = sure.to_dict()["tolerance"]
    assert said == {
        "asked": 0.02,
        "half_widths": {"p95": width_of(sure, 0.95)},
        "reached": True,
        "maximum": MOST,
        "stopped_by": "tolerance",
    }


def test_a_run_without_a_tolerance_says_nothing_of_one() -> None:
    result = bc.run(SPEC, trials=20)
    assert result.tolerance is None
    assert result.to_dict()["tolerance"] is None
    assert "tolerance" not in screen(result, 400)


def test_trials_are_the_maximum_where_there_is_a_tolerance() -> None:
    result = bc.run(SPEC, tolerance=1e-6, trials=1_500)
    assert result.trials_done == result.trials_requested == 1_500
    assert result.tolerance is not None
    assert (result.tolerance.stopped_by, result.tolerance.maximum) == ("maximum", 1_500)
    assert not result.tolerance.reached
    assert not result.interrupted
    words = "tolerance of 0.0001 % NOT reached with 1,500 trials, which is the maximum"
    assert tolerance_words(result) == words
    assert words in screen(result, 400)


def test_the_work_that_a_run_takes_on_is_a_maximum_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_CALLS", 3 * FIRST * 40)
    result = bc.run(SPEC, tolerance=1e-6)
    assert result.trials_done == 2 * FIRST
    assert result.tolerance is not None
    assert result.tolerance.stopped_by == "work"
    assert tolerance_words(result).endswith("trials, as more of them are more work than a run takes on")


def test_few_trials_leave_the_error_unknown() -> None:
    result = bc.run(SPEC, tolerance=0.5, trials=30)
    assert result.tolerance is not None
    assert math.isinf(result.tolerance.half_widths["p95"])
    assert not result.tolerance.reached
    assert tolerance_sentence(result).endswith("simulation error of the P95 unknown, from too few trials")
    assert result.to_dict()["tolerance"]["half_widths"] == {"p95": None}


@pytest.mark.parametrize(
    ("limits", "conditions", "percentiles"),
    [
        ({}, (), (95,)),
        ({"p95": 3.0}, ("budget.breach_probability",), (95,)),
        ({"p99": 3.0}, (), (95, 99)),
        ({}, ("spend.p99",), (95, 99)),
        ({}, ("spend.ci.p99.1",), (95, 99)),
        ({"session.cost.p99": 3.0}, (), (95,)),
    ],
)
def test_p99_counts_where_a_limit_asks_for_it(limits, conditions, percentiles) -> None:
    assert percentiles_asked(limits, conditions) == percentiles


def test_a_limit_of_the_scenario_asks_for_p99() -> None:
    result = bc.run(SPEC | {"limits": {"p99": 100}}, tolerance="5%", seed=3)
    assert result.tolerance is not None
    assert list(result.tolerance.half_widths) == ["p95", "p99"]
    assert result.tolerance.reached
    asked = bc.run(SPEC, tolerance="5%", tolerance_p99=True, seed=3)
    assert asked.tolerance == result.tolerance
    assert " and ±" in tolerance_sentence(result)


def test_what_is_sure_from_the_first_needs_no_more() -> None:
    same = {"agents": {"chat": {"model": "openai/gpt-5", "output_tokens": 0}}, "drivers": {}}
    result = bc.run(SPEC | same, tolerance=0.01)
    assert result.trials_done == FIRST
    assert result.tolerance is not None
    assert result.tolerance.half_widths == {"p95": 0.0}


def test_a_tolerance_is_kept_on_disk(sure: bc.Result, tmp_path) -> None:
    loaded = bc.load_result(sure.save(tmp_path))
    assert loaded.tolerance == sure.tolerance
    assert loaded.points == "sobol"
    assert loaded.to_dict() == sure.to_dict()
    unknown = Tolerance(0.1, {"p95": math.inf}, 10, "maximum")
    assert Tolerance.from_dict({**unknown.to_dict(), "half_widths": {"p95": None}}) == unknown


# -- interruptions ------------------------------------------------------------------------------------------


def amounts(first: int, count: int) -> Tally:
    made = tally_of_spend(10**9 + (np.arange(first, first + count) * 2_654_435_761) % 2**32)
    made.trial = np.arange(first, first + count)
    return made


def goal(asked: float = 1e-9, maximum: int = 10**5) -> Goal:
    return Goal(asked, (95,), True, maximum)


def test_an_interrupted_stage_keeps_what_is_finished() -> None:
    def simulate(first: int, count: int) -> Tally:
        return amounts(first, count if first == 0 else 100)

    tally, tolerance, aimed = until_sure(simulate, goal(), lambda n: True)
    assert tally.trial.tolist() == list(range(FIRST + 100))
    assert (tolerance.stopped_by, aimed) == ("user", 2 * FIRST)


def test_an_interruption_between_stages_keeps_what_is_finished() -> None:
    def interrupted(trials: int) -> bool:
        raise KeyboardInterrupt

    tally, tolerance, aimed = until_sure(amounts, goal(), interrupted)
    assert len(tally.trial) == FIRST
    assert (tolerance.stopped_by, aimed) == ("user", FIRST)


def test_an_interruption_before_any_trial_is_one() -> None:
    with pytest.raises(KeyboardInterrupt, match="before the first trial was finished"):
        until_sure(lambda first, count: amounts(first, 0), goal(), lambda n: True)


def test_stages_double_up_to_the_maximum() -> None:
    stages: list[tuple[int, int]] = []

    def simulate(first: int, count: int) -> Tally:
        stages.append((first, count))
        return amounts(first, count)

    tally, tolerance, aimed = until_sure(simulate, goal(maximum=5_000), lambda n: True)
    assert stages == [(0, 1_024), (1_024, 1_024), (2_048, 2_048), (4_096, 904)]
    assert (len(tally.trial), aimed, tolerance.stopped_by) == (5_000, 5_000, "maximum")


def test_the_width_is_that_of_what_the_budget_covers() -> None:
    tally = amounts(0, 4_096)
    tally.covered = tally.covered // 3 + 5
    for budgeted, units in ((True, covered_units(tally)), (False, tally.cells[:, 0])):
        width = half_width(Spend(units, tally.frame.unit, replicates(tally)), 0.95)
        assert Goal(0.1, (95,), budgeted, 10).reading(tally, "").half_widths == {"p95": width}


def test_progress_goes_on_from_stage_to_stage() -> None:
    seen: list[Any] = []
    result = bc.run(SPEC, tolerance=1e-6, trials=4_000, progress=seen.append)
    assert [p.trials_done for p in seen] == sorted(p.trials_done for p in seen)
    assert [p.trials_total for p in seen] == sorted(p.trials_total for p in seen)
    assert (seen[-1].trials_done, seen[-1].trials_total) == (4_000, 4_000)
    assert seen[-1].sessions_done == result.tally.sessions.sum()
