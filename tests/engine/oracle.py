"""Laws of sums, exactly: a day's sessions are Poisson or negative binomial, each costs whole cents, and an FFT adds up.

The transform of a compound law is the probability generating function of its count, taken at the transform of what one
session costs. What is independent multiplies; what may be one way or another (a driver's level, an event) is mixed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from tests.twin.agreement import kolmogorov_bound

GRID = 2**13
ROUNDING = GRID * 1e-15


def costs(chances):
    """Transform of the cost of one session, from its chances by whole cents."""
    law = np.zeros(GRID)
    law[list(chances)] = list(chances.values())
    return np.fft.fft(law)


ONE_CENT = costs({1: 1.0})


def poisson_sum(mean, cost=ONE_CENT):
    """Transform of what a Poisson number of sessions costs."""
    return np.exp(mean * (cost - 1))


def negative_binomial_sum(mean, size, cost=ONE_CENT):
    """Transform of what a negative binomial number costs; its variance is mean + mean^2 / size."""
    return (1 + mean / size * (1 - cost)) ** -size


def mixed(transforms, weights):
    """Transform of what is one of several, by their chances."""
    return np.tensordot(np.asarray(weights), np.asarray(transforms), axes=1)


def lognormal_levels(low, high, n=120):
    """Levels and their weights that stand for a lognormal with its P5 and P95 there (Gauss-Hermite)."""
    sigma = math.log(high / low) / (2 * norm.ppf(0.95))
    z, weights = np.polynomial.hermite_e.hermegauss(n)
    return np.exp(math.log(low * high) / 2 + sigma * z), weights / weights.sum()


def distribution(transform):
    """P(sum <= k) for k in 0 .. GRID - 1; what lies beyond the grid must be next to nothing."""
    law = np.fft.ifft(transform).real
    assert law.min() > -ROUNDING
    assert law[-GRID // 8 :].sum() < ROUNDING  # so that no more than that can have come round to the start
    return np.cumsum(law)


def assert_law(sample, cdf):
    """Hold whole numbers against their distribution, and their P50, P95 and P99 against its quantiles.

    The bound of Dvoretzky, Kiefer and Wolfowitz at one in a million; quantiles by order statistics, at 4 standard
    deviations of a binomial count.
    """
    sample = np.sort(np.rint(sample).astype(int))
    n = sample.size
    empirical = np.searchsorted(sample, np.arange(len(cdf)), side="right") / n
    assert np.abs(empirical - cdf).max() < kolmogorov_bound(n) + ROUNDING
    for p in (0.5, 0.95, 0.99):
        quantile, reach = int(np.searchsorted(cdf, p)), 4 * math.sqrt(n * p * (1 - p))
        low, high = math.floor(n * p - reach) - 1, math.ceil(n * p + reach) - 1
        assert low < 0 or sample[low] <= quantile
        assert high >= n or quantile <= sample[high]
