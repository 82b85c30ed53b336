"""The page about the numbers of a run names every metric, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.risk.conditions import parse_condition
from simulator.risk.metrics import METRICS, SHORT_NAMES
from tests.show import braked

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "result.md").read_text(encoding="utf-8")
_, LIMITS, LISTS, *_ = PAGE.split("\n## ")


def documented() -> list[str]:
    """`a.b.mean`, `.p50` is a.b.mean and a.b.p50."""
    paths: list[str] = []
    for row in re.findall(r"^\| (`.*?) \|", LIMITS, re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", row):
            paths.append(paths[-1].rpartition(".")[0] + name if name.startswith(".") else name)
    return paths


def test_every_metric_is_documented_once() -> None:
    assert sorted(documented()) == sorted(METRICS)


@pytest.mark.parametrize("path", re.findall(r"`((?:\w+\.)+\d+(?:\.\w+)*)`", LIMITS))
def test_what_lies_in_lists_can_be_limited(path: str) -> None:
    assert parse_condition(f"{path}>1k", has_budget=True).metric == path


def test_metrics_may_be_written_in_capitals() -> None:
    for path in (*METRICS, *SHORT_NAMES):
        assert parse_condition(f"{path.upper()}>1", has_budget=True).metric == path


def test_lists_and_tables_are_where_the_page_says() -> None:
    result = braked.all_at_once()
    values = result.to_dict()
    for row in re.findall(r"^\|(.*)\|$", LISTS, re.MULTILINE):
        keys, attributes, _ = row.split("|")
        for key in re.findall(r"`([\w.]+)`", keys):
            found = values
            for part in key.split("."):
                assert part in found
                found = found[part]
        for attribute in re.findall(r"`r\.([\w.]+)`", attributes):
            owner = result
            for part in attribute.split("."):
                assert hasattr(owner, part)
                owner = getattr(owner, part)
