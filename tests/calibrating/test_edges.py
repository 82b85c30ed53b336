"""Logs with next to nothing in them still become scenarios that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.learnings import Learnings, Options
from scenarios.load import load
from scenarios.logs.table import Calls, Rows
from tests.calibrating.making import Keeper, World


def _calls(**columns: Any) -> Calls:
    rows = Rows()
    rows.extend(**columns)
    return rows.finish(dated=False)


LOGS = {
    "one call": {"fresh": [10], "output": [5]},
    "one session": {"session": ["a"] * 3, "fresh": [10, 20, 40], "output": [5, 5, 5]},
    "nothing but zeros": {"session": ["a", "a", "b"], "fresh": [0, 0, 0]},
    "zeros without sessions": {"fresh": [0, 0, 0]},
    "prompts that shrink": {"session": ["a"] * 4, "fresh": [90, 50, 40, 30], "cached": [0, 5, 5, 5]},
    "all failed": {"session": ["a"] * 4, "fresh": [10, 20, 40, 90], "failed": [1, 1, 2, 1]},
    "summaries only": {"session": ["a"] * 2, "fresh": [10, 5], "summary": [True, True]},
    "all cached": {"session": ["a"] * 30, "cached": list(range(100, 3_100, 100)), "time": list(range(30))},
    "names of many kinds": {
        "session": ["a", "b"],
        "fresh": [10, 5],
        "agent": ["Main!!", "日本"],
        "feature": ["1", "2"],
    },
    "names longer than a scenario takes": {
        "session": [f"s{i}" for i in range(60)],
        "instance": [f"s{i}" for i in range(60)],
        "fresh": [10] * 60,
        "agent": ["a" * 500 if i % 2 else "b" * 500 for i in range(60)],
        "feature": ["c" * 500 if i % 3 else "d" * 500 for i in range(60)],
    },
    "batch": {"session": ["a", "b"], "fresh": [10, 5], "tier": ["batch", "batch"], "model": ["x", "y"]},
    "no outputs": {"session": ["a"] * 40, "fresh": list(range(100, 4_100, 100))},
}


def _document(learnings: Learnings) -> Mapping[str, Any]:
    prices = {"m": {"input": 1, "output": 5}}
    moved = {"difficulty": learnings.difficulty} if learnings.difficulty else {}
    sections = {"agents": dict(learnings.agents), "features": dict(learnings.features), "models": prices}
    return {"name": "learnt", "period": "2026-12", "volume": {"sessions_per_day": 10}} | sections | moved


@pytest.mark.parametrize("log", LOGS)
def test_poor_logs_become_scenarios(log: str) -> None:
    learnings = learn_agents(_calls(**LOGS[log]), Options(choose=Keeper(), model_name=lambda *_: "m"))
    scenario = load(dict(_document(learnings)))
    assert sum(feature.share for feature in scenario.features.values()) == pytest.approx(1)


def test_all_that_is_learnt_can_be_read_together() -> None:
    world = World(sessions=200, turns=40, limit=9_000, summary=1_500, loads=(0.3, 0.3, 0.3))
    learnings = learn_agents(world.log(), Options(choose=Keeper(), model_name=lambda *_: "m"))
    (agent,) = load(dict(_document(learnings))).agents.values()
    assert agent.sensitivity.message_tokens > 0
    assert {one.path for one in learnings.learnt} >= {"agents.agent.turns", "agents.agent.message_tokens", "difficulty"}


def test_a_log_without_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="no calls"):
        learn_agents(_calls(fresh=[]), Options())


def test_what_was_observed_is_told_by_session() -> None:
    calls = World(sessions=50).log()
    sessions = learn_agents(calls, Keeper().options).sessions
    assert len(sessions) == 50
    assert sessions.calls.sum() == len(calls)
    assert np.array_equal(np.bincount(sessions.of_call), sessions.calls)
    assert sessions.input.sum() == calls.prompt.sum()
    assert sessions.output.sum() == calls["output"].sum()
    assert sessions.cost is None
