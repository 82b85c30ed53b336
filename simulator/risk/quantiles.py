"""Quantiles as order statistics, and how far the true ones may lie from them.

The quantile at p of n values is the smallest of them that at least p of the values do not pass: the order statistic of
rank ceil(n p) (Hyndman and Fan's type 1).  It is a value that occurred, it needs no interpolation between integers, and
at most 1 - p of the trials lie above it, so that the breach probability of a budget of P95 is never above 5 %.
"""

from __future__ import annotations

import math
import numbers
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

from simulator.engine.tally import FloatArray, IntArray

LEVEL = 0.95
"""Confidence of every interval that burncurve prints."""


class RankInterval(NamedTuple):
    """Ranks (1 to n) of the order statistics between which a quantile of the population lies.

    A `clamped` end stands at the smallest or largest value because the sample is too small to bound that side: no
    order statistic is far enough out, and the interval covers less than its level.
    """

    low: int
    high: int
    clamped_low: bool
    clamped_high: bool


def rank(p: float, n: int) -> int:
    """Rank (1 to n) of the order statistic that is the quantile at p.

    Parameters
    ----------
    p : float
        In [0, 1].
    n : int
        Sample size, at least 1.

    Raises
    ------
    ValueError
        If p is no probability or there are no values.
    """
    if not _is_probability(p):
        raise ValueError(f"a quantile is asked for at a probability from 0 to 1, got {p!r}")
    if n < 1:
        raise ValueError("there are no values to take a quantile of")
    # 0.07 * 100 is 7.000000000000001 and must not become rank 8
    return max(1, math.ceil(round(n * p, 6)))


def _is_probability(p: object) -> bool:
    return isinstance(p, numbers.Real) and 0 <= float(p) <= 1


def quantile_of_sorted(ordered: FloatArray | IntArray, p: float) -> float:
    """The quantile at p of n values in ascending order; one of them."""
    return float(ordered[rank(p, len(ordered)) - 1])


def histogram_rank(counts: IntArray, p: float) -> int:
    """The bin that holds the quantile at p, of int64[bins] of counts, not all of them zero."""
    cumulative = np.cumsum(counts)
    return int(np.searchsorted(cumulative, rank(p, int(cumulative[-1]))))


def quantile_rows(values: IntArray, p: float) -> IntArray:
    """The quantile at p of each column of int64[n, m], as int64[m]."""
    k = rank(p, len(values)) - 1
    rows: IntArray = np.partition(values, k, axis=0)[k]
    return rows


def interval_ranks(p: float, n: int, level: float = LEVEL, width: float = 1.0) -> RankInterval:
    """Exact distribution-free confidence interval of a population's quantile at p.

    The number of n independent values below the quantile is binomial(n, p), so the order statistics of ranks `low` and
    `high` enclose it with probability P(low <= B < high).  Each side leaves out at most half of 1 - level, which makes
    the coverage at least `level` where no end is clamped.  Source: David and Nagaraja, Order Statistics (2003), 7.1.

    Where trials are not independent, `width` is how many times as far as these the ends lie from the quantile, see
    `simulator.risk.replicates.width_ratio`: a share's interval in place of the binomial one, read off at the order
    statistics (Woodruff 1952).

    Examples
    --------
    >>> interval_ranks(0.5, 100)
    RankInterval(low=40, high=61, clamped_low=False, clamped_high=False)
    >>> interval_ranks(0.99, 100)
    RankInterval(low=97, high=100, clamped_low=False, clamped_high=True)
    """
    rank(p, n)
    half = (1 - level) / 2
    counts = _likely_counts(p, n)
    below = bdtr(counts, n, p)
    # the largest rank with P(B < rank) <= half, and the smallest with P(B >= rank) <= half
    low = int(counts[0]) + int(np.searchsorted(below, half, side="right"))
    high = int(counts[0]) + 1 + int(np.searchsorted(below, 1 - half, side="left"))
    if width != 1.0:
        low, high = math.floor(n * p - width * (n * p - low)), math.ceil(n * p + width * (high - n * p))
    return RankInterval(max(low, 1), min(high, n), low < 1, high > n)


def _likely_counts(p: float, n: int) -> FloatArray:
    """The counts that binomial(n, p) can take within 9 standard deviations, as floats (what `bdtr` reads)."""
    reach = 9 * math.sqrt(n * p * (1 - p)) + 9
    return np.arange(max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach)) + 1, dtype=np.float64)
