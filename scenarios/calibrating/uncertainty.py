"""Drivers that make what sessions drawn again leave open of the mean cost of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.bootstrap import Spread, log_ratios, t_factor


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
