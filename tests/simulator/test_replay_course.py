"""The course of a session: whose events are, what they cost, and that it is the simulation's own."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.causes import shares_of
from simulator.course import ANEW, CHECK, CHILD, ROOT, TURN_CHECK, Course, Names, ReplayError, outcome_of
from simulator.engine.exact import simulate
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.engine.replay import trace_session
from simulator.engine.tally import CUT_BY_COST, Cell
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_HANDOFF,
    E_RUN,
    E_TOOL,
    FROM_CHECK,
    FROM_REJECTION,
    FROM_ROOT,
    FROM_TURN_CHECK,
)
from tests.simulator.events import NAMES, course_of, event, record_of, rows_of
from tests.simulator.replays import EVERY, dearest

TREE = (
    event(E_AGENT, agent=0, detail=FROM_ROOT, count=2),
    event(E_CALL, agent=0, turn=1, cost=100, message=7),
    event(E_AGENT, 1, agent=1, detail=0, count=1),
    event(E_CALL, 1, agent=1, turn=1, cost=10),
    event(E_AGENT, 2, agent=1, detail=0, count=1),
    event(E_CALL, 2, agent=1, turn=1, cost=1_000),
    event(E_CALL, 1, agent=1, turn=2, cost=20),
    event(E_AGENT, 1, agent=1, detail=0, count=1),
    event(E_CALL, 1, agent=1, turn=1, cost=30),
    event(E_CALL, agent=0, turn=2, cost=200),
    event(E_TOOL, agent=0, turn=2, cost=5),
    event(E_AGENT, 1, agent=2, detail=FROM_CHECK, count=1),
    event(E_CALL, 1, agent=2, turn=1, cost=3),
    event(E_AGENT, agent=0, detail=FROM_REJECTION, count=1),
    event(E_CALL, agent=0, turn=1, cost=400),
    event(E_HANDOFF, cost=10_000),
)


def test_events_belong_to_the_last_agent_that_started_at_their_depth():
    course = course_of(*TREE)
    assert course.own.tolist() == [10_000, 305, 30, 1_000, 30, 3, 400]
    assert course.with_children.tolist() == [10_000, 1_368, 1_030, 1_000, 30, 3, 400]
    assert course.calls.tolist() == [0, 2, 2, 1, 1, 1, 1]


def test_a_tree_knows_who_started_whom_when_and_why():
    instances = course_of(*TREE).instances
    assert [one.parent for one in instances] == [0, 1, 2, 1, 1, 0]
    assert [one.after_turn for one in instances] == [0, 1, 1, 1, 2, 0]
    assert [one.came for one in instances] == [ROOT, CHILD, CHILD, CHILD, CHECK, ANEW]
    assert [str(one) for one in instances][:2] == ["planner #1", "executor #2"]
    chain = course_of(*TREE).chain(instances[2])
    assert [one.number for one in chain] == [1, 2, 3]


def test_validators_of_turns_and_later_runs_are_told_apart():
    again = (event(E_RUN, count=2), event(E_AGENT, agent=0, detail=FROM_ROOT), event(E_CALL, agent=0, turn=1, cost=1))
    checked = (event(E_AGENT, agent=0, detail=FROM_ROOT), event(E_AGENT, 1, agent=2, detail=FROM_TURN_CHECK))
    instances = course_of(event(E_RUN, count=1), *checked, *again, runs=2).instances
    assert [one.came for one in instances] == [ROOT, TURN_CHECK, ROOT]
    assert [one.run for one in instances] == [1, 1, 2]
    assert [one.parent for one in instances] == [0, 1, 0]


def test_a_cut_belongs_to_the_agent_whose_call_it_followed():
    rows = (*TREE[:6], event(E_CUT, detail=CUT_BY_COST))
    course = course_of(*rows, cut=CUT_BY_COST)
    assert course.owner[-2] == 3
    assert course.cut_by == "cost"


def test_rows_add_up_to_the_cost_bit_for_bit_whatever_floats_make_of_their_sum():
    rng = np.random.default_rng(1)
    calls = [event(E_CALL, agent=0, turn=i, cost=float(c)) for i, c in enumerate(rng.random(20_000) * 1e5)]
    course = course_of(event(E_AGENT, agent=0), *calls)
    assert course.nanos.sum() == round(float(course.record["cost"]) * 1e9)
    assert course.cost == course.record["cost"]
    assert abs(course.nanos - course.rows["cost"] * 1e9)[:-1].max() <= 1 + 1e-3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cost", 11_769e-9),
        ("calls", 9),
        ("agents", 7),
        ("input", 8),
        ("cached", 1),
        ("written", 1),
        ("output", 1),
    ],
)
def test_a_replay_that_is_not_the_simulation_is_never_shown(field, value):
    rows = rows_of(*TREE)
    Course.read(record_of(rows), rows, NAMES)
    with pytest.raises(ReplayError, match=rf"differs from its simulation: {field} .* and not {value}"):
        Course.read(record_of(rows, **{field: value}), rows, NAMES)


def test_outcome_says_what_the_record_says():
    outcome = outcome_of(course_of(*TREE, success=False, handed_over=True))
    assert (outcome["cost"], outcome["calls"], outcome["agents"]) == (11_768e-9, 8, 6)
    assert (outcome["success"], outcome["handed_over"], outcome["cut_by"]) == (False, True, None)
    assert outcome["tokens"] == {"input": 7, "cached": 0, "written": 0, "output": 0}


@pytest.mark.parametrize("name", EVERY)
def test_causes_are_those_that_the_run_charges(name):
    """To a nano an event: the kernel adds floats, and here each event is rounded once and shared out once."""
    scenario = load(EVERY[name] | {"volume": {"sessions_per_day": 40}})
    prices, period, seed = resolve_prices(scenario), Period.of(scenario), 7
    program = compile_program(scenario, prices)
    run = simulate(program, period, seed, 1, unit=NANO)
    assert 20 < len(run.worst) == run.session.sessions
    ours, events = Counter(), 0
    for one in run.worst:
        address = (int(one[part]) for part in ("trial", "day", "feature", "session"))
        course = Course.read(*trace_session(program, period, seed, *address, NANO), Names.of(scenario))
        events += len(course.rows)
        shares = shares_of(course, scenario, prices)
        assert sum(shares.values()) == course.nanos.sum()
        feature = course.names.features[one["feature"]]
        root = scenario.features[feature].agent
        for (number, cause, detail), nanos in shares.items():
            ours[Cell(feature, course.instances[number - 1].agent if number else root, cause, detail)] += nanos
    theirs = {cell: int(money[0]) for cell, money in zip(run.frame.cells, run.cells.T, strict=True)}
    assert ours.keys() <= theirs.keys()
    assert max(abs(ours[cell] - money) for cell, money in theirs.items() if cell.cause != "fixed") <= 2 * events


@pytest.mark.parametrize("name", EVERY)
def test_the_tree_of_a_session_is_that_of_its_scenario(name):
    replay = dearest(name)
    scenario, course = replay.scenario, replay.course
    for i, row in enumerate(course.rows):
        owner = course.instance(i)
        if owner is not None and row["event"] != E_CUT:  # of the session, though one of its agents was at work
            assert (course.names.agents[row["agent"]], row["depth"]) == (owner.agent, owner.depth)
    for one in course.instances:
        parent = course.instances[one.parent - 1] if one.parent else None
        assert one.depth == (0 if parent is None else parent.depth + 1)
        if parent is None:
            assert one.agent == scenario.features[replay.feature].agent
        elif one.came == CHILD:
            assert one.agent in {spawn.agent for spawn in scenario.agents[parent.agent].spawns}
            assert one.after_turn >= 1
        elif one.came in (CHECK, TURN_CHECK):
            assert one.agent == scenario.agents[parent.agent].checked_by.agent
