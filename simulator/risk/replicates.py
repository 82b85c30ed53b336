"""Simulation error where trials are Sobol points: how far independent replicates of them differ.

Sobol points leave less to chance than independent trials, so that order statistics by themselves would claim too much
error.  The trials are sixteen replicates, each a fair sample of what can happen and independent of the others: how much
the share of trials above an amount differs between them says how sure that share is.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from simulator.engine.tally import REPLICATES, IntArray, Tally

FEWEST = 2
"""Trials of the rarer kind that a replicate has to have on average, or replicates say too little of their number."""


def replicates(tally: Tally) -> IntArray | None:
    """Which replicate each trial belongs to, int64[T]; None where trials are independent."""
    return tally.trial % REPLICATES if tally.frame.points == "sobol" else None


def width_ratio(hit: npt.NDArray[np.bool_], replicate: IntArray | None, level: float) -> float:
    """How many times as wide the interval of a share is as that of as many independent trials.

    The standard error of the share comes from the replicates' own shares, each by its number of trials, and has as many
    degrees of freedom as there are replicates beside the first: Student's t takes the place of the normal quantile.

    Parameters
    ----------
    hit : bool[T], of which trials the share is
    replicate : int64[T], or None where trials are independent
    level : confidence of the interval

    Returns
    -------
    float
        1 where trials are independent; and where fewer than FEWEST trials a replicate are hits, or are not, because so
        few differ between replicates by chance alone. Intervals are no shorter then than of independent trials.
    """
    n, share = len(hit), float(np.mean(hit))
    if replicate is None or n * min(share, 1 - share) < FEWEST * REPLICATES:
        return 1.0
    sizes = np.bincount(replicate, minlength=REPLICATES)
    gaps = np.bincount(replicate, hit, REPLICATES) - share * sizes
    variance = REPLICATES / (REPLICATES - 1) * float(gaps @ gaps) / n**2
    half = (1 + level) / 2
    wider = stdtrit(REPLICATES - 1, half) / ndtri(half)
    return float(wider * math.sqrt(variance / (share * (1 - share) / n)))
