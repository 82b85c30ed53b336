"""The fields of the table of calls that columns are mapped to, and the names by which logs know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KNOWN = {
    "time": "time timestamp start_time startTime started_at created_at request_time ts TIMESTAMP",
    "end": "end_time endTime ended_at completed_at",
    "session": "session session_id sessionId conversation_id thread_id trace_id",
    "instance": "instance instance_id agent_instance",
    "parent": "parent parent_instance",
    "agent": "agent agent_name",
    "provider": "provider custom_llm_provider",
    "model": "model model_name model_id",
    "tier": "tier service_tier",
    "prompt": "prompt_tokens promptTokens ContextTokens num_prefill_tokens prompt",
    "input": "input_tokens inputTokens input",
    "fresh": "fresh fresh_tokens uncached_input_tokens",
    "cached": "cached cached_tokens cache_read_input_tokens cache_read_tokens cached_input_tokens",
    "written": "written cache_creation_input_tokens cache_write_tokens cache_creation_tokens",
    "written_1h": "written_1h",
    "readable": "readable readable_tokens",
    "output": "output_tokens completion_tokens completionTokens outputTokens GeneratedTokens num_decode_tokens output",
    "reasoning": "reasoning reasoning_tokens reasoning_output_tokens",
    "total": "total total_tokens totalTokens",
    "cost": "cost cost_usd costUSD total_cost spend",
    "currency": "currency",
    "attempt": "attempt",
    "failed": "failed status status_code response_status",
    "billed": "billed",
    "summary": "summary",
    "compacted": "compacted",
    "feature": "feature",
    "user": "user user_id userId end_user",
    "outcome": "outcome reward success",
    "tool": "tool tool_name",
    "record": "record request_id requestId id",
}
"""Every field that `--map` knows, with the names by which it is known without."""

WHOLE = ("prompt", "input")
"""Fields that hold all of a prompt, or may."""

_COUNTED = ("prompt", "input", "output", "cached")
_DEEPEST = 4


def nested_counts(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By field, the dotted path of the count of tokens that stands inside records under a well-known name."""
    found: dict[str, str] = {}

    def look(record: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for key, value in record.items():
            here = (*path, key)
            if isinstance(value, dict) and len(here) < _DEEPEST and not any("." in step for step in here):
                look(value, here)
            elif path and isinstance(value, int) and (field := _BY_NAME.get(key)):
                found.setdefault(field, ".".join(here))

    for record in records:
        look(record, ())
    if "prompt" in found:
        found.pop("input", None)
    return found if "output" in found and {"prompt", "input"} & set(found) else {}


_BY_NAME = {name: field for field in _COUNTED for name in KNOWN[field].split()}


def well_known(columns: Any) -> dict[str, str]:
    """By field, the column that has a name by which it is known."""
    named: dict[str, str] = {}
    for name, known in KNOWN.items():
        column = next((each for each in known.split() if each in columns), None)
        if column:
            named[name] = column
    if any(named.get(name, name) != name for name in WHOLE):
        for name in WHOLE:
            if named.get(name) == name:  # beside prompt_tokens a column `prompt` or `input` is a text
                del named[name]
    return named
