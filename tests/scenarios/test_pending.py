"""What a run refuses so far is read off the marks on the fields."""

from __future__ import annotations

from scenarios.load import load
from scenarios.pending import pending
from scenarios.problems import dotted
from tests.scenarios.test_bad_input import GOOD
from tests.scenarios.test_reference import _plain


def test_what_is_asked_for_is_named_once_at_its_highest_place() -> None:
    source = _plain(GOOD)
    source["volume"]["peak_hour"] = {"share": 0.1, "capacity": 100, "failure_factor": 3}
    assert {dotted(path): what for path, what in pending(load(source))} == {
        "volume.peak_hour": "peak-hour failures",
        "drivers.correlation": "correlated drivers",
        "events": "events",
        "controls": "controls",
    }


def test_neutral_values_ask_for_nothing() -> None:
    source = {
        "volume": {"sessions_per_day": 10},
        "models": {"m": {"input": 1, "output": 2}},
        "agents": {
            "chat": {
                "model": "m",
                "output_tokens": 5,
            }
        },
        "events": {},
        "controls": [],
    }
    assert list(pending(load(source))) == []
