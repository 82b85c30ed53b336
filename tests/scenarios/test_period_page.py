"""The page on periods: its examples load, and it tells of every key that a period shares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from scenarios.lint import lint
from scenarios.load import load, read_yaml
from scenarios.period import PeakHour, Spent
from scenarios.prices import resolve_prices
from scenarios.risks import Control, Event

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "period.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FEW_LINES = 4

BASE: dict[str, Any] = {
    "as_of": "2026-12-13",
    "period": "2026-12",
    "budget": "90k",
    "models": {"frontier": {"input": 5, "output": 25}, "cheap": {"input": 0.4, "output": 1.2}},
    "volume": {"sessions_per_day": "9k"},
    "drivers": {"volume": "0.7 to 1.5"},
    "agents": {
        "chat": {"model": "frontier", "output_tokens": {"p50": 250, "p95": 1_200}, "retry": {"failure_rate": "3%"}}
    },
}


HEAVY = "volume.sessions_per_user_day"  # the page says that check looks at it


@pytest.mark.parametrize("example", EXAMPLES, ids=[re.sub(r"\W+", " ", text)[:40] for text in EXAMPLES])
def test_an_example_is_short_and_stands_in_a_scenario_as_it_is(example: str) -> None:
    assert len(example.splitlines()) <= FEW_LINES
    scenario = load(BASE | read_yaml(example, "period.md", None, []))
    found = {one.path for one in lint(scenario, resolve_prices(scenario).cards)} - {"models.cheap"}
    assert found == ({HEAVY} if "cv: 2.5" in example else set())


def test_there_are_examples_of_all_of_it() -> None:
    written = "\n".join(EXAMPLES)
    keys = {*Event.model_fields, *Control.model_fields, *PeakHour.model_fields, *Spent.model_fields} - {"stop"}
    keys |= {"drivers", "trends", "correlation", "rollout", "users", "sessions_per_user_day"}
    assert [key for key in sorted(keys) if f"{key}:" not in written] == []
    assert "`stop: true`" in PAGE
    assert len(EXAMPLES) == PAGE.count("```yaml")
