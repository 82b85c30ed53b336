"""OpenTelemetry traces in JSON: calls of models by the conventions for GenAI, by older ones, and by OpenInference.

What a span says, and how it is read
------------------------------------
- Spans of the operations chat, text_completion, generate_content and embeddings, of OpenInference's kinds LLM and
  EMBEDDING, and those that say no operation but a model and tokens, are calls. Tokens on spans of agents and chains are
  sums of the calls below them and are left out.
- How they stand to one another: spans.py.
- Input counts have the cached tokens in them by both conventions, and not by some libraries: totals tell, then costs,
  then the convention. Reasoning is a part of the output, where it is no larger.
- A failed call is the provider's failure, and not billed, where its status or error says 429, 5xx or a time-out; any
  other failed by quality, and is billed where it has tokens.
- Which attributes are kept stands in `FIELDS`; no other outlives its line.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import numpy as np
from msgspec import Raw, Struct

from scenarios.logs.attributes import Attribute, Fields, Said, Undecoded, counts, decoded
from scenarios.logs.codes import NONE, Codes, Named
from scenarios.logs.costs import cost_told
from scenarios.logs.errors import fault
from scenarios.logs.exports import FIRST_NS, LAST_NS, NOTHING, Kind, begins, take
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.select import texts
from scenarios.logs.spans import AGENT, LLM, NODE, OTHER, TOOL, Gathered, Placed, placed
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from scenarios.logs.tokens import APART, INSIDE, UNTOLD, bad_tokens, disjoint

A = TypeVar("A")


class _Said(Said, gc=False):
    operation: str | None = None
    kind: str | None = None
    request: str | None = None
    session: str | None = None
    user: str | None = None
    agent: str | None = None
    tool: str | None = None
    model: str | None = None
    provider: str | None = None
    tier: str | None = None
    status: str | None = None
    error: str | None = None
    input: Any = None
    output: Any = None
    cached: Any = None
    written: Any = None
    reasoning: Any = None
    total: Any = None
    cost: Any = None
    cost_prompt: Any = None
    cost_completion: Any = None
    result_tokens: Any = None


FIELDS = {
    "operation": "gen_ai.operation.name",
    "kind": "openinference.span.kind traceloop.span.kind",
    "request": "llm.request.type",
    "session": "gen_ai.conversation.id session.id",
    "user": "user.id enduser.id",
    "agent": "gen_ai.agent.name agent.name gen_ai.agent.id",
    "tool": "gen_ai.tool.name tool.name",
    "model": "gen_ai.response.model gen_ai.request.model llm.model_name embedding.model_name llm.request.model",
    "provider": "gen_ai.provider.name gen_ai.system llm.provider llm.system",
    "tier": (
        "openai.response.service_tier gen_ai.openai.response.service_tier openai.request.service_tier "
        "gen_ai.openai.request.service_tier"
    ),
    "input": (
        "gen_ai.usage.input_tokens llm.token_count.prompt gen_ai.usage.prompt_tokens llm.usage.prompt_tokens "
        "llm.usage.input_tokens"
    ),
    "output": (
        "gen_ai.usage.output_tokens llm.token_count.completion gen_ai.usage.completion_tokens "
        "llm.usage.completion_tokens llm.usage.output_tokens"
    ),
    "cached": (
        "gen_ai.usage.cache_read.input_tokens llm.token_count.prompt_details.cache_read "
        "gen_ai.usage.cache_read_input_tokens llm.usage.cache_read_input_tokens"
    ),
    "written": (
        "gen_ai.usage.cache_creation.input_tokens llm.token_count.prompt_details.cache_write "
        "gen_ai.usage.cache_creation_input_tokens llm.usage.cache_creation_input_tokens"
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens llm.token_count.completion_details.reasoning "
        "gen_ai.usage.reasoning_tokens llm.usage.reasoning_tokens"
    ),
    "total": "llm.token_count.total gen_ai.usage.total_tokens llm.usage.total_tokens",
    "cost": "llm.cost.total gen_ai.usage.cost",
    "cost_prompt": "llm.cost.prompt",
    "cost_completion": "llm.cost.completion",
    "result_tokens": "gen_ai.tool.call.result.tokens tool.result_tokens",
    "error": "error.type",
    "status": "http.response.status_code http.status_code",
}
"""By field, the attributes that tell it, the best first."""

DETAIL = np.dtype([
    ("model", "i4"), ("provider", "i4"), ("tier", "i4"), ("prompt", "i8"), ("cached", "i8"), ("written", "i8"),
    ("said", "i1"), ("output", "i8"), ("reasoning", "i8"), ("cost", "f8"), ("billed", "?"),
])  # fmt: skip
"""What only calls have: codes of names, tokens as logged, and where the cached ones are (INSIDE, APART or UNTOLD)."""

_KINDS = {
    "chat": LLM, "text_completion": LLM, "generate_content": LLM, "embeddings": LLM, "completion": LLM,
    "invoke_agent": AGENT, "execute_tool": TOOL, "create_agent": OTHER,
    "llm": LLM, "embedding": LLM, "agent": AGENT, "tool": TOOL,
}  # fmt: skip
_ERRORS = {2, "2", "STATUS_CODE_ERROR"}
_STANDARD = {None, "default", "standard", "auto"}


class _Status(Struct, gc=False):
    code: int | str | None = None


class _Span(Struct, Generic[A], rename="camel", gc=False):
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str = ""
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[A] = []
    status: _Status | None = None
    events: Raw = NOTHING


class _Event(Struct, gc=False):
    attributes: list[Undecoded] = []


SPANS = Kind("span", _Span[Attribute], _Span[Undecoded])

_events = msgspec.json.Decoder(list[_Event]).decode


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
        self._fields = Fields(_Said, FIELDS, log.asked)
        self._names, self._nodes, self._details = Codes(), Gathered(NODE), Gathered(DETAIL)
        self._n_details = self._no_time = 0

    def calls(self) -> Calls:
        """The table."""
        reading = self._reading
        for source in self._log.sources:
            take(source, SPANS, self._fields, self._add)
        if self._no_time:
            reading.notes.append(f"{self._no_time:,} spans have no time between 1973 and 2100")
        found = placed(self._nodes.whole(), self._names, len(self._fields.where), reading)
        return disjoint(self._table(found), reading, lambda _: True)

    def _add(self, span: _Span[Any], base: _Said | None) -> None:
        if not span.trace_id or not span.span_id:
            raise ValueError("a span has no id")
        fields = self._fields
        said = fields.of(span.attributes, base)
        kind = _kind(said)
        wrong = span.status is not None and span.status.code in _ERRORS
        failed = _failed(span, said) if wrong or said.status is not None or said.error is not None else OK
        size = detail = NONE
        name = said.agent
        if kind == LLM:
            size, detail = self._add_call(said, failed)
        elif kind == TOOL:
            name = said.tool or span.name.removeprefix("execute_tool ") or "tool"
            size = NONE if said.result_tokens is None else counts(said.result_tokens)[0]
        elif kind == AGENT:
            name = name or span.name.removeprefix("invoke_agent ")
            if said.input is not None:
                self._reading.ignore("sums of tokens on spans of agents")
        elif said.input is not None or said.output is not None:
            self._reading.ignore("sums of tokens on spans that are no calls")
        code = self._names.code
        session, given = code(said.session), NONE
        if base is not None and said.session is base.session:
            session, given = NONE, session
        trace, above = span.trace_id, span.parent_span_id
        known, match = self._asked(said) if fields.where else (0, 0)
        self._nodes.append(
            hash((trace, span.span_id)), hash((trace, above)) if above else 0, kind, code(trace), session, given,
            code(name), code(said.user), code(fields.feature(said)) if said.asked else NONE, *self._times(span), size,
            failed, known, match, detail,
        )  # fmt: skip

    def _add_call(self, said: _Said, failed: int) -> tuple[int, int]:
        """Add what only calls have. Returns the size of the answer, -1 where no tokens are told, and its row."""
        tokens = counts(said.input, said.output, said.cached, said.written, said.reasoning, said.total)
        if bad := bad_tokens(*tokens):
            raise ValueError(bad)
        prompt, output, cached, written, reasoning, total = tokens
        if said.input is None and total > output:
            prompt = total - output
        parts = cached + written
        where = UNTOLD
        if parts and total:
            where = INSIDE if total == prompt + output else APART if total == prompt + parts + output else UNTOLD
        answer = output - reasoning if reasoning <= output else output
        code, tier = self._names.code, said.tier
        self._details.append(
            code(said.model), code(said.provider), NONE if tier in _STANDARD else code(tier), prompt, cached, written,
            where, answer, reasoning, _cost(said), failed == OK or (failed == QUALITY and prompt + parts + output > 0),
        )  # fmt: skip
        self._n_details += 1
        return answer + reasoning if _told(said) else -1, self._n_details - 1

    def _times(self, span: _Span[Any]) -> tuple[float, float]:
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        if FIRST_NS <= start <= end <= LAST_NS:
            return start / 1e9, end / 1e9
        return self._time(start), self._time(end)

    def _time(self, ns: int) -> float:
        if FIRST_NS <= ns <= LAST_NS:
            return ns / 1e9
        self._no_time += 1
        return math.nan

    def _asked(self, said: _Said) -> tuple[int, int]:
        known = match = 0
        told = said.asked or {}
        for bit, (key, value) in enumerate(self._fields.where):
            if key in told:
                known |= 1 << bit
                match |= (value in texts(told[key])) << bit
        return known, match

    def _table(self, found: Placed) -> Calls:
        names = self._names.names()
        details = self._details.whole()[found.nodes["detail"]]
        rows = Rows()
        rows.extend(
            time=found.nodes["start"],
            session=Named(names, found.session),
            instance=found.instance,
            parent=found.parent,
            agent=Named(names, found.agent),
            provider=Named(names, details["provider"]),
            model=Named(names, details["model"]),
            tier=Named(names, details["tier"]),
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
            feature=Named(names, found.feature),
            user=Named(names, found.user),
        )
        rows.extend_tools(found.tools, names)
        calls = rows.finish(dated=bool(np.isfinite(found.nodes["start"]).any()))
        return replace(calls, duplicates=found.duplicates)


def _told(said: _Said) -> bool:
    """Whether any tokens are told."""
    if said.output is not None or said.input is not None:
        return True
    return any(each is not None for each in (said.cached, said.written, said.reasoning, said.total))


def _cost(said: _Said) -> float:
    if said.cost is not None or (said.cost_prompt is None and said.cost_completion is None):
        return cost_told(said.cost)
    return sum(cost_told(part) for part in (said.cost_prompt, said.cost_completion) if part is not None)


def _kind(said: _Said) -> int:
    if said.operation is not None:
        return _KINDS.get(said.operation) or _KINDS.get(said.operation.lower(), OTHER)
    for name in (said.kind, said.request):
        if name is not None and name.lower() in _KINDS:
            return _KINDS[name.lower()]
    named = said.kind is not None or said.model is None
    return LLM if not named and (said.input is not None or said.output is not None) else OTHER


def _failed(span: _Span[Any], said: _Said) -> int:
    """OK, or whose fault it is."""
    wrong = span.status is not None and span.status.code in _ERRORS
    status = said.status or ""
    bad_status = status.isdigit() and int(status) >= 400
    if not wrong and not bad_status and said.error is None:
        return OK
    words = [said.error or "", status if bad_status else "", *_exceptions(span)]
    return PROVIDER if any(fault(word) == PROVIDER for word in words if word) else QUALITY


def _exceptions(span: _Span[Any]) -> list[str]:
    """Types of exceptions that were noted in a span."""
    if span.events is NOTHING:
        return []
    try:
        noted = [each for event in _events(span.events) for each in event.attributes if each.key == "exception.type"]
        return [str(decoded(each)) for each in noted]
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("malformed span: an attribute has no value that can be read") from None
