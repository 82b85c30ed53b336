"""Lanes: sessions that run in lockstep, all of them one turn at a time.

A lane is a place for a running session. What is known of it stands in columns of two flat arrays, words (uint64) and
floats, each column LANES long: column ``SYSTEM`` of lane ``i`` is ``floats[SYSTEM + i]``. So a step of the simulation
is a plain loop over lanes, and it compiles to vector instructions, because the distance of any two columns is a
constant.

A session is a stack of agent instances, and its lane runs the one on top. All that an instance needs to go on is its
frame, the columns that `resume` puts into a lane; a session begins by resuming the frame of its root.

Tokens are whole numbers in float64, so that no conversion stands in an inner loop. Flags are 0.0 and 1.0.

Three sets of lanes hand sessions on: `ready` ones have been opened and wait for a lane, `running` ones take turns,
`done` ones wait to be counted. Each is filled and emptied all lanes at once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distributions.jit import inlined
from simulator.engine.layout import N_CAUSES, Floats

Words = npt.NDArray[np.uint64]
Lane = int | np.uint64
"""Number of a lane, or how many; a uint64 in compiled code, where a checker takes what `range` gives for an int."""

LANES = 64
"""A whole number of vectors. Costs are summed lane by lane before they are rounded, so a change of this one may change
the last digit of a result."""

STRIDE = LANES + 8
"""From one column to the next: not a divisor of 4,096 bytes, at which processors take one address for another."""


def _columns(n: int) -> tuple[np.uint64, ...]:
    """Where columns begin. Unsigned, as all indices of lanes: a signed one is looked at for a sign at every use."""
    return tuple(np.uint64(i * STRIDE) for i in range(n))


N_WORDS = 9
K0, K1, TURNS, TURN, MODEL, SESSION, KEY, WORD, OVER = _columns(N_WORDS)
"""Of the instance: its key in two halves, turns to take, turns begun, its model. Then the session's number, the turn's
key, a word to draw at, and 1 where the instance on top is over."""

N_FLOATS = 34
(
    # The instance: tokens of its system prompt and of its history, what the next prompt repeats of the last one,
    # whether a call of it has left something in the cache.
    SYSTEM, HISTORY, SENT, WARM,
    # Terms of its model today: the longest prompt; the chance that an attempt fails; the longest prompt that pays the
    # prices here, in currency a token (not read from cache, read from cache, put out) and a call; whether it writes.
    LIMIT, P_FAILS, ABOVE, PRICE, CACHED_PRICE, OUTPUT_PRICE, FEE, WRITES,
    # The session so far: cost, and cost of retries, in currency before m.price; calls; agents; billed tokens.
    COST, RETRIES, CALLS, AGENTS, INPUT, CACHED, WRITTEN, OUTPUT,
    # Whether an agent failed, whether it was cut, whether it succeeds where neither.
    FAILED, CUT, LUCKY,
    # The turn: the prompt's new parts and the whole of it, what of that a cache may hold, answer, reasoning, whether
    # the first attempt was served and pays the prices above.
    PENDING, FOUND, PROMPT, READABLE, OUT, THINK, PLAIN,
    # Of a finished session: units of money that it cost, units that bought nothing, whether it succeeded, cost bin.
    UNITS, WASTE, SUCCESS, BIN,
) = _columns(N_FLOATS)  # fmt: skip

(
    FOR_SYSTEM, FOR_MESSAGE, FOR_RETRIEVAL, FOR_HISTORY, FOR_OUTPUT, FOR_REASONING, FOR_RETRIES, FOR_COMPACTION,
    FOR_OVERHEADS,
) = _columns(N_CAUSES)  # fmt: skip
"""Columns of a row of sums: money by cause, in the order of ``layout.SLOT_CAUSES``, held to it by a test."""


class Lanes(NamedTuple):
    """One set of lanes."""

    words: Words  # [N_WORDS * STRIDE]
    floats: Floats  # [N_FLOATS * STRIDE]

    @classmethod
    def empty(cls) -> "Lanes":
        """Lanes in which nothing has run yet."""
        return cls(np.zeros(N_WORDS * STRIDE, np.uint64), np.zeros(N_FLOATS * STRIDE))


class Space(NamedTuple):
    """Working memory of a thread."""

    ready: Lanes
    running: Lanes
    done: Lanes
    free: Words  # [LANES] numbers of lanes in which nothing runs
    sums: Floats  # [S, N_CAUSES * STRIDE] money by row of ``Plan.slots``, cause and lane; 0 between blocks of sessions

    @classmethod
    def of(cls, n_slots: int) -> "Space":
        """Space for a plan with so many rows of slots."""
        return cls(
            Lanes.empty(),
            Lanes.empty(),
            Lanes.empty(),
            np.zeros(LANES, np.uint64),
            np.zeros((n_slots, N_CAUSES * STRIDE)),
        )


@inlined
def resume(running: Lanes, i: Lane, frames: Lanes, j: Lane) -> None:
    """Let a lane run an instance from the frame that it was put by in: a root that has just been opened, say."""
    words, floats = running.words, running.floats
    words[K0 + i] = frames.words[K0 + j]
    words[K1 + i] = frames.words[K1 + j]
    words[TURNS + i] = frames.words[TURNS + j]
    words[TURN + i] = frames.words[TURN + j]
    floats[SYSTEM + i] = frames.floats[SYSTEM + j]
    floats[HISTORY + i] = frames.floats[HISTORY + j]
    floats[SENT + i] = frames.floats[SENT + j]
    floats[WARM + i] = frames.floats[WARM + j]


@inlined
def enter(running: Lanes, i: Lane, ready: Lanes, j: Lane) -> None:
    """Begin a session that is ready: nothing spent yet, and its root instance to run."""
    resume(running, i, ready, j)
    running.words[SESSION + i] = ready.words[SESSION + j]
    floats = running.floats
    floats[LUCKY + i] = ready.floats[LUCKY + j]
    floats[AGENTS + i] = 1.0
    floats[COST + i] = 0.0
    floats[RETRIES + i] = 0.0
    floats[CALLS + i] = 0.0
    floats[INPUT + i] = 0.0
    floats[CACHED + i] = 0.0
    floats[WRITTEN + i] = 0.0
    floats[OUTPUT + i] = 0.0
    floats[FAILED + i] = 0.0


@inlined
def leave(running: Lanes, i: Lane, done: Lanes, j: Lane) -> None:
    """Hand over a session that is over."""
    done.words[SESSION + j] = running.words[SESSION + i]
    floats, to = running.floats, done.floats
    to[COST + j] = floats[COST + i]
    to[RETRIES + j] = floats[RETRIES + i]
    to[CALLS + j] = floats[CALLS + i]
    to[AGENTS + j] = floats[AGENTS + i]
    to[INPUT + j] = floats[INPUT + i]
    to[CACHED + j] = floats[CACHED + i]
    to[WRITTEN + j] = floats[WRITTEN + i]
    to[OUTPUT + j] = floats[OUTPUT + i]
    to[FAILED + j] = floats[FAILED + i]
    to[CUT + j] = floats[CUT + i]
    to[LUCKY + j] = floats[LUCKY + i]


@inlined
def move(running: Lanes, i: Lane, to: Lane) -> None:
    """Let a running session go on in another lane."""
    for column in range(np.uint64(0), np.uint64(N_WORDS * STRIDE), np.uint64(STRIDE)):
        running.words[column + to] = running.words[column + i]
    for column in range(np.uint64(0), np.uint64(N_FLOATS * STRIDE), np.uint64(STRIDE)):
        running.floats[column + to] = running.floats[column + i]
