"""What a law looks like to a kernel: cut into simple parts, each part of one of four shapes."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distributions.curve import N_OCTAVES, Half, QuantileFunction, fit_curve
from distributions.law import Law
from distributions.steps import Steps

Floats = npt.NDArray[np.float64]

CONSTANT, CURVE, FLOORED, STEPS, SEGMENTS = range(5)
"""Kinds of rows. SEGMENTS is no shape: it stands for a law of several parts."""

MOST_STEPS = 4096
"""Outcomes of a discrete law that are tabled one by one."""

_DEEPEST = 2.0**-54  # the least u, and 1 - u, of any draw
_EXPONENT_BIAS = 1023
_NO_NODES = np.zeros((0, 4))
_NO_STEPS = np.zeros(0)
_NO_GUIDE = np.zeros(0, dtype=np.int32)


class Shape(NamedTuple):
    """One simple law as numbers.

    Attributes
    ----------
    kind : one of CONSTANT, CURVE, FLOORED, STEPS
    shift : bits to drop from the float64 pattern (curve) or from the word (steps) to get an index
    skip : indices that come before the first row of a curve
    rows : rows of one half of a curve; outcomes of steps
    nodes : cubics of a curve, see `Curve.rows`
    steps : cumulative probabilities, then the outcomes
    guide : for each leading part of the word, the outcome at which the search begins
    value : a constant's
    error : largest error found, relative to max(|x|, 1e-9 of the law's scale)
    """

    kind: int
    shift: int = 0
    skip: int = 0
    rows: int = 0
    nodes: Floats = _NO_NODES
    steps: Floats = _NO_STEPS
    guide: npt.NDArray[np.int32] = _NO_GUIDE
    value: float = 0.0
    error: float = 0.0


class Part(NamedTuple):
    """A shape on the part (lo, hi] of u, moved by offset."""

    lo: float
    hi: float
    shape: Shape
    offset: float


def parts_of(law: Law) -> Iterator[Part]:
    """Cut a law into parts, from the lowest u to the highest; `law.clip` is still to be applied to their draws."""
    for segment in law.segments():
        width = segment.hi - segment.lo
        for lo, hi, shape in _shapes(segment.law):
            yield Part(segment.lo + width * lo, segment.lo + width * hi, shape, segment.offset)


def _shapes(law: Law) -> Iterator[tuple[float, float, Shape]]:
    least, most = _outermost(law.ppf), _outermost(law.isf)
    if least == most:
        yield 0.0, 1.0, Shape(CONSTANT, value=least)
    elif isinstance(law, Steps):
        outcomes, counts = np.unique(law.array, return_counts=True)
        yield 0.0, 1.0, _steps(outcomes, np.cumsum(counts) / law.array.size)
    elif law.discrete:
        yield from _counts(law, least, most)
    else:
        yield 0.0, 1.0, _curve(CURVE, Half(law.ppf, float(law.cdf(0.0))), Half(law.isf, float(law.sf(0.0))))


def _outermost(quantile: QuantileFunction) -> float:
    """Give the last value that a draw can have, or near it where a quantile function gives up before."""
    values = quantile(np.ldexp(_DEEPEST, np.arange(N_OCTAVES)))
    return float(values[np.isfinite(values)][0])


def _curve(kind: int, lower: Half, upper: Half) -> Shape:
    curve = fit_curve(lower, upper)
    return Shape(
        kind,
        shift=52 - curve.bits,
        skip=_EXPONENT_BIAS << curve.bits,
        rows=N_OCTAVES << curve.bits,
        nodes=curve.rows,
        error=curve.error,
    )


GUIDE_BITS, MOST_GUIDE_BITS = 4, 10
"""Guide entries for each outcome, as a power of two: so many that a search hardly ever takes a step, which no processor
can foresee; and no more of them than stay in the nearest cache, where outcomes are not more themselves."""


def _steps(outcomes: Floats, cumulative: Floats) -> Shape:
    bits = max(1, math.ceil(math.log2(outcomes.size)))
    bits = max(bits, min(bits + GUIDE_BITS, MOST_GUIDE_BITS))
    starts = np.searchsorted(cumulative, np.arange(1 << bits) / (1 << bits), side="right")
    guide = np.minimum(starts, outcomes.size - 1).astype(np.int32)
    return Shape(STEPS, 64 - bits, rows=outcomes.size, steps=np.concatenate([cumulative, outcomes]), guide=guide)


def _counts(law: Law, least: float, most: float) -> Iterator[tuple[float, float, Shape]]:
    """Table the least outcomes one by one; those above them are many, so the floor of a curve runs through them."""
    outcomes = np.arange(least, min(most, least + MOST_STEPS - 1.0) + 1.0)
    cumulative = law.cdf(outcomes)
    if outcomes[-1] >= most:
        yield 0.0, 1.0, _steps(outcomes, cumulative)
        return
    below, above = float(cumulative[-1]), float(law.sf(outcomes[-1]))
    yield 0.0, below, _steps(outcomes, cumulative / below)
    yield (
        below,
        1.0,
        _curve(
            FLOORED,
            Half(lambda u: _smoothed(law, below + u * above, (1.0 - u) * above)),
            Half(lambda v: _smoothed(law, below + (1.0 - v) * above, v * above)),
        ),
    )


def _smoothed(law: Law, u: Floats, v: Floats) -> Floats:
    """Give the quantile of a count plus a uniform number in [0, 1), whose floor is that of the count, at u = 1 - v."""
    low, high = u < v, u >= v
    x, share = np.empty(u.shape), np.empty(u.shape)
    x[low], x[high] = law.ppf(u[low]), law.isf(v[high])
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = law.cdf(x[low] - 1.0), law.sf(x[high] - 1.0)
        share[low] = (u[low] - below) / (law.cdf(x[low]) - below)
        share[high] = (above - v[high]) / (above - law.sf(x[high]))
    return x + np.clip(np.nan_to_num(share), 0.0, 1.0)
