"""Cuts: after the call that reaches a cap and not before, on sessions of fixed and of geometric length."""

from __future__ import annotations

import pytest

from tests.engine.facts import share_off
from tests.engine.truth import FEW, assert_always, assert_cells, assert_means, attempts_mean
from tests.twin.worlds import one_agent

SIZES = {"system_tokens": 900, "message_tokens": 100, "output_tokens": 200}
M = 4.0
GOES_ON = 1 - 1 / M
OUTPUT = 200 * 15 / 1e6


def guarded(agent, more=None, **guardrails):
    return one_agent(SIZES | agent, features={"ask": {"agent": "chat", "guardrails": guardrails}}, **(more or {}))


def cost_of_call(n):
    """Cost of the n-th call of a session, from 1."""
    return (1_000 + 300 * (n - 1)) * 3 / 1e6 + OUTPUT


def cost_of(n):
    return sum(cost_of_call(k) for k in range(1, n + 1))


@pytest.mark.parametrize(("turns", "cap"), [(3, 5), (5, 5), (6, 5), (5, 1)])
def test_a_cap_on_calls_cuts_with_the_call_that_reaches_it(sample, turns, cap):
    side = sample(guarded({"turns": turns}, FEW, calls=cap), 20, 2)
    calls = min(turns, cap)
    assert_always(side, calls=calls, cut=turns >= cap, success=turns < cap, cost=cost_of(calls), output=200 * calls)


@pytest.mark.parametrize("cap", [1, 4])
def test_a_cap_on_calls_of_a_session_of_random_length(sample, cap):
    side = sample(guarded({"turns": {"geometric": {"mean": M}}}, calls=cap))
    assert_means(
        side,
        calls=M * (1 - GOES_ON**cap),
        cost=sum(GOES_ON ** (n - 1) * cost_of_call(n) for n in range(1, cap + 1)),
    )
    if cap > 1:
        assert share_off(side.columns["cut"].sum(), side.sessions, GOES_ON ** (cap - 1)) < 4
    assert (side.columns["cut"] + side.columns["success"] == 1).all()


@pytest.mark.parametrize("last", [1, 3])
@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_cap_on_cost_cuts_with_the_call_that_passes_it(sample, last, share):
    cap = cost_of(last - 1) + share * cost_of_call(last)
    side = sample(guarded({"turns": {"geometric": {"mean": M}}}, cost=cap))
    assert side.columns["calls"].max() == last
    assert_means(
        side,
        calls=M * (1 - GOES_ON**last),
        cost=sum(GOES_ON ** (n - 1) * cost_of_call(n) for n in range(1, last + 1)),
        cut=GOES_ON ** (last - 1),
    )


def test_a_cap_on_cost_sees_fees_of_tools_at_the_next_call(sample):
    tools = {"tools": {"search": {"calls_per_turn": 1, "fee": 1.0}}}
    assert_always(sample(guarded(tools | {"turns": 1}, FEW, cost=0.5), 20, 2), calls=1, cut=0, success=1)
    side = sample(guarded(tools | {"turns": 3}, FEW, cost=0.5), 20, 2)
    assert_always(side, calls=2, output=400, cut=1, success=0, cost=cost_of(2) + 1.0)


def test_a_call_that_fails_for_nothing_is_looked_at_too(sample):
    fails, most = 0.5, 3
    agent = {
        "turns": 3,
        "tools": {"search": {"calls_per_turn": 1, "fee": 1.0}},
        "retry": {"failure_rate": fails, "max_attempts": most},
    }
    side = sample(guarded(agent, cost=0.5))
    works = 1 - fails**most
    assert_means(side, calls=attempts_mean(fails, most) + works, output=200 * works * (1 + 1 - fails), cut=works)
    assert side.columns["success"].max() == 0


def test_retries_count_towards_both_caps(sample):
    fails, most = 0.4, 10
    retry = {"retry": {"failure_rate": fails, "max_attempts": most, "quality_share": 1}}
    for guardrails in ({"calls": 3}, {"cost": 2.5 * cost_of_call(1)}):
        side = sample(guarded(retry, **guardrails))
        assert_means(side, calls=1 + fails + fails**2, cost=(1 + fails + fails**2) * cost_of_call(1), cut=fails**2)
        assert_cells(side, retries=(fails + fails**2) * cost_of_call(1))
        assert share_off(side.columns["success"].sum(), side.sessions, 1 - fails**2) < 4


def test_a_cascade_is_cut_between_its_models(sample):
    model = {"model": {"cascade": ["plain", "dear"], "escalate_rate": 1}, "turns": 2}
    side = sample(guarded(model, FEW, calls=3), 20, 2)
    cheap = (1_000 * 0.4 + 200 * 1.2 + 1_300 * 0.4 + 200 * 1.2) / 1e6
    assert_always(side, calls=3, cut=1, cost=cheap + cost_of_call(1))


@pytest.mark.parametrize(
    ("guardrails", "agents", "held"),
    [
        *(({"agents": n}, n, n < 9) for n in (1, 2, 3, 8, 9)),
        *(({"agents": 99, "depth": d}, n, n < 9) for d, n in ((1, 3), (2, 5), (3, 7), (4, 9))),
    ],
)
def test_caps_on_agents_and_depth_hold_back_children_and_cut_nothing(sample, guardrails, agents, held):
    tree = guarded({"turns": 1, "spawns": [{"agent": "a", "count": 2, "result_tokens": 5}]}, FEW, **guardrails)
    for name, child in (("a", "b"), ("b", "c"), ("c", "d")):
        tree["agents"][name] = SIZES | {"model": "plain", "spawns": [{"agent": child, "count": 1}]}
    tree["agents"]["d"] = SIZES | {"model": "plain"}
    assert_always(sample(tree, 20, 2), agents=agents, calls=agents, held=held, cut=0, success=1)


def test_children_that_are_cut_take_the_whole_session_with_them(sample):
    tree = guarded({"turns": 3, "spawns": [{"agent": "kid", "per": "agent", "count": 2}]}, FEW, calls=4)
    tree["agents"]["kid"] = {"model": "plain", "turns": 2} | SIZES
    side = sample(tree, 20, 2)
    assert_always(side, agents=3, calls=4, cut=1, success=0, output=4 * 200)
