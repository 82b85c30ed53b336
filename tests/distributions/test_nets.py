"""Coordinates by name: even by themselves, chosen to be even with others, and nobody else's business."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from distributions.nets import CANDIDATES, SIZES, named_directions, quality
from distributions.sobol import DIMENSIONS, direction_numbers, sobol_uniforms

MAIN = [(direction_numbers(0), 2), (direction_numbers(1), 1)]
NAMES = [f"event:{number}" for number in range(12)]


def coordinates(directions, size):
    """The first 2^size points in units of 2^-32, unscrambled, digit by digit."""
    numbers = np.arange(2**size, dtype=np.uint64)
    x = np.zeros(len(numbers), np.uint64)
    for k, direction in enumerate(directions):
        x ^= direction * ((numbers >> np.uint64(k)) & np.uint64(1))
    return x


def counted_quality(first, second, size):
    """Least t such that every box of area 2^(t - size) has its 2^t points, by counting them."""
    x, y = coordinates(first, size), coordinates(second, size)
    for t in range(size + 1):
        if all(is_shared(x, y, a, size - t - a, 2**t) for a in range(size - t + 1)):
            return t
    raise AssertionError("with t = size the only box is all of it")


def is_shared(x, y, a, b, share):
    boxes = (x >> np.uint64(32 - a)) * np.uint64(2**b) + (y >> np.uint64(32 - b))
    return bool(np.all(np.bincount(boxes.astype(int), minlength=2 ** (a + b)) == share))


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 5), (3, 7), (4, 4), (2, 11)])
def test_quality_is_what_counting_boxes_says(first, second, size):
    pair = direction_numbers(first), direction_numbers(second)
    assert quality(*pair, size) == counted_quality(*pair, size)


def test_the_first_two_dimensions_of_sobol_are_a_perfect_pair():
    assert [quality(direction_numbers(0), direction_numbers(1), size) for size in range(1, 15)] == [0] * 14


@pytest.mark.parametrize("name", NAMES)
def test_a_named_coordinate_is_even_by_itself(name):
    u = sobol_uniforms(1, name, 0, np.arange(2**10), named_directions(name, MAIN))
    assert sorted(np.floor(2**10 * u).astype(int).tolist()) == list(range(2**10))


def test_the_chosen_one_is_the_best_of_the_candidates(monkeypatch):
    def score(directions):
        return sum(weight * quality(other, directions, int(size)) for other, weight in MAIN for size in SIZES)

    best = score(named_directions("x", MAIN))
    scores = []
    for number in range(CANDIDATES):  # each by itself is the best of one
        monkeypatch.setattr("distributions.nets._candidates", only(number))
        scores.append(score(named_directions("x", MAIN)))
        monkeypatch.undo()
    assert best == min(scores) < np.mean(scores)


def only(number):
    from distributions import nets

    made = nets._candidates

    def one(name):
        return np.repeat(made(name)[number : number + 1], CANDIDATES, axis=0)

    return one


def test_no_two_names_have_one_coordinate():
    """Nor one that Sobol's drivers have: they would not be even together at any number of points."""
    named = [named_directions(name, MAIN) for name in NAMES]
    known = [direction_numbers(dimension) for dimension in range(DIMENSIONS)]
    for first, second in itertools.combinations([*named, *known], 2):
        assert quality(first, second, 14) < 13  # what a coordinate has with itself
