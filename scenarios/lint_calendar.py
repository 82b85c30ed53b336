"""Days that do not fit each other, and speeds that look like a slip of the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from scenarios.catalog import price_data_date
from scenarios.finding import Finding
from scenarios.problems import dotted
from scenarios.schema import Scenario

_FAST = 1.0
_WILD = 2.0
_STALE = timedelta(days=90)


def lint_calendar(scenario: Scenario) -> Iterator[Finding]:
    """Costs outside the period, periods and prices of other times, growth and swings that nobody means."""
    yield from _outside(scenario)
    yield from _times(scenario)
    for name, growth in scenario.trends.items():
        if growth > _FAST:
            message = f"grows by {100 * growth:,.4g} % a month; fifteen percent is written 15% or 0.15"
            yield Finding(dotted(("trends", name)), "warning", message)
    size = scenario.volume.dispersion
    if size is not None and size**-0.5 > _WILD:
        message = (
            f"makes the standard deviation of a day's {scenario.unit}s {size**-0.5:,.3g} times their mean: next to "
            "none on most days and a flood on some; larger is calmer (20 makes it 0.22 times), none is Poisson"
        )
        yield Finding("volume.dispersion", "warning", message)


def _outside(scenario: Scenario) -> Iterator[Finding]:
    start, end = scenario.period.start, scenario.period.end
    for name, cost in scenario.fixed_costs.one_time.items():
        if not start <= cost.date <= end:
            message = f"falls on {cost.date}, outside {start} to {end}, and is not charged"
            yield Finding(dotted(("fixed_costs", "one_time", name)), "warning", message)


def _times(scenario: Scenario) -> Iterator[Finding]:
    period, as_of = scenario.period, scenario.as_of
    if period.end < as_of:
        message = f"ended on {period.end}, before `as_of` ({as_of}): this simulates the past, at the prices of its days"
        yield Finding("period", "note", message)
    if as_of > price_data_date() + _STALE:
        message = f"is long after {price_data_date()}, the day of the price data: what changed since is not in them"
        yield Finding("as_of", "note", message)
