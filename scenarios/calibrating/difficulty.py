"""Difficulty: what makes one session long, wordy and failing at once, from how its means go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import least_squares

from distributions.numerics import FloatArray
from scenarios.calibrating.growth import Growth
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.retries import failures
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log

FEWEST_SESSIONS = 30
"""Sessions below which nothing is said of difficulty."""

_FEWEST_TURNS = 5
_STANDARD_ERRORS = 3.0
_LEAST_LOAD = 0.05
_LEAST_MEAN = 0.01
_ROUNDS = 20
TURNS, OUTPUT, MESSAGE, FAILURE = "turns", "output_tokens", "message_tokens", "failure_rate"


@dataclass(frozen=True)
class Difficulty:
    """One lognormal factor with a median of 1.

    Attributes
    ----------
    loads : by name of what it moves, the standard deviation of the logarithm that it gives; below 0 what falls where
        the others rise
    sessions : from how many it was learnt
    """

    loads: Mapping[str, float]
    sessions: int

    @property
    def sigma(self) -> float:
        """Standard deviation of its logarithm: the greatest load, whatever its sign."""
        return max(abs(load) for load in self.loads.values())

    def exponent(self, name: str) -> float:
        """Of what it moves, on it."""
        return round(self.loads.get(name, 0.0) / self.sigma, 3)

    def mean(self, name: str) -> float:
        """Mean factor on what it moves, over turns: long sessions have more of them."""
        load = self.loads.get(name, 0.0)
        return float(np.exp(load * self.loads.get(TURNS, 0.0) + load**2 / 2))


@dataclass(frozen=True)
class _Means:
    """A mean of each session: relative to its kind, in logarithms; and the variance that chance gives it."""

    name: str
    value: FloatArray
    noise: FloatArray
    is_free: bool = False


def learn_difficulty(log: Log, roles: Sequence[Role], growth: Growth) -> Difficulty | None:
    """The factor that sessions have in common; None where they differ no more than chance explains.

    Means of sessions of five turns and more, each relative to those that begin alike, have covariances; what chance
    gives to their variances is taken off, and loads are the least squares of their products against the rest. A spread
    of turns is in the law of turns already, so that only its covariances count. Messages and outputs are held against
    those of turns as early or late, so that long sessions do not seem terse for having more late turns. What falls
    where the others rise has a load below 0.
    """
    roots = [role for number, role in enumerate(roles) if role.is_root and not growth.whole[number]]
    if not roots:
        return None
    rows = np.concatenate([role.turns for role in roots])
    of = np.concatenate([np.full(role.turns.size, at) for at, role in enumerate(roots)])
    instance = log.turns.instance[rows]
    n = np.bincount(instance, minlength=log.instances.first.size)
    told = np.bincount(instance[growth.grown[rows] & log.turns.served[rows]], minlength=n.size)
    used = np.flatnonzero(told >= _FEWEST_TURNS)
    if used.size < FEWEST_SESSIONS:
        return None
    kind = np.zeros(n.size, np.int64)
    kind[instance] = of
    measures = _measures(log, rows, growth, used, kind)
    covariance, errors = _covariances(measures)
    fixed = np.flatnonzero([not one.is_free for one in measures])
    if not np.any(np.diag(covariance)[fixed] > _STANDARD_ERRORS * np.diag(errors)[fixed]):
        return None
    loads = _loads(covariance, errors, [one.is_free for one in measures])
    named = {one.name: float(load) for one, load in zip(measures, loads, strict=True) if abs(load) >= _LEAST_LOAD}
    return Difficulty(named, used.size) if set(named) - {TURNS} else None


def _measures(log: Log, rows: Ints, growth: Growth, used: Ints, kinds: Ints) -> list[_Means]:
    turns = log.turns
    served = rows[turns.served[rows]]
    grown = rows[growth.grown[rows]]
    kind = kinds[used]
    length = np.log(log.instances.n_turns[used].astype(float))
    means = [
        _Means(TURNS, _centred(length, kind), np.zeros(used.size), True),
        _mean(OUTPUT, _by_place(log, turns.output, served, kinds), turns.instance[served], used, kind),
        _mean(MESSAGE, _by_place(log, growth.message, grown, kinds), turns.instance[grown], used, kind),
    ]
    if (failing := _failing(log, used)) is not None:
        means.append(failing)
    return [one for one in means if np.ptp(one.value) > 0]


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


def _mean(name: str, values: FloatArray, instance: Ints, used: Ints, kind: Ints) -> _Means:
    """Logarithms of session means; what chance gives them is their relative variance, the same in all sessions."""
    size = int(max(instance.max(initial=0), used.max())) + 1
    n = np.maximum(np.bincount(instance, minlength=size), 1)
    mean = np.bincount(instance, values, minlength=size) / n
    variance = np.bincount(instance, (values - mean[instance]) ** 2, minlength=size) / np.maximum(n - 1, 1)
    squares = mean[used] ** 2 - variance[used] / n[used]
    relative = float(variance[used].sum() / max(float(squares.sum()), 1e-9))
    chance: FloatArray = np.log1p(relative / n[used])
    level: FloatArray = np.log(np.maximum(mean[used], _LEAST_MEAN)) + chance / 2
    return _Means(name, _centred(level, kind), chance)


def _failing(log: Log, used: Ints) -> _Means | None:
    """Failures of sessions relative to the rate of all."""
    instance = log.instance_of_call
    requests = ~log.calls["summary"]
    n = np.bincount(instance[requests], minlength=log.instances.first.size)[used]
    failed = np.bincount(instance[failures(log) & requests], minlength=log.instances.first.size)[used]
    rate = float(failed.sum() / n.sum())
    if not 0 < rate < 1:
        return None
    expected: FloatArray = (n * rate).astype(float)
    return _Means(FAILURE, failed / expected - 1, np.divide(1 - rate, expected))


def _centred(values: FloatArray, kind: Ints) -> FloatArray:
    n = np.bincount(kind)
    centred: FloatArray = values - (np.bincount(kind, values) / np.maximum(n, 1))[kind]
    return centred


def _covariances(measures: Sequence[_Means]) -> tuple[FloatArray, FloatArray]:
    """Covariances between sessions with what chance gives taken off, and their standard errors."""
    k = len(measures)
    covariance, errors = np.zeros((k, k)), np.zeros((k, k))
    for i, one in enumerate(measures):
        for j, other in enumerate(measures):
            weights = 1 / ((_weight(one)) * (_weight(other)))
            weights /= weights.sum()
            both = one.value * other.value - (one.noise if i == j else 0.0)
            covariance[i, j] = float((weights * both).sum())
            errors[i, j] = float(np.sqrt((weights**2 * (both - covariance[i, j]) ** 2).sum()))
    return covariance, errors


def _weight(one: _Means) -> FloatArray:
    """Spread of a session's mean, chance included."""
    between = max(float((one.value**2 - one.noise).mean()), 0.01)
    spread: FloatArray = np.sqrt(between + one.noise)
    return spread


def _loads(covariance: FloatArray, errors: FloatArray, free: Sequence[bool]) -> FloatArray:
    """Loads whose products come nearest to covariances, in standard errors; the greatest is above 0.

    Products do not say which of two groups of opposite signs is which, and a descent keeps the signs that it began
    with, so that it begins from all. Covariances count as far as they are beyond one standard error: of two ways to be
    wrong, to take chance for a bond widens what sessions cost, and the other leaves all laws as they are.
    """
    k = covariance.shape[0]
    pairs = [(i, j) for i in range(k) for j in range(i, k) if i != j or not free[i]]
    i, j = (np.array(side) for side in zip(*pairs, strict=True))
    scale = np.maximum(errors[i, j], 1e-9)
    sure = np.sign(covariance) * np.maximum(np.abs(covariance) - errors, 0.0)
    np.fill_diagonal(sure, np.diag(covariance))

    def distance(loads: FloatArray) -> FloatArray:
        away: FloatArray = (loads[i] * loads[j] - sure[i, j]) / scale
        return away

    start = np.sqrt(np.maximum(np.diag(covariance), 1e-2))
    tried = [least_squares(distance, start * np.r_[1.0, signs]) for signs in product((1.0, -1.0), repeat=k - 1)]
    found: FloatArray = min(tried, key=lambda one: one.cost).x
    upright: FloatArray = found * np.sign(found[np.argmax(np.abs(found))])
    return upright
