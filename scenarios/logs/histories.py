"""Calls of agents as their logs hold them: one request in several records, and histories that forks have copied."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE, Codes
from scenarios.logs.reading import Reading
from scenarios.logs.table import BY_NAME, RECORD, Calls, Rows

LISTS = {
    **dict.fromkeys(("session", "instance", "parent", "agent", "provider", "model", "tier", "feature"), "i"),
    "time": "d",
    **dict.fromkeys(("fresh", "cached", "written", "written_1h", "output", "reasoning"), "q"),
    "cost": "d",
    "attempt": "h",
    **dict.fromkeys(("failed", "billed", "summary", "compacted"), "b"),
    "record": "q",
    "message": "q",
    "child": "b",
    "copied": "b",
}
"""Values of a row, in this order. Beside columns of the table: `record` and `message`, hashes of what identifies the
request and the message that it gave (0 nothing); `child`, whether a sub-agent's log has it; `copied`, whether it says
that it was copied from another session."""

_OF_THE_REQUEST = ("fresh", "cached", "written", "written_1h", "output", "reasoning", "cost", "model", "tier")
_LEFT_OUT = 0


class Histories:
    """Collects records of agents' calls in little memory, and tells afterwards which session made each first.

    Names are codes that `code` gives. Rows that are known can be changed, as records of one request come one by one.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.columns: dict[str, Any] = {name: array(kind) for name, kind in LISTS.items()}
        self.lines = array("i")
        self._adds = [column.append for column in self.columns.values()]
        self._codes = {BY_NAME[name].names: Codes() for name in LISTS if name in BY_NAME and BY_NAME[name].names}

    def __len__(self) -> int:
        return len(self.lines)

    def code(self, column: str, name: str | None) -> int:
        """Code of a name in a column."""
        return self._codes[BY_NAME[column].names].code(name)

    def append(self, *row: Any) -> int:
        """Add a record, its values in the order of `LISTS`. Returns its row."""
        for add, value in zip(self._adds, row, strict=True):
            add(value)
        self.lines.append(1)
        return len(self.lines) - 1

    def view(self, column: str) -> NDArray[Any]:
        """A column that can be changed in place; nothing can be added as long as it is held."""
        values = self.columns[column]
        return np.frombuffer(values, values.typecode) if len(values) else np.zeros(0, values.typecode)

    def leave_out(self, rows: NDArray[np.bool_]) -> None:
        """Take rows out of the table, with their tools."""
        self.view("attempt")[rows] = _LEFT_OUT

    def finish(self, reading: Reading) -> Calls:
        """Make the table: of each request the largest record, in the session that made it first."""
        record = self._own_records()
        first, largest = self._first(record), _leaders(record, -self._size(), -np.arange(len(self)))
        self._count(record, first, reading)
        columns = {name: self.view(name) for name in LISTS if name in BY_NAME}
        compacted = np.zeros(len(self), bool)
        np.logical_or.at(compacted, first, columns["compacted"] > 0)
        attempt = np.where(columns["attempt"] > _LEFT_OUT, columns["attempt"][first], _LEFT_OUT)
        taken = {name: values[largest if name in _OF_THE_REQUEST else first] for name, values in columns.items()}
        taken |= {"compacted": compacted[first], "attempt": attempt}
        self.rows.extend(**{name: self._named(name, values) for name, values in taken.items()}, **{RECORD: record})
        calls = self.rows.finish(dated=True)
        kept = calls["attempt"] > _LEFT_OUT
        calls = calls if kept.all() else calls.where(kept)
        return replace(calls, duplicates=self._duplicates)

    def _own_records(self) -> NDArray[np.int64]:
        """What identifies requests. A sub-agent's record of a message that its parent got is the parent's."""
        record, message = self.view("record").copy(), self.view("message")
        child = self.view("child") > 0
        told = np.flatnonzero(~child & (message != 0))
        known, at = np.unique(message[told], return_index=True)
        again = np.flatnonzero(child & np.isin(message, known) & (message != 0))
        record[again] = record[told[at[np.searchsorted(known, message[again])]]]
        return record

    def _first(self, record: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each row, the one of its request that belongs to the session which made it."""
        return _leaders(record, self.view("copied"), self._ages(record), self.view("child"), np.arange(len(self)))

    def _ages(self, record: NDArray[np.int64]) -> NDArray[np.float64]:
        """Rank of each row's session by when it came into being.

        A copy begins when it first has a request that no other session has; what has none is the beginning of others.
        """
        session, time = self.view("session"), self.view("time")
        n = int(session.max(initial=NONE)) + 1
        own = session[_leaders(record, session)] == session[_leaders(record, -session)]
        begun, ended = np.full(n, np.inf), np.full(n, -np.inf)
        np.fmin.at(begun, session[own], time[own])
        np.fmax.at(ended, session, time)
        begun[np.setdiff1d(np.arange(n), session[own])] = -np.inf
        rank = np.empty(n)
        rank[np.lexsort((ended, begun))] = np.arange(n)
        ages: NDArray[np.float64] = rank[session]
        return ages

    def _size(self) -> NDArray[np.int64]:
        size: NDArray[np.int64] = self.view("output") + self.view("reasoning")
        return size

    def _count(self, record: NDArray[np.int64], first: NDArray[np.int64], reading: Reading) -> None:
        lines = np.frombuffer(self.lines, "i") if len(self) else np.zeros(0, int)
        instance, out = self.view("instance"), self.view("attempt") == _LEFT_OUT
        replayed = out | (instance != instance[first])
        reading.replayed += int(lines[replayed].sum())
        requests = np.unique(first[~out]).size
        self._duplicates = int(lines[~replayed].sum()) - requests

    def _named(self, name: str, values: NDArray[Any]) -> Any:
        if not BY_NAME[name].names:
            return values
        names = [*self._codes[BY_NAME[name].names].names(), None]
        return [names[code] for code in values.tolist()]


def _leaders(record: NDArray[np.int64], *by: NDArray[Any]) -> NDArray[np.int64]:
    """For each row, the one of its record that comes first by these values; rows without a record lead themselves."""
    rows = np.arange(record.size)
    order = np.lexsort((*by[::-1], record))
    start = np.ones(record.size, bool)
    start[1:] = record[order][1:] != record[order][:-1]
    leaders = np.empty(record.size, np.int64)
    leaders[order] = order[start][np.cumsum(start) - 1] if record.size else order
    return np.where(record == 0, rows, leaders)
