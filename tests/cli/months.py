"""A result whose every figure is chosen: months on a lognormal grid, nothing simulated, nothing random."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.special import ndtri

from simulator.engine.tally import N_COST_BINS, Cell, Frame, Tally, Threshold, cost_bin_value
from simulator.facts import Facts
from simulator.result import Result

UNIT = 1e-9
DAYS = 31
CELLS = (
    Cell("build", "planner", "history"),
    Cell("build", "executor", "history"),
    Cell("build", "planner", "human_review"),
    Cell("build", "executor", "output"),
    Cell("assist", "chat", "system"),
    Cell("assist", "chat", "retries"),
    Cell(None, None, "fixed", "platform"),
)
SHARES = (0.20, 0.08, 0.26, 0.18, 0.15, 0.13)
FIXED_DAY = 100.0

FACTS = Facts(
    name="coding-agent",
    title="Coding assistant",
    sha256="ab" * 32,
    unit="session",
    currency="USD",
    budget=100_000.0,
    covers=("models", "tools", "people", "overheads", "fixed", "one_time"),
    limits={},
    plan=None,
    average_plan=55_012.0,
    prices={},
    prices_sha256="cd" * 32,
)


def tally(trials: int = 10_000, spread: float = 0.2, uncovered: tuple[str, ...] = ()) -> Tally:
    """Months at the quantiles of a lognormal level: median 80,700 for sessions; dear months re-send more history."""
    covered = np.array([cell.cause not in uncovered for cell in CELLS])
    dates = tuple(date(2026, 12, 1) + timedelta(days=i) for i in range(DAYS))
    frame = Frame(CELLS, ("build", "assist"), dates, UNIT, np.full(DAYS, round(FIXED_DAY / UNIT)), covered)
    made = Tally.empty(frame, np.arange(trials), 12)
    level = np.exp(spread * ndtri((np.arange(trials) + 0.5) / trials))
    made.levels[:, 0] = level
    weights = np.array(SHARES) * np.stack([level**0.3] * 2 + [np.ones(trials)] * 4, axis=1)
    spent = weights / weights.sum(axis=1, keepdims=True) * 80_700 * level[:, None]
    by_day = np.round(spent / DAYS / UNIT).astype(np.int64)
    made.cells[:, :-1] = by_day * DAYS
    made.cells[:, -1] = frame.fixed_daily.sum()
    made.daily[:, :, 0] = by_day[:, :4].sum(axis=1)[:, None]
    made.daily[:, :, 1] = by_day[:, 4:].sum(axis=1)[:, None]
    made.covered[:] = by_day[:, covered[:-1]].sum(axis=1)[:, None] + frame.fixed_daily * covered[-1]
    made.sessions[:] = 1_000
    _count_sessions(made, trials * DAYS * 2_000)
    made.session.waste_units = round(11_860 / UNIT) * trials
    return made


def braked(trials: int = 10_000) -> Tally:
    """Such months with a spike that dear months have more often, and a control that keeps a tenth of spend back.

    From 80,000 of sessions' spend on, a twentieth of the sessions is turned away.
    """
    made = tally(trials)
    number = np.arange(trials)
    spiked = (37 * number) % 100 < np.where(number >= 0.95 * trials, 86, 52)
    threshold = Threshold(round(80_000 / UNIT), 0)
    so_far = np.cumsum(made.covered, axis=1)
    over = so_far > threshold.units
    made.frame = replace(made.frame, events=("launch-spike",), thresholds=(threshold,))
    made.event_days = 4 * spiked[:, None].astype(np.int64)
    made.crossed = np.where(over[:, -1], over.argmax(axis=1) + 1, 0)[:, None]
    factor = np.where(over[:, -1], 1.1, 1.0)[:, None]
    made.free_spend = made.free_covered = np.round(made.covered * factor).astype(np.int64)
    made.turned_away = np.where(over[:, -1], 3_263, 0)
    return made


def _count_sessions(made: Tally, sessions: int) -> None:
    """Sessions that all cost the same, in three calls each."""
    cost = int(made.daily.sum()) // sessions
    index = int(np.searchsorted(cost_bin_value(np.arange(N_COST_BINS)), cost * UNIT))
    made.session.cost_counts[0, index] = sessions
    made.session.cost_units[0, index] = cost * sessions
    made.session.calls_counts[3] = sessions
    made.session.min_cost = made.session.max_cost = cost * UNIT
    made.session.sessions, made.session.successes = sessions, sessions - sessions // 10


def result(made: Tally | None = None, facts: dict[str, Any] | None = None, **run: Any) -> Result:
    """A result of such months; `facts` and `run` replace single values."""
    made = made or tally()
    arguments: dict[str, Any] = {
        "scenario": None,
        "prices": None,
        "seed": 1,
        "engine": "exact",
        "engine_reason": "every session of every trial is simulated",
        "trials_requested": len(made.trial),
        "interrupted": False,
        "seconds": 2.0,
        "version": "0.1.0",
        "facts": Facts.from_dict({**FACTS.to_dict(), **(facts or {})}),
    }
    return Result(made, **{**arguments, **run})
