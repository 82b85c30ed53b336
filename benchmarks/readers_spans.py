"""Exports of OpenTelemetry, for the benchmark of readers: sixteen spans or events a line, as a batch is exported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

TEXT = "What was asked, at some length. " * 12
START = 1_793_610_000_000_000_000
TRACE = 8
"""Spans of a trace: an agent, four calls, three tools."""
A_LINE = 16


def value(of: Any) -> dict[str, Any]:
    """A value as OTLP-JSON has it: whole numbers are text."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(of)]: str(of) if type(of) is int else of}


def attributes(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in of.items()]


def span(i: int) -> dict[str, Any]:
    """An agent, or a call or a tool below it."""
    trace, place = divmod(i, TRACE)
    at = START + 10**10 * i
    common = {"gen_ai.conversation.id": f"conversation-{trace // 4:x}", "user.id": f"u{trace % 99}"}
    if place == 0:
        said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper", "gen_ai.agent.id": "a1"}
    elif place % 2:
        said = {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5",
            "gen_ai.response.model": "gpt-5-2026-10-01", "gen_ai.response.id": f"chatcmpl-{i:x}",
            "gen_ai.request.max_tokens": 4_096, "gen_ai.request.temperature": 0.2,
            "gen_ai.usage.input_tokens": 1_000 + i % 7_000, "gen_ai.usage.output_tokens": 50 + i % 300,
            "gen_ai.usage.cache_read.input_tokens": 512, "server.address": "api.openai.com", "server.port": 443,
            "gen_ai.input.messages": TEXT, "gen_ai.output.messages": TEXT,
        }  # fmt: skip
    else:
        said = {
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": f"c{i}",
            "gen_ai.tool.type": "function", "gen_ai.tool.call.arguments": TEXT, "gen_ai.tool.call.result": TEXT,
        }  # fmt: skip
    return {
        "traceId": f"{trace:032x}", "spanId": f"{i + 1:016x}",
        "parentSpanId": f"{trace * TRACE + 1:016x}" if place else "",
        "name": said["gen_ai.operation.name"], "kind": 3, "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 10**9), "attributes": attributes(common | said), "status": {}, "flags": 257,
    }  # fmt: skip


def event(i: int) -> dict[str, Any]:
    """A request of Claude Code's, or every other time a tool's result."""
    said: dict[str, Any] = {
        "user.id": "6f" * 32, "session.id": f"session-{i // 40:x}", "terminal.type": "vscode",
        "prompt.id": f"prompt-{i // 10:x}", "event.sequence": i,
    }  # fmt: skip
    if i % 2:
        said |= {"event.name": "tool_result", "tool_name": "Bash", "success": "true", "duration_ms": "120"}
        said |= {"tool_result_size_bytes": "4004", "tool_parameters": TEXT}
    else:
        said |= {
            "event.name": "api_request", "model": "claude-opus-4-6", "input_tokens": "4", "output_tokens": "300",
            "cache_read_tokens": "20000", "cache_creation_tokens": "700", "cost_usd": "0.0241", "duration_ms": "4000",
            "request_id": f"req_{i}", "query_source": "repl_main_thread", "speed": "normal",
        }  # fmt: skip
    name = said["event.name"]
    return {
        "timeUnixNano": str(START + 10**10 * i), "body": value(f"claude_code.{name}"), "attributes": attributes(said),
    }  # fmt: skip


def _spans(each: Iterable[int]) -> dict[str, Any]:
    scope = {"scope": {"name": "library"}, "spans": list(map(span, each))}
    resource = {"attributes": attributes({"service.name": "helpdesk", "telemetry.sdk.language": "python"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _events(each: Iterable[int]) -> dict[str, Any]:
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": list(map(event, each))}
    resource = {"attributes": attributes({"service.name": "claude-code", "service.version": "2.1.50"})}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}


def exports(export: Callable[[Iterable[int]], dict[str, Any]], folder: Path, n: int) -> Path:
    """Write so many spans or events."""
    path = folder / f"{export.__name__}.jsonl"
    with path.open("w") as file:
        file.writelines(
            json.dumps(export(range(first, min(first + A_LINE, n))), separators=(",", ":")) + "\n"
            for first in range(0, n, A_LINE)
        )
    return path


SPANS: dict[str, Callable[[Path, int], Path]] = {
    "otlp jsonl": partial(exports, _spans),
    "claude-code-events jsonl": partial(exports, _events),
}
"""By name of a format, and what kind of file: what writes one of so many spans or events."""
