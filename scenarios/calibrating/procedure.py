"""Sessions that are one procedure: the same few calls each time, none of which reads what another answered."""

from __future__ import annotations

import numpy as np

from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.slopes import DOUBTS, beside_place, mean_and_slope

_MOST_STEPS = 12
_ALIKE = 0.95
_CARRIED = 0.5


def is_procedure(log: Log, rows: Ints) -> bool:
    """Whether nearly all instances have the same few turns, and prompts do not grow by the answers before them.

    Such prompts are longer from step to step because later ones ask for more, so that no output seems to be missing.
    """
    turns = log.turns
    n = log.instances.n_turns[np.unique(turns.instance[rows])]
    usual = int(np.bincount(n).argmax())
    if not 2 <= usual <= _MOST_STEPS or np.mean(n == usual) < _ALIKE:
        return False
    later = rows[turns.later[rows]]
    step, before = (beside_place(values[later], turns.number[later]) for values in (turns.step, turns.output_before))
    if not before.any():
        return False
    _, slope = mean_and_slope(step, before, turns.instance[later])
    return slope.value + DOUBTS * slope.error < _CARRIED
