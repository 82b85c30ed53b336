"""The compiled simulation of sessions, and the one entry to it: run a list of items.

The sessions of an item go through lanes (``lanes.py``): as many as there are lanes run at a time, and whenever one is
over, the next one takes its lane. A step is one turn of all of them (``turns.py``). Kernels see arrays and scalars
only; each turn's random numbers come from its instance's key by meaning (``distributions/streams.py``), so neither a
lane nor its neighbours show in a session.

A lane runs the instance on top of its session's stack, and a session is over with its root. As long as no agent spawns
another, the root is all there is, and every lane of an item runs the same agent.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined, kernel
from simulator.engine import lanes as at
from simulator.engine.counting import count_sessions, flush
from simulator.engine.lanes import LANES, Lane, Space, enter, leave, move
from simulator.engine.layout import L_PRICE, SUM_BLOCK, Floats, Out, Plan, Table
from simulator.engine.opening import open_sessions, set_terms
from simulator.engine.turns import take_turn

NO_MODEL = np.uint64(2**64 - 1)
NONE, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(LANES)


@inlined
def start(plan: Plan, item: Any, levels: Any, index: int, space: Space, i: Lane, j: Lane) -> None:
    """Begin ready session `j` in lane `i`, which keeps its terms where the model is the same."""
    enter(space.running, i, space.ready, j)
    model = space.ready.words[at.MODEL + j]
    if model != space.running.words[at.MODEL + i]:
        set_terms(plan, item, levels, index, space.running, i, model)


@inlined
def find_free(space: Space, n: Lane) -> np.uint64:
    """List the lanes whose session is over, the last one first, and give their number."""
    found = NONE
    for b in range(n):
        i = n - ONE - b
        space.free[found] = i
        found += space.running.words[at.OVER + i]
    return found


@inlined
def run_block(
    plan: Plan, seed: np.uint64, item: Any, levels: Any, first: int, count: int, per_unit: float, space: Space,
    out: Out, row: int,
) -> None:  # fmt: skip
    """Simulate sessions first .. first + count - 1 of an item; `row` is that of the first one among the records.

    What is called here is compiled into it, each at one place, or compiling takes twice as long.
    """
    index = plan.features[item.feature].agent
    sums = space.sums[plan.slots[item.feature, index]]
    running, done, wanted = space.running, space.done, np.uint64(count)
    begun = opened = n_done = NONE
    n = n_free = min(ALL, wanted)
    for i in range(n):
        running.words[at.MODEL + i] = NO_MODEL
        space.free[i] = i
    while n > NONE:
        for k in range(n_free):
            i = space.free[k]
            if begun == opened and begun < wanted:
                opened = min(opened + ALL, wanted)
                open_sessions(plan, seed, item, levels, np.uint64(first) + begun, space.ready, opened - begun)
            if begun < wanted:
                start(plan, item, levels, index, space, i, begun % ALL)
                begun += ONE
            else:
                n -= ONE
                move(running, n, i)
        take_turn(plan, item, levels, index, running, sums, n)
        n_free = find_free(space, n)
        if n == NONE or n_done + n_free > ALL:
            count_sessions(plan, item, levels, per_unit, done, sums, out, n_done, row - first)
            n_done = NONE
        for k in range(n_free):
            leave(running, space.free[k], done, n_done)
            n_done += ONE
    flush(plan, item, levels[L_PRICE], per_unit, space.sums, out)


@kernel
def run_items(
    plan: Plan, seed: np.uint64, items: Table, levels: Floats, space: Space, out: Out, per_unit: float
) -> None:
    """Simulate the sessions of every item and add them to `out`.

    Parameters
    ----------
    plan : Plan
    seed : uint64
    items : ITEM_DTYPE[I]
    levels : float64[T, D, 12], driver levels by row and day
    space : working memory of this thread
    out : Out; its `records`, where not empty, has one row a session in the order of the items
    per_unit : units of money in one unit of currency
    """
    row = 0
    for i in range(items.shape[0]):
        item = items[i]
        session, end = item.first, item.first + item.count
        while session < end:
            count = min(end, (session // SUM_BLOCK + 1) * SUM_BLOCK) - session
            run_block(plan, seed, item, levels[item.row, item.day], session, count, per_unit, space, out, row)
            session += count
            row += count
