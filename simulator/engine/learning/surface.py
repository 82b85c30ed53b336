"""The mean cost of a session, and how it falls to cells, as smooth functions of the driver levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.learning.algebra import cholesky, covariance, solve

if TYPE_CHECKING:
    from simulator.engine.layout import Floats
    from simulator.engine.learning.axes import Axes

TREND = 1.0
NUGGET = 1e-10
"""Variance of a logarithm beside its noise, which keeps the algebra sound."""
FIRST_LENGTH, LEAST_LENGTH, MOST_LENGTH = 3.0, 0.3, 60.0
FIRST_BEND, LEAST_BEND, MOST_BEND = 0.02, 1e-4, 3.0
STEPS = (2.0, 1.4, 1.15)
LENGTH_SPREAD = 1.0
"""Of the logarithm of a length around its first value, as it is thought of beforehand."""


@dataclass(frozen=True)
class Surface:
    """A Gaussian process over the places of some driver levels.

    Attributes
    ----------
    places : float64[n, d]
    lengths : float64[d]
    bend : prior variance of what the trend leaves
    weights : float64[n, m], by which the covariances with the places are multiplied to give m values
    left_out : float64[n], what each logarithm differs by from the surface through all others
    """

    axes: Axes
    places: Floats
    lengths: Floats
    bend: float
    weights: Floats
    left_out: Floats

    @classmethod
    def through(cls, axes: Axes, places: Floats, values: Floats, noise: Floats) -> Surface:
        """Lay a surface through values.

        Parameters
        ----------
        values : float64[n, m], the first of which decides how the surface bends
        noise : float64[n], their variance
        """
        lengths, bend = _likeliest(axes, places, values[:, 0], noise)
        root = cholesky(_covariance(axes, places, noise, lengths, bend))
        inverse = solve(root, np.eye(len(places)))
        weights = solve(root, values)
        return cls(axes, places, lengths, bend, weights, weights[:, 0] / np.diagonal(inverse))

    def at(self, places: Floats) -> Floats:
        """float64[k, m]: values at other places."""
        near = covariance(places, self.places, self.lengths, self.axes.reach, self.bend, TREND)
        values: Floats = np.einsum("ki,im->km", near, self.weights)
        return values


def _covariance(axes: Axes, places: Floats, noise: Floats, lengths: Floats, bend: float) -> Floats:
    own = covariance(places, places, lengths, axes.reach, bend, TREND)
    own[np.diag_indices(len(places))] += noise + NUGGET
    return own


def _likeliest(axes: Axes, places: Floats, values: Floats, noise: Floats) -> tuple[Floats, float]:
    """Lengths and bend of most likelihood, found one after the other in ever finer steps."""
    at = np.log(np.append(np.full(places.shape[1], FIRST_LENGTH), FIRST_BEND))
    low = np.log(np.append(np.full(places.shape[1], LEAST_LENGTH), LEAST_BEND))
    high = np.log(np.append(np.full(places.shape[1], MOST_LENGTH), MOST_BEND))
    if len(places) < 2 or not places.shape[1]:
        return np.exp(at[:-1]), float(np.exp(2.0 * at[-1]))

    def unlikely(x: Floats) -> float:
        root = cholesky(_covariance(axes, places, noise, np.exp(x[:-1]), float(np.exp(2.0 * x[-1]))))
        fit = float(np.sum(values * solve(root, values[:, None])[:, 0]))
        strange = float(np.sum(((x[:-1] - np.log(FIRST_LENGTH)) / LENGTH_SPREAD) ** 2))
        return 0.5 * fit + float(np.sum(np.log(np.diagonal(root)))) + 0.5 * strange

    best = unlikely(at)
    for step in STEPS:
        for place in list(range(len(at))) * 2:
            for by in (np.log(step), -np.log(step)):
                while True:
                    there = at.copy()
                    there[place] = np.clip(there[place] + by, low[place], high[place])
                    value = unlikely(there)
                    if not value < best - 1e-6:
                        break
                    at, best = there, value
    return np.exp(at[:-1]), float(np.exp(2.0 * at[-1]))
