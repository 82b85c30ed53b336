"""How far a log leaves the mean cost of a session open: sessions drawn again, and what few of them cannot show.

A bootstrap of few sessions with a heavy tail is too sure of itself, because the sessions that would move the mean are
not in the log. So three answers are held against each other, and the widest counts: the bootstrap with the factor of
the t distribution; what a lognormal law with the spread of the upper half would leave; and the bootstrap with a
generalised Pareto law in the place of the greatest fifth of the sessions, fitted anew to every set.

Asked are intervals of 90 %. What is reached stands in tests/calibrating/test_uncertainty.py; only of few and very
uneven sessions no interval is honest, see `Spread.is_too_sure`: they do not say how heavy their tail is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import Z_90, FloatArray
from scenarios.calibrating.excesses import fitted_means

REPLICATES = 500
MOST_GROUPS = 4_096
"""Sessions beyond so many are drawn in groups of equal size, which changes no variance."""

_MOST_OF_POISSON = 12
_TAIL, _OF_ROOT, _LEAST_TAIL = 0.2, 3.0, 5
"""Of n sessions the greatest fifth are the tail, or three roots of n, if those are five."""

_UNEVEN, _ENOUGH = 1.2, 200


@dataclass(frozen=True)
class Spread:
    """How far the logarithm of the mean cost of a session is open.

    Attributes
    ----------
    log_sd : float
        What counts: the widest of the three.
    bootstrap : float
        Standard deviation over replicates, as it is.
    n : int
        Sessions.
    upper : float
        Standard deviation of the logarithm of their costs, by the upper half.
    """

    log_sd: float
    bootstrap: float
    n: int
    upper: float

    @property
    def is_too_sure(self) -> bool:
        """Whether a tail that the log does not show may lie beyond: sessions are few, and very uneven."""
        return self.n < _ENOUGH and self.upper > _UNEVEN


def group_sums(values: FloatArray) -> FloatArray:
    """Sums of sessions in at most `MOST_GROUPS` groups of nearly equal size, taken in turn: shape (n groups,)."""
    groups = min(values.size, MOST_GROUPS)
    return np.asarray(np.bincount(np.arange(values.size) % groups, values, groups), np.float64)


def bootstrap_weights(n_sessions: int, seed: int, replicates: int = REPLICATES) -> FloatArray:
    """How often each group of sessions is drawn: Poisson with mean 1, shape (replicates, n groups)."""
    from distributions.streams import name_hash, period_uniforms

    groups = min(n_sessions, MOST_GROUPS)
    trial, index = np.meshgrid(np.arange(replicates), np.arange(groups), indexing="ij")
    purpose = name_hash("calibration bootstrap")
    uniforms = period_uniforms(seed, purpose, trial.ravel(), 0, index.ravel())
    chances = np.exp(-1.0) / np.cumprod(np.r_[1.0, np.arange(1.0, _MOST_OF_POISSON)])
    return np.searchsorted(np.cumsum(chances), uniforms).reshape(replicates, groups).astype(np.float64)


def log_ratios(weights: FloatArray, above: FloatArray, below: FloatArray) -> FloatArray:
    """Logarithms of a ratio of sums over replicates, relative to that of the log: shape (replicates,).

    Parameters
    ----------
    weights : float64, shape (replicates, n groups)
    above, below : float64, shape (n sessions,)
        Not negative; their sums are above 0.
    """
    over, under = weights @ group_sums(above), weights @ group_sums(below)
    ok = (over > 0) & (under > 0)
    ratios = np.log(over[ok] / under[ok]) - np.log(above.sum() / below.sum())
    return (
        np.where(ok, np.interp(np.arange(ok.size), np.flatnonzero(ok), ratios), 0.0) if ok.any() else np.zeros(ok.size)
    )


def t_factor(freedom: int) -> float:
    """By how much an interval of few observations is wider than that of many."""
    from scipy.stats import t

    return float(t.ppf(0.95, max(1, freedom)) / Z_90)


def spread_of_mean(costs: FloatArray, weights: FloatArray) -> Spread:
    """How far the logarithm of a mean is open.

    Parameters
    ----------
    costs : float64, shape (n sessions,)
        Not negative, not all 0, two at least.
    weights : float64, shape (replicates, n groups)
        As `bootstrap_weights` gives them.

    Returns
    -------
    Spread
    """
    n = costs.size
    factor = t_factor(n - 1)
    ratios = log_ratios(weights, costs, np.ones(n))
    drawn = float(ratios.std(ddof=1))
    widest = max(factor * drawn, _of_lognormal(costs), _of_tail(costs, weights) / Z_90)
    return Spread(widest, drawn, n, upper_spread(costs))


def _of_lognormal(costs: FloatArray) -> float:
    """Standard error of the log mean of a lognormal law with the spread of the upper half (Cox, in Land 1971)."""
    n, variance = costs.size, upper_spread(costs) ** 2
    return t_factor(n // 2 - 1) * float(np.sqrt(variance / n + variance**2 / (2 * max(1, n - 1))))


def upper_spread(costs: FloatArray) -> float:
    """Standard deviation of the logarithm of a lognormal law, from what lies above the median."""
    logs = np.log(costs[costs > 0])
    above = logs - np.median(logs)
    return float(np.sqrt((above[above > 0] ** 2).mean())) if (above > 0).any() else 0.0


def _of_tail(costs: FloatArray, weights: FloatArray) -> float:
    """How far nine of ten log means lie from that of the log, if tails above a threshold are as the fitted ones."""
    n, groups = costs.size, weights.shape[1]
    k = int(min(_TAIL * n, _OF_ROOT * np.sqrt(n)))
    order = np.argsort(costs, kind="stable")
    threshold = float(costs[order[-k - 1]]) if k >= _LEAST_TAIL else float(costs.max())
    greatest = order[-k:]
    excesses = costs[greatest] - threshold
    if excesses[-1] <= 0:
        return 0.0
    drawn = weights[:, greatest % groups]
    below = weights @ group_sums(np.minimum(costs, threshold))
    means = (below + drawn.sum(axis=1) * fitted_means(excesses, drawn)) / (weights @ group_sums(np.ones(n)))
    return float(np.quantile(np.abs(np.log(np.maximum(means, 1e-300) / costs.mean())), 0.9))
