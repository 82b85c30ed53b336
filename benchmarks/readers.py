"""Lines a second and memory of the readers of logs, on lines of ordinary size; each table is checked.

A reader joins by a function that writes the lines of one session, in `SESSIONS`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scenarios.logs.formats import read_logs

LINES = 400_000
TURNS = 60
"""Calls of a session."""

TEXT = "What a tool said, a line of a file, some words of an answer. "


def claude_code(i: int) -> Iterator[dict[str, Any]]:
    """Turns of three blocks and a tool's result each: lines of 1.4 kB."""
    common = {
        "isSidechain": False, "userType": "external", "cwd": "/home/someone/project", "sessionId": f"session-{i:08}",
        "version": "2.1.50", "gitBranch": "main",
    }  # fmt: skip
    for turn in range(TURNS):
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
                "timestamp": f"2026-11-01T10:{turn:02}:0{n}.123Z", "requestId": f"req_{i}_{turn}",
                "message": {
                    "id": f"msg_{i}_{turn}", "type": "message", "role": "assistant", "model": "claude-opus-4-6",
                    "content": [block], "stop_reason": None, "usage": {**usage, "output_tokens": 1 + 100 * n},
                },
            }  # fmt: skip
        result = {"tool_use_id": f"toolu_{i}_{turn}", "type": "tool_result", "content": TEXT * 8, "is_error": False}
        yield {
            "parentUuid": uuid, **common, "type": "user", "message": {"role": "user", "content": [result]},
            "uuid": uuid, "timestamp": f"2026-11-01T10:{turn:02}:05.123Z",
            "toolUseResult": {"stdout": TEXT * 8, "stderr": "", "interrupted": False, "isImage": False},
        }  # fmt: skip


def codex(i: int) -> Iterator[dict[str, Any]]:
    """Answers of reasoning, a tool, its result and counts each: lines of 1.1 kB."""
    begun, total = "2026-11-01T10:00:00.000Z", [0, 0, 0, 0, 0]
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
    yield {
        "timestamp": begun, "type": "session_meta",
        "payload": {"id": f"thread-{i:08}", "timestamp": begun, "source": "cli", "model_provider": "openai"},
    }  # fmt: skip
    yield {"timestamp": begun, "type": "turn_context", "payload": {"model": "gpt-5.6-sol", "cwd": "/home/someone"}}
    for turn in range(TURNS):
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
            yield {"timestamp": f"2026-11-01T10:{turn:02}:0{second + 2}.000Z", "type": kind, "payload": payload}


SESSIONS: dict[str, Callable[[int], Iterator[dict[str, Any]]]] = {"claude-code": claude_code, "codex": codex}
"""By name of a format: what writes the lines of a session of so many turns, each turn a call."""


def write(name: str, folder: Path, lines: int) -> int:
    """Write a log of at least so many lines, a file a session. Returns the number of its sessions."""
    make, written, sessions = SESSIONS[name], 0, 0
    while written < lines:
        made = [json.dumps(line, separators=(",", ":")) + "\n" for line in make(sessions)]
        (folder / f"{sessions:08}.jsonl").write_text("".join(made))
        written += len(made)
        sessions += 1
    return sessions


def measure(name: str, folder: Path, sessions: int) -> None:
    """Print the figures of one format."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    calls, reading = read_logs([folder], format=name)
    taken, used = time.perf_counter() - start, time.process_time() - cpu
    assert len(calls) == sessions * TURNS
    assert not reading.skipped
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(
        f"{name:12} {reading.lines / taken:10,.0f} lines/s ({reading.lines / used:,.0f} in CPU time), "
        f"{size / reading.lines:,.0f} bytes a line, {reading.lines:,} lines, {len(calls):,} calls, "
        f"peak {peak / 1024:,.0f} MiB, of which {before / 1024:,.0f} before reading, {size / 2**20:,.0f} MiB of log"
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        for format_name in sys.argv[1:] or SESSIONS:
            with tempfile.TemporaryDirectory() as scratch:
                n = write(format_name, Path(scratch), LINES)
                command = [sys.executable, "-m", "benchmarks.readers", format_name, scratch, str(n)]
                subprocess.run(command, check=True)
