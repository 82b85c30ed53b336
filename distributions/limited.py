"""Likeliest laws of data that a limit cuts: what would pass it is not there (truncated), or stands at it (piled up).

A plain likelihood takes such data for a law with a lighter tail. Here every value counts by its chance under the
condition that it is below the limit, or those at the limit by the chance to be there or beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from distributions.densities import log_density
from distributions.families import FAMILIES
from distributions.law import Law, LawError
from distributions.likeliest import LIKELIEST, NotFittedError
from distributions.numerics import FloatArray
from distributions.tail import Sample

LIMITED = ("lognormal", "gamma", "weibull", "exponential")
"""Families that are fitted so: without power tails, whose index nobody can tell from what lies below a limit."""

_FURTHEST = 12.0  # of the logarithm of a parameter from where it started: there a likelihood grows without end
_UNLOGGED = {"mu"}


def fit_below(name: str, sample: Sample, limit: float) -> dict[str, float]:
    """Likeliest parameters where values above a limit can't exist.

    Parameters
    ----------
    name : one of `LIMITED`
    sample : all values at or below the limit

    Raises
    ------
    NotFittedError
        Where the family can't have made the values, or the likelihood has no maximum.
    """
    n = float(np.sum(sample.counts))
    return _fitted(name, sample, sample, lambda law: -n * _log(float(law.cdf(limit))))


def fit_piled(name: str, sample: Sample) -> dict[str, float]:
    """Likeliest parameters where the greatest value stands for itself and all that would be above it.

    Raises
    ------
    NotFittedError
        Where the family can't have made the values, or the likelihood has no maximum.
    """
    limit, n_at = float(sample.values[-1]), float(sample.counts[-1])
    below = Sample(sample.values[:-1], sample.counts[:-1])
    return _fitted(name, below, sample, lambda law: n_at * _log(float(law.sf(limit))))


def _fitted(name: str, seen: Sample, start_from: Sample, cut: Callable[[Law], float]) -> dict[str, float]:
    from scipy import optimize

    n = float(np.sum(start_from.counts))
    first = LIKELIEST[name](start_from.values, start_from.counts / n)
    start = np.array([value if key in _UNLOGGED else math.log(value) for key, value in first.items()])

    def named(free: FloatArray) -> dict[str, float]:
        return {
            key: float(value) if key in _UNLOGGED else math.exp(min(float(value), 600.0))
            for key, value in zip(first, free, strict=True)
        }

    def loss(free: FloatArray) -> float:
        try:
            law = FAMILIES[name].of(**named(free))
        except LawError:
            return math.inf
        likelihood = float(seen.counts @ log_density(law, name, named(free), seen.values)) + cut(law)
        return -likelihood / n if math.isfinite(likelihood) else math.inf

    options: dict[str, Any] = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2_000}
    found = optimize.minimize(loss, start, method="Nelder-Mead", options=options)
    if not found.success or not math.isfinite(found.fun) or np.max(np.abs(found.x - start)) > _FURTHEST:
        raise NotFittedError("below the limit its likelihood has no maximum")
    return named(found.x)


def _log(x: float) -> float:
    return math.log(x) if x > 0.0 else -math.inf
