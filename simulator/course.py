"""The course of one session: its events in order, the agents that they tell of, and what each of them cost.

Money is counted in nanos of the scenario's currency: a row costs what the running total, rounded to nanos, gained by
it. So the rows add up to the session's cost to the last nano, whatever floats make of a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import CUTS, IntArray, Records
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_END,
    E_HANDOFF,
    E_HUMAN_REVIEW,
    E_OVERHEADS,
    E_RUN,
    E_SUMMARY,
    FROM_CHECK,
    FROM_REJECTION,
    FROM_ROOT,
    FROM_TURN_CHECK,
)
from simulator.risk.money import in_currency

if TYPE_CHECKING:
    from scenarios.schema import Scenario

Flags = npt.NDArray[np.bool_]
NANO, NANOS = 1e-9, 1e9
ROOT, CHILD, CHECK, TURN_CHECK, ANEW = "root", "child", "check", "turn check", "anew"
"""How an instance came: the root of a run, a spawned child, the validator of a run or of a turn, work done anew."""
_CAME = {FROM_ROOT: ROOT, FROM_CHECK: CHECK, FROM_TURN_CHECK: TURN_CHECK, FROM_REJECTION: ANEW}
_WHOLE = (E_RUN, E_HANDOFF, E_HUMAN_REVIEW, E_OVERHEADS, E_END)
PROMPT = ("system", "history", "message", "retrieval", "added")
"""The prompt's parts, in the order that a cached prefix covers them."""
_TOKENS = ("cached", "written", "output")


class ReplayError(RuntimeError):
    """A replay that tells another story than the simulation: a fault of ours, and never the user's."""


@dataclass(frozen=True)
class Names:
    """What the numbers in the events stand for: places in the scenario.

    Attributes
    ----------
    tools, children : by agent, the names of its tools, and what its spawn rules start
    """

    agents: tuple[str, ...]
    models: tuple[str, ...]
    features: tuple[str, ...]
    tools: tuple[tuple[str, ...], ...]
    children: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Names:
        """Read the names of a scenario."""
        agents = scenario.agents.values()
        return cls(
            agents=tuple(scenario.agents),
            models=tuple(scenario.models),
            features=tuple(scenario.features),
            tools=tuple(tuple(agent.tools) for agent in agents),
            children=tuple(tuple(spawn.agent for spawn in agent.spawns) for agent in agents),
        )


@dataclass(frozen=True)
class Instance:
    """An agent at work.

    Attributes
    ----------
    number : from 1, in the order in which they started
    parent : number of the instance that it was started by; 0 for none
    run : of the session, from 1
    came : how it came; one of ROOT, CHILD, CHECK, TURN_CHECK, ANEW
    after_turn, loop : of the parent: its last turn, 0 before its first call, and how often that was sent back before
    turns : that it set out to do
    row : of the events, where it starts
    """

    number: int
    agent: str
    parent: int
    depth: int
    run: int
    came: str
    after_turn: int
    loop: int
    turns: int
    row: int

    def __str__(self) -> str:
        return f"{self.agent} #{self.number}"


@dataclass(frozen=True)
class Course:
    """One session as it happened.

    Attributes
    ----------
    record : SESSION_DTYPE, what the simulation says of the session
    rows : TRACE_DTYPE[n], its events
    owner : int64[n], number of the instance that an event belongs to; 0 for the session as a whole
    nanos : int64[n], cost of each event
    instances : in the order in which they started
    """

    record: np.void
    rows: Records
    names: Names
    owner: IntArray
    nanos: IntArray
    instances: tuple[Instance, ...]

    @classmethod
    def read(cls, record: np.void, rows: Records, names: Names) -> Course:
        """Read the events of a session.

        Raises
        ------
        ReplayError
            If they do not add up to what the simulation says of it.
        """
        owner, instances = _owners(rows, names)
        totals = np.rint(rows["total"] * NANOS).astype(np.int64)
        course = cls(record, rows, names, owner, np.diff(totals, prepend=np.int64(0)), instances)
        course.check()
        return course

    @property
    def cost(self) -> float:
        """What the session cost, in currency: the sum of all rows."""
        return in_currency(int(self.nanos.sum()), NANO)

    @property
    def cut_by(self) -> str | None:
        """What cut the session; one of CUTS, None where nothing did."""
        cut = int(self.record["cut"])
        return CUTS[cut - 1] if cut else None

    @cached_property
    def is_call(self) -> Flags:
        """bool[n], whether an event is a request to a model."""
        return np.isin(self.rows["event"], (E_CALL, E_SUMMARY))

    @cached_property
    def prompt(self) -> IntArray:
        """int64[n], tokens of the prompt; 0 where there is none."""
        whole: IntArray = np.where(self.is_call, sum(self.rows[part] for part in PROMPT), 0)
        return whole

    @cached_property
    def own(self) -> IntArray:
        """int64[instances + 1], nanos by owner; the session as a whole at 0."""
        return self.by_owner(self.nanos)

    @cached_property
    def with_children(self) -> IntArray:
        """The same with all that an instance started, and what that started."""
        sums = self.own.copy()
        for instance in reversed(self.instances):
            if instance.parent:
                sums[instance.parent] += sums[instance.number]
        return sums

    @cached_property
    def calls(self) -> IntArray:
        """int64[instances + 1], requests to models by owner."""
        return self.by_owner(self.is_call)

    def by_owner(self, values: Any) -> IntArray:
        """int64[instances + 1], the sum of integers[n] by owner."""
        sums = np.zeros(len(self.instances) + 1, np.int64)
        np.add.at(sums, self.owner, values)
        return sums

    def instance(self, row: int) -> Instance | None:
        """Whose an event is; None where it is the session's as a whole."""
        number = int(self.owner[row])
        return self.instances[number - 1] if number else None

    def chain(self, instance: Instance) -> list[Instance]:
        """From the root down to an instance."""
        line = [instance]
        while line[-1].parent:
            line.append(self.instances[line[-1].parent - 1])
        return line[::-1]

    def check(self) -> None:
        """Refuse to tell a story that the simulation does not tell.

        Raises
        ------
        ReplayError
            With all that differs.
        """
        differing = [f"{what} {ours} and not {theirs}" for what, ours, theirs in self._compared() if ours != theirs]
        if differing:
            raise ReplayError(f"the replay of a session differs from its simulation: {', '.join(differing)}")

    def _compared(self) -> Iterator[tuple[str, float, float]]:
        """What both sides say: its name, the rows' side, the record's."""
        record, calls = self.record, self.rows[self.is_call]
        yield "cost", self.cost, float(record["cost"])
        yield "calls", len(calls), int(record["calls"])
        yield "agents", len(self.instances), int(record["agents"])
        yield "input", int(self.prompt.sum()), int(record["input"])
        for kind in _TOKENS:
            ours = int(calls[kind].sum()) + (int(calls["reasoning"].sum()) if kind == "output" else 0)
            yield kind, ours, int(record[kind])


def outcome_of(course: Course) -> Mapping[str, Any]:
    """What the record of a session says of it beside its address, as plain values."""
    record = course.record
    return {
        "cost": course.cost,
        "calls": int(record["calls"]),
        "agents": int(record["agents"]),
        "tokens": {kind: int(record[kind]) for kind in ("input", *_TOKENS)},
        "success": bool(record["success"]),
        "cut_by": course.cut_by,
        **{name: bool(record[name]) for name in ("held", "handed_over", "reviewed")},
        "runs": int(record["runs"]),
    }


def _owners(rows: Records, names: Names) -> tuple[IntArray, tuple[Instance, ...]]:
    """Whose each event is: that of the last instance that started at its depth."""
    owner = np.zeros(len(rows), np.int64)
    instances: list[Instance] = []
    at_work: list[int] = []  # the last instance by depth
    last_turn: dict[int, tuple[int, int]] = {}  # by instance, with its loop
    run = 0
    columns = (rows[name].tolist() for name in ("event", "agent", "depth", "turn", "loop", "detail", "count"))
    for i, (event, agent, depth, turn, loop, detail, count) in enumerate(zip(*columns, strict=True)):
        if event in _WHOLE:
            run += event == E_RUN
        elif event == E_CUT:  # by the call before it
            owner[i] = owner[i - 1]
        else:
            if event == E_AGENT:
                parent = at_work[depth - 1] if 0 < depth <= len(at_work) else 0
                number, came = len(instances) + 1, _CAME.get(detail, CHILD)
                after, again = last_turn.get(parent, (0, 0))
                name = names.agents[agent]
                instances.append(Instance(number, name, parent, depth, run, came, after, again, count, i))
                at_work[depth:] = [number]
            owner[i] = at_work[depth] if depth < len(at_work) else 0
            if event == E_CALL:
                last_turn[int(owner[i])] = turn, loop
    return owner, tuple(instances)
