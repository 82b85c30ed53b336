"""Lanes: sessions that run in lockstep, all of them one turn at a time.

A lane is a place for a running session. What is known of it stands in columns of two flat arrays, words (uint64) and
floats, each column LANES long (``columns.py``). So a step of the simulation is a plain loop over lanes, and it compiles
to vector instructions, because the distance of any two columns is a constant.

A session is a stack of agent instances, and its lane runs the one on top. All that an instance needs to go on is its
frame, the columns that `put_by` takes from a lane and `resume` puts into one. Lanes that run the same agent stand in
one set, its pool, so that a turn of all of them does the same.

Other sets hand sessions on: `ready` ones have been opened and wait for a lane, `born` ones wait for an instance to be
opened, `done` ones to be counted.

Tokens are whole numbers in float64, so that no conversion stands in an inner loop. Flags are 0.0 and 1.0.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distributions.jit import FOUR, inlined
from simulator.engine.columns import (
    ABOVE,
    ADDED,
    ADDED_BEFORE,
    AGENTS,
    CACHED,
    CACHED_PRICE,
    CALLS,
    COST,
    CUT,
    DEPTH,
    DIFFICULTY,
    FAILED,
    FEE,
    GIVEN,
    HARDER_CALLS,
    HARDER_FIRST,
    HARDER_MESSAGE,
    HARDER_OUTPUT,
    HELD,
    HISTORY,
    HISTORY_BEFORE,
    HOME,
    INPUT,
    K0,
    K1,
    LANES,
    LIMIT,
    LOOP,
    LUCK,
    MARK,
    MODEL,
    N_FLOATS,
    N_WORDS,
    NEXT_ABOVE,
    NEXT_FEE,
    NEXT_OUTPUT_PRICE,
    NEXT_P_FAILS,
    NEXT_PRICE,
    NEXT_WRITES,
    OUTPUT,
    OUTPUT_PRICE,
    OWN_ABOVE,
    OWN_LIMIT,
    OWN_P_FAILS,
    P_FAILS,
    PRICE,
    PUT_OUT,
    RETRIES,
    ROOT,
    RUN,
    SENT,
    SESSION,
    STOPPED,
    STRIDE,
    SYSTEM,
    TOOL_CALLS,
    TURN,
    TURNS,
    WARM,
    WRITES,
    WRITTEN,
)  # fmt: skip
from simulator.engine.layout import N_CAUSES, Floats

Words = npt.NDArray[np.uint64]
Lane = int | np.uint64
"""Number of a lane, or how many; a uint64 in compiled code, where a checker takes what `range` gives for an int."""

FLAT, FEW, SEVEN = 1024, FOUR, np.uint64(7)
"""Calls of a tool that are drawn together, over all lanes; and those of a lane that are listed at a stroke."""

INSTANCE = (K0, K1, TURNS, TURN), (SYSTEM, HISTORY, SENT, WARM, ADDED, STOPPED)
"""The frame of an instance."""
SUBTLETIES = (
    (LOOP,),
    (
        *(PUT_OUT, GIVEN, HARDER_OUTPUT, HARDER_CALLS, HARDER_MESSAGE, HARDER_FIRST),
        *(HISTORY_BEFORE, ADDED_BEFORE, OWN_LIMIT),
    ),
)
"""More of it, where validators, difficulty or a limit of its own have a say."""
JOURNEY = (HOME, DEPTH), (COST, CALLS, TOOL_CALLS, INPUT, CACHED, WRITTEN, OUTPUT)
"""What a session takes along when another agent runs."""
HOUSEHOLD = (SESSION, RUN, ROOT), (RETRIES, MARK, AGENTS, HELD, FAILED, LUCK, DIFFICULTY)
"""What stands at its home."""
TERMS = (
    (MODEL,),
    (
        *(LIMIT, P_FAILS, ABOVE, PRICE, CACHED_PRICE, OUTPUT_PRICE, FEE, WRITES),
        *(OWN_P_FAILS, OWN_ABOVE, NEXT_P_FAILS, NEXT_ABOVE, NEXT_PRICE, NEXT_OUTPUT_PRICE, NEXT_FEE, NEXT_WRITES),
    ),
)

ODDS = P_FAILS, OWN_P_FAILS, NEXT_P_FAILS, LIMIT
"""Of the terms, those that instances of one model differ in: difficulty moves chances, and a limit may be drawn."""


class Lanes(NamedTuple):
    """One set of lanes."""

    words: Words  # [N_WORDS * STRIDE]
    floats: Floats  # [N_FLOATS * STRIDE]

    @classmethod
    def empty(cls) -> "Lanes":
        """Lanes in which nothing has run yet."""
        return cls(np.zeros(N_WORDS * STRIDE, np.uint64), np.zeros(N_FLOATS * STRIDE))


class Space(NamedTuple):
    """Working memory of a thread, for A agents of which D may wait at a time."""

    words: npt.NDArray[np.uint64]  # [2, A, N_WORDS * STRIDE] columns of the pools, and of what is born into them
    floats: npt.NDArray[np.float64]  # [2, A, N_FLOATS * STRIDE]
    used: npt.NDArray[np.uint64]  # [2, A] lanes of each in which there is something, from the first on
    stack_words: npt.NDArray[np.uint64]  # [D, N_WORDS * STRIDE] frames that wait, by depth and home
    stack_floats: npt.NDArray[np.float64]  # [D, N_FLOATS * STRIDE]
    homes: Lanes  # what is known of the sessions in flight, each at its home
    ready: Lanes
    done: Lanes
    listed: Words  # [LANES] numbers of lanes
    flat_words: npt.NDArray[np.uint64]  # [4, FLAT + 2 FEW] calls of a tool: the lane, where its first one is, its key
    flat_tokens: Floats  # [FLAT + 2 FEW] and the results
    sums: Floats  # [S, N_CAUSES * STRIDE] money by row of ``Plan.slots``, cause and lane; 0 between blocks of sessions
    tool_sums: Floats  # [T, STRIDE] money by row of ``Plan.tool_slots`` and lane
    depth_sums: Floats  # [D] money by depth

    @classmethod
    def of(cls, n_slots: int, n_tools: int, n_agents: int, most_depth: int) -> "Space":
        """Space for a plan with so many rows of slots and tools, agents, and instances that may wait at a time."""
        words, floats = N_WORDS * STRIDE, N_FLOATS * STRIDE
        return cls(
            words=np.zeros((2, n_agents, words), np.uint64),
            floats=np.zeros((2, n_agents, floats)),
            used=np.zeros((2, n_agents), np.uint64),
            stack_words=np.zeros((most_depth, words), np.uint64),
            stack_floats=np.zeros((most_depth, floats)),
            homes=Lanes.empty(),
            ready=Lanes.empty(),
            done=Lanes.empty(),
            listed=np.zeros(LANES, np.uint64),
            flat_words=np.zeros((4, FLAT + 2 * FEW), np.uint64),
            flat_tokens=np.zeros(FLAT + 2 * FEW),
            sums=np.zeros((n_slots, N_CAUSES * STRIDE)),
            tool_sums=np.zeros((n_tools, STRIDE)),
            depth_sums=np.zeros(most_depth),
        )


RUNNING, BORN = 0, 1


@inlined
def in_vectors(n: Lane) -> np.uint64:
    """Lanes in the vectors that hold the first `n`: a loop over them all leaves none over to be done one by one.

    In a lane beyond `n` nothing runs: it is computed with what is left there, and nobody reads that.
    """
    lanes: np.uint64 = (n + SEVEN) & ~SEVEN
    return lanes


@inlined
def pool(space: Space, agent: int) -> Lanes:
    """The lanes that run an agent."""
    return Lanes(space.words[RUNNING, agent], space.floats[RUNNING, agent])


@inlined
def nursery(space: Space, agent: int) -> Lanes:
    """Sessions that wait for an instance of an agent to be opened."""
    return Lanes(space.words[BORN, agent], space.floats[BORN, agent])


@inlined
def waiting(space: Space, depth: Lane) -> Lanes:
    """The frames that wait at a depth, each in the column of its session's home."""
    return Lanes(space.stack_words[depth], space.stack_floats[depth])


@inlined
def hand_on(source: Lanes, i: Lane, target: Lanes, j: Lane, columns: tuple[tuple[np.uint64, ...], ...]) -> None:
    """Copy columns, words and floats, from a lane to another."""
    for column in columns[0]:
        target.words[column + j] = source.words[column + i]
    for column in columns[1]:
        target.floats[column + j] = source.floats[column + i]


@inlined
def enter(space: Space, running: Lanes, i: Lane, j: Lane, is_full: bool) -> None:
    """Begin a session that is ready, with nothing spent yet; its root is the caller's to take up."""
    ready, homes, home = space.ready, space.homes, running.words[HOME + i]
    homes.words[SESSION + home] = ready.words[SESSION + j]
    homes.words[ROOT + home] = ready.words[MODEL + j]
    homes.floats[LUCK + home] = ready.floats[LUCK + j]
    homes.floats[RETRIES + home] = 0.0
    for column in (COST, CALLS, INPUT, CACHED, WRITTEN, OUTPUT, CUT):
        running.floats[column + i] = 0.0
    if not is_full:
        return
    homes.words[RUN + home] = 0
    homes.floats[DIFFICULTY + home] = ready.floats[DIFFICULTY + j]
    homes.floats[AGENTS + home] = 1.0
    for column in (MARK, HELD, FAILED):
        homes.floats[column + home] = 0.0
    running.words[DEPTH + i] = 0
    running.floats[TOOL_CALLS + i] = 0.0


@inlined
def leave(space: Space, running: Lanes, i: Lane, j: Lane, is_full: bool) -> None:
    """Hand over a session that is over."""
    done, homes, home = space.done, space.homes, running.words[HOME + i]
    done.floats[CUT + j] = running.floats[CUT + i]
    if is_full:
        hand_on(running, i, done, j, JOURNEY)
        hand_on(homes, home, done, j, HOUSEHOLD)
        done.floats[FAILED + j] = max(homes.floats[FAILED + home], running.floats[STOPPED + i])
        return
    for column in (COST, CALLS, INPUT, CACHED, WRITTEN, OUTPUT):
        done.floats[column + j] = running.floats[column + i]
    done.words[SESSION + j] = homes.words[SESSION + home]
    done.words[ROOT + j] = homes.words[ROOT + home]
    done.floats[LUCK + j] = homes.floats[LUCK + home]
    done.floats[RETRIES + j] = homes.floats[RETRIES + home]
    done.floats[FAILED + j] = running.floats[STOPPED + i]
    done.floats[AGENTS + j] = 1.0


@inlined
def move(running: Lanes, i: Lane, to: Lane, is_subtle: bool) -> None:
    """Let a running session go on in another lane of its pool; one that is cut never does."""
    words, floats = running.words, running.floats
    hand_on(running, i, running, to, INSTANCE)
    hand_on(running, i, running, to, JOURNEY)
    floats[CUT + to] = 0.0
    if is_subtle:
        hand_on(running, i, running, to, SUBTLETIES)
    if words[MODEL + i] != words[MODEL + to]:
        hand_on(running, i, running, to, TERMS)
    elif is_subtle:
        for column in ODDS:
            floats[column + to] = floats[column + i]
