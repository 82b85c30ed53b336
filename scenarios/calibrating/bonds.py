"""How means of sessions go together, and the loads of the one factor that makes them so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import least_squares

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.lengths import Lengths

_DOUBTS = 2.0
_ALIKE = 1.001
"""Times the least distance: sets of loads so near are as good."""

_STEPS, _WIDEST = 9, 0.9
"""Loads of turns that are tried, up to so much of the spread of lengths: their law needs some of it."""


@dataclass(frozen=True)
class Means:
    """A mean of each session: relative to its kind, in logarithms; and the variance that chance gives it."""

    name: str
    value: FloatArray
    noise: FloatArray
    is_free: bool = False


def centred(values: FloatArray, kind: Ints) -> FloatArray:
    """Values relative to the mean of their kind."""
    n = np.bincount(kind)
    centred: FloatArray = values - (np.bincount(kind, values) / np.maximum(n, 1))[kind]
    return centred


def covariances(measures: Sequence[Means]) -> tuple[FloatArray, FloatArray]:
    """Covariances between sessions with what chance gives taken off, and their standard errors."""
    k = len(measures)
    covariance, errors = np.zeros((k, k)), np.zeros((k, k))
    for i, one in enumerate(measures):
        for j, other in enumerate(measures):
            weights = _weights(one, other)
            both = one.value * other.value - (one.noise if i == j else 0.0)
            covariance[i, j] = float((weights * both).sum())
            errors[i, j] = float(np.sqrt((weights**2 * (both - covariance[i, j]) ** 2).sum()))
    return covariance, errors


def _weights(one: Means, other: Means) -> FloatArray:
    weights: FloatArray = 1 / (_weight(one) * _weight(other))
    total: FloatArray = weights / weights.sum()
    return total


def _weight(one: Means) -> FloatArray:
    """Spread of a session's mean, chance included."""
    between = max(float((one.value**2 - one.noise).mean()), 0.01)
    spread: FloatArray = np.sqrt(between + one.noise)
    return spread


@dataclass(frozen=True)
class Seen:
    """What sessions of some turns show of one unit of load, by the load of turns.

    Attributes
    ----------
    turns : loads of turns, rising from 0
    products : what stands, for each of them and each pair of measures, where all sessions have the product of two
        loads: with turns the covariance for a load of 1, else the variance of the factor
    """

    turns: FloatArray
    products: FloatArray

    def of(self, loads: FloatArray, i: Ints, j: Ints) -> FloatArray:
        """Covariances of pairs of measures, i < j or alike, for some loads."""
        at = np.clip(abs(float(loads[0])) / self.turns[-1], 0.0, 1.0) * (self.turns.size - 1)
        low = min(int(at), self.turns.size - 2)
        seen = self.products[low] + (at - low) * (self.products[low + 1] - self.products[low])
        units = np.r_[np.sign(loads[0]), loads[1:]]
        covariances: FloatArray = seen[i, j] * units[i] * units[j]
        return covariances


def seen_of(n_turns: Ints, everyone: Ints, used: Ints, kind: Ints, measures: Sequence[Means]) -> Seen:
    """What some sessions show of loads, of everyone whose lengths are known; the first measure is that of turns."""
    k = len(measures)
    logs = centred(np.log(n_turns[everyone]), kind[everyone])
    turns = np.linspace(0.0, _WIDEST * max(float(logs.std()), 0.01), _STEPS)
    products = np.zeros((_STEPS, k, k))
    products[0, 1:, 1:] = 1.0
    mean, variance = np.zeros(n_turns.size), np.zeros(n_turns.size)
    for step in range(1, _STEPS):
        for one in np.unique(kind[used]).tolist():
            mine = everyone[kind[everyone] == one]
            mean[mine], variance[mine] = Lengths(n_turns[mine], float(turns[step])).difficulty()
        centre = centred(mean[used], kind[used])
        for i, measure in enumerate(measures):
            for j in range(max(i, 1), k):
                weights = _weights(measure, measures[j])
                seen = centre * measures[0].value if i == 0 else centre**2 + variance[used]
                products[step, i, j] = float((weights * seen).sum())
    return Seen(turns, products)


def likeliest_loads(
    covariance: FloatArray, errors: FloatArray, free: Sequence[bool], seen: Seen, is_bounded: bool = False
) -> FloatArray:
    """Loads whose products come nearest to covariances, in standard errors.

    The greatest is above 0, of those whose spread is not free.

    Products do not say which of two groups of opposite signs is which, and a descent keeps the signs that it began
    with, so that it begins from all. Covariances are drawn towards 0: all the way within two standard errors of it, by
    4 % where they are ten. Of two ways to be wrong, to take chance for a bond widens what sessions cost, and the other
    leaves all laws as they are. So where a sign is open, it is the one that makes sessions differ less.

    A bond of two alone says their product: bounded, neither load is more than the spread of its means.
    """
    k = covariance.shape[0]
    pairs = [(i, j) for i in range(k) for j in range(i, k) if i != j or not free[i]]
    i, j = (np.array(side) for side in zip(*pairs, strict=True))
    scale = np.maximum(errors[i, j], 1e-9)
    chance = _DOUBTS * errors / np.maximum(np.abs(covariance), 1e-12)
    sure = covariance * np.maximum(1.0 - chance**2, 0.0)
    np.fill_diagonal(sure, np.diag(covariance))

    def distance(loads: FloatArray) -> FloatArray:
        away: FloatArray = (seen.of(loads, i, j) - sure[i, j]) / scale
        return away

    start = np.sqrt(np.maximum(np.diag(covariance), 1e-2))
    start[0] = seen.turns[-1] / 2
    most = np.maximum(np.sqrt(np.log1p(np.maximum(np.diag(covariance), 0.0))), 1.01 * start) if is_bounded else np.inf
    tried = [
        least_squares(distance, start * np.r_[1.0, signs], bounds=(-most, most))
        for signs in product((1.0, -1.0), repeat=k - 1)
    ]
    least = min(one.cost for one in tried)
    alike = [one.x for one in tried if one.cost <= least * _ALIKE + 1e-9]
    found: FloatArray = min(alike, key=lambda loads: abs(float(loads.sum())))
    found[0] = np.clip(found[0], -seen.turns[-1], seen.turns[-1])
    upright: FloatArray = found * np.sign(found[np.argmax(np.abs(found) * ~np.array(free))])
    return upright
