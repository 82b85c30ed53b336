"""What the busiest hour costs: sessions beyond its capacity, and the same ones as if they failed like all others.

On common random numbers a session is the same but for the failures that the crowd makes. A sample of the run's sessions
is sorted by whether the busiest hour hits them, and those that it hits are simulated twice.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from simulator.engine.again import hit_by_last_cause, sample_sessions
from simulator.frames import sample_addresses
from simulator.pieces import by_pieces
from simulator.risk.crowd import PeakCost
from simulator.risk.guardrails import Estimate
from simulator.risk.quantiles import LEVEL

if TYPE_CHECKING:
    from simulator.engine.period import Period
    from simulator.engine.plan import Program
    from simulator.engine.tally import FloatArray, IntArray, Records, Tally

LOOKED_AT, SIMULATED = 200_000, 20_000
"""Sessions of the run, evenly spaced, and at most so many of those that are hit."""


def peak_cost(program: Program, period: Period, seed: int, tally: Tally) -> PeakCost | None:
    """What failures of the busiest hour cost a period; None where it never passes its capacity, or hits none looked at.

    Parameters
    ----------
    program, period, seed : of the run
    tally : its result
    """
    peak, scenario = period.scenario.volume.peak_hour, period.scenario
    if peak is None or not tally.peak.any():
        return None
    addresses = sample_addresses(tally, LOOKED_AT)
    crossed = tally.crossed[np.searchsorted(tally.trial, addresses["trial"])]
    looked_at = by_pieces(
        lambda some: hit_by_last_cause(program, period, seed, addresses[some], crossed[some]), len(addresses)
    )
    hit = np.flatnonzero(looked_at)
    hit = hit[:: -(-len(hit) // SIMULATED) or 1]
    if len(hit) < 2:
        return None
    calm_hour = peak.model_copy(update={"failure_factor": 1.0})
    calm = scenario.model_copy(update={"volume": scenario.volume.model_copy(update={"peak_hour": calm_hour})})
    chosen, crossed = addresses[hit], crossed[hit]

    def simulated(which: Period) -> Records:
        unit = tally.frame.unit
        return by_pieces(
            lambda some: sample_sessions(program, which, seed, chosen[some], unit, crossed[some]), len(chosen)
        )

    with_it, without = simulated(period), simulated(replace(period, scenario=calm))
    return PeakCost(
        compared=len(hit),
        cost=_of_a_period(with_it["cost"] - without["cost"], with_it["trial"], tally),
        successes_lost=_of_a_period(
            without["success"].astype(np.float64) - with_it["success"], with_it["trial"], tally
        ),
    )


def _of_a_period(differences: FloatArray, trials: IntArray, tally: Tally) -> Estimate:
    """Mean of a period, from differences of a part of its sessions; periods differ, so they are what is sampled."""
    each = float(tally.peak.sum()) / len(differences)
    periods = each * np.bincount(np.searchsorted(tally.trial, trials), differences, len(tally.trial))
    n = len(periods)
    mean = float(periods.mean())
    if n < 2:
        return Estimate(mean, math.nan, (math.nan, math.nan))
    se = float(periods.std(ddof=1)) / math.sqrt(n)
    half = se * float(stdtrit(n - 1, (1 + LEVEL) / 2))
    return Estimate(mean, se, (mean - half, mean + half))
