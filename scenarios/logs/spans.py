"""Trees of spans: which instance, session and turn each call of a model belongs to, and which call a tool follows.

Spans come in any order, in several files, and some twice, so that nothing can be said before all are read. Of each only
numbers are kept until then: what stands above it, what it is, when it was, and codes of a few names.

How a tree is read
------------------
- An agent span is an instance, and so is the parent of the next agent span below it, whatever spans stand between.
- The topmost agent of a session goes on with its conversation: spans of one name that follow one another, in one trace
  or in several, are one instance. Those that overlap in time are several.
- Calls without an agent above them belong to their session, or to the agent that they name themselves.
- A span without a session has that of the nearest span above it that has one, else its trace's, else
  that of what made the span, else the trace is one. Users, features and fields that are asked for
  are passed down too.
- A call that failed and the next one below the same span of its trace, begun after it ended, are attempts of one turn,
  whatever their models are.
- A call around another call is the same one, told by two libraries: the inner one counts, unless only the outer one has
  tokens.
- A tool belongs to the last call that began before it in its instance. Agents without calls of their own are none.
"""

from __future__ import annotations

from collections import Counter
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE, Codes
from scenarios.logs.reading import Reading
from scenarios.logs.table import OK, TOOL_DTYPE

OTHER, LLM, AGENT, TOOL = 0, 1, 2, 3
"""What a span is."""

DEEPEST = 256
"""Spans above one another; more of them are a ring."""

NODE = np.dtype([
    ("key", "i8"), ("above", "i8"), ("kind", "i1"), ("trace", "i4"), ("session", "i4"), ("given", "i4"),
    ("agent", "i4"), ("user", "i4"), ("feature", "i4"), ("start", "f8"), ("end", "f8"), ("size", "i8"),
    ("failed", "i1"), ("known", "i4"), ("match", "i4"), ("detail", "i8"),
])  # fmt: skip
"""One span.

Attributes
----------
key, above : what identifies it and the span above it; 0 for none
trace, session, given, agent, user, feature : codes of names; `given` is the session that what made the span tells,
    and `agent` of a tool its name
size : of a call its answer, of a tool its result, in tokens
known, match : bit by bit, whether it has a field that is asked for, and whether with the value that is asked for
detail : row of a call in the table of what only calls have
"""

MOST_ATTEMPTS = 30_000
NO_CALL_BEFORE = "uses of tools without a call before them"

_CHUNK = 1 << 13
_PACKED = {"i8": "q", "i4": "i", "i1": "b", "b1": "?", "f8": "d"}

Array = NDArray[Any]


class Gathered:
    """Rows of numbers in little memory, collected one by one."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._pack = Struct("=" + "".join(_PACKED[dtype[name].str[1:]] for name in dtype.names or ())).pack
        self._waiting: list[bytes] = []
        self._chunks: list[bytes] = []

    def append(self, *row: float) -> None:
        """Add a row."""
        self._waiting.append(self._pack(*row))
        if len(self._waiting) >= _CHUNK:
            self._flush()

    def whole(self) -> Array:
        """All rows."""
        self._flush()
        return np.frombuffer(bytearray().join(self._chunks), self._dtype)

    def _flush(self) -> None:
        self._chunks.append(b"".join(self._waiting))
        self._waiting = []


class Placed(NamedTuple):
    """Calls of models and what became of their trees.

    Attributes
    ----------
    nodes : the calls, as spans
    session, user, feature : codes
    instance, parent : names of instances; empty for the session's own
    agent : codes of kinds of agents
    attempt : from 1
    tools : rows of TOOL_DTYPE, by rising call; their names are codes
    duplicates : calls that were there twice
    """

    nodes: Array
    session: NDArray[np.int32]
    user: NDArray[np.int32]
    feature: NDArray[np.int32]
    instance: Array
    parent: Array
    agent: NDArray[np.int32]
    attempt: NDArray[np.int64]
    tools: Array
    duplicates: int


def placed(nodes: Array, names: Codes, n_asked: int, reading: Reading) -> Placed:
    """Place all calls in their trees.

    Parameters
    ----------
    nodes : rows of NODE, in any order
    names : what their codes stand for
    n_asked : number of fields that are asked for; calls that don't have all of them as asked are left out
    reading : where it is counted what is left out
    """
    nodes, duplicates = _once(nodes)
    above = rows_above(nodes["key"], nodes["above"])
    session = _sessions(nodes, above)
    counted = _counted(nodes, above, reading)
    instances = _Instances(nodes, above, session, counted, names.names())
    kept = counted & _asked(nodes, above, n_asked)
    if (counted & ~kept).any():
        reading.ignore("records that --where leaves out", int((counted & ~kept).sum()))
    calls = np.flatnonzero(kept)
    return Placed(
        nodes[calls],
        session[calls],
        inherited(nodes["user"], above)[calls],
        inherited(nodes["feature"], above)[calls],
        instances.named(instances.of[calls]),
        instances.named(instances.parent[calls]),
        instances.kinds(calls),
        _attempts(nodes, counted)[calls],
        _tools(nodes, instances.owners(), counted, kept, reading),
        duplicates,
    )


def rows_above(keys: NDArray[np.int64], above: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each key of what stands above a row, the last row that has this key; -1 where none has, or the key is 0."""
    if not keys.size:
        return np.full(above.size, -1)
    by = np.argsort(keys, kind="stable")
    at = np.maximum(np.searchsorted(keys[by], above, side="right") - 1, 0)
    there = (keys[by[at]] == above) & (above != 0)
    return np.where(there, by[at], -1)


def nearest(above: NDArray[np.int64], marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row the nearest one above it that is marked; -1 for none."""
    found = above.copy()
    going = np.flatnonzero(found >= 0)
    for _ in range(DEEPEST):
        going = going[~marked[found[going]]]
        if not going.size:
            return found
        found[going] = above[found[going]]
        going = going[found[going] >= 0]
    found[going] = -1
    return found


def inherited(codes: NDArray[np.int32], above: NDArray[np.int64]) -> NDArray[np.int32]:
    """Codes, where there is none that of the nearest row above that has one."""
    has = codes != NONE
    giver = np.where(has, np.arange(codes.size), nearest(above, has))
    return np.where(giver >= 0, codes[giver], NONE).astype(np.int32)


def of_traces(session: NDArray[np.int32], trace: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sessions, where there is none the first that is told in its trace."""
    told = np.flatnonzero(session != NONE)
    traces, first = np.unique(trace[told], return_index=True)
    if not traces.size:
        return session
    at = np.minimum(np.searchsorted(traces, trace), traces.size - 1)
    of_trace = np.where(traces[at] == trace, session[told[first[at]]], NONE)
    return np.where(session != NONE, session, of_trace).astype(np.int32)


def _once(nodes: Array) -> tuple[Array, int]:
    """Every span once, the largest of those that are there several times, in the order in which they began."""
    if np.unique(nodes["key"]).size == nodes.size:
        return nodes[np.argsort(nodes["start"], kind="stable")], 0
    order = np.lexsort((np.arange(nodes.size), nodes["size"], nodes["key"]))
    last = np.ones(nodes.size, bool)
    keys = nodes["key"][order]
    last[:-1] = keys[1:] != keys[:-1]
    calls = nodes["kind"] == LLM
    kept = nodes[np.sort(order[last])]
    return kept[np.argsort(kept["start"], kind="stable")], int(calls.sum() - (kept["kind"] == LLM).sum())


def _sessions(nodes: Array, above: NDArray[np.int64]) -> NDArray[np.int32]:
    session = of_traces(inherited(nodes["session"], above), nodes["trace"])
    given = np.where(nodes["given"] != NONE, nodes["given"], nodes["trace"])
    return np.where(session != NONE, session, given).astype(np.int32)


def _counted(nodes: Array, above: NDArray[np.int64], reading: Reading) -> NDArray[np.bool_]:
    """Calls, each once."""
    calls = nodes["kind"] == LLM
    outer = nearest(above, calls)
    inner = calls & (outer >= 0)
    told = nodes["size"] >= 0
    around = np.zeros(nodes.size, bool)
    around[outer[inner & told]] = True
    doubled = calls & (around | (inner & ~told & (nodes["failed"] == OK) & told[outer]))
    if doubled.any():
        reading.ignore("spans of calls around or inside the same calls", int(doubled.sum()))
    silent = calls & ~doubled & ~told & (nodes["failed"] == OK)
    if silent.any():
        reading.skip("no tokens are told", "calls that did not fail", int(silent.sum()))
    counted: NDArray[np.bool_] = calls & ~doubled & ~silent
    return counted


def _asked(nodes: Array, above: NDArray[np.int64], n_asked: int) -> NDArray[np.bool_]:
    asked = np.ones(nodes.size, bool)
    for bit in range(n_asked):
        known = (nodes["known"] >> bit & 1).astype(bool)
        code = np.where(known, nodes["match"] >> bit & 1, NONE).astype(np.int32)
        asked &= inherited(code, above) == 1
    return asked


class _Instances:
    """Agent instances: of agent spans with calls below them, and of agents that calls name; a session's own has none.

    Attributes
    ----------
    of, parent : by span its instance, and the one above it; -1 for the session's own, and for none
    """

    def __init__(
        self,
        nodes: Array,
        above: NDArray[np.int64],
        session: NDArray[np.int32],
        counted: NDArray[np.bool_],
        names: list[str],
    ) -> None:
        self._nodes, self._session, self._names = nodes, session, names
        self._labels: list[str] = []
        self._counts = Counter[tuple[int, int]]()
        self._going: dict[tuple[int, int], tuple[int, float]] = {}
        agents = nodes["kind"] == AGENT
        direct = nearest(above, agents)
        calling = np.zeros(nodes.size, bool)
        calling[direct[counted & (direct >= 0)]] = True
        self._span = nearest(above, calling)
        of_span = self._name_agents(np.flatnonzero(calling))
        self.of = np.where(self._span >= 0, of_span[self._span], -1)
        self._name_callers(np.flatnonzero(counted & (self.of < 0) & (nodes["agent"] != NONE)))
        self.parent = np.where(self._span >= 0, self.of[self._span], -1)

    def _name_agents(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Name agents as they begin, the topmost ones once for a conversation. Returns the instance of each span."""
        of_span = np.full(self._nodes.size, -1)
        spans, agents, sessions = self._nodes[rows], self._nodes["agent"][rows], self._session[rows]
        each = rows, sessions, agents, self._span[rows], spans["start"], spans["end"]
        for row, session, agent, above, start, end in zip(*(column.tolist() for column in each), strict=True):
            if above >= 0:
                of_span[row] = self._new(session, agent)
                continue
            known = self._going.get((session, agent))
            number, until = known or (self._new(session, agent), -np.inf)
            of_span[row] = self._new(session, agent) if start < until else number
            self._going[session, agent] = number, max(until, end)
        return of_span

    def _name_callers(self, rows: NDArray[np.int64]) -> None:
        """Give calls without an agent above them to the agent that they name."""
        for row in rows.tolist():
            named = int(self._session[row]), int(self._nodes["agent"][row])
            if named not in self._going:
                self._going[named] = self._new(*named), -np.inf
            self.of[row] = self._going[named][0]

    def _new(self, session: int, agent: int) -> int:
        self._counts[session, agent] += 1
        n = self._counts[session, agent]
        name = self._names[agent] if agent != NONE else "agent"
        self._labels.append(f"{self._names[session]}/{name}{f' {n}' if n > 1 else ''}")
        return len(self._labels) - 1

    def named(self, instances: NDArray[np.int64]) -> Array:
        """Names of instances; empty for none."""
        return np.array([*self._labels, ""], object)[instances]

    def kinds(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Codes of the kinds of agents of calls."""
        span, own = self._span[rows], self._nodes["agent"]
        return np.where(span >= 0, own[span], own[rows]).astype(np.int32)

    def owners(self) -> NDArray[np.int64]:
        """By span a number of its agent span's instance, else of its session: to whose calls a tool can belong."""
        return np.where(self._span >= 0, self.of, len(self._labels) + self._session)


def _attempts(nodes: Array, counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """By span, its number among the attempts of its turn."""
    rows = np.flatnonzero(counted)
    order = rows[np.lexsort((rows, nodes["start"][rows], nodes["above"][rows], nodes["trace"][rows]))]
    one = nodes[order]
    again = np.zeros(order.size, bool)
    again[1:] = (
        (one["trace"][1:] == one["trace"][:-1])
        & (one["above"][1:] == one["above"][:-1])
        & (one["failed"][:-1] != OK)
        & (one["start"][1:] >= one["end"][:-1])
    )
    place = np.arange(order.size)
    first = np.maximum.accumulate(np.where(again, 0, place))
    attempt = np.ones(nodes.size, np.int64)
    attempt[order] = np.minimum(place - first + 1, MOST_ATTEMPTS)
    return attempt


def _tools(
    nodes: Array, owners: NDArray[np.int64], counted: NDArray[np.bool_], kept: NDArray[np.bool_], reading: Reading
) -> Array:
    """Tools after the calls that asked for them, by rows of those that are kept."""
    used = np.flatnonzero(nodes["kind"] == TOOL)
    calls = np.flatnonzero(counted)
    at = last_before(owners[calls], nodes["start"][calls], owners[used], nodes["start"][used])
    if (at < 0).any():
        reading.ignore(NO_CALL_BEFORE, int((at < 0).sum()))
    used, at = used[at >= 0], calls[at[at >= 0]]
    used, at = used[kept[at]], at[kept[at]]
    tools = np.zeros(used.size, TOOL_DTYPE)
    tools["call"] = (np.cumsum(kept) - 1)[at]
    tools["tool"], tools["result_tokens"] = nodes["agent"][used], nodes["size"][used]
    tools["failed"] = nodes["failed"][used] != OK
    return tools[np.argsort(tools["call"], kind="stable")]


def last_before(owner: Array, time: Array, asking: Array, at: Array) -> NDArray[np.int64]:
    """Row of the last of some records of the same owner that is no later; -1 where none is."""
    n = owner.size
    later = np.concatenate([np.zeros(n, bool), np.ones(asking.size, bool)])
    owners = np.concatenate([owner, asking])
    order = np.lexsort((np.arange(later.size), later, np.concatenate([time, at]), owners))
    last = np.maximum.accumulate(np.where(later[order], -1, np.arange(order.size)))
    row = np.where(last >= 0, order[last], 0)
    same = (last >= 0) & (owners[row] == owners[order])
    found = np.full(later.size, -1)
    found[order] = np.where(same, row, -1)
    return found[n:]
