"""Traces of research, call by call, in columns of their own: coding agents, production requests, a tool benchmark."""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.format import Format, Head, Log
from scenarios.logs.source import Source
from scenarios.logs.table import Calls, Rows

HASHED_TOKENS = 64
"""Tokens of a block in the coding traces' `n_hash`, `prefix_hit` and `seen_hit`."""

_CHUNK = 1 << 16


class Trace(Format):
    """A csv file with a header that only this kind of trace has.

    Attributes
    ----------
    header : columns that tell it, all of which it needs
    """

    header: ClassVar[tuple[str, ...]]

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether the header has all columns of this trace."""
        return head.kind == "csv" and set(cls.header) <= set(head.columns)

    def read(self, log: Log) -> Calls:
        """Read all files, chunk by chunk."""
        rows = Rows()
        for source in log.sources:
            for columns in _chunks(source, self.header):
                self.add(rows, columns, log)
        return self.finish(rows, log)

    @abstractmethod
    def add(self, rows: Rows, columns: dict[str, NDArray[Any]], log: Log) -> None:
        """Add a chunk of rows; its columns are text, save those that `numbers` made of it."""

    @abstractmethod
    def finish(self, rows: Rows, log: Log) -> Calls:
        """Make the table."""


class CodingTrace(Trace):
    """Claude Code sessions of kv-cache-tester: prompts as counts of hashed blocks, times since the session's start.

    What was read from the cache is not in the log. Blocks shared with the agent's previous call could be, and were
    where that call was no longer ago than the cache's time to live.
    """

    name = "coding-trace"
    title = "coding-agent trace (kv-cache-tester)"
    needs = "a csv file with the columns trace_id, agent, idx, t, model, in, out, prefix_hit"
    header = ("trace_id", "agent", "idx", "t", "type", "model", "in", "out", "prefix_hit")

    def add(self, rows: Rows, columns: dict[str, NDArray[Any]], log: Log) -> None:
        """Add calls; rows of the type subagent only say when one was started."""
        started = columns["type"] == "subagent"
        if started.any():
            log.reading.ignore("start of a sub-agent", int(started.sum()))
            columns = {name: values[~started] for name, values in columns.items()}
        numbers = {name: _numbers(columns[name]) for name in ("t", "in", "out", "prefix_hit")}
        good = _usable(log, numbers, columns["line"])
        session, agent = columns["trace_id"][good], columns["agent"][good]
        prompt = numbers["in"][good].astype(np.int64)
        child = agent != "main"
        rows.extend(
            time=numbers["t"][good],
            session=session,
            instance=np.where(child, session + "/" + agent, session),
            parent=np.where(child, session, ""),
            agent=np.where(child, "subagent", "main"),
            model=columns["model"][good],
            fresh=prompt,
            readable=np.minimum(HASHED_TOKENS * numbers["prefix_hit"][good].astype(np.int64), prompt),
            output=numbers["out"][good],
        )

    def finish(self, rows: Rows, log: Log) -> Calls:
        """Make the table, with what the cache held by its time to live."""
        calls = rows.finish(dated=False)
        warm = np.zeros(len(calls), bool)
        same = calls["instance"][1:] == calls["instance"][:-1]
        warm[1:] = same & (np.diff(calls["time"]) <= 60.0 * log.asked.ttl_minutes)
        prompt = calls["fresh"].copy()
        calls["cached"][:] = np.where(warm, calls["readable"], 0)
        calls["written"][:] = prompt - calls["cached"]
        calls["fresh"][:] = 0
        log.reading.notes.append(
            f"the trace says what could be read from a cache, not what was: {log.asked.ttl_minutes:g} minutes to live"
        )
        return calls


class RequestTrace(Trace):
    """Azure's production requests: a time, the whole prompt, the answer; neither sessions nor models."""

    name = "azure-trace"
    title = "Azure LLM inference trace"
    needs = "a csv file with the columns TIMESTAMP, ContextTokens, GeneratedTokens"
    header = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")

    def add(self, rows: Rows, columns: dict[str, NDArray[Any]], log: Log) -> None:
        """Add requests."""
        numbers = {name: _numbers(columns[name]) for name in ("ContextTokens", "GeneratedTokens")}
        good = _usable(log, numbers, columns["line"])
        rows.extend(
            time=_seconds(columns["TIMESTAMP"][good]),
            fresh=numbers["ContextTokens"][good],
            output=numbers["GeneratedTokens"][good],
        )

    def finish(self, rows: Rows, log: Log) -> Calls:
        """Make the table."""
        return rows.finish(dated=True)


class ToolTrace(Trace):
    """Runs of tau-bench: a session is one trial of a task; its reward is the outcome, its tools have no names."""

    name = "tau-bench"
    title = "tau-bench run, call by call"
    needs = "a csv file with the columns task_id, trial, reward, call_idx, input_tokens, output_tokens, n_tool_calls"
    header = ("task_id", "trial", "reward", "call_idx", "input_tokens", "output_tokens", "n_tool_calls")

    def add(self, rows: Rows, columns: dict[str, NDArray[Any]], log: Log) -> None:
        """Add calls, and as many tools to each as it asked for."""
        numbers = {name: _numbers(columns[name]) for name in self.header[2:]}
        good = _usable(log, numbers, columns["line"])
        first = rows.extend(
            session=columns["task_id"][good] + "/" + columns["trial"][good],
            fresh=numbers["input_tokens"][good],
            output=numbers["output_tokens"][good],
            outcome=numbers["reward"][good],
        )
        uses = numbers["n_tool_calls"][good].astype(int)
        for row in np.repeat(np.arange(uses.size), uses).tolist():
            rows.tool(first + row, "tool")

    def finish(self, rows: Rows, log: Log) -> Calls:
        """Make the table."""
        log.reading.notes.append("the cost of the simulated user (user_cost) is not the agent's and is left out")
        return rows.finish(dated=False)


def _chunks(source: Source, needed: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Columns of a file as text, with the number of each line; lines with too few or too many cells are skipped."""
    lines = source.lines()
    _, head = next(lines, (0, b""))
    names = _cells(head)
    at = [names.index(name) for name in needed]
    waiting: list[list[str]] = []
    numbers: list[int] = []
    for number, line in lines:
        cells = _cells(line)
        if len(cells) != len(names):
            source.reading.skip(f"a line has {len(cells)} cells and not {len(names)}", source.place(number))
            continue
        waiting.append(cells)
        numbers.append(number)
        if len(waiting) >= _CHUNK:
            yield _columns(source, waiting, numbers, needed, at)
            waiting, numbers = [], []
    if waiting:
        yield _columns(source, waiting, numbers, needed, at)


def _cells(line: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(line.decode(errors="replace"))), [])


def _columns(
    source: Source, cells: list[list[str]], numbers: list[int], needed: Sequence[str], at: list[int]
) -> dict[str, NDArray[Any]]:
    by_column = list(zip(*cells, strict=True))
    columns: dict[str, NDArray[Any]] = {
        name: np.array(by_column[i], object) for name, i in zip(needed, at, strict=True)
    }
    return columns | {"line": np.array([source.place(number) for number in numbers], object)}


def _numbers(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Cells as numbers; NaN for what is none."""
    import pandas as pd

    numbers: NDArray[np.float64] = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(np.float64)
    return numbers


def _usable(log: Log, numbers: dict[str, NDArray[np.float64]], places: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows whose numbers are all there and none below zero; the others are skipped, and it is said why."""
    good = np.ones(places.size, bool)
    for name, values in numbers.items():
        for wrong, what in ((~np.isfinite(values), "is no number"), (values < 0, "is below zero")):
            for place in places[good & wrong].tolist():
                log.reading.skip(f"{name} {what}", place)
            good &= ~wrong
    return good


def _seconds(stamps: NDArray[Any]) -> NDArray[np.float64]:
    """Times in text as seconds since 1970; NaN where they are none."""
    import pandas as pd

    times = pd.to_datetime(pd.Series(stamps), utc=True, errors="coerce", format="ISO8601")
    since = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    seconds: NDArray[np.float64] = since.to_numpy(np.float64)
    return seconds
