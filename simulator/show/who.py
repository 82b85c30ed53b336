"""Who spends it: agents under their own names, their tools and their retries, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.risk.attribution import Component
from simulator.show import words
from simulator.show.parts import WHOLE_SESSION, said_cause, shortened
from simulator.show.reading import Reading

MOST_SPENDERS = 4
LONGEST = 24
"""Characters of a name on a line."""
NOBODY = {"handoff": "people", "human_review": "people", "overheads": "overheads"}
NOBODY |= {cause: words.CAUSE_WORDS[cause] for cause in ("fixed", "spent")}
"""Whose money it is that no agent spends."""


@dataclass(frozen=True)
class Spender:
    """An agent, or what no agent spends, over all features; shares are whole percents that add up to 100."""

    name: str
    typical: int
    worst: int


@dataclass(frozen=True)
class Line:
    """A cause, in a mean period and in the worst ones: amounts, and shares of all spend that add up to 100."""

    cause: str
    mean: float
    tail: float
    typical: float
    worst: float


@dataclass(frozen=True)
class Account:
    """What an agent spends in a feature, cause by cause; or what its sessions cost as a whole; or all fixed costs."""

    feature: str
    agent: str
    lines: tuple[Line, ...]
    retries: float

    @property
    def mean(self) -> float:
        """Of a mean period, in currency."""
        return sum(line.mean for line in self.lines)

    @property
    def tail(self) -> float:
        """Of the worst periods, in currency."""
        return sum(line.tail for line in self.lines)

    @property
    def typical(self) -> float:
        """Share of a mean period, in percent."""
        return round(sum(line.typical for line in self.lines), 1)

    @property
    def worst(self) -> float:
        """Share of the worst periods, in percent."""
        return round(sum(line.worst for line in self.lines), 1)


def agents_of(reading: Reading) -> set[str]:
    """Agents that spend anything by themselves."""
    return {part.agent for part in reading.parts if part.agent is not None and part.cause not in WHOLE_SESSION}


def spenders(reading: Reading) -> list[Spender]:
    """Spend by agent, the largest first."""
    means: dict[str, float] = {}
    tails: dict[str, float] = {}
    for part in reading.parts:
        name = NOBODY.get(part.cause, part.agent or part.cause)
        means[name] = means.get(name, 0.0) + part.mean
        tails[name] = tails.get(name, 0.0) + part.tail
    names = sorted(means, key=lambda name: -means[name])
    typical, worst = (words.hundred([amounts[name] for name in names]) for amounts in (means, tails))
    return [Spender(name, int(t), int(w)) for name, t, w in zip(names, typical, worst, strict=True)]


def spender_words(reading: Reading) -> str:
    """Shares of the agents that spend most; empty where there is one agent alone."""
    if len(agents_of(reading)) < 2:
        return ""
    shown = [spender for spender in spenders(reading)[:MOST_SPENDERS] if spender.typical > 0]
    said = [
        f"{shortened(spender.name, LONGEST)} {spender.typical} % ({_in_worst(spender.worst, i, reading)})"
        for i, spender in enumerate(shown)
    ]
    rest, worst_rest = (100 - sum(getattr(s, name) for s in shown) for name in ("typical", "worst"))
    return " · ".join([*said, f"the rest {rest} % ({worst_rest} %)"] if shown and rest > 0 else said)


def _in_worst(share: int, i: int, reading: Reading) -> str:
    return f"{share} % in the worst {reading.nouns}" if i == 0 else f"{share} %"


def retry_words(reading: Reading) -> str:
    """What each agent's retries cost in a mean period; empty where fewer than two agents retry."""
    costs: dict[str, float] = {}
    for part in reading.parts:
        if part.cause == "retries" and part.agent is not None and part.mean > 0:
            costs[part.agent] = costs.get(part.agent, 0.0) + part.mean
    if len(costs) < 2:
        return ""
    ordered = sorted(costs.items(), key=lambda item: -item[1])
    said = [f"{shortened(agent, LONGEST)} {reading.money(amount)}" for agent, amount in ordered[:MOST_SPENDERS]]
    if rest := ordered[MOST_SPENDERS:]:
        said.append(f"{len(rest)} more {reading.money(sum(amount for _, amount in rest))}")
    return f"{' · '.join(said)} a {reading.noun}"


def accounts(reading: Reading) -> list[Account]:
    """Spend by feature and agent, the largest first, and in each by cause; tools and fixed costs by name."""
    lines = _lines(reading)
    groups: dict[tuple[str, str], list[tuple[Component, Line]]] = {}
    for part, line in zip(reading.parts, lines, strict=True):
        groups.setdefault(_whose(part, reading), []).append((part, line))
    made = [Account(*whose, tuple(line for _, line in pairs), _retries(pairs)) for whose, pairs in groups.items()]
    return sorted(made, key=lambda account: -account.mean)


def _lines(reading: Reading) -> Iterator[Line]:
    typical, worst = (words.hundred([getattr(p, name) for p in reading.parts], 1) for name in ("mean", "tail"))
    for part, t, w in zip(reading.parts, typical, worst, strict=True):
        yield Line(_what(part, reading), part.mean, part.tail, t, w)


def _what(part: Component, reading: Reading) -> str:
    """What a part is for; fixed costs stand under that name already."""
    if part.cause == "fixed" and part.detail:
        return part.detail
    return words.cause_words(said_cause(part, reading), details=[part.detail] if part.detail else [])


def _whose(part: Component, reading: Reading) -> tuple[str, str]:
    if part.feature is None:
        return "", words.CAUSE_WORDS[part.cause]
    if part.cause in WHOLE_SESSION:
        return part.feature, f"each {reading.unit} as a whole"
    return part.feature, part.agent or ""


def _retries(pairs: Iterable[tuple[Component, Line]]) -> float:
    return sum(line.mean for part, line in pairs if part.cause == "retries")
