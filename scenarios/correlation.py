"""Rank correlations of drivers as a matrix of the Gaussian copula, and the nearest possible one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Name = TypeVar("Name", bound=str)

_ROUNDING = 1e-10


def copula_matrix(names: Sequence[Name], ranks: Mapping[tuple[Name, Name], float]) -> Matrix:
    """Correlation matrix of the normal scores whose copula has the given rank correlations.

    Parameters
    ----------
    names : sequence of str
        Drivers, in the order of rows and columns.
    ranks : mapping of pairs to float
        Spearman's rank correlation; pairs left out are independent.

    Returns
    -------
    ndarray of float64, shape (n, n)
        Symmetric, ones on the diagonal; r = 2 sin(pi rho / 6) (Kruskal 1958).
    """
    matrix = np.eye(len(names))
    for (first, second), rank in ranks.items():
        row, column = names.index(first), names.index(second)
        matrix[row, column] = matrix[column, row] = 2 * np.sin(np.pi * rank / 6)
    return matrix


def is_possible(matrix: Matrix) -> bool:
    """Whether random variables with this correlation matrix exist: no negative eigenvalue beyond rounding."""
    return bool(np.linalg.eigvalsh(matrix)[0] >= -_ROUNDING) if len(matrix) else True


def nearest_possible(matrix: Matrix, held: NDArray[np.bool_] | None = None, steps: int = 200) -> Matrix:
    """The correlation matrix that is nearest in the Frobenius norm.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
        Symmetric, ones on the diagonal.
    held : ndarray of bool, shape (n, n), optional
        Entries that stay as they are.
    steps : int
        Alternating projections at most.

    Returns
    -------
    ndarray of float64, shape (n, n)
        Positive semidefinite up to rounding. Source: Higham (2002), algorithm 3.3.
    """
    nearest, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(steps):
        shifted = nearest - correction
        values, vectors = np.linalg.eigh(shifted)
        semidefinite = (vectors * np.maximum(values, 0)) @ vectors.T
        correction = semidefinite - shifted
        nearest = semidefinite.copy()
        np.fill_diagonal(nearest, 1.0)
        if held is not None:
            nearest[held] = matrix[held]
        if is_possible(nearest):
            break
    return nearest


def nearest_ranks(names: Sequence[Name], ranks: Mapping[tuple[Name, Name], float]) -> dict[tuple[Name, Name], float]:
    """Rank correlations of the nearest possible matrix in which pairs that were not stated stay independent."""
    held = np.ones((len(names), len(names)), np.bool_)
    for first, second in ranks:
        row, column = names.index(first), names.index(second)
        held[row, column] = held[column, row] = False
    matrix = nearest_possible(copula_matrix(names, ranks), held)
    scores = {pair: float(matrix[names.index(pair[0]), names.index(pair[1])]) for pair in ranks}
    return {pair: 6 / np.pi * float(np.arcsin(np.clip(score, -1, 1) / 2)) for pair, score in scores.items()}


def possible_ranks(names: Sequence[Name], ranks: Mapping[tuple[Name, Name], float]) -> dict[tuple[Name, Name], float]:
    """The nearest possible rank correlations in three decimals, drawn in until they are possible as they are shown."""
    nearest = nearest_ranks(names, ranks)
    for thousandths in range(1_000, -1, -1):
        rounded = {pair: round(rank * thousandths / 1_000, 3) for pair, rank in nearest.items()}
        if is_possible(copula_matrix(names, rounded)):
            return rounded
    raise AssertionError("independent drivers are always possible")
