"""Likeliest laws of whole numbers that a continuous law was rounded to, as a simulation rounds its tokens.

A density is no chance: beside families of counts it wins or loses by its unit, and one that grows without end where
many values are the same wins whatever the data. So a whole number counts with the chance of all that rounds to it, and
0 with that of all below a half. Of large numbers the likeliest density is the likeliest law of these too; of small ones
the maximum is another, and is searched for from there. Families with ends are not searched again, as no whole numbers
are given to them: their ends stand half a step outside the data, so that no density grows on a value.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from distributions.densities import log_density
from distributions.families import FAMILIES
from distributions.law import Law, LawError
from distributions.likeliest import LIKELIEST, NotFittedError, Parameters
from distributions.numerics import FloatArray

SAME = 1e-3
"""Mean difference of the logarithms of density and chance, a value, below which the likeliest density is taken: what it
lacks in likelihood is of the square of that, less than 1 for a million values."""

_HALF = 0.5
_OF_ZERO = 0.25  # where a density, which may have no 0, is asked for what rounds to it
_FURTHEST = 12.0  # of the logarithm of a parameter from where it started: there a likelihood grows without end
_WITH_ENDS = ("beta", "uniform", "triangular", "pert")
_UNLOGGED = {"mu", "xi"}


def log_rounded(law: Law, x: FloatArray) -> FloatArray:
    """Logarithm of the chance that a law, rounded to whole numbers, is each of some; 0 is all that lies below a half.

    Parameters
    ----------
    x : in rising order; if the least is 0, the law is of what can't be less

    Examples
    --------
    >>> law = FAMILIES["exponential"].of(mean=1.0)
    >>> np.exp(log_rounded(law, np.array([0.0, 1.0]))).round(4).tolist()
    [0.3935, 0.3834]
    """
    below, above = x - _HALF, x + _HALF
    if x[0] == 0.0:
        below[0] = -math.inf
    up_to = law.cdf(above)
    with np.errstate(divide="ignore"):
        chances = np.where(up_to < 0.5, up_to - law.cdf(below), law.sf(below) - law.sf(above))
        logs: FloatArray = np.log(np.maximum(chances, 0.0))
    return logs


class _Free(NamedTuple):
    """A parameter that is searched for: its name, whether as a logarithm, and the first step."""

    name: str
    logged: bool
    step: float


def likeliest_rounded(name: str, x: FloatArray, w: FloatArray) -> Parameters:
    """Parameters of a continuous family of greatest likelihood, rounded.

    Parameters
    ----------
    name : of a continuous family
    x, w : whole numbers in rising order, or means of neighbours among them, and their shares

    Raises
    ------
    NotFittedError
        Where the family can't have made the values, or the likelihood has no maximum.
    """
    start = _start(name, x, w)
    if name in _WITH_ENDS or name == "metalog":
        return start
    law = FAMILIES[name].of(**start)
    logs = log_rounded(law, x)
    near = np.abs(logs - log_density(law, name, start, x)) @ w < SAME
    return start if near or not np.all(np.isfinite(logs)) else _searched(name, start, x, w)


def _start(name: str, x: FloatArray, w: FloatArray) -> Parameters:
    """Likeliest density; where a family has ends, these are where the least and the greatest interval end."""
    low, high = float(x[0]) - _HALF, float(x[-1]) + _HALF
    if name == "uniform":
        return {"low": low, "high": high}
    if name == "beta":
        return LIKELIEST["beta"]((x - low) / (high - low), w) | {"low": low, "high": high}
    lifted = np.where(x == 0.0, _OF_ZERO, x) if x[0] == 0.0 and name != "normal" else x
    return LIKELIEST[name](lifted, w)


def _searched(name: str, start: Parameters, x: FloatArray, w: FloatArray) -> Parameters:
    """A simplex from the likeliest density."""
    from scipy import optimize

    free = _free(name, start)
    first = np.array([math.log(start[one.name]) if one.logged else start[one.name] for one in free])

    def named(at: FloatArray) -> Parameters:
        found = {
            one.name: math.exp(min(value, 600.0)) if one.logged else value
            for one, value in zip(free, at.tolist(), strict=True)
        }
        return start | found

    def loss(at: FloatArray) -> float:
        try:
            likelihood = float(w @ log_rounded(FAMILIES[name].of(**named(at)), x))
        except LawError:
            return math.inf
        return -likelihood if math.isfinite(likelihood) else math.inf

    simplex = np.vstack([first, first + np.diag([one.step for one in free])])
    options: dict[str, Any] = {"xatol": 1e-6, "fatol": 1e-10, "maxiter": 2_000, "initial_simplex": simplex}
    found = optimize.minimize(loss, first, method="Nelder-Mead", options=options)
    wandered = max(abs(at - began) * one.logged for at, began, one in zip(found.x, first, free, strict=True))
    if not found.success or not math.isfinite(found.fun) or wandered > _FURTHEST:
        raise NotFittedError("its likelihood, rounded to whole numbers, has no maximum")
    return named(found.x)


def _free(name: str, start: Parameters) -> list[_Free]:
    if name == "normal":
        return [_Free("mean", False, 0.1 * start["sd"]), _Free("sd", True, 0.1)]
    return [_Free(key, key not in _UNLOGGED, 0.1) for key in start]
