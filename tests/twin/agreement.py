"""How far apart two samples may be, each bound computed from the samples' sizes."""

from __future__ import annotations

import math

import numpy as np

SAME = 1e-7  # floats of two sides that are the same number on paper


def gap_in_standard_errors(ours, their_mean, their_size, sd):
    """Distance of two means in standard errors of their difference; infinite where nothing varies and they differ."""
    gap = abs(ours.mean() - their_mean)
    if gap <= SAME * abs(their_mean):
        return 0.0
    return gap / (sd * math.sqrt(1 / ours.size + 1 / their_size)) if sd > 0 else math.inf


def kolmogorov_distance(ours, theirs):
    """Largest distance of two empirical distribution functions; equal on paper counts as equal."""
    points = np.unique(np.concatenate([ours, theirs])) * (1 + SAME)
    below_ours = np.searchsorted(np.sort(ours), points, side="right") / ours.size
    below_theirs = np.searchsorted(np.sort(theirs), points, side="right") / theirs.size
    return np.abs(below_ours - below_theirs).max()


def kolmogorov_bound(n, m=math.inf, level=1e-6):
    """Two-sample bound (one-sample: DKW, with m infinite) that chance passes with probability `level` at most."""
    return math.sqrt(math.log(2 / level) / 2 * (1 / n + 1 / m))


def quantile_fits(ours, theirs, p, sigmas=4):
    """Whether their quantile lies between our order statistics at `sigmas` standard deviations of a binomial count."""
    ordered, n = np.sort(ours), ours.size
    reach = sigmas * math.sqrt(p * (1 - p) * n * (1 + n / theirs.size))
    low, high = math.floor(n * p - reach), math.ceil(n * p + reach)
    quantile = np.quantile(theirs, p, method="inverted_cdf")
    above_low = low < 1 or ordered[low - 1] <= quantile * (1 + SAME)
    return above_low and (high > n or quantile * (1 - SAME) <= ordered[high - 1])
