"""What makes the spend, as rows that people read: causes by their agents, the small ones together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.facts import Facts
from simulator.risk.attribution import Component, Source
from simulator.show import words
from simulator.show.reading import Reading

MOST_PARTS = 8
"""Rows of the attribution; what is smaller stands together below them."""

LONGEST_LABEL = 46
"""Characters of a row's label that a picture has room for."""

WHOLE_SESSION = ("handoff", "human_review", "overheads", "fixed")
"""Causes of a session as a whole, which stand under its root agent and are not that agent's doing."""


@dataclass(frozen=True)
class Part:
    """One row of the attribution.

    Attributes
    ----------
    label : a cause as people say it
    mean, tail : in currency, in a mean period and in the worst ones
    typical, worst : the same as whole percents of their columns, which add up to 100
    """

    label: str
    mean: float
    tail: float
    typical: int
    worst: int


def parts(reading: Reading) -> list[Part]:
    """Spend by cause, the largest first, and what is left over as the last row."""
    causes: dict[str, list[Component]] = {}
    for component in reading.parts:
        causes.setdefault(said_cause(component, reading), []).append(component)
    several = len({component.agent for component in reading.parts if component.agent}) > 1
    rows = sorted(
        (
            (_label(cause, found, several), sum(c.mean for c in found), sum(c.tail for c in found))
            for cause, found in causes.items()
        ),
        key=lambda row: -row[1],
    )
    if len(rows) > MOST_PARTS + 1:
        rest = rows[MOST_PARTS:]
        rows = [*rows[:MOST_PARTS], ("everything else", sum(r[1] for r in rest), sum(r[2] for r in rest))]
    typical = words.hundred([row[1] for row in rows])
    worst = words.hundred([row[2] for row in rows])
    return [Part(*row, int(t), int(w)) for row, t, w in zip(rows, typical, worst, strict=True)]


def said_cause(part: Component | Source, reading: Reading | Facts) -> str:
    """The key in the words of causes: the cause of a component, told apart where its usual words would be wrong."""
    if part.cause == "message" and part.agent in reading.whole_prompts:
        return "whole_prompt"
    if part.cause == "output" and part.agent in reading.call_fees:
        return "output_and_fees"
    return part.cause


def _label(cause: str, found: Sequence[Component], several: bool) -> str:
    """The cause, and the tools and, where several agents make calls, the agents that make most of it, as it fits."""
    agents, tools = _costs(found, "agent"), _costs(found, "detail") if cause == "tools" else {}
    if not several or cause in WHOLE_SESSION:
        agents = {}
    for most in (3, 2, 1):
        label = words.cause_words(cause, _named(agents, "agents", most), _named(tools, "tools", most))
        if len(label) <= LONGEST_LABEL:
            return label
    return words.cause_words(cause, details=_named(tools, "tools", 1)) if tools else label


def _costs(found: Sequence[Component], by: str) -> dict[str, float]:
    """What the components cost in a mean period by the name that one of their columns has."""
    costs: dict[str, float] = {}
    for component in found:
        if name := getattr(component, by):
            costs[name] = costs.get(name, 0.0) + component.mean
    return costs


def _named(costs: Mapping[str, float], kind: str, most: int) -> list[str]:
    """The names that make most of a cost, and how many there are beside them; a last one by its name.

    The last ones, who come to less than a fiftieth together, go unsaid where all others are named.
    """
    whole = sum(costs.values())
    ordered = sorted(costs, key=lambda name: -costs[name])
    while len(ordered) > 1 and whole - sum(costs[name] for name in ordered[:-1]) < 0.02 * whole:
        ordered.pop()
    main = [name for name in ordered if costs[name] >= 0.15 * whole][: min(most, 2)]
    if most > 2 and len(ordered) - len(main) == 1:
        main = ordered
    shown = [shortened(name, 24) for name in main]
    if len(ordered) > len(shown):
        left = len(costs) - len(shown)
        shown.append(f"{left} {'others' if left > 1 else 'other'}" if shown else f"{left} {kind}")
    return shown


def shortened(name: str, most: int) -> str:
    """A name of at most so many characters, cut in the middle, where names differ least."""
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[len(name) - (most - 1 - head) :]}"
