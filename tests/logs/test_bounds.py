"""Texts of messages leave no trace in any format, and cost no memory, however long they are."""

from __future__ import annotations

import csv
import gzip
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.logs.formats import formats, read_logs

SAMPLES = Path(__file__).parent / "samples"
MARKER = "TEXT-THAT-MUST-NOT-STAY"
TEXTS = (
    *("content", "input", "output", "messages", "response", "prompt", "text", "request_body", "response_body"),
    *("prompt_text", "completion", "body", "proxy_server_request", "thinking", "arguments", "result"),
    *("toolUseResult", "message_text", "reasoning_content"),
)
"""Fields that hold texts of messages wherever they hold text, or anything that is not a count."""

FLAT = ("columns", "litellm", "langfuse", "helicone")
READ = """
import sys
from pathlib import Path
from scenarios.logs.formats import read_logs
calls, reading = read_logs([sys.argv[1]])
status = Path("/proc/self/status").read_text()
print(len(calls), reading.n_skipped, int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def marked(value: Any) -> Any:
    """Put the marker into every text of a record that is no name, and beside them where there were none."""
    if isinstance(value, list):
        return [marked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _with_marker(item) if key in TEXTS else marked(item) for key, item in value.items()}


def _with_marker(value: Any) -> Any:
    if isinstance(value, str):
        return f"{MARKER} {value} {MARKER}"
    if isinstance(value, list):
        return [_with_marker(item) for item in value]
    return {key: item if key in {"type", "id", "name", "role", "tool_use_id", "model"} else _with_marker(item)
            for key, item in value.items()} if isinstance(value, dict) else value  # fmt: skip


def records(sample: Path) -> list[dict[str, Any]]:
    """Records of a sample that are whole."""
    if sample.suffix == ".csv":
        with sample.open(newline="") as file:
            return list(csv.DictReader(file))
    whole = []
    for line in sample.read_text().splitlines():
        try:
            whole.append(json.loads(line))
        except ValueError:
            continue
    return [record for record in whole if isinstance(record, dict)]


def samples() -> list[Any]:
    kinds = [name for name, kind in formats().items() if kind.gives_calls]
    found = [(name, path) for name in kinds for path in sorted((SAMPLES / name).rglob("*")) if path.is_file()]
    return [
        pytest.param(name, path, shape, id=f"{shape}-{name}-{path.name}")
        for name, path in found
        if records(path) and not path.name.endswith(".meta.json")  # what goes with a transcript is no log by itself
        for shape in (["same", "csv", "parquet"] if name in FLAT else ["same"])
    ]


@pytest.mark.parametrize(("name", "sample", "shape"), samples())
def test_no_text_stays(name: str, sample: Path, shape: str, tmp_path: Path) -> None:
    rows = [marked({**record, **({key: "" for key in TEXTS if key not in record} if flat(sample, name) else {})})
            for record in records(sample)]  # fmt: skip
    path = tmp_path / (sample.name if shape == "same" else f"calls.{shape}")
    write(path, rows, sample)
    assert MARKER.encode() in path.read_bytes() or not flat(sample, name)
    calls, reading = read_logs([path], format=name)
    assert MARKER.encode() not in pickle.dumps((calls, reading))


def flat(sample: Path, name: str) -> bool:
    return name in FLAT or sample.suffix == ".csv"


def write(path: Path, rows: list[dict[str, Any]], sample: Path) -> None:
    if path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n")
        return
    columns = list(dict.fromkeys(key for row in rows for key in row if key))
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    if path.suffix == ".csv":
        buffer = io.StringIO()
        csv.writer(buffer).writerows([columns, *cells])
        path.write_text(buffer.getvalue())
    else:
        import pyarrow as pa
        from pyarrow import parquet

        table = {key: [None if cell is None else str(cell) for cell in each]
                 for key, each in zip(columns, zip(*cells, strict=True), strict=True)}  # fmt: skip
        parquet.write_table(pa.table(table), path, compression="none")


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


N = 30_000


def _row(i: int, text: str) -> dict[str, Any]:
    return {
        "request_id": f"r{i}", "timestamp": 1_793_610_000 + i, "session_id": f"s{i // 10}", "model": "gpt-5",
        "prompt_tokens": 1_000 + i % 900, "completion_tokens": i % 300, "messages": f"{text}\n\"{text}",
    }  # fmt: skip


def _jsonl(path: Path, text: str, opened: Callable[..., Any] = open) -> None:
    with opened(path, "wt") as file:
        file.writelines(json.dumps(_row(i, text)) + "\n" for i in range(N))


def _csv(path: Path, text: str, opened: Callable[..., Any] = open) -> None:
    with opened(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, list(_row(0, "")))
        writer.writeheader()
        writer.writerows(_row(i, text) for i in range(N))


def _peak(path: Path) -> float:
    told = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True).stdout
    n, skipped, peak = told.split()
    assert (int(n), int(skipped)) == (N, 0)
    return float(peak)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "jsonl.gz", "csv.gz"])
def test_memory_does_not_grow_with_texts(tmp_path: Path, suffix: str) -> None:
    write = _jsonl if suffix.startswith("jsonl") else _csv
    peaks = []
    for length in (10, 600):
        path = tmp_path / f"calls{length}.{suffix}"
        write(path, "x" * length, gzip.open if suffix.endswith("gz") else open)
        peaks.append(_peak(path))
        path.unlink()
    # Kept, the longer texts alone would be 2 x 590 bytes a row, 35 MB.
    assert peaks[1] - peaks[0] < 2 * 590 * N / 4 / 1e6, peaks
