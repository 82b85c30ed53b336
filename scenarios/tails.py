"""How heavy the tail of one session's cost is, read off the laws of its parts.

P(cost > x) falls like x to the power of minus the index. The index of a sum or a product of independent parts is the
least of theirs; a part to the power of k has an index k times smaller. So one law decides, and it can be named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from distributions.law import Law
from scenarios.agents import Agent
from scenarios.cards import PriceCard
from scenarios.features import Feature, PersonTime
from scenarios.prices import resolve_prices
from scenarios.problems import Path, dotted
from scenarios.schema import Scenario

Cards = Mapping[str, tuple[PriceCard, ...]]

_QUADRATIC = "every turn repeats the history before it, so cost grows with the square of the turns"
_DEEPEST = 100
_LINEAR = "cost grows in proportion to it"


@dataclass(frozen=True)
class Tail:
    """The heaviest part found so far.

    Attributes
    ----------
    index : float
        Of the cost.
    path : tuple
        Of the law that is responsible.
    why : str
        How the law's own index became the cost's.
    """

    index: float
    path: Path = ()
    law: str = ""
    why: str = ""


@dataclass(frozen=True)
class Branch:
    """What one instance of an agent, with all that it starts, does to the tail.

    Attributes
    ----------
    tail : Tail
        Heaviest independent law.
    difficulty : float
        Power with which the session's difficulty enters the cost.
    """

    tail: Tail
    difficulty: float


def session_cost_tail_index(scenario: Scenario, cards: Cards | None = None) -> tuple[float, str]:
    """Tail index of the cost of one session, and the law that is responsible.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    cards : mapping, optional
        Prices by model, for the context windows that bound prompts; looked up where they are needed and not given.

    Returns
    -------
    tuple of float and str
        Infinite where there is no power tail: all moments are finite then, and still far apart for laws such as a wide
        lognormal. At 1 and below the mean is infinite, at 2 and below the variance; the text names the law and says how
        it acts, and is empty where there is none.
    """
    worst = heaviest_tail(scenario, cards)
    if math.isinf(worst.index):
        return math.inf, ""
    return worst.index, f"It comes from {dotted(worst.path)} ({worst.law}): {worst.why}{_moments(worst.index)}"


def heaviest_tail(scenario: Scenario, cards: Cards | None = None) -> Tail:
    """The part of a session that decides how heavy the tail of its cost is."""
    return min((_feature(scenario, name, cards) for name in scenario.features), key=lambda tail: tail.index)


def _moments(index: float) -> str:
    if index > 2:
        return "."
    return f", and its {'mean' if index <= 1 else 'variance'} is infinite; bound it with `max`, a limit or a guardrail."


def _feature(scenario: Scenario, name: str, cards: Cards | None) -> Tail:
    feature = scenario.features[name]
    if not feature.share:
        return Tail(math.inf)
    people = [part for part in (feature.human_review, feature.on_failure and feature.on_failure.handoff) if part]
    paths = {id(feature.human_review): "human_review"}
    tails = [tail for part in people for tail in _person(part, ("features", name), paths.get(id(part)))]
    branch = _Search(scenario, feature, cards).agent(feature.agent, 0)
    if scenario.difficulty is not None and branch.difficulty > 0:
        index = scenario.difficulty.tail_index() / branch.difficulty
        why = f"it enters the cost with a power of {branch.difficulty:.3g}"
        tails.append(Tail(index, ("difficulty",), scenario.difficulty.describe(), why))
    return min([branch.tail, *tails], key=lambda tail: tail.index)


def _person(part: PersonTime, path: Path, name: str | None) -> Iterator[Tail]:
    section: Path = (*path, name) if name else (*path, "on_failure", "handoff")
    for key, law in (("cost", part.cost), ("minutes", part.minutes)):
        if law is not None and part.rate > 0:
            yield _tail(law, (*section, key), _LINEAR)


def _tail(law: Law, path: Path, why: str, power: float = 1.0) -> Tail:
    return Tail(law.tail_index() / power, path, law.describe(), why)


@dataclass
class _Search:
    scenario: Scenario
    feature: Feature
    cards: Cards | None
    found: dict[tuple[str, int], Branch] = field(default_factory=dict)

    def agent(self, name: str, depth: int) -> Branch:
        """An instance and its descendants; `depth` ends the search where guardrails end the tree."""
        if (name, depth) not in self.found:
            self.found[name, depth] = self._agent(name, depth)
        return self.found[name, depth]

    def _agent(self, name: str, depth: int) -> Branch:
        agent = self.scenario.agents[name]
        path: Path = ("agents", name)
        power = 2.0 if _grows(agent) and not self._counted and self._limit(agent) is None else 1.0
        parts = list(self._own(agent, path, power))
        z = self._own_difficulty(agent, power)
        for child, exponent, tails in self._children(agent, path, depth):
            branch = self.agent(child, depth + 1)
            parts += [*tails, branch.tail]
            z = max(z, branch.difficulty + exponent)
        return Branch(min(parts, key=lambda tail: tail.index), z)

    @property
    def _counted(self) -> bool:
        """Whether a guardrail ends the session after so many calls or so much money."""
        guards = self.feature.guardrails
        return guards is not None and (guards.calls is not None or guards.cost is not None)

    def _turns(self, agent: Agent, path: Path, power: float) -> Tail:
        tail = _tail(agent.turns, (*path, "turns"), _QUADRATIC if power == 2 else _LINEAR, power)
        limit = self._limit(agent) if math.isfinite(tail.index) and _grows(agent) else None
        if limit is None:
            return tail
        return replace(tail, why=f"{_QUADRATIC} until the prompt reaches {limit:,} tokens, then in proportion to them")

    def _limit(self, agent: Agent) -> int | None:
        if agent.context.limit is not None:
            return agent.context.limit
        windows = [self._window(model) for model in agent.model.names]
        known = [window for window in windows if window is not None]
        return max(known) if len(known) == len(windows) else None

    def _window(self, model: str) -> int | None:
        stated = self.scenario.models[model]
        if stated.context_window is not None or stated.catalog is None:
            return stated.context_window
        if self.cards is None:
            self.cards = resolve_prices(self.scenario).cards
        return self.cards[model][0].context_window

    def _own(self, agent: Agent, path: Path, power: float) -> Iterator[Tail]:
        yield Tail(math.inf)
        if not self._counted:
            yield self._turns(agent, path, power)
        if agent.max_output_tokens is None:
            yield _tail(agent.output_tokens, (*path, "output_tokens"), _LINEAR)
        yield _tail(agent.reasoning_tokens, (*path, "reasoning_tokens"), _LINEAR)
        for name, tool in agent.tools.items():
            place: Path = (*path, "tools", name)
            yield _tail(tool.calls_per_turn, (*place, "calls_per_turn"), _LINEAR)
            if not self._bounded(agent):
                yield _tail(tool.result_tokens, (*place, "result_tokens"), _LINEAR)
        if not self._bounded(agent):
            yield from self._prompt(agent, path)

    def _bounded(self, agent: Agent) -> bool:
        """Whether no prompt over a limit is ever sent."""
        return agent.context.overflow == "fail" and self._limit(agent) is not None

    def _prompt(self, agent: Agent, path: Path) -> Iterator[Tail]:
        for name in ("system_tokens", "message_tokens", "retrieved_tokens", "prompt_tokens"):
            law = getattr(agent, name)
            if isinstance(law, Law):
                yield _tail(law, (*path, name), _LINEAR)
        for number, spawn in enumerate(agent.spawns):
            yield _tail(spawn.result_tokens, (*path, "spawns", number, "result_tokens"), _LINEAR)

    def _own_difficulty(self, agent: Agent, power: float) -> float:
        turns = 0.0 if self._counted else power * max(0.0, agent.sensitivity.turns)
        capped = agent.max_output_tokens is not None
        return turns + (0.0 if capped else max(0.0, agent.sensitivity.output_tokens))

    def _children(self, agent: Agent, path: Path, depth: int) -> Iterator[tuple[str, float, list[Tail]]]:
        """Each agent that an instance starts: its name, the power that its number adds, the tail of its number."""
        guards = self.feature.guardrails
        turns = 0.0 if self._counted else max(0.0, agent.sensitivity.turns)
        deepest = min(guards.depth, _DEEPEST) if guards and guards.depth is not None else _DEEPEST
        capped = self._counted or (guards is not None and guards.agents is not None)
        for number, spawn in enumerate(agent.spawns):
            if depth < deepest:
                count = [] if capped else [_tail(spawn.count, (*path, "spawns", number, "count"), _LINEAR)]
                yield spawn.agent, turns if spawn.per == "turn" and not capped else 0.0, count
        if agent.checked_by:
            each_turn = agent.checked_by.every == "turn"
            yield agent.checked_by.agent, turns if each_turn else 0.0, []


def _grows(agent: Agent) -> bool:
    """Whether prompts grow with every turn."""
    if agent.whole_prompt:
        return False
    if agent.context.carry_retrieved and agent.retrieved_tokens.mean() > 0:
        return True
    return agent.context.carry > 0 and _adds(agent)


def _adds(agent: Agent) -> bool:
    added = [agent.output_tokens, *(tool.result_tokens for tool in agent.tools.values())]
    added += [spawn.result_tokens for spawn in agent.spawns]
    message = agent.message_tokens
    return any(law.mean() > 0 for law in added) or (isinstance(message, Law) and message.mean() > 0)
