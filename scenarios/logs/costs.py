"""Costs as logs record them, and which of them can be believed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls

MOST_COST = 1e9
"""In whatever currency: no request costs more."""

UNREADABLE = math.inf
"""Of a cost that is there and can't be read, until `believed` has counted it."""

NO_COST = "a cost that is no number, below zero or past all bounds"


def cost_told(said: Any) -> float:
    """A cost as a log has it; NaN where nothing is said, UNREADABLE where that is no number."""
    if said is None or said == "":
        return math.nan
    try:
        cost = math.nan if said.__class__ is bool else float(said)
    except (TypeError, ValueError, OverflowError):
        return UNREADABLE
    return UNREADABLE if math.isnan(cost) else cost


def believed(calls: Calls, reading: Reading) -> Calls:
    """Return the calls without the costs that can't be, and count these."""
    cost = calls["cost"]
    wrong = (cost < 0) | (cost > MOST_COST)
    if not wrong.any():
        return calls
    reading.leave_open(NO_COST, int(wrong.sum()))
    return replace(calls, columns={**calls.columns, "cost": np.where(wrong, np.nan, cost)})
