"""The rooms of the hybrid engine one by one: algebra, surfaces, laws, tails, designs."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.learning.algebra import cholesky, covariance, solve
from simulator.engine.learning.axes import Axes
from simulator.engine.learning.counted import rounded, rounded_money
from simulator.engine.learning.design import candidates, chosen
from simulator.engine.learning.laws import CUTS, PASSED, Tail, bodies, mean_beyond, mean_of, moved, with_tail
from simulator.engine.learning.surface import Surface

N = 1 << 20
MIDDLES = (np.arange(N) + 0.5) / N


def axes(d):
    ones = np.ones(d)
    return Axes(np.arange(d), np.zeros(d), np.zeros(d), ones, -3 * ones, 3 * ones)


def test_the_algebra_is_that_of_everyone():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(20, 20))
    matrix, right = a @ a.T + np.eye(20), rng.normal(size=(20, 3))
    assert np.allclose(solve(cholesky(matrix), right), np.linalg.solve(matrix, right))


def test_a_covariance_is_symmetric_and_positive_definite():
    places = np.random.default_rng(2).normal(size=(30, 3))
    own = covariance(places, places, np.array([1.0, 2.0, 3.0]), np.full(3, 3.0), 0.1, 1.0)
    assert np.array_equal(own, own.T)
    assert np.linalg.eigvalsh(own + 1e-9 * np.eye(30)).min() > 0


def test_a_surface_finds_a_smooth_function_between_its_places():
    rng = np.random.default_rng(3)
    places, there = rng.uniform(-2, 2, size=(40, 2)), rng.uniform(-1.5, 1.5, size=(200, 2))

    def bent(x):
        return 0.3 * x[:, 0] + 0.05 * x[:, 1] ** 2 + 0.1 * np.tanh(x[:, 0] * x[:, 1])

    surface = Surface.through(axes(2), places, bent(places)[:, None], np.zeros(40))
    assert np.abs(surface.at(there)[:, 0] - bent(there)).max() < 0.01
    assert np.abs(surface.at(places)[:, 0] - bent(places)).max() < 1e-6


def test_what_is_left_out_is_what_the_others_say():
    rng = np.random.default_rng(4)
    places = rng.uniform(-2, 2, size=(12, 1))
    values, noise = np.sin(places), np.full(12, 1e-4)
    surface = Surface.through(axes(1), places, values, noise)
    own = covariance(places, places, surface.lengths, surface.axes.reach, surface.bend, 1.0) + np.diag(noise + 1e-10)
    others = np.arange(1, 12)
    by_others = own[0, others] @ np.linalg.solve(own[np.ix_(others, others)], values[others])
    assert surface.left_out[0] == pytest.approx(values[0, 0] - by_others[0], abs=1e-9)


def test_knots_keep_the_moments_of_a_law():
    costs = -np.log1p(-MIDDLES)  # exponential
    knots = with_tail(costs, Tail(np.inf))
    assert mean_of(knots) == pytest.approx(1.0, rel=2e-3)
    edge = -np.log(PASSED[CUTS[0]])
    inside = costs[costs < edge]
    mean, sd, skewness = bodies(knots)[0]
    assert mean == pytest.approx(inside.mean(), rel=1e-3)
    assert sd == pytest.approx(inside.std(), rel=2e-3)
    assert skewness == pytest.approx((((inside - inside.mean()) / inside.std()) ** 3).mean(), rel=5e-3)


def test_a_tail_of_known_index_goes_on_where_a_pool_ends():
    costs = (1 - MIDDLES) ** (-1 / 1.5)  # Pareto, of mean 3
    knots = with_tail(costs, Tail(1.5))
    deep = PASSED == 2.0**-30
    assert knots[deep][0] == pytest.approx(2.0**20, rel=0.02)
    assert mean_beyond(knots, 2.0**-12) == pytest.approx(3 * 2.0**-4, rel=0.02)
    assert with_tail(costs, Tail(1.5, most=5e5)).max() == pytest.approx(5e5)


def test_knots_move_with_a_part_of_the_pool():
    costs = -np.log1p(-MIDDLES)
    part = costs[::64]
    assert np.allclose(moved(with_tail(costs, Tail(np.inf)), part, 1.3 * part), 1.3 * with_tail(costs, Tail(np.inf)))


def test_a_design_begins_where_most_is_spent_and_reaches_the_ends():
    rng = np.random.default_rng(5)
    places = np.concatenate([rng.normal(0, 0.3, size=(2_000, 2)), rng.normal(4, 0.1, size=(3, 2))])
    some, importance = candidates(places, np.ones(len(places)))
    picked = chosen(places[some], importance, np.full(2, 5.0), np.zeros((1, 2)), 12)
    found = places[some[picked]]
    assert len(set(picked)) == 12
    assert (found > 3).all(axis=1).any()
    assert (np.abs(found) < 1).all(axis=1).sum() >= 6


def test_axes_leave_out_what_never_moves_and_measure_failures_by_what_they_do():
    class Plan:
        failure_rates = np.full((1, 1, 1), 0.1)
        features = np.array([(np.inf,)], [("most_cost", float)])

    levels = np.ones((50, 12))
    levels[:, 0], levels[:, 5], levels[:, 6], levels[:, 11] = 2, np.linspace(1, 8, 50), np.linspace(1, 9, 50), 1.5
    levels[0, 0], levels[0, 11] = 1, 1
    found = Axes.of(Plan, 0, levels, np.ones(50))
    assert found.drivers.tolist() == [5, 6]
    raw = 1 - np.exp(-0.1 * levels[:, 6])
    assert np.allclose(found.places(levels)[:, 1] * found.scale[1] + found.centre[1], raw)


@pytest.mark.parametrize("total", [0, 7, 10**12 + 1])
def test_whole_parts_add_up(total):
    weights = np.array([0.0, 1.0, 2.5, 0.5])
    parts = rounded(weights, total)
    assert parts.sum() == total
    assert np.abs(parts - weights / 4 * total).max() <= 1
    assert sum(rounded_money(weights, total * 10**9)) == total * 10**9
