"""Rank correlations and the Gaussian copula."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.correlation import copula_matrix, is_possible, nearest_possible, nearest_ranks, possible_ranks


def test_rank_correlation_of_the_copula() -> None:
    matrix = copula_matrix(["a", "b", "c"], {("a", "c"): 0.5})
    assert matrix[0, 2] == matrix[2, 0] == pytest.approx(2 * np.sin(np.pi / 12))
    assert matrix[0, 1] == 0
    assert np.all(np.diag(matrix) == 1)
    assert copula_matrix(["a", "b"], {("a", "b"): 1.0})[0, 1] == pytest.approx(1.0)
    assert copula_matrix(["a", "b"], {("a", "b"): -1.0})[0, 1] == pytest.approx(-1.0)


def test_ranks_come_back_from_draws() -> None:
    rng = np.random.default_rng(1)
    rank, n = 0.6, 40_000
    draws = rng.multivariate_normal([0, 0], copula_matrix(["a", "b"], {("a", "b"): rank}), n)
    ranks = draws.argsort(axis=0).argsort(axis=0)
    assert np.corrcoef(ranks.T)[0, 1] == pytest.approx(rank, abs=4 * (1 - rank**2) / np.sqrt(n) * 1.1)


def test_what_is_possible() -> None:
    assert is_possible(np.eye(0))
    assert is_possible(copula_matrix(["a", "b"], {("a", "b"): 1.0}))
    assert not is_possible(copula_matrix(["a", "b", "c"], {("a", "b"): 0.9, ("a", "c"): 0.9, ("b", "c"): -0.9}))


def test_the_nearest_possible_matrix_is_highams() -> None:
    # Higham (2002), section 4: the matrix of the tridiagonal example
    given = np.array([[2.0, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]])
    np.fill_diagonal(given, 1.0)
    nearest = nearest_possible(given)
    expected = [[1.0, -0.8084, 0.1916, 0.1068], [-0.8084, 1.0, -0.6562, 0.1916]]
    assert np.allclose(nearest[:2], expected, atol=2e-4)
    assert is_possible(nearest)
    assert np.allclose(np.diag(nearest), 1.0)


def test_what_is_possible_is_its_own_nearest() -> None:
    ranks = {("a", "b"): 0.4, ("b", "c"): -0.2}
    nearest = nearest_ranks(["a", "b", "c"], ranks)
    assert nearest == pytest.approx(ranks)


def test_pairs_that_nobody_stated_stay_independent() -> None:
    # one that moves with three independent ones: its squared correlations sum to 1 at most
    ranks = {("a", "b"): 0.95, ("a", "c"): 0.95, ("a", "d"): 0.95}
    most = 6 / np.pi * np.arcsin(np.sqrt(1 / 3) / 2)
    assert nearest_ranks("abcd", ranks) == pytest.approx(dict.fromkeys(ranks, most), abs=1e-4)


@pytest.mark.parametrize("last", np.linspace(0.3, 1, 8))
def test_what_is_shown_as_possible_is_possible(last: float) -> None:
    ranks = {("a", "b"): 0.9, ("a", "c"): 0.8, ("a", "d"): last}
    shown = possible_ranks("abcd", ranks)
    assert is_possible(copula_matrix("abcd", shown))
    assert all(value == round(value, 3) for value in shown.values())
    assert shown == pytest.approx(nearest_ranks("abcd", ranks), abs=0.003)
