"""Metrics of a run as people read them, and what is said of a limit that was crossed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.risk.metrics import COST_PER_SUCCESS, is_share
from simulator.show import words

if TYPE_CHECKING:
    from simulator.risk.metrics import Violation

_COUNTS = (
    *("session.calls", "session.agents", "session.tokens", "budget.breach_day"),
    *("controls.turned_away.mean", "peak_hour.mean"),
)
_CHANGES = ("controls.breach_reduction", "spent.over_expected")
"""Shares that may be below 0."""


def figure(path: str, value: float, currency: str) -> str:
    """A metric as people read it: money, a percentage or a plain number, by its dotted path."""
    if is_share(path) or path.endswith("_rate"):
        return words.percent(value)
    if path.startswith(_CHANGES):
        return ("-" if value < 0 else "") + words.percent(abs(value))
    if path.startswith(_COUNTS):
        return words.about(value)
    return words.money(value, currency)


def violation_words(crossed: Violation, currency: str, unit: str) -> str:
    """What came out and what was allowed, as ``p95 is $115,000, over the limit of $90,000``."""
    limit = figure(crossed.path, crossed.limit, currency)
    came_out = no_success(crossed.path, crossed.value, unit) or figure(crossed.path, crossed.value, currency)
    return f"{crossed.name} is {came_out}, over the limit of {limit}"


def no_success(path: str, value: float, unit: str) -> str:
    """Why a cost per success is no amount; empty for every other figure."""
    return f"without bound, as no {unit} succeeded" if path == COST_PER_SUCCESS and math.isinf(value) else ""
