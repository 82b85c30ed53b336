"""How far a log leaves the mean cost of a session open: sessions drawn again, and what few of them cannot show.

A bootstrap of few sessions with a heavy tail is too sure of itself, because the sessions that would move the mean are
not in the log. So three answers are held against each other, and the widest counts: the bootstrap with the factor of
the t distribution; the studentised bootstrap; and what a lognormal law with the spread of the upper half would leave.

Measured coverage of 90 % intervals (tests/calibrating/test_uncertainty.py) for lognormal costs: with a log-sd of 1 it
is 0.88 to 0.91 from 50 sessions on; with 1.5 it is 0.87 to 0.90; with 2 about 0.84. Nothing that looks at 50 sessions
alone does much better: they do not say how heavy their tail is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray

REPLICATES = 500
MOST_GROUPS = 4_096
"""Sessions beyond so many are drawn in groups of equal size, which changes no variance."""

_P95 = 1.6448536269514722
_MOST_OF_POISSON = 12


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
    """

    log_sd: float
    bootstrap: float
    n: int


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

    return float(t.ppf(0.95, max(1, freedom)) / _P95)


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
    widest = max(factor * drawn, factor * _of_lognormal(costs), _studentised(costs, weights, ratios))
    return Spread(widest, drawn, n)


def _of_lognormal(costs: FloatArray) -> float:
    """Standard error of the log mean of a lognormal law with the spread of the upper half (Cox, in Land 1971)."""
    logs = np.log(costs[costs > 0])
    above = logs - np.median(logs)
    variance = float((above[above > 0] ** 2).mean()) if (above > 0).any() else 0.0
    return float(np.sqrt(variance / costs.size + variance**2 / (2 * max(1, costs.size - 1))))


def _studentised(costs: FloatArray, weights: FloatArray, ratios: FloatArray) -> float:
    """Half of the studentised interval of the log mean, as a standard deviation."""
    n = weights @ group_sums(np.ones(costs.size))
    mean = weights @ group_sums(costs) / np.maximum(n, 1)
    variance = weights @ group_sums(costs**2) / np.maximum(n, 1) - mean**2
    ok = (variance > 1e-12 * mean**2) & (mean > 0)
    if not ok.any():
        return 0.0
    t = ratios[ok] / (np.sqrt(variance[ok]) / mean[ok] / np.sqrt(n[ok]))
    low, high = np.quantile(t, [0.05, 0.95])
    error = float(costs.std(ddof=1) / costs.mean() / np.sqrt(costs.size))
    return float(high - low) / 2 * error / _P95


# -- what drivers make of it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lever:
    """A driver, and what the log says about it.

    Attributes
    ----------
    driver : str
    above, below : float64, shape (n sessions,)
        The quantity that it multiplies is the ratio of their sums.
    effect : float
        By how many per cent the mean cost of a session changes where the driver changes by one.
    what : str
        The quantity in words.
    """

    driver: str
    above: FloatArray
    below: FloatArray
    effect: float
    what: str


@dataclass(frozen=True)
class Open:
    """What is left open, as drivers.

    Attributes
    ----------
    log_sd : mapping of str to float
        Standard deviation of the logarithm of each driver.
    effect : mapping of str to float
    correlation : mapping of (driver, driver) to float
        Spearman's, of those that matter.
    implied : float
        Standard deviation of the logarithm of the mean cost of a session that they make together.
    widened : mapping of str to float
        By which factor a driver is wider (or narrower) than its own quantity would make it, so that they make what
        drawing whole sessions again says.
    left_out : tuple of str
        Drivers that matter less than `MATTERS`.
    """

    log_sd: Mapping[str, float]
    effect: Mapping[str, float]
    correlation: Mapping[tuple[str, str], float]
    implied: float
    widened: Mapping[str, float]
    left_out: tuple[str, ...]


MATTERS = 0.005
"""A driver that moves the mean cost by less is left out, unless it is the only one."""

_NOTHING = 1e-6
_LEAST_CORRELATION = 0.1
_CARRIERS = ("turns", "message_tokens", "output_tokens", "context")


def open_drivers(levers: list[Lever], spread: Spread, weights: FloatArray) -> Open:
    """Make drivers of what sessions drawn again say about each quantity, and of the mean cost together.

    Each driver is as wide as its own quantity is open. Together they may make less than the mean cost of a session is
    open, because long sessions are dear in more ways than one; then the driver that moves the cost most is widened
    until they make it. Where they would make more, all are narrowed.
    """
    known = [lever for lever in levers if lever.above.sum() > 0 and lever.below.sum() > 0 and lever.effect]
    ratios = {lever.driver: log_ratios(weights, lever.above, lever.below) for lever in known}
    factor = t_factor(spread.n - 1)
    effect = {lever.driver: lever.effect for lever in known}
    log_sd = {name: factor * float(values.std(ddof=1)) for name, values in ratios.items()}
    kept = [name for name in log_sd if abs(effect[name]) * log_sd[name] >= MATTERS]
    left_out = tuple(name for name in log_sd if name not in kept)
    carriers = [name for name in _CARRIERS if effect.get(name, 0) > 0]
    if spread.log_sd < _NOTHING:
        return Open({}, effect, {}, 0.0, {}, tuple(log_sd))
    if not kept and carriers:
        kept = [max(carriers, key=lambda name: effect[name])]
        log_sd[kept[0]] = max(log_sd[kept[0]], 1e-9)
        left_out = tuple(name for name in log_sd if name not in kept)
    correlation = _correlation({name: ratios[name] for name in kept})
    widths = {name: log_sd[name] for name in kept}
    fitted = _fitted(widths, effect, correlation, spread.log_sd, carriers)
    widened = {name: fitted[name] / widths[name] for name in kept if abs(fitted[name] / widths[name] - 1) > 0.01}
    implied = _together(fitted, effect, correlation)
    return Open(fitted, {name: effect[name] for name in kept}, correlation, implied, widened, left_out)


def _correlation(ratios: Mapping[str, FloatArray]) -> dict[tuple[str, str], float]:
    """Rank correlations that matter, as the language writes them."""
    from scipy.stats import spearmanr

    names = list(ratios)
    found: dict[tuple[str, str], float] = {}
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            rank = float(spearmanr(ratios[one], ratios[other]).statistic)
            if abs(rank) >= _LEAST_CORRELATION:
                found[one, other] = round(float(np.clip(rank, -0.95, 0.95)), 2)
    return found


def _pearson(rank: float) -> float:
    """Correlation of the normals behind a rank correlation."""
    return 2 * float(np.sin(np.pi / 6 * rank))


def _together(
    log_sd: Mapping[str, float], effect: Mapping[str, float], correlation: Mapping[tuple[str, str], float]
) -> float:
    parts = {name: effect[name] * sd for name, sd in log_sd.items()}
    variance = sum(part**2 for part in parts.values())
    variance += sum(2 * parts[a] * parts[b] * _pearson(rank) for (a, b), rank in correlation.items())
    return float(np.sqrt(max(0.0, variance)))


def _fitted(
    log_sd: Mapping[str, float],
    effect: Mapping[str, float],
    correlation: Mapping[tuple[str, str], float],
    target: float,
    carriers: list[str],
) -> dict[str, float]:
    """Widths that make `target` together."""
    now = _together(log_sd, effect, correlation)
    fitted = dict(log_sd)
    if now >= target or not any(name in log_sd for name in carriers):
        return {name: sd * target / now for name, sd in log_sd.items()} if now > 0 else fitted
    carrier = max((name for name in carriers if name in log_sd), key=lambda name: effect[name] * log_sd[name])
    alone = {name: (1.0 if name == carrier else 0.0) for name in log_sd}
    others = {name: (0.0 if name == carrier else sd) for name, sd in log_sd.items()}
    a, c = _together(alone, effect, correlation) ** 2, _together(others, effect, correlation) ** 2
    b = (now**2 - a * log_sd[carrier] ** 2 - c) / log_sd[carrier]
    fitted[carrier] = float((-b + np.sqrt(max(0.0, b * b - 4 * a * (c - target**2)))) / (2 * a))
    return fitted
