"""Every draw has an address: what two scenarios have in common, they draw in common (DESIGN section 4).

A promise about "no other draw" is tested without a tolerance: sessions that the change does not touch are the same
to the last bit, and enough sessions are touched for the test to mean something.
"""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.engine.again import sample_sessions
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.engine.tally import SESSION_DTYPE
from tests.engine.facts import simulate
from tests.twin.variants import CHAT, STEADY
from tests.twin.worlds import one_agent, scenario

BY_RATE = {"hit_rate": 0.7, "first_hit_rate": 0.3}
FLAKY = {"failure_rate": 0.3, "max_attempts": 2, "quality_share": 0.5, "added_tokens": 40}
AGENT = CHAT | {"retrieved_tokens": 300, "cache": BY_RATE, "retry": FLAKY}
DRIFT = {"volume": "0.7 to 1.5", "context": "0.8 to 1.4"}
SAME_SESSION = [name for name in SESSION_DTYPE.names if name != "feature"]
N = 3_000


def replay(spec, feature=0, day=0, seed=1, trials=10, n=N):
    """Sessions 0 to n - 1 of a feature's day, dealt out to the trials in turn."""
    spec = load(spec)
    addresses = np.zeros(n, SESSION_DTYPE)
    addresses["trial"], addresses["session"] = np.arange(n) % trials, np.arange(n)
    addresses["feature"], addresses["day"] = feature, day
    return sample_sessions(compile_program(spec, resolve_prices(spec)), Period.of(spec), seed, addresses)


def agent(**retry):
    return one_agent(AGENT | {"retry": FLAKY | retry}, drivers=DRIFT)


def test_another_seed_trial_day_or_session_is_another_session():
    spec = agent() | {"period": {"start": "2026-12-01", "days": 2}}
    first = replay(spec)
    assert (first["cost"] != replay(spec, seed=2)["cost"]).mean() > 0.99
    assert (first["cost"] != replay(spec, day=1)["cost"]).mean() > 0.99
    assert (first["output"][1:] != first["output"][:-1]).mean() > 0.98
    assert np.array_equal(first, replay(spec))


@pytest.mark.parametrize("sessions_per_day", [40, 3_000])
def test_a_run_is_made_of_the_sessions_that_their_addresses_give(sessions_per_day):
    spec = agent() | {"volume": {"sessions_per_day": sessions_per_day}, "drivers": {"context": 1.2}}
    tally = simulate(spec, trials=1).tally
    n = int(tally.sessions[0, 0, 0])
    alone = replay(spec, trials=1, n=n)
    rounding = 1e-9 * len(tally.frame.cells) * (1 + n / 1_000)
    assert abs(alone["cost"].sum() - tally.daily[0, 0, 0] * tally.frame.unit) < rounding
    assert alone["input"].sum() == tally.session.tokens["input"]
    assert alone["success"].sum() == tally.session.successes


def test_a_changed_retry_cap_shifts_no_other_draw():
    low, high = replay(agent()), replay(agent(max_attempts=4))
    well = low["success"]  # never exhausted under the lower cap
    assert 0.3 < well.mean() < 0.9
    assert np.array_equal(low[well], high[well])
    assert (high["calls"][~well] > low["calls"][~well]).all()
    assert (high["input"][~well] >= low["input"][~well]).all()


def test_a_changed_failure_rate_only_adds_failures():
    rare, often = replay(agent(failure_rate=0.1)), replay(agent(failure_rate=0.3))
    one_call_a_turn = rare["calls"] == often["calls"]
    both = rare["success"] & often["success"] & one_call_a_turn
    assert 0.2 < both.mean() < 0.9
    assert np.array_equal(rare[both], often[both])
    assert not (often["success"] & ~rare["success"]).any()


def test_a_changed_hit_rate_moves_no_token():
    cold = replay(one_agent(AGENT | {"cache": {"hit_rate": 0.2}}, drivers=DRIFT))
    warm = replay(one_agent(AGENT | {"cache": {"hit_rate": 0.9}}, drivers=DRIFT))
    for column in ("calls", "input", "output", "success"):
        assert np.array_equal(cold[column], warm[column])
    assert (cold["cached"] <= warm["cached"]).all()
    assert (cold["cached"] < warm["cached"]).mean() > 0.5


def test_a_changed_driver_moves_only_what_it_multiplies():
    plain, dear = replay(agent()), replay(agent() | {"drivers": DRIFT | {"price": 1.5}})
    assert np.allclose(dear["cost"], 1.5 * plain["cost"], rtol=1e-12)
    for column in ("calls", "input", "cached", "written", "output", "success"):
        assert np.array_equal(plain[column], dear[column])


def test_a_longer_output_law_lengthens_every_output_and_nothing_else():
    short = replay(one_agent(AGENT | {"context": {"carry": 0}}))
    long = replay(one_agent(AGENT | {"context": {"carry": 0}, "output_tokens": {"p50": 500, "p95": 2_400}}))
    assert np.array_equal(short["calls"], long["calls"])
    assert np.array_equal(short["input"], long["input"])
    assert np.abs(long["output"] - 2 * short["output"]).max() <= short["calls"].max()  # twice, to rounding


def test_more_volume_gives_more_sessions_and_the_same_ones():
    calm = simulate(agent() | {"volume": {"sessions_per_day": 20}}, trials=10)
    busy = simulate(agent() | {"volume": {"sessions_per_day": 60}}, trials=10)
    assert (calm.tally.sessions <= busy.tally.sessions).all()
    assert np.array_equal(calm.tally.levels, busy.tally.levels)
    assert np.array_equal(replay(agent()), replay(agent() | {"volume": {"sessions_per_day": 9_999}}))


@pytest.mark.parametrize("place", ["before", "after"])
def test_another_feature_or_agent_leaves_the_draws_of_the_others_alone(place):
    old, new = ("chat", {"model": "dear"} | AGENT), ("bulk", {"model": "plain"} | STEADY)
    ask, more = ("ask", {"agent": "chat", "share": 1}), ("sum up", {"agent": "bulk", "share": 1})
    alone = scenario(dict([old]), features=dict([ask]), drivers=DRIFT)
    agents, features = ([new, old], [more, ask]) if place == "before" else ([old, new], [ask, more])
    together = scenario(dict(agents), features=dict(features), drivers=DRIFT)
    before, after = replay(alone), replay(together, feature=list(dict(features)).index("ask"))
    for column in SAME_SESSION:
        assert np.array_equal(before[column], after[column])


def test_another_driver_leaves_the_levels_of_the_others_alone():
    little = {"volume": {"sessions_per_day": 2}}
    more = dict(reversed((DRIFT | {"turns": "0.5 to 2"}).items()))
    few = simulate(agent() | little, trials=50).tally
    many = simulate(agent() | little | {"drivers": more}, trials=50).tally
    moved = np.flatnonzero((few.levels != many.levels).any(axis=0))
    assert moved.size == 1
    assert np.array_equal(few.sessions, many.sessions)


def test_features_draw_apart_though_their_agent_is_the_same():
    features = {"ask": {"agent": "chat"}, "ask again": {"agent": "chat"}}
    spec = one_agent(AGENT, features=features)
    assert (replay(spec, feature=0)["cost"] != replay(spec, feature=1)["cost"]).mean() > 0.99
