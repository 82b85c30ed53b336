"""Parameters of greatest likelihood, family by family, from distinct values and their shares.

Each function takes values in rising order and weights that sum to 1, and gives the parameters by their names in a
scenario. Closed forms where there are some; else one unknown is searched for after the others were eliminated, and the
three parameters of `burr` by a simplex from several starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from distributions import ufuncs as special
from distributions.densities import LOG_DENSITIES
from distributions.numerics import FloatArray

Parameters = dict[str, float]

OUTSIDE = 1e-6
"""Of the range of the data: how far outside them the ends of a beta law lie, so that no value is on an end."""

_PERCENTILES = {"p5": 0.05, "p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


class NotFittedError(ValueError):
    """No law of a family can have made the data; the text says why."""


def _positive(x: FloatArray) -> None:
    if x[0] <= 0.0:
        raise NotFittedError("it has no values of zero or below")


def _spread(x: FloatArray) -> None:
    if x.size < 2:
        raise NotFittedError("all values are the same")


def _search(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of a logarithm is least: a grid, then Brent's method between its neighbours."""
    from scipy import optimize

    grid = np.linspace(low, high, 81)
    losses = np.array([loss(math.exp(at)) for at in grid])
    best = int(np.nanargmin(losses))
    if best in {0, grid.size - 1}:
        raise NotFittedError("its likelihood has no maximum: it grows to the edge of what the parameters may be")
    found = optimize.minimize_scalar(
        lambda at: loss(math.exp(at)),
        bounds=(grid[best - 1], grid[best + 1]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return math.exp(float(found.x))


def _lognormal(x: FloatArray, w: FloatArray) -> Parameters:
    _positive(x)
    _spread(x)
    mu = float(w @ np.log(x))
    return {"mu": mu, "sigma": math.sqrt(float(w @ (np.log(x) - mu) ** 2))}


def _gamma(x: FloatArray, w: FloatArray) -> Parameters:
    _positive(x)
    _spread(x)
    mean, log = float(w @ x), float(w @ np.log(x))

    def loss(shape: float) -> float:
        scale = mean / shape
        return -((shape - 1.0) * log - shape - math.lgamma(shape) - shape * math.log(scale))

    shape = _search(loss, math.log(1e-3), math.log(1e6))
    return {"shape": shape, "scale": mean / shape}


def _weibull(x: FloatArray, w: FloatArray) -> Parameters:
    _positive(x)
    _spread(x)
    log = np.log(x) - math.log(x[-1])

    def moment(shape: float) -> float:
        return float(w @ np.exp(shape * log))

    def loss(shape: float) -> float:  # the scale that goes with a shape is (mean of x^shape)^(1/shape)
        return -(math.log(shape) + (shape - 1.0) * float(w @ log) - math.log(moment(shape)) - 1.0)

    shape = _search(loss, math.log(0.05), math.log(200.0))
    return {"shape": shape, "scale": x[-1] * moment(shape) ** (1.0 / shape)}


def _normal(x: FloatArray, w: FloatArray) -> Parameters:
    _spread(x)
    mean = float(w @ x)
    return {"mean": mean, "sd": math.sqrt(float(w @ (x - mean) ** 2))}


def _exponential(x: FloatArray, w: FloatArray) -> Parameters:
    if x[0] < 0.0:
        raise NotFittedError("it has no values below zero")
    return {"mean": float(w @ x)}


def _pareto(x: FloatArray, w: FloatArray) -> Parameters:
    _positive(x)
    _spread(x)
    return {"min": float(x[0]), "alpha": 1.0 / float(w @ np.log(x / x[0]))}


def _lomax(x: FloatArray, w: FloatArray) -> Parameters:
    if x[0] < 0.0:
        raise NotFittedError("it has no values below zero")
    unit = float(w @ x)

    def alpha(scale: float) -> float:
        return 1.0 / float(w @ np.log1p(x / (unit * scale)))

    def loss(scale: float) -> float:
        index = alpha(scale)
        return math.log(unit * scale) - math.log(index) + (index + 1.0) / index

    scale = _search(loss, math.log(1e-4), math.log(1e4))
    return {"alpha": alpha(scale), "scale": unit * scale}


def _genpareto(x: FloatArray, w: FloatArray) -> Parameters:
    from distributions.tail import most_likely

    if x[0] < 0.0:
        raise NotFittedError("it has no values below zero")
    _spread(x)
    law = most_likely(x, w)
    return {"xi": law.xi, "scale": law.scale}


def _burr(x: FloatArray, w: FloatArray) -> Parameters:
    from scipy import optimize

    _positive(x)
    _spread(x)
    middle = math.exp(float(w @ np.log(x)))
    spread = math.sqrt(float(w @ (np.log(x / middle)) ** 2))

    def loss(logs: FloatArray) -> float:
        c, k, scale = np.exp(np.clip(logs, -50.0, 50.0))
        if not (0.05 <= c <= 1e4 and 0.05 <= k <= 1e4):
            return math.inf
        return -float(w @ LOG_DENSITIES["burr"](x, c, k, scale * middle))

    starts = [np.log([1.8 / spread * tilt, k, max(k, 0.2)]) for tilt, k in ((1.0, 1.0), (1.5, 0.5), (0.7, 3.0))]
    found = [
        optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 4_000})
        for start in starts
    ]
    best = min(found, key=lambda each: each.fun)
    c, k, scale = np.exp(best.x)
    if not math.isfinite(best.fun) or k > 5e3 or not best.success:
        raise NotFittedError("its likelihood has no maximum: it grows towards a Weibull law")
    return {"c": c, "k": k, "scale": scale * middle}


def _uniform(x: FloatArray, w: FloatArray) -> Parameters:
    _spread(x)
    return {"low": float(x[0]), "high": float(x[-1])}


def _ends(x: FloatArray) -> tuple[float, float]:
    _spread(x)
    beyond = OUTSIDE * float(x[-1] - x[0])
    return float(x[0]) - beyond, float(x[-1]) + beyond


def _three_ends(family: str, x: FloatArray, w: FloatArray) -> Parameters:
    """Low end, mode and high end of a law that is zero at its ends: a simplex, from several modes."""
    from scipy import optimize

    _spread(x)
    width = float(x[-1] - x[0])

    def ends(free: FloatArray) -> tuple[float, float, float]:
        below, lean, above = float(free[0]), float(free[1]), float(free[2])
        low = float(x[0]) - width * math.exp(min(below, 3.0))
        high = float(x[-1]) + width * math.exp(min(above, 3.0))
        return low, low + (high - low) / (1.0 + math.exp(min(-lean, 700.0))), high

    def loss(free: FloatArray) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = float(w @ LOG_DENSITIES[family](x, *ends(free)))
        return -likelihood if math.isfinite(likelihood) else 1e300

    options = {"xatol": 1e-7, "fatol": 1e-12, "maxiter": 4_000}
    starts = [np.array([-4.0, lean, -4.0]) for lean in (-2.0, 0.0, 2.0)]
    found = [optimize.minimize(loss, start, method="Nelder-Mead", options=options) for start in starts]
    low, mode, high = ends(min(found, key=lambda each: float(each.fun)).x)
    return {"low": low, "mode": mode, "high": high}


def _triangular(x: FloatArray, w: FloatArray) -> Parameters:
    return _three_ends("triangular", x, w)


def _pert(x: FloatArray, w: FloatArray) -> Parameters:
    return _three_ends("pert", x, w)


def _beta(x: FloatArray, w: FloatArray) -> Parameters:
    from scipy import optimize

    low, high = (0.0, 1.0) if x[0] > 0.0 and x[-1] < 1.0 else _ends(x)
    _spread(x)
    unit = (x - low) / (high - low)
    up, down = float(w @ np.log(unit)), float(w @ np.log1p(-unit))

    def loss(logs: FloatArray) -> float:
        a, b = math.exp(logs[0]), math.exp(logs[1])
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b) - (a - 1.0) * up - (b - 1.0) * down

    mean, var = float(w @ unit), float(w @ (unit - w @ unit) ** 2)
    size = max(mean * (1.0 - mean) / var - 1.0, 1e-3)
    found = optimize.minimize(
        loss, np.log([mean * size, (1.0 - mean) * size]), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    a, b = np.exp(found.x)
    return {"a": float(a), "b": float(b), "low": low, "high": high}


def _metalog(x: FloatArray, w: FloatArray) -> Parameters:
    upto = np.cumsum(w)
    if x.size < 20:
        raise NotFittedError("its percentiles need at least 20 different values")
    at = {name: float(x[np.searchsorted(upto, share - 1e-12)]) for name, share in _PERCENTILES.items()}
    if len(set(at.values())) < len(at):
        raise NotFittedError("several of its percentiles are the same value")
    return at


# Counts


def _poisson(x: FloatArray, w: FloatArray) -> Parameters:
    _counts(x)
    return {"mean": float(w @ x)}


def _negative_binomial(x: FloatArray, w: FloatArray) -> Parameters:
    _counts(x)
    mean = float(w @ x)
    if float(w @ (x - mean) ** 2) <= mean:
        raise NotFittedError("the variance is no larger than the mean")

    def loss(size: float) -> float:
        logs = special.gammaln(x + size) - math.lgamma(size)
        certain = size * math.log(size / (size + mean)) + mean * math.log(mean / (size + mean))
        return -float(w @ logs) - certain

    return {"mean": mean, "dispersion": _search(loss, math.log(1e-4), math.log(1e7))}


def _geometric(x: FloatArray, w: FloatArray) -> Parameters:
    _counts(x)
    if x[0] < 1.0:
        raise NotFittedError("it counts from 1")
    return {"mean": float(w @ x)}


def _zipf(x: FloatArray, w: FloatArray) -> Parameters:
    _counts(x)
    if x[0] < 1.0:
        raise NotFittedError("it counts from 1")
    if x[-1] > 1e6:
        raise NotFittedError("it goes no further than a million")
    last = float(x[-1])
    logs, log = np.log(np.arange(1.0, last + 1.0)), float(w @ np.log(x))

    def loss(s: float) -> float:
        return s * log + math.log(float(np.sum(np.exp(-s * logs))))

    return {"s": _search(loss, math.log(1e-3), math.log(50.0)), "max": last}


def _binomial(x: FloatArray, w: FloatArray) -> Parameters:
    _counts(x)
    mean = float(w @ x)
    variance = float(w @ (x - mean) ** 2)
    if variance >= mean:
        raise NotFittedError("the variance is no smaller than the mean")
    guess = mean * mean / (mean - variance)

    def loss(n: float) -> float:
        p = mean / n
        chosen = math.lgamma(n + 1.0) - special.gammaln(x + 1.0) - special.gammaln(n - x + 1.0)
        return -float(w @ (chosen + x * math.log(p) + (n - x) * math.log1p(-min(p, 1.0 - 1e-15))))

    tries = np.arange(max(float(x[-1]), 1.0), max(3.0 * guess, float(x[-1]) + 2.0) + 1.0)
    tries = tries if tries.size <= 400 else np.unique(np.round(np.geomspace(tries[0], tries[-1], 400)))
    n = float(tries[int(np.argmin([loss(each) for each in tries.tolist()]))])
    return {"n": n, "p": mean / n}


def _counts(x: FloatArray) -> None:
    if x[0] < 0.0 or np.any(x != np.round(x)):
        raise NotFittedError("it is for whole numbers from 0 up")


LIKELIEST: dict[str, Callable[[FloatArray, FloatArray], Parameters]] = {
    "lognormal": _lognormal,
    "gamma": _gamma,
    "weibull": _weibull,
    "exponential": _exponential,
    "normal": _normal,
    "pareto": _pareto,
    "lomax": _lomax,
    "genpareto": _genpareto,
    "burr": _burr,
    "beta": _beta,
    "uniform": _uniform,
    "triangular": _triangular,
    "pert": _pert,
    "metalog": _metalog,
    "poisson": _poisson,
    "negative_binomial": _negative_binomial,
    "geometric": _geometric,
    "zipf": _zipf,
    "binomial": _binomial,
}
"""By family; each of them is here."""
