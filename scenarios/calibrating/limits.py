"""Laws of the longest prompts: one for all stretches between compactions, or one by model where models differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from distributions.numerics import FloatArray
from distributions.quantity import signed_percent
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.sessions import Log

WINDOWS = 200_000.0, 400_000.0, 1_000_000.0, 2_000_000.0
"""Tokens that prompts can have, by model."""

_GROUPS = 8
"""A law of limits has so many values at most, and one for those that outlast all compactions."""

_LEAST_SHARE = 0.001
_QUANTILES = 0.1, 0.5, 0.9
_BETWEEN = 0.2, 0.4, 0.6, 0.8
"""No edges of eighths, where a law of so many values has its steps."""

_LEVEL = 0.001
"""Models have laws of their own where one law would make them differ so much less often than this."""

_FEWEST = 10
"""Of a model that has a law of its own: its sessions, and the compactions that it would have by the law of all."""


@dataclass(frozen=True)
class Limits:
    """A law of limits.

    Attributes
    ----------
    law : prompts that were too long, tokens, rising; and the share of instances that each is the limit of
    after : first prompt after a compaction, tokens; mean, NaN without one
    n : how many were seen
    fit : where the law lies beside the estimate that it sums up, in words
    """

    law: tuple[tuple[int, float], ...]
    after: float
    n: int
    fit: str

    @property
    def middle(self) -> int:
        """The median limit."""
        return _at(self.law, 1 / 2)


@dataclass(frozen=True)
class Stretches:
    """Turns from the first of an instance, or from one after a compaction, to the last before the next.

    Attributes
    ----------
    begins : first prompt
    longest : longest prompt; the last one where a compaction followed
    ended : whether one did
    after : the prompt that followed it; NaN elsewhere
    last : row of the last turn
    session : row of the session
    """

    begins: FloatArray
    longest: FloatArray
    ended: Mask
    after: FloatArray
    last: Ints
    session: Ints

    @classmethod
    def of(cls, log: Log, rows: Ints, fell: Mask) -> Stretches:
        """The stretches of some turns, of which some follow a compaction."""
        turns = log.turns
        starts = np.flatnonzero(fell[rows] | ~turns.later[rows])
        ends = np.append(starts[1:], rows.size)
        ended = np.append(fell[rows], False)[ends]
        last, next_one = rows[ends - 1], np.append(rows, rows[-1])[ends]
        longest = np.maximum.reduceat(turns.prompt[rows], starts)
        return cls(
            turns.prompt[rows[starts]],
            np.where(ended, turns.prompt[last], longest),
            ended,
            np.where(ended, turns.prompt[next_one], np.nan),
            last,
            log.instances.session[turns.instance[last]],
        )

    def where(self, chosen: Mask) -> Stretches:
        """Some of them."""
        tokens = self.begins[chosen], self.longest[chosen]
        return Stretches(*tokens, self.ended[chosen], self.after[chosen], self.last[chosen], self.session[chosen])

    @property
    def at_limits(self) -> Mask:
        """Those that a limit ended: one below the prompts that half of them begin with is none."""
        at_limit: Mask = self.ended & (self.longest > np.median(self.begins))
        return at_limit


def learn_limits(found: Stretches, step: float) -> Limits | None:
    """Law of the longest prompts, from how long stretches become that a compaction ends, and the others.

    Those that end otherwise say that their limit is above their longest prompt, and all that it is above their first
    (product limit estimate of Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958, for data that are censored and enter
    late). Were only those counted that were compacted, long contexts would be too rare. Where some outlast all that
    were compacted, theirs is the least window that holds the longest prompt. Each stretch counts, since one instance
    has many limits, as where people compact by hand; where each has one, small limits are found more often than they
    are, by the stretches that they make.

    Parameters
    ----------
    found : at least one
    step : by how much prompts grow, so that one more would have been too long
    """
    values, deaths = np.unique(found.longest[found.at_limits], return_counts=True)
    if not values.size:
        return None
    beyond = np.cumprod(1 - deaths / _at_risk(found.begins, found.longest, values))
    shares = -np.diff(beyond, prepend=1.0)
    law = [(round(value + step), share) for value, share in _summed_up(values, shares, step)]
    fit = _fit(values + step, 1 - beyond, tuple(law))
    longest = float(found.longest.max())
    if beyond[-1] > _LEAST_SHARE:
        law.append((round(next((size for size in WINDOWS if size >= longest), longest)), float(beyond[-1])))
    n = int(np.count_nonzero(found.ended))
    return Limits(tuple(law), float(np.nanmean(found.after)), n, fit)


def unlike_models(found: Stretches, models: Ints) -> Ints:
    """Models whose limits are not those of the others; none where one law explains all of them.

    A log-rank test (Mantel, Cancer Chemother. Rep. 50, 1966) of compactions against those that each model would have
    by the law of all, given how long its prompts became. Sessions are drawn as wholes, since compactions of one are
    alike: its variance is that of sums over sessions (Lin and Wei, J. Am. Stat. Assoc. 84, 1989).

    Parameters
    ----------
    models : of each stretch
    """
    expected = _Hazard.of(found).expected
    enough = [
        model
        for model in np.unique(models)
        if expected[models == model].sum() >= _FEWEST and np.unique(found.session[models == model]).size >= _FEWEST
    ]
    none = np.zeros(0, np.int64)
    if len(enough) < 2:
        return none
    told = np.isin(models, enough)
    chance = chdtrc(len(enough) - 1, _log_rank(found.where(told), models[told], np.array(enough)))
    return np.array(enough) if chance < _LEVEL else none


@dataclass(frozen=True)
class _Hazard:
    """How many compactions the law of all stretches expects, as prompts become longer.

    Attributes
    ----------
    values : prompts at which contexts were compacted, rising
    rises : by how much it rises at each
    first, past : of each stretch, the first of them that it might have been compacted at, and the one after the last
    """

    values: FloatArray
    rises: FloatArray
    first: Ints
    past: Ints

    @classmethod
    def of(cls, found: Stretches) -> _Hazard:
        values, deaths = np.unique(found.longest[found.at_limits], return_counts=True)
        begins = np.minimum(found.begins, found.longest)
        first, past = np.searchsorted(values, begins, "left"), np.searchsorted(values, found.longest, "right")
        return cls(values, deaths / _at_risk(begins, found.longest, values), first, past)

    @property
    def expected(self) -> FloatArray:
        """Compactions of each stretch."""
        return self.over(np.ones(self.values.size))

    def over(self, weights: FloatArray) -> FloatArray:
        """The same of each stretch, weighted by where they happen."""
        risen = np.append(0.0, np.cumsum(self.rises * weights))
        expected: FloatArray = risen[self.past] - risen[self.first]
        return expected


def _log_rank(found: Stretches, models: Ints, groups: Ints) -> float:
    """How far groups are from what they would have by the law of all, chi-squared with one less than groups."""
    hazard, events = _Hazard.of(found), found.at_limits
    begins, expected = np.minimum(found.begins, found.longest), hazard.expected
    everybody = _at_risk(begins, found.longest, hazard.values)
    scores = []
    for group in groups[1:]:
        mine = models == group
        share = _at_risk(begins[mine], found.longest[mine], hazard.values) / everybody
        score = mine * (events - expected) + hazard.over(share)
        score[events] -= share[hazard.past[events] - 1]
        scores.append(np.bincount(found.session, score))
    by_session = np.array(scores)
    sums = by_session.sum(axis=1)
    return float(sums @ np.linalg.lstsq(by_session @ by_session.T, sums)[0])


def _at_risk(begins: FloatArray, longest: FloatArray, values: FloatArray) -> Ints:
    """How many stretches have begun at or below each of some prompts, and become so long."""
    return np.searchsorted(np.sort(begins), values, "right") - np.searchsorted(np.sort(longest), values)


def _summed_up(values: FloatArray, shares: FloatArray, step: float) -> Iterator[tuple[float, float]]:
    """A few groups of as equal shares as may be, each at its mean; the median alone where most are within a step."""
    places = (np.cumsum(shares) - shares / 2) / shares.sum()
    low, middle, high = values[np.searchsorted(places, _QUANTILES).clip(max=values.size - 1)]
    if high - low <= 2 * step:
        yield float(middle), float(shares.sum())
        return
    group = (places * _GROUPS).astype(int)
    for one in np.unique(group):
        mine = group == one
        yield float(np.average(values[mine], weights=shares[mine])), float(shares[mine].sum())


def _fit(values: FloatArray, below: NDArray[np.floating[Any]], law: tuple[tuple[int, float], ...]) -> str:
    """Where a law lies beside the product limit estimate, at the quantiles that compactions reach."""
    told = []
    for p in _BETWEEN:
        if p <= below[-1]:
            estimate = float(values[np.searchsorted(below, p)])
            told.append(f"P{100 * p:.0f} {signed_percent(_at(law, p) / estimate - 1)}")
    return f"against the product limit estimate {', '.join(told)}" if told else ""


def _at(law: tuple[tuple[int, float], ...], p: float) -> int:
    """Quantile of a law of limits."""
    below = 0.0
    for limit, share in law:
        below += share
        if below >= p - 1e-12:
            return limit
    return law[-1][0]
