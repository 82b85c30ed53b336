"""One trial beside all trials of its run: which one a quantile is, how rare its levels are, where its money went."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.engine.tally import FloatArray, IntArray, Tally
from simulator.risk.attribution import Source
from simulator.risk.money import exact_mean, in_currency
from simulator.risk.spend import Spend


@dataclass(frozen=True)
class Rank:
    """How many of `trials` lie below one of them, and how many above; those that equal it are neither."""

    below: int
    above: int
    trials: int

    @property
    def varies(self) -> bool:
        """Whether any trial differs."""
        return self.below + self.above > 0


@dataclass(frozen=True)
class Gap:
    """What one trial spends more than the mean trial on a component, in currency; below 0 where it spends less."""

    source: Source
    change: float


def row_at(spend: Spend, p: float) -> int:
    """The row of the trial whose spend is the quantile at p; the first of those that spend the same."""
    return int(np.flatnonzero(spend.samples == spend.quantile(p))[0])


def rank_of(values: FloatArray | IntArray, row: int) -> Rank:
    """Where one of [T] values stands among them."""
    own = values[row]
    return Rank(int((values < own).sum()), int((values > own).sum()), len(values))


def gaps(tally: Tally, row: int) -> tuple[Gap, ...]:
    """By component what a trial spends beside the mean trial, the largest gap first, on whichever side.

    Tools and fixed costs are taken together. The gaps are exact before one rounding each; they add up to the trial's
    spend less mean spend.
    """
    sums: dict[Source, Fraction] = {}
    for column, cell in enumerate(tally.frame.cells):
        amounts, key = tally.cells[:, column], Source(cell.feature, cell.agent, cell.cause)
        sums[key] = sums.get(key, Fraction(0)) + int(amounts[row]) - exact_mean(amounts)
    ordered = sorted(sums.items(), key=lambda item: (-abs(item[1]), [str(name) for name in item[0]]))
    return tuple(Gap(key, in_currency(change, tally.frame.unit)) for key, change in ordered if change)
