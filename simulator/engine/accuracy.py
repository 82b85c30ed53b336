"""How far the hybrid engine is off, by its own measure: base levels, surfaces between them, and exact trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.conditions import Conditions
from simulator.engine.exact import simulate
from simulator.engine.hybrid import draw_money
from simulator.engine.learning.served import Book

if TYPE_CHECKING:
    from simulator.engine.layout import Floats
    from simulator.engine.learning.learn import Learner

TOLERANCE, HEAVY_TOLERANCE = 0.005, 0.02
"""Relative error of the mean that is held; where the variance of a session's cost is infinite, the second."""
EXACT_CALLS = 2e7
"""Model and tool calls of the exact trials that are simulated beside."""
LEAST_EXACT, MOST_EXACT = 8, 400
STRANGE = 4.0
"""Standard errors by which exact trials may differ."""


@dataclass(frozen=True)
class Beside:
    """Exact trials beside the means that the hybrid engine expects under their conditions, without controls.

    Attributes
    ----------
    trials : how many
    difference, error : of the hybrid engine's mean, relative, and the standard error of that
    """

    trials: int
    difference: float
    error: float


@dataclass(frozen=True)
class Accuracy:
    """Relative errors of the mean of a period's spend on sessions.

    Attributes
    ----------
    base : standard error of the means at the base levels, all features together
    surface, surface_p95 : root mean square, and 95 % point, of what held-out levels differ by from the surface,
        weighted by spend; 0 where nothing varies but volume and price
    levels, sessions : driver levels simulated, and all their sessions
    tolerance : what is held
    beside : None where exact trials are too much work
    """

    base: float
    surface: float
    surface_p95: float
    levels: int
    sessions: int
    tolerance: float
    beside: Beside | None

    @property
    def worst(self) -> float:
        """What is held against the tolerance: base and surface together, or what exact trials show beyond chance."""
        own = float(np.hypot(self.base, self.surface))
        beside = self.beside
        return own if beside is None else max(own, abs(beside.difference) - STRANGE * beside.error)

    @property
    def holds(self) -> bool:
        """Whether the tolerance is held, as far as can be seen."""
        return self.worst <= self.tolerance

    def to_dict(self) -> dict[str, float]:
        """All of it; names of errors end with ``_error``."""
        errors = {"rms_error": self.surface, "p95_error": self.surface_p95, "base_error": self.base}
        if self.beside is not None:
            errors["exact_error"] = abs(self.beside.difference)
            errors["exact_standard_error"] = self.beside.error
            errors["exact_trials"] = float(self.beside.trials)
        return errors | {"levels": float(self.levels), "pool_sessions": float(self.sessions)}


def measured(learner: Learner, calls: float, threads: int) -> Accuracy:
    """Measure what was learnt.

    Parameters
    ----------
    calls : that a trial is expected to make
    """
    heavy = any(base.tail.index <= 2.0 for base in learner.bases.values())
    surface, surface_p95 = _surface(learner)
    return Accuracy(
        base=_base(learner),
        surface=surface,
        surface_p95=surface_p95,
        levels=sum(len(sheet.points) + len(sheet.tried) for sheet in learner.sheets.values()),
        sessions=learner.pools.sessions,
        tolerance=HEAVY_TOLERANCE if heavy else TOLERANCE,
        beside=_beside(learner, calls, threads),
    )


def _base(learner: Learner) -> float:
    """Errors of keys of one feature add up, for their sessions have the same addresses; those of features don't."""
    by_feature: dict[int, float] = {}
    for key, share in learner.shares.items():
        base = learner.bases[key]
        error = share * base.error / base.mean if base.mean > 0.0 else 0.0
        by_feature[key.feature] = by_feature.get(key.feature, 0.0) + error
    return float(np.sqrt(sum(error**2 for error in by_feature.values())))


def _surface(learner: Learner) -> tuple[float, float]:
    tried = [(learner.shares.get(key, 0.0), sheet.tried) for key, sheet in learner.sheets.items() if len(sheet.tried)]
    if not tried:
        return 0.0, 0.0
    off = np.abs(np.concatenate([values for _, values in tried]))
    weights = np.concatenate([np.full(len(values), share / len(values)) for share, values in tried])
    order = np.argsort(off, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    rms = float(np.sqrt(np.sum(weights * off**2) / weights.sum()))
    return rms, float(off[order[min(int(np.searchsorted(reached, 0.95)), len(off) - 1)]])


def _beside(learner: Learner, calls: float, threads: int) -> Beside | None:
    trials = int(min(MOST_EXACT, EXACT_CALLS / max(calls, 1.0)))
    if trials < LEAST_EXACT:
        return None
    program, period, pools = learner.program, learner.period, learner.pools
    tally = simulate(program, period, pools.seed, trials, unit=pools.unit, threads=threads)
    fixed = int(tally.frame.fixed_daily.sum())
    exact = (tally.free_spend.sum(axis=1) - fixed) if tally.frame.thresholds else tally.daily.sum(axis=(1, 2))
    expected = expected_spend(learner, trials)
    if len(exact) < trials or not exact.sum() > 0:
        return None
    apart = expected - exact
    error = float(apart.std(ddof=1) * np.sqrt(trials))
    return Beside(trials, float(apart.sum()) / float(exact.sum()), error / float(exact.sum()))


def expected_spend(learner: Learner, trials: int) -> Floats:
    """float64[T]: what the sessions of the first trials are expected to cost under their conditions, in units."""
    period, frame = learner.period, learner.program.frame(learner.pools.unit)
    book, sums = Book(learner), np.zeros(trials)
    for trial in range(trials):
        conditions = Conditions.of(period, learner.pools.seed, np.array([trial], np.int64))
        money = np.zeros((1, period.days, len(frame.cells)), np.int64)
        draw_money(book, conditions.cases(slice(period.first_day, period.days)), money, chance=False)
        sums[trial] = float(money.sum())
    return sums
