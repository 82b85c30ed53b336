"""`bc.replay`: the session that was asked for, bit for bit, and a clear word about those that there are not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pandas as pd
import pytest

import burncurve as bc
from scenarios.load import load
from simulator.address import sessions_of
from simulator.course import ReplayError
from simulator.engine.points import Points
from simulator.engine.replay import trace_session
from tests.simulator.replays import AGENT, EVERY, dearest
from tests.twin.worlds import scenario

SPEC = scenario(
    {"chat": AGENT | {"turns": {"geometric": {"mean": 4}}}, "bulk": AGENT | {"model": "dear"}},
    name="two",
    features={"ask": {"agent": "chat", "share": 0.7}, "sum": {"agent": "bulk", "share": 0.3}},
    period={"start": "2026-12-01", "days": 3},
    volume={"sessions_per_day": 40},
    drivers={"volume": "0.7 to 1.5"},
)
ALONE = SPEC | {"agents": {"chat": SPEC["agents"]["chat"]}, "features": {"ask": {"agent": "chat"}}}

TRACER = "simulator.engine.replay.trace_session"


@pytest.fixture(scope="module")
def result():
    return bc.run(SPEC, trials=5, seed=7)


def test_every_session_that_a_result_shows_can_be_replayed(result):
    for row in result.sessions(25).itertuples():
        place = {"trial": row.trial, "day": row.day, "session": row.session, "feature": row.feature}
        assert bc.replay(SPEC, seed=7, **place).cost == row.cost


@pytest.mark.parametrize("worst", [1, 2, 100])
def test_the_worst_are_those_of_the_run(result, worst):
    row = result.worst(worst).iloc[-1]
    replay = bc.replay(SPEC, seed=7, trials=5, worst=worst)
    assert (replay.cost, replay.feature) == (row["cost"], row["feature"])
    address = replay.address
    assert (address.trial, address.day + 1, address.session) == (row["trial"], row["day"], row["session"])
    standing = replay.standing
    assert (standing.worst, standing.trials, standing.interrupted) == (worst, 5, False)
    assert standing.sessions == result.tally.session.sessions
    costs = result.sessions(10**6).query("feature == @replay.feature")["cost"]
    assert standing.median == pytest.approx(costs.median(), rel=0.01)


def test_a_day_may_be_a_number_or_a_date_and_numbers_may_be_text():
    place = {"trial": "3", "session": "0", "feature": "ask", "seed": "7"}
    first = bc.replay(SPEC, day=2, **place)
    for day in ("2", "2026-12-02", dt.date(2026, 12, 2), pd.Timestamp("2026-12-02"), 2.0):
        again = bc.replay(SPEC, day=day, **place)
        assert (again.address, again.cost) == (first.address, first.cost)
    assert bc.replay(SPEC, day=1, **place).address != first.address


def test_the_only_feature_needs_no_name():
    assert bc.replay(ALONE, trial=0, day=1, session=0).feature == "ask"


def test_overrides_and_scenarios_are_those_of_a_run():
    place = {"trial": 0, "day": 1, "session": 0}
    doubled = bc.replay(ALONE, **place, overrides="agents.chat.output_tokens=40")
    assert doubled.cost > bc.replay(ALONE, **place).cost
    assert bc.replay(load(ALONE), **place).cost == bc.replay(ALONE, **place).cost


def test_any_trial_is_an_address_unless_the_run_is_bounded():
    assert bc.replay(ALONE, trial=123_456_789, day=1, session=0).cost > 0
    assert bc.replay(ALONE, trial=4, day=1, session=0, trials=5).cost > 0


BAD = {
    "neither": (
        {},
        "replay\n    which session? none is given\n    allowed: --trial T --day D --session N, or --worst K",
    ),
    "both": (
        {"worst": 1, "trial": 2, "day": 3},
        "worst\n    looks for the session, and so does not go with trial and day",
    ),
    "worst with a feature": ({"worst": 1, "feature": "ask"}, "does not go with feature"),
    "no day": ({"trial": 0, "session": 0, "feature": "ask"}, "day\n    is missing: an address has it too"),
    "no session": ({"trial": 0, "day": 1, "feature": "ask"}, "session\n    is missing"),
    "no feature": (
        {"trial": 0, "day": 1, "session": 0},
        (
            "feature\n    is missing: the scenario has several features, and each counts its own sessions\n"
            "    allowed: ask or sum"
        ),
    ),
    "an unknown feature": (
        {"trial": 0, "day": 1, "session": 0, "feature": "asks"},
        (
            "feature\n    is no feature of the scenario\n    got:     asks\n    allowed: ask or sum\n"
            "    hint:    did you mean ask?"
        ),
    ),
    "a negative trial": (
        {"trial": -1, "day": 1, "session": 0, "feature": "ask"},
        "trial\n    a trial is a whole number from 0",
    ),
    "half a trial": ({"trial": 0.5, "day": 1, "session": 0, "feature": "ask"}, "got:     0.5"),
    "a trial beyond the run": (
        {"trial": 5, "day": 1, "session": 0, "feature": "ask", "trials": 5},
        "trial\n    is beyond the last trial\n    got:     5\n    allowed: 0 to 4",
    ),
    "a trial beyond the only one": (
        {"trial": 1, "day": 1, "session": 0, "feature": "ask", "trials": 1},
        "got:     1\n    allowed: 0",
    ),
    "day 0": (
        {"trial": 0, "day": 0, "session": 0, "feature": "ask"},
        "day\n    is no day of the period\n    got:     0\n    allowed: 1 to 3, or 2026-12-01 to 2026-12-03",
    ),
    "a day after the period": ({"trial": 0, "day": 4, "session": 0, "feature": "ask"}, "is no day of the period"),
    "a date before it": ({"trial": 0, "day": "2026-11-30", "session": 0, "feature": "ask"}, "is no day of the period"),
    "no day at all": (
        {"trial": 0, "day": "monday", "session": 0, "feature": "ask"},
        "day\n    a day is a whole number from 1, or a date\n    got:     monday",
    ),
    "a negative day": ({"trial": 0, "day": -2, "session": 0, "feature": "ask"}, "a whole number from 1, or a date"),
    "a negative session": (
        {"trial": 0, "day": 1, "session": -1, "feature": "ask"},
        "session\n    a session is a whole",
    ),
    "worst of none": ({"worst": 0}, "worst\n    a run keeps its 100 dearest sessions: a whole number from 1"),
    "worst beyond what is kept": ({"worst": 101}, "got:     101"),
    "worst that is no number": ({"worst": "most"}, "got:     most"),
    "a bad seed": ({"worst": 1, "seed": -1}, "seed\n    a seed is"),
    "no trials": ({"worst": 1, "trials": 0}, "trials\n    the number of trials is"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_session_that_there_is_not(name):
    given, said = BAD[name]
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(SPEC, **given)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_session_beyond_the_last_of_its_day():
    count = sessions_of(load(SPEC), 1, Points(), 2, 0, 1)
    place = {"trial": 2, "day": 1, "feature": "sum"}
    bc.replay(SPEC, session=count - 1, **place)
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(SPEC, session=count, **place)
    said = f"is beyond the last one: trial 2 has {count} sessions of sum on 2026-12-01"
    assert said in str(caught.value)
    assert f"allowed: 0 to {count - 1}" in str(caught.value)


def test_a_day_without_sessions_has_none():
    quiet = ALONE | {"volume": {"sessions_per_day": 1e-9}, "unit": "ticket"}
    with pytest.raises(bc.ScenarioError, match=r"trial 0 has no ticket of ask on 2026-12-01"):
        bc.replay(quiet, trial=0, day=1, session=0)
    with pytest.raises(bc.ScenarioError, match=r"worst\n    is more than there are: the run has 0 sessions\n"):
        bc.replay(quiet, worst=1, trials=2)


def test_more_than_a_run_has():
    few = ALONE | {"volume": {"sessions_per_day": 4}, "drivers": {}}
    n = bc.run(few, trials=1, seed=2).tally.session.sessions
    assert 1 < n < 50
    bc.replay(few, worst=n, trials=1, seed=2)
    with pytest.raises(
        bc.ScenarioError, match=rf"the run has {n} sessions\n    got:     {n + 1}\n    allowed: 1 to {n}"
    ):
        bc.replay(few, worst=n + 1, trials=1, seed=2)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(SPEC | {"nonsense": 1}, trial=-1, day="monday", session="x", seed=-3, trials=0)
    assert {problem.path for problem in caught.value.problems} == {
        "nonsense",
        "trial",
        "day",
        "session",
        "seed",
        "trials",
    }
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(SPEC, trial=7, day=9, session=0, trials=5)
    assert {problem.path for problem in caught.value.problems} == {"trial", "day", "feature"}


def test_another_story_than_the_simulation_is_our_fault(monkeypatch):
    def wrong(*arguments):
        record, rows = trace_session(*arguments)
        rows["total"][-1] += 2e-9
        return record, rows

    monkeypatch.setattr(TRACER, wrong)
    with pytest.raises(ReplayError, match="differs from its simulation: cost"):
        bc.replay(ALONE, trial=0, day=1, session=0)


def test_another_session_than_the_one_found_is_our_fault(monkeypatch):
    def another(*arguments):
        record, rows = trace_session(*arguments)
        record["success"] = not record["success"]
        return record, rows

    monkeypatch.setattr(TRACER, another)
    with pytest.raises(ReplayError, match="is not the one of its run"):
        bc.replay(ALONE, worst=1, trials=2)


def test_a_replay_as_values_is_json_and_adds_up():
    replay = dearest("repeats and handoff")
    document = json.loads(json.dumps(replay.to_dict(), allow_nan=False))
    session = document["session"]
    assert session["cost"] == replay.cost == document["events"][-1]["total"]
    assert session["calls"] == sum(one["event"] in ("call", "summary") for one in document["events"])
    assert sum(one["cost"] for one in document["events"]) == pytest.approx(replay.cost, abs=1e-9)
    assert sum(part["cost"] for part in document["causes"]) == pytest.approx(replay.cost, abs=1e-9)
    assert document["words"] == replay.words
    assert document["address"] == {
        "trial": 0,
        "day": 1,
        "date": "2026-12-01",
        "feature": "ask",
        "session": replay.address.session,
    }
    assert [one["number"] for one in document["agents"]] == list(range(1, session["agents"] + 1))
    assert document["standing"] == dataclasses.asdict(replay.standing)
    assert document["currency"] == "USD"


@pytest.mark.parametrize("name", EVERY)
def test_events_are_told_with_their_particulars(name):
    document = dearest(name).to_dict()
    told = {one["event"]: set(one) for one in document["events"]}
    keys = {
        "agent": {"parent", "came", "after_turn", "turns", "system"},
        "call": {
            "model",
            "attempt",
            "served_by",
            "outcome",
            "prompt",
            "cached",
            "fresh",
            "output",
            "reasoning",
            "turn",
        },
        "tool": {"tool", "calls", "failed_on_top", "result_tokens"},
        "result": {"result_tokens"},
        "verdict": {"rejected", "times_done"},
        "cut": {"by"},
        "held": {"child", "count"},
        "run": {"run"},
        "end": {"success", "cost", "total"},
    }
    for kind, wanted in keys.items():
        assert wanted <= told.get(kind, wanted)
    assert {"run", "agent", "call", "end"} <= told.keys()
    assert all(one["times_done"] >= 1 and "turn" not in one for one in document["events"] if one["event"] == "verdict")


def test_tables_for_people_who_explore():
    replay = dearest("validator of every turn")
    calls, agents = replay.calls, replay.agents
    assert len(calls) == replay.course.record["calls"]
    assert len(agents) == replay.course.record["agents"]
    assert calls["total"].iloc[-1] == replay.cost
    assert (calls["prompt"] == calls[["cached", "written", "fresh"]].sum(axis=1)).all()
    assert (calls["prompt"] == calls[["system", "history", "message", "retrieval", "added"]].sum(axis=1)).all()
    assert calls["attempt"].min() == 1
    cached = dearest("everything of section 2").calls
    assert (cached[["cached", "written", "fresh"]].sum() > 0).all()
    assert (cached["prompt"] == cached[["cached", "written", "fresh"]].sum(axis=1)).all()
    assert agents["cost"].sum() == pytest.approx(replay.cost, abs=1e-9)
    assert agents["cost_with_children"].iloc[0] == pytest.approx(replay.cost, abs=1e-9)
    by_agent = calls.groupby("instance")["cost"].sum()
    assert by_agent.to_numpy() == pytest.approx(agents["cost"].to_numpy(), abs=1e-9)
    assert set(agents["came"]) == {"root", "turn check"}


def test_a_replay_shows_itself():
    replay = bc.replay(ALONE, trial=3, day=2, session=1)
    record = replay.course.record
    calls, agents = f"{record['calls']} calls", f"{record['agents']} agents"
    assert repr(replay) == f"Replay(two, ask: trial 3, day 2, session 1: {replay.cost:.6g} USD, {calls}, {agents})"
    assert str(replay).startswith("two: session 1 on 2 Dec 2026 (day 2), trial 3, seed 1\n\nWHY")
    assert "<pre>" in replay._repr_html_()
