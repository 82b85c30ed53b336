"""Where contexts are compacted: at which prompt, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from distributions.numerics import Z_95
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.limits import Limits, Stretches, learn_limits, unlike_models
from scenarios.calibrating.sessions import Log

_DROP = 0.6
"""A prompt below this share of the one before it follows a compaction."""

_FEWEST = 3
_BEYOND = 1.1
"""Times the limit: a prompt so long has passed it."""

_SHRINKING = 0.3
"""Share of prompts shorter than the one before, beyond which prompts do not build on each other."""
_WAVERING = 0.1
"""The same, beyond which it is not chance that some are."""


@dataclass(frozen=True)
class Compaction:
    """A compaction as some turns show it.

    Attributes
    ----------
    limits : those of all instances
    by_model : those of models that differ in theirs, by the number of the model; None where a model has none
    summary : what the call that sums up writes, tokens; None where the log shows no such call
    """

    limits: Limits
    by_model: Mapping[int, Limits | None]
    summary: int | None


def grows(log: Log, rows: Ints) -> bool:
    """Whether the prompts of some turns build on each other: any follows another, and most of these are longer."""
    later = rows[log.turns.later[rows]]
    return later.size > 0 and float(np.mean(log.turns.step[later] < 0)) <= _SHRINKING


def wavers(log: Log, rows: Ints) -> bool:
    """Whether prompts are often shorter than the one before, other than after a compaction."""
    later = rows[log.turns.later[rows]]
    return later.size > 0 and float(np.mean((log.turns.step[later] < 0) & ~compacted(log)[later])) > _WAVERING


def compacted(log: Log) -> Mask:
    """Turns before which the context was compacted: the log says so, or the prompt fell by more than 40 %."""
    turns = log.turns
    fell: Mask = turns.compacted | (turns.later & (turns.prompt < _DROP * turns.before))
    return fell


def learn_compaction(log: Log, rows: Ints, model_of_call: Ints | None = None) -> Compaction | None:
    """The compaction that some turns show; None where they show fewer than three.

    What the call that sums up writes is the median of such calls. Where the log shows none, what is left of a context
    is all that is known. The model of a stretch between compactions is that of its last call.
    """
    fell = compacted(log)
    if np.count_nonzero(fell[rows]) < _FEWEST or not grows(log, rows):
        return None
    found, step = Stretches.of(log, rows, fell), _mean_step(log, rows, fell)
    limits = learn_limits(found, step)
    if limits is None:
        return None
    by_model: dict[int, Limits | None] = {}
    if model_of_call is not None:
        models = model_of_call[log.turns.call[found.last]]
        for model in unlike_models(found, models).tolist():
            by_model[model] = learn_limits(found.where(models == model), step)
    return Compaction(limits, by_model, _summary(log, rows))


def _mean_step(log: Log, rows: Ints, fell: Mask) -> float:
    """By how much prompts grow."""
    others = rows[log.turns.later[rows] & ~fell[rows]]
    return float(np.maximum(log.turns.step[others], 0).mean()) if others.size else 0.0


def _summary(log: Log, rows: Ints) -> int | None:
    """Median output of the calls of these instances that sum up."""
    mine = np.zeros(log.instances.first.size, bool)
    mine[log.turns.instance[rows]] = True
    told = log.calls["output"][log.calls["summary"] & mine[log.instance_of_call]]
    return max(round(float(np.median(told))), 1) if told.size else None


def passes(log: Log, instances: Ints, limit: float) -> Mask:
    """Which of some instances pass a limit by a tenth, and are never compacted."""
    turns, n = log.turns, log.instances.first.size
    longest = np.zeros(n)
    np.maximum.at(longest, turns.instance, turns.prompt)
    fell = np.zeros(n, bool)
    fell[turns.instance[compacted(log)]] = True
    past: Mask = (longest > _BEYOND * limit) & ~fell
    return past[instances]


def compacts(log: Log, rows: Ints, limit: float) -> bool:
    """Whether the instances of some turns are compacted at a limit: not so where more pass it than chance explains.

    Were both as likely, the difference of the two numbers would be within 1.96 roots of their sum.
    """
    turns = log.turns
    fell = np.unique(turns.instance[rows[compacted(log)[rows]]]).size
    passed = int(np.count_nonzero(passes(log, np.unique(turns.instance[rows]), limit)))
    return fell + passed > 0 and passed - fell <= Z_95 * np.sqrt(fell + passed)
