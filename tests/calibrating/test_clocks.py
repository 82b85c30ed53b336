"""Dates that a wrong clock made: taken away where they are few and far from all others, and kept where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrating.clocks import without_strays
from scenarios.logs.table import Rows

YEAR = 366 * 86_400.0
START = 1_790_000_000.0
UNKNOWN = float("nan")


def kept(times: list[float], dated: bool = True) -> list[bool]:
    """Which of some calls keep their date."""
    rows = Rows("time", "fresh")
    for time in times:
        rows.append(time, 10)
    calls = rows.finish(dated)
    cleaned, n = without_strays(calls)
    before, after = np.isfinite(calls["time"]), np.isfinite(cleaned["time"])
    assert n == np.count_nonzero(before & ~after)
    assert len(cleaned) == len(calls)
    return after.tolist()


def every_week(n: int) -> list[float]:
    return [START + 7 * 86_400.0 * number for number in range(n)]


@pytest.mark.parametrize("away", [-1.01, 1.01])
def test_a_call_of_another_year_loses_its_date(away: float) -> None:
    times = every_week(50)
    stray = (times[0] if away < 0 else times[-1]) + away * YEAR
    assert sum(kept([*times, stray])) == 50
    near = (times[0] if away < 0 else times[-1]) + 0.99 * np.sign(away) * YEAR
    assert sum(kept([*times, near])) == 51


def test_clocks_may_be_wrong_both_ways_at_once() -> None:
    times = every_week(250)
    assert sum(kept([*times, times[0] - 2 * YEAR, times[-1] + 2 * YEAR])) == 250


@pytest.mark.parametrize(("n", "strays", "left"), [(300, 3, 300), (300, 4, 304), (20, 1, 20), (20, 2, 22)])
def test_one_in_a_hundred_is_few_and_more_are_years_without_calls(n: int, strays: int, left: int) -> None:
    assert sum(kept([*every_week(n), *(START - 3 * YEAR + number for number in range(strays))])) == left


def test_calls_without_a_date_have_none_to_lose() -> None:
    assert sum(kept([UNKNOWN, *every_week(3)])) == 3
    assert kept([UNKNOWN, UNKNOWN]) == [False, False]
    assert all(kept([0.0, 1.0, 2.0, 5 * YEAR], dated=False))
