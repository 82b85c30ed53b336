"""The budget as a slider: the trials' spend packed into a page, so that a few lines of script find the chance again.

Budgets that the slider reaches lie on a lattice: the scenario's budget plus a whole number of steps.  Each trial is
embedded as the first lattice point that is not below its spend; a budget on the lattice is broken by exactly those
trials whose point lies above it, so the page counts as `Result.breach_probability` does, and not nearly so.  Beyond
`MOST` trials every k-th order statistic is embedded, and ranks between two of them are interpolated.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from simulator.risk.money import as_fraction
from simulator.risk.verdict import FEWEST
from simulator.show import words
from simulator.show.reading import Reading

MOST = 10_000
"""Trials that are embedded one by one: 40 kB at most."""

POSITIONS = 400
"""About how many budgets the slider reaches."""


@dataclass(frozen=True)
class Slider:
    """What the page's script is given.

    Attributes
    ----------
    budget : the scenario's, in currency; position 0 of the lattice
    step : distance of lattice points, in currency
    low, high : how many steps the slider goes down and up from there
    trials : of the run
    first, gaps : the lowest embedded lattice position, and the distances between neighbours, ascending
    currency : its sign, or its code and a space
    noun, nouns : what a period is called
    """

    budget: float
    step: float
    low: int
    high: int
    trials: int
    first: int
    gaps: list[int]
    currency: str
    noun: str
    nouns: str

    def payload(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def slider(reading: Reading) -> Slider | None:
    """Pack a reading's trials; None where there is no budget worth moving, or too few trials to speak of chances."""
    if reading.breach is None or reading.breach.amount >= words.ABSURD or reading.trials < FEWEST:
        return None
    budget, unit = reading.breach.amount, reading.money_unit
    low, high = _ends(reading)
    step = nice_step((high - low) / POSITIONS, unit)
    budget_units, step_units = (int(as_fraction(amount) // as_fraction(unit)) for amount in (budget, step))
    held = reading.held_units[ranks(reading.trials) - 1].astype(object)  # a budget may pass 64 bits
    points = (-((budget_units - held) // step_units)).astype(np.int64)
    return Slider(
        budget=budget,
        step=step,
        low=math.floor((budget - low) / step),
        high=math.ceil((high - budget) / step),
        trials=reading.trials,
        first=int(points[0]),
        gaps=np.diff(points).tolist(),
        currency=words.SYMBOLS.get(reading.currency, f"{reading.currency} "),
        noun=reading.noun,
        nouns=reading.nouns,
    )


def ranks(trials: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Ranks (1 to `trials`) of the embedded order statistics, the first and the last among them."""
    n = min(trials, MOST)
    return 1 + np.arange(n, dtype=np.int64) * (trials - 1) // max(1, n - 1)


def _ends(reading: Reading) -> tuple[float, float]:
    """From somewhat below the cheapest trials, or the budget, to somewhat above the dearest."""
    assert reading.breach is not None
    low = min(reading.held.quantile(0.001), reading.breach.amount)
    high = max(reading.held.quantile(0.999), reading.breach.amount)
    room = 0.1 * ((high - low) or high)
    return max(0.02 * high, low - room), high + room


def nice_step(size: float, unit: float) -> float:
    """The power of ten at or below `size`, and never finer than a unit of money."""
    return max(float(f"1e{math.floor(math.log10(size))}"), unit) if size > 0 else unit
