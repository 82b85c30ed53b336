"""Calls of tools after a turn: how many, what they cost, and what their results add to the next message.

The results of all lanes are drawn in one go: every call is an entry of a flat list, which says whose it is.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined, write_four
from distributions.streams import uniform, word
from distributions.table import draw_all
from simulator.engine import columns as at
from simulator.engine.draws import draw_counts, nearest
from simulator.engine.lanes import FEW, FLAT, Lane, Lanes, Space, Words, in_vectors
from simulator.engine.layout import L_TOOL_CALLS, NO_LAW, Floats, Out, Plan
from simulator.engine.tally import CUT_BY_LIMIT, MAX_CALLS
from simulator.engine.trace import E_TOOL
from simulator.engine.tracing import note

FIRST, ONE, ALL, SOME, S32 = np.uint64(0), np.uint64(1), np.uint64(FLAT), np.uint64(FEW), np.uint64(32)
MOST_CALLS = float(MAX_CALLS)
"""Of all tools in a session: as many as it may make of model calls."""


@inlined
def use_tools(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, space: Space, out: Out, n: Lane) -> None:
    """All that the instances of an agent call after the turn that they have taken, unless it was their end."""
    agent = plan.agents[index]
    first_sum = plan.tool_slots[item.feature, index]
    for number in range(agent.n_tools):
        tool, sums = plan.tools[agent.first_tool + number], space.tool_sums[first_sum + number]
        draw_counts(plan, tool.count_law, tool.count, tool.rounding, levels[L_TOOL_CALLS], running, n)
        stop_calling(running, n)
        pay_fees(tool, running, sums, n)
        before = running.floats[at.ADDED]
        if not agent.whole_prompt and tool.result_law != NO_LAW:
            add_results(plan, tool, running, space, n)
        if out.trace is not None:
            note_tools(tool, running, out, index, number, before, n)


@inlined
def stop_calling(running: Lanes, n: Lane) -> None:
    """Instances that have failed call nothing, and a session calls no more than it may: what passes that cuts it."""
    floats = running.floats
    too_many = FIRST
    for i in range(in_vectors(n)):
        count = floats[at.COUNT + i] * (1.0 - floats[at.STOPPED + i]) if i < n else 0.0
        floats[at.COUNT + i] = count
        floats[at.TOOL_CALLS + i] += count
        too_many += np.uint64(floats[at.TOOL_CALLS + i] > MOST_CALLS)
    if too_many == FIRST:
        return
    for i in range(n):
        if floats[at.TOOL_CALLS + i] > MOST_CALLS:
            floats[at.COUNT + i] = min(MOST_CALLS, floats[at.COUNT + i])
            cut(running, i)


@inlined
def cut(running: Lanes, i: Lane) -> None:
    """Cut a session by the hard limit."""
    running.floats[at.CUT + i] = CUT_BY_LIMIT
    running.floats[at.STOPPED + i] = 1.0
    running.words[at.OVER + i] = ONE


@inlined
def pay_fees(tool: Any, running: Lanes, sums: Floats, n: Lane) -> None:
    """Pay every invocation, those that fail too; a failure that costs nothing changes nothing."""
    floats, fee = running.floats, tool.fee
    if fee == 0.0:
        return
    for i in range(in_vectors(n)):
        floats[at.COST + i] += floats[at.COUNT + i] * fee
        sums[i] += floats[at.COUNT + i] * fee
    if tool.p_fails > 0.0:
        for i in range(n):
            again = count_failures(tool, running, i)
            floats[at.COST + i] += again * fee
            sums[i] += again * fee
            floats[at.TOOL_CALLS + i] += again
            if floats[at.TOOL_CALLS + i] > MOST_CALLS:
                cut(running, i)


@inlined
def count_failures(tool: Any, running: Lanes, i: Lane) -> float:
    """Invocations that failed and were made again, as many as a session may make."""
    words, again = running.words, 0.0
    for number in range(np.uint64(np.int64(running.floats[at.COUNT + i]))):
        attempt = ONE
        while (
            attempt < tool.max_attempts
            and again <= MOST_CALLS
            and (
                uniform(word(words[at.KEY + i], words[at.K1 + i], number | (attempt << S32), tool.failure))
                < tool.p_fails
            )
        ):
            attempt += ONE
            again += 1.0
    return again


@inlined
def add_results(plan: Plan, tool: Any, running: Lanes, space: Space, n: Lane) -> None:
    """Add the tokens of all results to the next messages; where there is none, nothing is drawn."""
    words, floats, flat = running.words, running.floats, space.flat_words
    lanes, drawn, keys, halves = flat[0], flat[1], flat[2], flat[3]
    for i in range(in_vectors(n)):
        words[at.WORD + i] = np.uint64(np.int64(floats[at.COUNT + i])) * (ONE - words[at.OVER + i])
    lane = number = FIRST
    while lane < n:
        lane, number, listed = list_calls(words, flat, lane, number, n)
        wide = in_vectors(listed)
        for k in range(wide):
            drawn[k] = word(keys[k], halves[k], k - drawn[k], tool.result)
        tokens = space.flat_tokens[:wide]
        draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, tool.result_law, drawn[:wide], tokens)
        for k in range(wide):
            tokens[k] = nearest(tokens[k])
        for k in range(listed):
            floats[at.ADDED + lanes[k]] += tokens[k]


@inlined
def list_calls(
    words: Words, flat: Any, i: np.uint64, number: np.uint64, n: Lane
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """List calls, from call `number` of lane `i` on, as many as there is room for.

    Of each the lane, where the first call of that lane is or would be, and its keys. Gives the call to go on with, and
    how many are listed. The first few of a lane are listed whether it makes them or
    not, and the next lane writes over those it does not make: so hardly any branch surprises the processor.
    """
    lanes, starts, keys, halves = flat[0], flat[1], flat[2], flat[3]
    listed = FIRST
    while i < n and listed < ALL:
        calls, key, half = words[at.WORD + i], words[at.KEY + i], words[at.K1 + i]
        start = listed - number
        write_four(lanes, listed, i)
        write_four(starts, listed, start)
        write_four(keys, listed, key)
        write_four(halves, listed, half)
        if number == FIRST and calls <= SOME:
            listed += calls
            i += ONE
            continue
        while number < calls and listed < ALL:
            lanes[listed] = i
            starts[listed] = start
            keys[listed] = key
            halves[listed] = half
            listed += ONE
            number += ONE
        if number == calls:
            i += ONE
            number = FIRST
    return i, number, listed


@inlined
def note_tools(tool: Any, running: Lanes, out: Out, index: int, number: int, before: float, n: Lane) -> None:
    """Write down the calls of a tool; a session whose events are written runs alone, in the first lane."""
    for i in range(n):
        if running.floats[at.COUNT + i] > 0.0:
            row = note(out.trace, out.totals, E_TOOL, index, running, i)
            row.detail = number
            row.count = np.int64(running.floats[at.COUNT + i])
            row.added = np.int64(running.floats[at.ADDED] - before)
            row.attempt = np.int64(count_failures(tool, running, i)) if tool.p_fails > 0.0 else 0
