"""Drivers that were learnt, run: the period's spend is as open as sessions drawn again say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import burncurve as bc
from scenarios.calibrate import Options, calibrate
from scenarios.logs.reading import Reading
from tests.calibrating.made_up import chats, empirical

TRIALS, SESSIONS = 1_600, 8_000
FIRST_ORDER = 0.08
"""Effects are derivatives; a multiplier of turns of 1.07 costs more than 1.07 times its effect."""


def test_the_spend_of_many_sessions_is_as_open_as_the_drivers_are_said_to_make_it(tmp_path):
    made = calibrate(chats(), Reading(files=[Path("calls.jsonl")]), Options(choose=empirical))
    path = tmp_path / "chat.yaml"
    made.write(path)
    many = [f"volume={{sessions_per_month: {SESSIONS}}}", "drivers.volume=null"]
    result = bc.run(path, overrides=many, trials=TRIALS, engine="exact")
    spend = np.log(result.trials["spend"].to_numpy())
    costs = made.sessions.cost
    by_chance = costs.std() / costs.mean() / np.sqrt(SESSIONS)
    expected = np.hypot(made.drivers.spread.log_sd, by_chance)
    assert abs(spend.std(ddof=1) / expected - 1) < FIRST_ORDER + 3 / np.sqrt(2 * TRIALS)
