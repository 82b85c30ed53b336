"""How much of the variance of some values the groups that they are in explain, and how likely chance makes as much."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints


class Between(NamedTuple):
    """Variance between groups.

    Attributes
    ----------
    share : of all variance
    chance : that groups which are alike differ as much: an F test
    """

    share: float
    chance: float


def variance_between(values: FloatArray, group: Ints) -> Between:
    """The variance of values between their groups; nothing, and by chance, where there are too few to tell.

    Parameters
    ----------
    group : of each value, numbered from 0 without a gap
    """
    size = np.bincount(group)
    apart, free = size.size - 1, values.size - size.size
    total = float(((values - values.mean()) ** 2).sum()) if values.size else 0.0
    if apart < 1 or free < 1 or total <= 0:
        return Between(0.0, 1.0)
    between = float((size * (np.bincount(group, values) / size - values.mean()) ** 2).sum())
    ratio = between / apart / max((total - between) / free, 1e-300)
    return Between(between / total, float(fdtrc(apart, free, ratio)))
