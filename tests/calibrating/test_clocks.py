"""Dates of clocks that went wrong move neither volume nor the day that a scenario looks ahead from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.calibrate import Calibration, Options, calibrate
from scenarios.calibrating.clocks import without_strays
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls
from tests.calibrating.made_up import chats, lognormal

DAY = 86_400.0


def moved(calls: Calls, sessions: int, days: float) -> Calls:
    """So many sessions of a log at another time; below zero before the log, above zero after it, by so many days."""
    time = calls["time"].copy()
    rows = calls["session"] < sessions
    ends = time[~rows].min(), time[~rows].max()
    time[rows] += days * DAY + (ends[0] - time[rows].max() if days < 0 else ends[1] - time[rows].min())
    return replace(calls, columns={**calls.columns, "time": time})


def made(calls: Calls) -> Calibration:
    return calibrate(calls, Reading(), Options(choose=lognormal))


@pytest.fixture(scope="module")
def right() -> Calibration:
    return made(chats())


def test_a_clock_that_is_right_loses_no_date(right: Calibration) -> None:
    calls = chats()
    assert without_strays(calls)[0] is calls
    assert not any("dates" in said for said in right.warnings)


@pytest.mark.parametrize("days", [25_000, 400, 100, 16, -16, -400, -7_000])
@pytest.mark.parametrize("sessions", [1, 4])
def test_sessions_far_from_all_others_move_no_day_and_are_told(days: int, sessions: int, right: Calibration) -> None:
    calls = moved(chats(), sessions, days)
    found = made(calls)
    n = int((calls["session"] < sessions).sum())
    far = f"{abs(days)} days" if abs(days) < 730 else f"{abs(days) / 365.25:.0f} years"
    told = f"Dates {far} or more away from all others, as a clock that is wrong makes them, are not used: {n} of"
    assert any(said.startswith(f"{told} {len(calls):,} calls") for said in found.warnings)
    for key in ("as_of", "period"):
        assert found.document[key] == right.document[key]
    assert found.volume.days is not None
    assert len(found.volume.days) == 28
    assert found.document["volume"]["sessions_per_day"] == pytest.approx(
        right.document["volume"]["sessions_per_day"], rel=0.01
    )


def test_one_date_among_few_is_taken_away_only_where_it_is_years_off() -> None:
    calls = chats(n_days=2, a_day=2)
    assert len(calls) < 50
    assert without_strays(moved(calls, 1, 3))[1].n == 0
    time = calls["time"].copy()
    time[5] = 4e9
    cleaned, strays = without_strays(replace(calls, columns={**calls.columns, "time": time}))
    assert (strays.n, np.flatnonzero(np.isnan(cleaned["time"])).tolist()) == (1, [5])


def test_a_silence_is_no_clock_where_much_comes_after_it_or_the_log_is_long() -> None:
    assert without_strays(moved(chats(), 40, 30))[1].n == 0
    assert without_strays(moved(chats(n_days=200, a_day=3), 2, 30))[1].n == 0


def test_sessions_without_a_date_come_as_the_others_did() -> None:
    calls = chats(n_days=40)
    undated = calls["session"] % 4 == 0
    lost = replace(calls, columns={**calls.columns, "time": np.where(undated, np.nan, calls["time"])})
    whole, found = made(calls), made(lost)
    n = len(whole.sessions)
    # Those that have a date are as many as chance puts there: three quarters, within four standard errors.
    error = 4 * np.sqrt(0.25 / 0.75 / n)
    assert found.document["volume"]["sessions_per_day"] == pytest.approx(
        whole.document["volume"]["sessions_per_day"], rel=error
    )
    lacking = len(np.unique(calls["session"][undated]))
    assert any(said.startswith(f"Volume: {lacking:,} of {n:,} sessions have no date") for said in found.assumed)
