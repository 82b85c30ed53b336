"""The compiled simulation of sessions, and the one entry to it: run a list of items.

The sessions of an item go through lanes (``lanes.py``): as many as there are lanes run at a time, and whenever one is
over, the next one takes its lane. A step is one turn of all of them (``turns.py``). Kernels see arrays and scalars
only; each turn's random numbers come from its instance's key by meaning (``distributions/streams.py``), so neither a
lane nor its neighbours show in a session.

A lane runs the instance on top of its session's stack, and a session is over with its root. As long as no agent spawns
another, the root is all there is, and every lane of an item runs the same agent.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.

import numpy as np

from distributions.jit import inlined, kernel
from simulator.engine import lanes as at
from simulator.engine.counting import count_sessions, flush
from simulator.engine.lanes import LANES, Lane, Lanes, Space, Words, enter, leave, pool
from simulator.engine.layout import L_PRICE, Floats, Out, Plan, Table
from simulator.engine.opening import open_sessions, take_up
from simulator.engine.trees import NOWHERE, change_pool, vacate, walk
from simulator.engine.turns import take_turn

NO_MODEL = np.uint64(2**64 - 1)
NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(LANES)


@inlined
def list_lanes(running: Lanes, n: Lane, every: bool, listed: Words) -> np.uint64:
    """List the lanes whose instance is over, or every one, the last one first; gives how many."""
    found = NONE
    for b in range(n):
        i = n - ONE - b
        listed[found] = i
        found += ONE if every else running.words[at.OVER + i]
    return found


@inlined
def fill(space: Space, lowest: int, end: int, root: int, n: Lane) -> None:
    """Give homes to `n` sessions in the root's pool; others from `lowest` to `end` are empty, and no lane has terms."""
    for index in range(lowest, end):
        space.used[index] = NONE
        for i in range(ALL):
            space.words[index, at.MODEL + i] = NO_MODEL
    space.used[root] = n
    for i in range(n):
        space.listed[i] = n - ONE - i
        space.words[root, at.HOME + i] = i


@kernel
def run_items(
    plan: Plan, seed: np.uint64, items: Table, levels: Floats, space: Space, out: Out, per_unit: float
) -> None:
    """Simulate the sessions of every item and add them to `out`.

    What is called here is compiled into it, each at one place: at two, compiling would take half as long again.

    Parameters
    ----------
    plan : Plan
    seed : uint64
    items : ITEM_DTYPE[I], none of more than SUM_BLOCK sessions
    levels : float64[T, D, 12], driver levels by row and day
    space : working memory of this thread
    out : Out; its `records`, where not empty, has one row a session in the order of the items
    per_unit : units of money in one unit of currency
    """
    done, row = space.done, 0
    for number in range(items.shape[0]):
        item = items[number]
        level, root, slots = levels[item.row, item.day], plan.features[item.feature].agent, plan.slots[item.feature]
        wanted, first, shift = np.uint64(item.count), np.uint64(item.first), row - item.first
        begun = opened = n_done = NONE
        in_flight = min(ALL, wanted)
        is_first, is_tree = True, plan.agents[root].n_spawns > 0
        lowest, end = (0, plan.agents.shape[0]) if is_tree else (root, root + 1)
        fill(space, lowest, end, root, in_flight)
        while in_flight > NONE or n_done > NONE:
            for index in range(lowest, end):
                running, n = pool(space, index), space.used[index]
                if n == NONE and in_flight > NONE:
                    continue
                if not is_first:
                    take_turn(plan, item, level, index, running, space.sums[slots[index]], n)
                    n = list_lanes(running, n, plan.agents[index].n_spawns > 0, space.listed)
                if n_done + n > ALL or in_flight == NONE:
                    count_sessions(plan, item, level, per_unit, done, space.sums[slots[root]], out, n_done, shift)
                    n_done = NONE
                for k in range(n):
                    at_agent, i = index, space.listed[k]
                    if not is_first:
                        if is_tree:
                            at_agent, i = walk(plan, item, level, space, index, i)
                            if at_agent == NOWHERE:
                                continue
                        leave(pool(space, at_agent), i, done, n_done)
                        n_done += ONE
                    if begun == wanted:
                        vacate(space, at_agent, i)
                        in_flight -= ONE
                        continue
                    if begun == opened:
                        opened = min(opened + ALL, wanted)
                        open_sessions(plan, seed, item, level, first + begun, space.ready, opened - begun)
                    to, i = change_pool(space, at_agent, i, root)
                    enter(to, i, space.ready, begun % ALL)
                    take_up(plan, item, level, root, to, i, space.ready, begun % ALL)
                    begun += ONE
            is_first = False
        flush(plan, item, level[L_PRICE], per_unit, space.sums, out)
        row += item.count
