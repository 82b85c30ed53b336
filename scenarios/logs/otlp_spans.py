"""What spans of OpenTelemetry say, many of them at a time: what each is, whether it failed, and its tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from scenarios.logs.attributes import Attribute, Columns, plain
from scenarios.logs.errors import fault
from scenarios.logs.exports import NOTHING
from scenarios.logs.spans import AGENT, LLM, OTHER, TOOL
from scenarios.logs.table import OK, PROVIDER, QUALITY
from scenarios.logs.tokens import MOST_TOKENS, bad_tokens

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

_KINDS = {
    "chat": LLM, "text_completion": LLM, "generate_content": LLM, "embeddings": LLM, "completion": LLM,
    "invoke_agent": AGENT, "execute_tool": TOOL, "create_agent": OTHER,
    "llm": LLM, "embedding": LLM, "agent": AGENT, "tool": TOOL,
}  # fmt: skip
TOKENS = ("input", "output", "cached", "written", "reasoning", "total")
"""Fields of calls that count tokens."""

_ERRORS = frozenset({"2", "STATUS_CODE_ERROR"})


class _Status(Struct, gc=False):
    code: int | str | None = None


class Span(Struct, rename="camel", gc=False):
    """A span, its attributes not yet decoded."""

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str = ""
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[Attribute] = []
    status: _Status | None = None
    events: Raw = NOTHING


class _Event(Struct):
    attributes: list[Attribute] = []


_events = msgspec.json.Decoder(list[_Event]).decode


def kinds_of(columns: Columns) -> NDArray[np.int8]:
    """What each span is."""
    kinds = [_named(word) for word in columns.text("operation")]
    told = (columns.text(name) for name in ("kind", "request", "model"))
    counted = columns.has("input") | columns.has("output")
    if None in kinds:
        others = zip(kinds, *told, counted.tolist(), strict=True)
        kinds = [_otherwise(*other) if kind is None else kind for kind, *other in others]
    return np.array(kinds, np.int8)


def _named(word: str | None) -> int | None:
    return None if word is None else _KINDS.get(word.lower(), OTHER)


def _otherwise(kind: str | None, request: str | None, model: str | None, counted: bool) -> int:
    """What a span is that says no operation."""
    for word in (kind, request):
        if word is not None and (known := _KINDS.get(word.lower())) is not None:
            return known
    return LLM if counted and kind is None and model is not None else OTHER


def failures_of(columns: Columns, spans: Sequence[Span]) -> NDArray[np.int8]:
    """OK, or whose fault it is."""
    failed = np.full(len(spans), OK, np.int8)
    wrong = np.fromiter((span.status is not None and str(span.status.code) in _ERRORS for span in spans), bool)
    errors, statuses = columns.text("error"), columns.text("status")
    for row in np.flatnonzero(wrong | columns.has("error") | columns.has("status")).tolist():
        error, status = errors[row], statuses[row] or ""
        bad = status.isdigit() and int(status) >= 400
        if wrong[row] or bad or error is not None:
            said = [error or "", status if bad else "", *_exceptions(spans[row])]
            failed[row] = PROVIDER if any(fault(word) == PROVIDER for word in said if word) else QUALITY
    return failed


def _exceptions(span: Span) -> list[str]:
    """Types of exceptions that were noted in a span."""
    if not bytes(span.events):
        return []
    noted = [each for event in _events(span.events) for each in event.attributes if each.key == "exception.type"]
    return [str(plain(each.value)) for each in noted]


def unusable(
    columns: Columns, spans: Sequence[Span], kinds: NDArray[np.int8], counts: Mapping[str, NDArray[np.float64]]
) -> dict[int, str]:
    """By row, why a span can't be used."""
    wrong = {row: "a span has no id" for row, span in enumerate(spans) if not span.trace_id or not span.span_id}
    for row in np.flatnonzero(columns.malformed).tolist():
        wrong.setdefault(row, "malformed span: an attribute has no value that can be read")
    for name, numbers in counts.items():
        asked = kinds == (LLM if name in TOKENS else TOOL)
        for row in np.flatnonzero(asked & columns.has(name) & ~np.isfinite(numbers)).tolist():
            wrong.setdefault(row, f"{name} is no number of tokens")
    told = np.nan_to_num(np.stack([counts[name] for name in TOKENS]))
    for row in np.flatnonzero((kinds == LLM) & ((told < 0) | (told > MOST_TOKENS)).any(axis=0)).tolist():
        wrong.setdefault(row, bad_tokens(*told[:, row].tolist()))
    return wrong
