"""The law of one session's cost as a table of knots: what was seen, and a tail of known index beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.sum_layout import (
    BODY_STEPS,
    FIRST_TAIL_KNOT,
    N_CUTS,
    STEPS_PER_OCTAVE,
    TAIL_OCTAVE,
    TAIL_OCTAVES,
)

if TYPE_CHECKING:
    from simulator.engine.layout import Floats

HEAVY = 3.0
"""Tail index up to which means are not left to the dearest sessions of a pool: their tail is the law's."""
HEAVY_TAIL = 2.0**-12
SEEN, SEEN_IN_PART = 64, 32
"""Sessions of a pool that a quantile must have above it, where it is read from the pool; and in a part of it."""
FEW_DEAREST = 16


def _passed() -> Floats:
    steps = np.arange(1, STEPS_PER_OCTAVE + 1) / (2 * STEPS_PER_OCTAVE)
    tail = [2.0 ** -(TAIL_OCTAVE + octave) * (1.0 - steps) for octave in range(TAIL_OCTAVES)]
    return np.concatenate([1.0 - np.arange(FIRST_TAIL_KNOT + 1) / BODY_STEPS, *tail])


PASSED = _passed()
"""float64[N_KNOTS]: the share of sessions that cost more than each knot."""
CUTS = FIRST_TAIL_KNOT + STEPS_PER_OCTAVE * np.arange(N_CUTS)
"""Knots at which a law may be cut."""


@dataclass(frozen=True)
class Tail:
    """What is known of a tail before any session is seen.

    Attributes
    ----------
    index : of the power of its fall; inf without one
    most_calls : cost by which nothing goes on: what a session costs that is cut for its calls
    """

    index: float
    most: float = np.inf

    @property
    def is_heavy(self) -> bool:
        """Whether means need it."""
        return self.index <= HEAVY

    @property
    def xi(self) -> float:
        """Shape of the generalised Pareto law."""
        return 1.0 / self.index if np.isfinite(self.index) else 0.0

    def starts(self, sessions: int) -> float:
        """The share of sessions beyond which a pool of so many is no longer believed."""
        least = SEEN / sessions
        return float(min(2.0**-TAIL_OCTAVE, max(least, HEAVY_TAIL if self.is_heavy else least)))


def quantiles(costs: Floats) -> Floats:
    """float64[N_KNOTS]: knots as a pool has them; `costs` in rising order."""
    return _between(costs, 1.0 - PASSED)


def _between(costs: Floats, p: Floats) -> Floats:
    """Quantiles of a pool by the straight line between its sessions; `costs` in rising order."""
    at = np.clip(p * len(costs) - 0.5, 0.0, len(costs) - 1.0)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, len(costs) - 1)
    part = at - low
    between: Floats = costs[low] * (1.0 - part) + costs[high] * part
    return between


def with_tail(costs: Floats, tail: Tail) -> Floats:
    """float64[N_KNOTS]: knots of a pool, and of a tail beyond it; `costs` in rising order."""
    knots, starts = quantiles(costs), tail.starts(len(costs))
    above = costs[int(np.ceil((1.0 - starts) * len(costs))) :]
    edge = float(_between(costs, np.array([1.0 - starts]))[0])
    beyond = starts > PASSED
    scale = _scale(above - edge, tail.xi)
    depth = np.log(starts / PASSED[beyond])
    excess = np.expm1(tail.xi * depth) / tail.xi if tail.xi > 0.0 else depth
    knots[beyond] = np.minimum(edge + scale * excess, max(tail.most, float(costs[-1])))
    return np.maximum.accumulate(knots)


def _scale(excesses: Floats, xi: float) -> float:
    """Likeliest scale of a generalised Pareto law of known shape."""
    excesses = np.maximum(excesses, 0.0)
    mean = float(excesses.mean()) if len(excesses) else 0.0
    if xi == 0.0 or mean == 0.0:
        return mean
    low, high = 1e-6 * mean, 1e3 * mean
    for _ in range(80):
        middle = np.sqrt(low * high)
        off = float(np.mean((1.0 + xi) * excesses / (middle + xi * excesses))) - 1.0
        low, high = (middle, high) if off > 0.0 else (low, middle)
    return float(np.sqrt(low * high))


def mean_of(knots: Floats) -> float:
    """Mean of the law of some knots."""
    return float(np.sum(-np.diff(PASSED) * 0.5 * (knots[1:] + knots[:-1])) + PASSED[-1] * knots[-1])


def mean_beyond(knots: Floats, passed: float) -> float:
    """What the dearest sessions, a share `passed` of all, add to the mean."""
    inside = passed >= PASSED
    edge = float(np.interp(-passed, -PASSED, knots))
    v, x = np.append(passed, PASSED[inside]), np.append(edge, knots[inside])
    return float(np.sum(-np.diff(v) * 0.5 * (x[1:] + x[:-1])) + v[-1] * x[-1])


def moved(knots: Floats, before: Floats, after: Floats) -> Floats:
    """Knots of a large pool, moved by what a change makes of a part of it.

    Parameters
    ----------
    before, after : float64[n], costs of the same sessions, each in rising order
    """
    a, b = quantiles(before), quantiles(after)
    both = (a > 0.0) & (b > 0.0) & (knots > 0.0)
    ratio = np.log(np.divide(b, a, out=np.ones_like(a), where=both))
    seen = len(before) * PASSED
    last = (seen >= SEEN_IN_PART) & (seen < 16 * SEEN_IN_PART) & both
    beyond = float(ratio[last].mean()) if last.any() else 0.0
    ratio[seen < SEEN_IN_PART] = beyond
    return np.maximum.accumulate(np.where(both, knots * np.exp(ratio), b))


def tail_ratio(before: Floats, after: Floats) -> float:
    """By how much a change makes the dearest sessions dearer."""
    a, b = quantiles(before), quantiles(after)
    seen = len(before) * PASSED
    last = (seen >= SEEN_IN_PART) & (seen < 16 * SEEN_IN_PART) & (a > 0.0) & (b > 0.0)
    return float(np.exp(np.mean(np.log(b[last] / a[last])))) if last.any() else 1.0


def bodies(knots: Floats) -> Floats:
    """float64[N_CUTS, 3]: mean, sd and skewness of the sessions below each cut."""
    width, a, b = -np.diff(PASSED), knots[:-1], knots[1:]
    powers = (0.5 * (a + b), (a * a + a * b + b * b) / 3.0, 0.25 * (a + b) * (a * a + b * b))
    below = 1.0 - PASSED[CUTS]
    first, second, third = (np.cumsum(width * power)[CUTS - 1] / below for power in powers)
    variance = np.maximum(second - first**2, 0.0)
    sd = np.sqrt(variance)
    central = third - 3.0 * first * second + 2.0 * first**3
    skewness = np.divide(central, sd**3, out=np.zeros_like(sd), where=sd > 1e-9 * np.maximum(first, 1e-300))
    return np.stack([first, sd, skewness], axis=1)
