"""Where contexts are compacted: at which prompt, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from distributions.numerics import Z_95, FloatArray
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.sessions import Log

_DROP = 0.6
"""A prompt below this share of the one before it follows a compaction."""

_FEWEST = 3
_GROUPS = 8
"""A law of limits has so many values at most, and one for those that outlast all compactions."""

_LEAST_SHARE = 0.001
WINDOWS = 200_000.0, 400_000.0, 1_000_000.0, 2_000_000.0
"""Tokens that prompts can have, by model."""

_BEYOND = 1.1
"""Times the limit: a prompt so long has passed it."""

_SHRINKING = 0.3
"""Share of prompts shorter than the one before, beyond which prompts do not build on each other."""


@dataclass(frozen=True)
class Compaction:
    """A compaction as some turns show it.

    Attributes
    ----------
    limits : prompts that were too long, tokens, rising; and the share of instances that each is the limit of
    after : first prompt after it, tokens; mean
    summary : what the call that sums up writes, tokens; None where the log shows no such call
    n : how many were seen
    """

    limits: tuple[tuple[int, float], ...]
    after: float
    summary: int | None
    n: int

    @property
    def middle(self) -> int:
        """The median limit."""
        below = 0.0
        for limit, share in self.limits:
            below += share
            if below >= 1 / 2:
                return limit
        return self.limits[-1][0]


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

    What the call that sums up writes is the median of such calls. Where the log shows none, what is left of a context
    is all that is known.
    """
    fell = compacted(log)
    events = rows[fell[rows]]
    if events.size < _FEWEST or not grows(log, rows):
        return None
    limits = _limits(_stretches(log, rows, fell), _mean_step(log, rows, fell))
    if not limits:
        return None
    return Compaction(limits, float(log.turns.prompt[events].mean()), _summary(log, rows), events.size)


@dataclass(frozen=True)
class _Stretches:
    """Turns from the first of an instance, or from one after a compaction, to the last before the next.

    Attributes
    ----------
    begins : first prompt
    longest : longest prompt; the last one where a compaction followed
    ended : whether one did
    """

    begins: FloatArray
    longest: FloatArray
    ended: Mask


def _stretches(log: Log, rows: Ints, fell: Mask) -> _Stretches:
    turns = log.turns
    starts = np.flatnonzero(fell[rows] | ~turns.later[rows])
    ends = np.append(starts[1:], rows.size)
    ended = np.append(fell[rows], False)[ends]
    longest = np.maximum.reduceat(turns.prompt[rows], starts)
    return _Stretches(turns.prompt[rows[starts]], np.where(ended, turns.prompt[rows[ends - 1]], longest), ended)


def _mean_step(log: Log, rows: Ints, fell: Mask) -> float:
    """By how much prompts grow, so that one more would have been too long."""
    others = rows[log.turns.later[rows] & ~fell[rows]]
    return float(np.maximum(log.turns.step[others], 0).mean()) if others.size else 0.0


def _limits(found: _Stretches, step: float) -> tuple[tuple[int, float], ...]:
    """Law of the longest prompts, from how long stretches become that a compaction ends, and the others.

    Those that end otherwise say that their limit is above their longest prompt, and all that it is above their first
    (product limit estimate of Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958, for data that are censored and enter
    late). Were only those counted that were compacted, long contexts would be too rare. Where some outlast all that
    were compacted, theirs is the least window that holds the longest prompt. A limit below the prompts that half of
    them begin with is none. Each stretch counts, since one instance has many limits, as where people compact by hand;
    where each has one, small limits are found more often than they are, by the stretches that they make.
    """
    values, deaths = np.unique(
        found.longest[found.ended & (found.longest > np.median(found.begins))], return_counts=True
    )
    if not values.size:
        return ()
    at_risk = np.searchsorted(np.sort(found.begins), values, "right") - np.searchsorted(np.sort(found.longest), values)
    beyond = np.cumprod(1 - deaths / at_risk)
    shares = -np.diff(beyond, prepend=1.0)
    limits = [(round(value + step), share) for value, share in _summed_up(values, shares, step)]
    longest = float(found.longest.max())
    if beyond[-1] > _LEAST_SHARE:
        limits.append((round(next((size for size in WINDOWS if size >= longest), longest)), float(beyond[-1])))
    return tuple(limits)


def _summed_up(values: FloatArray, shares: FloatArray, step: float) -> Iterator[tuple[float, float]]:
    """A few groups of as equal shares as may be, each at its mean; the median alone where most are within a step."""
    places = (np.cumsum(shares) - shares / 2) / shares.sum()
    low, middle, high = values[np.searchsorted(places, (0.1, 0.5, 0.9)).clip(max=values.size - 1)]
    if high - low <= 2 * step:
        yield float(middle), float(shares.sum())
        return
    group = (places * _GROUPS).astype(int)
    for one in np.unique(group):
        mine = group == one
        yield float(np.average(values[mine], weights=shares[mine])), float(shares[mine].sum())


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
