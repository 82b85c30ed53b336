"""A replay says what its session met on its day: levels, events, the busiest hour, controls, routes."""

from __future__ import annotations

import pytest

from simulator.replay import replay
from tests.twin.worlds import one_agent

PERIOD = {"start": "2026-12-01", "days": 4}
MODELS = {"dear": {"input": 10, "output": 10}, "cheap": {"input": 1, "output": 1}}


def spec(**more):
    base = {"period": PERIOD, "models": MODELS, "volume": {"sessions_per_day": 50}}
    return one_agent({"output_tokens": 1_000}, **(base | more))


def told(source, day=3, session=0):
    return replay(source, trial=0, day=day, session=session)


def day_of(found):
    """The words of the screen's DAY, on one line."""
    return " ".join(str(found).split()).partition(" DAY ")[2].partition(" AGENTS ")[0]


def test_a_day_like_the_plan_has_nothing_to_tell():
    assert "\nDAY" not in str(told(spec()))


def test_drivers_trends_and_events_stand_together():
    storm = {"date": "2026-12-02", "days": 2, "multiplies": {"output_tokens": 3}}
    source = spec(drivers={"output_tokens": 2, "volume": 1.5}, events={"word-storm": storm})
    found = told(source)
    assert found.circumstances.levels == pytest.approx({"output_tokens": 6})
    assert found.circumstances.events == ("word-storm",)
    assert told(source, day=4).circumstances.events == ()
    assert day_of(found) == "Beside the plan: answer length 6x. In force: word storm."


def test_an_event_on_a_share_is_told_of_the_sessions_that_it_hits():
    source = spec(events={"bad": {"date": "2026-12-01", "share": 0.5, "multiplies": {"output_tokens": 3}}})
    replays = [told(source, session=number) for number in range(12)]
    hit = [found.circumstances.events == ("bad",) for found in replays]
    assert 0 < sum(hit) < 12
    assert [found.course.record["output"] == 3_000 for found in replays] == hit
    assert [found.circumstances.levels == {"output_tokens": 3.0} for found in replays] == hit


def test_routes_of_events_and_controls_are_told_with_the_model_that_served():
    controls = [{"at": 0.001, "multiplies": {"output_tokens": 0.5}}]
    events = {"outage": {"date": "2026-12-01", "route": {"dear": "cheap"}}}
    found = told(spec(budget=100, controls=controls, events=events))
    assert found.circumstances.route == {"dear": "cheap"}
    assert found.circumstances.controls == (0,)
    assert set(found.calls["model"]) == {"cheap"}
    said = day_of(found)
    assert "Acting: the control at 0.1 % of the budget." in said
    assert "Calls of dear went to cheap." in said


def test_the_busiest_hour_is_told_of_the_sessions_beyond_it():
    peak = {"share": 1, "capacity": 10, "failure_factor": 2}
    source = spec(volume={"sessions_per_day": 50, "peak_hour": peak})
    replays = [told(source, session=number) for number in range(12)]
    beyond = [found.circumstances.beyond_peak for found in replays]
    assert any(beyond)
    first = replays[beyond.index(True)]
    assert first.circumstances.levels == {"failure_rate": 2.0}
    assert "beyond the busiest hour's capacity, where calls fail 2 times as often" in day_of(first)
