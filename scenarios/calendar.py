"""Days, months and weekdays of a period: pure date arithmetic."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Protocol

from scenarios.words import FIRST_YEAR, LAST_YEAR, WEEKDAYS, Weekday

LONGEST_PERIOD_DAYS = 3_660
ALLOWED_PERIODS = "a month 2026-12, a quarter 2026-Q4, a year 2027, or {start: 2026-12-01, days: 31}"


def days_in_month(day: date) -> int:
    """Length of the calendar month that holds `day`."""
    return calendar.monthrange(day.year, day.month)[1]


def month_after(day: date) -> tuple[date, int]:
    """First day and length of the calendar month after the one that holds `day`."""
    start = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return start, days_in_month(start)


def parse_period(text: str) -> tuple[date, int]:
    """First day and number of days of a month, a quarter or a year.

    Parameters
    ----------
    text : str
        ``2026-12``, ``2026-Q4`` or ``2027``.

    Returns
    -------
    tuple of date and int
        First day, number of days.

    Raises
    ------
    ValueError
        A sentence, where the text is no period.

    Examples
    --------
    >>> parse_period("2026-Q4")
    (datetime.date(2026, 10, 1), 92)
    """
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})|-?[qQ](\d))?", text.strip(), re.ASCII)
    if match is None:
        raise ValueError("is no period")
    year, month, quarter = (int(group) if group else None for group in match.groups())
    assert year is not None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"is no year between {FIRST_YEAR} and {LAST_YEAR}")
    if month is not None:
        return _months(year, _inside(month, 12, "month"), 1)
    if quarter is not None:
        return _months(year, 3 * _inside(quarter, 4, "quarter") - 2, 3)
    return _months(year, 1, 12)


class Span(Protocol):
    """A first day and a number of days."""

    @property
    def start(self) -> date:
        """First day."""

    @property
    def days(self) -> int:
        """How many days."""


def day_dates(period: Span) -> list[date]:
    """The days of a period in order.

    Parameters
    ----------
    period : Span
        Anything with a `start` and a number of `days`.

    Returns
    -------
    list of date
        Consecutive days.
    """
    return [period.start + timedelta(days=number) for number in range(period.days)]


def months_since_start(day: date, start: date) -> float:
    """Calendar months between two days, as trends count them.

    A day's position is 12 x year + month + (day - 1) / days of its month, so that the first of every month is a whole
    number of months after the first of another.

    Examples
    --------
    >>> months_since_start(date(2027, 2, 15), date(2026, 12, 1))
    2.5
    """
    return _position(day) - _position(start)


def weekday_factors(weekdays: Mapping[Weekday, float]) -> tuple[float, ...]:
    """Volume factors from Monday to Sunday, scaled to mean 1.

    Parameters
    ----------
    weekdays : mapping of str to float
        ``mon`` to ``sun``; days left out are 1.

    Returns
    -------
    tuple of float
        Seven factors of mean 1.

    Raises
    ------
    ValueError
        Where all seven are 0.
    """
    levels = [weekdays.get(name, 1.0) for name in WEEKDAYS]
    if not sum(levels) > 0:
        raise ValueError("leaves no day of the week with any volume")
    return tuple(level * 7 / sum(levels) for level in levels)


def weekday_total(weekdays: Mapping[Weekday, float], day: date) -> float:
    """Sum of the weekday factors over the calendar month that holds `day`; its length, where all days are alike."""
    factors = weekday_factors(weekdays)
    first = day.replace(day=1)
    return math.fsum(factors[(first.weekday() + number) % 7] for number in range(days_in_month(day)))


def _months(year: int, month: int, count: int) -> tuple[date, int]:
    start = date(year, month, 1)
    last = date(year, month + count - 1, 1)
    return start, (last - start).days + days_in_month(last)


def _inside(number: int, last: int, noun: str) -> int:
    if not 1 <= number <= last:
        raise ValueError(f"has no {noun} {number}")
    return number


def _position(day: date) -> float:
    return 12 * day.year + day.month + (day.day - 1) / days_in_month(day)
