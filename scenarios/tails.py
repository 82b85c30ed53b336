"""How heavy the tail of one session's cost is, read off the laws of its parts.

P(cost > x) falls like x to the power of minus the index. The index of a sum or a product of independent parts is the
least of theirs; a part to the power of k has an index k times smaller. So one law decides, and it can be named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from distributions.law import Law
from scenarios.agents import Agent, Spawn
from scenarios.cards import PriceCard
from scenarios.features import Feature, PersonTime
from scenarios.hard_limits import MAX_DEPTH
from scenarios.kinds import varies
from scenarios.prices import resolve_prices
from scenarios.problems import Path, dotted
from scenarios.schema import Scenario

Cards = Mapping[str, tuple[PriceCard, ...]]

_QUADRATIC = "every turn repeats the history before it, so cost grows with the square of the turns"
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


class Powers(NamedTuple):
    """Powers with which the session's difficulty enters what one instance does: turns, each output, each message."""

    turns: float
    output: float
    message: float


class Below(NamedTuple):
    """An agent that an instance starts or is checked by.

    Attributes
    ----------
    agent : str
    number : float
        Power of the difficulty in how many there are.
    read : float
        Power of the difficulty in each message that they read.
    tails : list of Tail
        Of their number, and of what they put into their parent's next prompt.
    """

    agent: str
    number: float
    read: float
    tails: list[Tail]


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
    return min((feature_tail(scenario, name, cards) for name in scenario.features), key=lambda tail: tail.index)


def _moments(index: float) -> str:
    if index > 2:
        return "."
    return f", and its {'mean' if index <= 1 else 'variance'} is infinite; bound it with `max`, a limit or a guardrail."


def feature_tail(scenario: Scenario, name: str, cards: Cards | None = None) -> Tail:
    """The part of a feature's sessions that decides how heavy the tail of their cost is."""
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
    found: dict[tuple[str, int, float], Branch] = field(default_factory=dict)

    def agent(self, name: str, depth: int, read: float = 0.0) -> Branch:
        """An instance and its descendants.

        `depth` ends the search where guardrails end the tree; `read` is the power of the difficulty in its messages.
        """
        key = (name, depth, read)
        if key not in self.found:
            self.found[key] = self._agent(*key)
        return self.found[key]

    def _agent(self, name: str, depth: int, read: float) -> Branch:
        agent = self.scenario.agents[name]
        path: Path = ("agents", name)
        power = 2.0 if _grows(agent) and not self._counted and self._limit(agent) is None else 1.0
        parts = list(self._own(agent, path, power))
        own = self._powers(agent)
        # a message and an output are both repeated by every later prompt; a prompt that fits a limit has no tail
        read = own.message if agent.whole_prompt else read + own.message
        z = power * own.turns + max(own.output, 0.0 if self._bounded(agent) else read)
        for below in self._below(agent, path, depth, own):
            branch = self.agent(below.agent, depth + 1, below.read)
            parts += [*below.tails, branch.tail]
            z = max(z, branch.difficulty + below.number)
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
        """The longest prompt that any of its models lets stand; None where there is no end to it."""
        most = max(self._longest(agent, model) for model in agent.model.shares)
        return round(most) if math.isfinite(most) else None

    def _longest(self, agent: Agent, model: str) -> float:
        limit, window = agent.context.limit_of(model), self._window(model) or math.inf
        if limit is None:
            return window
        return min(limit.support()[1], window) if varies(limit) else limit.mean()

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
            carried = tool.result_tokens.mean() > 0 and not self._bounded(agent) and not agent.whole_prompt
            if tool.fee > 0 or carried:
                yield _tail(tool.calls_per_turn, (*place, "calls_per_turn"), _LINEAR)
            if carried and tool.calls_per_turn.mean() > 0:
                yield _tail(tool.result_tokens, (*place, "result_tokens"), _LINEAR)
        if not self._bounded(agent):
            yield from self._prompt(agent, path)

    def _bounded(self, agent: Agent) -> bool:
        """Whether no prompt over a limit is ever sent."""
        return agent.context.overflow == "fail" and self._limit(agent) is not None

    def _prompt(self, agent: Agent, path: Path) -> Iterator[Tail]:
        for name in ("system_tokens", "message_tokens", "first_message_tokens", "retrieved_tokens", "prompt_tokens"):
            law = getattr(agent, name)
            if isinstance(law, Law):
                yield _tail(law, (*path, name), _LINEAR)

    def _powers(self, agent: Agent) -> Powers:
        moved = agent.sensitivity
        turns = 0.0 if self._counted else max(0.0, moved.turns)
        output = 0.0 if agent.max_output_tokens is not None else max(0.0, moved.output_tokens)
        read = (moved.prompt_tokens,) if agent.whole_prompt else (moved.message_tokens, moved.of_first_message)
        return Powers(turns, output, max(0.0, *read))

    def _below(self, agent: Agent, path: Path, depth: int, own: Powers) -> Iterator[Below]:
        guards = self.feature.guardrails
        deepest = guards.depth if guards and guards.depth is not None else MAX_DEPTH
        for number, spawn in enumerate(agent.spawns):
            if depth < deepest and spawn.count.mean() > 0:
                yield self._children(agent, spawn, (*path, "spawns", number), own)
        check = agent.checked_by
        if check is not None:
            each_turn = check.every == "turn"
            reads = self.scenario.agents[check.agent].message_tokens == "from_agent"
            read = own.output + (0.0 if each_turn else own.turns)
            yield Below(check.agent, own.turns if each_turn else 0.0, read if reads else 0.0, [])

    def _children(self, agent: Agent, spawn: Spawn, path: Path, own: Powers) -> Below:
        guards = self.feature.guardrails
        capped = self._counted or (guards is not None and guards.agents is not None)
        tails = [] if capped else [_tail(spawn.count, (*path, "count"), _LINEAR)]
        if not self._bounded(agent) and not agent.whole_prompt:
            tails.append(_tail(spawn.result_tokens, (*path, "result_tokens"), _LINEAR))
        return Below(spawn.agent, own.turns if spawn.per == "turn" and not capped else 0.0, 0.0, tails)


def _grows(agent: Agent) -> bool:
    """Whether prompts grow with every turn."""
    if agent.whole_prompt:
        return False
    if agent.context.carry_retrieved and agent.retrieved_tokens.mean() > 0:
        return True
    if agent.context.carried_output > 0 and agent.output_tokens.mean() > 0:
        return True
    return agent.context.carry > 0 and _adds(agent)


def _adds(agent: Agent) -> bool:
    """Whether its messages, results of tools and children included, have anything in them."""
    added = [tool.result_tokens for tool in agent.tools.values()]
    added += [spawn.result_tokens for spawn in agent.spawns]
    message = agent.message_tokens
    return any(law.mean() > 0 for law in added) or not isinstance(message, Law) or message.mean() > 0
