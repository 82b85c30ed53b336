"""Spend over trials: closed forms, and the definitions counted by hand."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest

from simulator.risk.spend import Spend, covered_units, spend_units
from tests.risk.tallies import NANO, tally_of_spend

LOGNORMAL = np.exp(np.random.default_rng(7).normal(25.0, 0.4, 2_000)).astype(np.int64)


def test_equal_trials_cost_the_same_in_every_percentile_to_the_last_bit() -> None:
    spend = Spend(np.full(200, 6_000_000_000, dtype=np.int64), NANO)
    values = spend.to_dict()
    assert values.pop("sd") == 0.0
    assert values.pop("ci") == {name: [6.0, 6.0] for name in ("p50", "p95", "p99")}
    assert values.pop("ci_clamped") == ["p99"]
    assert set(values.values()) == {6.0}


def test_equal_trials_have_no_deviation_where_floats_would_give_them_one() -> None:
    units = np.full(199, 123_456_789_123)
    assert np.std(units / 1e9, ddof=1) > 0
    assert Spend(units, NANO).sd == 0.0


def test_moments_and_quantiles_are_those_of_plain_python() -> None:
    spend = Spend(LOGNORMAL, NANO)
    money = [units / 10**9 for units in LOGNORMAL.tolist()]
    ordered = sorted(money)
    assert spend.mean == pytest.approx(statistics.fmean(money), rel=1e-14)
    assert spend.sd == pytest.approx(statistics.stdev(money), rel=1e-12)
    assert [spend.quantile(p) for p in (0.05, 0.5, 0.95)] == [ordered[99], ordered[999], ordered[1_899]]
    assert (spend.min, spend.max) == (ordered[0], ordered[-1])
    assert spend.samples.tolist() == money
    assert (spend.p50, spend.p95, spend.p99) == (ordered[999], ordered[1_899], ordered[1_979])


def test_quantiles_are_asked_for_one_by_one_or_many_at_once() -> None:
    spend = Spend(LOGNORMAL, NANO)
    for many in ([0.5, 0.95], (0.5, 0.95), np.array([0.5, 0.95])):
        assert spend.quantile(many).tolist() == [spend.p50, spend.p95]
    assert spend.quantile([[0.5], [1]]).shape == (2, 1)
    assert spend.quantile([]).shape == (0,)
    assert isinstance(spend.quantile(np.float32(0.5)), float)


@pytest.mark.parametrize("p", [math.nan, -0.1, 1.1, 95, "p95", None, [0.5, math.nan], [0.5, 2]])
def test_what_is_no_probability_is_named(p: Any) -> None:
    with pytest.raises(ValueError, match="at a probability from 0 to 1, got"):
        Spend(LOGNORMAL, NANO).quantile(p)


@pytest.mark.parametrize(("p", "beyond"), [(0.95, 101), (0.99, 21)])
def test_tvar_is_the_mean_of_the_quantile_and_what_lies_beyond(p: float, beyond: int) -> None:
    spend = Spend(LOGNORMAL, NANO)
    dearest = sorted(LOGNORMAL.tolist())[-beyond:]
    assert spend.tvar(p) == pytest.approx(statistics.fmean(dearest) / 1e9, rel=1e-14)
    assert int(spend.tail(p).sum()) == beyond


def test_trials_that_tie_with_the_quantile_are_all_in_the_tail() -> None:
    spend = Spend(np.array([1, 5, 5, 5, 9], dtype=np.int64), 1.0)
    assert spend.quantile(0.5) == 5
    assert spend.tvar(0.5) == (5 + 5 + 5 + 9) / 4


def test_a_single_trial_has_no_standard_deviation() -> None:
    assert math.isnan(Spend(np.array([5]), NANO).sd)


def test_no_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="no finished trials"):
        Spend(np.zeros(0, dtype=np.int64), NANO)


def test_an_interval_encloses_its_quantile_and_says_when_it_is_clamped() -> None:
    spend = Spend(LOGNORMAL[:200], NANO)
    low, high = spend.ci(0.95)
    assert low < spend.p95 < high
    assert not spend.ci_clamped(0.95)
    assert spend.ci_clamped(0.99)
    assert spend.ci(0.99)[1] == spend.max


def test_what_a_budget_covers_is_counted_apart() -> None:
    tally = tally_of_spend([10, 20, 30])
    tally.covered = np.array([[4], [5], [6]])
    assert spend_units(tally).tolist() == [10, 20, 30]
    assert covered_units(tally).tolist() == [4, 5, 6]


def test_merging_in_any_order_gives_the_same_figures() -> None:
    whole = tally_of_spend(LOGNORMAL)
    parts = []
    for start, stop in ((0, 500), (500, 501), (501, 2_000)):
        part = tally_of_spend(LOGNORMAL[start:stop])
        part.trial = np.arange(start, stop)
        parts.append(part)
    a, b, c = parts
    expected = Spend(spend_units(whole), NANO).to_dict()
    for merged in (a.merge(b).merge(c), c.merge(a.merge(b)), b.merge(c.merge(a))):
        assert Spend(spend_units(merged), NANO).to_dict() == expected
