"""`bc.replay(month=...)`: the very trial of the run, its days to the last unit, and a word about what there is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

import burncurve as bc
from simulator.course import ReplayError
from simulator.engine.conditions import Conditions
from simulator.month import Month, MonthRequest
from tests.simulator.periods import STORY, TRIALS, story
from tests.simulator.replays import AGENT
from tests.twin.worlds import one_agent

WILD = one_agent(
    AGENT | {"turns": {"geometric": {"mean": 4}}},
    name="wild",
    period={"start": "2026-12-28", "days": 9},
    volume={"users": 40, "sessions_per_user_day": {"mean": 1.5, "cv": 1.5}, "weekdays": {"sun": 0.1}},
    drivers={"volume": "0.7 to 1.5", "output_tokens": "0.8 to 1.6"},
    events={
        "storm": {"per_month": 6, "days": {"geometric": {"mean": 2}}, "multiplies": {"failure_rate": 3, "turns": 1.5}},
        "few": {"per_month": 9, "days": 2, "multiplies": {"output_tokens": {"p50": 2, "p95": 5}}, "share": 0.3},
        "move": {"per_month": 4, "days": 1, "route": {"dear": "plain"}},
    },
    budget=4.5,
    controls=[{"at": 0.6, "multiplies": {"volume": 0.6}}, {"at": 0.9, "stop": True, "delay_days": 1}],
)


@pytest.fixture(scope="module")
def wild():
    return bc.run(WILD, trials=48, seed=5)


@pytest.mark.parametrize(("month", "p"), [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p12.5", 0.125), ("worst", 1.0)])
def test_a_percentile_is_the_trial_of_that_quantile(wild, month, p):
    replay = bc.replay(WILD, month=month, trials=48, seed=5)
    assert replay.spend == wild.spend.quantile(p)
    assert replay.spend == wild.trials["spend"][replay.trial]


@pytest.mark.parametrize("trial", range(0, 48, 5))
def test_the_days_add_up_to_the_trial_and_are_those_of_the_run(wild, trial):
    replay = bc.replay(WILD, month=trial, trials=48, seed=5)
    chronicle, tally, unit = replay.chronicle, wild.tally, wild.tally.frame.unit
    assert int(chronicle.units.sum()) == int(tally.cells[trial].sum())
    assert chronicle.units.tolist() == tally.daily[trial].sum(axis=1).tolist()
    assert chronicle.so_far[-1] == replay.spend
    days = replay.days
    assert (days["sessions"] == tally.sessions[trial].sum(axis=1)).all()
    assert days["spend"].tolist() == pytest.approx((chronicle.units * unit).tolist())
    assert days["covered_so_far"].iloc[-1] == wild.covered.samples[trial]
    assert days["turned_away"].sum() == tally.turned_away[trial]
    for place, name in enumerate(tally.frame.events):
        on = {d for s in chronicle.stretches if s.event == name for d in range(s.first, s.last + 1)}
        assert len(on) == tally.event_days[trial, place]


@pytest.mark.parametrize("trial", range(4))
def test_stretches_are_whole_and_tell_what_was_drawn(trial):
    """Each day of each event, against the conditions that the engine drew."""
    chronicle = bc.replay(WILD, month=trial, trials=48, seed=5).chronicle
    period = wild_period()
    conditions = Conditions.of(period, 5, np.array([trial]))
    course = conditions.incidents.partial["few"]
    assert chronicle.stretches
    for stretch in chronicle.stretches:
        on = conditions.incidents.in_force[0, :, list(period.scenario.events).index(stretch.event)]
        assert on[stretch.first : stretch.last + 1].all()
        assert stretch.starts == (stretch.first == 0 or not on[stretch.first - 1])
        assert stretch.ends == (stretch.last + 1 < period.days and not on[stretch.last + 1])
        if stretch.event == "few":
            drawn = course.factors["output_tokens"][0, stretch.first : stretch.last + 1]
            assert set(drawn) == {stretch.factors["output_tokens"]}


def wild_period():
    from simulator.engine.period import Period

    return Period.of(bc.load(WILD))


def test_a_known_story_by_its_facts():
    chronicle = story().chronicle
    assert [(s.event, s.first, s.last, s.starts, s.ends, dict(s.factors)) for s in chronicle.stretches] == [
        ("glitch", 1, 1, True, True, {"failure_rate": 2.5}),
        ("launch-spike", 4, 5, True, True, {"volume": 3.0}),
        ("price-rise", 9, 11, True, False, {"price": 2.0}),
    ]
    (brake,) = chronicle.brakes
    assert (brake.place, brake.threshold, brake.crossed, brake.acts) == (0, 78.0, 5, 7)
    covered = story().result.tally.covered[story().row]
    assert brake.leak == pytest.approx(covered[:7].sum() * 1e-9 - 20 - 78, abs=1e-9)
    assert brake.leak == pytest.approx(32, abs=5 * np.sqrt(110_000) / 1_000)
    assert chronicle.broken == 10
    assert chronicle.crowd.turned_away[:7].sum() == 0
    assert all(4_000 < away < 6_000 for away in chronicle.crowd.turned_away[7:])
    assert [day for day in range(12) if chronicle.crowd.beyond[day]] == [4, 5]


def test_a_period_to_date_is_one_amount_on_its_last_day():
    replay = story("p50", spent={"through": "2026-12-05", "amount": 127})  # as in the words of it, told once
    chronicle = replay.chronicle
    assert (chronicle.begun, chronicle.units[:5].tolist()) == (5, [0, 0, 0, 0, 127_000_000_000])
    assert int(chronicle.units.sum()) == int(replay.result.tally.cells[replay.row].sum())
    spike, rise = chronicle.stretches
    assert (spike.event, spike.first, spike.starts, rise.event) == ("launch-spike", 5, False, "price-rise")


def test_a_trial_that_differs_from_its_run_is_our_fault(monkeypatch):
    def other(self, levels, days, acting=None):
        return counts(self, levels, days, acting) + 1

    result = bc.run(STORY, trials=2, seed=3)
    counts = Conditions.counts
    monkeypatch.setattr(Conditions, "counts", other)
    monkeypatch.setattr("simulator.month.run", lambda *_, **__: result)
    with pytest.raises(ReplayError, match=r"a replayed period is not the one of its run: sessions of trial \d"):
        bc.replay(STORY, month="worst", trials=2, seed=3)


@pytest.mark.parametrize("broken", ["levels", "event_days", "peak", "turned_away", "cells"])
def test_each_fact_of_the_run_is_looked_at(monkeypatch, broken):
    result = bc.run(STORY, trials=2, seed=3)
    setattr(result.tally, broken, getattr(result.tally, broken) + 1)
    monkeypatch.setattr("simulator.month.run", lambda *_, **__: result)
    with pytest.raises(ReplayError, match="is not the one of its run"):
        bc.replay(STORY, month=0, trials=2, seed=3)


@pytest.mark.parametrize("month", ["worst", "p60"])
def test_the_gaps_add_up_to_what_is_beside_the_mean(wild, month):
    replay = bc.replay(WILD, month=month, trials=48, seed=5)
    assert sum(gap.change for gap in replay.gaps) == pytest.approx(replay.spend - wild.spend.mean, abs=1e-9)
    sizes = [abs(gap.change) for gap in replay.gaps]
    assert sizes == sorted(sizes, reverse=True)
    assert month == "worst" or len({gap.change > 0 for gap in replay.gaps}) == 2
    history = next(gap for gap in replay.gaps if gap.source.cause == "history")
    columns = [i for i, cell in enumerate(wild.tally.frame.cells) if cell.cause == "history"]
    amounts = wild.tally.cells[:, columns].sum(axis=1) * wild.tally.frame.unit
    assert history.change == pytest.approx(amounts[replay.row] - amounts.mean(), abs=1e-9)


def test_the_dearest_session_is_a_session_of_that_trial(wild):
    replay = bc.replay(WILD, month="worst", trials=48, seed=5)
    first = replay.dearest[0]
    costs = wild.sessions(10**6).query("trial == @replay.trial")["cost"]
    assert first["cost"] == costs.max()


def test_as_values_it_is_json():
    document = json.loads(json.dumps(story().to_dict(), allow_nan=False))
    assert document["month"] == "p95"
    assert document["breach_day"] == 11
    assert sum(day["spend"] for day in document["days"]) == pytest.approx(document["spend"], abs=1e-9)
    assert document["days"][10]["date"] == "2026-12-11"
    assert document["days"][10]["happened"].startswith("THE BUDGET BREAKS")
    assert document["events"][1] == {
        "event": "launch-spike",
        "first": "2026-12-05",
        "last": "2026-12-06",
        "multiplies": {"volume": 3.0},
    }
    assert document["controls"][0]["acts"] == "2026-12-08"
    assert document["drivers"][0]["below"] + document["drivers"][0]["above"] == TRIALS - 1
    assert set(document["words"]) == {"spend", "drivers", "events", "brakes", "money"}
    assert document["beside_the_mean"][0]["feature"] == "chat"


BAD = {
    "no word": ({"month": "median"}, "month\n    is no trial of a run\n    got:     median\n    allowed: p95, any"),
    "a percentile of nothing": ({"month": "p0"}, "got:     p0"),
    "a percentile of all": ({"month": "p100"}, "got:     p100"),
    "no number": ({"month": "pest"}, "got:     pest"),
    "a negative trial": ({"month": -1}, "got:     -1"),
    "half a trial": ({"month": 2.5}, "got:     2.5"),
    "beyond the run": (
        {"month": 5, "trials": 5},
        "month\n    is beyond the last trial of a run of 5\n    got:     5\n    allowed: 0 to 4",
    ),
    "beside a session": (
        {"month": "p95", "trial": 1, "day": 2},
        "month\n    shows a whole period, and so does not go with trial and day\n    got:     p95\n    allowed: month",
    ),
    "beside the worst": ({"month": "p95", "worst": 1}, "does not go with worst"),
    "beside a feature": ({"month": "p95", "feature": "chat"}, "does not go with feature"),
    "no seed": ({"month": "p95", "seed": "x"}, "seed\n    a seed is"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_there_is_not_is_said(name):
    given, said = BAD[name]
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(STORY, **given)
    assert said.replace("allowed: month", "allowed: --month") in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(bc.ScenarioError) as caught:
        bc.replay(STORY | {"nonsense": 1}, month="p", trial=3, seed=-1, trials=0)
    said = sorted((problem.path, problem.message[:10]) for problem in caught.value.problems)
    assert [path for path, _ in said] == ["month", "month", "nonsense", "seed", "trials"]


def test_a_trial_that_no_default_run_has_is_refused_before_it_is_waited_for(monkeypatch):
    monkeypatch.setattr("simulator.month.run", None)
    with pytest.raises(bc.ScenarioError, match=r"is beyond the last trial of a run of 10,000\n    got:     10000"):
        bc.replay(STORY, month=10_000)


def test_a_trial_is_looked_for_in_the_run_that_there_is_by_default(monkeypatch):
    """How many trials that has is the engine's to say, and may be known only when it is over."""
    asked = []

    def eight(source, **arguments):
        asked.append(arguments)
        return bc.run(source, **arguments, trials=8)

    monkeypatch.setattr("simulator.month.run", eight)
    assert bc.replay(STORY, month=7).trial == 7
    with pytest.raises(
        bc.ScenarioError, match=r"is beyond the last trial of a run of 8\n    got:     8\n    allowed: 0 to 7"
    ):
        bc.replay(STORY, month=8)
    assert all("trials" not in arguments for arguments in asked)


def test_a_trial_that_an_interrupted_run_did_not_finish():
    result = bc.run(STORY, trials=3, seed=3)
    result.interrupted = True
    request = MonthRequest.read(STORY, (), {"month": 5})
    with pytest.raises(bc.ScenarioError, match="was not finished when the run was interrupted, 3 trials were"):
        request._row(result)


def test_words_of_trials():
    assert Month.read("p99.9").p == 0.999
    assert [Month.read(word).word for word in ("p95", "worst", "17", 17, "p99.9")] == [
        "p95",
        "worst",
        "17",
        "17",
        "p99.9",
    ]
    assert [Month.read(word) for word in ("p", "p-5", "pinf", "pnan", "p 5 0", None, True)] == [None] * 7


def test_it_shows_itself():
    replay = story()
    assert repr(replay).startswith(f"PeriodReplay(story, p95: trial {replay.trial}: ")
    assert str(replay).startswith("A known story: 1 Dec 2026 to 12 Dec 2026, trial")
    html = story("p50", title="<b>").__class__._repr_html_(story("p50", title="<b>"))
    assert html.startswith("<h4>&lt;b&gt;: ")
    assert "<pre>SPEND" in html
