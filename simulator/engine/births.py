"""How a session moves from one agent to another: instances are put by, born, and taken up again."""

# Numbers of agents come from structured arrays, which have no type that a checker knows: they are Any here.
from typing import Any, NamedTuple

import numpy as np

from distributions.jit import inlined
from simulator.engine import columns as at
from simulator.engine.lanes import (
    BORN,
    INSTANCE,
    JOURNEY,
    RUNNING,
    SUBTLETIES,
    Lane,
    Lanes,
    Space,
    hand_on,
    move,
    nursery,
    pool,
    waiting,
)  # fmt: skip
from simulator.engine.layout import Out, Plan
from simulator.engine.tally import MAX_DEPTH

FIRST, ONE = np.uint64(0), np.uint64(1)
DEEPEST = np.uint64(MAX_DEPTH)


class Birth(NamedTuple):
    """An instance to come, and its address: (key of the one that it comes from, turn, name, number)."""

    agent: Any
    depth: np.uint64
    k0: np.uint64
    k1: np.uint64
    turn: np.uint64
    name: np.uint64
    number: np.uint64
    loop: np.uint64  # how often its work was rejected before
    given: float  # what it is given to read
    origin: np.uint64  # how it came, see ``trace.py``


@inlined
def put_by(
    plan: Plan, space: Space, index: int, i: Lane, reason: np.uint64, left: np.uint64, number: np.uint64
) -> None:
    """Let the instance in lane `i` of an agent's pool wait, and say what for."""
    running = pool(space, index)
    home = running.words[at.HOME + i]
    frames = waiting(space, running.words[at.DEPTH + i])
    hand_on(running, i, frames, home, INSTANCE)
    if plan.agents[index].is_subtle:
        hand_on(running, i, frames, home, SUBTLETIES)
    words = frames.words
    words[at.MODEL + home] = running.words[at.MODEL + i]
    words[at.AGENT + home] = np.uint64(index)
    words[at.RULE + home] = reason
    words[at.LEFT + home] = left
    words[at.NUMBER + home] = number


@inlined
def bear(plan: Plan, space: Space, out: Out, index: int, i: Lane, birth: Birth) -> None:
    """Move the session in lane `i` of an agent's pool to where an instance is born."""
    running, child = pool(space, index), birth.agent
    born, j, home = nursery(space, child), space.used[BORN, child], running.words[at.HOME + i]
    account(space, running, i)
    hand_on(running, i, born, j, JOURNEY)
    words, floats = born.words, born.floats
    words[at.DEPTH + j] = birth.depth
    words[at.K0 + j] = birth.k0
    words[at.K1 + j] = birth.k1
    words[at.TURN + j] = birth.turn
    words[at.RULE + j] = birth.name
    words[at.NUMBER + j] = birth.number
    words[at.LOOP + j] = birth.loop
    words[at.LEFT + j] = birth.origin
    floats[at.GIVEN + j] = birth.given
    floats[at.DIFFICULTY + j] = space.homes.floats[at.DIFFICULTY + home]
    space.homes.floats[at.AGENTS + home] += 1.0
    out.depth_agents[min(birth.depth, DEEPEST)] += 1
    space.used[BORN, child] = j + ONE
    vacate(plan, space, index, i)


@inlined
def account(space: Space, running: Lanes, i: Lane) -> None:
    """Add what a session has cost since its agent began to run to the costs of its depth."""
    cost, home = running.floats[at.COST + i], running.words[at.HOME + i]
    space.depth_sums[running.words[at.DEPTH + i]] += cost - space.homes.floats[at.MARK + home]
    space.homes.floats[at.MARK + home] = cost


@inlined
def change_pool(plan: Plan, space: Space, index: int, i: Lane, other: int) -> tuple[Lanes, Lane]:
    """Move a session, all but its instance, to the pool of another agent; the same lane where it is the same agent."""
    running = pool(space, index)
    if index == other:
        return running, i
    to, j = pool(space, other), space.used[RUNNING, other]
    space.used[RUNNING, other] += ONE
    hand_on(running, i, to, j, JOURNEY)
    to.floats[at.CUT + j] = 0.0
    vacate(plan, space, index, i)
    return to, j


@inlined
def vacate(plan: Plan, space: Space, index: int, i: Lane) -> None:
    """Close the gap that a session leaves in a pool."""
    space.used[RUNNING, index] -= ONE
    last = space.used[RUNNING, index]
    if i < last:
        move(pool(space, index), last, i, plan.agents[index].is_subtle)
