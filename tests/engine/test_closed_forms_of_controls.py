"""Controls and the month to date against mathematics, on spend that is known: fixed costs, and sessions at a cent each.

A hundred dollars a day of fixed costs make the day of a crossing certain. Where sessions count, their number is random
and what follows from it is not: crossings, prices, who was turned away.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.cents import CENT, CENTS, cents
from tests.engine.facts import standard_errors_off
from tests.engine.oracle import assert_law, costs, distribution, negative_binomial_sum, poisson_sum
from tests.twin.worlds import scenario

TEN_DAYS = {"start": "2026-12-01", "days": 10}
PLATFORM = {"monthly": {"platform": 3_100}}  # 100 a day
ON_FIXED = {"amount": 1_000, "covers": ["fixed", "one_time"]}
HALF = {"multiplies": {"volume": 0.5}}


def certain(*controls, **more):
    """Ten days of 100 dollars each, of which a budget of 1,000 covers all and of sessions nothing."""
    base = {"period": TEN_DAYS, "budget": ON_FIXED, "fixed_costs": PLATFORM, "controls": list(controls)}
    return cents(more.pop("volume", {"sessions_per_day": 20}), **(base | more))


def acts_from(sessions):
    """First day, from 1, on which no session came; 0 where some came on all."""
    none = sessions.max(axis=(0, 2)) == 0
    assert (np.diff(none.astype(int)) >= 0).all()  # and none came after it
    return int(none.argmax()) + 1 if none.any() else 0


# -- when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "delay", "crossed", "acts"),
    [
        (0.45, 0, 5, 6),
        (0.5, 0, 6, 7),  # at the end of day 5 it is at 500, and not past it
        (0.0999, 0, 1, 2),
        (0.1, 0, 2, 3),
        (0.45, 1, 5, 7),
        (0.45, 3, 5, 9),
        (0.45, 4, 5, 10),
        (0.45, 5, 5, 0),
        (0.9, 0, 10, 0),  # known when the period is over
        (1, 0, 0, 0),
    ],
)
def test_a_control_acts_after_the_day_of_its_crossing_and_a_delay(lives, at, delay, crossed, acts):
    lived = lives(certain({"at": at, "stop": True, "delay_days": delay}), twin=50, trials=200)
    assert set(lived.crossed[:, 0]) == {crossed}
    assert acts_from(lived.sessions) == acts


def test_one_time_costs_are_covered_and_no_control_looks_at_them(lives):
    items = {"x": {"amount": 5_000, "date": "2026-12-02"}, "y": {"amount": 70, "date": "2026-12-20"}}
    spec = certain({"at": 0.45, "stop": True}, fixed_costs=PLATFORM | {"one_time": items})
    lived = lives(spec, twin=50, trials=200)
    assert set(lived.crossed[:, 0]) == {5}
    assert lived.covered == pytest.approx(np.tile([100, 5_100] + [100] * 8, (len(lived.covered), 1)))
    assert lived.free_covered == pytest.approx(lived.covered)


def test_controls_look_at_what_the_budget_covers(lives):
    """Sessions at 20 cents a day are covered, fixed costs are not."""
    spec = certain({"at": 0.5, **HALF}, budget={"amount": 2, "covers": ["models"]})
    lived = lives(spec)
    assert (lived.crossed[:, 0] == first_past(lived.covered, 1)).all()
    assert lived.covered == pytest.approx(lived.money.sum(axis=2))


def first_past(daily, threshold):
    """Day from 1 on which a sum has passed a threshold, 0 where it never does; daily costs are whole cents."""
    past = np.rint(np.cumsum(daily, axis=1) * 100) > round(threshold * 100)
    return np.where(past.any(axis=1), past.argmax(axis=1) + 1, 0)


# -- what they do ----------------------------------------------------------------------------------------


def test_a_brake_halves_what_comes_from_then_on(lives):
    lived = lives(certain({"at": 0.45, **HALF}))
    for day in range(10):
        came, mean = lived.sessions[:, day, 0], 20 if day < 5 else 10
        assert standard_errors_off(came, mean) < 4
        assert_law(came, distribution(poisson_sum(mean)))
    assert_law(lived.money.sum(axis=(1, 2)) * 100, distribution(poisson_sum(150)))
    assert_law((lived.free_spend.sum(axis=1) - 1_000) * 100, distribution(poisson_sum(200)))


def test_who_is_turned_away_would_have_come(lives):
    """The free arm counts who would have come, at a cent each; the turned-away are the rest, trial by trial."""
    lived = lives(certain({"at": 0.45, **HALF, "delay_days": 1}))
    free = np.rint((lived.free_spend - 100) * 100)
    came = lived.sessions.sum(axis=2)
    assert np.array_equal(free[:, :6], came[:, :6])
    assert (free >= came).all()
    assert np.array_equal(lived.turned_away, (free - came).sum(axis=1))
    assert standard_errors_off(lived.turned_away, 40) < 4
    assert_law(lived.turned_away, distribution(gap_of_counts(20, 10) ** 4))


def gap_of_counts(more, fewer, n=200_000):
    """Transform of how far apart two Poisson counts are at the same uniform."""
    u = (np.arange(n) + 0.5) / n
    gaps, times = np.unique(counts_at(u, more) - counts_at(u, fewer), return_counts=True)
    return costs(dict(zip(gaps.tolist(), (times / n).tolist(), strict=True)))


def counts_at(u, mean):
    chances = [math.exp(-mean) * mean**k / math.factorial(k) for k in range(80)]
    return np.searchsorted(np.cumsum(chances), u)


def test_a_stop_turns_everyone_away(lives):
    lived = lives(certain({"at": 0.45, "stop": True}))
    free = np.rint((lived.free_spend - 100) * 100)
    assert np.array_equal(lived.turned_away, free[:, 5:].sum(axis=1))
    assert lived.sessions[:, 5:].max() == 0
    assert_law(lived.turned_away, distribution(poisson_sum(100)))


def test_a_control_that_brings_more_turns_nobody_away(lives):
    lived = lives(certain({"at": 0.45, "multiplies": {"volume": 3}}), twin=50, trials=2_000)
    assert lived.turned_away.max() == 0
    assert standard_errors_off(lived.sessions[:, 5:].sum(axis=(1, 2)), 5 * 60) < 4
    assert standard_errors_off((lived.free_spend - 100)[:, 5:].sum(axis=1) * 100, 5 * 20) < 4


def test_controls_add_up_once_in_force_for_good(lives):
    controls = [
        {"at": 0.15, "multiplies": {"volume": 3}},
        {"at": 0.35, "multiplies": {"volume": 0.2, "price": 2}},
        {"at": 0.35, "multiplies": {"price": 5}, "delay_days": 2},
        {"at": 2, "stop": True},
    ]
    lived = lives(certain(*controls))
    assert [set(crossed) for crossed in lived.crossed.T] == [{2}, {4}, {4}, {0}]
    volume, price = [20] * 2 + [60] * 2 + [12] * 6, [1] * 4 + [2] * 2 + [10] * 4
    for day in range(10):
        assert standard_errors_off(lived.sessions[:, day, 0], volume[day]) < 4
    assert lived.money[:, :, 0] == pytest.approx(lived.sessions[:, :, 0] * np.array(price) / 100)
    assert standard_errors_off(lived.turned_away, 6 * 8) < 4  # who came more on days 3 and 4 makes up for nobody


def test_controls_route_after_events_and_chains_are_followed(lives):
    prices = {"one": 1, "two": 2, "five": 5, "eleven": 11}
    models = {name: {"input": 0, "output": 10_000 * price} for name, price in prices.items()}
    spec = certain(
        {"at": 0.15, "route": {"one": "two"}},
        {"at": 0.35, "route": {"two": "eleven"}},
        {"at": 0.55, "route": {"one": "five"}},
        agent={"model": "one"},
        models=models,
        events={"outage": {"date": "2026-12-02", "days": 4, "route": {"one": "five"}}},
    )
    lived = lives(spec, twin=200, trials=1_000)
    paid = np.array([1, 5, 2, 2, 11, 11, 5, 5, 5, 5])
    assert lived.money[:, :, 0] == pytest.approx(lived.sessions[:, :, 0] * paid / 100)
    free = np.array([1, 5, 5, 5, 5, 1, 1, 1, 1, 1])
    assert lived.free_spend - 100 == pytest.approx(lived.sessions[:, :, 0] * free / 100)


def test_spend_that_crosses_at_random_crosses_where_it_does(lives):
    """The sessions themselves are what is capped: each trial has its own day."""
    controls = [{"at": 0.5, **HALF}, {"at": 0.8, "stop": True, "delay_days": 1}]
    spec = cents({"sessions_per_day": 20, "dispersion": 3}, period=TEN_DAYS, budget=1.4, controls=controls)
    lived = lives(spec)
    for place, at in enumerate((0.5, 0.8)):
        assert np.array_equal(lived.crossed[:, place], first_past(lived.covered, at * 1.4))
    crossed = lived.crossed
    assert len(set(crossed[:, 0])) > 4
    days = np.arange(1, 11)
    stopped = (crossed[:, 1:] > 0) & (days > crossed[:, 1:] + 1)
    braked = (crossed[:, :1] > 0) & (days > crossed[:, :1])
    came, free = lived.sessions[:, :, 0], np.rint(lived.free_spend * 100)
    assert stopped.mean() > 0.1
    assert came[stopped].max() == 0
    assert np.array_equal(came[~braked], free[~braked])
    assert (came[braked] <= free[braked]).all()
    assert np.array_equal(lived.turned_away, (free - came).sum(axis=1))
    assert_free(lived)


def assert_free(lived):
    """Without controls the days are the plain ones: independent, negative binomial."""
    for day in range(10):
        came = lived.free_spend[:, day] * 100
        assert standard_errors_off(came, 20) < 4
        assert_law(came, distribution(negative_binomial_sum(20, 3)))
    assert standard_errors_off((lived.free_spend[:, 1] * 100 - 20) * (lived.free_spend[:, 8] * 100 - 20), 0) < 4


def test_features_are_turned_away_each_for_itself(lives):
    agents = {"a": {"model": "dear"} | CENT, "b": {"model": "dear"} | CENT}
    features = {"x": {"agent": "a"}, "y": {"agent": "b"}}
    spec = scenario(
        agents,
        models=CENTS,
        features=features,
        volume={"sessions_per_day": 20},
        period=TEN_DAYS,
        budget=ON_FIXED,
        fixed_costs=PLATFORM,
        controls=[{"at": 0.45, **HALF}],
    )
    lived = lives(spec)
    assert standard_errors_off(lived.turned_away, 5 * 10) < 4
    for feature in range(2):
        assert standard_errors_off(lived.sessions[:, 5:, feature].sum(axis=1), 5 * 5) < 4


# -- the month to date -----------------------------------------------------------------------------------


def spent(through, amount, *controls, **more):
    return certain(*controls, spent={"through": through, "amount": amount}, **more)


def test_the_month_to_date_is_a_fact(lives):
    items = {"x": {"amount": 5_000, "date": "2026-12-02"}, "y": {"amount": 70, "date": "2026-12-05"}}
    spec = spent("2026-12-04", 432.1, fixed_costs=PLATFORM | {"one_time": items}, volume={"sessions_per_day": 20})
    lived = lives(spec)
    known = [0, 0, 0, 432.1, 170, 100, 100, 100, 100, 100]
    assert lived.covered == pytest.approx(np.tile(known, (len(lived.covered), 1)))
    assert lived.sessions[:, :4].max() == 0
    assert lived.sessions[:, 4:].min() > 0
    assert_law((lived.spend - sum(known)) * 100, distribution(poisson_sum(6 * 20)))


@pytest.mark.parametrize(
    ("amount", "at", "delay", "crossed", "acts"),
    [
        (500, 0.45, 0, 4, 5),  # passed by what is known
        (450, 0.45, 0, 5, 6),  # reached, and not passed
        (500, 0.45, 2, 4, 7),
        (100, 0.45, 0, 8, 9),
        (0, 0.45, 0, 9, 10),
        (0, 0.7, 0, 0, 0),
    ],
)
def test_controls_count_the_month_to_date(lives, amount, at, delay, crossed, acts):
    lived = lives(
        spent("2026-12-04", amount, {"at": at, "stop": True, "delay_days": delay}, volume={"sessions_per_day": 30}),
        twin=50,
        trials=200,
    )
    assert set(lived.crossed[:, 0]) == {crossed}
    assert acts_from(lived.sessions[:, 4:]) == max(acts - 4, 0)
    free = [0, 0, 0, amount] + [100] * 6
    assert lived.free_covered == pytest.approx(np.tile(free, (len(lived.free_covered), 1)))


@pytest.mark.parametrize(
    ("amount", "crossed"),
    [
        (600, 4),  # 500 of it is no one-time cost
        (500, 5),
        (50, 9),  # nothing of it is anything else
    ],
)
def test_one_time_costs_of_the_month_to_date_stay_out_of_sight(lives, amount, crossed):
    items = {"x": {"amount": 60, "date": "2026-12-01"}, "y": {"amount": 40, "date": "2026-12-04"}}
    spec = spent("2026-12-04", amount, {"at": 0.45, "stop": True}, fixed_costs=PLATFORM | {"one_time": items})
    assert set(lives(spec, twin=5, trials=20).crossed[:, 0]) == {crossed}


def test_days_that_remain_are_those_that_the_calendar_gives_them(lives):
    """Trends and events go on from the start of the period, whatever is known of it."""
    lived = lives(
        spent(
            "2026-12-04",
            0,
            trends={"volume": 3},
            events={
                "storm": {"date": "2026-12-06", "days": 2, "multiplies": {"volume": 2}},
                "flood": {"date": "2026-12-03", "days": 3, "multiplies": {"volume": 0.5}},
            },
        )
    )
    for day in range(4, 10):
        mean = 20 * 4 ** (day / 31) * (2 if day in (5, 6) else 0.5 if day == 4 else 1)
        assert standard_errors_off(lived.sessions[:, day, 0], mean) < 4


def test_a_control_that_no_money_reaches_never_acts(lives):
    """Its threshold is more nanos than a machine integer holds."""
    budget = ON_FIXED | {"amount": 1e11}
    lived = lives(certain({"at": 1, "stop": True}, budget=budget), twin=10, trials=20)
    assert not lived.crossed.any()
