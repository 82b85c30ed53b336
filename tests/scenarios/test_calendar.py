"""Days, months and weekdays."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from scenarios.calendar import day_dates, days_in_month, month_after, months_since_start, parse_period, weekday_factors
from scenarios.period import Period


@pytest.mark.parametrize(
    ("text", "start", "days"),
    [
        ("2026-12", date(2026, 12, 1), 31),
        ("2028-02", date(2028, 2, 1), 29),
        ("2026-2", date(2026, 2, 1), 28),
        ("2026-Q4", date(2026, 10, 1), 92),
        ("2027-q1", date(2027, 1, 1), 90),
        ("2027Q2", date(2027, 4, 1), 91),
        ("2027", date(2027, 1, 1), 365),
        ("2028", date(2028, 1, 1), 366),
        (" 2026-12 ", date(2026, 12, 1), 31),
    ],
)
def test_periods(text: str, start: date, days: int) -> None:
    assert parse_period(text) == (start, days)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-00", "has no month 0"),
        ("2026-Q5", "has no quarter 5"),
        ("2026-12-01", "is no period"),
        ("202", "is no period"),
        ("0001-01", "between 1970 and 2200"),
        ("\u0662\u0660\u0662\u0666", "is no period"),
    ],
)
def test_no_periods(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_period(text)


def test_days_follow_one_another_through_new_year() -> None:
    dates = day_dates(Period(start=date(2026, 12, 30), days=4))
    assert dates == [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2)]


def test_the_month_after() -> None:
    assert month_after(date(2026, 11, 20)) == (date(2026, 12, 1), 31)
    assert month_after(date(2026, 12, 31)) == (date(2027, 1, 1), 31)
    assert month_after(date(2027, 1, 31)) == (date(2027, 2, 1), 28)


def test_months_since_start_are_whole_from_first_to_first_and_grow_every_day() -> None:
    start = date(2026, 12, 1)
    assert months_since_start(start, start) == 0
    assert months_since_start(date(2027, 2, 1), start) == 2
    assert months_since_start(date(2027, 2, 15), start) == 2 + 14 / 28
    assert months_since_start(date(2027, 1, 17), date(2026, 12, 16)) == pytest.approx(1 + 1 / 31)
    steps = [months_since_start(day, start) for day in day_dates(Period(start=start, days=800))]
    gaps = [later - sooner for sooner, later in pairwise(steps)]
    assert all(1 / 31 - 1e-9 <= gap <= 1 / 28 + 1e-9 for gap in gaps)


def test_weekdays_have_mean_one() -> None:
    factors = weekday_factors({"sat": 0.3, "sun": 0.25})
    assert sum(factors) == pytest.approx(7)
    assert factors[5] / factors[0] == pytest.approx(0.3)
    assert factors[6] / factors[0] == pytest.approx(0.25)
    assert weekday_factors({}) == (1.0,) * 7
    with pytest.raises(ValueError, match="no day of the week"):
        weekday_factors(dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 0.0))  # type: ignore[arg-type]


def test_days_in_month() -> None:
    assert [days_in_month(date(2028, month, 9)) for month in range(1, 13)] == [
        31,
        29,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ]
