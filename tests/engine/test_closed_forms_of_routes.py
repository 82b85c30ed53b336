"""Calls that go elsewhere while an incident lasts, against mathematics: prices, failures, chains, whom it hits."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cents import CENT, CENTS, THREE_DAYS, TWENTY, cents
from tests.engine.oracle import assert_law, costs, distribution, poisson_sum
from tests.twin.worlds import scenario

FIRST, SECOND, THIRD = "2026-12-04", "2026-12-05", "2026-12-06"
PRICES = {"one": 1, "two": 2, "five": 5, "eleven": 11}  # cents a session
LADDER = {name: {"input": 0, "output": 10_000 * price} for name, price in PRICES.items()}


def routed(*events, model="one", agent=None):
    named = {f"storm {place}": {"date": FIRST} | event for place, event in enumerate(events)}
    return cents(agent={"model": model} | (agent or {}), models=LADDER, events=named)


@pytest.mark.parametrize(
    ("events", "prices"),
    [
        ([{"route": {"one": "two"}}], (2, 2, 2)),
        ([{"route": {"two": "one"}}], (1, 1, 1)),
        ([{"route": {"one": "two"}, "date": SECOND, "days": 1}], (1, 2, 1)),
        ([{"route": {"one": "two"}}, {"route": {"one": "five"}, "date": SECOND}], (2, 5, 5)),
        ([{"route": {"one": "five"}, "date": SECOND}, {"route": {"one": "two"}}], (2, 2, 2)),
        ([{"route": {"one": "two"}}, {"route": {"two": "five"}, "date": SECOND}], (2, 5, 5)),
        ([{"route": {"two": "five"}, "date": SECOND}, {"route": {"one": "two"}}], (2, 5, 5)),
        (
            [
                {"route": {"one": "two"}},
                {"route": {"two": "five"}, "date": SECOND},
                {"route": {"five": "eleven"}, "date": THIRD},
            ],
            (2, 5, 11),
        ),
        ([{"route": {"one": "two", "two": "eleven"}}, {"route": {"two": "five"}, "days": 1}], (5, 11, 11)),
    ],
)
def test_calls_pay_the_price_of_where_they_arrive(lives, events, prices):
    lived = lives(routed(*events), trials=2_000)
    assert lived.sessions.min() > 0
    assert lived.money[:, :, 0] == pytest.approx(lived.sessions[:, :, 0] * np.array(prices) / 100)


def test_models_drawn_by_share_go_each_its_own_way(lives):
    lived = lives(routed({"route": {"one": "five", "two": "eleven"}}, model={"one": 0.75, "two": 0.25}))
    assert_law(lived.spend * 100, distribution(poisson_sum(60, costs({5: 0.75, 11: 0.25}))))


def test_an_event_with_a_share_routes_only_whom_it_hits(lives):
    lived = lives(routed({"route": {"one": "two"}}, {"route": {"two": "eleven"}, "share": 0.3}, model="one"))
    assert_law(lived.spend * 100, distribution(poisson_sum(60, costs({2: 0.7, 11: 0.3}))))


def test_two_events_with_shares_route_by_whom_they_hit(lives):
    """One goes to two with 0.5, two to eleven with 0.3: who is hit by the second alone was never on two."""
    lived = lives(routed({"route": {"one": "two"}, "share": 0.5}, {"route": {"two": "eleven"}, "share": 0.3}))
    assert_law(lived.spend * 100, distribution(poisson_sum(60, costs({1: 0.5, 2: 0.35, 11: 0.15}))))


def test_calls_fail_as_often_as_those_of_where_they_arrive(lives):
    retry = {"failure_rate": {"one": 0.1, "two": 0.4}, "max_attempts": 1}
    lived = lives(routed({"route": {"one": "two"}, "date": SECOND}, agent={"retry": retry}))
    well, routed_cost = costs({0: 0.1, 1: 0.9}), costs({0: 0.4, 2: 0.6})
    assert_law(lived.spend * 100, distribution(poisson_sum(20, well) * poisson_sum(40, routed_cost)))


def test_fallbacks_and_cascades_arrive_elsewhere_too(lives):
    retry = {"failure_rate": 0.5, "max_attempts": 2, "fallback": {"after": 1, "model": "two"}}
    lived = lives(routed({"route": {"two": "eleven"}}, agent={"retry": retry}))
    assert_law(lived.spend * 100, distribution(poisson_sum(60, costs({0: 0.25, 1: 0.5, 11: 0.25}))))
    cascade = {"model": {"cascade": ["one", "two"], "escalate_rate": 0.3}}
    lived = lives(routed({"route": {"two": "eleven"}}, agent=cascade))
    assert_law(lived.spend * 100, distribution(poisson_sum(60, costs({1: 0.7, 12: 0.3}))))


def test_who_succeeds_is_judged_by_the_model_that_was_drawn(lives):
    """A handoff costs a cent: those of the model that never succeeds pay it wherever their calls go."""
    agents = {"chat": {"model": {"one": 0.5, "two": 0.5}} | CENT}
    feature = {
        "agent": "chat",
        "success_rate": {"one": 1, "two": 0},
        "on_failure": {"handoff": {"rate": 1, "cost": 0.2}},
    }
    spec = scenario(
        agents,
        models=LADDER,
        features={"ask": feature},
        volume=TWENTY,
        period=THREE_DAYS,
        events={"storm": {"date": FIRST, "route": {"two": "one"}}},
    )
    assert_law(lives(spec).spend * 100, distribution(poisson_sum(60, costs({1: 0.5, 21: 0.5}))))


def test_each_day_pays_the_prices_that_its_target_has_then(lives):
    agent = {"model": "dear", "prompt_tokens": 1_000, "output_tokens": 100}
    spec = scenario(
        {"chat": agent},
        models=CENTS,
        volume=TWENTY,
        period={"start": "2026-12-30", "days": 4},
        events={"storm": {"date": "2026-12-30", "route": {"dear": "google/gemini-3.6-flash"}}},
    )
    lived = lives(spec, trials=1_000)
    low = (1_000 * 0.75 + 100 * 3.75) / 1e6  # announced: twice that from 1 January
    assert lived.money[:, :, 0] == pytest.approx(lived.sessions[:, :, 0] * np.array([low, low, 2 * low, 2 * low]))
