"""Scrambled Sobol points as a pure function of (seed, purpose, replicate, number of the point).

Points that fill the unit cube evenly make the mean of a smooth function, and the share of points below a quantile, far
surer than independent ones do.  Replicates are independent of each other, so that their answers say how far each may be
off.

Each replicate is scrambled by itself with Owen's nested uniform scramble (Owen 1995): every binary digit is flipped or
not by a random bit that belongs to the digits before it, here a hash of them, so that nothing is stored and no order of
evaluation shows.  Points stay uniform one by one, and even together.  The lowest digits, below what a Sobol point of 32
digits has, are independent, as an endless scramble would make them; both tails thus reach down to 2^-53.

Direction numbers are those of Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM
J. Sci. Comput. 30 (2008), file new-joe-kuo-6.21201.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distributions.jit import inlined, kernel
from distributions.streams import Word, digit_word, name_hash, scramble_key, uniform

Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

DIGITS = 32

_JOE_KUO: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
)
"""Degree and inner coefficients of a primitive polynomial, and the first direction numbers, from dimension 1 on."""

DIMENSIONS = 1 + len(_JOE_KUO)

_DIGITS, _LOW = np.uint64(DIGITS), np.uint64(2**DIGITS - 1)
_ZERO, _ONE, _TOP = np.uint64(0), np.uint64(1), np.uint64(DIGITS - 1)


def direction_numbers(dimension: int) -> Words:
    """What each binary digit of a point's number, the lowest first, adds (without carrying) to a coordinate.

    Parameters
    ----------
    dimension : from 0 to DIMENSIONS - 1

    Returns
    -------
    uint64[32], coordinates in units of 2^-32
    """
    if dimension == 0:
        return np.array([1 << (DIGITS - 1 - k) for k in range(DIGITS)], np.uint64)
    degree, inner, first = _JOE_KUO[dimension - 1]
    numbers = list(first)
    for k in range(degree, DIGITS):
        number = numbers[k - degree] ^ (numbers[k - degree] << degree)
        for i in range(1, degree):
            if inner >> (degree - 1 - i) & 1:
                number ^= numbers[k - i] << i
        numbers.append(number)
    return np.array([number << (DIGITS - 1 - k) for k, number in enumerate(numbers)], np.uint64)


def sobol_uniforms(
    seed: int | np.uint64, purpose: str, replicate: npt.ArrayLike, number: npt.ArrayLike, directions: Words
) -> Floats:
    """Give one coordinate of points.

    Parameters
    ----------
    seed : int
        Seed of the run, taken modulo 2**64.
    purpose : str
        What is drawn; scrambles of different purposes are independent.
    replicate, number : array_like of integers from 0, shapes that broadcast to (n,)
        Which scramble, and which of its points.
    directions : uint64[32]
        Of the coordinate: `direction_numbers` of a dimension, or others by name (`distributions.nets`).

    Returns
    -------
    float64[n] in (0, 1), the middle of one of 2^52 cells

    Examples
    --------
    >>> u = sobol_uniforms(7, "driver:volume", 0, np.arange(4), direction_numbers(0))
    >>> sorted(np.floor(4 * u).astype(int).tolist())
    [0, 1, 2, 3]
    """
    points = np.broadcast_arrays(*(np.atleast_1d(np.asarray(part, dtype=np.uint64)) for part in (replicate, number)))
    replicates, numbers = (np.ascontiguousarray(part) for part in points)
    out = np.empty(numbers.shape)
    _fill_points(np.uint64(int(seed) % 2**64), name_hash(purpose), directions, replicates, numbers, out)
    return out


@inlined
def _scrambled(digits: Word, k0: Word, k1: Word) -> Word:
    """Flip each of 32 binary digits, or not, by what the digits above it are."""
    above, out = _ONE, _ZERO
    for place in range(DIGITS):
        digit = (digits >> (_TOP - np.uint64(place))) & _ONE
        flip = digit_word(k0, k1, above) >> np.uint64(63)
        out = (out << _ONE) | (digit ^ flip)
        above = (above << _ONE) | digit
    return out


@inlined
def _coordinate(directions: Words, number: Word) -> Word:
    x = _ZERO
    for place in range(DIGITS):
        x ^= directions[place] * ((number >> np.uint64(place)) & _ONE)
    return x


@kernel
def _fill_points(
    seed: Word,
    purpose: Word,
    directions: Words,
    replicate: Words,
    number: Words,
    out: Floats,
) -> None:
    for i in range(out.size):
        # a Sobol point has 32 digits, and so a number from 2^32 on takes a scramble of its own
        block, place = number[i] >> _DIGITS, number[i] & _LOW
        k0, k1 = scramble_key(seed, purpose, replicate[i], block)
        x = _coordinate(directions, place)
        below = digit_word(k0, k1, (_ONE << _DIGITS) | x) & _LOW
        out[i] = uniform((_scrambled(x, k0, k1) << _DIGITS) | below)
