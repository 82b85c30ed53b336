"""What chance does to the logarithm of a mean of few values: it lies too low, and it scatters."""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints

LEAST_MEAN = 0.01
"""Of the mean of all: below it a mean counts as this much, so that one of 0 has a logarithm."""

_DRAWN, _MOST, _SIZES = 1_000, 256, 20


def chance_of_log_means(values: FloatArray, n: Ints) -> tuple[FloatArray, FloatArray]:
    """How far below the logarithm of the mean that of a mean of n values lies on the average, and its variance.

    Means of sets drawn from the values themselves say it, for some sizes: tails of messages are such that no series in
    the variance does. Beyond 256 values both fall as one over n.

    Parameters
    ----------
    values : not negative, not all 0
    n : at least 1
    """
    from distributions.streams import name_hash, period_uniforms

    sizes = np.unique(np.geomspace(max(n.min(), 1), max(min(n.max(), _MOST), 2), _SIZES).astype(int))
    relative = np.maximum(values / values.mean(), 0.0)
    purpose, low, variance = name_hash("calibration chance"), np.zeros(sizes.size), np.zeros(sizes.size)
    for at, size in enumerate(sizes.tolist()):
        uniforms = period_uniforms(1, purpose, np.arange(_DRAWN * size), size, 0)
        means = relative[(uniforms * values.size).astype(int)].reshape(_DRAWN, size).mean(axis=1)
        logs = np.log(np.maximum(means, LEAST_MEAN))
        low[at], variance[at] = -logs.mean(), logs.var()
    inside = np.clip(n, sizes[0], sizes[-1])
    at_n = np.log(inside)
    low_n, variance_n = (np.interp(at_n, np.log(sizes), part * sizes) / n for part in (low, variance))
    return low_n, variance_n
