"""Single sessions of whole periods, asked for by their addresses: those of the run, whatever hit them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import burncurve as bc
from simulator.engine.layout import SUM_BLOCK
from tests.engine.cents import cents
from tests.engine.facts import all_sessions, share_off, simulate
from tests.twin.periods import EVERYTHING, HALF

TRIALS = 97


@cache
def reference():
    return simulate(EVERYTHING, trials=TRIALS, seed=9)


def test_sessions_by_their_addresses_are_those_of_the_run():
    result = reference()
    tally, sessions = result.tally, all_sessions(result)
    counts = np.zeros_like(tally.sessions)
    feature = sessions["feature"].map(tally.frame.features.index)
    np.add.at(counts, (sessions["trial"], sessions["day"] - 1, feature), 1)
    assert np.array_equal(counts, tally.sessions)
    money = np.zeros(tally.daily.shape)
    np.add.at(money, (sessions["trial"], sessions["day"] - 1, feature), sessions["cost"])
    rounding = 1e-9 * len(tally.frame.cells)  # a nano for each cell
    assert np.abs(money - tally.daily * tally.frame.unit).max() < rounding


def test_the_dearest_sessions_are_replayed_as_they_were():
    worst = reference().worst(12)
    assert (worst["day"] > 1).any()
    for row in worst.itertuples():
        place = {"trial": row.trial, "day": row.day, "session": row.session, "feature": row.feature}
        told = bc.replay(EVERYTHING, seed=9, **place)
        assert told.cost == row.cost
        assert len(told.calls) == row.calls


def test_sessions_on_days_that_controls_change_are_replayed_as_they_were():
    dearer = {"at": 0.05, "route": {"dear": "plain"}, "multiplies": {"output_tokens": 3}}
    result = simulate(EVERYTHING | {"controls": [dearer, HALF]}, trials=9)
    assert result.tally.crossed.max() > 0
    sessions = all_sessions(result)
    spec = result.scenario
    for row in sessions.iloc[:: max(1, len(sessions) // 40)].itertuples():
        place = {"trial": row.trial, "day": row.day, "session": row.session, "feature": row.feature}
        assert bc.replay(spec, seed=1, **place).cost == row.cost


def test_a_volume_that_only_a_control_allows_is_there():
    """A session that comes only because a control brought more can be asked for by its address."""
    spec = cents(
        {"sessions_per_day": 5},
        budget={"amount": 600, "covers": ["fixed"]},
        fixed_costs={"monthly": {"platform": 3_100}},
        controls=[{"at": 0.15, "multiplies": {"volume": 20}}],
    )
    tally = simulate(spec, trials=3).tally
    n = int(tally.sessions[2, 2, 0])
    assert n > 50
    assert bc.replay(spec, trial=2, day=3, session=n - 1).cost == 0.01


def test_days_of_many_sessions_hit_the_same_ones_as_their_addresses_say():
    """More sessions than are summed at once, of four kinds: each is of its kind, whichever way it is asked for."""
    n = 5 * SUM_BLOCK
    spec = cents(
        {"sessions_per_day": n, "peak_hour": {"share": 0.2, "capacity": n / 10, "failure_factor": 2}},
        period={"start": "2026-12-04", "days": 1},
        agent={"retry": {"failure_rate": 0.5, "max_attempts": 1}},
        events={"storm": {"date": "2026-12-04", "share": 0.3, "multiplies": {"output_tokens": 9}}},
    )
    result = simulate(spec, trials=1)
    came, money = int(result.tally.sessions.sum()), result.tally.daily.sum() * result.tally.frame.unit
    sessions = all_sessions(result)
    assert sorted(set(sessions["cost"].round(6))) == [0, 0.01, 0.09]
    assert sessions["cost"].sum() == pytest.approx(money)
    beyond = (0.2 * came - n / 10) / came
    for cost, chance in ((0, 0.5 + 0.5 * beyond), (0.09, 0.3 * 0.5 * (1 - beyond))):
        assert share_off(np.isclose(sessions["cost"], cost).sum(), came, chance) < 4
