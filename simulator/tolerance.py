"""Trials until a run is sure enough: added in stages until the interval of a quantile is as narrow as was asked for.

The first stage has 1,024 trials, and each one after it doubles them: Sobol points are most even at powers of two, and
looking seldom keeps the look itself from choosing lucky moments. A trial is a function of its number, so that a run
which comes to an end with 4,096 trials is the run that was asked for 4,096, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.risk.metrics import SHORT_NAMES
from simulator.risk.replicates import replicates
from simulator.risk.spend import Spend, covered_units, spend_units

if TYPE_CHECKING:
    from simulator.engine.tally import Tally

FIRST = 1_024
"""Trials of the first stage."""
MOST = 100_000
"""Trials at which a run stops, sure enough or not, where it is not told how many."""


@dataclass(frozen=True)
class Tolerance:
    """How sure a run was to be, and how sure it is.

    Attributes
    ----------
    asked : largest half-width of the 95 % intervals, as a share of the quantile
    half_widths : by percentile, those of what is held against the budget, or of all spend without one; infinite where
        the trials are too few for an interval
    maximum : trials at which the run would have stopped in any case
    stopped_by : ``tolerance`` where it was reached; ``maximum``; ``work``, where more trials are more than a run takes
        on; or ``user``
    """

    asked: float
    half_widths: Mapping[str, float]
    maximum: int
    stopped_by: str

    @property
    def reached(self) -> bool:
        """Whether the run is as sure as it was to be."""
        return max(self.half_widths.values()) <= self.asked

    def to_dict(self) -> dict[str, Any]:
        """The ``tolerance`` object of a run's JSON."""
        return {
            "asked": self.asked,
            "half_widths": dict(self.half_widths),
            "reached": self.reached,
            "maximum": self.maximum,
            "stopped_by": self.stopped_by,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tolerance:
        """The tolerance of a saved run; a half-width that was null is infinite."""
        widths = {name: math.inf if width is None else width for name, width in values["half_widths"].items()}
        return cls(values["asked"], widths, values["maximum"], values["stopped_by"])


@dataclass(frozen=True)
class Goal:
    """When a run may stop.

    Attributes
    ----------
    asked : largest half-width, as a share of the quantile
    percentiles : for which
    budgeted : whether a budget says what is held against it
    maximum : trials at most
    """

    asked: float
    percentiles: tuple[int, ...]
    budgeted: bool
    maximum: int

    def reading(self, tally: Tally, stopped_by: str) -> Tolerance:
        """How near a tally comes."""
        units = covered_units(tally) if self.budgeted else spend_units(tally)
        spend = Spend(units, tally.frame.unit, replicates(tally))
        widths = {f"p{k}": half_width(spend, k / 100) for k in self.percentiles}
        return Tolerance(self.asked, widths, self.maximum, stopped_by)


def half_width(spend: Spend, p: float) -> float:
    """Half the width of the 95 % interval of a quantile as a share of it; infinite where there are too few trials."""
    if spend.ci_clamped(p):
        return math.inf
    low, high = spend.ci(p)
    return 0.0 if high == low else (high - low) / 2 / spend.quantile(p)


def percentiles_asked(limits: Mapping[str, float], conditions: tuple[str, ...] = ()) -> tuple[int, ...]:
    """P95, and P99 where a limit of the scenario or a condition of the command line is about it."""
    paths = {SHORT_NAMES.get(name, name) for name in (*limits, *conditions)}
    return (95, 99) if any(path == "spend.p99" or path.startswith("spend.ci.p99") for path in paths) else (95,)


def until_sure(
    simulate: Callable[[int, int], Tally], goal: Goal, lets_through: Callable[[int], bool]
) -> tuple[Tally, Tolerance, int]:
    """Simulate trials, and more of them, until they are sure enough.

    Parameters
    ----------
    simulate : of (first trial, how many); gives fewer where it was interrupted
    goal : when to stop
    lets_through : whether a run of so many trials may be simulated

    Returns
    -------
    tuple of Tally, Tolerance and int
        The finished trials; what they come to; how many were to be simulated by then.
    """
    aimed = min(FIRST, goal.maximum)
    tally = simulate(0, aimed)
    while True:
        try:
            stopped_by = _stopped_by(tally, goal, aimed, lets_through)
            if stopped_by:
                break
            first, aimed = aimed, min(2 * aimed, goal.maximum)
            tally = tally.merge(simulate(first, aimed - first))
        except KeyboardInterrupt:  # between the stages: what is finished is kept, as it is within one
            stopped_by = "user"
            break
    if not len(tally.trial):
        raise KeyboardInterrupt("before the first trial was finished")
    return tally, goal.reading(tally, stopped_by), aimed


def _stopped_by(tally: Tally, goal: Goal, aimed: int, lets_through: Callable[[int], bool]) -> str:
    """What ends a run after a stage; empty where it goes on."""
    if len(tally.trial) < aimed:
        return "user"
    if goal.reading(tally, "").reached:
        return "tolerance"
    if aimed == goal.maximum:
        return "maximum"
    return "" if lets_through(min(2 * aimed, goal.maximum)) else "work"
