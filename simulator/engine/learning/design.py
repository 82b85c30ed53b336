"""Which driver levels to simulate: those that leave least of the spend uncertain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.learning.algebra import covariance

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints

CANDIDATES = 512
LENGTH = 3.0
"""Over which a surface is thought to bend before anything is known of it, in units of its axes."""
BEND, TREND = 0.05**2, 0.1
NOISE = 1e-6
FLOOR = 0.02
"""Part of the importance of an average level that a rare one has at least: what it costs is asked for, too."""


def candidates(places: Floats, weights: Floats) -> tuple[Ints, Floats]:
    """Rows of `places` to choose from, and how much each stands for.

    One half is spread over the spend, the other over the space: each is as far as can be from those before it.
    """
    half = CANDIDATES // 2
    edges = np.cumsum(weights) / weights.sum()
    by_spend = np.unique(np.searchsorted(edges, (np.arange(half) + 0.5) / half))
    apart, distance = [], np.sum((places - places[by_spend[0]]) ** 2, axis=1)
    for _ in range(min(half, len(places))):
        furthest = int(distance.argmax())
        if distance[furthest] <= 0.0:
            break
        apart.append(furthest)
        distance = np.minimum(distance, np.sum((places - places[furthest]) ** 2, axis=1))
    rows = np.concatenate([by_spend, np.array(apart, np.int64)])
    return rows, np.concatenate([np.ones(len(by_spend)), np.full(len(apart), FLOOR)])


def chosen(places: Floats, weights: Floats, reach: Floats, known: Floats, count: int) -> list[int]:
    """Rows of `places` to simulate, in order: each takes away most of the variance that the ones before it left.

    Parameters
    ----------
    places : float64[n, d]
    weights : float64[n]
    known : float64[k, d], places that are simulated anyhow
    """
    lengths = np.full(places.shape[1], LENGTH)
    both = np.concatenate([known, places])
    left = covariance(both, both, lengths, reach, BEND, TREND)
    for k in range(len(known)):
        left -= left[:, k, None] * left[None, k, :] / (left[k, k] + NOISE)
    left, rows = left[len(known) :, len(known) :].copy(), list[int]()
    for _ in range(min(count, len(places))):
        gain = (weights[:, None] * left**2).sum(axis=0) / (np.diagonal(left) + NOISE)
        gain[rows] = -1.0
        best = int(gain.argmax())
        rows.append(best)
        left = left - left[:, best, None] * left[None, best, :] / (left[best, best] + NOISE)
    return rows
