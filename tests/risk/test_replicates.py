"""Intervals from replicates of Sobol points: they keep their promise, and are shorter than of independent trials."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm, t

from distributions.streams import name_hash, period_uniforms
from simulator.engine.points import Points
from simulator.engine.tally import REPLICATES
from simulator.risk.breach import breach, share_interval
from simulator.risk.quantiles import LEVEL, interval_ranks
from simulator.risk.replicates import FEWEST, replicates, width_ratio
from simulator.risk.spend import Spend
from tests.risk.tallies import NANO, tally_of_spend

EXPONENTS = {"driver:volume": 0.3, "driver:failure_rate": 0.15, "driver:context": 0.12, "event:launch:volume": 0.2}
NOISE = 0.05
SIGMA = math.sqrt(sum(x**2 for x in EXPONENTS.values()) + NOISE**2)
BREACH = 0.08
RUNS, TRIALS = 500, 2_048
WIDER = t.ppf(0.975, REPLICATES - 1) / norm.ppf(0.975)


def lognormal(kind, seed, trials=TRIALS):
    """A surrogate whose law is known: lognormal drivers and an event, times what luck leaves."""
    trial = np.arange(trials)
    score = sum(weight * ndtri(Points(kind).uniforms(seed, purpose, trial)) for purpose, weight in EXPONENTS.items())
    return np.exp(score + NOISE * ndtri(period_uniforms(seed, name_hash("luck"), trial, 0, 0)))


def tally_of(kind, seed, trials=TRIALS):
    made = tally_of_spend(np.rint(lognormal(kind, seed, trials) * 1e9).astype(np.int64))
    return replace(made, frame=replace(made.frame, points=kind))


@lru_cache
def intervals(kind):
    """float64[RUNS, 4, 2]: intervals of P50, P95, P99 and a breach probability, of one run a seed."""
    amount, rows = math.exp(SIGMA * norm.isf(BREACH)), []
    for seed in range(RUNS):
        tally = tally_of(kind, seed)
        spend = Spend(tally.cells[:, 0], NANO, replicates(tally))
        rows.append([*(spend.ci(p) for p in (0.5, 0.95, 0.99)), breach(tally, amount).ci])
    return np.array(rows)


TRUTH = [*(math.exp(SIGMA * norm.ppf(p)) for p in (0.5, 0.95, 0.99)), BREACH]


@pytest.mark.parametrize("kind", ["sobol", "plain"])
def test_intervals_cover_the_truth_as_often_as_they_say(kind):
    low, high = np.moveaxis(intervals(kind), 2, 0)
    covered = ((low <= TRUTH) & (np.array(TRUTH) <= high)).mean(axis=0)
    assert np.all(covered > LEVEL - 4 * math.sqrt(LEVEL * (1 - LEVEL) / RUNS)), covered


def test_intervals_from_replicates_are_shorter_where_points_are_even():
    """All but that of P99, which 2,048 trials leave to order statistics."""
    sobol, plain = (np.diff(intervals(kind), axis=2)[:, :, 0] for kind in ("sobol", "plain"))
    gained = plain.mean(axis=0) - sobol.mean(axis=0)
    errors = np.sqrt((plain.var(axis=0) + sobol.var(axis=0)) / RUNS)
    assert np.all((gained > 4 * errors)[[0, 1, 3]])


def test_replicates_of_independent_trials_find_the_binomial_error():
    """The square of the ratio is unbiased: on average it is what Student's t adds."""
    rng = np.random.default_rng(1)
    replicate = np.arange(1_600) % REPLICATES
    squares = np.array([width_ratio(rng.random(1_600) < 0.3, replicate, LEVEL) ** 2 for _ in range(4_000)])
    assert abs(squares.mean() - WIDER**2) < 4 * squares.std() / math.sqrt(len(squares))


def test_replicates_of_any_size_count_by_their_trials():
    """One finished trial more in some, as after an interruption: still the error of independent trials on average."""
    rng = np.random.default_rng(2)
    replicate = rng.permutation(np.repeat(np.arange(REPLICATES), np.arange(60, 140, 5)))
    squares = np.array([width_ratio(rng.random(len(replicate)) < 0.3, replicate, LEVEL) ** 2 for _ in range(4_000)])
    sizes = np.bincount(replicate) / len(replicate)
    expected = WIDER**2 * REPLICATES / (REPLICATES - 1) * (1 - (sizes**2).sum())
    assert abs(squares.mean() - expected) < 4 * squares.std() / math.sqrt(len(squares))


def test_an_event_in_one_replicate_alone_is_counted_by_hand():
    hit = np.zeros(160, np.bool_)
    replicate = np.arange(160) % REPLICATES
    hit[np.flatnonzero(replicate < 4)] = True  # four replicates all of whose ten trials are hits: a share of 1/4
    share, gaps = 0.25, [7.5] * 4 + [-2.5] * 12
    error = math.sqrt(16 / 15 * sum(gap**2 for gap in gaps)) / 160
    assert width_ratio(hit, replicate, LEVEL) == pytest.approx(WIDER * error / math.sqrt(share * (1 - share) / 160))


@pytest.mark.parametrize("hits", [0, FEWEST * REPLICATES - 1, 1_000 - FEWEST * REPLICATES + 1, 1_000])
def test_too_few_of_a_kind_are_left_to_order_statistics(hits):
    hit, replicate = np.arange(1_000) < hits, np.arange(1_000) % REPLICATES
    assert width_ratio(hit, replicate, LEVEL) == 1.0
    assert width_ratio(np.arange(1_000) < FEWEST * REPLICATES, replicate, LEVEL) != 1.0


def test_plain_trials_have_no_replicates():
    assert replicates(tally_of("plain", 1, 64)) is None
    assert replicates(tally_of("sobol", 1, 64)).tolist() == list(range(REPLICATES)) * 4
    assert width_ratio(np.arange(100) < 50, None, LEVEL) == 1.0


def test_an_interval_of_width_one_is_that_of_independent_trials():
    assert interval_ranks(0.95, 1_000, width=1.0) == interval_ranks(0.95, 1_000)
    assert share_interval(7, 900, width=1.0) == share_interval(7, 900)


def test_a_narrower_interval_lies_inside_and_around_its_quantile():
    whole, half = interval_ranks(0.95, 2_000), interval_ranks(0.95, 2_000, width=0.5)
    assert whole.low < half.low <= 1_900 <= half.high < whole.high
    assert half.low == math.floor(1_900 - (1_900 - whole.low) / 2)
    none = interval_ranks(0.95, 2_000, width=0.0)
    assert (none.low, none.high) == (1_900, 1_900)
    low, high = share_interval(100, 2_000)
    assert share_interval(100, 2_000, width=0.5) == (pytest.approx((0.05 + low) / 2), pytest.approx((0.05 + high) / 2))


def test_a_wide_interval_ends_where_shares_do():
    assert share_interval(5, 10, width=9.0) == (0.0, 1.0)
    assert interval_ranks(0.5, 10, width=9.0) == (1, 10, True, True)
