"""Days as the twin counts them: dates, months, weekdays, launches, and costs that come by the calendar."""

from __future__ import annotations

import calendar
from datetime import timedelta

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def dates_of(scenario):
    return [scenario.period.start + timedelta(days=number) for number in range(scenario.period.days)]


def position(day):
    """Place of a day on a calendar that counts in months."""
    return 12 * day.year + day.month + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]


def weekday_factor(volume, day):
    week = [volume.weekdays.get(name, 1.0) for name in WEEK]
    return week[day.weekday()] * 7 / sum(week)


def rolled_out(rollout, day):
    """Share of the sessions that a launch has reached."""
    if not rollout:
        return 1.0
    begun = [date for date in rollout if date <= day]
    return rollout[max(begun)] if begun else 0.0


def monthly_costs(scenario, day):
    return sum(scenario.fixed_costs.monthly.values()) / calendar.monthrange(day.year, day.month)[1]


def one_time_costs(scenario, day):
    return sum(item.amount for item in scenario.fixed_costs.one_time.values() if item.date == day)
