"""Values as they would be without a factor that is drawn once a session: what is left is written as the law."""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray

_KNOTS = 2_048
_NODES = 21
_ROUNDS = 12


def unmix(values: FloatArray, load: float, tilt: float) -> FloatArray:
    """Values x0, in the order of `values`, such that x0 exp(load u) has their distribution.

    Parameters
    ----------
    values : at least 0; those of 0 stay
    load : standard deviation of the factor's logarithm, with its sign
    tilt : mean of u, a standard normal else; sessions that count more often among the values have more of it

    Notes
    -----
    Quantiles are corrected by the ratio of those wanted to those of the mixture, twelve times over. Where the factor
    is wider than the values, nothing that is positive gives their distribution, and what comes nearest is returned.
    """
    positive = np.flatnonzero(values > 0)
    if load == 0 or positive.size < 2:
        return values
    order = positive[np.argsort(values[positive], kind="stable")]
    p = (np.arange(order.size) + 0.5) / order.size
    knots, weights = _knots(order.size)
    wanted = np.log(np.interp(knots, p, values[order]))
    nodes, chances = np.polynomial.hermite_e.hermegauss(_NODES)
    moved = load * (nodes + tilt)
    mass = np.outer(chances / chances.sum(), weights).ravel()
    own = wanted - load * tilt
    for _ in range(_ROUNDS):
        own = np.sort(own + wanted - _quantiles(np.add.outer(moved, own).ravel(), mass, knots))
    free = values.copy()
    free[order] = np.exp(np.interp(p, knots, own))
    return free


def _knots(n: int) -> tuple[FloatArray, FloatArray]:
    """Probabilities in order, ever denser towards both ends, and the mass that each stands for."""
    edges = np.linspace(-1.0, 1.0, min(n, _KNOTS) + 1)
    edges = (1 + np.sin(edges * np.pi / 2)) / 2
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def _quantiles(values: FloatArray, mass: FloatArray, at: FloatArray) -> FloatArray:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order]) - mass[order] / 2
    return np.interp(at, reached, values[order])
