"""Sessions that are one procedure: the same few calls each time, none of which reads what another answered."""

from __future__ import annotations

import numpy as np

from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.slopes import DOUBTS, mean_and_slope

_MOST_STEPS = 12
_ALIKE = 0.95
_CARRIED = 0.5


def is_procedure(log: Log, rows: Ints) -> bool:
    """Whether nearly all instances have the same few turns, and prompts do not grow by the answers before them.

    Such prompts rise from step to step because later ones ask for more, and no session goes on to have longer ones.
    """
    turns = log.turns
    n = log.instances.n_turns[np.unique(turns.instance[rows])]
    usual = int(np.bincount(n).argmax())
    if not 2 <= usual <= _MOST_STEPS or np.mean(n == usual) < _ALIKE:
        return False
    later = rows[turns.later[rows]]
    _, slope = mean_and_slope(turns.step[later], turns.output_before[later], turns.instance[later])
    return slope.value + DOUBTS * slope.error < _CARRIED
