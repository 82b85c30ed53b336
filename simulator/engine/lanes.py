"""Lanes: sessions that run in lockstep, all of them one turn at a time.

A lane is a place for a running session. What is known of it stands in columns of two flat arrays, words (uint64) and
floats, each column LANES long: column ``SYSTEM`` of lane ``i`` is ``floats[SYSTEM + i]``. So a step of the simulation
is a plain loop over lanes, and it compiles to vector instructions, because the distance of any two columns is a
constant.

A session is a stack of agent instances, and its lane runs the one on top. All that an instance needs to go on is its
frame, the columns that `put_by` takes from a lane and `resume` puts into one. Lanes that run the same agent stand in
one set, its pool, so that a turn of all of them does the same.

Other sets hand sessions on: `ready` ones have been opened and wait for a lane, `done` ones wait to be counted.

Tokens are whole numbers in float64, so that no conversion stands in an inner loop. Flags are 0.0 and 1.0.
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


N_WORDS = 15
(
    # The instance: its key in two halves, turns to take, turns begun, its model.
    K0, K1, TURNS, TURN, MODEL,
    # The session: its number, its column of the stack, how many instances wait below the one that runs.
    SESSION, HOME, DEPTH,
    # The turn: its key, a word to draw at, 1 where the instance is over.
    KEY, WORD, OVER,
    # An instance that waits for its child: its agent, the rule by which it spawns, children still to come, and begun.
    AGENT, RULE, LEFT, NUMBER,
) = _columns(N_WORDS)  # fmt: skip

N_FLOATS = 36
(
    # The instance: tokens of its system prompt and of its history, what the next prompt repeats of the last one,
    # whether a call of it has left something in the cache, what children add to its next message; whether it failed.
    SYSTEM, HISTORY, SENT, WARM, ADDED, STOPPED,
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
    # Of a finished session: units of money that it cost and that went wrong, whether it succeeded, cost bin.
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
    """Working memory of a thread, for A agents that go D deep."""

    words: npt.NDArray[np.uint64]  # [A, N_WORDS * STRIDE] the pools' columns
    floats: npt.NDArray[np.float64]  # [A, N_FLOATS * STRIDE]
    used: Words  # [A] lanes of each pool in which something runs, from the first on
    stack_words: npt.NDArray[np.uint64]  # [D, N_WORDS * STRIDE] frames that wait, by depth and home
    stack_floats: npt.NDArray[np.float64]  # [D, N_FLOATS * STRIDE]
    ready: Lanes
    child: Lanes  # one frame: the next child's
    done: Lanes
    listed: Words  # [LANES] numbers of lanes
    sums: Floats  # [S, N_CAUSES * STRIDE] money by row of ``Plan.slots``, cause and lane; 0 between blocks of sessions

    @classmethod
    def of(cls, n_slots: int, n_agents: int, most_depth: int) -> "Space":
        """Space for a plan with so many rows of slots, agents, and instances that may wait at a time."""
        words, floats = N_WORDS * STRIDE, N_FLOATS * STRIDE
        return cls(
            words=np.zeros((n_agents, words), np.uint64),
            floats=np.zeros((n_agents, floats)),
            used=np.zeros(n_agents, np.uint64),
            stack_words=np.zeros((most_depth, words), np.uint64),
            stack_floats=np.zeros((most_depth, floats)),
            ready=Lanes.empty(),
            child=Lanes.empty(),
            done=Lanes.empty(),
            listed=np.zeros(LANES, np.uint64),
            sums=np.zeros((n_slots, N_CAUSES * STRIDE)),
        )


@inlined
def pool(space: Space, agent: int) -> Lanes:
    """The lanes that run an agent."""
    return Lanes(space.words[agent], space.floats[agent])


@inlined
def waiting(space: Space, depth: Lane) -> Lanes:
    """The frames that wait at a depth, each in the column of its session's home."""
    return Lanes(space.stack_words[depth], space.stack_floats[depth])


@inlined
def put_by(running: Lanes, i: Lane, frames: Lanes, j: Lane) -> None:
    """Take an instance's frame from its lane."""
    resume(frames, j, running, i)


@inlined
def resume(running: Lanes, i: Lane, frames: Lanes, j: Lane) -> None:
    """Let a lane run the instance of a frame; its model, and the terms of that, are the caller's to set."""
    words, floats = running.words, running.floats
    words[K0 + i] = frames.words[K0 + j]
    words[K1 + i] = frames.words[K1 + j]
    words[TURNS + i] = frames.words[TURNS + j]
    words[TURN + i] = frames.words[TURN + j]
    floats[SYSTEM + i] = frames.floats[SYSTEM + j]
    floats[HISTORY + i] = frames.floats[HISTORY + j]
    floats[SENT + i] = frames.floats[SENT + j]
    floats[WARM + i] = frames.floats[WARM + j]
    floats[ADDED + i] = frames.floats[ADDED + j]
    floats[STOPPED + i] = 0.0


@inlined
def enter(running: Lanes, i: Lane, ready: Lanes, j: Lane) -> None:
    """Begin a session that is ready, with nothing spent yet; its root is the caller's to take up."""
    running.words[SESSION + i] = ready.words[SESSION + j]
    running.words[DEPTH + i] = 0
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
def travel(source: Lanes, i: Lane, target: Lanes, j: Lane) -> None:
    """Move a session, all but its instance on top, to a lane of another pool."""
    for column in (SESSION, HOME, DEPTH):
        target.words[column + j] = source.words[column + i]
    for column in (COST, RETRIES, CALLS, AGENTS, INPUT, CACHED, WRITTEN, OUTPUT, FAILED, LUCKY):
        target.floats[column + j] = source.floats[column + i]


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
    to[FAILED + j] = max(floats[FAILED + i], floats[STOPPED + i])
    to[CUT + j] = floats[CUT + i]
    to[LUCKY + j] = floats[LUCKY + i]


@inlined
def move(running: Lanes, i: Lane, to: Lane) -> None:
    """Let a running session go on in another lane of its pool."""
    for column in range(np.uint64(0), np.uint64(N_WORDS * STRIDE), np.uint64(STRIDE)):
        running.words[column + to] = running.words[column + i]
    for column in range(np.uint64(0), np.uint64(N_FLOATS * STRIDE), np.uint64(STRIDE)):
        running.floats[column + to] = running.floats[column + i]
