"""OpenTelemetry traces in JSON: calls of models by the conventions for GenAI, by older ones, and by OpenInference.

What a span says, and how it is read
------------------------------------
- Spans of the operations chat, text_completion, generate_content and embeddings, of OpenInference's kinds LLM and
  EMBEDDING, and those that say no operation but a model and tokens, are calls. Tokens on spans of agents and chains are
  sums of the calls below them and are left out.
- What spans say one by one: otlp_spans.py. How they stand to one another: spans.py.
- Input counts have the cached tokens in them by both conventions, and not by some libraries: totals tell, then costs,
  then the convention. Reasoning is a part of the output, where it is no larger.
- A failed call is the provider's failure, and not billed, where its status or error says 429, 5xx or a time-out; any
  other failed by quality, and is billed where it has tokens.
- Which attributes are kept stands in `FIELDS` (otlp_spans.py); no other is ever decoded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.attributes import Columns, Fields, Found, believed
from scenarios.logs.exports import FIRST_NS, LAST_NS, Item, begins, items, place_of
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.otlp_spans import FIELDS, TOKENS, Span, failures_of, kinds_of, unusable
from scenarios.logs.select import texts
from scenarios.logs.source import Source
from scenarios.logs.spans import AGENT, LLM, NODE, TOOL, Gathered, Placed, placed
from scenarios.logs.table import NONE, OK, QUALITY, Calls, Codes, Rows
from scenarios.logs.tokens import APART, INSIDE, UNTOLD, disjoint

DETAIL = np.dtype([
    ("model", "i4"), ("provider", "i4"), ("tier", "i4"), ("prompt", "i8"), ("cached", "i8"), ("written", "i8"),
    ("said", "i1"), ("output", "i8"), ("reasoning", "i8"), ("cost", "f8"), ("billed", "?"),
])  # fmt: skip
"""What only calls have: codes of names, tokens as logged, and where the cached ones are (INSIDE, APART or UNTOLD)."""

_STANDARD = {"default", "standard", "auto"}
_BATCH = 1 << 9
"""Spans that are taken together: few enough to stay in a processor's cache."""


class Otlp(Format):
    """Traces in OTLP-JSON."""

    name: ClassVar[str] = "otlp"
    title: ClassVar[str] = "OpenTelemetry traces (OTLP-JSON)"
    needs: ClassVar[str] = (
        "JSON with resourceSpans, in which spans have gen_ai.* or OpenInference attributes, one document or one export "
        "a line"
    )

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a file begins with an export of spans."""
        return bool(begins(head, "resourceSpans", "batches"))

    def read(self, log: Log) -> Calls:
        """Read all spans, then place them in their trees."""
        return _Reader(log).calls()


class _Reader:
    def __init__(self, log: Log) -> None:
        self._log, self._reading = log, log.reading
        self._where = [(f":{path}", value) for path, value in log.asked.where]
        self._feature = f":{log.asked.feature_from}" if log.asked.feature_from else ""
        asked = [field[1:] for field in (*dict(self._where), self._feature) if field]
        self._fields = Fields(FIELDS, asked)
        self._names, self._nodes, self._details = Codes(), Gathered(NODE), Gathered(DETAIL)
        self._n_details = self._no_time = 0
        self._waiting: list[tuple[Source, Item[Span], Found]] = []

    def calls(self) -> Calls:
        """The table."""
        of = self._fields.of
        for source in self._log.sources:
            for item in items(source, Span, self._fields, events=False):
                found = of(item.record.attributes)
                item.record.attributes = []
                self._waiting.append((source, item, found))
                if len(self._waiting) >= _BATCH:
                    self._flush()
        self._flush()
        if self._no_time:
            self._reading.notes.append(f"{self._no_time:,} spans have no time between 1973 and 2100")
        calls = placed(self._nodes.whole(), self._names, len(self._where), self._reading)
        return disjoint(self._table(calls), self._reading, lambda _: True)

    def _flush(self) -> None:
        """Take the spans that wait, column by column."""
        if not self._waiting:
            return
        (sources, records, own), self._waiting = zip(*self._waiting, strict=True), []
        spans = [item.record for item in records]
        columns = Columns(self._fields, own, [item.base for item in records])
        kinds, failed = kinds_of(columns), failures_of(columns, spans)
        counts = {name: columns.numbers(name) for name in (*TOKENS, "result_tokens")}
        wrong = unusable(columns, spans, kinds, counts)
        for row, why in wrong.items():
            place = place_of(sources[row], records[row].line, "span", records[row].number)
            self._reading.skip(why, place)
        good = np.ones(len(spans), bool)
        good[list(wrong)] = False
        self._ignore_sums(columns, kinds, good)
        nodes = self._placed(columns, spans, kinds)
        nodes["failed"], nodes["size"], nodes["detail"] = failed, NONE, NONE
        told = (kinds == TOOL) & columns.has("result_tokens") & good
        nodes["size"][told] = counts["result_tokens"][told]
        calls = np.flatnonzero((kinds == LLM) & good)
        nodes["size"][calls] = self._add_calls(columns, calls, counts, failed[calls])
        nodes["detail"][calls] = np.arange(self._n_details - calls.size, self._n_details)
        self._no_time += int(np.isnan(nodes["start"][good]).sum())
        self._nodes.extend(nodes[good])

    def _ignore_sums(self, columns: Columns, kinds: NDArray[np.int8], good: NDArray[np.bool_]) -> None:
        prompts, agents = columns.has("input"), kinds == AGENT
        others = (prompts | columns.has("output")) & (kinds != LLM) & (kinds != TOOL) & ~agents
        for what, rows in (("that are no calls", others), ("of agents", agents & prompts)):
            if (rows & good).any():
                self._reading.ignore(f"sums of tokens on spans {what}", int((rows & good).sum()))

    def _placed(self, columns: Columns, spans: Sequence[Span], kinds: NDArray[np.int8]) -> NDArray[np.void]:
        """Nodes with what is known of every span: where it stands, whose it is, when it was."""
        nodes, codes = np.zeros(len(spans), NODE), self._names.codes
        nodes["key"] = [hash((span.trace_id, span.span_id)) for span in spans]
        nodes["above"] = [hash((span.trace_id, above)) if (above := span.parent_span_id) else 0 for span in spans]
        nodes["kind"] = kinds
        nodes["trace"] = codes(span.trace_id for span in spans)
        nodes["session"], nodes["given"] = codes(columns.own("session")), codes(columns.given("session"))
        nodes["agent"] = codes(_owners(columns, spans, kinds))
        nodes["user"] = codes(columns.text("user"))
        nodes["feature"] = codes(columns.text(self._feature))
        nodes["start"] = [_seconds(span.start_time_unix_nano) for span in spans]
        nodes["end"] = [_seconds(span.end_time_unix_nano) for span in spans]
        for bit, (field, value) in enumerate(self._where):
            nodes["known"] |= columns.has(field).astype(np.int32) << bit
            match = np.fromiter((value in texts(cell) for cell in columns.cells(field)), np.int32)
            nodes["match"] |= match << bit
        return nodes

    def _add_calls(
        self,
        columns: Columns,
        rows: NDArray[np.int64],
        counts: Mapping[str, NDArray[np.float64]],
        failed: NDArray[np.int8],
    ) -> NDArray[np.int64]:
        """Add what only calls have. Returns the sizes of answers, -1 where no tokens are told."""
        tokens = {name: np.nan_to_num(counts[name][rows]).astype(np.int64) for name in TOKENS}
        prompt, output, cached, written, reasoning, total = tokens.values()
        told = {name: columns.has(name)[rows] for name in TOKENS}
        prompt = np.where(~told["input"] & (total > output), total - output, prompt)
        parts = cached + written
        ways = [(parts == 0) | (total == 0), total == prompt + output, total == prompt + parts + output]
        detail, codes = np.zeros(rows.size, DETAIL), self._names.codes
        for name in ("model", "provider"):
            detail[name] = codes(_of(columns.text(name), rows))
        detail["tier"] = codes(None if tier in _STANDARD else tier for tier in _of(columns.text("tier"), rows))
        detail["prompt"], detail["cached"], detail["written"] = prompt, cached, written
        detail["said"] = np.select(ways, [UNTOLD, INSIDE, APART], UNTOLD)
        detail["output"] = np.where(reasoning <= output, output - reasoning, output)
        detail["reasoning"] = reasoning
        detail["cost"] = self._costs(columns, rows)
        detail["billed"] = (failed == OK) | ((failed == QUALITY) & (prompt + parts + output > 0))
        self._details.extend(detail)
        self._n_details += rows.size
        size: NDArray[np.int64] = detail["output"] + reasoning
        return np.where(np.any(list(told.values()), axis=0), size, NONE)

    def _costs(self, columns: Columns, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The whole cost, or the sum of its parts."""
        whole, parts = ("cost",), ("cost_prompt", "cost_completion")
        costs = {
            name: believed(columns.numbers(name)[rows], columns.has(name)[rows], self._reading)
            for name in (*whole, *parts)
        }
        there = {name: columns.has(name)[rows] for name in costs}
        summed = sum(np.where(there[name], costs[name], 0.0) for name in parts)
        in_parts = there["cost_prompt"] | there["cost_completion"]
        return np.where(there["cost"], costs["cost"], np.where(in_parts, summed, math.nan))

    def _table(self, found: Placed) -> Calls:
        names = np.array([*self._names.names(), None], object)
        details = self._details.whole()[found.nodes["detail"]]
        rows = Rows()
        first = rows.extend(
            time=found.nodes["start"],
            session=names[found.session],
            instance=found.instance,
            parent=found.parent,
            agent=names[found.agent],
            provider=names[details["provider"]],
            model=names[details["model"]],
            tier=names[details["tier"]],
            fresh=details["prompt"],
            cached=details["cached"],
            written=details["written"],
            readable=details["said"],
            output=details["output"],
            reasoning=details["reasoning"],
            cost=details["cost"],
            attempt=found.attempt,
            failed=found.nodes["failed"],
            billed=details["billed"],
            feature=names[found.feature],
            user=names[found.user],
        )
        for call, tool, tokens, failed in found.tools.tolist():
            rows.tool(first + call, names[tool], tokens, failed)
        calls = rows.finish(dated=bool(np.isfinite(found.nodes["start"]).any()))
        return replace(calls, duplicates=found.duplicates)


def _owners(columns: Columns, spans: Sequence[Span], kinds: NDArray[np.int8]) -> list[str | None]:
    """Names of agents, and of tools their own."""
    named = list(columns.text("agent"))
    tools = columns.text("tool")
    for row in np.flatnonzero(kinds == TOOL).tolist():
        named[row] = tools[row] or spans[row].name.removeprefix("execute_tool ") or "tool"
    for row in np.flatnonzero(kinds == AGENT).tolist():
        named[row] = named[row] or spans[row].name.removeprefix("invoke_agent ")
    return named


def _of(cells: Sequence[str | None], rows: NDArray[np.int64]) -> list[str | None]:
    return [cells[row] for row in rows.tolist()]


def _seconds(ns: int) -> float:
    return ns / 1e9 if FIRST_NS <= ns <= LAST_NS else math.nan
