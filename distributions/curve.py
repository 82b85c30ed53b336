"""A smooth quantile function as rows of cubics, indexed by the octave and sub-bin of the distance to the nearer end.

Both halves of (0, 1) are cut alike: by v = u in the lower half and v = 1 - u in the upper one, into octaves of v, and
each octave into a power of two of equal bins. So a bin is as wide as it is far from its end of the law, and a heavy
tail keeps its relative accuracy down to v = 2**-54, the smallest that is drawn.

In a bin the cubic passes through both ends and two points between them, placed so that what remains between is as small
as it can be (a Chebyshev polynomial stretched until its outer zeros are the ends: 6 times better than a Hermite cubic
on the same bin). Linear interpolation with 256 bins an octave misses 1e-6; this holds it with 16 on most laws.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
QuantileFunction = Callable[[Floats], Floats]

TOLERANCE = 1e-6
"""Largest error that a table aims at, relative to max(|x|, `NEGLIGIBLE` of the law's scale)."""

NEGLIGIBLE = 1e-9
DEEPEST = 1e-12
"""The tolerance is held for u from here to 1 minus here; beyond, the table goes on without a promise."""

N_OCTAVES = 53
BITS_FIRST_TRIED = 4
BITS_MOST = 8

_EXACT = 1e-12  # what rounding alone leaves of a law that a single cubic an octave describes
_MARGIN = 0.8  # the error is measured at its three extrema of a smooth law; a law with bends may hide some between
_INNER = (1.0 - math.sqrt(0.5), math.sqrt(0.5))
_EXTREMA = tuple(0.5 + 0.5 * math.cos(math.pi * k / 4) / math.cos(math.pi / 8) for k in (3, 2, 1))
_PLACES = np.array([0.0, _EXTREMA[0], _INNER[0], _EXTREMA[1], _INNER[1], _EXTREMA[2]])
_NEXT_TO_ZERO = 1.4  # relative to |x|, the error next to a zero is this much larger than at the three points
_NEAREST = 1e-6  # closer to the edge of its bin, a zero has no cubic of its own
_ANCHORS = (2, 4)
_CHECKS = (1, 3, 5)


class Half(NamedTuple):
    """One half of a quantile function.

    Attributes
    ----------
    quantile : callable
        Value at distance v from this end of the law, 0 < v <= 0.5; vectorised, with relative accuracy in v.
    zero : float
        The distance at which the law is 0, where it is. A law that changes its sign inside a bin can keep its relative
        accuracy there only if the cubic passes through 0 where the law does.
    """

    quantile: QuantileFunction
    zero: float = math.nan


class Curve(NamedTuple):
    """Rows of cubics for both halves of a quantile function.

    Attributes
    ----------
    rows : float64[2 * 53 * 2**bits, 4]
        Coefficients of 1, t, t**2, t**3 with t the bits of the mantissa that are left below the index, 0 <= t <
        2**(52 - bits); the lower half first, each half from its end of the law to the middle.
    bits : int
        log2 of the number of bins an octave.
    error : float
        Largest error found between the points that a cubic passes through, relative to max(|x|, 1e-9 of the scale).
    """

    rows: Floats
    bits: int
    error: float


class _Bins(NamedTuple):
    """The bins of a half, from its end to the middle."""

    bits: int
    start: Floats
    width: Floats

    def points(self) -> Floats:
        """Give the places of all bins in v, and the middle."""
        return np.append((self.start[:, None] + self.width[:, None] * _PLACES).ravel(), 0.5)


def fit_curve(lower: Half, upper: Half) -> Curve:
    """Compile a quantile function.

    Parameters
    ----------
    lower, upper : Half

    Returns
    -------
    Curve
        With 16 bins an octave, more where these do not hold `TOLERANCE`, or one where that is exact. Where even 256 do
        not hold it, `error` says so.
    """
    curve = _fit(lower, upper, BITS_FIRST_TRIED)
    if curve.error <= _EXACT:
        coarse = _fit(lower, upper, 0)
        return coarse if coarse.error <= _EXACT else curve
    while curve.error > _MARGIN * TOLERANCE and curve.bits < BITS_MOST:
        missing = math.log2(curve.error / (_MARGIN * TOLERANCE)) / 4  # halving a bin gains a factor of 16
        curve = _fit(lower, upper, min(curve.bits + max(1, math.ceil(missing)), BITS_MOST))
    return curve


def error_unit(x: Floats, scale: float) -> Floats:
    """Give what an error at the value `x` is measured against."""
    return np.maximum(np.abs(x), max(NEGLIGIBLE * scale, np.finfo(np.float64).tiny))


def _fit(lower: Half, upper: Half, bits: int) -> Curve:
    number = np.arange(N_OCTAVES << bits)
    octave = (number >> bits) - N_OCTAVES - 1
    start = np.ldexp(1.0 + (number & ((1 << bits) - 1)) / (1 << bits), octave)
    bins = _Bins(bits, start, np.ldexp(1.0, octave - bits))
    low, high = lower.quantile(bins.points()), upper.quantile(bins.points())
    scale = float(np.max(np.abs([low[-1], low[_quarter(bits)], high[_quarter(bits)]])))
    halves = [_half(bins, low, 1.0, lower.zero, scale), _half(bins, high, -1.0, upper.zero, scale)]
    units = np.ldexp(1.0, -(52 - bits) * np.arange(4))
    return Curve(np.concatenate([rows for rows, _ in halves]) * units, bits, max(error for _, error in halves))


def _quarter(bits: int) -> int:
    """Give the index of v = 1/4 among the points."""
    return ((N_OCTAVES - 1) << bits) * _PLACES.size


def _half(bins: _Bins, x: Floats, sign: float, zero: float, scale: float) -> tuple[Floats, float]:
    """Give the cubics of one half, in t from 0 to 1, and their error where it is promised."""
    values = sign * _outwards(sign * x)
    table = values[:-1].reshape(-1, _PLACES.size)
    start, end = table[:, 0], np.append(table[1:, 0], values[-1])
    inner = table[:, _ANCHORS]
    rows = np.column_stack([start, _bends(np.array(_INNER), inner - start[:, None], end - start)])
    place = (zero - bins.start) / bins.width
    crossed = np.flatnonzero((place > _NEAREST) & (place < 1.0 - _NEAREST))
    for row in crossed:
        kept = 1 if place[row] < 0.5 else 0
        through = np.array([place[row], _INNER[kept]])
        rows[row, 1:] = _bends(through, np.array([0.0, inner[row, kept]]) - start[row], end[row] - start[row])
    bent = ~_monotone(rows * sign)
    rows[bent] = 0.0  # a straight line is the safe form: it keeps order and ends
    rows[bent, 0], rows[bent, 1] = start[bent], (end - start)[bent]
    errors = _errors(rows, x[:-1].reshape(-1, _PLACES.size), scale)
    errors[crossed] *= _NEXT_TO_ZERO
    return rows, float(np.max(errors[bins.start >= DEEPEST]))


def _errors(rows: Floats, x: Floats, scale: float) -> Floats:
    """Give the largest error that the points between find in each bin."""
    places = _PLACES[list(_CHECKS)]
    found = rows[:, :1] + places * (rows[:, 1:2] + places * (rows[:, 2:3] + places * rows[:, 3:]))
    wanted = x[:, _CHECKS]
    with np.errstate(invalid="ignore"):
        errors = np.abs(found - wanted) / error_unit(wanted, scale)
    return np.asarray(
        np.max(np.where(np.isnan(errors), 1.0, errors), axis=1)
    )  # where the law knows no value, all of it


def _outwards(x: Floats) -> Floats:
    """Make a half monotone, from the middle outwards: far out a quantile function may be noise, infinite or NaN."""
    finite = np.where(np.isfinite(x), x, np.nan)
    return np.fmin.accumulate(finite[::-1])[::-1]


def _bends(places: Floats, inner: Floats, end: Floats) -> Floats:
    """Give the coefficients of t, t**2, t**3 of cubics through (0, 0), two inner points and (1, end)."""
    to_coefficients = np.linalg.inv(np.append(places, 1.0)[:, None] ** np.arange(1, 4))
    return np.concatenate([inner, np.expand_dims(end, -1)], axis=-1) @ to_coefficients.T


def _monotone(rows: Floats) -> npt.NDArray[np.bool_]:
    """Tell which cubics do not fall anywhere between 0 and 1."""
    _, c1, c2, c3 = rows.T
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = -c2 / (3.0 * c3)
        lowest = c1 + c2 * turn
    inside = (c3 > 0.0) & (turn > 0.0) & (turn < 1.0)
    rises: npt.NDArray[np.bool_] = (c1 >= 0.0) & (c1 + 2.0 * c2 + 3.0 * c3 >= 0.0) & ~(inside & (lowest < 0.0))
    return rises
