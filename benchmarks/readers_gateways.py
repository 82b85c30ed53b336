"""Lines a second of the readers of gateways, in CPU time, each table checked before it is timed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.logs.formats import read_logs

TEXT = "What was asked, at some length. " * 12


def litellm(i: int) -> dict[str, Any]:
    usage = {"prompt_tokens": 5_000, "cache_read_input_tokens": 4_000, "cache_creation_input_tokens": 100}
    return {
        "request_id": f"chatcmpl-{i:x}", "call_type": "acompletion", "api_key": "88dc28d0f030c55ed4ab77ed8faf0981",
        "spend": 0.00123,
        "total_tokens": 5_300, "prompt_tokens": 5_000, "completion_tokens": 300,
        "startTime": "2026-11-02T10:00:00.123Z",
        "endTime": "2026-11-02T10:00:03.123Z", "model": "claude-sonnet-4-6", "custom_llm_provider": "anthropic",
        "user": "u1",
        "metadata": {"status": "success", "usage_object": usage, "attempted_retries": 0}, "cache_hit": "False",
        "team_id": "t1",
        "end_user": f"e{i % 50}", "session_id": f"s{i // 10}", "status": "success", "messages": [{"content": TEXT}],
    }  # fmt: skip


def langfuse(i: int) -> dict[str, Any]:
    return {
        "id": f"g{i}", "trace_id": f"t{i // 5}", "parent_observation_id": f"a{i // 5}", "type": "GENERATION",
        "name": "chat",
        "start_time": "2026-11-02T10:00:00.5Z", "provided_model_name": "gpt-5", "total_cost": 0.01, "level": "DEFAULT",
        "usage_details": {"input": 1_000, "output": 100, "input_cached_tokens": 400, "total": 1_100},
        "session_id": f"s{i // 10}",
        "user_id": "u1", "trace_name": "support", "input": TEXT, "output": TEXT,
    }  # fmt: skip


def helicone(i: int) -> dict[str, Any]:
    return {
        "request_id": f"h{i}", "request_created_at": "2026-11-02T10:00:00Z", "response_model": "gpt-5",
        "provider": "OPENAI",
        "prompt_tokens": 1_000, "completion_tokens": 100, "prompt_cache_read_tokens": 400, "costUSD": 0.01,
        "response_status": 200,
        "request_properties": {"Helicone-Session-Id": f"s{i // 10}"}, "request_user_id": "u1", "request_body": TEXT,
    }  # fmt: skip


def main(folder: Path, n: int = 100_000) -> None:
    made: dict[str, Callable[[int], dict[str, Any]]] = {"litellm": litellm, "langfuse": langfuse, "helicone": helicone}
    for name, record in made.items():
        file = folder / f"{name}.jsonl"
        file.write_text("".join(json.dumps(record(i)) + "\n" for i in range(n)))
        read_logs([file], format=name)
        start = time.process_time()
        calls, reading = read_logs([file], format=name)
        taken = time.process_time() - start
        assert len(calls) == n
        assert not reading.skipped
        print(f"{name:10} {n / taken:10,.0f} lines a second, {file.stat().st_size / n:,.0f} bytes a line")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
