"""Agents that start each other: whether a session's tree dies out by itself, and what bounds it where it does not.

An agent that may start itself, directly or through others, is a branching process. What decides is the mean number of
offspring of one instance over all its turns, or the spectral radius of these means where several agents stand in a
circle. Failures and caps are left out of it: they only make a tree smaller.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from distributions.compose import clip
from distributions.law import Law
from distributions.quantity import format_number
from scenarios.agents import Agent, CheckedBy
from scenarios.complete import reach
from scenarios.features import Feature
from scenarios.finding import Finding
from scenarios.hard_limits import MAX_CALLS
from scenarios.problems import dotted
from scenarios.risks import Event
from scenarios.schema import Scenario

_CLOSE = 0.8
_HIGH = 0.95
_MONTH_DAYS = 365.25 / 12

Circle = tuple[str, ...]
"""Agents that all lead back to each other, in the order of the scenario."""


class Levels(NamedTuple):
    """Levels at which the offspring are counted."""

    fanout: float = 1.0
    turns: float = 1.0
    difficulty: float = 1.0

    def times(self, fanout: float = 1.0, turns: float = 1.0) -> Levels:
        """The same with drivers so many times as high."""
        return self._replace(fanout=self.fanout * fanout, turns=self.turns * turns)


class Case(NamedTuple):
    """Levels that come about, what is responsible for them, and when that is, in words."""

    path: str
    when: str
    levels: Levels


class Growth(NamedTuple):
    """Agents that lead back to each other, and how many instances follow on one of them on average."""

    agents: Circle
    mean: float


def lint_trees(scenario: Scenario) -> Iterator[Finding]:
    """Branching processes that do not die out, or only just."""
    usual, cases, roots = _usual(scenario), list(_cases(scenario)), circles_below(scenario)
    for name, feature in scenario.features.items():
        circles = roots[feature.agent]
        if not circles:
            continue
        growth = _fastest(scenario, circles, usual)
        if growth.mean > _CLOSE:
            severity: Literal["warning", "note"] = "warning" if growth.mean >= 1 else "note"
            yield Finding(dotted(("features", name)), severity, _said(growth, feature, ""))
        if growth.mean < 1:
            for case in cases:
                raised = _fastest(scenario, circles, case.levels)
                if raised.mean >= 1:
                    yield Finding(case.path, "note", _said(raised, feature, f"{case.when}, "))


def circles_below(scenario: Scenario) -> dict[str, list[Circle]]:
    """By the root of a feature, the groups of agents in its sessions that all lead back to each other."""
    below = {name: _below(scenario, name) for name in scenario.agents}
    groups = [
        tuple(other for other in scenario.agents if other in below[name] and name in below[other])
        for name in scenario.agents
        if name in below[name]
    ]
    circles = list(dict.fromkeys(groups))
    roots = {root: {root} | below[root] for root in {feature.agent for feature in scenario.features.values()}}
    return {root: [circle for circle in circles if circle[0] in reached] for root, reached in roots.items()}


def mean_offspring(agent: Agent, levels: Levels) -> dict[str, float]:
    """Mean number of instances, by agent, that one instance starts and is checked by, over all its turns and reruns."""
    mean, check = defaultdict[str, float](float), agent.checked_by
    turns = _mean_turns(agent, levels)
    runs = 1.0 if check is None else _mean_runs(check)
    for spawn in agent.spawns:
        times = turns if spawn.per == "turn" else 1.0
        mean[spawn.agent] += times * runs * levels.fanout * _at_least(spawn.count, 0.0)
    if check is not None:
        mean[check.agent] += runs * (turns if check.every == "turn" else 1.0)
    return mean


def _mean_turns(agent: Agent, levels: Levels) -> float:
    """Mean of turns that are scaled, rounded stochastically and at least 1."""
    scale = levels.turns * levels.difficulty**agent.sensitivity.turns
    return scale * _at_least(agent.turns, 1.0 / scale) if scale > 0 else 1.0


def _at_least(law: Law, low: float) -> float:
    return clip(law, low, max(low, law.support()[1])).mean()


def _mean_runs(check: CheckedBy) -> float:
    """Mean number of runs of what is done anew where it is rejected, so many times at most."""
    rejected, loops = check.reject_rate, check.max_loops
    return loops + 1.0 if rejected == 1 else (1.0 - rejected ** (loops + 1)) / (1.0 - rejected)


# -- circles -----------------------------------------------------------------------------------------------------------


def _below(scenario: Scenario, name: str) -> set[str]:
    agent = scenario.agents[name]
    checker = {agent.checked_by.agent} if agent.checked_by else set[str]()
    return set[str]().union(*(reach(scenario, child) for child in {spawn.agent for spawn in agent.spawns} | checker))


def _fastest(scenario: Scenario, circles: Iterable[Circle], levels: Levels) -> Growth:
    return max((_growth(scenario, circle, levels) for circle in circles), key=lambda growth: growth.mean)


def _growth(scenario: Scenario, circle: Circle, levels: Levels) -> Growth:
    rows = [mean_offspring(scenario.agents[name], levels) for name in circle]
    matrix = np.array([[row.get(other, 0.0) for other in circle] for row in rows])
    radius = float(np.max(np.abs(np.linalg.eigvals(matrix)))) if np.isfinite(matrix).all() else math.inf
    return Growth(circle, round(radius, 9))


# -- levels that come about --------------------------------------------------------------------------------------------


def _usual(scenario: Scenario) -> Levels:
    """Drivers and difficulty at their mean."""
    laws = scenario.drivers.levels
    means = {name: laws[name].mean() for name in ("fanout", "turns") if name in laws}
    return Levels(difficulty=1.0 if scenario.difficulty is None else scenario.difficulty.mean()).times(**means)


def _cases(scenario: Scenario) -> Iterator[Case]:
    """What may raise the offspring above the usual: one thing at a time."""
    usual, drivers = _usual(scenario), scenario.drivers.levels
    for name in ("fanout", "turns"):
        if name in drivers:
            high = float(drivers[name].ppf(_HIGH))
            when = f"where it is {format_number(high)}, its P95"
            yield Case(dotted(("drivers", name)), when, usual._replace(**{name: high}))
        if name in scenario.trends:
            grown = (1.0 + scenario.trends[name]) ** (scenario.period.days / _MONTH_DAYS)
            when = f"at the end of the period, when it is {format_number(grown)} times as high"
            yield Case(dotted(("trends", name)), when, usual.times(**{name: grown}))
    if scenario.difficulty is not None:
        high = float(scenario.difficulty.ppf(_HIGH))
        when = f"in {scenario.unit}s of difficulty {format_number(high)}, its P95"
        yield Case("difficulty", when, usual._replace(difficulty=high))
    for event_name, event in scenario.events.items():
        yield Case(dotted(("events", event_name)), f"while {event_name} is in force", usual.times(**_multiplied(event)))


def _multiplied(event: Event) -> dict[str, float]:
    return {name: law.mean() for name, law in event.multiplies.items() if name in {"fanout", "turns"}}


# -- words -------------------------------------------------------------------------------------------------------------


def _said(growth: Growth, feature: Feature, when: str) -> str:
    starts = f"{when}{_starts(growth)}"
    if growth.mean >= 1:
        return f"{starts}: the tree does not die out by itself, and only this ends it: {_bounds(feature)}"
    following, spread = 1.0 / (1.0 - growth.mean), math.sqrt(growth.mean / (1.0 - growth.mean))
    size = f"about {following:.3g} instances with a standard deviation of about {spread:.2g} times that"
    why = f"which is close to 1: uncapped, a tree has {size}, so that a few sessions hold most of them"
    return f"{starts}, {why}; its bounds: {_bounds(feature)}"


def _starts(growth: Growth) -> str:
    if len(growth.agents) == 1:
        return f"each {growth.agents[0]} starts {growth.mean:.3g} more of itself on average over its turns"
    circle = f"{', '.join(growth.agents[:-1])} and {growth.agents[-1]}"
    return f"{circle} start each other, {growth.mean:.3g} more on average from one generation to the next"


def _bounds(feature: Feature) -> str:
    guards = feature.guardrails
    stated = guards.model_dump() if guards else {}
    caps = [f"`{key}` {format_number(value)}" for key, value in stated.items() if value is not None]
    return ", ".join([*caps, f"the hard limit of {MAX_CALLS:,} calls"])
