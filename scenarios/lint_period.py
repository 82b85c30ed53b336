"""Incidents, controls, peaks, launches and clients that do nothing, or more than their writer may have meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from distributions.compose import clip
from distributions.law import Law
from distributions.quantity import format_number
from scenarios.check_period import simulated_days
from scenarios.expected import expected_by_day
from scenarios.finding import Finding
from scenarios.problems import Path, dotted
from scenarios.risks import Event
from scenarios.rollout import rollout_share
from scenarios.schema import Scenario
from scenarios.words import DriverName

_TOP = 0.01
_HEAVY = 0.15
_CEILING = 3.0
_EVEN_HOUR = 1 / 24
_RAISED = 0.1


def lint_period(scenario: Scenario) -> Iterator[Finding]:
    """Everything about events, the peak hour, users, rollouts and the period to date."""
    idle = idle_drivers(scenario)
    for name, event in scenario.events.items():
        yield from _event(scenario, name, event, idle)
    yield from _peak_hour(scenario)
    yield from _users(scenario)
    yield from _rollouts(scenario)
    yield from _spent(scenario)


def idle_drivers(scenario: Scenario) -> dict[DriverName, str]:
    """Drivers that move nothing in a scenario, each with why."""
    agents, features = scenario.agents.values(), scenario.features.values()
    moved: dict[DriverName, tuple[bool, str]] = {
        "fanout": (any(agent.spawns for agent in agents), "no agent starts others"),
        "failure_rate": (calls_fail(scenario), "no call fails without a `failure_rate`"),
        "cache_hit": (any(agent.cache or agent.cached_share for agent in agents), "no agent reads from a cache"),
        "tool_calls": (any(agent.tools for agent in agents), "no agent has tools"),
        "misses": (any(_misses(feature.success_rate) for feature in features), "every `success_rate` is 1"),
        "human_review": (any(feature.human_review for feature in features), "no feature has a `human_review`"),
    }
    return {name: why for name, (moves, why) in moved.items() if not moves}


def calls_fail(scenario: Scenario) -> bool:
    """Whether any model call may fail."""
    rates = [agent.retry.failure_rate for agent in scenario.agents.values()]
    return any(any(rate.values()) if isinstance(rate, dict) else rate > 0 for rate in rates)


def without_effect(name: DriverName, low: float, high: float, idle: dict[DriverName, str]) -> str | None:
    """Why a multiplier of a driver does nothing; None where it does something."""
    if low == high == 1:
        return "is 1, which leaves everything as it is"
    return f"moves nothing: {idle[name]}" if name in idle else None


def _misses(rate: float | dict[str, float]) -> bool:
    return any(value < 1 for value in (rate.values() if isinstance(rate, dict) else [rate]))


def _event(scenario: Scenario, name: str, event: Event, idle: dict[DriverName, str]) -> Iterator[Finding]:
    path = ("events", name)
    if not event.probability:
        yield Finding(dotted((*path, "probability")), "note", "is 0: it never happens")
    for driver, law in event.multiplies.items():
        why = without_effect(driver, *law.support(), idle)
        if why:
            yield Finding(dotted((*path, "multiplies", driver)), "note", why)
    if event.days is not None:
        yield from _duration(dotted((*path, "days")), event.days)
    spent = scenario.spent
    if spent is None or event.date is None or event.date > spent.through:
        return
    if 0 < event.probability < 1:
        message = f"starts by {spent.through}, to which `spent` goes: whether it happened is known; write 0 or 1"
        yield Finding(dotted((*path, "probability")), "note", message)
    if event.days is not None and event.days.support()[1] < (spent.through - event.date).days + 1.5:
        yield Finding(dotted(path), "note", f"is over by {spent.through}, to which `spent` goes: it does nothing")


def _duration(path: str, days: Law) -> Iterator[Finding]:
    """An event lasts a day at least, so what lies below half a day is raised to it."""
    low, high = days.support()
    mean = days.mean()
    raised = clip(days, 1.0, high).mean() if low < 1.0 < high else max(1.0, mean)
    if raised > (1 + _RAISED) * mean:
        message = (
            f"is below 1 in {100 * days.p_below(1.0):.2g} % of draws, and what begins lasts a day: the mean is about "
            f"{format_number(raised)} and not {format_number(mean)}; a geometric law starts at 1"
        )
        yield Finding(path, "note", message)


def _peak_hour(scenario: Scenario) -> Iterator[Finding]:
    peak, path = scenario.volume.peak_hour, "volume.peak_hour"
    if peak is None:
        return
    if not calls_fail(scenario):
        yield Finding(path, "note", "has nothing to do: no call fails without a `failure_rate`")
        return
    if peak.share < _EVEN_HOUR:
        message = f"is {100 * peak.share:.3g} %: an hour has 1/24 of an even day, 4.2 %, and the busiest one has more"
        yield Finding(f"{path}.share", "warning", message)
    if peak.failure_factor <= 1:
        does = "changes nothing" if peak.failure_factor == 1 else "makes calls beyond the capacity fail less often"
        yield Finding(f"{path}.failure_factor", "warning", f"is {peak.failure_factor:g}, which {does}")
    busiest = peak.share * max(expected_by_day(scenario))
    if busiest * _CEILING <= peak.capacity:
        message = (
            f"never bites: the busiest hour of the busiest day has {busiest:,.3g} {scenario.unit}s on average, and "
            f"three times as many are not above {format_number(peak.capacity)}"
        )
        yield Finding(f"{path}.capacity", "note", message)


def _users(scenario: Scenario) -> Iterator[Finding]:
    """A few clients who bring much of the volume; what the quantile law carries above its 99th percentile."""
    users, law = scenario.volume.users, scenario.volume.sessions_per_user_day
    if users is None or law is None or not law.mean():
        return
    top = max(_TOP, 1 / users)
    share = share_of_top(law, top)
    if share >= _HEAVY and top < 1:
        who = f"the most active 1 % ({format_number(round(users * top))} of {format_number(users)})"
        if users * top <= 1:
            who = f"the most active one of {format_number(users)}"
        message = (
            f"lets few carry the bill: {who} bring {100 * share:.0f} % of the {scenario.unit}s in expectation; a plan "
            "that names your largest clients one by one knows more than this law"
        )
        yield Finding("volume.sessions_per_user_day", "note", message)


def share_of_top(law: Law, top: float) -> float:
    """Share of the mean that lies in the highest part of a law: E[X; X at or above its quantile of 1 - top] / E[X].

    Parameters
    ----------
    law : Law
        At least 0, with a mean above 0.
    top : float
        Above 0, below 1.
    """
    border = float(law.isf(top))
    low, high = law.support()
    if not low < border < high:
        return top * border / law.mean() if border else 0.0
    below = clip(law, low, border).mean()  # E[min(X, border)]
    return (law.mean() - below + top * border) / law.mean()


def _rollouts(scenario: Scenario) -> Iterator[Finding]:
    end, days = scenario.period.end, simulated_days(scenario)
    rollouts: dict[Path, dict[dt.date, float]] = {("volume", "rollout"): scenario.volume.rollout}
    rollouts |= {("features", name, "rollout"): feature.rollout for name, feature in scenario.features.items()}
    for path, rollout in rollouts.items():
        if rollout and not any(rollout_share(rollout, day) for day in days):
            yield Finding(dotted(path), "note", "lets none of its sessions come on a day that is simulated")
            continue
        for day in rollout:
            if day > end:
                message = f"has a step on {day}, after the period ends, which changes nothing"
                yield Finding(dotted(path), "note", message)


def _spent(scenario: Scenario) -> Iterator[Finding]:
    spent, budget = scenario.spent, scenario.budget
    if spent is None:
        return
    if budget is not None and spent.amount > budget.amount:
        message = f"is above the budget of {format_number(budget.amount)}: it is broken already, whatever comes"
        yield Finding("spent.amount", "warning", message)
    if spent.through > scenario.as_of:
        message = f"is after `as_of` ({scenario.as_of}), the day from which the scenario looks ahead"
        yield Finding("spent.through", "note", message)
