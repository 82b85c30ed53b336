"""Two tools that every law stands on: bisection over doubles, and integrals over a quantile function's tails."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Z_90, Z_95 = 1.6448536269514722, 1.959963984540054
"""Standard deviations to either side of the mean that hold 90 % and 95 % of a normal law."""

_SIGN = np.int64(-0x8000000000000000)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_DEEPEST = 600.0  # exp(-600) is 1e-261: deep enough for a power tail to be one, far from where squares overflow
_LAST_WHOLE = 2.0**53  # from here on not every whole number is a double
_ROUNDS = 30
_HALVINGS = 200  # down to 1e-60 of the interval, should the root be 0


def least_float(holds: Callable[[FloatArray], NDArray[np.bool_]], lo: FloatArray, hi: FloatArray) -> FloatArray:
    """Least double x in [lo, hi] where `holds(x)`, element by element.

    Parameters
    ----------
    holds : monotone: once true, true for every larger x; taken as true at `hi`
    lo, hi : float64[n], lo <= hi, no NaN

    Returns
    -------
    float64[n]

    Notes
    -----
    Bisects the doubles by their order and not by their value, so 64 rounds find the exact double anywhere: next to 0,
    on an atom, at infinity.
    """
    low, high = _ordered(lo), _ordered(hi)
    done = holds(np.asarray(lo, np.float64))
    high = np.where(done, low, high)
    while np.any(high - low > np.uint64(1)):
        middle = low + (high - low) // np.uint64(2)
        reached = holds(_unordered(middle))
        high = np.where(reached, middle, high)
        low = np.where(reached, np.minimum(low, high), middle)
    return _unordered(high)


def least_integer(holds: Callable[[FloatArray], NDArray[np.bool_]], start: FloatArray, first: float) -> FloatArray:
    """Least whole number k >= `first` where `holds(k)`, element by element, searched outwards from `start`.

    Parameters
    ----------
    holds : monotone: once true, true for every larger k; 2^53, where whole numbers end, is taken to be far enough
    start : float64[n], a guess; it decides the speed and never the result
    first : a whole number

    Returns
    -------
    float64[n], whole
    """
    high = np.maximum(np.ceil(start), first)
    low = high.copy()
    step = 1.0
    while not np.all(reached := holds(high) | (high >= _LAST_WHOLE)):
        low = np.where(reached, low, high + 1.0)
        high = np.where(reached, high, np.minimum(high + step, _LAST_WHOLE))
        step *= 2.0
    step = 1.0
    while np.any(reached := holds(low) & (low > first)):
        high = np.where(reached, low, high)
        low = np.where(reached, np.maximum(low - step, first), low)
        step *= 2.0
    high = np.where(holds(low), low, high)
    while np.any(high > low):
        middle = np.floor((low + high) / 2.0)
        reached = holds(middle)
        high = np.where(reached, middle, high)
        low = np.where(reached, np.minimum(low, high), middle + 1.0)
    return high


def tail_integral(f: Callable[[FloatArray], FloatArray], p_from: float, p_to: float, decay: float = 1.0) -> float:
    """Integral of f(p) over (p_from, p_to], on the logarithm of p, so that a tail down to p = 0 keeps its digits.

    Parameters
    ----------
    f : smooth in log p
    p_from, p_to : 0 <= p_from <= p_to <= 1
    decay : p f(p) falls like p^decay towards 0; above 0. Used below p = 1e-261 only

    Returns
    -------
    float, to about 1e-13 of the integral of |f|
    """
    if not p_from < p_to:
        return 0.0
    top, bottom = -math.log(p_to), (min(-math.log(p_from), _DEEPEST) if p_from > 0.0 else _DEEPEST)
    total = _adaptive(lambda t: f(np.exp(-t)) * np.exp(-t), _panels(top, bottom))
    if p_from == 0.0:
        last = np.exp(np.array([-_DEEPEST]))
        total += float(f(last)[0] * last[0]) / decay
    return total


def solve_increasing(f: Callable[[float], float], lo: float, hi: float) -> float:
    """Root of an increasing function on [lo, hi] by bisection, to the last digit; an end where there is none inside."""
    if f(lo) >= 0.0:
        return lo
    if f(hi) < 0.0:
        return hi
    for _ in range(_HALVINGS):
        middle = lo + (hi - lo) / 2.0
        if not lo < middle < hi:
            break
        lo, hi = (lo, middle) if f(middle) >= 0.0 else (middle, hi)
    return hi


def _ordered(x: FloatArray) -> NDArray[np.uint64]:
    """Doubles as unsigned integers in the same order."""
    bits = np.asarray(x, np.float64).view(np.int64)
    return np.where(bits < 0, ~bits, bits ^ _SIGN).astype(np.int64).view(np.uint64)


def _unordered(keys: NDArray[np.uint64]) -> FloatArray:
    bits = keys.view(np.int64)
    return np.where(bits < 0, bits ^ _SIGN, ~bits).astype(np.int64).view(np.float64)


def _panels(start: float, end: float) -> FloatArray:
    """Panel edges from `start` to `end`, wider further out, where integrands are ever closer to one exponential."""
    edges, width = [start], 0.5
    while edges[-1] < end:
        edges.append(min(edges[-1] + width, end))
        width *= 1.5
    return np.array(edges)


def _adaptive(f: Callable[[FloatArray], FloatArray], edges: FloatArray) -> float:
    """Gauss-Legendre on panels, halving those whose halves disagree with the whole."""
    a, b = edges[:-1], edges[1:]
    whole = _gauss(f, a, b)
    total, size = 0.0, 0.0
    for _ in range(_ROUNDS):
        middle = (a + b) / 2.0
        left, right = _gauss(f, a, middle), _gauss(f, middle, b)
        halves = left + right
        scale = size + float(np.sum(np.abs(left)) + np.sum(np.abs(right)))
        rough = np.abs(halves - whole) > 1e-14 * scale
        total += float(np.sum(halves[~rough]))
        size += float(np.sum(np.abs(halves[~rough])))
        if not np.any(rough):
            return total
        a, b = np.concatenate([a[rough], middle[rough]]), np.concatenate([middle[rough], b[rough]])
        whole = np.concatenate([left[rough], right[rough]])
    return total + float(np.sum(whole))


def _gauss(f: Callable[[FloatArray], FloatArray], a: FloatArray, b: FloatArray) -> FloatArray:
    half = (b - a) / 2.0
    nodes = (a + b)[:, None] / 2.0 + half[:, None] * _NODES[None, :]
    return np.asarray(half * (f(nodes) @ _WEIGHTS), np.float64)
