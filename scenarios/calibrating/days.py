"""Counts of days: which days a log holds whole, what weekdays do, how much days differ beyond chance, and growth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints, Mask

SECONDS_A_DAY = 86_400
WEEK = 7
_CRITICAL = 2.705543
"""Twice the fall of a log-likelihood at the ends of a 90 % interval; also the 5 % point of a test at a boundary."""

_BY_CHANCE = 3.0
"""Sessions that a silence would have held; one in twenty silences of this length is chance."""

_LEAST_SIZE, _LARGEST_SIZE = 0.02, 1e6


@dataclass(frozen=True)
class Days:
    """Sessions that began on each day.

    Attributes
    ----------
    first : date
        The first of them, in UTC.
    counts : int64, shape (n days,)
        Days without any are there too.
    cut : int
        Days at the ends that the log does not hold whole, and that are left out.
    """

    first: date
    counts: Ints
    cut: int

    def __len__(self) -> int:
        return int(self.counts.size)

    @property
    def weekday(self) -> Ints:
        """0 for Monday, for each day."""
        return (self.first.weekday() + np.arange(len(self))) % WEEK


@dataclass(frozen=True)
class Dispersion:
    """How much days differ beyond chance, as negative-binomial size.

    Attributes
    ----------
    size : float or None
        None where the days can't be told from Poisson.
    low, high : float
        A 90 % interval of it by the profile of its likelihood; `high` is infinite where Poisson is inside.
    """

    size: float | None
    low: float
    high: float


def count_days(starts: FloatArray) -> Days:
    """Count the sessions of the days that a log holds whole.

    The first day is whole where its first session came no later in the day than the latest first session of the days
    between the ends, or so little later that chance explains it, and the last day likewise. Where there are no days
    between, all are taken as they are.

    Parameters
    ----------
    starts : float64, shape (n sessions,)
        Seconds since 1970 in UTC; not empty.
    """
    day = np.floor_divide(starts, SECONDS_A_DAY).astype(np.int64)
    first, last = int(day.min()), int(day.max())
    counts = np.bincount(day - first, minlength=last - first + 1)
    whole = _whole(starts - day * SECONDS_A_DAY, day - first, counts)
    kept = np.flatnonzero(whole)
    begin, end = int(kept[0]), int(kept[-1]) + 1
    return Days(_date(first + begin), counts[begin:end].astype(np.int64), counts.size - (end - begin))


def weekday_means(days: Days) -> tuple[FloatArray, float]:
    """Means of the seven weekdays, and how much of their differences is more than noise.

    Returns
    -------
    means : float64, shape (7,)
        Relative to their mean, from Monday; each drawn towards 1 by what noise would do.
    share : float
        0 to 1: the part of the differences that is kept.
    """
    sums = np.bincount(days.weekday, days.counts, WEEK)
    n = np.bincount(days.weekday, minlength=WEEK)
    means = sums / n
    level = means.mean()
    noise = float((_within(days, means, n) / n).mean()) / level**2
    seen = float(np.var(means / level, ddof=1))
    share = max(0.0, 1 - noise / seen) if seen > 0 else 0.0
    return 1 + share * (means / level - 1), share


def dispersion(days: Days, expected: FloatArray, groups: Ints) -> Dispersion:
    """Fit the negative-binomial size of daily counts by maximum likelihood, the days' means given.

    The means were fitted too, so the likelihood has Cox and Reid's adjustment for them (J. R. Statist. Soc. B 49,
    1987); without it days would look too even.

    Parameters
    ----------
    days : Days
    expected : float64, shape (n days,)
        Means of the days, above 0.
    groups : int64, shape (n days,)
        Days whose mean was fitted together.
    """
    from scipy.optimize import brentq, minimize_scalar

    def profile(log_size: float) -> float:
        return _log_likelihood(days.counts, expected, groups, float(np.exp(log_size)))

    low, high = np.log(_LEAST_SIZE), np.log(_LARGEST_SIZE)
    grid = np.linspace(low, high, 60)
    best = float(grid[int(np.argmax([profile(point) for point in grid]))])
    step = float(grid[1] - grid[0])
    found = minimize_scalar(
        lambda x: -profile(x), bounds=(max(low, best - step), min(high, best + step)), method="bounded"
    )
    top, peak = float(found.x), -float(found.fun)

    def fall(log_size: float) -> float:
        return 2 * (peak - profile(log_size)) - _CRITICAL

    least = float(np.exp(brentq(fall, low, top))) if fall(low) > 0 else _LEAST_SIZE
    most = float(np.exp(brentq(fall, top, high))) if fall(high) > 0 else np.inf
    return Dispersion(float(np.exp(top)) if np.isfinite(most) else None, least, most)


def growth(days: Days, expected: FloatArray, size: float | None) -> tuple[float, float]:
    """Growth of the daily count by day, as a change of its logarithm, and how many standard errors it is from none.

    Iterated weighted least squares with the variance of a negative binomial; weekdays as `expected` says.
    """
    t = np.arange(len(days)) - (len(days) - 1) / 2
    design = np.column_stack([np.ones(t.size), t])
    beta = np.zeros(2)
    for _ in range(25):
        mu = expected * np.exp(np.clip(design @ beta, -20, 20))
        weight = mu / (1 + (mu / size if size else 0.0))
        information = design.T @ (weight[:, None] * design)
        beta += np.linalg.solve(information, design.T @ (weight * (days.counts - mu) / mu))
    spread = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return float(beta[1]), float(beta[1] / spread)


def _log_likelihood(counts: Ints, mu: FloatArray, groups: Ints, size: float) -> float:
    from scipy.special import gammaln

    whole = gammaln(counts + size) - gammaln(size) - gammaln(counts + 1)
    whole = whole - (counts + size) * np.log1p(mu / size) + counts * (np.log(mu) - np.log(size))
    information = np.bincount(groups, mu / (1 + mu / size))
    return float(whole.sum() - 0.5 * np.log(information[information > 0]).sum())


def _within(days: Days, means: FloatArray, n: Ints) -> FloatArray:
    """Variance of a day's count about its weekday's mean: one factor on the Poisson variance for all weekdays."""
    expected = means[days.weekday]
    pearson = float(((days.counts - expected) ** 2 / np.maximum(expected, 1e-9)).sum())
    factor = max(1.0, pearson / max(1, len(days) - WEEK))
    return factor * means


def _whole(second: FloatArray, day: Ints, counts: Ints) -> Mask:
    """Which days the log holds from their beginning to their end."""
    whole = np.ones(counts.size, bool)
    if counts.size < 3:
        return whole
    earliest, latest = np.full(counts.size, np.inf), np.full(counts.size, -np.inf)
    np.minimum.at(earliest, day, second)
    np.maximum.at(latest, day, second)
    between = counts[1:-1] > 0
    if between.any():
        rate = counts[[0, -1]] / np.maximum(latest[[0, -1]] - earliest[[0, -1]], 1.0)
        late = earliest[0] - earliest[1:-1][between].max()
        early = latest[1:-1][between].min() - latest[-1]
        whole[0], whole[-1] = late * rate[0] <= _BY_CHANCE, early * rate[1] <= _BY_CHANCE
    return whole


def _date(day: int) -> date:
    return cast(date, np.datetime64(day, "D").astype(object))
