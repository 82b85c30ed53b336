"""Who crowds whom: the most active user's part of the sessions, and what comes beyond the busiest hour's capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.engine.tally import FloatArray, Tally
from simulator.risk.guardrails import Estimate
from simulator.risk.quantiles import quantile_of_sorted


@dataclass(frozen=True)
class HeaviestUser:
    """Share of all sessions that the most active user is expected to have, over trials."""

    p50_share: float
    p95_share: float


@dataclass(frozen=True)
class PeakHour:
    """Sessions beyond the capacity of the busiest hour.

    Attributes
    ----------
    mean : of a trial
    share : of all sessions, over all trials
    p95_share : the share of a trial's sessions that 95 % of the trials do not pass
    """

    mean: float
    share: float
    p95_share: float


@dataclass(frozen=True)
class PeakCost:
    """What failures of the busiest hour cost a period, against the same sessions if they failed no more than others.

    Attributes
    ----------
    compared : sessions that were simulated both ways
    cost : in currency; below 0 where failed sessions end earlier, and cheaper
    successes_lost : sessions that succeed without the crowd, less those that only succeed with it
    """

    compared: int
    cost: Estimate
    successes_lost: Estimate

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PeakCost:
        """The inverse of `dataclasses.asdict`, after a way through JSON."""
        cost, lost = (Estimate.from_dict(values[name]) for name in ("cost", "successes_lost"))
        return cls(values["compared"], cost, lost)


def heaviest_user(tally: Tally) -> HeaviestUser | None:
    """How much the most active user weighs; None where volume is not by users."""
    shares = np.sort(tally.heaviest)
    if np.isnan(shares).any():
        return None
    return HeaviestUser(quantile_of_sorted(shares, 0.50), quantile_of_sorted(shares, 0.95))


def peak_hour(tally: Tally) -> PeakHour | None:
    """What comes beyond the busiest hour's capacity; None where nothing ever does."""
    if not tally.peak.any():
        return None
    sessions = tally.sessions.sum(axis=(1, 2))
    shares: FloatArray = np.sort(tally.peak / np.maximum(sessions, 1))
    return PeakHour(
        float(tally.peak.mean()), float(tally.peak.sum() / max(1, sessions.sum())), quantile_of_sorted(shares, 0.95)
    )
