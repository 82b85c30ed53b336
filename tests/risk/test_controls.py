"""Controls: by hand, and the promises of the intervals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from simulator.engine.tally import Threshold
from simulator.risk.breach import DayQuantiles
from simulator.risk.controls import Reduction, controls, reduction_interval
from tests.risk.tallies import tally_of_days, with_controls

UNIT = 0.01
FREE = np.array([[100, 100, 100, 100], [300, 300, 300, 300], [50, 50, 50, 300], [200, 150, 100, 100]])
HELD = np.array([[100, 100, 100, 100], [300, 300, 100, 100], [50, 50, 50, 300], [200, 150, 100, 40]])
# a threshold of 2.50 that takes a day more to act, and one of 4.00 that acts on the day after
THRESHOLDS = (Threshold(250, 1), Threshold(400, 0))
CROSSED = [[3, 0], [1, 2], [4, 4], [2, 3]]


def made(budget: float | None = 5.00):
    return controls(with_controls(HELD, FREE, THRESHOLDS, CROSSED, UNIT), budget)


def test_without_controls_there_is_nothing_to_compare() -> None:
    assert controls(tally_of_days(HELD, UNIT), 5.00) is None


def test_the_same_trials_without_controls() -> None:
    done = made()
    assert done is not None
    assert done.spend.samples.tolist() == done.covered.samples.tolist() == [4.00, 12.00, 4.50, 5.50]
    assert done.breach is not None
    assert (done.breach.breaching, done.breach.day) == (2, DayQuantiles(2, 2, 4))
    assert done.reduction == Reduction(1 / 4, reduction_interval(1, 0, 4))


def test_the_saving_is_paired_by_trial() -> None:
    done = made()
    assert done is not None
    saved = np.array([0.0, 4.0, 0.0, 0.6])
    assert done.saving.mean == pytest.approx(saved.mean(), rel=1e-15)
    low, high = stats.t.interval(0.95, 3, saved.mean(), stats.sem(saved))
    assert done.saving.ci == pytest.approx((low, high), rel=1e-12)


def test_one_trial_has_no_error() -> None:
    done = controls(with_controls(HELD[1:2], FREE[1:2], THRESHOLDS, CROSSED[1:2], UNIT), None)
    assert done is not None
    assert done.saving.mean == 4.0
    assert math.isnan(done.saving.se)
    assert (done.breach, done.reduction, done.actions[0].at) == (None, None, None)


def test_when_each_control_acts_and_what_leaks_past_it() -> None:
    done = made()
    assert done is not None
    late, prompt = done.actions
    # crossed on days 3, 1, 4, 2; acts on 5 (too late), 3, 6 (too late), 4
    assert (late.crossed_rate, late.acted_rate, late.day) == (1.0, 0.5, DayQuantiles(3, 3, 4))
    assert (late.threshold, late.at, late.delay_days) == (2.50, 0.5, 1)
    assert late.leak is not None
    assert late.leak.mean == pytest.approx(((6.00 - 2.50) + (4.50 - 2.50)) / 2)
    assert late.leak.p95 == pytest.approx(3.50)
    # crossed never, on 2, on the last day (no day is left), on 3
    assert (prompt.crossed_rate, prompt.acted_rate, prompt.day) == (0.75, 0.5, DayQuantiles(3, 3, 4))
    assert prompt.leak is not None
    assert prompt.leak.mean == pytest.approx(((6.00 - 4.00) + (4.50 - 4.00)) / 2)


def test_a_control_that_never_acts_has_no_day_and_no_leak() -> None:
    done = controls(with_controls(HELD, HELD, [Threshold(10_000, 0)], [[0]] * 4, UNIT), 5.00)
    assert done is not None
    assert (done.actions[0].day, done.actions[0].leak, done.actions[0].crossed_rate) == (None, None, 0.0)
    assert done.saving.mean == 0.0


def test_one_time_costs_are_no_leak() -> None:
    tally = with_controls(HELD, FREE, THRESHOLDS, CROSSED, UNIT)
    tally.frame = replace(tally.frame, one_time_daily=np.array([50, 0, 0, 0]))
    tally.covered = HELD + tally.frame.one_time_daily
    done = controls(tally, 5.00)
    assert done is not None
    assert done.actions == made().actions  # type: ignore[union-attr]


def test_sessions_turned_away_are_shares_of_those_that_would_have_come() -> None:
    tally = with_controls(HELD, FREE, THRESHOLDS, CROSSED, UNIT)
    tally.sessions = np.full((4, 4, 1), 5)
    tally.turned_away = np.array([0, 30, 0, 10])
    done = controls(tally, 5.00)
    assert done is not None
    assert done.turned_away.mean == 10.0
    assert done.turned_away.share == 40 / 120
    assert done.turned_away.p95_share == 30 / 50


def test_no_sessions_at_all_turn_none_away() -> None:
    done = made()
    assert done is not None
    assert (done.turned_away.share, done.turned_away.p95_share) == (0.0, 0.0)


@pytest.mark.parametrize("trials", [20, 60])
def test_the_interval_of_the_reduction_covers_as_often_as_it_promises(trials: int) -> None:
    """Of every pair of counts that so many trials can give, weighed by its chance."""
    ends = {
        (lost, won): reduction_interval(lost, won, trials)
        for lost in range(trials + 1)
        for won in range(trials + 1 - lost)
    }
    pairs = np.array(list(ends))
    low, high = np.array(list(ends.values())).T
    counts = np.column_stack([pairs, trials - pairs.sum(axis=1)])
    for lost, won in ((0.0, 0.0), (0.02, 0.0), (0.1, 0.0), (0.3, 0.05), (0.5, 0.5), (0.01, 0.01), (0.45, 0.2)):
        chances = stats.multinomial.pmf(counts, trials, [lost, won, max(0.0, 1 - lost - won)])
        inside = (low <= lost - won + 1e-12) & (lost - won <= high + 1e-12)
        assert chances[inside].sum() >= 0.95 - 1e-9
