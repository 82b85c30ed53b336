"""Helicone's requests, as its export and its API give them (`HeliconeRequest`).

What a request says, and how it is read
---------------------------------------
- `request_properties` has the session (Helicone-Session-Id), its name, which is the feature (Helicone-Session-Name),
  and where in it the call stands (Helicone-Session-Path). A path of several parts is an agent instance of its own,
  below the nearest part of the path that made calls.
- `prompt_tokens` has the cached tokens in it or not, as the provider counts. The costs tell which (`tokens.py`); where
  they can't, Anthropic's models count them apart, and all others inside.
- A `response_status` of 400 or more, or below 0, is a call that the provider failed and does not bill. One that was
  cancelled (-3) after an answer had begun is billed. Of one that is pending (-2) nothing is known yet.
- A request with a `cache_reference_id` was answered from Helicone's own cache: no model was called.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from scenarios.logs.ancestry import with_calling_parents
from scenarios.logs.costs import cost_told
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.records import Records, dated, keys_of
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from scenarios.logs.tokens import UNCOUNTED, UNTOLD, Number, bad_tokens, disjoint

COLUMNS = (
    "record", "time", "session", "instance", "parent", "agent", "provider", "model", "fresh", "cached", "written",
    "readable",
    "output", "cost", "failed", "billed", "feature", "user",
)  # fmt: skip

PENDING, CANCELLED = -2, -3
_NO_REFERENCE = "00000000-0000-0000-0000-000000000000"


class Request(Struct, gc=False):
    """A request without bodies and prompts."""

    request_id: str | None = None
    request_created_at: str | float | None = None
    response_model: str | None = None
    request_model: str | None = None
    model_override: str | None = None
    provider: str | None = None
    prompt_tokens: Number = None
    completion_tokens: Number = None
    prompt_cache_read_tokens: Number = None
    prompt_cache_write_tokens: Number = None
    costUSD: Any = None  # noqa: N815  (as the export has it)
    cost: Any = None
    response_status: Number = None
    request_properties: dict[str, Any] | str | None = None
    request_user_id: str | None = None
    cache_reference_id: str | None = None


class Helicone(Format):
    """Requests of Helicone."""

    name: ClassVar[str] = "helicone"
    title: ClassVar[str] = "Helicone requests"
    needs: ClassVar[str] = "fields request_id, request_created_at, response_status and prompt_tokens"

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether requests have what no other log has together."""
        return {"request_id", "request_created_at", "response_status", "prompt_tokens"} <= set(keys_of(head))

    def read(self, log: Log) -> Calls:
        """Read all files into one table."""
        self._rows, self._reading = Rows(*COLUMNS), log.reading
        self._parents: dict[str, str | None] = {}
        self._by_session = not log.asked.feature_from
        nameless = 0
        for place, row, feature in Records(log, Request, begin=self._rows.begin_file):
            if row.cache_reference_id and row.cache_reference_id != _NO_REFERENCE:
                log.reading.ignore("answers from Helicone's own cache, without a call of a model")
            elif row.response_status == PENDING:
                log.reading.ignore("requests that were pending")
            else:
                nameless += not row.request_id
                self._call(place, row, feature)
        if nameless:
            log.reading.notes.append(
                f"{nameless:,} rows have no request_id: were they there twice, it would not be seen."
            )
        calls = with_calling_parents(self._rows.finish(dated=True), self._parents)
        log.reading.notes += self._rows.of_files
        return disjoint(calls, log.reading, lambda model: "claude" not in model and "anthropic" not in model)

    def _call(self, place: str, row: Request, feature: str) -> None:
        asked = row.prompt_tokens, row.completion_tokens, row.prompt_cache_read_tokens, row.prompt_cache_write_tokens
        counted = [count or 0 for count in asked]
        if bad := bad_tokens(*counted):
            self._reading.skip(bad, place)
            return
        prompt, output, cached, written = map(int, counted)
        failed, billed = _fate(row.response_status, output)
        if row.prompt_tokens is None and row.completion_tokens is None and failed == OK:
            self._reading.skip(UNCOUNTED, place)
            return
        told = row.request_properties if isinstance(row.request_properties, dict) else {}
        session, title = self._text(told, "Helicone-Session-Id"), self._text(told, "Helicone-Session-Name")
        instance, parent, agent = self._stands(session, self._text(told, "Helicone-Session-Path"))
        cost = row.costUSD if row.costUSD is not None else row.cost
        model = row.model_override or row.response_model or row.request_model
        self._rows.append(
            row.request_id, dated(row.request_created_at, self._reading), session, instance,
            parent, agent, row.provider, model, prompt,
            cached, written, UNTOLD, output, cost_told(cost), failed, billed,
            title if self._by_session else feature,
            row.request_user_id or None,
        )  # fmt: skip

    def _text(self, properties: dict[str, Any], name: str) -> str | None:
        value = properties.get(name)
        if isinstance(value, list | dict):
            self._reading.leave_open(f"a {name} that is no text")
            return None
        return str(value) if value not in {None, ""} else None

    def _stands(self, session: str | None, path: str | None) -> tuple[str | None, str | None, str | None]:
        """Instance, the one above it, and kind of agent."""
        parts = [part for part in (path or "").split("/") if part]
        if session is None or len(parts) < 2:
            return session, None, None
        for depth in range(2, len(parts) + 1):
            place = f"{session}/{'/'.join(parts[:depth])}"
            self._parents[place] = f"{session}/{'/'.join(parts[: depth - 1])}" if depth > 2 else session
        return place, self._parents[place], parts[-1]


def _fate(status: Number, output: int) -> tuple[int, bool]:
    if status is None or 0 <= status < 400:
        return OK, True
    return (QUALITY, True) if status == CANCELLED and output else (PROVIDER, False)
