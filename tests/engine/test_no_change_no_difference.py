"""What a change does not touch stays the same to the last bit, in trees, under guardrails, and after people.

Every test compares whole records of the same addresses, and looks that enough sessions were touched to mean something.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from simulator.engine.tally import SESSION_DTYPE
from tests.engine.test_common_randomness import replay
from tests.twin.coming import CHECKER, EVERYTHING_OF_SECTION_2, KID, PER_AGENT, SEARCH
from tests.twin.variants import CHAT
from tests.twin.worlds import scenario

N = 1_500
BUT_FEATURE = [name for name in SESSION_DTYPE.names if name != "feature"]
BUT_MONEY = [name for name in BUT_FEATURE if name != "cost"]
FLAKY = {"failure_rate": 0.2, "max_attempts": 2, "quality_share": 0.5, "added_tokens": 40}
TREE = scenario(
    {
        "chat": CHAT
        | {
            "model": "dear",
            "cache": {"hit_rate": 0.8, "first_hit_rate": 0.3},
            "retry": FLAKY,
            "tools": {"search": SEARCH},
            "spawns": [PER_AGENT],
            "checked_by": {"agent": "checker", "reject_rate": 0.3, "max_loops": 2},
        },
        "kid": KID | {"retry": FLAKY, "tools": {"search": SEARCH}},
        "checker": CHECKER,
    },
    features={"ask": {"agent": "chat"}},
)


def edited(path, value, spec=TREE):
    """Copy a scenario with one value changed, or taken away (None)."""
    spec = copy.deepcopy(spec)
    *above, last = path.split(".")
    node = spec
    for step in above:
        node = node.setdefault(step, {})
    if value is None:
        del node[last]
    else:
        node[last] = value
    return spec


def sessions(spec, feature=0, n=N):
    return replay(spec, feature=feature, n=n)


def same(one, other, columns=BUT_FEATURE):
    """Which sessions are the same in every one of these columns."""
    return np.all([one[name] == other[name] for name in columns], axis=0)


def assert_touched(touched, low=0.03, high=0.97):
    assert low < touched.mean() < high, "a comparison of nothing with nothing"


# -- what nobody runs ------------------------------------------------------------------------------------------------

IDLE = {
    "spare": CHAT
    | {
        "model": {"cascade": ["plain", "dear"], "escalate_rate": 0.5},
        "tools": {"search": SEARCH, "other": SEARCH},
        "spawns": [{"agent": "kid", "count": 3}],
        "checked_by": {"agent": "checker", "every": "turn", "reject_rate": 0.5},
    },
    "bare": {"model": "plain", "output_tokens": 1},
}


@pytest.mark.parametrize("spec", [TREE, EVERYTHING_OF_SECTION_2], ids=["tree", "everything"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("idle", IDLE)
def test_an_agent_that_nobody_starts_changes_no_bit(spec, first, idle):
    more = {idle: IDLE[idle]}
    agents = (more | spec["agents"]) if first else (spec["agents"] | more)
    for feature in range(len(spec["features"])):
        assert np.array_equal(sessions(spec, feature), sessions(spec | {"agents": agents}, feature))


@pytest.mark.parametrize("first", [True, False])
def test_another_feature_of_the_same_agents_changes_no_bit(first):
    more = {"again": {"agent": "kid", "share": 2, "guardrails": {"calls": 3}, "on_failure": {"repeat": 0.5}}}
    old = TREE["features"]
    old = {"ask": old["ask"] | {"share": 1}}
    spec = TREE | {"features": (more | old) if first else (old | more)}
    assert same(sessions(TREE), sessions(spec, list(spec["features"]).index("ask"))).all()


def test_a_model_that_serves_nobody_changes_no_bit():
    more = TREE | {"models": {"idle": {"input": 1, "output": 2, "fee_per_call": 1}} | TREE["models"]}
    assert np.array_equal(sessions(TREE), sessions(more))


def test_a_difficulty_that_moves_nothing_changes_no_bit():
    hard = TREE | {"difficulty": {"lognormal": {"mean": 1, "cv": 2}}}
    assert np.array_equal(sessions(TREE), sessions(hard))


# -- guardrails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cap", "low", "high"), [("calls", 8, 25), ("cost", 0.05, 0.2)])
@pytest.mark.parametrize("repeat", [0, 0.7])
def test_a_changed_cut_moves_only_sessions_that_reach_it(cap, low, high, repeat):
    base = edited("features.ask.on_failure", {"repeat": repeat})
    tight, loose, free = (sessions(edited("features.ask.guardrails", {cap: c}, base)) for c in (low, high, 10**6))
    for capped, value in ((tight, low), (loose, high)):
        reached = capped[cap] >= value
        assert_touched(reached)
        assert np.array_equal(capped[~reached], free[~reached])
        assert (capped["calls"][reached] <= free["calls"][reached]).all() or repeat
    assert not free["cut"].any()


@pytest.mark.parametrize("guardrails", [{"agents": 3}, {"depth": 1}])
def test_a_changed_cap_on_children_moves_only_sessions_that_it_holds_back(guardrails):
    deep = edited("agents.kid.spawns", [{"agent": "leaf", "count": 0.3, "result_tokens": 5}])
    deep["agents"]["leaf"] = KID
    capped, free = (sessions(edited("features.ask.guardrails", g, deep)) for g in (guardrails, {"agents": 10**6}))
    assert_touched(capped["held"])
    assert np.array_equal(capped[~capped["held"]], free[~capped["held"]])
    assert not free["held"].any()


# -- failures and validators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agent", ["chat", "kid"])
def test_a_changed_retry_cap_moves_only_sessions_that_it_would_exhaust(agent):
    low, high = sessions(TREE), sessions(edited(f"agents.{agent}.retry.max_attempts", 5))
    well = low["success"]  # no agent failed, so that no attempt more was asked for
    assert_touched(well)
    assert np.array_equal(low[well], high[well])
    assert not same(low, high).all()


def test_a_changed_reject_rate_moves_only_sessions_that_it_sends_back():
    low, high = sessions(TREE), sessions(edited("agents.chat.checked_by.reject_rate", 0.5))
    assert (high["agents"] >= low["agents"]).all()
    untouched = high["agents"] == low["agents"]
    assert_touched(untouched)
    assert np.array_equal(low[untouched], high[untouched])


def test_more_loops_move_only_sessions_that_were_rejected_to_the_last():
    one, three = (sessions(edited("agents.chat.checked_by.max_loops", loops)) for loops in (1, 3))
    untouched = one["agents"] == three["agents"]
    assert_touched(untouched)
    assert np.array_equal(one[untouched], three[untouched])


@pytest.mark.parametrize("every", ["session", "turn"])
def test_a_validator_that_never_rejects_moves_nothing_of_what_it_reads(every):
    alone = sessions(edited("agents.checker", None, edited("agents.chat.checked_by", None)))
    read = sessions(edited("agents.chat.checked_by", {"agent": "checker", "every": every, "reject_rate": 0}))
    checks = read["calls"] - alone["calls"]
    assert np.array_equal(read["agents"] - alone["agents"], checks)
    assert np.array_equal(read["output"] - alone["output"], checks * 20)
    assert np.array_equal(read["success"], alone["success"])
    assert np.array_equal(read["cached"], alone["cached"])
    assert (checks == 1).all() == (every == "session")


# -- tools and children ----------------------------------------------------------------------------------------------


def test_another_tool_without_results_costs_its_fees_and_moves_nothing_else():
    tools = {"log": {"calls_per_turn": 1, "fee": 0.25}} | TREE["agents"]["kid"]["tools"]
    few, many = sessions(TREE), sessions(edited("agents.kid.tools", tools))
    assert same(few, many, BUT_MONEY).all()
    fees = (many["cost"] - few["cost"]) / 0.25
    assert np.abs(fees - fees.round()).max() < 1e-9
    assert_touched(fees > 0.5)


def test_tools_that_fail_more_often_cost_more_and_move_nothing_else():
    low, high = (sessions(edited("agents.chat.tools.search.failure_rate", rate)) for rate in (0.1, 0.4))
    assert same(low, high, BUT_MONEY).all()
    assert (high["cost"] >= low["cost"] - 1e-12).all()
    assert_touched(high["cost"] > low["cost"] + 1e-6)


@pytest.mark.parametrize("place", [0, 1])
def test_another_rule_of_spawning_leaves_the_children_of_the_others_alone(place):
    rules = [PER_AGENT]
    rules.insert(place, {"agent": "leaf", "count": 0.4})
    more = edited("agents.chat.spawns", rules)
    more["agents"]["leaf"] = {"model": "plain", "output_tokens": 7}
    few, many = sessions(TREE), sessions(more)
    leaves = many["agents"] - few["agents"]
    assert_touched(leaves > 0)
    assert np.array_equal(many["calls"] - few["calls"], leaves)
    assert np.array_equal(many["output"] - few["output"], 7 * leaves)
    assert np.array_equal(many["success"], few["success"])


def test_more_children_are_the_old_ones_and_others():
    few, many = (sessions(TREE | {"drivers": {"fanout": fanout}}) for fanout in (1, 1.5))
    untouched = few["agents"] == many["agents"]
    assert (many["agents"] >= few["agents"]).all()
    assert_touched(untouched)
    assert np.array_equal(few[untouched], many[untouched])


def test_a_cascade_that_escalates_more_moves_only_sessions_in_which_it_does():
    calm = edited("agents.kid.retry", {"failure_rate": 0})
    low, high = (
        sessions(edited("agents.kid.model", {"cascade": ["plain", "dear"], "escalate_rate": rate}, calm))
        for rate in (0.1, 0.3)
    )
    untouched = low["calls"] == high["calls"]
    assert (high["calls"] >= low["calls"]).all()
    assert_touched(untouched)
    assert np.array_equal(low[untouched], high[untouched])


def test_batch_changes_prices_and_nothing_else():
    half = TREE | {"models": {name: card | {"batch_pays": 0.5} for name, card in TREE["models"].items()}}
    free = edited("agents.kid.tools", None, edited("agents.chat.tools", None, half))
    both = edited(
        "agents.checker.batch", True, edited("agents.kid.batch", True, edited("agents.chat.batch", True, free))
    )
    full, cheap = sessions(free), sessions(both)
    assert same(full, cheap, BUT_MONEY).all()
    assert np.allclose(cheap["cost"], full["cost"] / 2, rtol=1e-12)


# -- what follows a session -------------------------------------------------------------------------------------------


def test_repeats_move_only_sessions_that_repeat():
    base = edited("features.ask.success_rate", 0.8)
    once, again = sessions(base), sessions(edited("features.ask.on_failure", {"repeat": 0.5}, base))
    single = again["runs"] == 1
    assert_touched(single)
    assert np.array_equal(once[single], again[single])
    assert once["success"][~single].sum() == 0


@pytest.mark.parametrize(
    ("path", "flag", "base"),
    [
        ("features.ask.on_failure.handoff.rate", "handed_over", {"on_failure": {"handoff": {"rate": 0, "cost": 2.5}}}),
        ("features.ask.human_review.rate", "reviewed", {"human_review": {"rate": 0, "cost": 2.5}}),
    ],
)
def test_people_come_more_often_and_change_nothing_else(path, flag, base):
    ask = TREE["features"]["ask"] | {"success_rate": 0.5}
    spec = TREE | {"features": {"ask": ask | base}}
    never, seldom, often = (sessions(edited(path, rate, spec)) for rate in (0, 0.2, 0.5))
    columns = [name for name in BUT_MONEY if name != flag]
    assert same(never, seldom, columns).all()
    assert same(never, often, columns).all()
    assert not (seldom[flag] & ~often[flag]).any()
    assert_touched(seldom[flag])
    assert np.allclose(often["cost"] - never["cost"], 2.5 * often[flag], rtol=0, atol=1e-12)
