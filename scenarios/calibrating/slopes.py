"""What turns have to do with those before them: steps of prompts on answers, and sums."""

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


def sums_before(values: FloatArray, number: Ints) -> FloatArray:
    """Sum of the values of the turns before, in the instance of each; `number` is that of the turn in its instance."""
    before = np.cumsum(values) - values
    sums: FloatArray = before - before[np.arange(number.size) - number]
    return sums


def beside_place(values: FloatArray, number: Ints) -> FloatArray:
    """Values less the mean of those that stand at the same place in their instance."""
    mean = np.bincount(number, values) / np.maximum(np.bincount(number), 1)
    beside: FloatArray = values - mean[number]
    return beside
