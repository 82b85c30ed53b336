"""What pools say: the mean of a feature's base level, and what other driver levels make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.learning.laws import Tail, bodies, mean_beyond, mean_of, moved, tail_ratio, with_tail

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints
    from simulator.engine.learning.counted import Counted
    from simulator.engine.learning.pools import Pool

LEAST_RATIO = 1e-6
"""Of means; below it a session costs nothing that matters."""


@dataclass(frozen=True)
class Point:
    """A driver level that was simulated, beside the base level of its feature.

    Attributes
    ----------
    levels : float64[12]
    log_ratio, noise : logarithm of its mean over that of the base level, and the variance of that
    shares : float64[C] of the feature's cells
    knots : float64[N_KNOTS], the law of costs, of mean 1
    calls : of a session
    counted : aggregates over its sessions
    spread : float64[G, C], cells of its groups beside what is expected of them, over the mean cost of a group
    """

    levels: Floats
    log_ratio: float
    noise: float
    shares: Floats
    knots: Floats
    calls: float
    counted: Counted
    spread: Floats

    @property
    def bodies(self) -> Floats:
        """float64[N_CUTS, 3]."""
        return bodies(self.knots)


@dataclass(frozen=True)
class Base:
    """The base level of a feature, of which there are more sessions than of any other.

    Attributes
    ----------
    pool : its sessions
    columns : int64[C], of the feature's cells
    mean, error : of a session's cost, in currency, and the standard error of that
    knots : float64[N_KNOTS] in currency
    """

    pool: Pool
    columns: Ints
    tail: Tail
    mean: float
    error: float
    knots: Floats

    @classmethod
    def of(cls, pool: Pool, columns: Ints, tail: Tail) -> Base:
        """Measure a pool."""
        costs = np.sort(pool.costs, axis=None)
        knots = with_tail(costs, tail)
        if not tail.is_heavy:
            error = float(costs.std()) / np.sqrt(len(costs))
            return cls(pool, columns, tail, float(costs.mean()), error, knots)
        starts = tail.starts(len(costs))
        body, rest = _below(costs, starts), mean_beyond(knots, starts)
        edge = costs[-max(int(starts * len(costs)), 1)]
        by_tail = rest * (1.0 + tail.xi) / np.sqrt(starts * len(costs))
        error = float(np.hypot(np.minimum(costs, edge).std() / np.sqrt(len(costs)), by_tail))
        return cls(pool, columns, tail, body + rest, error, knots)

    @property
    def shares(self) -> Floats:
        """float64[C]: of the cells."""
        return _shares(self.pool.cells[:, self.columns])

    def own_point(self) -> Point:
        """The base level itself."""
        return self._point(self.pool, 0.0, 0.0, self.shares, self.knots)

    def point(self, pool: Pool) -> Point:
        """Measure what other levels make of some of the base level's sessions."""
        own = self.pool.wanted.groups
        part = slice(pool.wanted.groups.start - own.start, pool.wanted.groups.stop - own.start)
        before, after = self.pool.costs[part].ravel(), pool.costs.ravel()
        low, high = np.sort(before), np.sort(after)
        log_ratio, noise = self._ratio(before, after, low, high)
        own_cells, base_cells = pool.cells[:, self.columns], self.pool.cells[part][:, self.columns]
        shares = np.maximum(_shares(own_cells) + self.shares - _shares(base_cells), 0.0)
        return self._point(pool, log_ratio, noise, shares, moved(self.knots, low, high))

    def _point(self, pool: Pool, log_ratio: float, noise: float, shares: Floats, knots: Floats) -> Point:
        cells, mean = pool.cells[:, self.columns], mean_of(knots)
        money = cells.sum() / len(cells)
        return Point(
            levels=pool.wanted.levels,
            log_ratio=log_ratio,
            noise=noise,
            shares=shares / shares.sum() if shares.sum() > 0.0 else shares,
            knots=knots / mean if mean > 0.0 else knots,
            calls=float(pool.calls.mean()),
            counted=pool.counted,
            spread=(cells - cells.mean(axis=0)) / money if money > 0.0 else np.zeros(cells.shape),
        )

    def _ratio(self, before: Floats, after: Floats, low: Floats, high: Floats) -> tuple[float, float]:
        """The logarithm of the ratio of means, and its variance; the last two are the first two in rising order."""
        if not self.mean > 0.0 or not low[-1] > 0.0:
            return 0.0, 0.0
        if not self.tail.is_heavy:
            ratio = max(float(after.mean() / before.mean()), LEAST_RATIO)
            apart = after / (ratio * before.mean()) - before / before.mean()
            return float(np.log(ratio)), float(apart.var()) / len(before)
        starts = self.tail.starts(len(before))
        rest, factor = mean_beyond(self.knots, starts), tail_ratio(low, high)
        mean = _below(low, starts) + rest
        ratio = max((_below(high, starts) + rest * factor) / mean, LEAST_RATIO)
        kept = int(starts * len(low))
        apart = np.minimum(after, high[-kept]) / (ratio * mean) - np.minimum(before, low[-kept]) / mean
        return float(np.log(ratio)), float(apart.var()) / len(before)


def _below(costs: Floats, share: float) -> float:
    """What all but the dearest sessions, a share of all, add to the mean; `costs` in rising order."""
    return float(costs[: len(costs) - int(share * len(costs))].sum()) / len(costs)


def _shares(cells: Ints) -> Floats:
    sums = cells.sum(axis=0).astype(np.float64)
    parts: Floats = sums / sums.sum() if sums.sum() > 0.0 else sums
    return parts
