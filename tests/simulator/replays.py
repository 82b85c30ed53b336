"""Replays to look at: by hand, or of sessions of the twin."""

from __future__ import annotations

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.address import Address
from simulator.course import Course, Names
from simulator.replay import Replay, Standing
from tests.simulator.events import record_of, rows_of
from tests.twin.tracing import dearest
from tests.twin.worlds import scenario

AGENT = {"model": "plain", "system_tokens": 100, "turns": 3, "message_tokens": 10, "output_tokens": 20}
TEAM = scenario(
    {
        "planner": AGENT
        | {
            "tools": {"search": {"calls_per_turn": 1, "fee": 0.005}},
            "spawns": [{"agent": "executor", "count": 1}],
            "checked_by": {"agent": "validator", "reject_rate": 0.5},
        },
        "executor": AGENT | {"model": "dear"},
        "validator": AGENT,
    },
    name="team",
    period="2026-12",
    features={"build": {"agent": "planner", "guardrails": {"calls": 400}}},
)


def replay_of(*events, spec=TEAM, standing=None, **fields):
    """A replay of a session told by hand."""
    loaded, rows = load(spec), rows_of(*events)
    course = Course.read(record_of(rows, **fields), rows, Names.of(loaded))
    return Replay(course, Address(4, loaded.period.days // 12, 0, 17), loaded, resolve_prices(loaded), 1, standing)


def replay_of_twin(spec, sessions=60, feature=0, seed=1, standing=None):
    """A replay of the dearest of some sessions of the twin."""
    loaded, prices, record, rows = dearest(spec, sessions, feature, seed)
    course = Course.read(record, rows, Names.of(loaded))
    return Replay(course, Address(0, 0, feature, int(record["session"])), loaded, prices, 1, standing)


THIRD = Standing(worst=3, trials=200, sessions=1_200_000, median=0.0005, interrupted=False)
