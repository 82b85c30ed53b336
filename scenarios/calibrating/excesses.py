"""Means of tails that are drawn again, each by the generalised Pareto law that fits it, for many tails at once."""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray

_HEAVIEST = 0.9
"""A shape from which on the mean is mostly what nobody has seen."""

_TRIED = 20
_NOTHING = 1e-6
_NEVER = -1e9


def fitted_means(excesses: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean of the generalised Pareto law of each set.

    Parameters
    ----------
    excesses : float64, shape (k,)
        Rising, not negative, not all 0.
    weights : float64, shape (sets, k)
        How often each is in each set.

    Returns
    -------
    float64, shape (sets,)

    Notes
    -----
    Laws are those of Zhang and Stephens (2009, Technometrics 51): means over likelihoods, which no set lacks.
    """
    n = np.maximum(weights.sum(axis=1), 1.0)
    slope = _slopes(excesses, weights, n)
    shape = (weights * np.log1p(-slope[:, None] * excesses)).sum(axis=1) / n
    means: FloatArray = -shape / slope / (1.0 - np.minimum(shape, _HEAVIEST))
    return np.where(means > 0, means, weights @ excesses / n)


def _slopes(excesses: FloatArray, weights: FloatArray, n: FloatArray) -> FloatArray:
    """Minus shape over scale of each set: a mean over some that are tried, by how likely each is."""
    greatest, quarter = float(excesses[-1]), float(excesses[max(round(excesses.size / 4) - 1, 0)])
    steps = 1.0 - np.sqrt(_TRIED / (np.arange(_TRIED) + 0.5))
    tried = 1.0 / greatest + steps / (3.0 * max(quarter, _NOTHING * greatest))
    tried = _apart(np.minimum(tried, (1.0 - _NOTHING) / greatest), greatest)
    shapes = weights @ np.log1p(-np.outer(excesses, tried)) / n[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = n[:, None] * (np.log(-tried / shapes) - shapes - 1.0)
    logs = np.where(np.isfinite(logs), logs, _NEVER)
    likely = np.exp(logs - logs.max(axis=1, keepdims=True))
    return _apart(likely @ tried / likely.sum(axis=1), greatest)


def _apart(slopes: FloatArray, greatest: float) -> FloatArray:
    """Slopes that are not 0: there the law is exponential, as it is next to it."""
    least = _NOTHING / greatest
    return np.where(np.abs(slopes) < least, -least, slopes)
