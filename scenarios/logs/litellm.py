"""LiteLLM's spend logs: the table `LiteLLM_SpendLogs`, exported as JSON, CSV or Parquet.

What a row says, and how it is read
-----------------------------------
- `prompt_tokens` has the cached tokens in it, for Anthropic too. Where parts of the prompt are more than the whole, or
  `total_tokens` counts them on top, that version of LiteLLM left them out.
- Only the last attempt of a request is a row. `metadata.attempted_retries` says how many came before; each becomes a
  call of its own with the same prompt and no answer, failed by the provider and not billed, and the row is the attempt
  after them. Of `billed_retry_attempt` the table knows no tokens: such rows are told, their earlier attempts not
  billed.
- A row that failed is the provider's error (429, 5xx, a timeout, a refusal), or, where an answer came and did not
  pass a check of its form, one of quality, which is billed.
- `cache_hit` means the proxy's own cache of whole answers: no model was called.
- Calls of MCP tools are rows too. They are tools of the last call before them in their session.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from msgspec import Struct, ValidationError, convert

from scenarios.logs.costs import UNREADABLE, cost_told
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.reading import Reading
from scenarios.logs.records import Records, dated, keys_of, nested, seconds
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from scenarios.logs.tokens import UNCOUNTED, Number, bad_tokens
from scenarios.logs.uses import Uses

COLUMNS = (
    "record", "time", "session", "agent", "provider", "model", "fresh", "cached", "written", "written_1h", "output",
    "reasoning",
    "cost", "attempt", "failed", "billed", "feature", "user",
)  # fmt: skip

_HIT = frozenset({True, "True", "true"})
MOST_RETRIES = 100
"""Attempts before the last that are believed; more are no count of retries."""


class _Written(Struct, gc=False):
    ephemeral_5m_input_tokens: Number = None
    ephemeral_1h_input_tokens: Number = None


class _PromptDetails(Struct, gc=False):
    cached_tokens: Number = None
    cache_creation_tokens: Number = None
    cache_creation_token_details: _Written | None = None


class _AnswerDetails(Struct, gc=False):
    reasoning_tokens: Number = None


class _Usage(Struct, gc=False):
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _AnswerDetails | None = None
    cache_read_input_tokens: Number = None
    cache_creation_input_tokens: Number = None


class _Error(Struct, gc=False):
    error_code: str | int | None = None
    error_class: str | None = None


class _Metadata(Struct, gc=False):
    status: str | None = None
    error_information: _Error | None = None
    attempted_retries: Number = None
    billed_retry_attempt: Any = None
    attempted_fallbacks: Number = None
    usage_object: _Usage | None = None
    additional_usage_values: _Usage | None = None


class SpendLog(Struct, gc=False):
    """A row, without texts and keys."""

    request_id: str | None = None
    call_type: str | None = None
    spend: Any = None
    total_tokens: Number = None
    prompt_tokens: Number = None
    completion_tokens: Number = None
    startTime: str | float | None = None  # noqa: N815  (as the table has it)
    model: str | None = None
    model_group: str | None = None
    custom_llm_provider: str | None = None
    user: str | None = None
    end_user: str | None = None
    agent_id: str | None = None
    billing_agent_id: str | None = None
    session_id: str | None = None
    cache_hit: str | bool | None = None
    status: str | None = None
    metadata: _Metadata | str | None = None
    mcp_namespaced_tool_name: str | None = None


class LiteLLM(Format):
    """Rows of `LiteLLM_SpendLogs`."""

    name: ClassVar[str] = "litellm"
    title: ClassVar[str] = "LiteLLM spend logs"
    needs: ClassVar[str] = "columns startTime, prompt_tokens, completion_tokens and spend"

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether there are the columns that no other log has together."""
        return {"startTime", "prompt_tokens", "completion_tokens", "spend"} <= set(keys_of(head))

    def read(self, log: Log) -> Calls:
        """Read all files into one table."""
        self._rows, self._reading, self._uses = Rows(*COLUMNS), log.reading, Uses()
        self._seen: Counter[str] = Counter()
        for place, row, feature in Records(log, SpendLog, begin=self._rows.begin_file):
            if row.call_type == "call_mcp_tool" or (row.mcp_namespaced_tool_name and not row.prompt_tokens):
                failed = row.status == "failure"
                self._uses.add(row.session_id, seconds(row.startTime), row.mcp_namespaced_tool_name or "mcp", failed)
            elif row.cache_hit in _HIT:
                log.reading.ignore("answers from the proxy's own cache, without a call of a model")
            else:
                self._call(place, row, feature)
        _note(log.reading, self._seen)
        calls = self._rows.finish(dated=True)
        log.reading.notes += self._rows.of_files
        return self._uses.given_to(calls, log.reading)

    def _call(self, place: str, row: SpendLog, feature: str) -> None:
        told = _metadata(row)
        counted = row.prompt_tokens or 0, row.completion_tokens or 0, *_parts(told)
        if bad := bad_tokens(*counted):
            self._reading.skip(bad, place)
            return
        failed = _failed(row, told)
        if row.prompt_tokens is None and row.completion_tokens is None and failed != PROVIDER:
            self._reading.skip(UNCOUNTED, place)
            return
        prompt, output, cached, written, written_1h, reasoning = map(int, counted)
        if cached or written:
            apart = prompt + output + cached + written
            if cached + written > prompt or row.total_tokens == apart:
                self._seen["excluded"] += 1
                prompt += cached + written
        cost = cost_told(row.spend)
        if not row.request_id:
            self._seen["nameless"] += 1
        fresh = prompt - cached - written
        named = dated(row.startTime, self._reading), row.session_id, row.agent_id or row.billing_agent_id
        model = row.custom_llm_provider, row.model or row.model_group
        user = row.end_user or row.user
        retries = self._retries(told)
        for attempt in range(1, retries + 1):
            record = f"{row.request_id}/{attempt}" if row.request_id else ""
            tokens = fresh + cached + written, 0, 0, 0, 0, 0
            self._rows.append(record, *named, *model, *tokens, 0.0, attempt, PROVIDER, False, feature, user)
        billed = failed != PROVIDER or 0 < cost < UNREADABLE
        self._rows.append(
            row.request_id, *named, *model, fresh, cached, written, min(written_1h, written),
            max(0, output - reasoning), min(reasoning, output), cost, retries + 1, failed, billed, feature, user,
        )  # fmt: skip

    def _retries(self, told: _Metadata | None) -> int:
        if told is None:
            return 0
        if told.attempted_fallbacks and told.attempted_fallbacks > 0:
            self._seen["fallbacks"] += 1
        if told.billed_retry_attempt:
            self._seen["billed"] += 1
        said = told.attempted_retries or 0
        if not 1 <= said <= MOST_RETRIES:
            return 0
        retries = int(said)
        self._seen["retries"] += retries
        return retries


def _metadata(row: SpendLog) -> _Metadata | None:
    """Details of a row; where they are text, they are decoded from it."""
    told = row.metadata
    if not isinstance(told, str):
        return told
    try:
        return convert(nested(told), _Metadata, strict=False)
    except ValidationError:
        return None


def _parts(told: _Metadata | None) -> tuple[float, float, float, float]:
    """Tokens read from the cache, written to it, of these for an hour, and of reasoning."""
    usage = told and (told.usage_object or told.additional_usage_values)
    if not usage:
        return 0, 0, 0, 0
    prompt = usage.prompt_tokens_details
    hour: Number = 0
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    if prompt:
        cached = cached or prompt.cached_tokens or 0
        split = prompt.cache_creation_token_details
        hour = (split and split.ephemeral_1h_input_tokens) or 0
        written = written or prompt.cache_creation_tokens or 0
    answer = usage.completion_tokens_details
    return cached, written, hour or 0, (answer and answer.reasoning_tokens) or 0


def _failed(row: SpendLog, told: _Metadata | None) -> int:
    if row.status != "failure" and not (told and told.status == "failure"):
        return OK
    error = told and told.error_information
    kind = (error and error.error_class) or ""
    if "Validation" in kind or "Parse" in kind or "APIResponse" in kind:
        return QUALITY
    return QUALITY if not (error and error.error_code) and (row.completion_tokens or 0) > 0 else PROVIDER


def _note(reading: Reading, seen: Counter[str]) -> None:
    said = {
        "retries": "{:,} failed attempts stand in the log only as a count (attempted_retries): they are taken "
        "as calls that "
        "the provider failed and did not bill.",
        "billed": "{:,} requests had a retry that was billed (billed_retry_attempt); the log does not say what "
        "it cost.",
        "fallbacks": "{:,} requests were served by a fallback model (attempted_fallbacks); what failed before "
        "is not in the log.",
        "excluded": "{:,} rows counted cached tokens apart from prompt_tokens: they are added to the prompt.",
        "nameless": "{:,} rows have no request_id: were they there twice, it would not be seen.",
    }
    reading.notes.extend(text.format(seen[key]) for key, text in said.items() if seen[key])
