"""Difficulty: one draw z a session moves turns, outputs and failures at once; expectations by quadrature over z.

Given z, turns are one of two whole numbers and every attempt is a coin, so moments are sums; over z they are integrals
by the midpoint rule on the normal axis, which must agree with the same rule at half as many points.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.facts import share_off, standard_errors_off
from tests.engine.truth import assert_means, assert_moments
from tests.twin.worlds import one_agent

S, MESSAGE, OUT, TURNS = 900, 100, 200, 4
CV = 0.5
HARD = {"lognormal": {"mean": 1, "cv": CV}}
FAILS, MOST = 0.25, 3
POINTS = 2**17
REACH = 9.0  # standard deviations; what lies beyond weighs less than 1e-18


def over_difficulty(f, points=POINTS):
    """Integrate f(z), of arrays to an array, over the law of z."""
    step = 2 * REACH / points
    x = -REACH + step * (np.arange(points) + 0.5)
    sigma = math.sqrt(math.log(1 + CV**2))
    weights = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * step
    return float(np.sum(f(np.exp(sigma * x - sigma**2 / 2)) * weights))


def expected(f):
    fine, coarse = over_difficulty(f), over_difficulty(f, POINTS // 2)
    assert fine == pytest.approx(coarse, rel=1e-5)  # the rule's error is a fraction of that; samples are off by 1e-3
    return fine


def turns(z, exponent):
    """Both numbers of turns that z may give, and their chances."""
    exact = TURNS * z**exponent
    below = np.floor(exact)
    return ((np.maximum(below, 1), 1 - (exact - below)), (np.maximum(below + 1, 1), exact - below))


def over_turns(z, exponent, f):
    return sum(chance * f(n) for n, chance in turns(z, exponent))


def written(z, exponent):
    return np.floor(OUT * z**exponent + 0.5)


def hard(sensitivity, **more):
    sizes = {"system_tokens": S, "message_tokens": MESSAGE, "output_tokens": OUT, "turns": TURNS}
    return one_agent(sizes | {"sensitivity": sensitivity} | more, difficulty=HARD)


@pytest.mark.parametrize(("a", "b"), [(0.8, 0.3), (1, 1), (0, 0.7), (-0.5, 0.5)])
def test_cost_with_its_history_is_integrated_over_difficulty(sample, a, b):
    side = sample(hard({"turns": a, "output_tokens": b}), 4_000, 20)

    def prompts(n, out):
        return n * (S + MESSAGE) + n * (n - 1) / 2 * (MESSAGE + out)

    def cost(n, out):
        return (prompts(n, out) * 3 + n * out * 15) / 1e6

    def moment(power, centre=0.0):
        return expected(lambda z: over_turns(z, a, lambda n: (cost(n, written(z, b)) - centre) ** power))

    mean = moment(1)
    assert_moments(side.columns["cost"], mean, moment(2, mean), moment(4, mean))
    assert_means(
        side,
        input=expected(lambda z: over_turns(z, a, lambda n: prompts(n, written(z, b)))),
        output=expected(lambda z: over_turns(z, a, lambda n: n * written(z, b))),
        calls=expected(lambda z: over_turns(z, a, lambda n: n)),
    )


def fails(z, c, driver):
    return np.minimum(1, FAILS * driver * z**c)


@pytest.mark.parametrize(
    ("a", "b", "c", "driver"), [(0.8, 0.3, 0.5, 1), (0.5, 0.5, 2, 2), (0, 0, 1.5, 1), (1, -0.5, -1, 1)]
)
def test_calls_and_outputs_move_together(sample, a, b, c, driver):
    retry = {"failure_rate": FAILS, "max_attempts": MOST, "on_exhausted": "continue"}
    spec = hard({"turns": a, "output_tokens": b, "failure_rate": c}, retry=retry)
    side = sample(spec | {"drivers": {"failure_rate": driver}}, 4_000, 20)

    def per_turn(z):
        """Means of the attempts A, of A^2, of the chance W that one works, and of A W."""
        p = fails(z, c, driver)
        tried = sum(p**r for r in range(MOST))
        square = sum((2 * r + 1) * p**r for r in range(MOST))
        both = sum((r + 1) * p**r * (1 - p) for r in range(MOST))
        return tried, square, 1 - p**MOST, both

    def mean(f):
        return expected(lambda z: over_turns(z, a, lambda n: f(n, written(z, b), *per_turn(z))))

    calls = mean(lambda n, out, tried, square, works, both: n * tried)
    output = mean(lambda n, out, tried, square, works, both: n * out * works)
    calls_2 = mean(lambda n, out, tried, square, works, both: n * square + n * (n - 1) * tried**2)
    output_2 = mean(lambda n, out, tried, square, works, both: out**2 * (n * works + n * (n - 1) * works**2))
    product = mean(lambda n, out, tried, square, works, both: out * (n * both + n * (n - 1) * tried * works))
    assert_means(side, calls=calls, output=output)
    x, y = side.columns["calls"] - calls, side.columns["output"] - output
    assert standard_errors_off(x**2, calls_2 - calls**2) < 4
    assert standard_errors_off(y**2, output_2 - output**2) < 4
    scale = math.sqrt((calls_2 - calls**2) * (output_2 - output**2))
    assert standard_errors_off(x * y / scale, (product - calls * output) / scale) < 4


@pytest.mark.parametrize(("a", "c"), [(0.8, 1), (0, 2), (1, 0)])
def test_hard_sessions_fail_more_often(sample, a, c):
    spec = hard({"turns": a, "failure_rate": c}, retry={"failure_rate": FAILS, "max_attempts": 2})
    side = sample(spec)
    success = expected(lambda z: over_turns(z, a, lambda n: (1 - fails(z, c, 1) ** 2) ** n))
    assert share_off(side.columns["success"].sum(), side.sessions, success) < 4


def test_one_difficulty_moves_parents_children_and_validators(sample):
    spec = hard(
        {"turns": 1},
        spawns=[{"agent": "kid", "per": "agent", "count": 1}],
        checked_by={"agent": "checker", "reject_rate": 0},
    )
    easy = {"model": "dear", "output_tokens": 10, "turns": TURNS, "sensitivity": {"turns": 1}}
    spec["agents"] |= {"kid": easy, "checker": easy | {"message_tokens": "from_agent"}}
    calls = sample(spec).columns["calls"]
    one = expected(lambda z: over_turns(z, 1, lambda n: n))
    given_z = expected(lambda z: over_turns(z, 1, lambda n: n) ** 2)
    square = expected(lambda z: over_turns(z, 1, lambda n: n**2))
    assert standard_errors_off(calls, 3 * one) < 4
    assert standard_errors_off((calls - 3 * one) ** 2, 3 * square + 6 * given_z - 9 * one**2) < 4
