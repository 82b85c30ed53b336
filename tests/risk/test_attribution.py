"""Attribution: counted by hand, and sums that are exact."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from simulator.engine.tally import Cell, Tally
from simulator.risk.attribution import attribution
from simulator.risk.spend import Spend, spend_units
from tests.risk.tallies import NANO, frame

CELLS = (
    Cell("chat", "bot", "output"),
    Cell("chat", "bot", "tools", "search"),
    Cell("chat", "bot", "tools", "read"),
    Cell("build", "bot", "history"),
    Cell("build", "bot", "compaction"),
    Cell(None, None, "fixed", "platform"),
    Cell(None, None, "fixed", "licence"),
)


def tally(trials: int = 500, seed: int = 2) -> Tally:
    rng = np.random.default_rng(seed)
    made = Tally.empty(frame(CELLS, ("chat", "build")), np.arange(trials), 12)
    made.cells = (np.exp(rng.normal(20, [1, 0.2, 0.3, 2, 1, 0, 0], (trials, 7))) * [1, 1, 1, 1, 0, 3, 1]).astype(
        np.int64
    )
    return made


TALLY = tally()


def test_means_and_tails_are_those_of_direct_loops() -> None:
    rows = TALLY.cells.tolist()
    spends = [sum(row) for row in rows]
    p95 = sorted(spends)[474]  # ceil(0.95 * 500) = 475th
    dear = [row for row, spend in zip(rows, spends, strict=True) if spend >= p95]
    by_key = {(part.feature, part.agent, part.cause): part for part in attribution(TALLY)}
    assert len(by_key) == 4
    for key, columns in {
        ("chat", "bot", "output"): (0,),
        ("chat", "bot", "tools"): (1, 2),
        ("build", "bot", "history"): (3,),
        (None, None, "fixed"): (5, 6),
    }.items():
        mean = sum(Fraction(row[c], len(rows)) for row in rows for c in columns)
        tail = sum(Fraction(row[c], len(dear)) for row in dear for c in columns)
        assert (by_key[key].mean, by_key[key].tail) == (float(mean / 10**9), float(tail / 10**9))


@pytest.mark.parametrize("by_detail", [False, True])
def test_the_columns_sum_to_mean_spend_and_to_tvar(by_detail: bool) -> None:
    spend = Spend(spend_units(TALLY), NANO)
    parts = attribution(TALLY, by_detail=by_detail)
    assert math.fsum(part.mean for part in parts) == pytest.approx(spend.mean, rel=1e-15)
    assert math.fsum(part.tail for part in parts) == pytest.approx(spend.tvar(0.95), rel=1e-15)


def test_details_are_kept_apart_on_request() -> None:
    assert {part.detail for part in attribution(TALLY)} == {None}
    details = {part.detail for part in attribution(TALLY, by_detail=True)}
    assert details == {None, "search", "read", "platform", "licence"}


def test_what_costs_nothing_in_any_trial_is_left_out() -> None:
    assert "compaction" not in {part.cause for part in attribution(TALLY)}
    once = tally()
    once.cells[17, 4] = 1
    assert "compaction" in {part.cause for part in attribution(once)}


def test_the_largest_comes_first() -> None:
    means = [part.mean for part in attribution(TALLY, by_detail=True)]
    assert means == sorted(means, reverse=True)


def test_columns_in_another_order_give_the_same_list() -> None:
    order = [6, 2, 4, 0, 5, 3, 1]
    other = Tally.empty(frame([CELLS[i] for i in order], ("chat", "build")), TALLY.trial, 12)
    other.cells = TALLY.cells[:, order]
    assert attribution(other) == attribution(TALLY)
    assert attribution(other, by_detail=True) == attribution(TALLY, by_detail=True)


def test_a_component_that_makes_bad_months_weighs_more_in_the_tail() -> None:
    history = next(part for part in attribution(TALLY) if part.cause == "history")
    fixed = next(part for part in attribution(TALLY) if part.cause == "fixed")
    assert history.tail > 2 * history.mean
    assert fixed.tail == fixed.mean
