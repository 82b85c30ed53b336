"""What finished sessions add to the tally."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import bits_float, device, float_bits, inlined
from simulator.engine import lanes as at
from simulator.engine.lanes import LANES, STRIDE, Lane, Lanes
from simulator.engine.layout import L_PRICE, N_CAUSES, OVERHEADS, Floats, Ints, Out, Plan, Table
from simulator.engine.tally import BIN_BITS, CUT_BY_LIMIT, LOWEST_EXPONENT, MAX_CALLS, N_COST_BINS, UNCUT

(
    T_INPUT, T_CACHED, T_WRITTEN, T_OUTPUT,
    T_SESSIONS, T_SUCCESSES, T_CUT_BY_COST, T_CUT_BY_CALLS, T_CUT_BY_LIMIT, T_HELD, T_REPEATS, T_HANDOVERS, T_REVIEWS,
    T_AGENTS, T_WASTE, T_FAULTS,
) = range(16)  # fmt: skip

LARGEST_SUM = float(2**62)
NANOS = 1e9
MANTISSA_SHIFT = np.uint64(52 - BIN_BITS)
FIRST_OCTAVE = np.int64((1023 + LOWEST_EXPONENT) << BIN_BITS)
LOWEST_COST = 2.0**LOWEST_EXPONENT
LAST_BIN = float(N_COST_BINS - 1)
MOST_CALLS = float(MAX_CALLS)


@inlined
def count_sessions(
    plan: Plan, item: Any, levels: Any, per_unit: float, done: Lanes, sums: Floats, out: Out, n: Lane, shift: int
) -> None:
    """Add finished sessions, those of lanes 0 .. n - 1, to the aggregates; session `s` is record s + shift."""
    settle(plan, item, levels[L_PRICE], per_unit, done, sums, n)
    add_totals(out.totals, done, n)
    floats = done.floats
    counts, units = out.cost_counts[item.feature], out.cost_units[item.feature]
    for j in range(n):
        index = np.uint64(floats[at.BIN + j])
        counts[index] += 1
        units[index] += np.int64(floats[at.UNITS + j])
    calls_counts = out.calls_counts
    for j in range(n):
        calls_counts[np.uint64(min(floats[at.CALLS + j], MOST_CALLS))] += 1
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
def extremes(floats: Floats, n: Lane) -> tuple[float, float, float]:
    """The least and the greatest cost, and the most calls, by their bits: for numbers from 0 on these are in order."""
    least, most, most_calls = float_bits(np.inf), np.uint64(0), np.uint64(0)
    for j in range(n):
        cost = float_bits(floats[at.COST + j])
        least, most = min(least, cost), max(most, cost)
        most_calls = max(most_calls, float_bits(floats[at.CALLS + j]))
    return bits_float(least), bits_float(most), bits_float(most_calls)


@inlined
def settle(plan: Plan, item: Any, price: float, per_unit: float, done: Lanes, sums: Floats, n: Lane) -> None:
    """Add what a session as a whole costs, and say what it came to: cost, waste, success."""
    feature, floats = plan.features[item.feature], done.floats
    per_session, per_call = feature.overhead_per_session, feature.overhead_per_call
    for j in range(n):
        overheads = per_session + per_call * floats[at.CALLS + j]
        sums[at.FOR_OVERHEADS + j] += overheads
        # Whole nanos, so that two sessions of the same calls cost the same whatever their sums left in the last digits.
        cost = np.rint((floats[at.COST + j] * price + overheads) * NANOS) / NANOS
        units = np.rint(cost * per_unit)
        success = floats[at.LUCKY + j] * (1.0 - max(floats[at.FAILED + j], floats[at.CUT + j]))
        floats[at.COST + j] = cost
        floats[at.UNITS + j] = units
        floats[at.SUCCESS + j] = success
        floats[at.WASTE + j] = np.rint(floats[at.RETRIES + j] * price * per_unit) if success > 0.0 else units
        floats[at.BIN + j] = cost_bin(cost)


@inlined
def cost_bin(cost: float) -> float:
    """Bin of a session's cost, see ``tally.cost_bin_value``."""
    inside = float(np.int64(float_bits(max(cost, LOWEST_COST)) >> MANTISSA_SHIFT) - FIRST_OCTAVE + np.int64(2))
    bin_of = min(inside, LAST_BIN)
    return 0.0 if cost <= 0.0 else (1.0 if cost < LOWEST_COST else bin_of)


@inlined
def add_totals(totals: Ints, done: Lanes, n: Lane) -> None:
    """Add tokens and outcomes to the totals."""
    floats = done.floats
    tokens_in = cached = written = tokens_out = agents = successes = cut = waste = np.int64(0)
    for j in range(n):
        tokens_in += np.int64(floats[at.INPUT + j])
        cached += np.int64(floats[at.CACHED + j])
        written += np.int64(floats[at.WRITTEN + j])
        tokens_out += np.int64(floats[at.OUTPUT + j])
        agents += np.int64(floats[at.AGENTS + j])
        successes += np.int64(floats[at.SUCCESS + j])
        cut += np.int64(floats[at.CUT + j])
        waste += np.int64(floats[at.WASTE + j])
    totals[T_INPUT] += tokens_in
    totals[T_CACHED] += cached
    totals[T_WRITTEN] += written
    totals[T_OUTPUT] += tokens_out
    totals[T_SUCCESSES] += successes
    totals[T_CUT_BY_LIMIT] += cut
    totals[T_WASTE] += waste
    totals[T_SESSIONS] += np.int64(n)
    totals[T_AGENTS] += agents


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
    record.cut = CUT_BY_LIMIT if floats[at.CUT + j] > 0.0 else UNCUT
    record.held = False
    record.runs = 1
    record.handed_over = False
    record.reviewed = False


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
def flush(plan: Plan, item: Any, price: float, per_unit: float, sums: Floats, out: Out) -> None:
    """Round the costs of a block of sessions to units, once, and add them to the trial's cells."""
    first = plan.features[item.feature].first_slot
    for slot in range(first, first + plan.features[item.feature].n_slots):
        for cause in range(N_CAUSES):
            cost = take_sum(sums[slot], cause * STRIDE)
            if cost == 0.0:
                continue
            scaled = cost * per_unit * (1.0 if cause == OVERHEADS else price)
            if plan.columns[slot, cause] < 0 or not abs(scaled) < LARGEST_SUM:
                out.totals[T_FAULTS] += 1
                continue
            units = np.int64(np.rint(scaled))
            out.cells[item.row, plan.columns[slot, cause]] += units
            out.daily[item.row, item.day, item.feature] += units
            if plan.covered[slot, cause]:
                out.covered[item.row, item.day] += units


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
