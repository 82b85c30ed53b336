"""Linear algebra of small symmetric matrices, element by element.

A library that multiplies matrices on several threads may add in another order, and the last bits of a result would
depend on the machine; matrices here have some dozen rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator.engine.layout import Floats

ROOT_5 = float(np.sqrt(5.0))


def covariance(a: Floats, b: Floats, lengths: Floats, reach: Floats, bend: float, trend: float) -> Floats:
    """float64[n, m]: covariance of a surface at places float64[n, d] and float64[m, d].

    A Matern field of smoothness 5/2, and a quadratic trend of which little is known beforehand.
    """
    square, dot = np.zeros((len(a), len(b))), np.ones((len(a), len(b)))
    for axis in range(a.shape[1]):
        square += ((a[:, None, axis] - b[None, :, axis]) / lengths[axis]) ** 2
        dot += a[:, None, axis] * b[None, :, axis] / reach[axis] ** 2
    r = ROOT_5 * np.sqrt(square)
    near: Floats = bend * (1.0 + r + r * r / 3.0) * np.exp(-r) + trend * dot * dot
    return near


def cholesky(matrix: Floats) -> Floats:
    """The lower triangular root of a positive definite matrix."""
    rest, root = matrix.copy(), np.zeros_like(matrix)
    for k in range(len(matrix)):
        root[k:, k] = rest[k:, k] / np.sqrt(max(rest[k, k], 1e-300))
        rest[k:, k:] -= root[k:, k, None] * root[None, k:, k]
    return root


def solve(root: Floats, right: Floats) -> Floats:
    """X of ``matrix @ x == right``, float64[n, m], where `root` is the root of the matrix."""
    x = right.copy()
    for k in range(len(root)):
        x[k] /= root[k, k]
        x[k + 1 :] -= root[k + 1 :, k, None] * x[k]
    for k in reversed(range(len(root))):
        x[k] /= root[k, k]
        x[:k] -= root[k, :k, None] * x[k]
    return x
