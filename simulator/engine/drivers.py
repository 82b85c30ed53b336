"""What nobody knows yet, drawn once a trial: the uncertain drivers, with their rank correlations (Gaussian copula)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.ufuncs import ndtr, ndtri
from scenarios.correlation import copula_matrix
from scenarios.words import DRIVERS, DriverName
from simulator.engine.points import ORDER, Points

if TYPE_CHECKING:
    from distributions.law import Law
    from scenarios.risks import Drivers as StatedDrivers
    from simulator.engine.layout import Floats, Ints

_ROUNDING = 1e-10
"""A variance below this is rounding: a score has nothing of its own beyond the scores before it."""
_LEAST = 2.0**-1000
"""A chance above 0 that a score may have: beyond 37 standard deviations it has none as a float."""


@dataclass(frozen=True)
class Drivers:
    """The uncertain drivers of a scenario.

    Attributes
    ----------
    laws : by name
    weights : float64[12, 12], what each driver's normal score takes of the independent ones, both in the order of
        `ORDER`; lower triangular, each row of length 1
    points : where the draws come from
    """

    laws: Mapping[DriverName, Law]
    weights: Floats
    points: Points

    @classmethod
    def of(cls, stated: StatedDrivers, points: Points) -> Drivers:
        """Read the drivers of a scenario."""
        return cls(stated.levels, copula_weights(copula_matrix(ORDER, stated.correlation)), points)

    def levels(self, seed: int, trial: Ints) -> Floats:
        """float64[T, 12] in the order of ``DRIVERS``: the trials' draws of the uncertain drivers, 1 for the others.

        A driver that is correlated with none, or only with ones that come after it in `ORDER`, keeps the draw that it
        would have by itself.
        """
        levels = np.ones((len(trial), len(DRIVERS)))
        uniforms = {name: self.points.uniforms(seed, f"driver:{name}", trial) for name in self.laws}
        for name, law in self.laws.items():
            row = self.weights[ORDER.index(name)]
            mixed = {ORDER[i]: float(row[i]) for i in np.flatnonzero(row)}
            alone = mixed == {name: 1.0}
            levels[:, DRIVERS.index(name)] = law.ppf(uniforms[name]) if alone else _quantile(law, mixed, uniforms)
        return levels


def copula_weights(matrix: Floats) -> Floats:
    """Cholesky's factor of a correlation matrix, which may be semidefinite.

    A row takes nothing of a score that has no variance of its own; rows are brought to length 1, so that each normal
    score has variance 1 whatever was rounded.

    Parameters
    ----------
    matrix : float64[n, n], symmetric, ones on the diagonal, positive semidefinite up to rounding

    Returns
    -------
    float64[n, n], lower triangular; adding rows below changes none above
    """
    weights = np.zeros_like(matrix)
    for row in range(len(matrix)):
        for column in range(row):
            if weights[column, column] > 0.0:
                rest = matrix[row, column] - float((weights[row, :column] * weights[column, :column]).sum())
                weights[row, column] = rest / weights[column, column]
        left = 1.0 - float((weights[row, :row] ** 2).sum())
        weights[row, row] = np.sqrt(left) if left > _ROUNDING else 0.0
        weights[row] /= np.sqrt((weights[row] ** 2).sum())
    return weights


def _quantile(law: Law, mixed: Mapping[DriverName, float], uniforms: Mapping[DriverName, Floats]) -> Floats:
    """Draws of a law at a mix of normal scores, each tail counted from its own end."""
    score = sum(weight * _score(uniforms[name]) for name, weight in mixed.items())
    beyond = np.maximum(ndtr(-np.abs(score)), _LEAST)
    drawn: Floats = np.where(score < 0.0, law.ppf(beyond), law.isf(beyond))
    return drawn


def _score(u: Floats) -> Floats:
    """Standard normal quantile, as accurate above the median as below it."""
    return np.where(u < 0.5, ndtri(u), -ndtri(1.0 - u))
