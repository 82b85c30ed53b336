"""What sets the worst trials apart: planted, found, and never made of noise."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from scenarios.words import DRIVERS
from simulator.engine.tally import Tally
from simulator.risk.drivers import LEAST_WORST, normal_scores, worst_trials
from tests.risk.tallies import tally_of_spend, with_events

VOLUME, FAILURES = DRIVERS.index("volume"), DRIVERS.index("failure_rate")


def months(trials: int = 4_000, seed: int = 5) -> Tally:
    """Spend that volume and a spike make, beside a driver and an event that have nothing to do with it."""
    rng = np.random.default_rng(seed)
    volume, failures = np.exp(0.3 * rng.standard_normal((2, trials)))
    spike, outage = rng.random((2, trials)) < [[0.5], [0.3]]
    made = tally_of_spend(np.round(1e12 * volume * np.where(spike, 1.5, 1.0)))
    made.levels[:, VOLUME], made.levels[:, FAILURES] = volume, failures
    return with_events(made, spike=4 * spike, outage=outage)


def test_what_makes_the_worst_trials_is_found_and_the_rest_is_left_out() -> None:
    found = worst_trials(months())
    assert found.trials == 201  # those at or beyond rank ceil(0.95 * 4,000)
    assert [(difference.kind, difference.name) for difference in found.differences] == [
        ("driver", "volume"),
        ("event", "spike"),
    ]


def test_its_figures_are_those_of_direct_counts() -> None:
    tally = months()
    spend = tally.cells.sum(axis=1)
    worst = spend >= np.sort(spend)[3_799]
    volume, spike = worst_trials(tally).differences
    levels, days = tally.levels[:, VOLUME], tally.event_days[:, 0]
    assert (volume.worst, volume.overall) == (np.median(levels[worst]), np.median(levels))
    assert (spike.worst, spike.overall) == ((days[worst] > 0).mean(), (days > 0).mean())
    assert (spike.worst_days, spike.overall_days) == (days[worst].mean(), days.mean())
    assert (volume.worst_days, volume.overall_days) == (None, None)
    scores = stats.norm.ppf(stats.rankdata(levels) / 4_001)
    gap = (scores[worst].mean() - scores[~worst].mean()) / scores.std(ddof=1)
    assert volume.strength == pytest.approx(gap, rel=1e-12)
    assert volume.se == pytest.approx(math.sqrt(1 / 201 + 1 / 3_799), rel=1e-12)


def test_an_event_that_is_always_on_is_told_by_its_days() -> None:
    tally = months()
    tally.event_days += 1
    spike = worst_trials(tally).differences[1]
    assert (spike.name, spike.worst, spike.overall) == ("spike", 1.0, 1.0)
    assert spike.worst_days is not None
    assert spike.worst_days > 4 > tally.event_days[:, 0].mean()


def test_what_is_rarer_in_the_worst_trials_counts_as_well() -> None:
    tally = months()
    tally.event_days[:, 1] = 1 - (tally.event_days[:, 0] > 0)
    found = {difference.name: difference for difference in worst_trials(tally).differences}
    assert found["outage"].strength == pytest.approx(-found["spike"].strength, rel=1e-12)


def test_equal_values_stand_at_the_middle_of_their_ranks() -> None:
    values = np.array([0, 0, 0, 3, 1, 1, 7, 0])
    scores = stats.norm.ppf(stats.rankdata(values) / 9)
    assert normal_scores(values) == pytest.approx((scores - scores.mean()) / scores.std(ddof=1), rel=1e-12)


@pytest.mark.parametrize(("n", "worst"), [(6, 2), (7, 3)])
@pytest.mark.parametrize("ties", [False, True])
def test_trials_taken_at_random_differ_by_the_error_that_is_said(n: int, worst: int, ties: bool) -> None:
    values = np.arange(n) // (3 if ties else 1)
    scores = normal_scores(values)
    gaps = []
    for chosen in combinations(range(n), worst):
        inside = np.isin(np.arange(n), chosen)
        gaps.append(scores[inside].mean() - scores[~inside].mean())
    assert np.mean(gaps) == pytest.approx(0, abs=1e-12)
    assert np.var(gaps) == pytest.approx(n / (worst * (n - worst)), rel=1e-12)


def test_noise_is_listed_as_seldom_as_is_promised() -> None:
    """Six drivers and three events that spend knows nothing of: in 5 % of runs one of them is listed, no more."""
    rng, runs, listed = np.random.default_rng(8), 600, 0
    for _ in range(runs):
        tally = tally_of_spend(rng.integers(10**9, 10**12, 400))
        tally.levels[:, :6] = rng.lognormal(0, 0.5, (400, 6))
        events = rng.poisson([0.4, 1.0, 3.0], (400, 3))
        listed += bool(worst_trials(with_events(tally, a=events[:, 0], b=events[:, 1], c=events[:, 2])).differences)
    assert listed <= stats.binom.ppf(0.9999, runs, 0.05)


def test_a_rare_event_that_hardly_a_worst_trial_met_is_not_told() -> None:
    trials = 400
    tally = tally_of_spend(np.arange(1, trials + 1) * 10**9)
    for hits in (LEAST_WORST - 1, LEAST_WORST):
        days = np.zeros(trials)
        days[trials - hits :] = 2
        assert bool(worst_trials(with_events(tally, flood=days)).differences) == (hits == LEAST_WORST)


@pytest.mark.parametrize("spend", [np.full(1_000, 10**9), np.arange(1, 60) * 10**9])
def test_a_tail_that_is_all_or_next_to_nothing_tells_nothing(spend: np.ndarray) -> None:
    tally = tally_of_spend(spend)
    tally.levels[:, VOLUME] = np.linspace(0.5, 2, len(spend))
    assert worst_trials(tally).differences == ()


def test_a_driver_that_may_be_zero_has_its_place() -> None:
    tally = tally_of_spend(np.arange(1, 1_001) * 10**9)
    tally.levels[:, FAILURES] = np.maximum(0, np.linspace(-1, 1, 1_000))
    (found,) = worst_trials(tally).differences
    assert (found.name, found.overall) == ("failure_rate", pytest.approx(0, abs=1e-2))
