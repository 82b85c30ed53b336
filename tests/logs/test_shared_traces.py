"""The real traces, held against what their own facts say of them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from scenarios.logs.formats import read_logs


def test_coding_trace_is_what_a_plain_recount_says(shared: Path) -> None:
    file = shared / "data" / "claude_code_calls.csv.gz"
    calls, reading = read_logs([file])
    with gzip.open(file, "rt") as text:
        rows = [row for row in csv.DictReader(text) if row["type"] != "subagent"]
    assert reading.calls == len(calls) == len(rows) == 23_704
    assert reading.ignored == {"start of a sub-agent": 25}
    assert int(calls.prompt.sum()) == sum(int(float(row["in"])) for row in rows)
    assert int(calls["output"].sum()) == sum(int(float(row["out"])) for row in rows)
    assert int(calls["cached"].sum()) == _cached(rows)
    assert calls["readable"].sum() / calls.prompt.sum() == pytest.approx(0.9604, abs=5e-4)
    assert len(np.unique(calls["session"])) == 340
    assert len(np.unique(calls["instance"])) == 340 + 25
    assert not calls.dated


def _cached(rows: list[dict[str, str]]) -> int:
    last: dict[tuple[str, str], float] = {}
    cached = 0
    for row in sorted(rows, key=lambda row: (row["trace_id"], row["agent"], float(row["t"]), int(row["idx"]))):
        key, time = (row["trace_id"], row["agent"]), float(row["t"])
        if key in last and time - last[key] <= 300:
            cached += min(64 * int(float(row["prefix_hit"])), int(float(row["in"])))
        last[key] = time
    return cached


def test_requests_have_dates_and_no_sessions(shared: Path) -> None:
    calls, _ = read_logs([shared / "data" / "AzureLLMInferenceTrace_conv.csv.gz"])
    assert len(calls) == 19_366
    assert calls.dated
    assert (calls["session"] == -1).all()
    assert np.quantile(calls["fresh"], 0.5) == pytest.approx(1_020, abs=1)


def test_tool_runs_have_outcomes_and_tools(shared: Path) -> None:
    calls, _ = read_logs([shared / "data" / "taubench_airline_gpt4o_calls.csv.gz"])
    assert len(calls) == 2_454
    assert len(np.unique(calls["session"])) == 200
    assert set(np.unique(calls["outcome"])) == {0.0, 1.0}
    assert len(calls.tools) == 1_164
