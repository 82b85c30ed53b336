"""Spend so far, day by day."""

from __future__ import annotations

import numpy as np

from simulator.engine.tally import FloatArray, IntArray, Tally
from simulator.risk.money import array_in_currency
from simulator.risk.quantiles import quantile_rows

PERCENTILES = (5, 50, 95)


def cumulative_units(tally: Tally) -> IntArray:
    """Spend of each trial up to and including each day, int64[T, D] in units, fixed costs included."""
    return np.cumsum(tally.daily.sum(axis=2) + tally.frame.fixed_daily, axis=1)


def daily_quantiles(tally: Tally) -> dict[str, FloatArray]:
    """Quantiles over trials of cumulative spend, float64[D] in currency by percentile (``p5``, ``p50``, ``p95``).

    Each day by itself: no single trial need follow the P95 line, but on the last day it ends at the P95 of spend.
    """
    spent = cumulative_units(tally)
    return {f"p{k}": array_in_currency(quantile_rows(spent, k / 100), tally.frame.unit) for k in PERCENTILES}
