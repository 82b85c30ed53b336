"""Families from two or three percentiles, each by the line or the roots that fit it; the face is elicit.py."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from distributions import ufuncs as special
from distributions.bounded import Beta, Pert, Triangular, Uniform
from distributions.families import Gamma, Lognormal, Normal, Weibull
from distributions.family import Family, ImpossibleError
from distributions.heavy import Burr, Genpareto, Lomax, Pareto
from distributions.numerics import FloatArray, solve_increasing
from distributions.quantity import format_number

ByQuantiles = Callable[..., Family]

_CLOSE = 1e-9


def _line(score: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Intercept and slope of the least-squares line of y on the scores."""
    slope, intercept = np.polyfit(score, y, 1) if score.size > 2 else _through(score, y)
    return float(intercept), float(slope)


def _through(score: FloatArray, y: FloatArray) -> tuple[float, float]:
    slope = (y[1] - y[0]) / (score[1] - score[0])
    return slope, y[0] - slope * score[0]


def _logs(x: FloatArray) -> FloatArray:
    if x[0] <= 0.0:
        raise ImpossibleError("all its values are above 0")
    return np.log(x)


def _lognormal_quantiles(p: FloatArray, x: FloatArray) -> Lognormal:
    return Lognormal(*_line(special.ndtri(p), _logs(x)))


def _normal_quantiles(p: FloatArray, x: FloatArray) -> Normal:
    return Normal(*_line(special.ndtri(p), x))


def _uniform_quantiles(p: FloatArray, x: FloatArray) -> Uniform:
    low, width = _line(p, x)
    return Uniform(low, low + width)


def _weibull_quantiles(p: FloatArray, x: FloatArray) -> Weibull:
    log_scale, slope = _line(np.log(-np.log1p(-p)), _logs(x))
    return Weibull(1.0 / slope, math.exp(log_scale))


def _pareto_quantiles(p: FloatArray, x: FloatArray) -> Pareto:
    log_min, slope = _line(-np.log1p(-p), _logs(x))
    return Pareto(math.exp(log_min), 1.0 / slope)


def _gamma_quantiles(p: FloatArray, x: FloatArray) -> Family:
    return _shape_and_scale(lambda t, scale: Gamma(math.exp(-t), scale), (-20.0, 4.0), p, _logs(x))


def _lomax_quantiles(p: FloatArray, x: FloatArray) -> Family:
    return _shape_and_scale(lambda t, scale: Lomax(math.exp(-t), scale), (-14.0, 2.9), p, _logs(x))


def _genpareto_quantiles(p: FloatArray, x: FloatArray) -> Family:
    return _shape_and_scale(Genpareto, (-20.0, 20.0), p, _logs(x))


def _shape_and_scale(
    make: Callable[[float, float], Family], ends: tuple[float, float], p: FloatArray, log_x: FloatArray
) -> Family:
    """Solve for a scale and a shape whose log quantiles spread further apart the larger the shape is, over `ends`."""

    def unit(shape: float) -> FloatArray:
        return np.log(make(shape, 1.0).ppf(p))

    def matching(i: int, j: int) -> float:
        shape = solve_increasing(lambda t: float(np.diff(unit(t)[[i, j]])[0] - (log_x[j] - log_x[i])), *ends)
        if shape in ends:
            least, most = (math.exp(float(np.diff(unit(end)[[i, j]])[0])) for end in ends)
            raise ImpossibleError(
                f"its {_name(p[j])} is {format_number(least)} to {format_number(most)} times its {_name(p[i])}"
            )
        return shape

    def misfit(shape: float) -> float:
        return float(np.var(log_x - unit(shape)))

    pairs = [matching(i, i + 1) for i in range(p.size - 1)]  # the best shape for all lies between those of each pair
    shape = pairs[0] if p.size == 2 else _least(misfit, min(pairs), max(pairs))
    return make(shape, math.exp(float(np.mean(log_x - unit(shape)))))


def _least(f: Callable[[float], float], lo: float, hi: float) -> float:
    from scipy import optimize

    return float(optimize.minimize_scalar(f, bounds=(lo, hi), method="bounded", options={"xatol": 1e-9}).x)


def _burr_quantiles(p: FloatArray, x: FloatArray) -> Burr:
    depth, log_x = -np.log1p(-p), _logs(x)

    def score(log_k: float) -> FloatArray:
        return np.log(np.expm1(depth / math.exp(log_k)))

    log_k = _match_skew(lambda t: score(-t), log_x, (-12.0, 2.9), "burr") * -1.0
    log_scale, slope = _line(score(log_k)[[0, 2]], log_x[[0, 2]])
    return Burr(1.0 / slope, math.exp(log_k), math.exp(log_scale))


def _hill_quantiles(family: type[Triangular] | type[Pert]) -> ByQuantiles:
    """Make the solver of a family of low, mode and high."""

    def solve(p: FloatArray, x: FloatArray) -> Family:
        def unit(t: float) -> FloatArray:
            return family(0.0, -t, 1.0).ppf(p)

        mode = -_match_skew(unit, x, (-1.0, 0.0), family.name)
        low, width = _line(unit(-mode)[[0, 2]], x[[0, 2]])
        return family(low, low + width * mode, low + width)

    return solve


def _match_skew(unit: Callable[[float], FloatArray], x: FloatArray, ends: tuple[float, float], name: str) -> float:
    """Find the shape at which three unit quantiles have the skew of three values; the skew rises with the shape."""

    def skew(y: FloatArray) -> float:
        return float(np.log((y[2] - y[1]) / (y[1] - y[0])))

    least, most = (skew(unit(end)) for end in ends)
    if not least - _CLOSE <= skew(x) <= most + _CLOSE:
        raise ImpossibleError(f"these percentiles are skewed further than any {name}; try metalog, or a mixture")
    return solve_increasing(lambda t: skew(unit(t)) - skew(x), *ends)


def _beta_quantiles(p: FloatArray, x: FloatArray, low: float = 0.0, high: float = 1.0) -> Beta:
    share = (x - low) / (high - low)
    if not (share[0] > 0.0 and share[-1] < 1.0):
        raise ImpossibleError(f"its values lie between its ends, {format_number(low)} and {format_number(high)}")
    a, b = _beta_through(p[[0, -1]], share[[0, -1]])
    if p.size > 2:
        a, b = _beta_least_squares(p, share, a, b)
    return Beta(a, b, low, high)


def _beta_through(p: FloatArray, share: FloatArray) -> tuple[float, float]:
    """Shapes of the beta through two points: for each width the mean that meets the first, then the width."""

    def mean_at(total: float) -> float:
        return solve_increasing(
            lambda m: p[0] - float(special.betainc(m * total, (1.0 - m) * total, share[0])), 1e-9, 1.0 - 1e-9
        )

    def miss(log_total: float) -> float:
        total = math.exp(log_total)
        mean = mean_at(total)
        return float(special.betainc(mean * total, (1.0 - mean) * total, share[1])) - float(p[1])

    log_total = solve_increasing(miss, -7.0, 25.0)
    if log_total in (-7.0, 25.0):
        raise ImpossibleError("they lie too close together or too far apart")
    total = math.exp(log_total)
    mean = mean_at(total)
    return mean * total, (1.0 - mean) * total


def _beta_least_squares(p: FloatArray, share: FloatArray, a: float, b: float) -> tuple[float, float]:
    from scipy import optimize

    score = special.ndtri(p)

    def misses(logs: FloatArray) -> FloatArray:
        return special.ndtri(special.betainc(*np.exp(logs), share)) - score

    found = optimize.least_squares(misses, np.log([a, b]), xtol=1e-12, ftol=1e-12)
    a, b = np.exp(found.x)
    return float(a), float(b)


def _name(p: float) -> str:
    return f"P{format_number(100.0 * p)}"


BY_QUANTILES: dict[type[Family], ByQuantiles] = {
    Lognormal: _lognormal_quantiles,
    Normal: _normal_quantiles,
    Uniform: _uniform_quantiles,
    Weibull: _weibull_quantiles,
    Pareto: _pareto_quantiles,
    Gamma: _gamma_quantiles,
    Lomax: _lomax_quantiles,
    Genpareto: _genpareto_quantiles,
    Beta: _beta_quantiles,
    Burr: _burr_quantiles,
    Triangular: _hill_quantiles(Triangular),
    Pert: _hill_quantiles(Pert),
}
"""Families that percentiles determine, by the function that finds them (a metalog has them as its parameters)."""

NEEDS_THREE: frozenset[type[Family]] = frozenset({Burr, Triangular, Pert})
"""Families of three free parameters: exactly three percentiles."""

WITH_ENDS: frozenset[type[Family]] = frozenset({Beta})
"""Families whose `low` and `high` may stand beside a mean and cv, or percentiles."""
