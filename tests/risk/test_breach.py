"""Breach: probability with its interval, day, and overrun."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from simulator.risk.breach import DayQuantiles, breach, breach_days, breach_probability, share_interval
from tests.risk.tallies import tally_of_days, tally_of_spend

UNIT = 0.01
#                      day 1  day 2  day 3
DAYS = np.array([[100, 100, 100], [500, 0, 0], [0, 0, 501], [200, 200, 100], [300, 201, 0]])


def test_a_budget_breaks_on_the_day_that_passes_it_and_not_when_it_is_used_up() -> None:
    assert breach_days(tally_of_days(DAYS, UNIT), 5.00).tolist() == [0, 0, 3, 0, 2]


def test_a_breach_by_hand() -> None:
    risk = breach(tally_of_days(DAYS, UNIT), 4.00)
    assert (risk.trials, risk.breaching, risk.probability) == (5, 4, 0.8)
    assert risk.expected_overrun == pytest.approx((1.00 + 1.01 + 1.00 + 1.01) / 4)
    assert risk.day == DayQuantiles(p10=1, p50=2, p90=3)
    assert risk.ci == share_interval(4, 5)


def test_a_budget_that_holds_has_no_day_and_no_overrun() -> None:
    risk = breach(tally_of_days(DAYS, UNIT), 5.01)
    assert (risk.probability, risk.expected_overrun, risk.day) == (0.0, None, None)


def test_uncovered_spend_breaks_nothing() -> None:
    tally = tally_of_days(DAYS, UNIT)
    tally.covered = DAYS // 2
    assert breach(tally, 4.00).breaching == 0


def test_breach_probability_is_the_share_of_trials_above() -> None:
    tally = tally_of_days(DAYS, UNIT)
    for amount in (0.0, 2.99, 3.0, 5.0, 5.005, 5.01):
        by_hand = sum(row.sum() > 100 * amount for row in DAYS) / len(DAYS)
        assert breach_probability(tally, amount) == breach(tally, amount).probability == by_hand


@pytest.mark.parametrize("scale", [1, 10**6, 10**9])
def test_a_budget_at_a_quantile_is_not_broken_by_that_very_trial(scale: int) -> None:
    units = np.random.default_rng(3).integers(10**8, 10**9, 1_000) * scale + 1
    tally = tally_of_spend(units)
    p95 = sorted(units.tolist())[949] / 1e9
    assert breach_probability(tally, p95) == 0.05


def test_breach_under_lognormal_spend_is_the_closed_form() -> None:
    n, sigma = 20_000, 0.45
    spend = np.exp(np.random.default_rng(11).normal(math.log(50_000), sigma, n))
    tally = tally_of_spend((spend * 1e9).astype(np.int64))
    truth = stats.norm.sf(math.log(80_000 / 50_000) / sigma)
    assert abs(breach_probability(tally, 80_000) - truth) < 4 * math.sqrt(truth * (1 - truth) / n)


def test_no_breach_in_n_trials_is_the_rule_of_three() -> None:
    low, high = share_interval(0, 10_000)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.05 ** (1 / 10_000), rel=1e-12)
    assert high == pytest.approx(3 / 10_000, rel=0.002)


@pytest.mark.parametrize(("hits", "trials"), [(0, 40), (3, 40), (40, 40), (1, 10_000)])
def test_the_interval_of_the_complement_is_the_complement(hits: int, trials: int) -> None:
    low, high = share_interval(hits, trials)
    mirrored = share_interval(trials - hits, trials)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-14)


def test_the_interval_solves_the_binomial_equations() -> None:
    low, high = share_interval(17, 400)
    assert stats.binom.sf(16, 400, low) == pytest.approx(0.025, rel=1e-9)
    assert stats.binom.cdf(17, 400, high) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize("trials", [40, 1_000])
def test_intervals_of_probabilities_cover_as_often_as_they_promise(trials: int) -> None:
    intervals = np.array([share_interval(hits, trials) for hits in range(trials + 1)])
    truths = np.concatenate([np.geomspace(0.01 / trials, 0.5, 400), 1 - np.geomspace(0.01 / trials, 0.5, 400)])
    hits = np.arange(trials + 1)
    one_sided, two_sided = 1 - 0.05 ** (1 / trials), 1 - 0.025 ** (1 / trials)
    for truth in truths:
        inside = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
        # just past the rule of three its side has lost 5 %, and the other side loses up to its usual 2.5 %
        floor = 0.925 if one_sided < min(truth, 1 - truth) < two_sided else 0.95
        assert stats.binom.pmf(hits, trials, truth)[inside].sum() >= floor - 1e-12
