"""The table of calls: duplicates, order, names, tools."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from scenarios.logs.codes import NONE
from scenarios.logs.reading import Reading
from scenarios.logs.source import Source
from scenarios.logs.table import COLUMNS, Rows

_WHOSE = ("output", "instance", "parent")


def test_of_one_request_the_largest_record_stays_and_has_the_tools_of_all() -> None:
    rows = Rows("session", "time", "output", "record")
    first = rows.append("a", 2.0, 5, "m1")
    rows.append("a", 1.0, 7, "")
    larger = rows.append("a", 2.0, 50, "m1")
    rows.tool(first, "read", use="t1")
    rows.tool(larger, "grep", use="t2")
    rows.tool(larger, "read", use="t1")
    assert rows.result("t1", 30)
    assert not rows.result("t3", 30)
    calls = rows.finish(dated=True)
    assert calls["output"].tolist() == [7, 50]
    assert calls.duplicates == 1
    assert [(call, calls.names["tool"][tool], tokens) for call, tool, tokens, _ in calls.tools.tolist()] == [
        (1, "read", 30),
        (1, "grep", NONE),
    ]


def test_calls_are_sorted_and_unknown_times_keep_the_order_of_reading() -> None:
    rows = Rows("session", "instance", "time", "output")
    for row in (
        ("b", "b/x", np.nan, 1),
        ("a", None, 3.0, 2),
        ("b", "b/x", np.nan, 3),
        ("a", None, 1.0, 4),
        (None, None, 0.0, 5),
    ):
        rows.append(*row)
    calls = rows.finish(dated=False)
    assert calls["output"].tolist() == [5, 1, 3, 4, 2]
    assert [calls.names["instance"][code] if code >= 0 else None for code in calls["instance"]] == [
        None,
        "b/x",
        "b/x",
        "a",
        "a",
    ]


def test_agents_without_instances_are_one_each_a_session_started_by_the_first_to_call() -> None:
    rows = Rows("session", "agent", "time", "output")
    for row in (
        ("b", "solver", np.nan, 1),
        ("b", "planner", np.nan, 2),
        ("a", "solver", 2.0, 3),
        ("a", "planner", 1.0, 4),
        ("a", "planner", 3.0, 5),
        ("a", None, 4.0, 6),
        (None, "solver", 5.0, 7),
    ):
        rows.append(*row)
    calls = rows.finish(dated=False)
    names = [*calls.names["instance"], None]
    found = {row: (names[own], names[above]) for row, own, above in zip(*map(calls.__getitem__, _WHOSE), strict=True)}
    assert found == {
        1: ("b", None), 2: ("b/planner", "b"), 3: ("a/solver", "a"), 4: ("a", None), 5: ("a", None), 6: ("a/", "a"),
        7: (None, None),
    }  # fmt: skip
    rows.extend(session=["c", "c"], agent=["x", "y"], instance=["one", "one"], output=[8, 9])
    assert np.unique(rows.finish(dated=False)["parent"]).tolist() == [NONE]


def test_columns_and_rows_give_the_same_table() -> None:
    by_row = Rows("session", "model", "fresh", "record")
    for i in range(100_000):
        by_row.append(f"s{i % 7}", "m", i, f"r{i}")
    by_column = Rows()
    half = [f"s{i % 7}" for i in range(50_000)], [f"s{i % 7}" for i in range(50_000, 100_000)]
    for sessions, first in zip(half, (0, 50_000), strict=True):
        n = range(first, first + 50_000)
        assert (
            by_column.extend(session=sessions, model=["m"] * 50_000, fresh=list(n), record=[f"r{i}" for i in n])
            == first
        )
    one, two = by_row.finish(dated=True), by_column.finish(dated=True)
    for column in COLUMNS:
        np.testing.assert_array_equal(one[column.name], two[column.name])


def test_a_mask_keeps_the_tools_of_the_calls_that_it_keeps() -> None:
    rows = Rows("session", "output")
    for i in range(4):
        rows.tool(rows.append("a", i), f"tool{i}")
    kept = rows.finish(dated=False).where(np.array([False, True, False, True]))
    assert kept["output"].tolist() == [1, 3]
    assert kept.tools["call"].tolist() == [0, 1]
    assert [kept.names["tool"][code] for code in kept.tools["tool"]] == ["tool1", "tool3"]


def test_lines_of_a_file_that_is_cut_off_are_read_and_the_loss_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"n": %d}\n' % i for i in range(200_000)))
    file = tmp_path / "calls.jsonl.gz"
    file.write_bytes(whole[: len(whole) // 2])
    reading = Reading()
    numbers = [number for number, _ in Source(file, reading).lines()]
    assert 1_000 < len(numbers) < 200_000
    (cut,) = reading.cuts
    assert f"is cut off after line {len(numbers):,}:" in cut
    assert reading.lines == len(numbers)


def test_progress_comes_by_bytes_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_bytes(b'{"n": 1}\n' * 200_000)
    seen = []
    source = Source(file, Reading(), seen.append, before=10, total=10 + file.stat().st_size)
    assert sum(1 for _ in source.lines()) == 200_000
    assert [progress.lines for progress in seen] == [32_768 * k for k in range(1, 7)]
    assert all(10 < progress.done_bytes <= progress.total_bytes for progress in seen)
