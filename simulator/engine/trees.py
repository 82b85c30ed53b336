"""How a session walks its tree of agents: down to the next child, and back to the parent."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, inlined
from distributions.streams import child_key, turn_key, uniform, word
from distributions.table import draw
from simulator.engine import lanes as at
from simulator.engine.calls import nearest
from simulator.engine.lanes import Lane, Lanes, Space, move, pool, put_by, travel, waiting
from simulator.engine.layout import L_FANOUT, NO_LAW, Plan
from simulator.engine.opening import open_instances, take_up
from simulator.engine.tally import MAX_CALLS

NOWHERE = -1
FIRST, ONE = np.uint64(0), np.uint64(1)
MOST_CALLS = float(MAX_CALLS)


@device
def walk(plan: Plan, item: Any, levels: Any, space: Space, index: int, i: Lane) -> tuple[int, Lane]:
    """After a turn in lane `i` of an agent's pool: begin its next child, or go back to its parent, or go on.

    Gives the agent and the lane that a session ends in, and NOWHERE for one that goes on.
    """
    rule, left, number = plan.agents[index].first_spawn - 1, FIRST, FIRST
    while True:
        running = pool(space, index)
        if is_cut(running, i):
            running.floats[at.CUT + i] = 1.0
            return index, i
        if running.floats[at.STOPPED + i] == 0.0 and may_spawn(plan, item, running, i):
            rule, left, number = next_children(plan, levels, index, running, i, rule, left, number)
            if left > FIRST:
                descend(plan, item, levels, space, index, i, rule, left, number)
                return NOWHERE, i
        if running.words[at.OVER + i] == FIRST:
            return NOWHERE, i
        if running.words[at.DEPTH + i] == FIRST:
            return index, i
        index, i, rule, left, number = ascend(plan, item, levels, space, index, i)


@inlined
def is_cut(running: Lanes, i: Lane) -> bool:
    """Whether a session has made all the calls that it may, and would go on."""
    words, floats = running.words, running.floats
    goes_on = (words[at.OVER + i] == FIRST) | (words[at.DEPTH + i] > FIRST) | (floats[at.CUT + i] > 0.0)
    return bool((floats[at.CALLS + i] >= MOST_CALLS) & goes_on)


@inlined
def may_spawn(plan: Plan, item: Any, running: Lanes, i: Lane) -> bool:
    """Whether one more child would pass neither of the caps on depth and agents."""
    feature = plan.features[item.feature]
    deeper = np.int64(running.words[at.DEPTH + i]) < feature.most_depth
    return bool(deeper & (running.floats[at.AGENTS + i] < feature.most_agents))


@inlined
def next_children(
    plan: Plan, levels: Any, index: int, running: Lanes, i: Lane, rule: int, left: np.uint64, number: np.uint64
) -> tuple[int, np.uint64, np.uint64]:
    """The rule by which the next child comes, how many of it are left, and how many there were; none left: no more."""
    agent = plan.agents[index]
    last = agent.first_spawn + agent.n_spawns - 1
    while left == FIRST and rule < last:
        rule += 1
        left, number = count_children(plan, levels, running, i, rule), FIRST
    return rule, left, number


@inlined
def count_children(plan: Plan, levels: Any, running: Lanes, i: Lane, rule: int) -> np.uint64:
    """How many children a rule starts after this turn: drawn, scaled, rounded stochastically."""
    spawn, words = plan.spawns[rule], running.words
    if not spawn.per_turn and words[at.TURN + i] > ONE:
        return FIRST
    key, k1 = words[at.KEY + i], words[at.K1 + i]
    drawn = draw(plan.laws, plan.nodes, plan.steps, plan.guide, spawn.count_law, word(key, k1, FIRST, spawn.count))
    count = max(0.0, drawn * levels[L_FANOUT])
    whole = np.floor(count)
    whole += 1.0 if uniform(word(key, k1, FIRST, spawn.rounding)) < count - whole else 0.0
    return np.uint64(np.int64(min(whole, MOST_CALLS)))


@inlined
def descend(
    plan: Plan, item: Any, levels: Any, space: Space, index: int, i: Lane, rule: int, left: np.uint64, number: np.uint64
) -> None:
    """Let the instance wait, and run its next child in its place."""
    running, spawn = pool(space, index), plan.spawns[rule]
    words, home = running.words, running.words[at.HOME + i]
    frames = waiting(space, words[at.DEPTH + i])
    put_by(running, i, frames, home)
    frames.words[at.MODEL + home] = words[at.MODEL + i]
    frames.words[at.AGENT + home] = np.uint64(index)
    frames.words[at.RULE + home] = np.uint64(rule)
    frames.words[at.LEFT + home] = left - ONE
    frames.words[at.NUMBER + home] = number + ONE
    child = space.child
    k0, k1 = child_key(words[at.K0 + i], words[at.K1 + i], words[at.TURN + i], spawn.name_hash, number)
    child.words[at.K0] = k0
    child.words[at.K1] = k1
    open_instances(plan, spawn.agent, levels, child, ONE)
    words[at.DEPTH + i] += ONE
    running.floats[at.AGENTS + i] += 1.0
    to, j = change_pool(space, index, i, spawn.agent)
    take_up(plan, item, levels, spawn.agent, to, j, child, FIRST)


@inlined
def ascend(
    plan: Plan, item: Any, levels: Any, space: Space, index: int, i: Lane
) -> tuple[Any, Lane, Any, np.uint64, np.uint64]:
    """Let the parent go on in its child's place, with the result in its next message.

    Gives the parent's agent and lane, and where it stands among its children, as `next_children` takes it.
    """
    running = pool(space, index)
    running.floats[at.FAILED + i] = max(running.floats[at.FAILED + i], running.floats[at.STOPPED + i])
    running.words[at.DEPTH + i] -= ONE
    home = running.words[at.HOME + i]
    frames = waiting(space, running.words[at.DEPTH + i])
    words = frames.words
    parent: Any = np.int64(words[at.AGENT + home])
    rule: Any = np.int64(words[at.RULE + home])
    left, number = words[at.LEFT + home], words[at.NUMBER + home]
    to, j = change_pool(space, index, i, parent)
    take_up(plan, item, levels, parent, to, j, frames, home)
    key = turn_key(to.words[at.K0 + j], to.words[at.K1 + j], to.words[at.TURN + j])
    to.words[at.KEY + j] = key
    to.words[at.OVER + j] = np.uint64(to.words[at.TURN + j] >= to.words[at.TURNS + j])
    to.floats[at.CUT + j] = 0.0
    spawn = plan.spawns[rule]
    if spawn.result_law != NO_LAW:
        w = word(key, to.words[at.K1 + j], number - ONE, spawn.result)
        to.floats[at.ADDED + j] += nearest(draw(plan.laws, plan.nodes, plan.steps, plan.guide, spawn.result_law, w))
    return parent, j, rule, left, number


@inlined
def change_pool(space: Space, index: int, i: Lane, other: int) -> tuple[Lanes, Lane]:
    """Move a session, all but its instance, to the pool of another agent; the same lane where it is the same agent."""
    running = pool(space, index)
    if index == other:
        return running, i
    to, j = pool(space, other), space.used[other]
    space.used[other] += ONE
    travel(running, i, to, j)
    vacate(space, index, i)
    return to, j


@inlined
def vacate(space: Space, index: int, i: Lane) -> None:
    """Close the gap that a session leaves in a pool."""
    space.used[index] -= ONE
    last = space.used[index]
    if i < last:
        move(pool(space, index), last, i)
