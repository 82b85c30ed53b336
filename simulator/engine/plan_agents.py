"""Agents as kernels see them: their laws, their tools, what they start, who checks them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from distributions.streams import name_hash
from scenarios.kinds import varies
from simulator.engine import columns as at
from simulator.engine.layout import (
    AGENT_DTYPE,
    CHECKED_BY_RUN,
    CHECKED_BY_TURN,
    CHOICE_DTYPE,
    DRAW_DTYPE,
    L_CONTEXT,
    L_MESSAGE,
    L_OUTPUT,
    NO_LAW,
    NO_LEVEL,
    NOT_HARDER,
    OVERFLOW,
    SPAWN_DTYPE,
    TOOL_DTYPE,
    UNCHECKED,
    Floats,
    Ints,
    Table,
)

if TYPE_CHECKING:
    from distributions.law import Law
    from distributions.table import LawBook
    from scenarios.agents import Context, Sensitivity
    from scenarios.prices import PriceBook
    from scenarios.schema import Agent, Scenario
    from simulator.engine.plan_models import Models

NEVER = np.iinfo(np.int64).max

Row = tuple[object, ...]


class _Powers(NamedTuple):
    """Powers of difficulty, in the order of the columns of agents."""

    turns: float = 0.0
    output: float = 0.0
    failure: float = 0.0
    message: float = 0.0
    first: float = 0.0


class _Place(NamedTuple):
    """Where a draw goes, the keys it is drawn at and what is made of it, in the order of the columns of draws."""

    to: np.uint64
    key: np.uint64 = at.KEY
    level: int = NO_LEVEL
    most: float = np.inf
    harder: np.uint64 = NOT_HARDER
    harder_first: np.uint64 = NOT_HARDER


@dataclass
class AgentTables:
    """The rows of all agents, and of what each has several of."""

    scenario: Scenario
    models: Models
    book: LawBook
    agents: list[Row] = field(default_factory=list)
    choices: list[Row] = field(default_factory=list)
    draws: list[Row] = field(default_factory=list)
    tools: list[Row] = field(default_factory=list)
    spawns: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        for agent in self.scenario.agents.values():
            self.agents.append(self._row(agent))

    def tables(self) -> dict[str, Table]:
        """The tables, by their names in the plan."""
        return {
            "agents": np.array(self.agents, AGENT_DTYPE),
            "choices": np.array(self.choices, CHOICE_DTYPE),
            "draws": np.array(self.draws, DRAW_DTYPE),
            "tools": np.array(self.tools, TOOL_DTYPE),
            "spawns": np.array(self.spawns, SPAWN_DTYPE),
        }

    def _row(self, agent: Agent) -> Row:
        choices = _append(self.choices, self._choices(agent))
        draws = _append(self.draws, self._draws(agent))
        tools = _append(self.tools, self._tools(agent))
        spawns = _append(self.spawns, self._spawns(agent))
        whole, cascade = agent.whole_prompt, agent.model.cascade
        has_extras = bool({law_of(agent.retrieved_tokens), law_of(agent.reasoning_tokens)} - {None})
        return (
            *choices,
            self.models.place(agent, cascade[1]) if cascade else -1,
            agent.model.escalate_rate,
            NO_LAW if whole else self._law(agent.system_tokens),
            self.book.add(agent.turns),
            *draws,
            any(row[3] == at.PENDING for row in self.draws[draws[0] :]),
            has_extras,
            *self._prompt(agent),
            *self._retries(agent),
            *tools,
            *spawns,
            *self._check(agent),
            *self._difficulty(agent),
        )

    def _prompt(self, agent: Agent) -> Row:
        whole, context = agent.whole_prompt, agent.context
        first_hit, later_hit = agent.cache.hit_probabilities() if agent.cache else (0.0, 0.0)
        return (
            whole,
            agent.cached_share,
            0.0 if whole else context.carry,
            0.0 if whole else context.carried_output,
            context.carry_retrieved and not whole,
            context.draws_limit,
            OVERFLOW[context.overflow],
            _left(context),
            agent.cache is not None,
            first_hit,
            later_hit,
        )

    def limits(self, prices: PriceBook) -> tuple[Floats, Ints]:
        """float64[A, M] and int64[A, M]: the longest prompt of an agent with a model, and the law that draws it."""
        windows = self.models.windows(prices)
        rows = [self._limits(agent, windows) for agent in self.scenario.agents.values()]
        return np.array([most for most, _ in rows]), np.array([laws for _, laws in rows])

    def _limits(self, agent: Agent, windows: Floats) -> tuple[list[float], list[int]]:
        most, laws = windows.tolist(), [NO_LAW] * windows.size
        for row, (model, _) in enumerate(self.models.rows):
            limit = agent.context.limit_of(model)
            if agent.whole_prompt:
                most[row] = np.inf
            elif limit is not None and varies(limit):
                laws[row] = self.book.add(limit)
            elif limit is not None:
                most[row] = max(1.0, round(limit.mean()))
        return most, laws

    def _retries(self, agent: Agent) -> Row:
        retry, fallback = agent.retry, agent.retry.fallback
        return (
            retry.quality_share,
            retry.provider_billed == "input",
            retry.max_attempts,
            retry.added_tokens,
            fallback.after if fallback else NEVER,
            self.models.place(agent, fallback.model) if fallback else 0,
            retry.on_exhausted == "continue",
        )

    def _check(self, agent: Agent) -> Row:
        check, reads_given = agent.checked_by, agent.message_tokens == "from_agent"
        subtle = check is not None or reads_given or any(self._difficulty(agent)) or agent.context.draws_limit
        if check is None:
            return UNCHECKED, 0, 0.0, 0, reads_given, subtle
        when = CHECKED_BY_TURN if check.every == "turn" else CHECKED_BY_RUN
        validator = list(self.scenario.agents).index(check.agent)
        return when, validator, check.reject_rate, check.max_loops, reads_given, subtle

    def _difficulty(self, agent: Agent) -> _Powers:
        """Without difficulty, none."""
        moves: Sensitivity = agent.sensitivity
        if self.scenario.difficulty is None:
            return _Powers()
        if agent.whole_prompt:
            return _Powers(moves.turns, moves.output_tokens, moves.failure_rate, moves.prompt_tokens)
        first = moves.of_first_message - moves.message_tokens
        return _Powers(moves.turns, moves.output_tokens, moves.failure_rate, moves.message_tokens, first)

    def _choices(self, agent: Agent) -> Iterator[Row]:
        below = 0.0
        for model, share in agent.model.shares.items():
            if share > 0.0:
                below += share
                yield self.models.place(agent, model), below

    def _draws(self, agent: Agent) -> Iterator[Row]:
        if agent.prompt_tokens is not None:
            harder = at.HARDER_MESSAGE if self._difficulty(agent).message != 0.0 else NOT_HARDER
            place = _Place(at.PENDING, level=L_CONTEXT, harder=harder)
            yield from self._draw(agent.prompt_tokens, "message_tokens", place)
        else:
            yield from self._message(agent)
            yield from self._draw(agent.retrieved_tokens, "retrieved_tokens", _Place(at.FOUND))
        most = np.inf if agent.max_output_tokens is None else float(agent.max_output_tokens)
        harder = at.HARDER_OUTPUT if self._difficulty(agent).output != 0.0 else NOT_HARDER
        place = _Place(at.OUT, level=L_OUTPUT, most=most, harder=harder)
        yield from self._draw(agent.output_tokens, "output_tokens", place)
        yield from self._draw(agent.reasoning_tokens, "reasoning_tokens", _Place(at.THINK))

    def _message(self, agent: Agent) -> Iterator[Row]:
        """The message, which a turn that is done anew keeps; what a validator is given to read is drawn by nobody."""
        if isinstance(agent.message_tokens, str):
            return
        by_turn = agent.checked_by is not None and agent.checked_by.every == "turn"
        powers = self._difficulty(agent)
        harder = at.HARDER_MESSAGE if powers.message != 0.0 else NOT_HARDER
        first = at.HARDER_FIRST if powers.first != 0.0 else NOT_HARDER
        key = at.MESSAGE_KEY if by_turn else at.KEY
        place = _Place(at.PENDING, key, L_MESSAGE, harder=harder, harder_first=first)
        yield from self._draw(agent.message_tokens, "message_tokens", place, agent.first_message_tokens)

    def _draw(self, law: Law, name: str, place: _Place, first: Law | None = None) -> Iterator[Row]:
        """A draw, from another law in the first turn where there is one; none of what is always 0."""
        if law_of(law) is not None or (first is not None and law_of(first) is not None):
            yield self.book.add(law), NO_LAW if first is None else self.book.add(first), name_hash(name), *place

    def _tools(self, agent: Agent) -> Iterator[Row]:
        for name, tool in agent.tools.items():
            purposes = [name_hash(f"tool:{name}:{draw}") for draw in ("count", "rounding", "result", "failure")]
            laws = (self.book.add(tool.calls_per_turn), self._law(tool.result_tokens))
            yield (*laws, tool.fee, tool.failure_rate, tool.max_attempts, *purposes)

    def _spawns(self, agent: Agent) -> Iterator[Row]:
        """One row a rule; a rule is named by what it starts and when, and counted where an agent has it twice."""
        agents, seen = list(self.scenario.agents), Counter[str]()
        for spawn in agent.spawns:
            kind = f"spawn:{spawn.agent}:{spawn.per}"
            name = f"{kind}:{seen[kind]}"
            seen[kind] += 1
            purposes = [name_hash(f"{name}:{draw}") for draw in ("count", "rounding", "result")]
            laws = (self.book.add(spawn.count), self._law(spawn.result_tokens))
            yield (agents.index(spawn.agent), spawn.per == "turn", *laws, name_hash(name), *purposes)

    def _law(self, law: Law) -> int:
        return NO_LAW if law_of(law) is None else self.book.add(law)


def _left(context: Context) -> float:
    """History that is left after an overflow, in tokens; what a truncation keeps has no bound of its own by default."""
    if context.overflow == "truncate" and context.keep_tokens is not None:
        return float(context.keep_tokens)
    return np.inf if context.overflow == "truncate" else float(context.summary_tokens)


def law_of(law: Law) -> Law | None:
    """The law, and None for one that is always 0."""
    return None if law.support() == (0.0, 0.0) else law


def _append(table: list[Row], rows: Iterator[Row]) -> tuple[int, int]:
    """Put rows at the end of a table; gives the first one's place and how many there are."""
    first = len(table)
    table.extend(rows)
    return first, len(table) - first
