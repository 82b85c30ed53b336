"""Counts by a monotone inverse, held against scipy's inverse and against their own distribution function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distributions.counting import LARGE_MEAN, gamma_levels, poisson_counts

MEANS = (0.0, 1e-9, 0.003, 0.5, 1.0, 7.3, 40.0, 999.5, 1e5)
U = np.concatenate([np.random.default_rng(5).random(500), [1e-12, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-12]])


@pytest.mark.parametrize("mean", MEANS)
def test_counts_are_the_quantiles_of_a_poisson_law(mean):
    assert np.array_equal(poisson_counts(U, mean), stats.poisson.ppf(U, mean).astype(np.int64))


@pytest.mark.parametrize("mean", [1.001e5, 1e6, 3e7, 1e9])
def test_large_counts_are_within_one_of_the_quantiles(mean):
    assert np.abs(poisson_counts(U, mean) - stats.poisson.ppf(U, mean)).max() <= 1


@given(
    u=st.floats(1e-12, 1 - 1e-12),
    mean=st.floats(0.0, 1e6) | st.floats(0.999 * LARGE_MEAN, 1.001 * LARGE_MEAN),
    factor=st.floats(1.0, 3.0),
)
def test_a_higher_mean_at_the_same_uniform_never_gives_fewer(u, mean, factor):
    fewer, more = poisson_counts(np.array([u, u]), np.array([mean, mean * factor]))
    assert fewer <= more


@given(u=st.floats(1e-12, 1 - 1e-12), mean=st.floats(1e-3, 1e5))
def test_a_count_is_the_least_whose_distribution_function_reaches_u(u, mean):
    count = poisson_counts(np.array([u]), np.array([mean]))[0]
    assert stats.poisson.cdf(count, mean) >= u
    assert count == 0 or stats.poisson.cdf(count - 1, mean) < u


def test_shapes_broadcast():
    assert poisson_counts(np.full((3, 1), 0.5), np.array([1.0, 2.0])).shape == (3, 2)


@pytest.mark.parametrize("dispersion", [0.3, 1.0, 20.0])
def test_gamma_levels_have_mean_one_and_the_variance_of_the_dispersion(dispersion):
    n = 20_000
    u = (np.arange(n) + 0.5) / n
    levels = gamma_levels(u, dispersion)
    assert levels == pytest.approx(stats.gamma.ppf(u, dispersion, scale=1 / dispersion), rel=1e-9)
    # A midpoint rule in u: the error is in the last cell, whose mean exceeds its midpoint by less than one gamma scale.
    assert levels.mean() == pytest.approx(1.0, abs=2.0 / (n * dispersion) + 1e-6)
    assert levels.var() == pytest.approx(1.0 / dispersion, rel=5e-3)


@pytest.mark.parametrize("dispersion", [0.7, 5.0])
def test_a_poisson_count_of_a_gamma_level_is_negative_binomial(dispersion):
    rng = np.random.default_rng(11)
    n, mean = 40_000, 12.0
    counts = poisson_counts(rng.random(n), mean * gamma_levels(rng.random(n), dispersion))
    law = stats.nbinom(dispersion, dispersion / (dispersion + mean))
    edges = np.unique(law.ppf(np.linspace(0.05, 0.95, 19))).astype(int)
    cells = np.searchsorted(edges, counts)
    observed = np.bincount(cells, minlength=len(edges) + 1)
    expected = n * np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]]))
    chi2 = ((observed - expected) ** 2 / expected).sum()
    assert chi2 < stats.chi2.ppf(1 - 1e-6, len(edges))
