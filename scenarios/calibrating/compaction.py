"""Where contexts are compacted: at which prompt, and what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import Z_95
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.sessions import Log

_DROP = 0.6
"""A prompt below this share of the one before it follows a compaction."""

_FEWEST = 3
_BEYOND = 1.1
"""Times the limit: a prompt so long has passed it."""

_SHRINKING = 0.3
"""Share of prompts shorter than the one before, beyond which prompts do not build on each other."""


@dataclass(frozen=True)
class Compaction:
    """A compaction as some turns show it.

    Attributes
    ----------
    limit : prompt that was too long, tokens
    after : first prompt after it, tokens
    summary : what the call that sums up writes, tokens; what else is in the prompt after it was sent again
    n : how many were seen
    """

    limit: int
    after: int
    summary: int
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

    The next prompt would have been too long, so that a limit is the last prompt before a compaction and a mean step
    more. Where limits differ, as where some instances have a larger window, the scenario's one is their median. Those
    that were never compacted say that theirs is above their longest prompt (Kaplan and Meier, J. Am. Stat. Assoc. 53,
    1958); were only those counted that were, long contexts would be too rare. What the call that sums up writes is the
    median of such calls where the log shows any; where it does not, that of the turns before compactions, which is all
    that the log has of them.
    """
    turns = log.turns
    fell = compacted(log)
    events = rows[fell[rows]]
    if events.size < _FEWEST or not grows(log, rows):
        return None
    others = rows[turns.later[rows] & ~fell[rows]]
    step = float(np.maximum(turns.step[others], 0).mean()) if others.size else 0.0
    limit = _median_limit(log, rows, fell, float(np.median(turns.before[events]))) + step
    after = float(np.median(turns.prompt[events]))
    return Compaction(round(limit), round(after), _summary(log, rows, events), events.size)


def _median_limit(log: Log, rows: Ints, fell: Mask, middle: float) -> float:
    """Median of the longest prompts before compactions, from all stretches between these.

    Stretches that ended otherwise say that it is longer. Instances that began above the middle are not among them.
    """
    turns = log.turns
    first = log.turns.prompt[log.instances.first_turn[turns.instance[rows]]]
    rows = rows[first <= middle]
    starts = np.flatnonzero(fell[rows] | ~turns.later[rows])
    longest = np.maximum.reduceat(turns.prompt[rows], starts)
    ends = np.append(starts[1:], rows.size)
    last = turns.prompt[rows[ends - 1]]
    is_compacted = np.append(fell[rows], False)[ends]
    tops = np.where(is_compacted, last, longest)
    order = np.lexsort((~is_compacted, tops))
    tops, ended = tops[order], is_compacted[order]
    beyond = np.cumprod(1 - ended / np.arange(tops.size, 0, -1))
    at = int(np.argmax(beyond <= 1 / 2)) if beyond[-1] <= 1 / 2 else int(np.flatnonzero(ended)[-1])
    return float(tops[at])


def _summary(log: Log, rows: Ints, events: Ints) -> int:
    """Median output of the calls of these instances that sum up; of the turns before compactions where none is told."""
    mine = np.zeros(log.instances.first.size, bool)
    mine[log.turns.instance[rows]] = True
    told = log.calls["output"][log.calls["summary"] & mine[log.instance_of_call]]
    return max(round(float(np.median(told if told.size else log.turns.output_before[events]))), 1)


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
