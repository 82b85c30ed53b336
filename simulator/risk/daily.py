"""Spend so far, day by day."""

from __future__ import annotations

import numpy as np

from simulator.engine.tally import FloatArray, IntArray, Tally
from simulator.risk.money import array_in_currency
from simulator.risk.quantiles import quantile_rows

PERCENTILES = (5, 50, 95)


def cumulative_units(tally: Tally) -> IntArray:
    """Spend of each trial up to and including each day, int64[T, D] in units, fixed costs and days to date included."""
    return np.cumsum(tally.daily.sum(axis=2) + tally.frame.fixed_daily, axis=1)


def daily_quantiles(tally: Tally) -> dict[str, FloatArray]:
    """Quantiles over trials of cumulative spend, float64[D] in currency by percentile (``p5``, ``p50``, ``p95``).

    Each day by itself: no single trial need follow the P95 line, but on the last day it ends at the P95 of spend. Of
    a period to date only the amount on its last day is known; the days before it are nan.
    """
    return _quantiles(cumulative_units(tally), tally)


def free_daily_quantiles(tally: Tally) -> dict[str, FloatArray]:
    """The same of the trials without controls, of a tally that has them."""
    return _quantiles(np.cumsum(tally.free_spend, axis=1), tally)


def _quantiles(spent: IntArray, tally: Tally) -> dict[str, FloatArray]:
    lines = {f"p{k}": array_in_currency(quantile_rows(spent, k / 100), tally.frame.unit) for k in PERCENTILES}
    for line in lines.values():
        line[: unknown_days(tally)] = np.nan
    return lines


def unknown_days(tally: Tally) -> int:
    """How many first days of the period have a cost that nobody knows day by day."""
    return tally.frame.spent.days - 1 if tally.frame.spent else 0
