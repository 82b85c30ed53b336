"""The compiled simulation of sessions, and the two entries to it: run a list of items.

The sessions of an item go through lanes (``lanes.py``): so many run at a time, and whenever one is over, the next one
takes its lane. A step is one turn of all lanes that run the same agent (``turns.py``). Kernels see arrays and scalars
only; each turn's random numbers come from its instance's key by meaning (``distributions/streams.py``), so neither a
lane nor its neighbours show in a session.

A lane runs the instance on top of its session's stack, and a session is over with its root. `run_chats` is for
scenarios in which the root is all there is, and lanes do nothing but turns; `run_trees` is for all of the language.
Where both can simulate a scenario, sessions are the same to the bit. What they call is compiled into them, each at one
place: at two, compiling would take half as long again.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined, kernel, kernel_of_short_loops
from simulator.engine import columns as at
from simulator.engine.births import account, bear, change_pool, vacate
from simulator.engine.closing import call_nobody, call_people, note_cut, note_end, run_again, settle
from simulator.engine.columns import LANES
from simulator.engine.counting import count_sessions, flush
from simulator.engine.lanes import BORN, RUNNING, Lane, Lanes, Space, enter, leave, pool
from simulator.engine.layout import L_MISSES, Floats, Out, Plan, Table, Words
from simulator.engine.opening import open_born, open_sessions, take_up
from simulator.engine.tools import use_tools
from simulator.engine.trace import FROM_ROOT
from simulator.engine.tracing import note_start
from simulator.engine.trees import BEARS, ENDS, list_busy, walk
from simulator.engine.turns import take_turn

NO_MODEL = np.uint64(2**64 - 1)
NONE, ONE, ALL, FEW = np.uint64(0), np.uint64(1), np.uint64(LANES), np.uint64(64)
"""Lanes: all where they run several agents, few where all run one, so that columns stay in the nearest cache."""


@inlined
def list_over(running: Lanes, n: Lane, listed: Any) -> np.uint64:
    """List the lanes whose instance is over, the last one first; gives how many."""
    found = NONE
    for b in range(n):
        i = n - ONE - b
        listed[found] = i
        found += running.words[at.OVER + i]
    return found


@inlined
def fill(space: Space, lowest: int, end: int, root: int, n: Lane) -> None:
    """Give homes to `n` sessions in the root's pool; others from `lowest` to `end` are empty, and no lane has terms."""
    for index in range(lowest, end):
        space.used[RUNNING, index] = NONE
        for i in range(ALL):
            space.words[RUNNING, index, at.MODEL + i] = NO_MODEL
    space.used[RUNNING, root] = n
    for i in range(n):
        space.listed[i] = n - ONE - i
        space.words[RUNNING, root, at.HOME + i] = i


@inlined
def fullest(space: Space) -> int:
    """The agent that most sessions wait for, so that few steps are for few lanes."""
    best, most = 0, NONE
    for index in range(space.used.shape[1]):
        n = space.used[RUNNING, index] + space.used[BORN, index]
        if n > most:
            best, most = index, n
    return best


@kernel
def run_chats(
    plan: Plan, seed: np.uint64, items: Table, numbers: Words, levels: Floats, space: Space, out: Out, per_unit: float
) -> None:
    """Simulate the sessions of every item and add them to `out`; each is a root without tools and children.

    Parameters
    ----------
    plan : Plan
    seed : uint64
    items : ITEM_DTYPE[I], none of more than SUM_BLOCK sessions
    numbers : uint64[N], sessions of the items that have not all from their first one on
    levels : float64[L, 12], driver levels that items stand at
    space : working memory of this thread
    out : Out; its `records`, where not empty, has one row a session in the order of the items
    per_unit : units of money in one unit of currency
    """
    done, row = space.done, 0
    for number in range(items.shape[0]):
        item = items[number]
        level, root = levels[item.level], plan.features[item.feature].agent
        sums = space.sums[plan.slots[item.feature, root]]
        wanted, shift = np.uint64(item.count), row - item.first
        begun = opened = n_done = NONE
        n_listed = in_flight = min(FEW, wanted)
        fill(space, root, root + 1, root, in_flight)
        running, is_first = pool(space, root), True
        while in_flight > NONE or n_done > NONE:
            if out.stop[0] != 0:
                return
            if not is_first:
                take_turn(plan, item, level, root, running, space.homes, sums, out, in_flight, False)
                n_listed = list_over(running, in_flight, space.listed)
            if n_done + n_listed > ALL or in_flight == NONE:
                settle(plan, item, level[L_MISSES], per_unit, done, sums, n_done)
                count_sessions(item, done, out, n_done, shift, False)
                n_done = NONE
            for k in range(n_listed):
                i = space.listed[k]
                if not is_first:
                    leave(space, running, i, n_done, False)
                    n_done += ONE
                if begun == wanted:
                    vacate(plan, space, root, i)
                    in_flight -= ONE
                    continue
                if begun == opened:
                    opened = min(opened + ALL, wanted)
                    open_sessions(plan, seed, item, numbers, level, begun, space.ready, opened - begun)
                enter(space, running, i, begun % ALL, False)
                take_up(plan, item, level, root, running, i, space.ready, begun % ALL)
                begun += ONE
            is_first = False
        flush(plan, item, per_unit, space, out)
        row += item.count


@kernel_of_short_loops
def run_trees(
    plan: Plan, seed: np.uint64, items: Table, numbers: Words, levels: Floats, space: Space, out: Out, per_unit: float
) -> None:
    """Simulate the sessions of every item, whatever the language can say, and add them to `out`.

    Parameters are those of `run_chats`. A `trace` in `out` takes the events of one session, which is all there is in
    `items` then.
    """
    row = 0
    for number in range(items.shape[0]):
        item = items[number]
        level, feature = levels[item.level], plan.features[item.feature]
        root, root_sums = feature.agent, space.sums[plan.slots[item.feature, feature.agent]]
        wanted, shift = np.uint64(item.count), row - item.first
        begun = opened = n_done = NONE
        n_listed = in_flight = min(ALL, wanted)
        fill(space, 0, plan.agents.shape[0], root, in_flight)
        index, is_first = root, True
        while in_flight > NONE or n_done > NONE:
            if out.stop[0] != 0:
                return
            if not is_first:
                index = fullest(space)
                n_listed = step(plan, item, level, index, space, out)
            if n_done + n_listed > ALL or in_flight == NONE:
                close(plan, seed, item, level, per_unit, root_sums, space, out, n_done, shift)
                n_done = NONE
            for k in range(n_listed):
                at_agent, i = index, space.listed[k]
                if not is_first:
                    fate, at_agent, i = follow(plan, seed, item, level, space, out, index, i)
                    if fate != ENDS:
                        continue
                    account(space, pool(space, at_agent), i)
                    leave(space, pool(space, at_agent), i, n_done, True)
                    n_done += ONE
                if begun == wanted:
                    vacate(plan, space, at_agent, i)
                    in_flight -= ONE
                    continue
                if begun == opened:
                    opened = min(opened + ALL, wanted)
                    open_sessions(plan, seed, item, numbers, level, begun, space.ready, opened - begun)
                to, i = change_pool(plan, space, at_agent, i, root)
                enter(space, to, i, begun % ALL, True)
                take_up(plan, item, level, root, to, i, space.ready, begun % ALL)
                if out.trace is not None:
                    note_start(out.trace, out.totals, root, to, i, FROM_ROOT, NONE)
                begun += ONE
            is_first = False
        flush(plan, item, per_unit, space, out)
        row += item.count


@inlined
def step(plan: Plan, item: Any, level: Any, index: int, space: Space, out: Out) -> np.uint64:
    """A turn of all instances of an agent, and its tools; lists the lanes in which more follows, and gives how many."""
    if space.used[BORN, index] > NONE:
        open_born(plan, item, level, space, out, index)
    running, n = pool(space, index), space.used[RUNNING, index]
    sums = space.sums[plan.slots[item.feature, index]]
    take_turn(plan, item, level, index, running, space.homes, sums, out, n, True)
    if plan.agents[index].n_tools > 0:
        use_tools(plan, item, level, index, running, space, out, n)
    return list_busy(plan, level, index, running, n, space.listed)


@inlined
def follow(
    plan: Plan, seed: np.uint64, item: Any, level: Any, space: Space, out: Out, index: int, i: Lane
) -> tuple[int, int, Lane]:
    """Do what follows a turn in lane `i` of an agent's pool; gives what the session does next, and where it stands."""
    fate, at_agent, i, birth = walk(plan, item, level, space, out, index, i)
    if fate == ENDS:
        note_cut(out, at_agent, pool(space, at_agent), i)
    if fate == ENDS and plan.features[item.feature].p_repeats > 0.0:
        fate, birth = run_again(plan, seed, item, level, space, out, at_agent, i)
    if fate == BEARS:
        bear(plan, space, out, at_agent, i, birth)
    return fate, at_agent, i


@inlined
def close(
    plan: Plan, seed: np.uint64, item: Any, level: Any, per_unit: float, sums: Floats, space: Space, out: Out, n: Lane,
    shift: int,
) -> None:  # fmt: skip
    """Close finished sessions, those of lanes 0 .. n - 1, and count them."""
    done, feature = space.done, plan.features[item.feature]
    if feature.p_handoff > 0.0 or feature.p_review > 0.0:
        call_people(plan, seed, item, level, done, sums, out, n)
    else:
        call_nobody(done, n)
    settle(plan, item, level[L_MISSES], per_unit, done, sums, n)
    if out.trace is not None:
        note_end(plan, item, done, out)
    count_sessions(item, done, out, n, shift, True)
