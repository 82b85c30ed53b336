"""Sums of sessions: how often the mean of some observed ones lies where a scenario predicts it, and how wide that is.

The rule. All sets are drawn from the observed sessions, and a log holds but so many sets of others.

- off: fewer lie inside than chance leaves there in 19 of 20 logs of a scenario that is right, and fewer than nine
  tenths of what was promised
- too few: not off, and the log has sessions for fewer than `FEWEST_SUMS` sets, or less than nine tenths lie inside
- match: else

Too wide is not off, which for a budget is the safe side, but is said. What explains a width is that of the sets' own
interval, and that so many sessions leave their mean open, with what chance makes of both; an interval is too wide where
its logarithm is more than half as large again, so that few logs of a scenario that is right are blamed: of heavy tails
(lognormal, sigma 2) in 500 sessions 3 in 100.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from distributions.numerics import Z_90, Z_95
from distributions.streams import name_hash, period_uniforms
from simulator.judged import MATCH, MATERIAL, OFF, ROUNDING, TOO_FEW, Floats

SET, SETS, TRIALS = 100, 400, 500
"""Sessions of a sum; sums of observed ones; simulated ones."""
INTERVAL = 0.90
FEWEST_SUMS = 12
"""From so many independent sums on, an interval that holds half of what it promises is told from one that holds all:
19 times of 20 it has fewer inside than the latter has in one case of twenty (binomials of 0.45 and of 0.9)."""
SPARE = 0.5
"""By how much the logarithm of a width may pass what explains it."""
_OF_DRAWS = 0.885
"""Standard error of the width between the P5 and the P95 of normal draws, as a share of it, times the root of their
number: sqrt(2 (0.05 * 0.95 - 0.05 ** 2)) over the density at the P95 and over that width, 3.29."""
_SETS = name_hash("backtest:sets")


@dataclass(frozen=True)
class Coverage:
    """How often the mean cost of some observed sessions falls into the interval that the scenario predicts for it.

    Attributes
    ----------
    size : sessions of a set
    sets : how many were drawn, with replacement, from the observed sessions
    sessions : how many of these there are
    low, high : the interval of the mean, in currency
    level : what share should fall inside were the scenario and the log in full agreement
    inside : the share that does
    least : the smallest share that chance explains where they agree
    own_low, own_high : where as large a share of the observed sets lies
    explained : the factor between two ends that the sets and the number of sessions explain; infinite where an end is 0
    """

    size: int
    sets: int
    sessions: int
    low: float
    high: float
    level: float
    inside: float
    least: float
    own_low: float
    own_high: float
    explained: float

    @property
    def sums(self) -> float:
        """How many independent sets the log has sessions for."""
        return self.sessions / self.size

    @property
    def verdict(self) -> str:
        """OFF where the interval holds too few; TOO_FEW where the log can't tell that; else MATCH."""
        holds = self.inside >= (1.0 - MATERIAL) * self.level
        if not holds and self.inside < self.least:
            return OFF
        return MATCH if holds and self.sums >= FEWEST_SUMS else TOO_FEW

    @property
    def off(self) -> bool:
        """Whether the interval holds too few: beyond what chance makes, and by more than a tenth."""
        return self.verdict == OFF

    @property
    def factor(self) -> float:
        """Between the ends of the interval."""
        return _factor(self.low, self.high)

    @property
    def own_factor(self) -> float:
        """Between the ends of that of the observed sets."""
        return _factor(self.own_low, self.own_high)

    @property
    def wide(self) -> bool:
        """Whether the interval is wider than it needs to be; of a log that holds not even one set nobody asks."""
        return self.sums >= 1.0 and math.log(self.factor) > (1.0 + SPARE) * math.log(self.explained)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        factors = {"factor": self.factor, "own_factor": self.own_factor, "explained": self.explained}
        return {
            **{name: value for name, value in vars(self).items() if name not in factors},
            **{name: value if math.isfinite(value) else None for name, value in factors.items()},
            "wide": self.wide,
            "verdict": self.verdict,
        }


def coverage(predicted: Floats, cost: Floats, simulated: Floats, seed: int) -> Coverage:
    """Hold sets of observed costs against predicted means of such sets.

    Parameters
    ----------
    predicted : means of `SET` sessions, drivers drawn
    cost : of the observed sessions
    simulated : costs of simulated sessions, drivers at 1
    """
    n = cost.size
    tails = (1.0 - INTERVAL) / 2.0, (1.0 + INTERVAL) / 2.0
    low, high = np.quantile(predicted, tails).tolist()
    u = period_uniforms(seed, _SETS, np.repeat(np.arange(SETS), SET), 0, np.tile(np.arange(SET), SETS))
    means = cost[np.minimum((u * n).astype(np.int64), n - 1)].reshape(SETS, SET).mean(axis=1)
    inside = float(((low * (1.0 - ROUNDING) <= means) & (means <= high * (1.0 + ROUNDING))).mean())
    least = least_inside(n, float(predicted.var()), simulated)
    own_low, own_high = np.quantile(means, tails).tolist()
    most = explained(_factor(own_low, own_high), cost)
    return Coverage(SET, SETS, n, low, high, INTERVAL, inside, least, own_low, own_high, most)


def least_inside(n: int, variance: float, simulated: Floats) -> float:
    """The share of sets inside the interval that chance passes but once in twenty times, in a scenario that is right.

    All sets are drawn from the same sessions, under the same drivers, so that their middle is off by chance and by the
    drivers alike; around it, shares of drawn sets are binomial. In units of the standard error of a set's mean.
    """
    chance = float(simulated.var()) / SET
    opened = max(variance / chance - 1.0, 0.0) if chance else 0.0
    wide, off = Z_90 * np.sqrt(1.0 + opened), Z_95 * np.sqrt(opened + SET / n)
    share = float(ndtr(wide - off) - ndtr(-wide - off))
    return max(0.0, share - Z_90 * float(np.sqrt(share * (1.0 - share) / SETS)))


def explained(own: float, cost: Floats) -> float:
    """The factor between the ends of an interval that is no wider than it needs to be.

    Parameters
    ----------
    own : that of the observed sets
    cost : of the sessions that they were drawn from: their kurtosis says how sure the width of their law is
    """
    apart = cost - cost.mean()
    variance = float((apart**2).mean())
    kurtosis = float((apart**4).mean()) / variance**2 if variance else 1.0
    error = math.sqrt((kurtosis - 1.0) / (4.0 * cost.size) + _OF_DRAWS**2 * (1.0 / SETS + 1.0 / TRIALS))
    return float(own ** (math.sqrt(1.0 + SET / cost.size) * (1.0 + Z_90 * error)))


def _factor(low: float, high: float) -> float:
    """Between two ends; infinite where one of them is 0, and 1 where but rounding parts them."""
    if math.isclose(low, high, rel_tol=ROUNDING):
        return 1.0
    return high / low if low > 0.0 else (math.inf if high > 0.0 else 1.0)
