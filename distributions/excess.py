"""Where a tail begins and how heavy it is: a threshold by a stated rule, Hill's estimates, mean excesses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from distributions.fit import grouped
from distributions.law import LawError
from distributions.numerics import Z_95, FloatArray
from distributions.tail import LEAST_ABOVE, LEAST_VALUES, Sample, Tail, fit_tail

SHARES = (0.90, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998)
"""Where a tail may begin; the first of them from which on a generalised Pareto law is like the data is taken."""

USUAL = 0.95
"""Where it begins if nowhere is like one."""

ACCEPTED = 0.9
"""Root of n times Kolmogorov's distance: 95 % of tails that are generalised Pareto are nearer, both parameters fitted.

Simulated for xi from -0.2 to 0.5; a test does it again."""

CLIFF = -0.5
"""A shape below that is no tail but an edge, where values are many up to a limit and none above."""

_GROUPS = 1 << 15
_POINTS = 100


class Excess(NamedTuple):
    """A fitted tail, and how sure its heaviness is.

    Attributes
    ----------
    tail : threshold, share above it, law of the excesses
    n_above : values above the threshold
    xi_low, xi_high : 95 % interval of the shape, from its asymptotic standard error (1 + xi) / sqrt(n) (Smith 1987)
    accepted : whether the rule found it, or it begins at the usual share for want of a better
    """

    tail: Tail
    n_above: int
    xi_low: float
    xi_high: float
    accepted: bool

    @property
    def tail_index(self) -> tuple[float, float, float]:
        """Tail index 1/xi, and its interval; infinite where the tail may be lighter than any power."""
        return _inverse(self.tail.excess.xi), _inverse(self.xi_high), _inverse(self.xi_low)


def _inverse(xi: float) -> float:
    return 1.0 / xi if xi > 0 else math.inf


def find_tail(sample: Sample) -> Excess | None:
    """Fit a tail from the lowest share on at which a generalised Pareto law is like the data.

    Returns
    -------
    Excess or None
        None for fewer than 200 values, or where nothing like a tail lies above any share.
    """
    n = int(np.sum(sample.counts))
    if n < LEAST_VALUES:
        return None
    sample = grouped(sample, _GROUPS)
    usual = None
    for share in SHARES:
        if n - math.ceil(round(share * n, 6)) < LEAST_ABOVE:
            break
        found = _tail_at(sample, share)
        if found is None or found.tail.excess.xi < CLIFF:
            continue
        if found.accepted:
            return found
        if share <= USUAL:
            usual = found
    return usual


def _tail_at(sample: Sample, share: float) -> Excess | None:
    try:
        tail = fit_tail(sample, share)
    except LawError:
        return None
    above = sample.values > tail.threshold
    excesses, counts = sample.values[above] - tail.threshold, sample.counts[above]
    n = int(np.sum(counts))
    through = np.cumsum(counts) / n
    law = tail.excess.cdf(excesses)
    ks = float(max(np.max(through - counts / n - law), np.max(law - through), 0.0))
    margin = Z_95 * max(1.0 + tail.excess.xi, 0.0) / math.sqrt(n)
    xi = tail.excess.xi
    return Excess(tail, n, xi - margin, xi + margin, ks * math.sqrt(n) <= ACCEPTED)


def hill(sample: Sample) -> tuple[FloatArray, FloatArray]:
    """Hill's estimates of the tail index from the k largest values, for k up to a fifth of them.

    Returns
    -------
    k, index : float64[at most 100], rising k; empty where there are fewer than 20 positive values
    """
    positive = sample.values > 0
    values, counts = sample.values[positive][::-1], sample.counts[positive][::-1]
    n = int(np.sum(counts))
    if n < 20:
        return np.zeros(0), np.zeros(0)
    logs, upto = np.log(values), np.cumsum(counts)
    sums = np.cumsum(counts * logs)
    chosen = np.unique(np.searchsorted(upto, np.geomspace(10, max(n / 5, 11), _POINTS)))
    chosen = chosen[(chosen > 0) & (chosen < values.size)]
    k = upto[chosen - 1].astype(float)
    mean = sums[chosen - 1] / k - logs[chosen]
    return k[mean > 0], 1.0 / mean[mean > 0]


def mean_excess(sample: Sample) -> tuple[FloatArray, FloatArray]:
    """Mean of what values have above a threshold, over thresholds from the median up with at least 10 values above.

    Returns
    -------
    threshold, excess : float64[at most 100]; a rising line is a power tail, a level one exponential
    """
    n = int(np.sum(sample.counts))
    upto = np.cumsum(sample.counts)
    last = int(np.searchsorted(upto, n - 10))
    first = int(np.searchsorted(upto, n / 2))
    if last <= first:
        return np.zeros(0), np.zeros(0)
    chosen = np.unique(np.linspace(first, min(last, sample.values.size - 2), _POINTS).astype(int))
    above = n - upto[chosen]
    sums = np.sum(sample.counts * sample.values) - np.cumsum(sample.counts * sample.values)[chosen]
    return sample.values[chosen], sums / above - sample.values[chosen]
