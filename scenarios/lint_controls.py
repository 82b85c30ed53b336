"""Controls that never act, act at once, or have nothing left to act on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from distributions.quantity import format_number
from scenarios.calendar import days_in_month
from scenarios.finding import Finding
from scenarios.lint_period import idle_drivers, without_effect
from scenarios.problems import dotted
from scenarios.risks import Control
from scenarios.schema import Scenario


def lint_controls(scenario: Scenario) -> Iterator[Finding]:
    """Everything about controls but where they route, which `lint_idle` looks at."""
    idle = idle_drivers(scenario)
    for position, control in enumerate(scenario.controls):
        path = ("controls", position)
        for driver, factor in control.multiplies.items():
            why = without_effect(driver, factor, factor, idle)
            if why and not control.stop:
                yield Finding(dotted((*path, "multiplies", driver)), "note", why)
        yield from _stopped(scenario, position, control)
        yield from _passed_early(scenario, position, control)


def _stopped(scenario: Scenario, position: int, control: Control) -> Iterator[Finding]:
    if control.stop:
        for name in ("multiplies", "route"):
            if getattr(control, name):
                message = f"is never felt: once it stops, no {scenario.unit} is left"
                yield Finding(dotted(("controls", position, name)), "warning", message)
    for number, other in enumerate(scenario.controls):
        first = other.at <= control.at and other.delay_days <= control.delay_days
        as_late = (other.at, other.delay_days) == (control.at, control.delay_days)
        said_there = control.stop and as_late and number > position
        if other.stop and number != position and first and not said_there:
            message = f"is never felt: controls.{number} has stopped everything by then"
            yield Finding(dotted(("controls", position)), "warning", message)
            return


def _passed_early(scenario: Scenario, position: int, control: Control) -> Iterator[Finding]:
    """Where no session is needed for a control to act, and where the period ends before it can."""
    if scenario.budget is None:
        return
    spent, period = scenario.spent, scenario.period
    threshold, path = control.at * scenario.budget.amount, dotted(("controls", position))
    first = 0 if spent is None else (spent.through - period.start).days + 1  # of the days that are simulated, from 0
    by_spent = spent is not None and spent.amount > threshold
    day = first - 1 if by_spent else first
    if day + 1 + control.delay_days >= period.days:
        message = (
            f"never acts: passed on {period.start + timedelta(days=day)} at the earliest, it takes "
            f"{control.delay_days} more days, and the period ends on {period.end}"
        )
        yield Finding(f"{path}.delay_days", "warning", message)
        return
    if by_spent and spent is not None:
        acts = spent.through + timedelta(days=1 + control.delay_days)
        message = f"is passed by what is `spent` already, so that it acts from {acts} on, in every trial"
        yield Finding(f"{path}.at", "note", message)
        return
    yield from _passed_by_fixed_costs(scenario, f"{path}.at", threshold, first)


def _passed_by_fixed_costs(scenario: Scenario, path: str, threshold: float, first: int) -> Iterator[Finding]:
    """A threshold that monthly costs pass alone; one-time costs are none of what a control looks at."""
    budget = scenario.budget
    if budget is None or "fixed" not in budget.covers:
        return
    monthly = math.fsum(scenario.fixed_costs.monthly.values())
    total = 0.0 if scenario.spent is None else scenario.spent.amount
    for day in scenario.period.dates[first:]:
        total += monthly / days_in_month(day)
        if total > threshold:
            on_first = day == scenario.period.dates[first]
            when = "on the first day" if on_first else f"by {day}"
            message = f"is {format_number(threshold)}, which monthly costs alone pass {when}, without a {scenario.unit}"
            yield Finding(path, "warning" if on_first else "note", message)
            return
