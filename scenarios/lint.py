"""What is allowed and still worth a second look: meaning, not grammar."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.finding import Cards, Finding
from scenarios.kinds import varies
from scenarios.lint_agents import lint_agents
from scenarios.lint_calendar import lint_calendar
from scenarios.lint_controls import lint_controls
from scenarios.lint_data import lint_data
from scenarios.lint_guardrails import lint_guardrails
from scenarios.lint_idle import lint_idle
from scenarios.lint_laws import lint_laws
from scenarios.lint_period import lint_period
from scenarios.lint_prompts import lint_prompts
from scenarios.lint_trees import lint_trees
from scenarios.problems import dotted
from scenarios.risks import Event
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
        *lint_trees(scenario),
        *lint_guardrails(scenario, cards),
        *lint_laws(scenario),
        *lint_data(scenario),
        *lint_prompts(scenario, cards),
        *lint_idle(scenario),
        *lint_agents(scenario),
        *lint_calendar(scenario),
        *lint_period(scenario),
        *lint_controls(scenario),
        *(Finding(path, "note", "is read by no figure of a run yet") for path in unread(scenario)),
    ]


def nothing_shared_is_uncertain(scenario: Scenario) -> bool:
    """Whether all that differs between two trials is the luck of single sessions, which averages out."""
    usage = scenario.volume.sessions_per_user_day
    laws = [*scenario.drivers.levels.values(), *([usage] if usage else [])]
    return not any(varies(law) for law in laws) and all(_is_certain(event) for event in scenario.events.values())


def _is_certain(event: Event) -> bool:
    """Whether an event is the same in every trial."""
    if event.date is None:
        return False
    laws = [*event.multiplies.values(), *([event.days] if event.days else [])]
    return event.probability == 0 or (event.probability == 1 and not any(varies(law) for law in laws))


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
