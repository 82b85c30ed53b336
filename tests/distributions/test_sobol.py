"""Sobol points: against another implementation, even as they should be, and uniform one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from distributions.sobol import DIGITS, DIMENSIONS, direction_numbers, sobol_uniforms
from tests.twin.agreement import kolmogorov_bound, kolmogorov_distance

NUMBERS = np.arange(2**12)


def unscrambled(dimension, numbers):
    """Coordinates of points by their numbers, digit by digit."""
    x = np.zeros(len(numbers), np.uint64)
    for k, direction in enumerate(direction_numbers(dimension)):
        x ^= direction * ((numbers >> np.uint64(k)) & np.uint64(1))
    return x / 2.0**DIGITS


@pytest.mark.parametrize("dimension", range(DIMENSIONS))
def test_direction_numbers_are_those_that_scipy_has(dimension):
    n = 2**12
    numbers = np.arange(n, dtype=np.uint64)
    theirs = qmc.Sobol(DIMENSIONS, scramble=False, bits=DIGITS).random(n)
    gray = numbers ^ (numbers >> np.uint64(1))  # the order in which scipy gives the points
    assert np.array_equal(unscrambled(dimension, gray), theirs[:, dimension])


@pytest.mark.parametrize("dimension", range(DIMENSIONS))
@pytest.mark.parametrize("log_n", [0, 3, 7, 12])
def test_each_first_power_of_two_points_has_one_in_each_cell(dimension, log_n):
    u = sobol_uniforms(1, "x", 5, NUMBERS[: 2**log_n], direction_numbers(dimension))
    assert sorted(np.floor(u * 2**log_n).astype(int).tolist()) == list(range(2**log_n))


def test_two_dimensions_are_even_together():
    """The first two are a (0, m, 2)-net: every box of 2^-m is hit once, whatever its shape."""
    x, y = (sobol_uniforms(3, f"x{d}", 0, NUMBERS[: 2**8], direction_numbers(d)) for d in (0, 1))
    for along in range(9):
        boxes = np.floor(x * 2**along).astype(int) * 2 ** (8 - along) + np.floor(y * 2 ** (8 - along)).astype(int)
        assert len(set(boxes.tolist())) == 2**8


def test_two_purposes_of_one_dimension_are_independent_point_by_point():
    n = 2_000
    pairs = np.array(
        [[sobol_uniforms(seed, name, 0, 11, direction_numbers(7))[0] for name in ("a", "b")] for seed in range(n)]
    )
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4 / np.sqrt(n)


def test_one_point_is_uniform_over_seeds_and_purposes():
    n = 4_000
    for number, dimension in ((0, 0), (17, 4), (123_456, 11)):
        over_seeds = np.array(
            [sobol_uniforms(seed, "x", 3, number, direction_numbers(dimension))[0] for seed in range(n)]
        )
        over_names = np.array(
            [sobol_uniforms(1, f"x{k}", 3, number, direction_numbers(dimension))[0] for k in range(n)]
        )
        for u in (over_seeds, over_names):
            assert kolmogorov_distance(u, (np.arange(10**6) + 0.5) / 10**6) < kolmogorov_bound(n)


def test_pairs_of_points_are_independent_over_scrambles_but_for_their_evenness():
    """Points 0 and 1 of a replicate lie in different halves, and within them anywhere: one pair, many seeds."""
    n = 2_000
    pairs = np.array([sobol_uniforms(seed, "x", 0, [0, 1], direction_numbers(0)) for seed in range(n)])
    assert np.all((pairs[:, 0] < 0.5) != (pairs[:, 1] < 0.5))
    within = np.where(pairs < 0.5, pairs, pairs - 0.5) * 2
    assert abs(np.corrcoef(within.T)[0, 1]) < 4 / np.sqrt(n)


def test_replicates_are_independent():
    """Over scrambles; with one scramble each, the same point of two replicates need not look so."""
    n, replicates = 2_000, [0, 1, 9, 15]
    points = np.array([sobol_uniforms(seed, "x", replicates, 4, direction_numbers(0)) for seed in range(n)])
    correlations = np.corrcoef(points.T)[np.triu_indices(len(replicates), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(n)


def test_the_low_digits_are_random_too():
    """Both ends are reached as closely as plain draws reach them: below 2^-32 nothing is cut."""
    u = sobol_uniforms(1, "x", 0, np.arange(10**5), direction_numbers(0))
    low = u * 2.0**DIGITS % 1.0
    assert kolmogorov_distance(low, (np.arange(10**6) + 0.5) / 10**6) < kolmogorov_bound(u.size)
    assert u.min() > 0.0
    assert u.max() < 1.0


def test_a_draw_is_a_function_of_its_point_alone():
    numbers = np.arange(5_000)
    whole = sobol_uniforms(1, "x", numbers % 7, numbers, direction_numbers(3))
    parts = [sobol_uniforms(1, "x", part % 7, part, direction_numbers(3)) for part in np.array_split(numbers, 13)]
    assert np.array_equal(whole, np.concatenate(parts))
    backwards = numbers[::-1]
    assert np.array_equal(whole[::-1], sobol_uniforms(1, "x", backwards % 7, backwards, direction_numbers(3)))


def test_numbers_beyond_all_digits_are_points_too():
    far = 2**58 + np.arange(64)
    u = sobol_uniforms(1, "x", 0, far, direction_numbers(0))
    assert sorted(np.floor(64 * u).astype(int).tolist()) == list(range(64))
    assert not np.array_equal(u, sobol_uniforms(1, "x", 0, far % 2**32, direction_numbers(0)))
