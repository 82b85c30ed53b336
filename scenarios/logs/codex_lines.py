"""Lines of Codex's rollouts: what is decoded of them, and nothing of their texts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.records import seconds
from scenarios.logs.sizes import size_of

_Count = int | float | None
_EXIT = b'"Exit code: '
_EXIT_CODE = b'\\"exit_code\\":'


class Usage(Struct, gc=False):
    """Counts of tokens: of one answer, or of all so far."""

    input_tokens: _Count = None
    cached_input_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_write_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    output_tokens: _Count = None
    reasoning_output_tokens: _Count = None
    total_tokens: _Count = None


class Info(Struct, gc=False):
    """What a line of counts says."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None


class Settings(Struct, gc=False):
    """What answers are asked for with."""

    model: str | None = None
    service_tier: str | None = None


class Payload(Struct, gc=False):
    """What lines say, of whatever type they are."""

    type: str | None = None
    id: str | None = None
    timestamp: str | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    agent_role: str | None = None
    source: Raw = Raw()
    first_own: int | None = msgspec.field(name="subagent_history_start_ordinal", default=None)
    model_provider: str | None = None
    model: str | None = None
    service_tier: str | None = None
    thread_settings: Settings | None = None
    info: Info | None = None
    usage: Usage | None = None
    thread_id: str | None = None
    response_id: str | None = None
    compaction_response_id: str | None = None
    name: str | None = None
    call_id: str | None = None
    output: Raw = Raw()


class Line(Struct, gc=False):
    """A line of any type."""

    type: str | None = None
    timestamp: str | None = None
    ordinal: int | None = None
    payload: Payload | None = None


class _Named(Struct, gc=False):
    type: str | None = None


class _Kind(Struct, gc=False):
    type: str | None = None
    payload: Raw = Raw()


class _Thread(Struct, gc=False):
    parent_thread_id: str | None = None
    agent_role: str | None = None


class _Spawned(Struct, gc=False):
    thread_spawn: _Thread | None = None
    other: str | None = None


class _Source(Struct, gc=False):
    subagent: _Spawned | str | None = None


class _Output(Struct, gc=False):
    content: Raw = Raw()
    success: bool | None = None


LINE = msgspec.json.Decoder(Line)
_named = msgspec.json.Decoder(_Named)
_kind = msgspec.json.Decoder(_Kind)
_source = msgspec.json.Decoder(_Source)
_output = msgspec.json.Decoder(_Output)


class Tokens(NamedTuple):
    """Disjoint counts of one answer."""

    fresh: int
    cached: int
    written: int
    output: int
    reasoning: int


def kind_of(text: bytes) -> tuple[str, str]:
    """Type of a line of which the rest is of no known form, and of what it says."""
    try:
        kind = _kind.decode(text)
    except (msgspec.ValidationError, RecursionError):
        return "", ""
    try:
        return kind.type or "", _named.decode(kind.payload).type or ""
    except msgspec.DecodeError:
        return kind.type or "", ""


def spawned_by(payload: Payload) -> tuple[str | None, str | None]:
    """Of a sub-agent the thread that started it, and its kind; of others None."""
    try:
        told = _source.decode(payload.source).subagent if len(payload.source) else None
    except msgspec.DecodeError:
        told = None
    if isinstance(told, str):
        return payload.parent_thread_id or payload.forked_from_id, told
    thread = told.thread_spawn if told else None
    parent = (thread and thread.parent_thread_id) or payload.parent_thread_id
    if told is None and parent is None:
        return None, None
    kind = (thread and thread.agent_role) or payload.agent_role or (told and told.other)
    return parent or payload.forked_from_id, kind or "subagent"


def tokens_of(usage: Usage) -> Tokens:
    """Counts of an answer: input holds what was cached, output what was reasoned unless the total says otherwise."""
    prompt, output = int(usage.input_tokens or 0), int(usage.output_tokens or 0)
    reasoning, total = int(usage.reasoning_output_tokens or 0), int(usage.total_tokens or 0)
    cached = int(max(usage.cached_input_tokens or 0, usage.cache_read_input_tokens or 0))
    written = int(usage.cache_write_input_tokens or usage.cache_creation_input_tokens or 0)
    if min(prompt, output, reasoning, cached, written) < 0:
        return Tokens(-1, cached, written, output, reasoning)
    cached = min(cached, prompt)
    written = min(written, prompt - cached)
    if not (reasoning and total == prompt + output + reasoning):
        reasoning = min(reasoning, output)
        output -= reasoning
    return Tokens(prompt - cached - written, cached, written, output, reasoning)


def time_of(text: str | None) -> float:
    """Seconds since 1970 of a date, UTC where it names no zone; NaN where it is none that a call can have."""
    return seconds(text)


def since(now: Usage, before: Usage | None) -> Usage:
    """Counts that came between two sums; where the later is smaller, counting began again."""
    if before is None or (now.input_tokens or 0) < (before.input_tokens or 0):
        return now
    return Usage(*((getattr(now, name) or 0) - (getattr(before, name) or 0) for name in Usage.__struct_fields__))


def result_of(output: Raw) -> tuple[int, bool]:
    """Tokens of a tool's result by its bytes, and whether the tool failed."""
    if bytes(memoryview(output)[:1]) == b"{":
        try:
            told = _output.decode(output)
        except msgspec.DecodeError:
            return size_of(output), False
        return size_of(told.content), told.success is False
    return size_of(output), _exited(bytes(memoryview(output)[:40]), bytes(memoryview(output)[-200:]))


def _exited(start: bytes, end: bytes) -> bool:
    """Whether a command says that it failed, as old and new versions write it."""
    if start.startswith(_EXIT):
        return not start[len(_EXIT) :].startswith((b"0\\", b"0 ", b'0"'))
    at = end.rfind(_EXIT_CODE)
    return at >= 0 and end[at + len(_EXIT_CODE) :].lstrip()[:1] not in {b"0", b""}
