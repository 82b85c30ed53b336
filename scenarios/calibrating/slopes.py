"""Steps of prompts against the answers before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints

DOUBTS = 2.0
"""Standard errors that a slope may be away."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error."""

    value: float
    error: float


def mean_and_slope(step: FloatArray, before: FloatArray, instance: Ints) -> tuple[Estimate, Estimate]:
    """Mean of steps, and their slope on outputs; turns of one instance are not independent."""
    x, y = before - before.mean(), step - step.mean()
    square = max(float((x**2).sum()), 1e-300)
    slope = float((x * y).sum()) / square
    of_mean, of_slope = np.bincount(instance, y), np.bincount(instance, x * (y - slope * x))
    return (
        Estimate(float(step.mean()), float(np.sqrt((of_mean**2).sum())) / step.size),
        Estimate(slope, float(np.sqrt((of_slope**2).sum())) / square),
    )
