"""What the worst periods have in common: the drivers that stand higher or lower there than elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scenarios.words import DRIVERS
from simulator.engine.tally import Tally
from simulator.risk.spend import Spend, spend_units

TAIL = 0.95
LEAST_WORST = 5
"""Below so many trials in the tail nothing is said of them."""

LEAST_SHIFT = 0.5
"""In standard deviations of the driver; smaller ones, and those within three standard errors, are not worth a word."""


@dataclass(frozen=True)
class Shift:
    """A driver in the trials at or beyond the P95 of spend.

    Attributes
    ----------
    driver : one of ``DRIVERS``
    level : its median there; 1 is the scenario as written
    elsewhere : its median over all trials
    strength : how far the mean of its logarithm moves, in standard deviations of all trials
    """

    driver: str
    level: float
    elsewhere: float
    strength: float


def driver_shifts(tally: Tally) -> tuple[Shift, ...]:
    """The drivers that make the worst trials, the strongest first; none where the tail is too small to tell.

    Examples
    --------
    A scenario that is dear when it is busy: ``Shift("volume", level=1.7, elsewhere=1.0, strength=2.1)``.
    """
    spend = Spend(spend_units(tally), tally.frame.unit)
    tail = spend.tail(TAIL)
    if np.count_nonzero(tail) < LEAST_WORST or spend.min == spend.max:
        return ()
    with np.errstate(divide="ignore"):
        logs = np.log(tally.levels)
    found = []
    for column, driver in enumerate(DRIVERS):
        spread = float(np.std(logs[:, column])) if np.isfinite(logs[:, column]).all() else 0.0
        if spread < 1e-9:
            continue
        strength = float(np.mean(logs[tail, column]) - np.mean(logs[:, column])) / spread
        levels = tally.levels[:, column]
        found.append(Shift(driver, float(np.median(levels[tail])), float(np.median(levels)), strength))
    # The mean of n standardised levels has a standard error of 1/sqrt(n).
    least = max(LEAST_SHIFT, 3.0 / math.sqrt(np.count_nonzero(tail)))
    strong = [shift for shift in found if abs(shift.strength) >= least]
    return tuple(sorted(strong, key=lambda shift: -abs(shift.strength)))
