"""Where contexts are compacted: at which prompt, and what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.sessions import Log

_DROP = 0.6
"""A prompt below this share of the one before it follows a compaction."""

_FEWEST = 3
_SHRINKING = 0.3
"""Share of prompts shorter than the one before, beyond which prompts do not build on each other."""


@dataclass(frozen=True)
class Compaction:
    """A compaction as some turns show it.

    Attributes
    ----------
    limit : prompt that was too long, tokens
    after : first prompt after it, tokens
    n : how many were seen
    """

    limit: int
    after: int
    n: int


def grows(log: Log, rows: Ints) -> bool:
    """Whether the prompts of some turns build on each other: any follows another, and most of these are longer."""
    later = rows[log.turns.later[rows]]
    return later.size > 0 and float(np.mean(log.turns.step[later] < 0)) <= _SHRINKING


def compacted(log: Log) -> Mask:
    """Turns before which the context was compacted: the log says so, or the prompt fell by more than 40 %."""
    turns = log.turns
    fell: Mask = turns.compacted | (turns.later & (turns.prompt < _DROP * turns.before))
    return fell


def learn_compaction(log: Log, rows: Ints) -> Compaction | None:
    """The compaction that some turns show; None where they show fewer than three.

    The next prompt would have been too long, so that the limit is the median of the last prompts before a compaction
    and a mean step more.
    """
    turns = log.turns
    fell = compacted(log)
    events = rows[fell[rows]]
    if events.size < _FEWEST or not grows(log, rows):
        return None
    others = rows[turns.later[rows] & ~fell[rows]]
    step = float(np.maximum(turns.step[others], 0).mean()) if others.size else 0.0
    return Compaction(
        round(float(np.median(turns.before[events])) + step), round(float(np.median(turns.prompt[events]))), events.size
    )
