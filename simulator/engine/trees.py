"""How a session walks its tree of agents after a turn: to its children, to its validator, back to its parent, on.

An instance waits in its frame while another runs in its place. What it waits for is a rule by which it spawns (a row of
``Plan.spawns``), or a validator of its turn or of its whole run.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined
from distributions.streams import name_hash, turn_key, uniform, word
from distributions.table import draw, middle, share_of_nothing
from simulator.engine import columns as at
from simulator.engine.births import Birth, account, change_pool, put_by
from simulator.engine.draws import draw_count, draw_counts, nearest
from simulator.engine.lanes import Lane, Lanes, Space, in_vectors, pool, waiting
from simulator.engine.layout import (
    CHECKED_BY_RUN,
    CHECKED_BY_TURN,
    L_FANOUT,
    NO_LAW,
    Out,
    Plan,
)  # fmt: skip
from simulator.engine.opening import take_up
from simulator.engine.trace import (
    E_HELD,
    E_RESULT,
    E_VERDICT,
    FROM_CHECK,
    FROM_REJECTION,
    FROM_TURN_CHECK,
)  # fmt: skip
from simulator.engine.tracing import note

MOST_CHILDREN, NOT_DRAWN = 2.0**62, -1.0
NO_AGENT = np.int64(-1)
FIRST, ONE, S32 = np.uint64(0), np.uint64(1), np.uint64(32)
TURN_CHECK, RUN_CHECK = np.uint64(2**64 - 1), np.uint64(2**64 - 2)
BY_CHECK, BY_TURN_CHECK, BY_REJECTION = (
    np.uint64(2**64 + code) for code in (FROM_CHECK, FROM_TURN_CHECK, FROM_REJECTION)
)
REJECTS, VALIDATOR, ANEW = name_hash("\0rejection"), name_hash("\0validator"), name_hash("\0anew")

CHILDREN, TURN_DONE, TURN_APPROVED, RUN_APPROVED, REJECTED = range(5)
"""Where an instance stands after a turn."""
GOES_ON, ENDS, BEARS = range(3)
"""What a session does next: another turn, nothing, or an instance is born."""


@inlined
def nobody() -> Birth:
    """No birth."""
    return Birth(NO_AGENT, FIRST, FIRST, FIRST, FIRST, FIRST, FIRST, FIRST, 0.0, FIRST)


@inlined
def walk(
    plan: Plan, item: Any, levels: Any, space: Space, out: Out, index: int, i: Lane
) -> tuple[int, int, Lane, Birth]:
    """After a turn in lane `i` of an agent's pool: do what follows, up to the next turn of whoever takes one.

    Gives what the session does next, the agent and the lane in which it stands, and what is born.
    """
    rule: Any = plan.agents[index].first_spawn - 1
    stage, left, number = CHILDREN, FIRST, FIRST
    while True:
        running, agent = pool(space, index), plan.agents[index]
        if running.floats[at.CUT + i] > 0.0:
            return ENDS, index, i, nobody()
        if stage == CHILDREN:
            if running.floats[at.STOPPED + i] == 0.0:
                rule, left, number = next_children(plan, item, levels, space, index, out, i, rule, left, number)
            stage = TURN_DONE
        is_checked = left == FIRST and stage == TURN_DONE and agent.check == CHECKED_BY_TURN
        reason = np.uint64(rule) if left > FIRST else TURN_CHECK
        if left == FIRST and not is_checked and stage <= TURN_APPROVED:
            if agent.check == CHECKED_BY_TURN:
                running.words[at.LOOP + i] = FIRST
            if running.words[at.OVER + i] == FIRST:
                return GOES_ON, index, i, nobody()
            is_checked, reason = agent.check == CHECKED_BY_RUN, RUN_CHECK
        if left > FIRST or is_checked:
            put_by(plan, space, index, i, reason, left - ONE, number + ONE)
            return BEARS, index, i, below(plan, index, running, i, reason, number)
        if running.words[at.DEPTH + i] == FIRST:
            return ENDS, index, i, nobody()
        index, i, stage, rule, left, number, birth = ascend(plan, item, levels, space, out, index, i)
        if stage == REJECTED:
            return (BEARS if birth.name == ANEW else GOES_ON), index, i, birth


@inlined
def below(plan: Plan, index: int, running: Lanes, i: Lane, reason: np.uint64, number: np.uint64) -> Birth:
    """The child or validator of the instance in lane `i` that is born now."""
    agent, words = plan.agents[index], running.words
    turn, deeper = words[at.TURN + i], words[at.DEPTH + i] + ONE
    if agent.check == CHECKED_BY_TURN:
        turn |= words[at.LOOP + i] << S32
    k0, k1, given = words[at.K0 + i], words[at.K1 + i], running.floats[at.PUT_OUT + i]
    if reason >= RUN_CHECK:
        origin = BY_TURN_CHECK if reason == TURN_CHECK else BY_CHECK
        return Birth(agent.validator, deeper, k0, k1, turn, VALIDATOR, FIRST, FIRST, given, origin)
    spawn, origin = plan.spawns[reason], reason - np.uint64(agent.first_spawn)
    return Birth(spawn.agent, deeper, k0, k1, turn, spawn.name_hash, number, FIRST, 0.0, origin)


@inlined
def list_busy(plan: Plan, levels: Any, index: int, running: Lanes, n: Lane, listed: Any) -> np.uint64:
    """List the lanes in which something follows the turn that they have taken, the last one first; gives how many."""
    agent, words, floats = plan.agents[index], running.words, running.floats
    always = 1.0 if agent.check == CHECKED_BY_TURN else 0.0
    for i in range(in_vectors(n)):
        floats[at.BUSY + i] = max(always, float(words[at.OVER + i]))
    for rule in range(agent.first_spawn, agent.first_spawn + agent.n_spawns):
        mark_parents(plan, plan.spawns[rule], levels[L_FANOUT], running, n)
    found = FIRST
    for b in range(n):
        last = n - ONE - b
        listed[found] = last
        found += np.uint64(floats[at.BUSY + last] > 0.0)
    return found


@inlined
def mark_parents(plan: Plan, spawn: Any, factor: float, running: Lanes, n: Lane) -> None:
    """Mark the lanes in which a rule starts children, or may: few do, and how many they are is drawn later."""
    words, floats = running.words, running.floats
    if not spawn.per_turn:
        for i in range(in_vectors(n)):
            floats[at.BUSY + i] = max(floats[at.BUSY + i], 1.0 if words[at.TURN + i] == ONE else 0.0)
        return
    share = share_of_nothing(plan.laws, plan.steps, spawn.count_law)
    if share < 0.0:
        draw_counts(plan, spawn.count_law, spawn.count, spawn.rounding, factor, running, n)
    else:
        for i in range(in_vectors(n)):
            u = middle(word(words[at.KEY + i], words[at.K1 + i], FIRST, spawn.count))
            floats[at.COUNT + i] = NOT_DRAWN if u > share else 0.0
    for i in range(in_vectors(n)):
        floats[at.BUSY + i] = max(floats[at.BUSY + i], 1.0 if floats[at.COUNT + i] != 0.0 else 0.0)


@inlined
def next_children(
    plan: Plan, item: Any, levels: Any, space: Space, index: int, out: Out, i: Lane,
    rule: int, left: np.uint64, number: np.uint64,
) -> tuple[int, np.uint64, np.uint64]:  # fmt: skip
    """The rule by which the next child comes, how many of it are left, and how many there were; none left: no more.

    Children that would pass a cap, on depth or on agents, do not start.
    """
    agent, feature, running = plan.agents[index], plan.features[item.feature], pool(space, index)
    homes, home = space.homes.floats, running.words[at.HOME + i]
    deeper = np.int64(running.words[at.DEPTH + i]) < feature.most_depth
    may = deeper and homes[at.AGENTS + home] < feature.most_agents
    last = agent.first_spawn + agent.n_spawns - 1
    while True:
        if left > FIRST and not may:
            homes[at.HELD + home] = 1.0
            if out.trace is not None:
                row = note(out.trace, out.totals, E_HELD, index, running, i)
                row.detail = rule - agent.first_spawn
                row.count = np.int64(left)
            left = FIRST
        if left > FIRST or rule >= last:
            return rule, left, number
        rule += 1
        left, number = count_children(plan, levels, index, running, i, rule), FIRST


@inlined
def count_children(plan: Plan, levels: Any, index: int, running: Lanes, i: Lane, rule: int) -> np.uint64:
    """How many children a rule starts after this turn; where it is the only one, COUNT may know already."""
    agent, spawn, words = plan.agents[index], plan.spawns[rule], running.words
    if not spawn.per_turn and words[at.TURN + i] > ONE:
        return FIRST
    if spawn.per_turn and agent.n_spawns == 1 and running.floats[at.COUNT + i] != NOT_DRAWN:
        return np.uint64(np.int64(min(running.floats[at.COUNT + i], MOST_CHILDREN)))
    count = draw_count(plan, spawn.count_law, spawn.count, spawn.rounding, levels[L_FANOUT], words, i)
    return np.uint64(np.int64(min(count, MOST_CHILDREN)))


@inlined
def ascend(
    plan: Plan, item: Any, levels: Any, space: Space, out: Out, index: int, i: Lane
) -> tuple[Any, Lane, int, Any, np.uint64, np.uint64, Birth]:
    """End the instance in lane `i`, and let the one that waits for it go on.

    Gives that one's agent and lane; where it stands: its stage, and among its children as `next_children` takes it; and
    who is born where its work is rejected.
    """
    running = pool(space, index)
    home, homes = running.words[at.HOME + i], space.homes.floats
    homes[at.FAILED + home] = max(homes[at.FAILED + home], running.floats[at.STOPPED + i])
    running.floats[at.STOPPED + i] = 0.0
    account(space, running, i)
    running.words[at.DEPTH + i] -= ONE
    frames = waiting(space, running.words[at.DEPTH + i])
    parent: Any = np.int64(frames.words[at.AGENT + home])
    reason, left, number = frames.words[at.RULE + home], frames.words[at.LEFT + home], frames.words[at.NUMBER + home]
    rule: Any = np.int64(reason)
    if reason == RUN_CHECK:
        stage, birth = judge_run(plan, space, out, parent, frames, home, running, i)
        return index, i, stage, rule, FIRST, FIRST, birth
    to, j = change_pool(plan, space, index, i, parent)
    take_up(plan, item, levels, parent, to, j, frames, home)
    words, turn = to.words, to.words[at.TURN + j]
    if plan.agents[parent].check == CHECKED_BY_TURN:
        turn |= words[at.LOOP + j] << S32
    words[at.KEY + j] = turn_key(words[at.K0 + j], words[at.K1 + j], turn)
    over = (words[at.TURN + j] >= words[at.TURNS + j]) | (to.floats[at.STOPPED + j] > 0.0)
    words[at.OVER + j] = np.uint64(over)
    if reason == TURN_CHECK:
        return parent, j, judge_turn(plan, out, parent, to, j), rule, FIRST, FIRST, nobody()
    take_result(plan, out, parent, to, j, rule, number - ONE)
    return parent, j, CHILDREN, rule, left, number, nobody()


@inlined
def take_result(plan: Plan, out: Out, parent: int, to: Lanes, j: Lane, rule: int, number: np.uint64) -> None:
    """Add what a child comes back with to its parent's next message."""
    spawn, words = plan.spawns[rule], to.words
    if spawn.result_law == NO_LAW:
        return
    w = word(words[at.KEY + j], words[at.K1 + j], number, spawn.result)
    tokens = nearest(draw(plan.laws, plan.nodes, plan.steps, plan.guide, spawn.result_law, w))
    to.floats[at.ADDED + j] += tokens
    if out.trace is not None:
        row = note(out.trace, out.totals, E_RESULT, parent, to, j)
        row.detail = rule - plan.agents[parent].first_spawn
        row.added = np.int64(tokens)


@inlined
def judge_turn(plan: Plan, out: Out, index: int, running: Lanes, i: Lane) -> int:
    """What a validator says of a turn: approved, or taken back and done anew."""
    agent, words, floats = plan.agents[index], running.words, running.floats
    u = uniform(word(words[at.KEY + i], words[at.K1 + i], FIRST, REJECTS))
    rejected = (u < agent.p_rejects) & (words[at.LOOP + i] < agent.max_loops) & (floats[at.STOPPED + i] == 0.0)
    note_verdict(out, index, running, i, rejected, words[at.LOOP + i])
    if not rejected:
        return TURN_APPROVED
    words[at.LOOP + i] += ONE
    words[at.TURN + i] -= ONE
    floats[at.HISTORY + i] = floats[at.HISTORY_BEFORE + i]
    floats[at.ADDED + i] = floats[at.ADDED_BEFORE + i]
    return REJECTED


@inlined
def judge_run(
    plan: Plan, space: Space, out: Out, checked: Any, frames: Lanes, home: np.uint64, running: Lanes, i: Lane
) -> tuple[int, Birth]:
    """What a validator says of a whole run: approved, or an instance is born that does it anew."""
    agent, words, homes = plan.agents[checked], frames.words, space.homes.floats
    k0, k1, loop = words[at.K0 + home], words[at.K1 + home], words[at.LOOP + home]
    homes[at.FAILED + home] = max(homes[at.FAILED + home], frames.floats[at.STOPPED + home])
    u = uniform(word(turn_key(k0, k1, FIRST), k1, FIRST, REJECTS))
    rejected = (u < agent.p_rejects) & (loop < agent.max_loops)
    note_verdict(out, checked, running, i, rejected, loop)
    if not rejected:
        return RUN_APPROVED, nobody()
    given, depth = frames.floats[at.GIVEN + home], running.words[at.DEPTH + i]
    return REJECTED, Birth(checked, depth, k0, k1, FIRST, ANEW, loop, loop + ONE, given, BY_REJECTION)


@inlined
def note_verdict(out: Out, index: int, running: Lanes, i: Lane, rejected: bool, loop: np.uint64) -> None:
    """Write down what a validator says."""
    if out.trace is not None:
        row = note(out.trace, out.totals, E_VERDICT, index, running, i)
        row.detail = 1 if rejected else 0
        row.count = np.int64(loop) + 1
