"""Lines of agents' transcripts, for the benchmark of readers: a file a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

TEXT = "What a tool said, a line of a file, some words of an answer. "


def claude_code(i: int) -> Iterator[dict[str, Any]]:
    """Six turns of three blocks and a tool's result each: 24 lines of 1.3 kB, 6 calls."""
    common = {
        "isSidechain": False, "userType": "external", "cwd": "/home/someone/project", "sessionId": f"session-{i:08}",
        "version": "2.1.50", "gitBranch": "main",
    }  # fmt: skip
    for turn in range(6):
        usage = {
            "input_tokens": 4, "cache_creation_input_tokens": 700, "cache_read_input_tokens": 20_000 + 700 * turn,
            "cache_creation": {"ephemeral_5m_input_tokens": 700, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
        }  # fmt: skip
        blocks: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": TEXT * 10, "signature": "c2lnbmF0dXJl" * 20},
            {"type": "text", "text": TEXT * 10},
            {"type": "tool_use", "id": f"toolu_{i}_{turn}", "name": "Bash", "input": {"command": TEXT * 8}},
        ]
        for n, block in enumerate(blocks):
            uuid = f"{i:08}-{turn}-{n}-9a0c-1b2c3d4e5f60"
            yield {
                "parentUuid": uuid, **common, "type": "assistant", "uuid": uuid,
                "timestamp": f"2026-11-0{1 + turn}T10:0{n}:00.123Z", "requestId": f"req_{i}_{turn}",
                "message": {
                    "id": f"msg_{i}_{turn}", "type": "message", "role": "assistant", "model": "claude-opus-4-6",
                    "content": [block], "stop_reason": None, "usage": {**usage, "output_tokens": 1 + 100 * n},
                },
            }  # fmt: skip
        result = {"tool_use_id": f"toolu_{i}_{turn}", "type": "tool_result", "content": TEXT * 8, "is_error": False}
        yield {
            "parentUuid": uuid, **common, "type": "user", "message": {"role": "user", "content": [result]},
            "uuid": uuid, "timestamp": f"2026-11-0{1 + turn}T10:05:00.123Z",
            "toolUseResult": {"stdout": TEXT * 8, "stderr": "", "interrupted": False, "isImage": False},
        }  # fmt: skip


def codex(i: int) -> Iterator[dict[str, Any]]:
    """Six answers, each of reasoning, a tool, its result and counts: 26 lines of 1 kB, 6 calls."""
    begun, total = "2026-11-01T10:00:00.000Z", [0, 0, 0, 0, 0]
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
    yield {
        "timestamp": begun, "type": "session_meta",
        "payload": {"id": f"thread-{i:08}", "timestamp": begun, "source": "cli", "model_provider": "openai"},
    }  # fmt: skip
    yield {"timestamp": begun, "type": "turn_context", "payload": {"model": "gpt-5.6-sol", "cwd": "/home/someone"}}
    for turn in range(6):
        last = [20_000 + 700 * turn, 19_000, 400, 100, 20_400 + 700 * turn]
        total = [so_far + more for so_far, more in zip(total, last, strict=True)]
        use = f"call_{i}_{turn}"
        for second, kind, payload in (
            (1, "response_item", {"type": "reasoning", "summary": [], "encrypted_content": "cmVhc29uaW5n" * 120}),
            (2, "response_item", {"type": "function_call", "name": "shell", "arguments": TEXT * 16, "call_id": use}),
            (3, "event_msg", {"type": "token_count", "info": {
                "total_token_usage": dict(zip(names, total, strict=True)),
                "last_token_usage": dict(zip(names, last, strict=True)),
                "model_context_window": 272_000,
            }}),
            (4, "response_item", {"type": "function_call_output", "call_id": use, "output": TEXT * 24}),
        ):  # fmt: skip
            yield {"timestamp": f"2026-11-01T10:0{turn + 1}:0{second}.000Z", "type": kind, "payload": payload}


def transcripts(session: Callable[[int], Iterator[dict[str, Any]]], folder: Path, n: int) -> Path:
    """Write a log of about so many lines, a file a session; the folder is the log."""
    home, written, number = folder / session.__name__, 0, 0
    home.mkdir(exist_ok=True)
    while written < n:
        made = [json.dumps(line, separators=(",", ":")) + "\n" for line in session(number)]
        (home / f"{number:08}.jsonl").write_text("".join(made))
        written += len(made)
        number += 1
    return home


AGENTS: dict[str, Callable[[Path, int], Path]] = {
    "claude-code jsonl": partial(transcripts, claude_code),
    "codex jsonl": partial(transcripts, codex),
}
"""By name of a format, and what kind of file: what writes one of so many lines."""
