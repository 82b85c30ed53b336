"""Events of Claude Code, as its telemetry exports them (OTLP-JSON logs).

What an event says, and how it is read
--------------------------------------
- `api_request` is a call, told when it ended: it began `duration_ms` earlier. Input counts leave out what was cached.
- `api_error` is a request that was given up. `attempt` says how often it was tried; earlier tries, and those of
  requests that were served in the end, are not in these events.
- `query_source` tells who called: the main thread, a compaction, which is a call of the main thread, or a sub-agent by
  its name, of which each prompt of the user (`prompt.id`) starts an instance. Two of one name that run at once are one.
- `tool_result` belongs to the last call that began before it in its session. Of its result only the size in bytes is
  told: four of them are taken for a token.
- `compaction` marks the next call of the session's main thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from msgspec import Raw, Struct

from scenarios.logs.attributes import Attribute, Fields, Found, Undecoded, cost_of, count_of, number_of, text_of
from scenarios.logs.errors import fault
from scenarios.logs.exports import FIRST_NS, LAST_NS, NOTHING, Kind, begins, take
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.select import UNWANTED
from scenarios.logs.spans import NO_CALL_BEFORE, last_before
from scenarios.logs.table import NONE, OK, TOOL_DTYPE, Calls, Codes, Rows
from scenarios.logs.tokens import bad_tokens

A = TypeVar("A")

FIELDS = {
    "event": "event.name",
    "time": "event.timestamp",
    "sequence": "event.sequence",
    "session": "session.id",
    "prompt": "prompt.id",
    "request": "request_id",
    "model": "model",
    "input": "input_tokens",
    "output": "output_tokens",
    "cached": "cache_read_tokens",
    "written": "cache_creation_tokens",
    "cost": "cost_usd",
    "duration": "duration_ms",
    "status": "status_code",
    "attempt": "attempt",
    "source": "query_source",
    "speed": "speed",
    "user": "user.account_uuid user.id",
    "tool": "tool_name",
    "size": "tool_result_size_bytes",
    "success": "success",
}
"""By field, the attributes that tell it; no other outlives its line."""

BYTES_A_TOKEN = 4
"""Of results of tools, of which only the size is told."""

_COLUMNS = (
    "record", "time", "session", "instance", "parent", "agent", "provider", "model", "tier", "fresh", "cached",
    "written", "output", "cost", "attempt", "failed", "billed", "summary", "feature", "user",
)  # fmt: skip
TOKENS = ("input", "cached", "written", "output")
_PREFIX = "claude_code."
_MAIN = ("main", "repl", "sdk")
_COMPACT = "compact"


class _Event(Struct, Generic[A], rename="camel"):
    time_unix_nano: int = 0
    observed_time_unix_nano: int = 0
    event_name: str | None = None
    body: Raw = NOTHING
    attributes: list[A] = []


EVENTS = Kind("event", _Event[Attribute], _Event[Undecoded])


class ClaudeCodeEvents(Format):
    """Events of Claude Code in OTLP-JSON."""

    name: ClassVar[str] = "claude-code-events"
    title: ClassVar[str] = "Claude Code events (OTLP-JSON)"
    needs: ClassVar[str] = "JSON with resourceLogs, in which events are named claude_code.api_request and the like"

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a file begins with an export of events, of which one is Claude Code's."""
        return b'"claude_code.' in begins(head, "resourceLogs")

    def read(self, log: Log) -> Calls:
        """Read all events, then give tools and compactions to calls."""
        return _Reader(log).calls()


class _Reader:
    def __init__(self, log: Log) -> None:
        self._log, self._reading = log, log.reading
        self._fields = Fields(FIELDS, log.asked)
        self._rows, self._seen = Rows(*_COLUMNS), set[int]()
        self._tools: list[tuple[str | None, float, str, int, bool]] = []
        self._compactions: list[tuple[str | None, float]] = []
        self._takes: dict[str, Callable[[Found, float], None]] = {
            "api_request": self._request,
            "api_error": self._error,
            "tool_result": self._tool,
            "compaction": self._compaction,
        }

    def calls(self) -> Calls:
        """The table."""
        for source in self._log.sources:
            take(source, EVENTS, self._fields, self._take)
        calls = self._rows.finish(dated=True)
        if (calls["failed"] != OK).any():
            self._reading.notes.append(
                "retries of requests that were served in the end are not in these events; the session files have them"
            )
        self._mark(calls)
        return self._given(calls)

    def _take(self, event: _Event[Any], own: Found, base: Found) -> None:
        found = base | own if base else own
        name = _name(event, found)
        take = self._takes.get(name)
        if take is None:
            self._reading.ignore(f"events of the kind {name or '(none)'}")
        elif not self._fields.are_as_asked(found):
            self._reading.ignore(UNWANTED)
        else:
            take(found, _time(event, found))

    def _request(self, found: Found, ended: float) -> None:
        tokens = [count_of(found, name) for name in TOKENS]
        if found.keys().isdisjoint(TOKENS):
            raise ValueError("no tokens are told")
        if bad := bad_tokens(*tokens):
            raise ValueError(bad)
        self._append(found, ended, tokens, cost_of(found, "cost"), 1, OK)

    def _error(self, found: Found, ended: float) -> None:
        failed = fault(text_of(found, "status") or "connection")  # without a status nothing came back
        attempt = max(1, min(count_of(found, "attempt"), 30_000))
        self._append(found, ended, [0, 0, 0, 0], math.nan, attempt, failed)

    def _append(self, found: Found, ended: float, tokens: list[int], cost: float, attempt: int, failed: int) -> None:
        session, source = text_of(found, "session"), text_of(found, "source") or ""
        summary = _COMPACT in source.lower()
        main = summary or not source or source.lower().startswith(_MAIN)
        prompt = text_of(found, "prompt")
        instance = None if main or session is None else f"{session}/{source}" + (f"/{prompt}" if prompt else "")
        started = ended - max(0.0, _or(number_of(found, "duration"), 0.0)) / 1000
        record = text_of(found, "request") or self._sequence(found, "call")
        self._rows.append(
            record, started, session, instance, session if instance else None, "main" if main else source, "anthropic",
            text_of(found, "model"), "fast" if text_of(found, "speed") == "fast" else None, *tokens, cost, attempt,
            failed, failed == OK, summary, self._fields.feature(found), text_of(found, "user"),
        )  # fmt: skip

    def _sequence(self, found: Found, kind: str) -> str | None:
        """What identifies an event that is exported twice."""
        session, sequence = text_of(found, "session"), text_of(found, "sequence")
        return f"{kind}/{session}/{sequence}" if session and sequence else None

    def _is_new(self, found: Found, kind: str) -> bool:
        key = self._sequence(found, kind)
        if key is None:
            return True
        n = len(self._seen)
        self._seen.add(hash(key))
        return len(self._seen) > n

    def _tool(self, found: Found, ended: float) -> None:
        size = number_of(found, "size")
        tokens = NONE if not size >= 0 else math.ceil(size / BYTES_A_TOKEN)
        if self._is_new(found, "tool"):
            started = ended - max(0.0, _or(number_of(found, "duration"), 0.0)) / 1000
            failed = (text_of(found, "success") or "true").lower() == "false"
            self._tools.append((text_of(found, "session"), started, text_of(found, "tool") or "tool", tokens, failed))

    def _compaction(self, found: Found, ended: float) -> None:
        if (text_of(found, "success") or "true").lower() != "false":
            self._compactions.append((text_of(found, "session"), ended))

    def _mark(self, calls: Calls) -> None:
        """Mark the first call of a session's main thread after each of its compactions."""
        session, at = self._owners(calls, [name for name, _ in self._compactions])
        times = np.array([time for _, time in self._compactions], np.float64)
        rows = np.flatnonzero((calls["parent"] == NONE) & ~calls["summary"])
        found = last_before(session[rows], -calls["time"][rows], at, -times)
        calls["compacted"][rows[found[found >= 0]]] = True

    def _given(self, calls: Calls) -> Calls:
        """Calls with the tools that came after them."""
        session, at = self._owners(calls, [use[0] for use in self._tools])
        rows = np.flatnonzero(calls["failed"] == OK)
        times = np.array([use[1] for use in self._tools], np.float64)
        found = last_before(session[rows], calls["time"][rows], at, times)
        if (found < 0).any():
            self._reading.ignore(NO_CALL_BEFORE, int((found < 0).sum()))
        names = Codes()
        given = [
            (rows[row], names.code(name), tokens, failed)
            for row, (_, _, name, tokens, failed) in zip(found.tolist(), self._tools, strict=True)
            if row >= 0
        ]
        tools = np.array(given, TOOL_DTYPE)
        if (tools["result_tokens"] >= 0).any():
            self._reading.notes.append(
                f"results of tools are told in bytes, {BYTES_A_TOKEN} of which are taken for a token"
            )
        return replace(
            calls, tools=tools[np.argsort(tools["call"], kind="stable")], names={**calls.names, "tool": names.names()}
        )

    def _owners(self, calls: Calls, sessions: list[str | None]) -> tuple[Any, Any]:
        """Sessions of calls as numbers, and those of other events; of none at all each is its own."""
        codes = {name: code for code, name in enumerate(calls.names["session"])}
        other = [codes.get(name, NONE - 1) if name else NONE - 1 for name in sessions]
        return calls["session"], np.array(other, np.int64)


def _name(event: _Event[Any], found: Found) -> str:
    named = event.event_name or text_of(found, "event")
    if not named:
        body = bytes(event.body).partition(b'"' + _PREFIX.encode())[2].partition(b'"')[0]
        named = body.decode(errors="replace") if len(body) < 64 else ""
    return (named or "").removeprefix(_PREFIX)


def _time(event: _Event[Any], found: Found) -> float:
    said = text_of(found, "time")
    if said:
        try:
            date = datetime.fromisoformat(said)
        except ValueError:
            pass
        else:
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    ns = event.time_unix_nano or event.observed_time_unix_nano
    return ns / 1e9 if FIRST_NS <= ns <= LAST_NS else math.nan


def _or(number: float, other: float) -> float:
    return number if math.isfinite(number) else other
