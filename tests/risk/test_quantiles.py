"""Order statistics and their intervals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator.risk.quantiles import interval_ranks, quantile_of_sorted, quantile_rows, rank


@given(st.integers(1, 5_000), st.integers(0, 1_000))
def test_the_rank_is_the_ceiling_of_n_p_in_decimals(n: int, thousandths: int) -> None:
    p = thousandths / 1_000
    assert rank(p, n) == max(1, math.ceil(Fraction(thousandths, 1_000) * n))


def test_a_rank_does_not_trip_over_binary_fractions() -> None:
    assert 0.07 * 100 > 7  # what naive rounding up would make rank 8
    assert rank(0.07, 100) == 7


@pytest.mark.parametrize("p", [-0.01, 1.01, math.nan])
def test_a_rank_asks_for_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        rank(p, 10)


def test_a_rank_asks_for_values() -> None:
    with pytest.raises(ValueError, match="no values"):
        rank(0.5, 0)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=60), st.integers(1, 100))
def test_the_quantile_is_the_smallest_value_that_enough_do_not_pass(values: list[int], hundredths: int) -> None:
    ordered = np.sort(np.array(values, dtype=np.int64))
    needed = Fraction(hundredths, 100) * len(values)
    by_hand = min(v for v in values if sum(w <= v for w in values) >= needed)
    assert quantile_of_sorted(ordered, hundredths / 100) == by_hand


def test_quantiles_of_columns_are_those_of_each_column() -> None:
    table = np.random.default_rng(1).integers(0, 1_000, (73, 9))
    for p in (0.0, 0.05, 0.5, 0.95, 1.0):
        expected = [quantile_of_sorted(np.sort(column), p) for column in table.T]
        assert quantile_rows(table, p).tolist() == expected


@pytest.mark.parametrize("n", [7, 59, 100, 1_000, 20_000])
@pytest.mark.parametrize("p", [0.01, 0.05, 0.5, 0.95, 0.99])
def test_interval_ranks_are_the_tightest_that_leave_out_a_fortieth_on_each_side(n: int, p: float) -> None:
    ranks = interval_ranks(p, n)
    below = stats.binom(n, p)
    assert ranks.clamped_low == (below.cdf(0) > 0.025)
    assert ranks.clamped_high == (below.sf(n - 1) > 0.025)
    if not ranks.clamped_low:
        assert below.cdf(ranks.low - 1) <= 0.025 < below.cdf(ranks.low)
    if not ranks.clamped_high:
        assert below.sf(ranks.high - 1) <= 0.025 < below.sf(ranks.high - 2)


def test_a_sample_too_small_for_p99_says_so() -> None:
    ranks = interval_ranks(0.99, 200)
    assert (ranks.high, ranks.clamped_high, ranks.clamped_low) == (200, True, False)
    assert not interval_ranks(0.99, 400).clamped_high


@pytest.mark.parametrize("p", [0.5, 0.95, 0.99])
def test_intervals_cover_the_true_quantile_as_often_as_they_promise(p: float) -> None:
    n, repetitions = 1_000, 2_000
    truth = stats.lognorm(s=0.8).ppf(p)
    samples = np.sort(np.random.default_rng(20261120).lognormal(0.0, 0.8, (repetitions, n)), axis=1)
    ranks = interval_ranks(p, n)
    covered = (samples[:, ranks.low - 1] <= truth) & (truth <= samples[:, ranks.high - 1])
    assert 0.93 <= covered.mean() <= 0.98
