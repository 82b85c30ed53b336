"""What moves the chance that a budget breaks: drivers low and high, events off and on.

What sets the worst trials apart (`simulator.risk.drivers`) looks at the dearest 5 %; this looks at the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from scenarios.words import DRIVERS
from simulator.engine.tally import IntArray, Tally
from simulator.risk.breach import share_interval
from simulator.risk.money import array_in_currency
from simulator.risk.quantiles import LEVEL
from simulator.risk.replicates import replicates, width_ratio
from simulator.risk.spend import covered_units

FEWEST = 5
"""Below so many trials that break the budget, or hold it, or are on one side, nothing is said."""

Mask = npt.NDArray[np.bool_]
Kind = Literal["driver", "event"]


@dataclass(frozen=True)
class Side:
    """Trials that have something in common, and how often they break the budget.

    Attributes
    ----------
    trials, breaching : how many they are, and how many of them break it
    probability, ci : the share of these, and its 95 % confidence interval as that of `Breach`
    """

    trials: int
    breaching: int
    probability: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class Move:
    """A driver or an event, and the chance of a breach on either side of it.

    Attributes
    ----------
    kind, name : a driver, one of ``DRIVERS``, or an event of the scenario
    low, high : of a driver the trials up to the median of its levels, and those above; of an event those in which it
        never was on, and the others
    median : of a driver's levels, where 1 is the scenario as written; None of an event
    p_value : of a difference as large, either way, were it chance which trials break the budget (Fisher's exact test)
    """

    kind: Kind
    name: str
    low: Side
    high: Side
    median: float | None
    p_value: float

    @property
    def gap(self) -> float:
        """By how much the chance is larger on the high side."""
        return self.high.probability - self.low.probability


def breach_moves(tally: Tally, amount: float) -> tuple[Move, ...]:
    """What moves the chance that covered spend passes `amount`, in currency, the largest difference first.

    Differences that chance explains, at 95 % for all comparisons together (Bonferroni), are left out. Drivers that go
    together share what is shown, and what stands beside a breach need not have made it.

    Examples
    --------
    A month that breaks when it is busy: ``Move("driver", "volume", low=Side(5000, 20, ...), high=Side(5000, 750, ...),
    ...)``.
    """
    broken = array_in_currency(covered_units(tally), tally.frame.unit) > amount
    if min(np.count_nonzero(broken), np.count_nonzero(~broken)) < FEWEST:
        return ()
    replicate = replicates(tally)
    found = [
        Move(kind, name, _side(broken, ~high, replicate), _side(broken, high, replicate), median, _chance(broken, high))
        for kind, name, high, median in _splits(tally)
        if min(np.count_nonzero(high), np.count_nonzero(~high)) >= FEWEST
    ]
    real = [move for move in found if move.p_value < (1 - LEVEL) / len(found)]
    return tuple(sorted(real, key=lambda move: -abs(move.gap)))


def _splits(tally: Tally) -> Iterator[tuple[Kind, str, Mask, float | None]]:
    """Each driver that varies and each event: which trials are on its high side, and where a driver's halves meet."""
    for name, levels in zip(DRIVERS, tally.levels.T, strict=True):
        if levels.min() < levels.max():
            median = float(np.median(levels))
            above = levels > median
            yield "driver", name, above if above.any() else levels >= median, median
    for event, days in zip(tally.frame.events, tally.event_days.T, strict=True):
        yield "event", event, days > 0, None


def _side(broken: Mask, side: Mask, replicate: IntArray | None) -> Side:
    hit = broken[side]
    trials, breaching = len(hit), int(np.count_nonzero(hit))
    width = width_ratio(hit, None if replicate is None else replicate[side], LEVEL)
    return Side(trials, breaching, breaching / trials, share_interval(breaching, trials, width=width))


def _chance(broken: Mask, high: Mask) -> float:
    """Twice the smaller tail of the hypergeometric law of the hits on the high side; at most 1."""
    n, hits, drawn = len(broken), int(np.count_nonzero(broken)), int(np.count_nonzero(high))
    seen = int(np.count_nonzero(broken & high))
    possible = np.arange(max(0, drawn - (n - hits)), min(hits, drawn) + 1)
    logs = _choose(hits, possible) + _choose(n - hits, drawn - possible) - _choose(n, drawn)
    shares = np.exp(logs)
    tails = float(shares[possible <= seen].sum()), float(shares[possible >= seen].sum())
    return min(1.0, 2 * min(tails))


def _choose(n: int, k: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Logarithm of the number of ways to take k of n."""
    chosen = np.asarray(k, float)
    ways: npt.NDArray[np.float64] = gammaln(n + 1.0) - gammaln(chosen + 1) - gammaln(n - chosen + 1)
    return ways
