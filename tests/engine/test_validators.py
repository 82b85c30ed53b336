"""Validators: how often work is done anew, what a validator reads, and what a turn done anew remembers."""

from __future__ import annotations

import pytest

from tests.engine.facts import standard_errors_off
from tests.engine.truth import FEW, assert_always, assert_means, attempts_mean
from tests.twin.worlds import DEAR, PLAIN, scenario

SIZES = {"system_tokens": 900, "message_tokens": 100, "output_tokens": 200}
CHECKER = {"model": "plain", "system_tokens": 300, "message_tokens": "from_agent", "output_tokens": 20}
ALWAYS, NEVER = {"reject_rate": 1}, {"reject_rate": 0}


def checked(check, agent=None, checker=None, more=None, **agents):
    chat = {"model": "dear"} | SIZES | (agent or {}) | {"checked_by": {"agent": "checker"} | check}
    return scenario({"chat": chat, "checker": CHECKER | (checker or {})} | agents, **(more or {}))


def guarded(**guardrails):
    return FEW | {"features": {"ask": {"agent": "chat", "guardrails": guardrails}}}


@pytest.mark.parametrize(("rejected", "loops"), [(0.4, 1), (0.4, 3), (0.8, 5)])
def test_an_agent_runs_a_truncated_geometric_number_of_times(sample, rejected, loops):
    side = sample(checked({"reject_rate": rejected, "max_loops": loops}, {"turns": {"geometric": {"mean": 3}}}))
    runs = attempts_mean(rejected, loops + 1)
    assert_means(side, agents=2 * runs, calls=(3 + 1) * runs, success=1.0, output=(3 * 200 + 20) * runs)
    once = 3 * 1_000 + 3 * 2 * 300
    assert_means(side, input=runs * (once + 300 + 3 * 200))  # each run is read in full: its outputs, whatever they are
    spread = sum((2 * r + 1) * rejected**r for r in range(loops + 1)) - runs**2
    assert standard_errors_off((side.columns["agents"] - 2 * runs) ** 2, 4 * spread) < 4


@pytest.mark.parametrize(("rejected", "loops"), [(0.4, 1), (0.4, 3)])
def test_turns_run_a_truncated_geometric_number_of_times(sample, rejected, loops):
    check = {"every": "turn", "reject_rate": rejected, "max_loops": loops}
    side = sample(checked(check, {"turns": {"geometric": {"mean": 3}}}))
    runs = attempts_mean(rejected, loops + 1)
    assert_means(side, agents=1 + 3 * runs, calls=2 * 3 * runs, output=220 * 3 * runs)
    assert_means(side, input=runs * (3 * 1_000 + 3 * 2 * 300 + 3 * (300 + 200)))


@pytest.mark.parametrize("driver", [1, 1.5])
@pytest.mark.parametrize("every", ["session", "turn"])
def test_a_validator_reads_the_answers_and_not_the_thoughts_nor_the_children(sample, every, driver):
    agent = {
        "turns": 3,
        "reasoning_tokens": 70,
        "max_output_tokens": 150,
        "spawns": [{"agent": "kid", "per": "agent", "count": 2, "result_tokens": 11}],
        "tools": {"search": {"calls_per_turn": 1, "result_tokens": 7}},
    }
    spec = checked(NEVER | {"every": every}, agent, None, FEW, kid={"model": "plain"} | SIZES)
    side = sample(spec | {"drivers": {"message_tokens": driver}}, 20, 2)
    said = round(100 * driver)
    prompts = 3 * (900 + said) + 3 * (said + 150) + 2 * 22 + 3 * 7
    children = 2 * (900 + said)
    read = 300 + round(450 * driver) if every == "session" else 3 * (300 + round(150 * driver))
    assert_always(side, input=prompts + children + read, agents=4 if every == "session" else 6)


def test_a_validator_of_many_turns_reads_it_in_each(sample):
    side = sample(checked(NEVER, {"turns": 2}, {"turns": 3}, FEW), 20, 2)
    read = 3 * (300 + 400) + 3 * (400 + 20)
    assert_always(side, input=2 * 1_000 + 300 + read, calls=5)


def test_exhausted_turns_put_out_nothing_unless_they_go_on(sample):
    retry = {"failure_rate": 1, "max_attempts": 2, "quality_share": 1}
    failed = sample(checked(NEVER, {"turns": 3, "retry": retry}, None, FEW), 20, 2)
    assert_always(failed, calls=2 + 1, input=2 * 1_000 + 300, success=0)
    goes_on = retry | {"on_exhausted": "continue"}
    side = sample(checked(NEVER, {"turns": 2, "retry": goes_on}, None, FEW), 20, 2)
    assert_always(side, calls=4 + 1, input=2 * (1_000 + 1_300) + 300 + 400, success=1)


@pytest.mark.parametrize(("every", "calls", "agents"), [("session", 3 * (2 + 1), 6), ("turn", 2 + 1, 2)])
def test_a_failed_agent_is_checked_and_only_a_whole_agent_done_anew(sample, every, calls, agents):
    retry = {"failure_rate": 1, "max_attempts": 2}
    spec = checked(ALWAYS | {"every": every, "max_loops": 2}, {"turns": 3, "retry": retry}, None, FEW)
    assert_always(sample(spec, 20, 2), calls=calls, agents=agents, success=0, cut=0)


def test_a_failure_in_an_earlier_run_still_counts(sample):
    retry = {"failure_rate": 0.5, "max_attempts": 1}
    side = sample(checked(ALWAYS | {"max_loops": 2}, {"retry": retry}))
    assert_means(side, success=0.5**3, agents=6.0, calls=6.0)


def test_an_agent_done_anew_starts_from_nothing(sample):
    agent = {"turns": 2, "cache": {"hit_rate": 1, "first_hit_rate": 0}}
    side = sample(checked(ALWAYS | {"max_loops": 2}, agent, None, FEW), 20, 2)
    assert_always(side, input=3 * (1_000 + 1_300 + 300 + 400), cached=3 * 1_000, agents=6)


def test_a_turn_done_anew_forgets_what_came_of_it_but_not_that_it_was_sent(sample):
    agent = {
        "turns": 2,
        "cache": {"hit_rate": 1, "first_hit_rate": 0},
        "tools": {"search": {"calls_per_turn": 1, "result_tokens": 50, "fee": 0.01}},
        "spawns": [{"agent": "kid", "per": "agent", "count": 1, "result_tokens": 30}],
    }
    spec = checked(ALWAYS | {"every": "turn", "max_loops": 2}, agent, None, FEW, kid={"model": "plain"} | SIZES)
    side = sample(spec, 20, 2)
    # Turn 1 thrice, each with a child; turn 2 thrice, with the results of the last run of turn 1 alone.
    prompts, checks, kids = 3 * 1_000 + 3 * (1_300 + 80), 6 * (300 + 200), 3 * 1_000
    # Nothing, then what was sent before: the system prompt, the message of turn 1, and in turn 2 all of its history.
    cached = 0 + 900 + 900 + 1_000 + 1_200 + 1_200
    assert_always(side, input=prompts + checks + kids, cached=cached, agents=1 + 6 + 3, calls=6 + 6 + 3)
    fees = 6 * 0.01
    written = prompts - cached
    tokens = cached * DEAR["cached_input"] + written * DEAR["cache_write"] + 6 * 200 * DEAR["output"]
    tokens += (checks + kids) * PLAIN["input"] + (6 * 20 + 3 * 200) * PLAIN["output"]
    assert_always(side, cost=fees + tokens / 1e6)


def test_a_turn_done_anew_keeps_its_message(sample):
    agent = {"turns": 1, "message_tokens": {"uniform": {"low": 0, "high": 1_000}}, "output_tokens": 0}
    side = sample(checked(ALWAYS | {"every": "turn", "max_loops": 3}, agent, {"system_tokens": 0, "output_tokens": 0}))
    messages = side.columns["input"] - 4 * 900
    assert (messages % 4 == 0).all()
    assert standard_errors_off(messages, 4 * 500) < 4


def test_a_turn_done_anew_is_compacted_anew(sample):
    context = {"limit": 1_250, "overflow": "compact", "summary_tokens": 40}
    spec = checked(ALWAYS | {"every": "turn", "max_loops": 2}, {"turns": 2, "context": context}, None, FEW)
    side = sample(spec, 20, 2)
    turns = 3 * 1_000 + 3 * (1_200 + 900 + 40 + 100)
    assert_always(side, input=turns + 6 * 500, calls=6 + 3 + 6)


def test_validators_of_validators(sample):
    # Two runs of the agent, each read by two runs of the checker, each of these by the second, and that by the third.
    second = CHECKER | {"checked_by": {"agent": "third"} | NEVER}
    spec = checked(
        ALWAYS, {"turns": 2}, {"checked_by": {"agent": "second"} | ALWAYS}, FEW, second=second, third=CHECKER
    )
    side = sample(spec, 20, 2)
    assert_always(side, agents=2 + 4 + 4 + 4, calls=4 + 4 + 4 + 4)
    agent, first, others = 1_000 + 1_300, 300 + 400, 300 + 20
    assert_always(side, input=2 * agent + 4 * first + 8 * others)
    assert list(side.depth_agents[:4] / side.sessions) == [2, 4, 4, 4]


def test_validators_count_as_agents_and_no_cap_stops_them(sample):
    child = {"spawns": [{"agent": "kid", "count": 2}]}
    kid = {"model": "plain"} | SIZES
    check = ALWAYS | {"max_loops": 2}
    side = sample(checked(check, child, None, guarded(agents=4), kid=kid), 20, 2)
    # 1 + 2 children + the checker are 4; the two runs after that are an agent and a checker each.
    assert_always(side, agents=4 + 4, calls=8, held=1, cut=0, success=1)
    assert list(side.depth_agents[:2] / side.sessions) == [3, 5]


def test_validators_stand_below_what_they_check_and_no_depth_stops_them(sample):
    child = {"spawns": [{"agent": "kid", "count": 1}]}
    kid = {"model": "plain", "checked_by": {"agent": "checker"} | NEVER} | SIZES
    spec = checked(NEVER, child, {"spawns": [{"agent": "leaf", "count": 1}]}, guarded(depth=1), kid=kid, leaf=CHECKER)
    spec["agents"]["leaf"] = {"model": "plain"} | SIZES
    side = sample(spec, 20, 2)
    # The kid at 1 has its checker at 2, the root has its checker at 1: the leaves of both would be too deep.
    assert_always(side, agents=4, held=1, success=1)
    assert list(side.depth_agents[:3] / side.sessions) == [1, 2, 1]


@pytest.mark.parametrize(("cap", "output"), [(1, 200), (2, 220), (3, 240), (4, 440), (5, 460)])
def test_a_cap_met_inside_a_validator_cuts_the_session(sample, cap, output):
    side = sample(checked(ALWAYS | {"max_loops": 4}, {}, {"turns": 2}, guarded(calls=cap)), 20, 2)
    assert_always(side, calls=cap, output=output, cut=1, success=0)
