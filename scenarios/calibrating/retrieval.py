"""Prompts that go up and down and grow all the same: history, and documents that one prompt reads and no later one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.slopes import DOUBTS, mean_and_slope, sums_before

_FEWEST_STEPS = 100
_STANDARD_ERRORS = 3.0
_BENT = 0.2
"""Share by which documents may differ between early and late turns: more, and it is no history that prompts grow by."""


@dataclass(frozen=True)
class Retrieval:
    """How the prompts of some turns are made up.

    Attributes
    ----------
    carry : share of messages and outputs that later prompts repeat
    message : mean message, tokens
    documents : by turn, what the prompt has beside system prompt, history and message
    """

    carry: float
    message: float
    documents: FloatArray


def find_retrieval(log: Log, rows: Ints, system: int) -> Retrieval | None:
    """History and documents of turns whose prompts are often shorter than the one before; None where nothing grows.

    A prompt differs from the one before by the output and a message that have become history, and by what their
    documents differ: by nothing on the average. So the mean of these steps is what is new with a turn, and their slope
    on the output before is what is carried; whole, where that cannot be told. Errors are those of means of instances.
    What grows first and then no more, as the last few messages do, is no history of this kind: then what is left for
    documents is less in late turns than in early ones.
    """
    turns = log.turns
    later = rows[turns.later[rows]]
    if later.size < _FEWEST_STEPS:
        return None
    before = turns.output_before[later]
    step, slope = mean_and_slope(turns.step[later], before, turns.instance[later])
    if step.value <= _STANDARD_ERRORS * step.error:
        return None
    mean_output = float(before.mean())
    carry = 1.0 if slope.value + DOUBTS * slope.error >= 1 else float(np.clip(slope.value, 0.0, 1.0))
    if step.value < carry * mean_output:
        carry = step.value / mean_output
    message = step.value / carry - mean_output if carry > 0 else step.value
    number = turns.number[rows]
    history = carry * (sums_before(turns.output[rows], number) + number * message)
    documents = turns.prompt[rows] - system - history - message
    return None if _bends(documents, number) else Retrieval(carry, message, np.maximum(documents, 0.0))


def _bends(documents: FloatArray, number: Ints) -> bool:
    """Whether late turns have others than early ones, beyond chance and by much."""
    late = number > np.median(number[number > 0])
    early, rest = documents[~late], documents[late]
    if not early.size or not rest.size:
        return False
    apart = abs(float(rest.mean() - early.mean()))
    chance = float(np.sqrt(early.var() / early.size + rest.var() / rest.size))
    return apart > _STANDARD_ERRORS * chance and apart > _BENT * float(documents.mean())
