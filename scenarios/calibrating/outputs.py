"""What models write in a turn: answers, thinking, and the cap on answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.laws import OUTPUT, REASONING, Laws
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log

_FEWEST_AT_CAP = 3
_NEAR = 0.95


def learn_outputs(log: Log, number: int, laws: Laws) -> dict[str, Any]:
    """Keys of an agent that say what it writes."""
    role, turns = laws.roles[number], log.turns
    use = turns.served
    keys: dict[str, Any] = {}
    if not use[role.turns].any():
        laws.notes.lack(f"{role.path}.output_tokens: no call of it succeeded; they are taken to be 0.")
        laws.notes.comments[f"{role.path}.output_tokens"] = f"none of {role.turns.size:,} turns succeeded"
        return {"output_tokens": 0}
    cap = output_cap(turns.output, role.turns[use[role.turns]])
    limits = () if cap is None else (float(cap),)
    keys["output_tokens"] = laws.learn_shared(role, OUTPUT, turns.output, use, limits)
    if cap is not None:
        keys["max_output_tokens"] = cap
        at_cap = np.count_nonzero(turns.output[role.turns] == cap)
        laws.notes.comments[f"{role.path}.max_output_tokens"] = f"{at_cap:,} answers end there, and none is longer"
    if np.any(turns.reasoning[role.turns] > 0):
        keys["reasoning_tokens"] = laws.learn_shared(role, REASONING, turns.reasoning, use)
    else:
        laws.notes.lack("Thinking is not told apart from answers: output_tokens has it in.")
    return keys


def output_cap(output: FloatArray, rows: Ints) -> int | None:
    """Cap on answers: their greatest value, where three or more share it and fewer lie just below."""
    largest = float(output[rows].max())
    if largest == output[rows].min():
        return None
    at = int(np.count_nonzero(output[rows] == largest))
    near = int(np.count_nonzero(output[rows] > _NEAR * largest)) - at
    return int(largest) if at >= _FEWEST_AT_CAP and at > near else None
