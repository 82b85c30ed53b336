"""Families from a mean and a coefficient of variation, each by its closed form or one root; the face is elicit.py."""

from __future__ import annotations

import math
from collections.abc import Callable

from distributions import ufuncs as special
from distributions.bounded import Beta, Uniform
from distributions.discrete import NegativeBinomial
from distributions.families import Gamma, Lognormal, Normal, Weibull
from distributions.family import Family, ImpossibleError
from distributions.heavy import Genpareto, Lomax, Pareto
from distributions.numerics import solve_increasing
from distributions.quantity import format_number


def _lognormal_moments(mean: float, cv: float) -> Lognormal:
    variance = math.log1p(cv * cv)
    return Lognormal(math.log(mean) - variance / 2.0, math.sqrt(variance))


def _gamma_moments(mean: float, cv: float) -> Gamma:
    return Gamma(1.0 / (cv * cv), mean * cv * cv)


def _weibull_moments(mean: float, cv: float) -> Weibull:
    def narrowness(shape: float) -> float:
        return -float(special.gammaln(1.0 + 2.0 / shape) - 2.0 * special.gammaln(1.0 + 1.0 / shape))

    shape = solve_increasing(lambda c: narrowness(c) + math.log1p(cv * cv), 0.05, 1e6)
    if not math.isclose(-narrowness(shape), math.log1p(cv * cv), rel_tol=1e-6):
        raise ImpossibleError("its shape would lie outside 0.05 to 1,000,000")
    return Weibull(shape, mean / math.exp(special.gammaln(1.0 + 1.0 / shape)))


def _pareto_moments(mean: float, cv: float) -> Pareto:
    alpha = 1.0 + math.sqrt(1.0 + 1.0 / (cv * cv))
    return Pareto(mean * (alpha - 1.0) / alpha, alpha)


def _lomax_moments(mean: float, cv: float) -> Lomax:
    if cv <= 1.0:
        raise ImpossibleError("its cv is always above 1; use gamma or lognormal for less")
    alpha = 2.0 * cv * cv / (cv * cv - 1.0)
    return Lomax(alpha, mean * (alpha - 1.0))


def _genpareto_moments(mean: float, cv: float) -> Genpareto:
    xi = (1.0 - 1.0 / (cv * cv)) / 2.0
    return Genpareto(xi, mean * (1.0 - xi))


def _normal_moments(mean: float, cv: float) -> Normal:
    return Normal(mean, mean * cv)


def _uniform_moments(mean: float, cv: float) -> Uniform:
    half = math.sqrt(3.0) * mean * cv
    return Uniform(mean - half, mean + half)


def _beta_moments(mean: float, cv: float, low: float = 0.0, high: float = 1.0) -> Beta:
    if not low < mean < high:
        raise ImpossibleError(f"the mean must lie between its ends, {format_number(low)} and {format_number(high)}")
    share, spread = (mean - low) / (high - low), mean * cv / (high - low)
    total = share * (1.0 - share) / (spread * spread) - 1.0
    if total <= 0.0:
        widest = math.sqrt(share * (1.0 - share)) * (high - low) / mean
        raise ImpossibleError(f"its cv must be below {format_number(widest)} for this mean and these ends")
    return Beta(share * total, (1.0 - share) * total, low, high)


def _negative_binomial_moments(mean: float, cv: float) -> NegativeBinomial:
    excess = cv * cv - 1.0 / mean
    if excess <= 0.0:
        raise ImpossibleError(
            f"its cv is above that of a poisson count, {format_number(1.0 / math.sqrt(mean))} for this mean"
        )
    return NegativeBinomial(mean, 1.0 / excess)


BY_MEAN_CV: dict[type[Family], Callable[..., Family]] = {
    Lognormal: _lognormal_moments,
    Gamma: _gamma_moments,
    Weibull: _weibull_moments,
    Pareto: _pareto_moments,
    Lomax: _lomax_moments,
    Genpareto: _genpareto_moments,
    Normal: _normal_moments,
    Uniform: _uniform_moments,
    Beta: _beta_moments,
    NegativeBinomial: _negative_binomial_moments,
}
"""Families of two free parameters, by the function that finds them from mean and cv."""
