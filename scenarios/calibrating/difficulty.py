"""Difficulty: what makes one session long, wordy and failing at once, from how its means go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.bonds import Means, centred, covariances, likeliest_loads, seen_of
from scenarios.calibrating.growth import Growth
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.means import LEAST_MEAN, chance_of_log_means
from scenarios.calibrating.retries import failures, first_attempts
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log

FEWEST_SESSIONS = 30
"""Sessions below which nothing is said of difficulty."""

_FEWEST_TURNS = 5, 2
"""A session has so many at least; the second where too few have the first."""
_STANDARD_ERRORS, _BOND = 3.0, 4.0
"""By which a variance, or a covariance out of ten, is beyond chance."""

_LEAST_LOAD = 0.05
_ROUNDS = 20
TURNS, OUTPUT, MESSAGE, FAILURE = "turns", "output_tokens", "message_tokens", "failure_rate"
FIRST, PROMPT = "first_message_tokens", "prompt_tokens"


@dataclass(frozen=True)
class Difficulty:
    """One lognormal factor with a median of 1.

    Attributes
    ----------
    loads : by name of what it moves, the standard deviation of the logarithm that it gives; below 0 what falls where
        the others rise
    sessions : from how many it was learnt
    fewest : turns that each of these has at least
    """

    loads: Mapping[str, float]
    sessions: int
    fewest: int

    @property
    def sigma(self) -> float:
        """Standard deviation of its logarithm: the greatest load, whatever its sign."""
        return max(abs(load) for load in self.loads.values())

    def of_agent(self, whole: bool) -> Mapping[str, float]:
        """The loads of a root agent; where its prompts are whole ones, what moves messages moves them."""
        if not whole:
            return self.loads
        named = {PROMPT if name == MESSAGE else name: load for name, load in self.loads.items()}
        named.pop(FIRST, None)
        return named

    def exponent(self, load: float) -> float:
        """On the factor, of what has a load."""
        return round(load / self.sigma, 3)

    def mean(self, name: str) -> float:
        """Mean factor on what it moves, over turns: long sessions have more of them."""
        load = self.loads.get(name, 0.0)
        return float(np.exp(load * self.loads.get(TURNS, 0.0) + load**2 / 2))


def learn_difficulty(log: Log, roles: Sequence[Role], growth: Growth) -> Difficulty | None:
    """The factor that sessions have in common; None where they differ no more than chance explains.

    Means of sessions of five turns and more, or of two where few have five, each relative to those that begin alike,
    have covariances; what chance gives to their variances is taken off, and loads are the least squares of their
    products against the rest, as far as sessions of so many turns show them (`bonds.Seen`). A spread of turns is in the
    law of turns already, so that only its covariances count. The factor has no scale of its own: its loads are what is
    known, and the greatest is its sigma, so that the exponent of what it moves most is 1.

    Messages and outputs are held against those of turns as early or late, so that long sessions do not seem terse for
    having more late turns. What falls where the others rise has a load below 0. Where prompts are whole ones, they
    stand for messages.
    """
    roots = [number for number, role in enumerate(roles) if role.is_root]
    rows = np.concatenate([roles[number].turns for number in roots])
    of = np.concatenate([np.full(roles[number].turns.size, at) for at, number in enumerate(roots)])
    growth = _with_whole_prompts(log, growth, [roles[number].turns for number in roots if growth.whole[number]])
    instance = log.turns.instance[rows]
    n = np.bincount(instance, minlength=log.instances.first.size)
    told = np.bincount(instance[growth.grown[rows] & log.turns.served[rows]], minlength=n.size)
    used, fewest = _used(told)
    if used.size < FEWEST_SESSIONS:
        return None
    kind = np.zeros(n.size, np.int64)
    kind[instance] = of
    measures = _measures(log, rows, growth, used, kind)
    covariance, errors = covariances(measures)
    free = [one.is_free for one in measures]
    differs, has_bonds = _goes_together(covariance, errors, np.array(free))
    if not differs and not has_bonds:
        return None
    seen = seen_of(log.instances.n_turns, np.flatnonzero(n), used, kind, measures)
    loads = likeliest_loads(covariance, errors, free, seen, is_bounded=not differs)
    named = {one.name: float(load) for one, load in zip(measures, loads, strict=True) if abs(load) >= _LEAST_LOAD}
    return Difficulty(named, used.size, fewest) if set(named) - {TURNS} else None


def _goes_together(covariance: FloatArray, errors: FloatArray, free: Mask) -> tuple[bool, bool]:
    """Whether means of sessions differ by more than chance, and whether any two go together by more."""
    alone = np.diag(covariance)[~free] > _STANDARD_ERRORS * np.diag(errors)[~free]
    pairs = np.triu_indices(free.size, 1)
    return bool(np.any(alone)), bool(np.any(np.abs(covariance[pairs]) > _BOND * errors[pairs]))


def _used(told: Ints) -> tuple[Ints, int]:
    """Instances that tell enough turns, and how many that is."""
    for fewest in _FEWEST_TURNS:
        used = np.flatnonzero(told >= fewest)
        if used.size >= FEWEST_SESSIONS:
            break
    return used, fewest


def _with_whole_prompts(log: Log, growth: Growth, whole: Sequence[Ints]) -> Growth:
    """The same, with prompts of some turns in the place of messages; their instances begin with nothing else."""
    if not whole:
        return growth
    rows, message = np.concatenate(whole), growth.message.copy()
    pending, grown = growth.pending.copy(), growth.grown.copy()
    message[rows], pending[rows], grown[rows] = log.turns.prompt[rows], 0.0, True
    return replace(growth, message=message, pending=pending, grown=grown)


def _measures(log: Log, rows: Ints, growth: Growth, used: Ints, kinds: Ints) -> list[Means]:
    turns = log.turns
    served = rows[turns.served[rows]]
    grown = rows[growth.grown[rows]]
    kind = kinds[used]
    length = np.log(log.instances.n_turns[used].astype(float))
    means = [
        Means(TURNS, centred(length, kind), np.zeros(used.size), True),
        _mean(OUTPUT, _by_place(log, turns.output, served, kinds), turns.instance[served], used, kind),
        _mean(MESSAGE, _by_place(log, growth.message, grown, kinds), turns.instance[grown], used, kind),
    ]
    if (failing := _failing(log, used)) is not None:
        means.append(failing)
    means.append(_first(growth.pending[log.instances.first_turn[used]], kind))
    return [one for one in means if one.is_free or np.ptp(one.value) > 0]


def _by_place(log: Log, values: FloatArray, rows: Ints, kinds: Ints) -> FloatArray:
    """Values relative to what turns of the same kind that are as early or late have, to a factor of two.

    Late turns are those of long sessions, so that sessions and places are told apart: each has a factor, and they are
    such that sums over sessions and over places are met.
    """
    instance = log.turns.instance[rows]
    _, place = np.frexp(log.turns.number[rows] + 1.0)
    group = kinds[instance] * 64 + place
    known, own = values[rows], np.ones(rows.size)
    of_place = own
    for _ in range(_ROUNDS):
        of_place = _ratio(known, own, group)
        own = _ratio(known, of_place, instance)
    relative: FloatArray = known / np.maximum(of_place, 1e-9)
    return relative


def _ratio(values: FloatArray, expected: FloatArray, group: Ints) -> FloatArray:
    """Sum of values over that of what is expected, in the group of each."""
    ratio: FloatArray = (np.bincount(group, values) / np.maximum(np.bincount(group, expected), 1e-9))[group]
    return ratio


def _mean(name: str, values: FloatArray, instance: Ints, used: Ints, kind: Ints) -> Means:
    """Logarithms of session means, and the variance that chance gives them.

    Chance is that of values without what their session has in common, which is known only once chance is: what seems
    common counts as far as it is, in the mean of all sessions, more than the chance of values as they are.
    """
    size = int(max(instance.max(initial=0), used.max())) + 1
    n = np.maximum(np.bincount(instance, minlength=size), 1)
    if not values.any():
        return Means(name, np.zeros(used.size), np.zeros(used.size))
    logs = np.log(np.maximum(np.bincount(instance, values, size) / n / values.mean(), LEAST_MEAN))
    low, noise = chance_of_log_means(values, n[used])
    between = float((centred(logs[used] + low, kind) ** 2 - noise).mean())
    if between > 0:
        own = np.zeros(size)
        own[used] = centred(logs[used] + low, kind) * between / (between + noise)
        low, noise = chance_of_log_means(values / np.exp(own[instance]), n[used])
    return Means(name, centred(logs[used] + low, kind), noise)


def _first(begins: FloatArray, kind: Ints) -> Means:
    """What instances begin with, relative to their kind.

    Not its logarithm, which a few that begin with next to nothing would rule. Of x exp(l u), u standard normal, the
    covariance of the whole with u is l too, relative to the mean.
    """
    mean = np.bincount(kind, begins) / np.maximum(np.bincount(kind), 1)
    relative: FloatArray = begins / np.maximum(mean[kind], 1e-9)
    return Means(FIRST, centred(relative, kind), np.zeros(begins.size), True)


def _failing(log: Log, used: Ints) -> Means | None:
    """Failures of first attempts relative to the rate of all: a turn counts once, however often it was asked again."""
    instance, first = log.instance_of_call, first_attempts(log)
    n = np.bincount(instance[first], minlength=log.instances.first.size)[used]
    failed = np.bincount(instance[failures(log) & first], minlength=log.instances.first.size)[used]
    rate = float(failed.sum() / n.sum())
    if not 0 < rate < 1:
        return None
    expected: FloatArray = (n * rate).astype(float)
    return Means(FAILURE, failed / expected - 1, np.divide(1 - rate, expected))
