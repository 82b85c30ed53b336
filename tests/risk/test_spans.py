"""Spend by feature, week and month: sums that are exact, and weeks that are cut where the period is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from simulator.engine.tally import Cell, Tally
from simulator.risk.spans import TO_DATE, by_feature, by_month, by_week
from simulator.risk.spend import Spend, spend_units
from tests.risk.tallies import NANO, frame, tally_of_days, with_days_to_date

CELLS = (Cell("chat", "bot", "output"), Cell("build", "bot", "output"), Cell(None, None, "fixed", "platform"))


def tally(days: int = 50, trials: int = 300) -> Tally:
    rng = np.random.default_rng(6)
    fixed = rng.integers(0, 10**9, days)
    made = Tally.empty(frame(CELLS, ("chat", "build"), days=days, fixed_daily=fixed), np.arange(trials), 12)
    level = np.exp(rng.normal(0, 0.4, trials))
    made.daily = (rng.integers(10**8, 10**10, (trials, days, 2)) * level[:, None, None]).astype(np.int64)
    made.cells[:, :2] = made.daily.sum(axis=1)
    made.cells[:, 2] = fixed.sum()
    made.covered = made.daily.sum(axis=2) + fixed
    return made


TALLY = tally()


@pytest.mark.parametrize("pieces", [by_feature, by_week, by_month])
def test_means_and_tails_add_up(pieces) -> None:
    rows, spend = pieces(TALLY), Spend(spend_units(TALLY), NANO)
    assert math.fsum(row.mean for row in rows) == pytest.approx(spend.mean, rel=1e-14)
    assert math.fsum(row.tail for row in rows) == pytest.approx(spend.tvar(0.95), rel=1e-14)


def test_weeks_are_iso_weeks_cut_at_the_ends_of_the_period() -> None:
    rows = by_week(TALLY)  # Tue 1 Dec 2026 to Tue 19 Jan 2027
    assert [(row.name, row.first.day, row.last.day) for row in rows] == [
        *(("2026-W49", 1, 6), ("2026-W50", 7, 13), ("2026-W51", 14, 20), ("2026-W52", 21, 27)),
        *(("2026-W53", 28, 3), ("2027-W01", 4, 10), ("2027-W02", 11, 17), ("2027-W03", 18, 19)),
    ]
    assert [(row.name, row.first, row.last) for row in by_month(TALLY)] == [
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2027-01", date(2027, 1, 1), date(2027, 1, 19)),
    ]


def test_a_week_is_the_sum_of_its_days() -> None:
    week = by_week(TALLY)[1]
    sums = sorted((TALLY.covered[:, 6:13].sum(axis=1) / 1e9).tolist())
    assert (week.p50, week.p95) == (sums[149], sums[284])
    assert week.mean == pytest.approx(np.mean(sums), rel=1e-12)


def test_two_weeks_of_one_number_a_year_apart_stay_two() -> None:
    made = tally_of_days(np.ones((2, 400), np.int64))
    made.frame = replace(made.frame, dates=tuple(date(2026, 1, 1) + timedelta(days=i) for i in range(400)))
    names = [row.name for row in by_week(made)]
    assert len(names) == len(set(names)) == 58
    assert len(by_month(made)) == 14


def test_features_stand_as_written_and_what_none_of_them_spends_last() -> None:
    rows = by_feature(TALLY)
    assert [row.feature for row in rows] == ["chat", "build", None]
    fixed = TALLY.frame.fixed_daily.sum() / 1e9
    assert (rows[2].mean, rows[2].p95, rows[2].tail) == (fixed, fixed, fixed)
    assert [row.feature for row in by_feature(tally_of_days([[1, 2]]))] == ["chat"]


def test_days_to_date_are_a_stretch_of_their_own() -> None:
    made = with_days_to_date(tally_of_days(np.full((3, 20), 10)), 9, 77)
    assert [(row.name, row.first.day, row.last.day) for row in by_week(made)] == [
        (TO_DATE, 1, 9),
        ("2026-W50", 10, 13),
        ("2026-W51", 14, 20),
    ]
    assert [row.mean * 1e9 for row in by_month(made)] == pytest.approx([77, 110])
    assert [row.mean * 1e9 for row in by_feature(made)] == pytest.approx([110, 77])
