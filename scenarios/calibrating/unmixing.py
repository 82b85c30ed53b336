"""Values as they would be without a factor that is drawn once a session: what is left is written as the law."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from distributions.numerics import FloatArray

_DENSE = 2_048
_KNOTS = 33
_NODES = 21
_ROUNDS = 6


def unmix(values: FloatArray, load: float, tilt: float) -> FloatArray:
    """Values x0, in the order of `values`, such that x0 exp(load u) has their distribution.

    Parameters
    ----------
    values : at least 0; those of 0 stay
    load : standard deviation of the factor's logarithm, with its sign
    tilt : mean of u, a standard normal else; sessions that count more often among the values have more of it

    Notes
    -----
    Logarithms are moved by a correction that is linear between 33 quantiles, evenly spaced as those of a normal law,
    which smooths: to take a factor out of a distribution is to sharpen it, and so is noise. It begins with what is
    right for a lognormal, and is moved by what the mixture lacks at these quantiles; of six rounds the one that comes
    nearest is taken. Where the factor is wider than the values, or these stand in heaps, nothing gives their
    distribution; the mean is theirs in any case.
    """
    positive = np.flatnonzero(values > 0)
    if load == 0 or positive.size < 2:
        return values
    order = positive[np.argsort(values[positive], kind="stable")]
    logs = np.log(values[order])
    scores = _scores(order.size)
    reach = float(ndtri(1 - 1 / (order.size + 2)))
    knots = np.linspace(-reach, reach, _KNOTS)
    dense = _scores(min(order.size, _DENSE))
    wanted = np.interp(dense, scores, logs)
    nodes, chances = np.polynomial.hermite_e.hermegauss(_NODES)
    moved = load * (nodes + tilt)
    mass = np.outer(chances / chances.sum(), np.full(dense.size, 1 / dense.size)).ravel()
    mean, spread = float(wanted.mean()), float(wanted.std())
    shrunk = np.sqrt(max(1 - (load / max(spread, abs(load))) ** 2, 0.0)) - 1
    at_knots = np.interp(knots, dense, wanted)
    correction = shrunk * (at_knots - mean) - load * tilt
    nearest, least = correction, np.inf
    for _ in range(_ROUNDS):
        own = wanted + np.interp(dense, knots, correction)
        lacking = at_knots - _quantiles(np.add.outer(moved, own).ravel(), mass, ndtr(knots))
        if (away := float(np.abs(lacking).mean())) < least:
            nearest, least = correction, away
        correction = correction + lacking
    freed = np.exp(np.sort(logs + np.interp(scores, knots, nearest)))
    freed *= values[order].mean() / (freed.mean() * np.exp(load * tilt + load**2 / 2))
    free = values.copy()
    free[order] = freed
    return free


def _scores(n: int) -> FloatArray:
    """Quantiles of a normal law at n equal shares."""
    scores: FloatArray = ndtri((np.arange(n) + 0.5) / n)
    return scores


def _quantiles(values: FloatArray, mass: FloatArray, at: FloatArray) -> FloatArray:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order]) - mass[order] / 2
    return np.interp(at, reached, values[order])
