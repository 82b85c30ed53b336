"""The table of calls that every log becomes: one row a request to a model, columns declared once, names as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.agents import name_by_agent
from scenarios.logs.clashes import clashing, words_of_files
from scenarios.logs.codes import NONE, Codes, Named, recoded

OK, PROVIDER, QUALITY = 0, 1, 2
"""What `failed` says: served; an error of the provider (429, 5xx, a timeout); an answer that could not be used."""


class Column(NamedTuple):
    """One column of the table.

    Attributes
    ----------
    name, dtype, unit : what it is called, how it is stored, what it counts
    empty : its value where a log says nothing
    meaning : what it says
    names : whose list of names its codes point into; empty where values are no codes
    """

    name: str
    dtype: str
    unit: str
    empty: float
    meaning: str
    names: str = ""


def _named(name: str, meaning: str, names: str = "") -> Column:
    return Column(name, "i4", "code", NONE, meaning, names or name)


COLUMNS = (
    Column("time", "f8", "s", np.nan, "start: since 1970 UTC, or since the session began where the log is not dated"),
    _named("session", "session; none where the log has no sessions"),
    _named(
        "instance", "agent instance, unique in the log; that of the root is the session's where nothing else is said"
    ),
    _named("parent", "instance that started this one", "instance"),
    _named("agent", "kind of agent"),
    _named("provider", "provider, as logged"),
    _named("model", "model, as logged"),
    _named("tier", "processing: batch, priority, flex; none is standard"),
    Column("fresh", "i8", "tokens", 0, "prompt tokens at the input price"),
    Column("cached", "i8", "tokens", 0, "prompt tokens read from the cache"),
    Column("written", "i8", "tokens", 0, "prompt tokens written to the cache, for however long"),
    Column("written_1h", "i8", "tokens", 0, "those of `written` that were written for an hour"),
    Column("readable", "i8", "tokens", NONE, "prompt tokens that a cache without expiry would have held"),
    Column("output", "i8", "tokens", 0, "answer, without reasoning where the log tells them apart"),
    Column("reasoning", "i8", "tokens", 0, "thinking, billed as output"),
    Column("cost", "f8", "currency", np.nan, "as recorded"),
    _named("currency", "of `cost`; none is USD"),
    Column("attempt", "i2", "count", 1, "1 for the first request of a turn, 2 for its first retry"),
    Column("failed", "i1", "", OK, "OK, PROVIDER or QUALITY"),
    Column("billed", "?", "", True, "whether the provider charges for it"),
    Column("summary", "?", "", False, "whether it is a call that compacts the context"),
    Column("compacted", "?", "", False, "whether the context was compacted just before it"),
    _named("feature", "feature of the product"),
    _named("user", "who it was made for"),
    Column("outcome", "f8", "share", np.nan, "of its session: 1 success, 0 none, between for a score; NaN unknown"),
)
"""The table, column by column. Prompt tokens are the sum of fresh, cached and written, which have nothing in common."""

BY_NAME = {column.name: column for column in COLUMNS}
TOOL_DTYPE = np.dtype([("call", "i8"), ("tool", "i4"), ("result_tokens", "i8"), ("failed", "?")])
"""One use of a tool: row of the call that asked for it, code of its name, tokens of its result (-1 unknown)."""

RECORD = "record"
"""Column that only `Rows` knows: what identifies a request, as text; empty where nothing does."""

_CHUNK = 1 << 12
_SPREAD = 0x9E3779B97F4A7C1
"""Odd, so that sessions next to each other have nothing in common."""


@dataclass(frozen=True)
class Calls:
    """Calls of one log, sorted by session, instance, time and the order in which they were read.

    Attributes
    ----------
    columns : one array of n values for each of `COLUMNS`; ``calls["output"]``
    names : by list of names, what the codes of its columns stand for; ``calls.names["model"][code]``
    tools : rows of TOOL_DTYPE, by rising call
    dated : whether times are dates; else they count from the start of a session
    duplicates : records that were dropped, because a larger one of the same request was there
    backwards : seconds by which calls of an instance lie before the one that was read before them; sorted, all above 0
    """

    columns: Mapping[str, NDArray[Any]]
    names: Mapping[str, Sequence[str]]
    tools: NDArray[np.void]
    dated: bool
    duplicates: int = 0
    backwards: tuple[float, ...] = ()

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.columns[column]

    def __len__(self) -> int:
        return len(self.columns["time"])

    @property
    def prompt(self) -> NDArray[np.int64]:
        """Whole prompts, in tokens."""
        whole: NDArray[np.int64] = self["fresh"] + self["cached"] + self["written"]
        return whole

    def where(self, keep: NDArray[np.bool_]) -> Calls:
        """Return the calls that a mask keeps; names stay as they are."""
        place = np.cumsum(keep) - 1
        tools = self.tools[keep[self.tools["call"]]].copy()
        tools["call"] = place[tools["call"]]
        kept = {name: values[keep] for name, values in self.columns.items()}
        return Calls(kept, self.names, tools, self.dated, self.duplicates, self.backwards)


class Rows:
    """Collects the calls of a log, row by row or in columns, in little memory.

    Parameters
    ----------
    columns : names out of `COLUMNS`, and `record`, that rows will have, in this order; the others are as `empty` says

    Notes
    -----
    Rows with the same `record` in a session are one request: of them the one with the largest output stays, and the
    last of equals.

    Attributes
    ----------
    of_files : what was made of sessions that several files have, in sentences; known when finished
    """

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        self._lists = {column.names: Codes() for column in COLUMNS if column.names}
        self._tool_names = Codes()
        self._tools: list[tuple[int, int, int, bool]] = []
        self._used: list[int] = []
        self._tool_chunks: list[NDArray[np.void]] = []
        self._uses: dict[int, int] = {}
        self._waiting: list[tuple[Any, ...]] = []
        self._chunks: list[dict[str, NDArray[Any]]] = []
        self._n = 0
        self._files: dict[int, str] = {}
        self.of_files: list[str] = []

    def begin_file(self, path: str) -> None:
        """Say that the calls to come are of another file."""
        self._files[self._n + len(self._waiting)] = path

    def append(self, *row: Any) -> int:
        """Add a call, its values in the order of `columns`; names are text or None. Returns its number."""
        self._waiting.append(row)
        if len(self._waiting) >= _CHUNK:
            self._flush()
            return self._n - 1
        return self._n + len(self._waiting) - 1

    def extend(self, **columns: Sequence[Any] | NDArray[Any] | Named) -> int:
        """Add calls by columns of equal length, of `COLUMNS` and `record`. Returns the number of the first."""
        self._flush()
        first = self._n
        self._add(columns)
        return first

    def fill(self, **columns: Sequence[Any] | NDArray[Any]) -> None:
        """Give all calls so far, in the order in which they were added, columns that were not known then."""
        self._flush()
        first = 0
        for chunk in self._chunks:
            end = first + len(next(iter(chunk.values())))
            chunk.update(self._stored({name: values[first:end] for name, values in columns.items()}))
            first = end

    def tool(self, row: int, name: str, result_tokens: int = NONE, failed: bool = False, use: str = "") -> None:
        """Add a tool that a call asked for; `use` identifies it in its call, and the same one is added once."""
        key = hash(use) if use else 0
        if use and (before := self._uses.get(key)) is not None and self._tools[before][0] == row:
            return
        if use:
            self._uses[key] = len(self._tools)
        self._tools.append((row, self._tool_names.code(name), result_tokens, failed))
        self._used.append(key)

    def extend_tools(self, tools: NDArray[np.void], names: Sequence[str]) -> None:
        """Add tools that calls asked for: rows of TOOL_DTYPE, and what their codes stand for."""
        added = tools.copy()
        added["tool"] = recoded(Named(names, tools["tool"]), self._tool_names)
        self._tool_chunks.append(added)

    def result(self, use: str, result_tokens: int, failed: bool = False) -> bool:
        """State the result of the last tool that was added with this `use`; False where none was."""
        at = self._uses.get(hash(use))
        if at is None:
            return False
        row, name, _, _ = self._tools[at]
        self._tools[at] = row, name, result_tokens, failed
        return True

    def forget_records(self) -> None:
        """Take rows of the same `record` for requests of their own."""
        for chunk in self._chunks:
            chunk.pop(RECORD, None)

    def finish(self, dated: bool) -> Calls:
        """Make the table: without duplicates, sorted, instances named where a log has none."""
        self._flush()
        columns = {column.name: self._whole(column) for column in COLUMNS}
        self._part_sessions(columns)
        name_by_agent(columns, self._lists)
        self._name_instances(columns)
        columns["parent"][columns["parent"] == columns["instance"]] = NONE
        record = self._joined(RECORD, np.dtype("i8"), 0)
        record = np.where(record != 0, record ^ _SPREAD * (columns["session"].astype(np.int64) + 1), 0)
        stays = _largest(record, columns["output"] + columns["reasoning"])
        order = np.lexsort((np.arange(self._n), columns["time"], columns["instance"], columns["session"]))
        order = order[stays[order] == order]
        names = {key: codes.names() for key, codes in self._lists.items()} | {"tool": self._tool_names.names()}
        sorted_columns = {name: values[order] for name, values in columns.items()}
        tools = self._tools_of(stays, order)
        backwards = _backwards(columns["time"], columns["instance"], np.sort(order))
        return Calls(sorted_columns, names, tools, dated, self._n - order.size, backwards)

    def _flush(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._add(dict(zip(self.columns, zip(*waiting, strict=True), strict=True)))

    def _add(self, columns: Mapping[str, Any]) -> None:
        chunk = self._stored(columns)
        self._n += len(next(iter(chunk.values())))
        self._chunks.append(chunk)

    def _stored(self, columns: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Columns as they are kept: names as codes, records as hashes."""
        chunk: dict[str, NDArray[Any]] = {}
        for name, values in columns.items():
            if name == RECORD:
                chunk[name] = np.fromiter(map(hash, [value or "" for value in values]), np.int64)
            elif isinstance(values, Named):
                chunk[name] = recoded(values, self._lists[BY_NAME[name].names])
            elif BY_NAME[name].names:
                chunk[name] = self._lists[BY_NAME[name].names].codes(values)
            else:
                chunk[name] = np.asarray(values, BY_NAME[name].dtype)
        return chunk

    def _whole(self, column: Column) -> NDArray[Any]:
        return self._joined(column.name, np.dtype(column.dtype), column.empty)

    def _joined(self, name: str, dtype: np.dtype[Any], empty: float) -> NDArray[Any]:
        parts = []
        for chunk in self._chunks:
            n = len(next(iter(chunk.values())))
            parts.append(chunk[name] if name in chunk else np.full(n, empty, dtype))
        return np.concatenate(parts) if parts else np.zeros(0, dtype)

    def _part_sessions(self, columns: dict[str, NDArray[Any]]) -> None:
        """Give sessions that clash, and what is in them, names of their own by file."""
        if len(self._files) < 2:
            return
        file = np.searchsorted(list(self._files), np.arange(self._n), side="right") - 1
        rows = np.flatnonzero(clashing(columns["session"], columns["user"], file))
        self.of_files = words_of_files(columns["session"], file, rows)
        files = list(self._files.values())
        for column in ("session", "instance", "parent"):
            names = self._lists[BY_NAME[column].names]
            known = rows[columns[column][rows] != NONE]
            listed = names.names()
            pairs = zip(columns[column][known].tolist(), file[known].tolist(), strict=True)
            columns[column][known] = names.codes(f"{listed[code]} ({files[at]})" for code, at in pairs)

    def _name_instances(self, columns: dict[str, NDArray[Any]]) -> None:
        """Give calls of a session without an instance one that bears the session's name."""
        bare = (columns["instance"] == NONE) & (columns["session"] != NONE)
        sessions = self._lists["session"].names()
        known = np.unique(columns["session"][bare])
        codes = self._lists["instance"].codes(sessions[code] for code in known)
        columns["instance"][bare] = codes[np.searchsorted(known, columns["session"][bare])]

    def _tools_of(self, stays: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.void]:
        tools = np.concatenate([np.array(self._tools, TOOL_DTYPE), *self._tool_chunks])
        place = np.empty(self._n, np.int64)
        place[order] = np.arange(order.size)
        tools["call"] = place[stays[tools["call"]]]
        use = np.zeros(tools.size, np.int64)
        use[: len(self._used)] = self._used
        tools = _once(tools, use)
        return tools[np.argsort(tools["call"], kind="stable")]


def _once(tools: NDArray[np.void], use: NDArray[np.int64]) -> NDArray[np.void]:
    """Each use of a call once, where copies of the call have it too, with the result that any of them knows."""
    order = np.lexsort((np.arange(use.size), use, tools["call"]))
    sorted_tools, key = tools[order], use[order]
    same = (np.diff(sorted_tools["call"]) == 0) & (np.diff(key) == 0) & (key[1:] != 0)
    if not same.any():
        return tools
    first = np.flatnonzero(np.r_[True, ~same])
    kept = sorted_tools[first]
    kept["result_tokens"] = np.maximum.reduceat(sorted_tools["result_tokens"], first)
    kept["failed"] = np.logical_or.reduceat(sorted_tools["failed"], first)
    return kept[np.argsort(order[first])]


def _backwards(time: NDArray[np.float64], instance: NDArray[np.int32], rows: NDArray[np.int64]) -> tuple[float, ...]:
    """None where most go backwards: a log with its newest calls first is in order."""
    rows = rows[instance[rows] != NONE]
    by = rows[np.argsort(instance[rows], kind="stable")]
    same = np.diff(instance[by]) == 0
    steps = np.diff(time[by])[same]
    back = -steps[steps < 0]
    return tuple(np.sort(back).tolist()) if back.size <= np.sum(steps > 0) else ()


def _largest(record: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row, the row that stands for its request."""
    rows = np.arange(record.size)
    by = np.lexsort((rows, size, record))
    last = np.ones(record.size, bool)
    last[:-1] = record[by][1:] != record[by][:-1]
    group = np.concatenate([[0], np.cumsum(last)[:-1]]) if record.size else np.zeros(0, np.int64)
    stays = np.empty(record.size, np.int64)
    stays[by] = by[last][group]
    return np.where(record == 0, rows, stays)
