"""Lines a second of every reader of logs, in processor time, and the peak memory of a process that does nothing else.

Of exports of OpenTelemetry it is spans or events a second.
One generator a kind of file, in `MADE`. Each table is counted before its figure is believed.
"""

from __future__ import annotations

import csv
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.readers_agents import AGENTS
from benchmarks.readers_spans import SPANS

TEXT = "What was asked, at some length. " * 12
LINES = 200_000
WANTED = 100_000
"""Lines a second."""

Maker = Callable[[Path, int], Path]
MADE: dict[str, Maker] = AGENTS | SPANS
"""By the name of a format, and what kind of file: how to write one of so many lines into a folder."""


def made(name: str) -> Callable[[Maker], Maker]:
    """Register a generator of files."""

    def register(maker: Maker) -> Maker:
        MADE[name] = maker
        return maker

    return register


def lines(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """Write JSON lines."""
    with path.open("w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return path


def table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """Write csv."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def stamp(i: int) -> str:
    """A time of its own for every call, ten seconds after the last."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_793_610_000 + 10 * i)) + ".123Z"


CALL = (
    "request_id", "timestamp", "session_id", "model", "prompt_tokens", "completion_tokens", "cached_tokens", "cost",
    "status", "user_id",
)  # fmt: skip


def call(i: int) -> tuple[Any, ...]:
    """One row of a log that an application keeps itself."""
    return (
        f"r{i:x}",
        stamp(i),
        f"s{i // 10}",
        "gpt-5",
        1_000 + i % 7_000,
        50 + i % 300,
        512,
        0.0125,
        "ok",
        f"u{i % 999}",
    )


@made("columns csv")
def columns_csv(folder: Path, n: int) -> Path:
    """A log of ordinary rows."""
    return table(folder / "calls.csv", CALL, (call(i) for i in range(n)))


@made("columns csv with texts")
def columns_texts(folder: Path, n: int) -> Path:
    """The same with a message in each row, over several lines."""
    rows = ((*call(i), f'{TEXT}\n"{TEXT}"') for i in range(n))
    return table(folder / "texts.csv", (*CALL, "messages"), rows)


@made("columns jsonl")
def columns_jsonl(folder: Path, n: int) -> Path:
    """The same as JSON lines, flat."""
    return lines(folder / "calls.jsonl", (dict(zip(CALL, call(i), strict=True)) for i in range(n)))


@made("columns jsonl with texts")
def columns_jsonl_texts(folder: Path, n: int) -> Path:
    """The same with messages, a kilobyte a line."""
    messages = [{"role": "user", "content": TEXT * 2}]
    records = ({**dict(zip(CALL, call(i), strict=True)), "messages": messages} for i in range(n))
    return lines(folder / "texts.jsonl", records)


@made("columns parquet")
def columns_parquet(folder: Path, n: int) -> Path:
    """The same as Parquet."""
    import pandas as pd

    path = folder / "calls.parquet"
    pd.DataFrame([call(i) for i in range(n)], columns=list(CALL)).to_parquet(path, index=False)
    return path


@made("coding-trace csv")
def coding_trace(folder: Path, n: int) -> Path:
    """The coding traces' columns."""
    header = ("trace_id", "agent", "idx", "t", "type", "model", "in", "out", "n_hash", "prefix_hit", "seen_hit", "stop")
    rows = (
        (f"t{i // 50}", "main", i % 50, i % 50 * 20.5, "n", "claude-opus", 1000.0 + i % 9000, 50.0, 15.0, 9.0, 9.0, "x")
        for i in range(n)
    )
    return table(folder / "trace.csv", header, rows)


@made("azure-trace csv")
def azure_trace(folder: Path, n: int) -> Path:
    """Requests without sessions."""
    rows = ((stamp(i).replace("T", " ")[:-1] + "4567", 400 + i % 4000, 30) for i in range(n))
    return table(folder / "requests.csv", ("TIMESTAMP", "ContextTokens", "GeneratedTokens"), rows)


@made("tau-bench csv")
def tau_bench(folder: Path, n: int) -> Path:
    """Calls of a benchmark of tools."""
    header = (
        "task_id", "trial", "reward", "user_cost", "call_idx", "input_tokens", "output_tokens", "is_tool_call",
        "n_tool_calls",
    )  # fmt: skip
    rows = ((i // 100, i // 20 % 5, 1.0, 0.01, i % 20, 1000 + i % 20 * 90, 20, True, i % 2) for i in range(n))
    return table(folder / "run.csv", header, rows)


def spend(i: int) -> dict[str, Any]:
    """A row of LiteLLM's."""
    usage = {"prompt_tokens": 5_000, "cache_read_input_tokens": 4_000, "cache_creation_input_tokens": 100}
    return {
        "request_id": f"chatcmpl-{i:x}", "call_type": "acompletion", "api_key": "88dc28d0f030c55ed4ab77ed8faf0981",
        "spend": 0.00123, "total_tokens": 5_300, "prompt_tokens": 5_000, "completion_tokens": 300,
        "startTime": stamp(i), "endTime": stamp(i), "model": "claude-sonnet-4-6",
        "custom_llm_provider": "anthropic", "user": "u1",
        "metadata": {"status": "success", "usage_object": usage, "attempted_retries": 0}, "cache_hit": "False",
        "team_id": "t1", "end_user": f"e{i % 50}", "session_id": f"s{i // 10}", "status": "success",
        "messages": [{"content": TEXT}],
    }  # fmt: skip


def observation(i: int) -> dict[str, Any]:
    """A row of Langfuse's: of eight in a trace an agent, which is written last, two tools and five calls."""
    trace, place = divmod(i, 8)
    kind = "AGENT" if place == 7 else "TOOL" if place in {2, 5} else "GENERATION"
    usage = {"input": 1_000, "output": 100, "input_cached_tokens": 400, "total": 1_100}
    return {
        "id": f"a{trace}" if kind == "AGENT" else f"g{i}", "trace_id": f"t{trace}",
        "parent_observation_id": "" if kind == "AGENT" else f"a{trace}", "type": kind, "name": kind.lower(),
        "start_time": stamp(i), "provided_model_name": "gpt-5" if kind == "GENERATION" else None, "total_cost": 0.01,
        "level": "DEFAULT", "usage_details": usage if kind == "GENERATION" else {}, "session_id": f"s{trace // 2}",
        "user_id": "u1", "trace_name": "support", "input": TEXT, "output": TEXT,
    }  # fmt: skip


def request(i: int) -> dict[str, Any]:
    """A row of Helicone's."""
    return {
        "request_id": f"h{i}", "request_created_at": stamp(i), "response_model": "gpt-5", "provider": "OPENAI",
        "prompt_tokens": 1_000, "completion_tokens": 100, "prompt_cache_read_tokens": 400, "costUSD": 0.01,
        "response_status": 200, "request_properties": {"Helicone-Session-Id": f"s{i // 10}"},
        "request_user_id": "u1", "request_body": TEXT,
    }  # fmt: skip


CALLS_A_LINE = {
    "claude-code jsonl": 1 / 4, "codex jsonl": 6 / 26, "langfuse jsonl": 5 / 8, "otlp jsonl": 1 / 2,
    "claude-code-events jsonl": 1 / 2,
}  # fmt: skip
"""Of formats in which not every line is a call; of exports, every span or event."""

GATEWAYS = {"litellm": spend, "langfuse": observation, "helicone": request}


def _gateway(name: str) -> None:
    record = GATEWAYS[name]

    @made(f"{name} jsonl")
    def write(folder: Path, n: int) -> Path:
        return lines(folder / f"{name}.jsonl", map(record, range(n)))


for _name in GATEWAYS:
    _gateway(_name)


def read(path: Path, kind: str) -> None:
    """Read a file in this process, and print its calls, lines, seconds of processor time and peak memory in MB."""
    from scenarios.logs.format import FORMATS
    from scenarios.logs.formats import read_logs

    read_logs([path.with_name(f"few-{path.name}")])  # what is imported late is imported now
    start = time.process_time()
    calls, reading = read_logs([path])
    taken = time.process_time() - start
    assert not reading.skipped, reading.skipped
    assert reading.format == FORMATS[kind].title, reading.format
    print(len(calls), reading.lines, taken, _peak())


def _peak() -> float:
    """Most memory in MB that this process has had; what its parent had before it is no part."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1]) / 1024  # type: ignore[index]


def measured(name: str, n: int, folder: Path) -> tuple[float, float, float]:
    """Lines a second, peak memory in MB, and bytes a line of a generated file."""
    maker = MADE[name]
    few = maker(folder, 100)
    few.replace(few.with_name(f"few-{few.name}"))
    path = maker(folder, n)
    asked = [sys.executable, "-m", "benchmarks.readers", "--read", str(path), name.split(maxsplit=1)[0]]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    n_calls, n_lines = int(told[0]), n if name in SPANS else int(told[1])
    assert n_calls == int(n_lines * CALLS_A_LINE.get(name, 1)), name
    files = [file for file in (path, *path.rglob("*")) if file.is_file()]
    size = sum(file.stat().st_size for file in files) / n_lines
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return n_lines / float(told[2]), float(told[3]), size


def main(names: Sequence[str], n: int) -> None:
    """Print the figures of some kinds of files, or of all."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or list(MADE):
            speed, peak, size = measured(name, n, Path(scratch))
            late = "" if speed >= WANTED else f"   BELOW {WANTED:,}"
            print(f"{name:26}{speed:12,.0f} lines a second{peak:8,.0f} MB{size:8,.0f} bytes a line{late}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(Path(sys.argv[2]), sys.argv[3])
    else:
        chosen = [name for name in MADE if any(word in name for word in sys.argv[1:])]
        main(chosen, LINES)
