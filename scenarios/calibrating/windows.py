"""Prompts that grow for some turns and then no more: history of which only the last part is sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import compacted
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log

_FEWEST_STEPS, _FEWEST_INSTANCES = 100, 15
_STANDARD_ERRORS = 3.0
_LEVEL = 0.1
"""Of the steps of early turns: late ones that are less on the average are none."""
_FALLING = 0.05
"""Share of prompts that are 40 % shorter than the one before, beyond which several conversations are mixed up."""
_GROWN = 1.25
"""Times the mean first prompt: what the others come to at least."""


@dataclass(frozen=True)
class Window:
    """How far prompts grow.

    Attributes
    ----------
    turns : how many after the first have longer prompts than the one before
    limits : mean prompts of instances from there on, in tokens
    rows : their first turns there
    """

    turns: int
    limits: FloatArray
    rows: Ints


def find_window(log: Log, rows: Ints) -> Window | None:
    """Where prompts grow no more; None where they do not grow, or to the end.

    The first turn from which on prompts step up, on the average, by less than a tenth of what they did before. Before
    it they step up beyond what chance makes, and to a quarter more than they began with.
    """
    turns = log.turns
    later = rows[turns.later[rows]]
    number, step = turns.number[later], turns.step[later]
    if not later.size or compacted(log)[later].mean() > _FALLING:
        return None
    counts = np.bincount(number)
    sums = np.cumsum(np.bincount(number, step))
    n = np.cumsum(counts)
    for last in np.flatnonzero(n[-1] - n >= _FEWEST_STEPS)[1:].tolist():
        early, late = sums[last] / n[last], (sums[-1] - sums[last]) / (n[-1] - n[last])
        if late <= _LEVEL * early:
            return _window(log, rows, last) if _beyond_chance(step[number <= last]) else None
    return None


def _beyond_chance(step: FloatArray) -> bool:
    return bool(step.mean() > _STANDARD_ERRORS * step.std() / np.sqrt(step.size))


def _window(log: Log, rows: Ints, last: int) -> Window | None:
    turns = log.turns
    level = rows[turns.number[rows] >= last]
    _, first, instance = np.unique(turns.instance[level], return_index=True, return_inverse=True)
    means = np.bincount(instance, turns.prompt[level]) / np.bincount(instance)
    began = turns.prompt[rows[turns.number[rows] == 0]].mean()
    if means.size < _FEWEST_INSTANCES or means.mean() < _GROWN * began:
        return None
    return Window(last, means, level[first])
