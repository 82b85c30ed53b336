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


SESSIONS: dict[str, tuple[Callable[[int], Iterator[dict[str, Any]]], int]] = {"claude-code": (claude_code, 6)}
"""By name of a format: what writes a session's lines, and how many calls are in them."""


def write(name: str, file: Path, lines: int) -> int:
    """Write a log of at least so many lines. Returns the number of its sessions."""
    make, written, sessions = SESSIONS[name][0], 0, 0
    with file.open("w") as opened:
        while written < lines:
            for line in make(sessions):
                opened.write(json.dumps(line, separators=(",", ":")) + "\n")
                written += 1
            sessions += 1
    return sessions


def measure(name: str, file: Path, sessions: int) -> None:
    """Print the figures of one format."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    calls, reading = read_logs([file], format=name)
    taken, used = time.perf_counter() - start, time.process_time() - cpu
    assert len(calls) == sessions * SESSIONS[name][1]
    assert not reading.skipped
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = file.stat().st_size
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
                log = Path(scratch) / "log.jsonl"
                n = write(format_name, log, LINES)
                subprocess.run(
                    [sys.executable, "-m", __package__ + ".readers", format_name, str(log), str(n)], check=True
                )
