"""Which sessions of a day are hit by what hits only some of them: a peak hour, an event on a share of the sessions.

A session is of a kind: the set of such causes that hit it, a bit each. Whether one hits it is decided by a uniform of
the session's own, so that it is the same session whatever else happens on the day.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined, kernel
from distributions.streams import session_key, turn_key, uniform, word
from simulator.engine.layout import Floats, Ints, Table, Words

NONE, ONE = np.uint64(0), np.uint64(1)


@inlined
def kind_of(
    seed: np.uint64, trial: int, day: int, feature: np.uint64, session: np.uint64, purposes: Words, chances: Any
) -> np.int64:
    """The causes that hit a session, from the chance of each on its day."""
    k0, k1 = session_key(seed, np.uint64(trial), np.uint64(day), feature, session)
    key, kind = turn_key(k0, k1, NONE), np.int64(0)
    for cause in range(purposes.shape[0]):
        if uniform(word(key, k1, NONE, purposes[cause])) < chances[cause]:
            kind |= np.int64(1) << np.int64(cause)
    return kind


@kernel
def list_kind(
    seed: np.uint64, cases: Table, first: Ints, count: Ints, features: Words, purposes: Words, chances: Floats,
    chosen: Ints, numbers: Words,
) -> None:  # fmt: skip
    """List the sessions of each case's kind.

    Parameters
    ----------
    cases : CASE_DTYPE[n]
    first, count : int64[n], sessions to look at, of all kinds; there are no others before `first` + `count`
    features : uint64[F], hashes of their names
    purposes : uint64[P], of the causes
    chances : float64[:, P], rows that cases point to
    chosen : int64[n + 1], filled: where each case's sessions start in `numbers`
    numbers : uint64[sum of `count`], filled
    """
    n = NONE
    for i in range(cases.shape[0]):
        case, end = cases[i], np.uint64(first[i] + count[i])
        chosen[i] = np.int64(n)
        session = np.uint64(first[i])
        while session < end:
            kind = kind_of(
                seed, case.trial, case.day, features[case.feature], session, purposes, chances[case.chance]
            )  # fmt: skip
            numbers[n] = session
            n += ONE if kind == case.kind else NONE
            session += ONE
    chosen[cases.shape[0]] = np.int64(n)


@kernel
def kinds_of(
    seed: np.uint64, sessions: Table, features: Words, purposes: Words, chances: Floats, rows: Ints, kinds: Ints
) -> None:
    """The kind of each of some sessions.

    Parameters
    ----------
    sessions : SESSION_DTYPE[n], of which the addresses are read
    chances : float64[:, P]
    rows : int64[n], of `chances`
    kinds : int64[n], filled
    """
    for i in range(sessions.shape[0]):
        one = sessions[i]
        kinds[i] = kind_of(
            seed, one.trial, one.day, features[one.feature], np.uint64(one.session), purposes, chances[rows[i]]
        )  # fmt: skip
