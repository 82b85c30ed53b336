"""What is allowed and still worth a second look: meaning, not grammar."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scenarios.complete import reach
from scenarios.features import Feature
from scenarios.finding import Cards, Finding
from scenarios.lint_calendar import lint_calendar
from scenarios.lint_data import lint_data
from scenarios.lint_idle import lint_idle
from scenarios.lint_laws import lint_laws, varies
from scenarios.lint_prompts import lint_prompts
from scenarios.problems import dotted
from scenarios.schema import Scenario
from scenarios.tails import heaviest_tail, session_cost_tail_index
from scenarios.unread import unread

__all__ = ["Finding", "lint", "nothing_shared_is_uncertain", "session_cost_tail_index"]


def lint(scenario: Scenario, cards: Cards) -> list[Finding]:
    """Everything in a valid scenario that deserves a second look.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    cards : mapping of str to tuple of PriceCard
        One card a day, by model.
    """
    return [
        *_shared(scenario),
        *_tail(scenario, cards),
        *_offspring(scenario),
        *lint_laws(scenario),
        *lint_data(scenario),
        *lint_prompts(scenario, cards),
        *lint_idle(scenario),
        *lint_calendar(scenario),
        *(Finding(path, "note", "is read by no figure of a run yet") for path in unread(scenario)),
    ]


def nothing_shared_is_uncertain(scenario: Scenario) -> bool:
    """Whether all that differs between two trials is the luck of single sessions, which averages out."""
    if scenario.volume.users is not None:
        return False
    if any(varies(law) for law in scenario.drivers.levels.values()):
        return False
    for event in scenario.events.values():
        certain = event.date is not None and event.probability in {0.0, 1.0}
        laws = [*event.multiplies.values(), *([event.days] if event.days else [])]
        if not certain or any(varies(law) for law in laws):
            return False
    return True


def _shared(scenario: Scenario) -> Iterator[Finding]:
    if nothing_shared_is_uncertain(scenario):
        yield Finding(
            "drivers",
            "warning",
            "nothing that sessions share is uncertain, so many of them average out and the spread will look far too "
            "small; say what nobody knows yet, or take the outside view `drivers: typical`",
        )


def _tail(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    tail = heaviest_tail(scenario, cards)
    if tail.index <= 2:
        what = "mean" if tail.index <= 1 else "variance"
        heavy = f"with a tail of index {tail.index:.3g}: {tail.why}"
        message = f"makes the {what} of a {scenario.unit}'s cost infinite, {heavy}"
        yield Finding(dotted(tail.path), "warning" if tail.index <= 1 else "note", message)


# -- sprawl ------------------------------------------------------------------------------------------------------------


def _offspring(scenario: Scenario) -> Iterator[Finding]:
    for name, feature in scenario.features.items():
        agents = sorted(reach(scenario, feature.agent))
        usual = _growth(scenario, agents, 1.0, 1.0)
        if usual >= 1:
            yield Finding(dotted(("features", name)), "warning", _sprawl(feature, usual, ""))
            continue
        for event_name, event in scenario.events.items():
            levels = [event.multiplies[key].mean() if key in event.multiplies else 1.0 for key in ("fanout", "turns")]
            growth = _growth(scenario, agents, *levels)
            if growth >= 1:
                message = _sprawl(feature, growth, f"while {event_name} is in force, ")
                yield Finding(dotted(("events", event_name)), "note", message)


def _growth(scenario: Scenario, agents: list[str], fanout: float, turns: float) -> float:
    """Spectral radius of the mean number of children: how many instances follow each, generation after generation."""
    matrix = np.zeros((len(agents), len(agents)))
    for row, name in enumerate(agents):
        agent = scenario.agents[name]
        for spawn in agent.spawns:
            times = max(1.0, agent.turns.mean() * turns) if spawn.per == "turn" else 1.0
            matrix[row, agents.index(spawn.agent)] += spawn.count.mean() * fanout * times
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def _sprawl(feature: Feature, growth: float, when: str) -> str:
    guards = feature.guardrails
    bounds = [f"{key} {value:g}" for key, value in guards.model_dump().items() if value is not None] if guards else []
    end = f"only the guardrails end that: {', '.join(bounds)}" if bounds else "nothing ends that"
    starts = f"{when}every agent below {feature.agent} starts {growth:.3g} more on average"
    return f"{starts}, generation after generation; {end}"
