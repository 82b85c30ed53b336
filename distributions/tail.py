"""A tail for data: where it starts, the generalised Pareto law of the excesses, and whether that is like them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distributions.heavy import Genpareto
from distributions.law import LawError, LawProblem
from distributions.numerics import FloatArray
from distributions.quantity import format_number

DEFAULT_AT = 0.95
LEAST_ABOVE, LEAST_VALUES = 50, 200

FURTHEST = 0.25
"""How far the shares of the values and of their tail may lie apart. Fitted tails of 50 values differ from them by less,
so that what does not is no bad luck: it is where a context window or a budget has piled values up."""

_PILE = 0.01  # of the threshold: values that near above it are a pile where they are half of all above
_HOPELESS = 1e12
_FLAT = 1e-8  # xi over scale below which a tail is as good as exponential
_REMEDY = "leave `tail` out, start it elsewhere with `at`, or write a `splice` of your own"


class Sample(NamedTuple):
    """Distinct values in rising order, and how often each was seen."""

    values: FloatArray
    counts: NDArray[np.int64]


def sample_of(values: FloatArray) -> Sample:
    """Values as a sample."""
    distinct, counts = np.unique(values, return_counts=True)
    return Sample(distinct, counts.astype(np.int64))


class Tail(NamedTuple):
    """A tail above a threshold.

    Attributes
    ----------
    threshold, share : where it starts, and how many of the values are above
    excess : law of what they have above it
    about : how it was found, in words
    """

    threshold: float
    share: float
    excess: Genpareto
    about: str


def fit_tail(sample: Sample, at: float | None = None) -> Tail:
    """Generalised Pareto tail of a sample by maximum likelihood.

    Parameters
    ----------
    at : share of the values up to the threshold; when left out 0.95, or the highest with 50 values above it where that
        is lower. Where so many are equal to the threshold that fewer than 50 lie above it, it is the next lower value
        above which 50 do

    Raises
    ------
    LawError
        Where there are fewer than 200 values or 50 above any threshold, all above it are the same, or the likeliest
        tail is still nothing like them.
    """
    n = int(np.sum(sample.counts))
    if n < LEAST_VALUES:
        raise _no_tail(f"a tail needs at least {LEAST_VALUES} values; there are {n}")
    index = _threshold(sample, _rank(n, at))
    threshold = float(sample.values[index])
    excesses, counts = sample.values[index + 1 :] - threshold, sample.counts[index + 1 :]
    n_above = int(np.sum(counts))
    where = f"P{format_number(100.0 * (1.0 - n_above / n))} ({format_number(threshold)})"
    if excesses.size < 2:
        raise _no_tail(f"no tail can be fitted: almost nothing lies above {where}; leave `tail` out")
    law = most_likely(excesses, counts)
    off = _distance(excesses, counts, law)
    if off > FURTHEST:
        message = (
            f"no tail fits the {n_above:,} values above {where}: the likeliest is off by {100 * off:.0f} % of them"
        )
        raise _no_tail(f"{message}, as happens where values pile up at a limit; {_REMEDY}")
    return Tail(
        threshold,
        n_above / n,
        law,
        f"fitted to the {n_above:,} values above {where}{_pile(excesses, counts, threshold)}",
    )


def _threshold(sample: Sample, rank: int) -> int:
    """Which distinct value a tail begins at: the one of this rank, or the greatest that leaves enough values above."""
    upto = np.cumsum(sample.counts)
    index = min(int(np.searchsorted(upto, rank)), int(np.searchsorted(upto, upto[-1] - LEAST_ABOVE, side="right")) - 1)
    if index < 0:
        message = f"no tail can be fitted: fewer than {LEAST_ABOVE} values lie above the least of them"
        raise _no_tail(f"{message} ({format_number(float(sample.values[0]))}); leave `tail` out")
    return index


def _rank(n: int, at: float | None) -> int:
    """How many of n values lie up to the threshold."""
    if at is None:
        return min(math.ceil(DEFAULT_AT * n), n - LEAST_ABOVE)
    if not 0.0 < at < 1.0:
        message = "at must lie between 0 and 1, without the ends"
        raise LawError([LawProblem(("at",), message, at, "a share such as 0.95")])
    rank = math.ceil(round(at * n, 6))
    if n - rank < LEAST_ABOVE:
        message = f"a tail is fitted to at least {LEAST_ABOVE} values, and {n - rank} of {n:,} lie above this quantile"
        raise LawError([LawProblem(("at",), message, at, f"at most {math.floor(1e4 * (1 - LEAST_ABOVE / n)) / 1e4:g}")])
    return rank


def _no_tail(message: str) -> LawError:
    return LawError([LawProblem(("tail",), message)])


def _pile(excesses: FloatArray, counts: NDArray[np.int64], threshold: float) -> str:
    """What is to be said where the threshold stands on a pile: the fit is one of the pile and not of a tail."""
    near = float(np.sum(counts[excesses <= _PILE * abs(threshold)]) / np.sum(counts))
    return f", {100 * near:.0f} % of which lie within {100 * _PILE:g} % of it, as at a limit" if near >= 0.5 else ""


def _distance(excesses: FloatArray, counts: NDArray[np.int64], law: Genpareto) -> float:
    """Greatest difference between the shares of the values and of a law; a step that the law passes through is none."""
    up_to = np.cumsum(counts) / np.sum(counts)
    below = up_to - counts / np.sum(counts)
    share = law.cdf(excesses)
    return float(max(np.max(below - share), np.max(share - up_to), 0.0))


def most_likely(excesses: FloatArray, counts: NDArray[Any]) -> Genpareto:
    """Maximum-likelihood tail; profiled over xi/scale, which leaves one unknown (Grimshaw 1993)."""
    from scipy import optimize

    weights = counts / np.sum(counts)
    unit = float(weights @ excesses)
    scaled = excesses / unit

    def xi_of(theta: float) -> float:
        return float(weights @ np.log1p(theta * scaled))

    def minus_log_likelihood(theta: float) -> float:
        if abs(theta) < _FLAT:
            return 1.0
        xi = xi_of(theta)
        return math.log(xi / theta) + xi + 1.0 if xi > -1.0 else _HOPELESS  # below -1 the likelihood has no maximum

    bounded = -(1.0 - np.geomspace(1e-6, 0.99, 49)) / float(scaled[-1])
    grid = np.concatenate([bounded, [0.0], np.geomspace(1e-4, 1e3, 65)])
    best = int(np.argmin([minus_log_likelihood(theta) for theta in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = optimize.minimize_scalar(minus_log_likelihood, bounds=ends, method="bounded", options={"xatol": 1e-10})
    theta = float(found.x)
    return Genpareto(xi_of(theta), unit * (xi_of(theta) / theta if abs(theta) >= _FLAT else 1.0))
