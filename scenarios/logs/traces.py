"""Traces of research, call by call, in columns of their own: coding agents, production requests, a tool benchmark."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.batches import Batch, batches, known_columns
from scenarios.logs.cells import numbers, seconds, text
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.heads import head_of
from scenarios.logs.select import wanted
from scenarios.logs.table import Calls, Rows

HASHED_TOKENS = 64
"""Tokens of a block in the coding traces' `n_hash`, `prefix_hit` and `seen_hit`."""


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
        asked = [path for path, _ in log.asked.where] + ([log.asked.feature_from] if log.asked.feature_from else [])
        for source in log.sources:
            known_columns(head_of(source).columns, [*self.header, *asked], source.path.name)
            for batch in batches(source, "csv", [*self.header, *asked]):
                self.add(rows, wanted(batch, log), log)
        return self.finish(rows, log)

    @abstractmethod
    def add(self, rows: Rows, batch: Batch, log: Log) -> None:
        """Add a batch of rows; its cells are text."""

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

    def add(self, rows: Rows, batch: Batch, log: Log) -> None:
        """Add calls; rows of the type subagent only say when one was started."""
        started = batch.columns["type"] == "subagent"
        if started.any():
            log.reading.ignore("start of a sub-agent", int(started.sum()))
            batch = batch.where(~started)
        counts = {name: numbers(batch.columns[name]) for name in ("t", "in", "out", "prefix_hit")}
        good = _usable(batch, counts)
        session, agent = text(batch.columns["trace_id"][good]), text(batch.columns["agent"][good])
        prompt = counts["in"][good].astype(np.int64)
        child = agent != "main"
        rows.extend(
            time=counts["t"][good],
            session=session,
            instance=np.where(child, session + "/" + agent, session),
            parent=np.where(child, session, ""),
            agent=np.where(child, "subagent", "main"),
            model=text(batch.columns["model"][good]),
            fresh=prompt,
            readable=np.minimum(HASHED_TOKENS * counts["prefix_hit"][good].astype(np.int64), prompt),
            output=counts["out"][good],
            **_feature(batch, good, log),
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

    def add(self, rows: Rows, batch: Batch, log: Log) -> None:
        """Add requests."""
        counts = {name: numbers(batch.columns[name]) for name in ("ContextTokens", "GeneratedTokens")}
        good = _usable(batch, counts)
        rows.extend(
            time=seconds(batch.columns["TIMESTAMP"][good]),
            fresh=counts["ContextTokens"][good],
            output=counts["GeneratedTokens"][good],
            **_feature(batch, good, log),
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

    def add(self, rows: Rows, batch: Batch, log: Log) -> None:
        """Add calls, and as many tools to each as it asked for."""
        counts = {name: numbers(batch.columns[name]) for name in self.header[2:]}
        good = _usable(batch, counts)
        first = rows.extend(
            session=text(batch.columns["task_id"][good]) + "/" + text(batch.columns["trial"][good]),
            fresh=counts["input_tokens"][good],
            output=counts["output_tokens"][good],
            outcome=counts["reward"][good],
            **_feature(batch, good, log),
        )
        uses = counts["n_tool_calls"][good].astype(int)
        for row in np.repeat(np.arange(uses.size), uses).tolist():
            rows.tool(first + row, "tool")

    def finish(self, rows: Rows, log: Log) -> Calls:
        """Make the table."""
        log.reading.notes.append("the cost of the simulated user (user_cost) is not the agent's and is left out")
        return rows.finish(dated=False)


def _feature(batch: Batch, good: NDArray[np.bool_], log: Log) -> dict[str, NDArray[Any]]:
    return {"feature": text(batch.columns[log.asked.feature_from][good])} if log.asked.feature_from else {}


def _usable(batch: Batch, counts: dict[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Rows whose numbers are all there and none below zero; the others are skipped, and it is said why."""
    good = np.ones(len(batch), bool)
    for name, values in counts.items():
        for wrong, what in ((~np.isfinite(values), "is no number"), (values < 0, "is below zero")):
            batch.skip(good & wrong, f"{name} {what}")
            good &= ~wrong
    return good
