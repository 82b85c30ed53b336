"""What a run refuses so far is read off the marks on the fields."""

from __future__ import annotations

from scenarios.load import load
from scenarios.pending import pending
from scenarios.problems import dotted
from tests.scenarios.test_bad_input import GOOD
from tests.scenarios.test_reference import _plain


def test_what_is_asked_for_is_named_once_at_its_highest_place() -> None:
    source = _plain(GOOD)
    source["agents"]["judge"]["model"] = {"cascade": ["cheap", "dear"], "escalate_rate": 0.1}
    source["agents"]["judge"]["batch"] = True
    source["features"]["a.b"] = source["features"].pop("build")
    assert {dotted(path): what for path, what in pending(load(source))} == {
        'features."a.b".guardrails': "guardrails",
        'features."a.b".human_review': "human review",
        "agents.coder.tools": "tools",
        "agents.coder.spawns": "agents that spawn agents",
        "agents.coder.checked_by": "validators",
        "agents.judge.model.cascade": "cascades of models",
        "agents.judge.batch": "batch processing",
        "drivers.correlation": "correlated drivers",
        "events": "events",
        "controls": "controls",
    }


def test_neutral_values_ask_for_nothing() -> None:
    source = {
        "volume": {"sessions_per_day": 10},
        "models": {"m": {"input": 1, "output": 2}},
        "agents": {"chat": {"model": "m", "output_tokens": 5, "batch": False, "tools": {}, "spawns": []}},
        "events": {},
        "controls": [],
    }
    assert list(pending(load(source))) == []
