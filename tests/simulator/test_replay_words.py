"""The paragraph: every sentence is computed, and each is seen to be true of a session made for it."""

from __future__ import annotations

import pytest

from scenarios.load import load
from simulator.engine.tally import CUT_BY_CALLS, CUT_BY_COST, CUT_BY_LIMIT
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_HANDOFF,
    E_HELD,
    E_HUMAN_REVIEW,
    E_OVERFLOW,
    E_RUN,
    E_SUMMARY,
    E_TOOL,
    E_VERDICT,
    FROM_CHECK,
    FROM_REJECTION,
    FROM_ROOT,
    FROM_TURN_CHECK,
    LOST,
    SPOILED,
)
from simulator.show.replay_words import turning_point
from tests.simulator.events import course_of, event
from tests.simulator.replays import TEAM, THIRD, replay_of
from tests.twin.worlds import one_agent

ROOT = event(E_AGENT, agent=0, detail=FROM_ROOT, count=2)
CENT = 10_000_000


def call(turn=1, cost=CENT, depth=0, **more):
    return event(E_CALL, depth, turn=turn, cost=cost, **({"agent": min(depth, 1), "message": 100} | more))


def child(depth=1):
    return event(E_AGENT, depth, agent=1, count=1)


def test_cost_calls_and_agents_come_first():
    said = replay_of(ROOT, call(), child(), call(depth=1)).words
    assert said.startswith("This session cost $0.02, for 2 model calls by 2 agents. Largest cause:")


def test_a_session_of_a_run_is_compared_with_its_median_and_ranked():
    said = replay_of(ROOT, call(), standing=THIRD).words
    assert "It is the 3rd dearest of 1.2 million sessions in 200 trials, at 20x the median session ($0.0005)." in said
    assert "median" not in replay_of(ROOT, call()).words


def test_a_session_has_the_name_that_its_scenario_gives_it():
    said = replay_of(ROOT, call(), spec=TEAM | {"unit": "ticket"}, standing=THIRD).words
    assert said.startswith("This ticket cost")
    assert "1.2 million tickets" in said
    assert "median ticket" in said


def test_the_largest_cause_is_named_with_its_share_and_whose_it_is():
    calls = [call(1, 3 * CENT, message=100, output=0), child(), call(1, 6 * CENT, 1, output=900, message=0)]
    said = replay_of(ROOT, *calls, event(E_TOOL, turn=1, detail=0, cost=CENT, count=2)).words
    assert "Largest cause: answers written, 60 % ($0.06). Next: new messages, 30 %." in said
    both = replay_of(ROOT, call(1, CENT), child(), call(1, 3 * CENT, 1)).words
    assert "Largest cause: new messages, 100 % ($0.04), 75 % of that by executor #2." in both
    several = [part for _ in range(9) for part in (child(), call(1, CENT, 1))]
    assert "of that by" not in replay_of(ROOT, call(), *several).words


def test_what_an_agent_began_with_is_told_where_it_fills_its_prompts():
    agents = TEAM["agents"]
    begins = TEAM | {"agents": agents | {"executor": agents["executor"] | {"first_message_tokens": 9_000}}}

    def said(tokens, *later, spec=begins, **more):
        return replay_of(
            ROOT, call(message=90_000), child(), call(1, CENT, 1, message=tokens, **more), *later, spec=spec
        )

    assert "executor #2 had 119,000 tokens to begin with." in said(119_000).words
    assert "to begin with" not in said(119_000, spec=TEAM).words
    assert "executor #2 had 30 tokens to begin with." in said(30, call(2, CENT, 1, history=180, message=10)).words
    assert "to begin with" not in said(30, call(2, CENT, 1, history=1_800, message=10)).words
    assert "to begin with" not in said(0, outcome=LOST).words


def test_people_do_not_hide_what_the_machines_cost():
    said = replay_of(ROOT, call(), event(E_HUMAN_REVIEW, cost=99 * CENT), reviewed=True).words
    shares = "People make up 99 % of its cost ($0.99); the shares below are of the other $0.01."
    assert f"{shares} Largest cause: new messages, 100 % ($0.01)." in said
    assert said.endswith("It succeeded and a person looked at it ($0.99).")


def test_the_deepest_chain_is_told_from_the_root_down():
    said = replay_of(ROOT, call(), child(), call(1, 0, 1), child(2), call(1, 3 * CENT, 2)).words
    assert "Deepest chain: planner #1 > executor #2 > executor #3; agents below the root cost 75 %." in said
    assert "chain" not in replay_of(ROOT, call()).words


def test_a_long_chain_is_told_by_its_ends():
    deep = [part for depth in range(1, 12) for part in (child(depth), call(1, CENT, depth))]
    said = replay_of(ROOT, *deep).words
    assert "planner #1 > executor #2 > 8 more > executor #11 > executor #12;" in said


def test_a_fan_out_is_told_where_it_carries_much():
    kids = [part for _ in range(4) for part in (child(), call(1, CENT, 1))]
    said = replay_of(ROOT, call(), *kids).words
    assert (
        "Largest fan-out: after its turn 1, planner #1 started 4 executors, which with all below them cost 80 %."
        in said
    )
    assert "fan-out" not in replay_of(ROOT, call(1, 40 * CENT), *kids).words
    assert "fan-out" not in replay_of(ROOT, call(), child(), call(1, 40 * CENT, 1)).words


def test_a_fan_out_has_in_what_was_done_anew_for_it():
    kids = [part for _ in range(2) for part in (child(), call(1, CENT, 1))]
    anew = (event(E_AGENT, 1, agent=1, detail=FROM_REJECTION, loop=1), call(1, 6 * CENT, 1, loop=1))
    said = replay_of(ROOT, call(1, 2 * CENT), *kids, event(E_VERDICT, 1, detail=1), *anew).words
    assert "planner #1 started 2 executors, which with all below them cost 80 %." in said


def test_a_turning_point_is_where_calls_begin_to_cost_more():
    calls = [*(call(i, CENT) for i in range(1, 11)), *(call(i, 4 * CENT, message=400) for i in range(11, 16))]
    said = replay_of(ROOT, *calls).words
    assert "Turning point: call 11 of 15, turn 11 of planner #1. Until then a call cost $0.01 on average, from " in said
    assert "from there on $0.04, 4x as much: prompts grew from 100 to 400 tokens." in said


def test_the_turning_point_counts_the_tools_that_a_call_sets_off():
    calls = [*(call(i, CENT) for i in range(1, 11)), *(call(i, CENT) for i in range(11, 16))]
    fees = [event(E_TOOL, turn=i, detail=0, cost=9 * CENT, count=1) for i in range(11, 16)]
    late = [row for pair in zip(calls[10:], fees, strict=True) for row in pair]
    turn = turning_point(course_of(ROOT, *calls[:10], *late))
    assert (turn.call, turn.before, turn.after) == (11, CENT, 10 * CENT)


def test_a_turning_point_that_another_model_makes_is_said_to_be():
    calls = [*(call(i, CENT, model=1) for i in range(8)), *(call(i, 9 * CENT, model=0) for i in range(8))]
    assert "the share of dear rose from 0 % to 100 %" in replay_of(ROOT, *calls).words


def test_an_even_course_has_none():
    said = replay_of(ROOT, *(call(i) for i in range(1, 21))).words
    assert "It has no turning point: calls cost much the same from first to last" in said
    assert "half of the cost was reached at call 10 of 20" in said


def test_one_dear_call_is_named():
    calls = [*(call(i) for i in range(1, 11)), call(11, 40 * CENT), *(call(i) for i in range(12, 15))]
    said = replay_of(ROOT, *calls[-4:]).words
    what = "100 tokens of prompt, 0 of answer."
    assert f"Its dearest call, turn 11 of planner #1, makes up 93 %: {what}" in said
    early = replay_of(ROOT, call(1, 40 * CENT), *calls[:10]).words
    assert f"Its dearest call, turn 1 of planner #1, makes up 80 %: {what}" in early
    late = replay_of(ROOT, *calls[:10], call(11, 40 * CENT), event(E_HANDOFF, cost=500 * CENT)).words
    assert "Turning point: call 11 of 11" in late
    assert f"Its dearest call, turn 11 of planner #1, makes up 80 %: {what}" in late


def test_people_and_overheads_turn_nothing():
    even = [call(i) for i in range(1, 21)]
    assert turning_point(course_of(ROOT, *even, event(E_HANDOFF, cost=500 * CENT))) is None


def test_a_summary_has_no_turn():
    calls = [*(call(i, CENT) for i in range(1, 11)), *(event(E_SUMMARY, history=9, cost=9 * CENT) for _ in range(9))]
    assert "call 11 of 19, a summary of planner #1's history" in replay_of(ROOT, *calls).words


def test_failures_and_what_they_cost():
    spoiled = call(1, CENT, outcome=SPOILED)
    lost = call(1, 0, attempt=1, message=0, outcome=LOST)
    said = replay_of(ROOT, spoiled, lost, call(1, CENT, attempt=2)).words
    assert "2 calls failed; retries cost $0.01, 50 %." in said
    assert "No call failed." in replay_of(ROOT, call()).words
    assert "1 call failed; retries cost nothing." in replay_of(ROOT, spoiled).words
    assert "1 agent failed because the prompt did not fit." in replay_of(ROOT, call(), event(E_OVERFLOW)).words


def test_work_that_was_sent_back():
    checker = event(E_AGENT, 1, agent=2, detail=FROM_CHECK)
    anew = (event(E_AGENT, detail=FROM_REJECTION), call(1, 2 * CENT), child(), call(1, CENT, 1))
    said = replay_of(ROOT, call(), checker, call(1, 0, 1), event(E_VERDICT, detail=1), *anew).words
    assert "Validators sent work back once; what was done anew cost 75 %." in said
    assert "sent work back" not in replay_of(ROOT, call(), checker, call(1, 0, 1), event(E_VERDICT)).words


def test_turns_that_were_sent_back():
    checker = (event(E_AGENT, 1, agent=2, detail=FROM_TURN_CHECK), call(1, CENT, 1))
    back, again = event(E_VERDICT, turn=1, detail=1), event(E_VERDICT, turn=1, loop=1, detail=1)
    turn = [(call(loop=loop), child(), call(1, CENT, 1), *checker) for loop in range(3)]
    said = replay_of(ROOT, *turn[0], back, *turn[1], again, *turn[2], event(E_VERDICT, turn=1, loop=2), call(2)).words
    assert "Validators sent work back twice; what was done anew cost 60 %." in said


def test_a_run_done_anew_is_sent_back_once_however_many_turns_it_has():
    checker = (event(E_AGENT, 1, agent=2, detail=FROM_CHECK), call(1, 0, 1), event(E_VERDICT, detail=1))
    anew = (event(E_AGENT, detail=FROM_REJECTION, loop=1), *(call(turn, loop=1) for turn in range(1, 4)))
    said = replay_of(ROOT, call(), *checker, *anew).words
    assert "Validators sent work back once; what was done anew cost 75 %." in said


def test_repeats_of_the_session():
    again = (event(E_RUN, count=2), ROOT, call(1, 3 * CENT))
    said = replay_of(event(E_RUN, count=1), ROOT, call(), *again, runs=2, success=False).words
    assert "It ran twice; the repeats cost 75 %." in said
    assert said.endswith("It did not succeed.")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (CUT_BY_COST, "The guardrail on cost cut it, at 1 call."),
        (CUT_BY_CALLS, "The guardrail on calls cut it, at 1 call."),
        (CUT_BY_LIMIT, "The hard limit of calls that no session passes cut it, at 1 call."),
    ],
)
def test_what_cut_it(cut, said):
    assert said in replay_of(ROOT, call(), event(E_CUT, detail=cut), cut=cut, success=False).words


def test_what_could_have_cut_it():
    assert "No guardrail cut it." in replay_of(ROOT, call()).words
    bare = TEAM | {"features": {"build": {"agent": "planner"}}}
    assert (
        "Nothing would have cut it: no guardrail on cost or calls is set." in replay_of(ROOT, call(), spec=bare).words
    )


def test_children_that_did_not_start():
    said = replay_of(ROOT, call(), event(E_HELD, detail=0, count=3), held=True).words
    assert "Caps on depth or agents kept 3 more agents from starting." in said


def test_a_session_that_costs_nothing_is_told_too():
    said = replay_of(ROOT, call(1, 0), spec=TEAM).words
    assert said.startswith("This session cost $0, for 1 model call by 1 agent. No call failed.")
    many = replay_of(ROOT, *(call(i, 0) for i in range(20)), child(), call(1, 0, 1)).words
    assert "agents below the root cost nothing" in many


def test_an_interrupted_run_may_hold_dearer_ones():
    import dataclasses

    standing = dataclasses.replace(THIRD, interrupted=True, worst=1, trials=1)
    said = replay_of(ROOT, call(), standing=standing).words
    assert "It is the dearest of 1.2 million sessions in 1 trial," in said
    assert "The run was interrupted, so there may be dearer ones." in said


def test_tools_are_causes_by_their_name():
    spec = one_agent({"output_tokens": 3, "tools": {"search": {"calls_per_turn": 1, "fee": 0.01}}})
    assert list(load(spec).agents["chat"].tools) == ["search"]
    said = replay_of(ROOT, event(E_TOOL, turn=1, detail=0, cost=CENT, count=1), spec=spec).words
    assert "Largest cause: tool search, 100 % ($0.01)." in said
