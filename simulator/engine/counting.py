"""What finished sessions add to the tally."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import bits_float, device, float_bits, inlined
from simulator.engine import columns as at
from simulator.engine.columns import LANES, STRIDE
from simulator.engine.lanes import Lane, Lanes, Space
from simulator.engine.layout import (
    N_CAUSES,
    T_AGENTS,
    T_CACHED,
    T_CUT_BY_CALLS,
    T_CUT_BY_COST,
    T_CUT_BY_LIMIT,
    T_FAULTS,
    T_HANDOVERS,
    T_HELD,
    T_INPUT,
    T_OUTPUT,
    T_REPEATS,
    T_REVIEWS,
    T_SESSIONS,
    T_SUCCESSES,
    T_WASTE_UNITS,
    T_WRITTEN,
    Floats,
    Ints,
    Out,
    Plan,
    Table,
)  # fmt: skip
from simulator.engine.tally import (
    BIN_BITS,
    CUT_BY_CALLS,
    CUT_BY_COST,
    CUT_BY_LIMIT,
    LOWEST_EXPONENT,
    MAX_CALLS,
    MAX_DEPTH,
    N_COST_BINS,
)  # fmt: skip

LARGEST_SUM = float(2**62)
NANOS = 1e9
MANTISSA_SHIFT = np.uint64(52 - BIN_BITS)
FIRST_OCTAVE = np.int64((1023 + LOWEST_EXPONENT) << BIN_BITS)
LOWEST_COST = 2.0**LOWEST_EXPONENT
LAST_BIN = float(N_COST_BINS - 1)
MOST_CALLS = float(MAX_CALLS)


@inlined
def count_sessions(item: Any, done: Lanes, out: Out, n: Lane, shift: int, is_full: bool) -> None:
    """Add finished sessions, those of lanes 0 .. n - 1, to the aggregates; session `s` is record s + shift."""
    add_totals(out.totals, done, n, is_full)
    floats = done.floats
    counts, units = out.cost_counts[item.feature], out.cost_units[item.feature]
    for j in range(n):
        index = np.uint64(floats[at.BIN + j])
        counts[index] += 1
        units[index] += np.int64(floats[at.UNITS + j])
    calls_counts = out.calls_counts
    for j in range(n):
        calls_counts[np.uint64(min(floats[at.CALLS + j], MOST_CALLS))] += 1
    count_agents(done, out, n, is_full)
    least, most, most_calls = extremes(floats, n)
    out.extremes[0] = min(out.extremes[0], least)
    out.extremes[1] = max(out.extremes[1], most)
    out.extremes[2] = max(out.extremes[2], min(most_calls, MOST_CALLS))
    if out.records.shape[0] > 0:
        for j in range(n):
            write_record(out.records[np.int64(done.words[at.SESSION + j]) + shift], item, done, j)
    if most >= out.worst[out.worst.shape[0] - 2].cost:
        for j in range(n):
            keep_if_dear(out.worst, item, done, j)


@inlined
def count_agents(done: Lanes, out: Out, n: Lane, is_full: bool) -> None:
    """Count instances; those below the root were counted where they were born."""
    out.depth_agents[0] += n
    if not is_full:
        out.agents_counts[1] += n
        out.extremes[3] = max(out.extremes[3], 1.0)
        return
    most = 0.0
    for j in range(n):
        agents = min(done.floats[at.AGENTS + j], MOST_CALLS)
        out.agents_counts[np.uint64(agents)] += 1
        most = max(most, agents)
    out.extremes[3] = max(out.extremes[3], most)


@inlined
def extremes(floats: Floats, n: Lane) -> tuple[float, float, float]:
    """The least and the greatest cost, and the most calls, by their bits: for numbers from 0 on these are in order."""
    least, most, most_calls = float_bits(np.inf), np.uint64(0), np.uint64(0)
    for j in range(n):
        cost = float_bits(floats[at.COST + j])
        least, most = min(least, cost), max(most, cost)
        most_calls = max(most_calls, float_bits(floats[at.CALLS + j]))
    return bits_float(least), bits_float(most), bits_float(most_calls)


@inlined
def cost_bin(cost: float) -> float:
    """Bin of a session's cost, see ``tally.cost_bin_value``."""
    inside = float(np.int64(float_bits(max(cost, LOWEST_COST)) >> MANTISSA_SHIFT) - FIRST_OCTAVE + np.int64(2))
    bin_of = min(inside, LAST_BIN)
    return 0.0 if cost <= 0.0 else (1.0 if cost < LOWEST_COST else bin_of)


@inlined
def add_totals(totals: Ints, done: Lanes, n: Lane, is_full: bool) -> None:
    """Add tokens and outcomes to the totals."""
    floats = done.floats
    tokens_in = cached = written = tokens_out = agents = successes = waste = np.int64(0)
    unusual = 0.0
    for j in range(n):
        tokens_in += np.int64(floats[at.INPUT + j])
        cached += np.int64(floats[at.CACHED + j])
        written += np.int64(floats[at.WRITTEN + j])
        tokens_out += np.int64(floats[at.OUTPUT + j])
        agents += np.int64(floats[at.AGENTS + j])
        successes += np.int64(floats[at.SUCCESS + j])
        waste += np.int64(floats[at.WASTE + j])
        unusual = max(unusual, fate(done, j) if is_full else floats[at.CUT + j])
    totals[T_INPUT] += tokens_in
    totals[T_CACHED] += cached
    totals[T_WRITTEN] += written
    totals[T_OUTPUT] += tokens_out
    totals[T_SUCCESSES] += successes
    totals[T_WASTE_UNITS] += waste
    totals[T_SESSIONS] += np.int64(n)
    totals[T_AGENTS] += agents
    if unusual > 0.0:
        for j in range(n):
            add_fate(totals, done, j)


@inlined
def fate(done: Lanes, j: Lane) -> float:
    """Whether anything happened to a session that happens to few."""
    floats = done.floats
    by_others = max(floats[at.HANDED_OVER + j], floats[at.REVIEWED + j], float(done.words[at.RUN + j]))
    return max(floats[at.CUT + j], floats[at.HELD + j], by_others)


@inlined
def add_fate(totals: Ints, done: Lanes, j: Lane) -> None:
    """Count what happens to few sessions."""
    floats, cut = done.floats, done.floats[at.CUT + j]
    totals[T_CUT_BY_COST] += np.int64(cut == CUT_BY_COST)
    totals[T_CUT_BY_CALLS] += np.int64(cut == CUT_BY_CALLS)
    totals[T_CUT_BY_LIMIT] += np.int64(cut == CUT_BY_LIMIT)
    totals[T_HELD] += np.int64(floats[at.HELD + j])
    totals[T_REPEATS] += np.int64(done.words[at.RUN + j])
    totals[T_HANDOVERS] += np.int64(floats[at.HANDED_OVER + j])
    totals[T_REVIEWS] += np.int64(floats[at.REVIEWED + j])


@device
def comes_before(a: Any, b: Any) -> bool:
    """Whether record `a` stands before `b` among the dearest: by cost, then by address."""
    if a.cost != b.cost:
        return a.cost > b.cost
    if a.trial != b.trial:
        return a.trial < b.trial
    if a.day != b.day:
        return a.day < b.day
    if a.feature != b.feature:
        return a.feature < b.feature
    return a.session < b.session


@device
def swap(a: Any, b: Any) -> None:
    """Exchange two records."""
    a.trial, b.trial = b.trial, a.trial
    a.day, b.day = b.day, a.day
    a.feature, b.feature = b.feature, a.feature
    a.session, b.session = b.session, a.session
    a.cost, b.cost = b.cost, a.cost
    a.calls, b.calls = b.calls, a.calls
    a.agents, b.agents = b.agents, a.agents
    a.input, b.input = b.input, a.input
    a.cached, b.cached = b.cached, a.cached
    a.written, b.written = b.written, a.written
    a.output, b.output = b.output, a.output
    a.success, b.success = b.success, a.success
    a.cut, b.cut = b.cut, a.cut
    a.held, b.held = b.held, a.held
    a.runs, b.runs = b.runs, a.runs
    a.handed_over, b.handed_over = b.handed_over, a.handed_over
    a.reviewed, b.reviewed = b.reviewed, a.reviewed


@device
def write_record(record: Any, item: Any, done: Lanes, j: Lane) -> None:
    """One session as a row of SESSION_DTYPE."""
    floats = done.floats
    record.trial = item.trial
    record.day = item.day
    record.feature = item.feature
    record.session = np.int64(done.words[at.SESSION + j])
    record.cost = floats[at.COST + j]
    record.calls = np.int64(floats[at.CALLS + j])
    record.agents = np.int64(floats[at.AGENTS + j])
    record.input = np.int64(floats[at.INPUT + j])
    record.cached = np.int64(floats[at.CACHED + j])
    record.written = np.int64(floats[at.WRITTEN + j])
    record.output = np.int64(floats[at.OUTPUT + j])
    record.success = floats[at.SUCCESS + j] > 0.0
    record.cut = np.int64(floats[at.CUT + j])
    record.held = floats[at.HELD + j] > 0.0
    record.runs = np.int64(done.words[at.RUN + j]) + 1
    record.handed_over = floats[at.HANDED_OVER + j] > 0.0
    record.reviewed = floats[at.REVIEWED + j] > 0.0


@device
def keep_if_dear(worst: Table, item: Any, done: Lanes, j: Lane) -> None:
    """Insert the session among the dearest, where it belongs there; the last row of `worst` is spare."""
    place = worst.shape[0] - 1
    if done.floats[at.COST + j] < worst[place - 1].cost:
        return
    write_record(worst[place], item, done, j)
    while place > 0 and comes_before(worst[place], worst[place - 1]):
        swap(worst[place], worst[place - 1])
        place -= 1


@device
def flush(plan: Plan, item: Any, per_unit: float, space: Space, out: Out) -> None:
    """Round the costs of a block of sessions to units, once, and add them to the trial's cells."""
    feature, units = plan.features[item.feature], np.int64(0)
    for slot in range(feature.first_slot, feature.first_slot + feature.n_slots):
        for cause in range(N_CAUSES):
            cost = take_sum(space.sums[slot], cause * STRIDE)
            units += put(item, cost * per_unit, plan.columns[slot, cause], plan.covered[slot, cause], out)
    for row in range(feature.first_tool, feature.first_tool + feature.n_tools):
        cost = take_sum(space.tool_sums[row], 0)
        units += put(item, cost * per_unit, plan.tool_columns[row], plan.tool_covered[row], out)
    out.daily[item.row, item.day, item.feature] += units
    for depth in range(1, space.depth_sums.shape[0]):
        deeper = np.int64(np.rint(min(space.depth_sums[depth] * per_unit, LARGEST_SUM)))
        space.depth_sums[depth] = 0.0
        out.depth_units[min(depth, MAX_DEPTH)] += deeper
        units -= deeper
    out.depth_units[0] += units


@device
def put(item: Any, units: float, column: int, covered: bool, out: Out) -> np.int64:
    """Add money to a cell of the trial, and give how much; a cell that is not there, or too much, is a fault."""
    if units == 0.0:
        return np.int64(0)
    if column < 0 or not abs(units) < LARGEST_SUM:
        out.totals[T_FAULTS] += 1
        return np.int64(0)
    whole = np.int64(np.rint(units))
    out.cells[item.row, column] += whole
    if covered:
        out.covered[item.row, item.day] += whole
    return whole


@device
def take_sum(sums: Floats, first: int) -> float:
    """The sum of a column over its lanes, halves upon halves; the column is 0 afterwards."""
    width = LANES // 2
    while width > 0:
        for i in range(first, first + width):
            sums[i] += sums[i + width]
        width //= 2
    total = sums[first]
    for i in range(first, first + LANES):
        sums[i] = 0.0
    return total
