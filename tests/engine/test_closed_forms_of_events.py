"""Incidents against mathematics: when they happen, how long they last, what they multiply, where they send calls."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from tests.engine.cents import TWENTY, cents
from tests.engine.facts import share_off, standard_errors_off
from tests.engine.oracle import assert_law, costs, distribution, mixed, poisson_sum
from tests.twin.agreement import kolmogorov_bound

FIRST, SECOND, THIRD = "2026-12-04", "2026-12-05", "2026-12-06"


def with_event(volume=TWENTY, agent=None, **event):
    return cents(volume, agent=agent or {}, events={"storm": event})


# -- dated ones --------------------------------------------------------------------------------------------


def test_an_event_that_may_happen_mixes_two_laws(lives):
    lived = lives(with_event(date=SECOND, probability=0.3, multiplies={"volume": 3}))
    on = lived.event_days["storm"]
    assert sorted(set(on)) == [0, 2]
    assert share_off((on == 2).sum(), on.size, 0.3) < 4
    assert_law(lived.spend * 100, distribution(0.7 * poisson_sum(60) + 0.3 * poisson_sum(20 + 2 * 60)))
    for happened, days in ((0, (20, 20, 20)), (2, (20, 60, 60))):
        for day, mean in enumerate(days):
            came = lived.sessions[on == happened, day, 0]
            assert standard_errors_off(came, mean) < 4
            assert_law(came, distribution(poisson_sum(mean)))


@pytest.mark.parametrize(("probability", "days"), [(0, 0), (1, 3)])
def test_an_event_that_is_certain_one_way_or_the_other(lives, probability, days):
    lived = lives(with_event(date=FIRST, probability=probability, multiplies={"volume": 3}), twin=20, trials=2_000)
    assert set(lived.event_days["storm"]) == {days}


def test_what_an_event_multiplies_by_is_drawn_once(lives):
    factor = {"mixture": [{"weight": 0.5, "law": 1}, {"weight": 0.5, "law": 4}]}
    lived = lives(with_event(date=FIRST, multiplies={"volume": factor}))
    assert_law(lived.spend * 100, distribution(0.5 * poisson_sum(60) + 0.5 * poisson_sum(240)))


def test_two_multipliers_of_an_event_are_drawn_apart(lives):
    """Volume and price are 1 or 3 each: four kinds of period, a quarter each."""
    factor = {"mixture": [{"weight": 0.5, "law": 1}, {"weight": 0.5, "law": 3}]}
    lived = lives(with_event(date=FIRST, multiplies={"volume": factor, "price": factor}))
    kinds = [poisson_sum(60 * volume, costs({price: 1.0})) for volume, price in product((1, 3), (1, 3))]
    assert_law(lived.spend * 100, distribution(mixed(kinds, [0.25] * 4)))


@pytest.mark.parametrize(
    ("days", "lasts"),
    [
        (2, {2: 1}),
        (1.4, {1: 1}),
        (1.6, {2: 1}),
        ({"uniform": {"low": 0, "high": 0.8}}, {1: 1}),
        (40, {3: 1}),
        ({"uniform": {"low": 0, "high": 2}}, {1: 0.75, 2: 0.25}),
        ({"uniform": {"low": 1, "high": 4}}, {1: 1 / 6, 2: 1 / 3, 3: 1 / 2}),  # cut at the end
    ],
)
def test_events_last_whole_days_and_no_longer_than_the_period(lives, days, lasts):
    on = lives(with_event({"sessions_per_day": 1}, date=FIRST, days=days, multiplies={"price": 2})).event_days["storm"]
    assert set(on) == set(lasts)
    off = [share_off((on == n).sum(), on.size, chance) for n, chance in lasts.items() if chance < 1]
    assert max(off, default=0) < 4


def test_events_trends_and_drivers_multiply(lives):
    events = {
        "storm": {"date": FIRST, "days": 2, "multiplies": {"volume": 3}},
        "flood": {"date": SECOND, "multiplies": {"volume": 0.5, "price": 4}},
    }
    lived = lives(cents(events=events, trends={"volume": 3}, drivers={"price": 1.5, "volume": 2}))
    for day, (volume, price) in enumerate([(3, 1), (1.5, 4), (0.5, 4)]):
        came = lived.sessions[:, day, 0]
        assert standard_errors_off(came, 20 * 2 * volume * 4 ** (day / 31)) < 4
        assert lived.money[:, day, 0] == pytest.approx(came * price * 1.5 / 100)


# -- those that come at random -----------------------------------------------------------------------------

RATE = 6
OVER_THE_MONTHS = {"start": "2027-02-20", "days": 14}  # nine days of a month of 28, five of one of 31
STARTS = np.array([RATE / 28] * 9 + [RATE / 31] * 5)
LASTING = {"geometric": {"mean": 2.5}}


def days_left(lasting):
    """Transition matrices, one a day: the number of days for which an event will still be in force, the day counted.

    It is the larger of what was left the day before, less one, and the longest of what starts today. Starts of a day
    are Poisson, so that P(the longest is at most m) is exp(-rate P(lasts longer than m)).
    """
    n = len(STARTS)
    longer = lasting(np.arange(n + 1))  # P(lasts more than m days)
    matrices = []
    for number, rate in enumerate(STARTS):
        below = np.exp(-rate * longer[: n - number])
        longest = np.diff(np.append(below, 1.0), prepend=0.0)  # the rest lasts to the end
        longest = np.append(longest, np.zeros(n + 1 - longest.size))
        matrix = np.zeros((n + 1, n + 1))
        for before in range(n + 1):
            left = max(before - 1, 0)
            matrix[before, left] = longest[: left + 1].sum()
            matrix[before, left + 1 :] = longest[left + 1 :]
        matrices.append(matrix)
    return matrices


def days_on(lasting):
    """P(days on = k) for the whole period, and P(on) day by day."""
    n = len(STARTS)
    joint = np.zeros((n + 1, n + 1))  # days left, days on so far
    joint[0, 0] = 1
    by_day = []
    for matrix in days_left(lasting):
        moved = matrix.T @ joint
        by_day.append(moved[1:].sum())
        joint = np.zeros_like(moved)
        joint[0] = moved[0]
        joint[1:, 1:] = moved[1:, :-1]
    return joint.sum(axis=0), np.array(by_day)


def geometric_longer(m):
    return (1 - 1 / 2.5) ** m


def always_longer(m):
    return np.ones(len(m))


def two_days_longer(m):
    return (m < 2).astype(float)


DURATIONS = {
    "geometric": (LASTING, geometric_longer),
    "to the end": (None, always_longer),
    "two days": (2, two_days_longer),
}


def at_random(lasting, factor=3.0):
    lasts = {} if lasting is None else {"days": lasting}
    event = {"per_month": RATE, "multiplies": {"volume": factor}} | lasts
    return cents({"sessions_per_day": 4}, period=OVER_THE_MONTHS, events={"storm": event})


def test_days_on_are_known_where_they_can_be_told_at_sight():
    """On by a day: some start lies within reach of it."""
    _, by_day = days_on(two_days_longer)
    within_reach = np.array([STARTS[max(0, day - 1) : day + 1].sum() for day in range(len(STARTS))])
    assert by_day == pytest.approx(1 - np.exp(-within_reach))
    law, by_day = days_on(always_longer)
    assert by_day == pytest.approx(1 - np.exp(-np.cumsum(STARTS)))
    assert law @ np.arange(len(law)) == pytest.approx(by_day.sum())
    assert law[0] == pytest.approx(math.exp(-STARTS.sum()))


@pytest.mark.parametrize("durations", DURATIONS)
def test_events_at_random_are_on_as_a_queue_without_a_counter_is_busy(lives, durations):
    lasting, longer = DURATIONS[durations]
    lived = lives(at_random(lasting))
    on = lived.event_days["storm"]
    law, by_day = days_on(longer)
    cdf, n = np.cumsum(law), on.size
    empirical = np.searchsorted(np.sort(on), np.arange(len(cdf)), side="right") / n
    assert np.abs(empirical - cdf).max() < kolmogorov_bound(n)
    assert share_off((on == 0).sum(), n, law[0]) < 4
    for day, chance in enumerate(by_day):
        came = lived.sessions[:, day, 0]
        assert standard_errors_off(came, 4 * (1 + 2 * chance)) < 4
        # It does not stack, however many are on.
        assert_law(came, distribution((1 - chance) * poisson_sum(4) + chance * poisson_sum(12)))


def test_the_occurrence_that_began_first_gives_the_multipliers(lives):
    """Thirty start every day and last two, so that the first of them, on the first day, has the second day as well."""
    factor = {"mixture": [{"weight": 0.5, "law": 1}, {"weight": 0.5, "law": 9}]}
    event = {"per_month": 930, "days": 2, "multiplies": {"volume": factor}}
    lived = lives(cents({"sessions_per_day": 40}, events={"storm": event}), twin=50, trials=2_000)
    first, second, third = (lived.sessions[:, day, 0] > 150 for day in range(3))
    n = first.size
    assert np.array_equal(first, second)
    assert share_off(first.sum(), n, 0.5) < 4
    assert share_off((first & third).sum(), n, 0.25) < 4  # another occurrence, another draw


# -- some of the sessions ----------------------------------------------------------------------------------


def test_an_event_with_a_share_hits_single_sessions(lives):
    lived = lives(with_event(date=SECOND, probability=0.6, share=0.2, multiplies={"output_tokens": 30}))
    calm, hit = poisson_sum(20), poisson_sum(20, costs({1: 0.8, 30: 0.2}))
    assert_law(lived.spend * 100, distribution(calm * (0.4 * calm**2 + 0.6 * hit**2)))


def test_two_events_with_shares_hit_independently(lives):
    events = {
        "storm": {"date": FIRST, "share": 0.3, "multiplies": {"output_tokens": 5}},
        "flood": {"date": FIRST, "share": 0.2, "multiplies": {"output_tokens": 7}},
    }
    lived = lives(cents(events=events, drivers={"output_tokens": 2}))
    cost = costs({2: 0.7 * 0.8, 10: 0.3 * 0.8, 14: 0.7 * 0.2, 70: 0.3 * 0.2})
    assert_law(lived.spend * 100, distribution(poisson_sum(60, cost)))
