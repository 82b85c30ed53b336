"""Replays to look at: told by hand, or of sessions of a run."""

from __future__ import annotations

from functools import cache

import burncurve as bc
from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.address import Address
from simulator.circumstances import Circumstances
from simulator.course import Course, Names
from simulator.replay import Replay, Standing
from tests.simulator.events import record_of, rows_of
from tests.twin.coming import COMING
from tests.twin.variants import TREES, VARIANTS
from tests.twin.worlds import scenario

EVERY = VARIANTS | TREES | COMING

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


NOTHING_SPECIAL = Circumstances({}, (), False, (), {})


def replay_of(*events, spec=TEAM, standing=None, **fields):
    """A replay of a session told by hand."""
    loaded, rows = load(spec), rows_of(*events)
    course = Course.read(record_of(rows, **fields), rows, Names.of(loaded))
    return Replay(
        course,
        Address(4, loaded.period.days // 12, 0, 17),
        loaded,
        resolve_prices(loaded),
        1,
        standing,
        NOTHING_SPECIAL,
    )


@cache
def dearest(name):
    """The dearest session of a run of one trial of a variant, and what a replay says of it."""
    return bc.replay(EVERY[name], worst=1, trials=1, threads=1)


THIRD = Standing(worst=3, trials=200, sessions=1_200_000, median=0.0005, interrupted=False)
