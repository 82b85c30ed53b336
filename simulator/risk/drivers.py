"""What sets the worst periods apart: the drivers that stand elsewhere there, and the events that are on more often."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from scenarios.words import DRIVERS
from simulator.engine.tally import FloatArray, IntArray, Tally
from simulator.risk.quantiles import LEVEL
from simulator.risk.spend import Spend, spend_units

TAIL = 0.95
LEAST_WORST = 5
"""Below so many trials in the tail nothing is said of them, nor of an event that is on in fewer of them."""


@dataclass(frozen=True)
class Difference:
    """A driver or an event in the trials at or beyond the P95 of spend, beside what it is over all trials.

    Attributes
    ----------
    kind, name : a driver, one of ``DRIVERS``, or an event of the scenario
    worst, overall : of a driver its median level, where 1 is the scenario as written; of an event the share of the
        trials in which it was on
    worst_days, overall_days : mean days on which an event was in force; None of a driver
    strength : how far its normal scores stand above those of the other trials, in standard deviations
    se : standard error of that, were the worst trials taken at random
    """

    kind: Literal["driver", "event"]
    name: str
    worst: float
    overall: float
    worst_days: float | None
    overall_days: float | None
    strength: float
    se: float


@dataclass(frozen=True)
class Worst:
    """The trials at or beyond the P95 of spend, and what sets them apart from the others, the strongest first.

    Attributes
    ----------
    trials : how many they are
    differences : those that chance does not explain; empty where the tail is too small to tell
    """

    trials: int
    differences: tuple[Difference, ...]


def worst_trials(tally: Tally) -> Worst:
    """What is different about the worst trials.

    Levels and days are compared by the normal scores of their ranks (van der Waerden), so that one scale serves
    drivers of any law and events that are on or off. Trials that are taken at random differ with a variance of exactly
    N / (n (N - n)); what stays within that, at 95 % for all comparisons together (Bonferroni), is left out.

    Examples
    --------
    A scenario that is dear when it is busy: ``Difference("driver", "volume", worst=1.7, overall=1.0, ...)``.
    """
    tail = Spend(spend_units(tally), tally.frame.unit).tail(TAIL)
    n, rest = int(np.count_nonzero(tail)), int(np.count_nonzero(~tail))
    if n < LEAST_WORST or not rest:
        return Worst(n, ())
    se = math.sqrt((n + rest) / (n * rest))
    found = [*_drivers(tally, tail, se), *_events(tally, tail, se)]
    least = -float(ndtri((1 - LEVEL) / 2 / max(1, len(found)))) * se
    real = [difference for difference in found if abs(difference.strength) > least]
    return Worst(n, tuple(sorted(real, key=lambda difference: -abs(difference.strength))))


def normal_scores(values: FloatArray | IntArray) -> FloatArray:
    """Normal quantiles of the ranks, equal values at the middle of theirs, scaled to a variance of 1.

    Parameters
    ----------
    values : float64[n] or int64[n]
        Not all equal.

    Examples
    --------
    >>> normal_scores(np.array([5.0, 1.0, 3.0])).round(6).tolist()
    [1.0, -1.0, 0.0]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - counts + (counts + 1) / 2
    scores: FloatArray = ndtri(middles / (len(values) + 1))[place]
    scores -= scores.mean()
    scores /= scores.std(ddof=1)
    return scores


def _strength(values: FloatArray | IntArray, tail: npt.NDArray[np.bool_]) -> float:
    scores = normal_scores(values)
    return float(scores[tail].mean() - scores[~tail].mean())


def _drivers(tally: Tally, tail: npt.NDArray[np.bool_], se: float) -> Iterator[Difference]:
    for name, levels in zip(DRIVERS, tally.levels.T, strict=True):
        if levels.min() < levels.max():
            medians = float(np.median(levels[tail])), float(np.median(levels))
            yield Difference("driver", name, *medians, None, None, _strength(levels, tail), se)


def _events(tally: Tally, tail: npt.NDArray[np.bool_], se: float) -> Iterator[Difference]:
    for name, days in zip(tally.frame.events, tally.event_days.T, strict=True):
        on = days > 0
        worst, overall = float(on[tail].mean()), float(on.mean())
        told = max(worst, overall) * np.count_nonzero(tail) >= LEAST_WORST
        if told and days.min() < days.max():
            means = float(days[tail].mean()), float(days.mean())
            yield Difference("event", name, worst, overall, *means, _strength(days, tail), se)
