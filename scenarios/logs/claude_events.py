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

from scenarios.logs.attributes import Attribute, Fields, Said, Undecoded, counts, number
from scenarios.logs.codes import NONE, Codes
from scenarios.logs.costs import cost_told
from scenarios.logs.errors import fault
from scenarios.logs.exports import FIRST_NS, LAST_NS, NOTHING, Kind, begins, take
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.select import UNWANTED
from scenarios.logs.spans import NO_CALL_BEFORE, Gathered, last_before
from scenarios.logs.table import OK, TOOL_DTYPE, Calls, Rows
from scenarios.logs.tokens import UNCOUNTED, bad_tokens

A = TypeVar("A")


class _Said(Said, gc=False):
    event: str | None = None
    time: str | None = None
    sequence: str | None = None
    session: str | None = None
    prompt: str | None = None
    request: str | None = None
    model: str | None = None
    status: str | None = None
    source: str | None = None
    speed: str | None = None
    user: str | None = None
    tool: str | None = None
    success: str | None = None
    input: Any = None
    output: Any = None
    cached: Any = None
    written: Any = None
    cost: Any = None
    duration: Any = None
    attempt: Any = None
    size: Any = None


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

_TOOL = np.dtype([("key", "i8"), ("session", "i4"), ("time", "f8"), ("tool", "i4"), ("tokens", "i8"), ("failed", "?")])
"""One use of a tool: what identifies it, 0 for nothing; codes of its session and its name."""

BYTES_A_TOKEN = 4
"""Of results of tools, of which only the size is told."""

_COLUMNS = (
    "record", "time", "session", "instance", "parent", "agent", "provider", "model", "tier", "fresh", "cached",
    "written", "output", "cost", "attempt", "failed", "billed", "summary", "feature", "user",
)  # fmt: skip
_PREFIX = "claude_code."
_MAIN = ("main", "repl", "sdk")
_COMPACT = "compact"


class _Event(Struct, Generic[A], rename="camel", gc=False):
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
        self._fields = Fields(_Said, FIELDS, log.asked)
        self._rows, self._tools = Rows(*_COLUMNS), Gathered(_TOOL)
        self._sessions, self._names = Codes(), Codes()
        self._callers: dict[str, tuple[bool, bool]] = {}
        self._compactions: list[tuple[str | None, float]] = []
        self._takes: dict[str, Callable[[_Said, float], None]] = {
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

    def _take(self, event: _Event[Any], base: _Said | None) -> None:
        said = self._fields.of(event.attributes, base)
        name = _name(event, said)
        take = self._takes.get(name)
        if take is None:
            self._reading.ignore(f"events of the kind {name or '(none)'}")
        elif self._fields.where and not self._fields.are_as_asked(said):
            self._reading.ignore(UNWANTED)
        else:
            take(said, _time(event, said))

    def _request(self, said: _Said, ended: float) -> None:
        tokens = counts(said.input, said.cached, said.written, said.output)
        if said.output is None and said.input is None and said.cached is None and said.written is None:
            raise ValueError(UNCOUNTED)
        if bad := bad_tokens(*tokens):
            raise ValueError(bad)
        self._append(said, ended, (*tokens, cost_told(said.cost), 1, OK))

    def _error(self, said: _Said, ended: float) -> None:
        failed = fault(said.status or "connection")  # without a status nothing came back
        attempt = max(1, min(counts(said.attempt)[0], 30_000))
        self._append(said, ended, (0, 0, 0, 0, math.nan, attempt, failed))

    def _append(self, said: _Said, ended: float, came: tuple[Any, ...]) -> None:
        """Add a call: `came` are its tokens, its cost, its attempt and whether it failed."""
        session, source, request = said.session, said.source or "", said.request
        instance = None
        is_main, summary = self._callers.get(source) or self._caller(source)
        if not (is_main or session is None):
            instance = f"{session}/{source}/{said.prompt}" if said.prompt else f"{session}/{source}"
        self._rows.append(
            request or _sequence(said, "call"), _begun(said, ended), session, instance, session if instance else None,
            "main" if is_main else source, "anthropic", said.model, "fast" if said.speed == "fast" else None, *came,
            came[-1] == OK, summary, self._fields.feature(said) if said.asked else None, said.user,
        )  # fmt: skip

    def _caller(self, source: str) -> tuple[bool, bool]:
        """Whether a source is the main thread, and whether it compacts."""
        summary = _COMPACT in source.lower()
        told = summary or not source or source.lower().startswith(_MAIN), summary
        self._callers[source] = told
        return told

    def _tool(self, said: _Said, ended: float) -> None:
        size = number(said.size)
        self._tools.append(
            hash(_sequence(said, "tool") or 0), self._sessions.code(said.session), _begun(said, ended),
            self._names.code(said.tool or "tool"), NONE if not size >= 0 else math.ceil(size / BYTES_A_TOKEN),
            not _succeeded(said),
        )  # fmt: skip

    def _compaction(self, said: _Said, ended: float) -> None:
        if _succeeded(said):
            self._compactions.append((said.session, ended))

    def _mark(self, calls: Calls) -> None:
        """Mark the first call of a session's main thread after each of its compactions."""
        session, at = self._owners(calls, [name for name, _ in self._compactions])
        times = np.array([time for _, time in self._compactions], np.float64)
        rows = np.flatnonzero((calls["parent"] == NONE) & ~calls["summary"])
        found = last_before(session[rows], -calls["time"][rows], at, -times)
        calls["compacted"][rows[found[found >= 0]]] = True

    def _given(self, calls: Calls) -> Calls:
        """Calls with the tools that came after them."""
        uses = _once(self._tools.whole())
        names = self._sessions.names()
        session, at = self._owners(calls, [names[code] if code >= 0 else None for code in uses["session"].tolist()])
        rows = np.flatnonzero(calls["failed"] == OK)
        found = last_before(session[rows], calls["time"][rows], at, uses["time"])
        if (found < 0).any():
            self._reading.ignore(NO_CALL_BEFORE, int((found < 0).sum()))
        uses, found = uses[found >= 0], found[found >= 0]
        tools = np.zeros(uses.size, TOOL_DTYPE)
        tools["call"], tools["tool"], tools["failed"] = rows[found], uses["tool"], uses["failed"]
        tools["result_tokens"] = uses["tokens"]
        if (tools["result_tokens"] >= 0).any():
            self._reading.notes.append(
                f"results of tools are told in bytes, {BYTES_A_TOKEN} of which are taken for a token"
            )
        tools = tools[np.argsort(tools["call"], kind="stable")]
        return replace(calls, tools=tools, names={**calls.names, "tool": self._names.names()})

    def _owners(self, calls: Calls, sessions: list[str | None]) -> tuple[Any, Any]:
        """Sessions of calls as numbers, and those of other events; of none at all each is its own."""
        codes = {name: code for code, name in enumerate(calls.names["session"])}
        other = [codes.get(name, NONE - 1) if name else NONE - 1 for name in sessions]
        return calls["session"], np.array(other, np.int64)


def _once(uses: Any) -> Any:
    """Uses of tools, those that were exported twice once: the first."""
    _, first = np.unique(uses["key"], return_index=True)
    stays = uses["key"] == 0
    stays[first] = True
    return uses[stays]


def _name(event: _Event[Any], said: _Said) -> str:
    named = event.event_name or said.event
    if not named:
        body = bytes(event.body).partition(b'"' + _PREFIX.encode())[2].partition(b'"')[0]
        named = body.decode(errors="replace") if len(body) < 64 else ""
    return named.removeprefix(_PREFIX)


def _time(event: _Event[Any], said: _Said) -> float:
    if said.time:
        try:
            date = datetime.fromisoformat(said.time)
        except ValueError:
            pass
        else:
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    ns = event.time_unix_nano or event.observed_time_unix_nano
    return ns / 1e9 if FIRST_NS <= ns <= LAST_NS else math.nan


def _begun(said: _Said, ended: float) -> float:
    lasted = number(said.duration)
    return ended - lasted / 1000 if 0.0 < lasted < math.inf else ended


def _succeeded(said: _Said) -> bool:
    return said.success is None or said.success.lower() != "false"


def _sequence(said: _Said, kind: str) -> str | None:
    """What identifies an event that is exported twice."""
    return f"{kind}/{said.session}/{said.sequence}" if said.session and said.sequence else None
