"""Logarithms of the densities of continuous families, in the names of their parameters, for likelihoods."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from distributions import ufuncs as special
from distributions.law import Law
from distributions.numerics import FloatArray

_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_STEP = 1e-5  # of a value: half the width over which a slope is taken


def _lognormal(x: FloatArray, mu: float, sigma: float) -> FloatArray:
    score = (np.log(x) - mu) / sigma
    return -np.log(x) - math.log(sigma) - _ROOT_TWO_PI - 0.5 * score**2


def _gamma(x: FloatArray, shape: float, scale: float) -> FloatArray:
    return (shape - 1.0) * np.log(x) - x / scale - math.lgamma(shape) - shape * math.log(scale)


def _weibull(x: FloatArray, shape: float, scale: float) -> FloatArray:
    return math.log(shape / scale) + (shape - 1.0) * np.log(x / scale) - (x / scale) ** shape


def _normal(x: FloatArray, mean: float, sd: float) -> FloatArray:
    return -math.log(sd) - _ROOT_TWO_PI - 0.5 * ((x - mean) / sd) ** 2


def _exponential(x: FloatArray, mean: float) -> FloatArray:
    return -math.log(mean) - x / mean


def _pareto(x: FloatArray, min: float, alpha: float) -> FloatArray:  # noqa: A002  (the parameter's name)
    return np.where(x >= min, math.log(alpha) + alpha * math.log(min) - (alpha + 1.0) * np.log(x), -math.inf)


def _lomax(x: FloatArray, alpha: float, scale: float) -> FloatArray:
    return math.log(alpha / scale) - (alpha + 1.0) * np.log1p(x / scale)


def _genpareto(x: FloatArray, xi: float, scale: float) -> FloatArray:
    if abs(xi) < 1e-12:
        return _exponential(x, scale)
    inside = 1.0 + xi * x / scale
    return np.where(inside > 0, -math.log(scale) - (1.0 + 1.0 / xi) * np.log(np.maximum(inside, 1e-300)), -math.inf)


def _burr(x: FloatArray, c: float, k: float, scale: float) -> FloatArray:
    log = np.log(x / scale)
    return math.log(c * k / scale) + (c - 1.0) * log - (k + 1.0) * np.logaddexp(0.0, c * log)


def _beta(x: FloatArray, a: float, b: float, low: float, high: float) -> FloatArray:
    unit = (x - low) / (high - low)
    constant = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.log(high - low)
    inside = special.xlogy(a - 1.0, unit) + special.xlog1py(b - 1.0, -unit) + constant
    return np.where((unit >= 0) & (unit <= 1), inside, -math.inf)


def _pert(x: FloatArray, low: float, mode: float, high: float) -> FloatArray:
    lean = 4.0 * (mode - low) / (high - low)
    return _beta(x, 1.0 + lean, 5.0 - lean, low, high)


def _uniform(x: FloatArray, low: float, high: float) -> FloatArray:
    return np.where((x >= low) & (x <= high), -math.log(high - low), -math.inf)


def _triangular(x: FloatArray, low: float, mode: float, high: float) -> FloatArray:
    rising = (x - low) / ((mode - low) or 1.0)  # of two sides one may be none, which is then not looked at
    falling = (high - x) / ((high - mode) or 1.0)
    height = np.where(x < mode, rising, falling) if low < mode < high else (rising if mode >= high else falling)
    logs: FloatArray = np.log(np.clip(height, 0.0, 1.0)) + math.log(2.0 / (high - low))
    return logs


LOG_DENSITIES: dict[str, Callable[..., FloatArray]] = {
    "lognormal": _lognormal,
    "gamma": _gamma,
    "weibull": _weibull,
    "normal": _normal,
    "exponential": _exponential,
    "pareto": _pareto,
    "lomax": _lomax,
    "genpareto": _genpareto,
    "burr": _burr,
    "beta": _beta,
    "pert": _pert,
    "uniform": _uniform,
    "triangular": _triangular,
}
"""By family; the others' densities are slopes of their distribution functions."""


def log_density(law: Law, name: str, parameters: dict[str, float], x: FloatArray) -> FloatArray:
    """Logarithm of the density of a law of a family at values, minus infinity where it is 0.

    Examples
    --------
    >>> from distributions.families import FAMILIES
    >>> float(log_density(FAMILIES["exponential"].of(mean=1.0), "exponential", {"mean": 1.0}, np.array([2.0]))[0])
    -2.0
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if name in LOG_DENSITIES:
            return LOG_DENSITIES[name](x, **parameters)
        step = np.maximum(np.abs(x), 1e-12) * _STEP
        rise, fall = law.cdf(x + step) - law.cdf(x - step), law.sf(x - step) - law.sf(x + step)
        slope: FloatArray = np.log(np.maximum(np.where(law.cdf(x) < 0.5, rise, fall), 0.0) / (2.0 * step))
        return slope


def log_chances(law: Law, x: FloatArray) -> FloatArray:
    """Logarithm of the chance that a discrete law is each of some whole numbers."""
    from_below = law.cdf(x) - law.cdf(x - 1.0)
    from_above = law.sf(x - 1.0) - law.sf(x)
    with np.errstate(divide="ignore"):
        chances: FloatArray = np.log(np.maximum(np.where(law.cdf(x) < 0.5, from_below, from_above), 0.0))
    return chances
