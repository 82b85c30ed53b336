"""Every field of every record, of every wrong type and size: no traceback, and nothing that can't be in a table."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs.cells import LAST_DATE
from scenarios.logs.codes import NONE
from scenarios.logs.costs import MOST_COST
from scenarios.logs.formats import read_logs
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls

SAMPLES = Path(__file__).parent / "samples"
NAMES = ("claude-code", "claude-code-events", "codex", "helicone", "langfuse", "litellm", "otlp")
WRONG = {
    "null": "null", "true": "true", "below zero": "-5", "huge": "1e30", "past int64": "9" * 30, "past all": "9" * 400,
    "broken": "12.7", "text": '"x"', "no text": '""', "nan": '"nan"', "count as text": '"99999999999999999999"',
    "list": "[[1]]", "object": '{"a":{}}', "list of nothing": "[null]", "deep": "[" * 3_000 + "]" * 3_000,
    "half a letter": '"\\ud800"', "late": '"9999-12-31T23:59:59-14:00"', "early": '"0001-01-01T00:00:00+14:00"',
}  # fmt: skip
DEEPEST_LIST = 3


def records(name: str) -> Iterator[dict[str, Any]]:
    for path in sorted((SAMPLES / name).rglob("*.jsonl")):
        for line in path.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for number in range(min(len(value), DEEPEST_LIST)):
            yield from places(value[number], (*path, number))


def changed(record: dict[str, Any], path: tuple[str | int, ...], written: str) -> str:
    made: Any = copy.deepcopy(record)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "@wrong@"
    return json.dumps(made).replace('"@wrong@"', written)


@pytest.fixture(scope="module")
def fields() -> dict[str, list[tuple[dict[str, Any], tuple[str | int, ...]]]]:
    """Of each format a record for every place that is in any."""
    found = {}
    for name in NAMES:
        known: dict[Any, tuple[dict[str, Any], tuple[str | int, ...]]] = {}
        for record in records(name):
            said = record.get("payload")
            kind = record.get("type"), record.get("subtype"), said.get("type") if isinstance(said, dict) else None
            for path in places(record):
                known.setdefault((*kind, path), (record, path))
        found[name] = list(known.values())
    return found


def assert_a_table(calls: Calls) -> None:
    for column in ("fresh", "cached", "written", "written_1h", "output", "reasoning"):
        assert calls[column].min() >= 0, column
        assert calls[column].max() <= 1e12, column
    assert np.all(calls["written_1h"] <= calls["written"])
    time, cost = (calls[name][~np.isnan(calls[name])] for name in ("time", "cost"))
    assert np.all((time >= 0) & (time <= LAST_DATE))
    assert np.all((cost >= 0) & (cost <= MOST_COST))
    assert set(calls["failed"].tolist()) <= {OK, PROVIDER, QUALITY}
    assert np.all((calls["parent"] == NONE) | (calls["parent"] != calls["instance"]))
    assert np.all((calls.tools["call"] >= 0) & (calls.tools["call"] < len(calls)))


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_a_wrong_kind_is_told_or_left_open(name: str, wrong: str, fields: Any, tmp_path: Path) -> None:
    lines = [changed(record, path, WRONG[wrong]) for record, path in fields[name]]
    whole = [json.dumps(record) for record in records(name)]
    (tmp_path / "log.jsonl").write_text("\n".join([*whole, *lines, *whole]))
    calls, reading = read_logs([tmp_path], format=name)
    assert_a_table(calls)
    assert reading.lines == len(lines) + 2 * len(whole)
