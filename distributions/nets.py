"""Coordinates of points by name: as even as a Sobol dimension by themselves, and chosen to be even with given ones.

Dimensions that are dealt out in turn would move when another is added before them.  So a name makes its own: a
generator matrix like those of Sobol's sequence (upper triangular, so that the first 2^m points have one in each of 2^m
cells) whose free digits are a hash of the name.  Such matrices pair well with each other on average, and the best of a
few dozen pairs better with given dimensions than most of Sobol's own later ones.

How even two coordinates are together is the quality parameter t of their net: among 2^m points every box of area
2^(t-m) has its share (Niederreiter 1987); 0 is best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from distributions.jit import inlined, kernel
from distributions.sobol import DIGITS, Words
from distributions.streams import name_hash, period_words

Ints = npt.NDArray[np.int64]

CANDIDATES = 64
"""Matrices of a name that are looked at."""
SIZES = np.array([5, 7, 9, 10], np.int64)
"""Logarithms of the numbers of points at which evenness is looked at: what replicates of short and long runs have."""

_ZERO, _ONE = np.uint64(0), np.uint64(1)


def named_directions(name: str, beside: Sequence[tuple[Words, int]]) -> Words:
    """Choose direction numbers by a name.

    Parameters
    ----------
    name : str
        Decides alone: the same on every machine and whatever other names there are.
    beside : sequence of (uint64[32], int)
        Direction numbers of the coordinates with which these shall be even, and how much that counts.

    Returns
    -------
    uint64[32]
        As `distributions.sobol.direction_numbers`; the first of the candidates whose t, weighted and added up over the
        sizes, is least.
    """
    candidates = _candidates(name)
    others = np.array([_rows(directions) for directions, _ in beside])
    weights = np.array([weight for _, weight in beside], np.int64)
    scores = np.zeros(CANDIDATES, np.int64)
    rows = np.array([_rows(directions) for directions in candidates])
    _fill_scores(rows, others, weights, SIZES, np.zeros(DIGITS, np.uint64), scores)
    chosen: Words = candidates[int(scores.argmin())]
    return chosen


def quality(first: Words, second: Words, size: int) -> int:
    """The quality parameter t of the first 2^size points of two coordinates, by their direction numbers."""
    score = np.zeros(1, np.int64)
    one, sizes = np.ones(1, np.int64), np.array([size], np.int64)
    _fill_scores(_rows(first)[None], _rows(second)[None], one, sizes, np.zeros(DIGITS, np.uint64), score)
    return int(score[0])


def _candidates(name: str) -> Words:
    """uint64[CANDIDATES, 32]: random direction numbers, odd in units of their lowest digit as Sobol's are."""
    which, column = np.divmod(np.arange(CANDIDATES * DIGITS, dtype=np.uint64), np.uint64(DIGITS))
    words = period_words(0, name_hash(name), which, column, _ZERO)
    lowest = np.uint64(DIGITS - 1) - column
    digits = (words & ((_ONE << (column + _ONE)) - _ONE)) | _ONE
    directions: Words = (digits << lowest).reshape(CANDIDATES, DIGITS)
    return directions


def _rows(directions: Words) -> Words:
    """uint64[32]: rows of the generator matrix, the highest digit first; bit k of a row is for digit k of a number."""
    places = np.arange(DIGITS, dtype=np.uint64)
    bits = (directions[None, :] >> (np.uint64(DIGITS - 1) - places)[:, None]) & _ONE
    rows: Words = (bits << places[None, :]).sum(axis=1, dtype=np.uint64)
    return rows


@inlined
def _are_independent(first: Words, a: int, second: Words, b: int, size: int, basis: Words) -> bool:
    """Whether the first `a` rows of one matrix and `b` of another are independent in their first `size` columns."""
    for column in range(size):
        basis[column] = _ZERO
    for i in range(a + b):
        row = first[i] if i < a else second[i - a]
        fits = False
        for column in range(size):
            if (row >> np.uint64(column)) & _ONE:
                if basis[column] == _ZERO:
                    basis[column] = row
                    fits = True
                    break
                row ^= basis[column]
        if not fits:
            return False
    return True


@inlined
def _t(first: Words, second: Words, size: int, basis: Words) -> int:
    for digits in range(1, size + 1):
        for a in range(digits + 1):
            if not _are_independent(first, a, second, digits - a, size, basis):
                return size - digits + 1
    return 0


@kernel
def _fill_scores(rows: Words, others: Words, weights: Ints, sizes: Ints, basis: Words, out: Ints) -> None:
    for i in range(out.size):
        for j in range(weights.size):
            for k in range(sizes.size):
                out[i] += weights[j] * _t(rows[i], others[j], sizes[k], basis)
