"""Mapped columns against a count in plain Python, and malformed logs of any kind: every line is somewhere."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError

FUZZ = settings(max_examples=60, deadline=None, derandomize=True, database=None)
ODD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
) | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
COUNTS = st.integers(-9, 40)
TOKENS = COUNTS | COUNTS | COUNTS | ODD
NAMES = st.none() | st.text(max_size=8) | st.text(max_size=8)
"""Mostly what a log has, so that the odd is not all that is met."""

FIELDS = {
    "columns": ("prompt_tokens completion_tokens cached_tokens", "timestamp session_id model cost status request_id"),
    "helicone": (
        "prompt_tokens completion_tokens prompt_cache_read_tokens response_status",
        "request_id request_created_at provider costUSD request_properties cache_reference_id response_model",
    ),
    "langfuse": ("total_cost", "id trace_id type start_time level session_id parent_observation_id tool_call_names"),
}
GOOD = {
    "columns": {"prompt_tokens": 10, "completion_tokens": 1},
    "helicone": {"request_id": "first", "request_created_at": None, "prompt_tokens": 5, "response_status": 200},
    "langfuse": {
        "id": "first",
        "type": "GENERATION",
        "trace_id": "t",
        "start_time": None,
        "usage_details": {"input": 1},
    },
}


def accounted(text: bytes, name: str, suffix: str) -> None:
    """Read, and find every line in one of the places where lines go."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"calls.{suffix}"
        path.write_bytes(text)
        try:
            calls, reading = read_logs([path], format=name)
        except LogError:
            return
        placed = len(calls) + calls.duplicates + reading.n_skipped + sum(reading.ignored.values())
        assert placed == reading.lines, (reading, len(calls))


def records(name: str) -> st.SearchStrategy[dict[str, Any]]:
    counts, others = FIELDS[name]
    fields: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(counts.split(), TOKENS)
    fields |= dict.fromkeys(others.split(), NAMES | ODD)
    if name == "langfuse":
        fields["type"] = st.sampled_from(["GENERATION", "GENERATION", "SPAN", "AGENT", ""]) | ODD.filter(
            lambda kind: kind != "TOOL"
        )
        fields["usage_details"] = st.dictionaries(st.sampled_from(["input", "output", "total"]), TOKENS, min_size=1)
    if name == "helicone":
        fields["response_status"] = st.sampled_from([200, 429, -2, -3]) | ODD
    return st.fixed_dictionaries({}, optional=fields)


@pytest.mark.parametrize("name", FIELDS)
def test_json_lines_of_any_kind_are_all_accounted_for(name: str) -> None:
    @FUZZ
    @given(st.lists(records(name).map(json.dumps) | st.sampled_from(["{", "nul", '"text"', "[1]", '{"a":', "\x00"])))
    def check(lines: list[str]) -> None:
        accounted("\n".join([json.dumps(GOOD[name]), *lines]).encode(), name, "jsonl")

    check()


@pytest.mark.parametrize("name", FIELDS)
def test_rows_of_any_kind_are_all_accounted_for(name: str) -> None:
    @FUZZ
    @given(
        st.lists(records(name)), st.lists(st.text(max_size=12).map(lambda text: f"x{text}".encode(errors="replace")))
    )
    def check(rows: list[dict[str, Any]], junk: list[bytes]) -> None:
        header = list(dict.fromkeys([*GOOD[name], *" ".join(FIELDS[name]).split()]))
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(header)
        for row in [GOOD[name], *rows]:
            cells = [row.get(field) for field in header]
            writer.writerow([json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in cells])
        accounted(buffer.getvalue().encode(errors="replace") + b"\n".join(junk), name, "csv")

    check()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_tokens_and_counts_against_plain_python(tmp_path: Path, kind: str) -> None:
    import pandas as pd

    rng = np.random.default_rng(5)
    rows = [
        {
            "session": f"s{rng.integers(40)}", "model": f"m{rng.integers(3)}", "prompt": int(rng.integers(500, 900)),
            "cached": int(rng.integers(0, 500)), "output": int(rng.integers(0, 99)),
            "status": str(rng.choice([200, 429])),
        }
        for _ in range(40_000)
    ]  # fmt: skip
    path = tmp_path / f"calls.{kind}"
    frame = pd.DataFrame(rows)
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path)
    calls, _ = read_logs([path])
    plain: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        sums = plain.setdefault((row["session"], row["model"]), [0] * 5)
        ok = row["status"] == "200"
        for i, n in enumerate((1, row["prompt"] - row["cached"], row["cached"], row["output"], int(ok))):
            sums[i] += n
    for (session, model), sums in plain.items():
        mine = calls.where(
            (calls["session"] == calls.names["session"].index(session))
            & (calls["model"] == calls.names["model"].index(model))
        )
        found = [
            len(mine),
            *(int(mine[name].sum()) for name in ("fresh", "cached", "output")),
            int((mine["failed"] == 0).sum()),
        ]
        assert found == sums
