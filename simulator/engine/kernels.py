"""The compiled simulation of sessions: charge < call < turn < agent < session < block.

Kernels see arrays and scalars only. Tokens are whole numbers held in float64, so that no conversion stands in the inner
loop; money is in the scenario's currency before ``m.price``, which multiplies all model spend and is applied once a
session. A session walks a stack of agent instances; each turn's random numbers come from the instance's key by meaning
(``distributions/streams.py``), so nothing that is left out or added shifts another draw.

What stands in the innermost loop is inlined, and running sums live in memory (`costs`, `state`, the frame): they don't
fit the registers anyway, and passing a plan on the stack costs more than the work that is done with it.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, float_bits, inlined, kernel
from distributions.streams import name_hash, session_key, turn_key, uniform, word
from distributions.table import draw
from simulator.engine.layout import COMPACT, FAIL, N_CAUSES, NO_LAW, OVERHEADS, SUM_BLOCK, Floats, Out, Plan, Table
from simulator.engine.tally import BIN_BITS, HIGHEST_EXPONENT, LOWEST_EXPONENT, MAX_CALLS, N_COST_BINS

MODEL, SYSTEM, TURNS, SUCCESS = (name_hash(p) for p in ("model", "system_tokens", "turns", "success"))
MESSAGE, RETRIEVED, OUTPUT, REASONING = (
    name_hash(p) for p in ("message_tokens", "retrieved_tokens", "output_tokens", "reasoning_tokens")
)
FAILS, KIND, HIT, ROUND = (name_hash(p) for p in ("failure", "failure_kind", "cache_hit", "stochastic_rounding"))

# Positions in a row of levels: those of scenarios.schema.DRIVERS, held to it by a test.
L_TURNS, L_MESSAGE, L_OUTPUT, L_CONTEXT, L_FAILURE, L_CACHE_HIT, L_MISSES, L_PRICE = 1, 2, 3, 4, 6, 7, 9, 11
C_SYSTEM, C_MESSAGE, C_RETRIEVAL, C_HISTORY, C_OUTPUT, C_REASONING, C_RETRIES, C_COMPACTION = range(8)
T_INPUT, T_CACHED, T_WRITTEN, T_OUTPUT, T_SESSIONS, T_SUCCESSES, T_CUT, T_AGENTS, T_WASTE, T_FAULTS = range(10)

SERVED, LOST, SPOILED = 0, 1, 2  # a call's outcome: an answer, a provider failure, a quality failure

LARGEST_SUM = float(2**62)
NANOS = 1e9
FIRST, ONE = np.uint64(0), np.uint64(1)
MANTISSA_SHIFT = np.uint64(52 - BIN_BITS)
FIRST_OCTAVE = np.int64((1023 + LOWEST_EXPONENT) << BIN_BITS)
LOWEST_COST = 2.0**LOWEST_EXPONENT
HIGHEST_COST = 2.0**HIGHEST_EXPONENT


@inlined
def nearest(tokens: float) -> float:
    """A scaled draw as a whole number of tokens, at least 0."""
    return max(0.0, np.floor(tokens + 0.5))


@inlined
def draw_tokens(plan: Plan, law: int, key: np.uint64, k1: np.uint64, purpose: np.uint64, factor: float) -> float:
    """Tokens of one law in one turn: drawn, scaled, rounded."""
    if law == NO_LAW:
        return 0.0
    w = word(key, k1, FIRST, purpose)
    return nearest(draw(plan.laws, plan.nodes, plan.steps, plan.guide, law, w) * factor)


@inlined
def tier_of(tiers: Table, card: int, prompt: float) -> Any:
    """The tier of a card that prices a call of this prompt: the last whose threshold the prompt passes."""
    row = np.uint64(card)
    while tiers[row].more and prompt > tiers[row + ONE].above:
        row += ONE
    return tiers[row]


@device
def choose_model(choices: Table, agent: Any, key: np.uint64, k1: np.uint64) -> int:
    """The model of an agent instance, drawn by share; the last one takes what rounding leaves."""
    row = agent.first_choice
    last = row + agent.n_choices - 1
    if row < last:
        u = uniform(word(key, k1, FIRST, MODEL))
        while row < last and u >= choices[row].p_below:
            row += 1
    return choices[row].model


@inlined
def draw_turns(plan: Plan, law: int, key: np.uint64, k1: np.uint64, factor: float) -> float:
    """Number of turns of an instance: drawn, scaled, rounded stochastically, at least 1."""
    turns = draw(plan.laws, plan.nodes, plan.steps, plan.guide, law, word(key, k1, FIRST, TURNS)) * factor
    whole = np.floor(turns)
    if turns > whole:
        whole += uniform(word(key, k1, FIRST, ROUND)) < turns - whole
    return max(1.0, whole)


@inlined
def open_instance(
    plan: Plan, frame: Any, feature: int, index: int, k0: np.uint64, k1: np.uint64, day: int, levels: Any
) -> None:
    """Put an agent instance on the stack: its model, its system prompt, its number of turns, its chances today."""
    agent = plan.agents[index]
    key = turn_key(k0, k1, FIRST)
    model = choose_model(plan.choices, agent, key, k1)
    frame.k0 = k0
    frame.k1 = k1
    frame.agent = index
    frame.model = model
    frame.slot = plan.slots[feature, index]
    frame.card = plan.cards[model, day]
    frame.turn = 0
    frame.turns = draw_turns(plan, agent.turns_law, key, k1, levels[L_TURNS])
    frame.system = draw_tokens(plan, agent.system_law, key, k1, SYSTEM, levels[L_CONTEXT])
    frame.history = 0.0
    frame.sent = 0.0
    frame.limit = agent.limit_tokens if agent.limit_tokens > 0.0 else plan.windows[model]
    frame.cold = True
    frame.p_fails = min(1.0, plan.failure_rates[index, model] * levels[L_FAILURE])
    frame.p_first_hit = min(1.0, agent.p_first_hit * levels[L_CACHE_HIT])
    frame.p_hit = min(1.0, agent.p_hit * levels[L_CACHE_HIT])


@device
def compact(plan: Plan, agent: Any, frame: Any, state: Any, costs: Floats, day: int) -> None:
    """Sum up the context in an extra call, of which nothing is read from a cache or written to one."""
    tokens = frame.system + frame.history
    tier = tier_of(plan.tiers, frame.card, tokens)
    cost = tokens * tier.input + agent.summary_tokens * tier.output + tier.fee
    costs[C_COMPACTION] += cost
    state.cost += cost
    state.calls += 1
    state.input += tokens
    state.output += agent.summary_tokens
    frame.history = agent.summary_tokens


@inlined
def charge(costs: Floats, frame: Any, tier: Any, price: float, cached: float, pending: float, found: float) -> None:
    """Charge a first attempt's prompt to its parts; the cached prefix covers system first, then history."""
    saving = price - tier.cached
    of_system = min(cached, frame.system)
    of_history = min(cached - of_system, frame.history)
    costs[C_SYSTEM] += frame.system * price - of_system * saving
    costs[C_HISTORY] += frame.history * price - of_history * saving
    costs[C_MESSAGE] += pending * price - (cached - of_system - of_history) * saving
    costs[C_RETRIEVAL] += found * price


@inlined
def read_from_cache(
    agent: Any, frame: Any, key: np.uint64, r: np.uint64, asked: float, readable: float, factor: float
) -> float:
    """Tokens of a prompt to the agent's own model that are read from the cache."""
    if agent.whole_prompt:
        return nearest(asked * min(1.0, agent.cached_share * factor))
    if not agent.caching:
        return 0.0
    p_hit = frame.p_first_hit if frame.cold else frame.p_hit
    return readable * np.float64(uniform(word(key, frame.k1, r, HIT)) < p_hit)  # a branch would be guessed wrong


@inlined
def call(
    plan: Plan, agent: Any, frame: Any, state: Any, costs: Floats, day: int, levels: Any, key: np.uint64,
    attempt: int, readable: float, pending: float, found: float, out: float, think: float,
) -> int:  # fmt: skip
    """One attempt at a turn: whether it fails, what it reads, what is billed. Gives its outcome."""
    r = np.uint64(attempt)
    own = attempt < agent.fallback_after
    p_fails = frame.p_fails
    if not own:
        p_fails = min(1.0, plan.failure_rates[frame.agent, agent.fallback_model] * levels[L_FAILURE])
    state.calls += 1
    outcome = SERVED
    if p_fails > 0.0 and uniform(word(key, frame.k1, r, FAILS)) < p_fails:
        outcome = SPOILED if uniform(word(key, frame.k1, r, KIND)) < agent.p_quality else LOST
        if outcome == LOST and not agent.bills_failed_input:
            return outcome
    asked = frame.system + frame.history + pending + found + attempt * agent.added_tokens
    tier = tier_of(plan.tiers, frame.card if own else plan.cards[agent.fallback_model, day], asked)
    cached = read_from_cache(agent, frame, key, r, asked, readable, levels[L_CACHE_HIT]) if own else 0.0
    price = tier.write if agent.caching else tier.input
    if agent.caching and tier.writes:
        state.written += asked - cached
    spoken = 0.0 if outcome == LOST else out
    thought = 0.0 if outcome == LOST else think
    cost = asked * price - cached * (price - tier.cached) + (spoken + thought) * tier.output + tier.fee
    state.cost += cost
    state.input += asked
    state.cached += cached
    state.output += spoken + thought
    if attempt == 0:
        charge(costs, frame, tier, price, cached, pending, found)
        costs[C_OUTPUT] += spoken * tier.output + tier.fee
        costs[C_REASONING] += thought * tier.output
    else:
        costs[C_RETRIES] += cost
        state.retries += cost
    if outcome != LOST:
        frame.cold = False
    return outcome


@inlined
def run_turn(plan: Plan, agent: Any, frame: Any, state: Any, costs: Floats, day: int, levels: Any) -> bool:
    """The next turn of an instance. Gives whether the instance goes on."""
    frame.turn += 1
    key = turn_key(frame.k0, frame.k1, np.uint64(frame.turn))
    scale = levels[L_CONTEXT] if agent.whole_prompt else levels[L_MESSAGE]
    pending = draw_tokens(plan, agent.message_law, key, frame.k1, MESSAGE, scale)
    found = draw_tokens(plan, agent.retrieved_law, key, frame.k1, RETRIEVED, 1.0)
    readable = frame.system if frame.cold else min(frame.system + frame.history, frame.sent)
    if frame.system + frame.history + pending + found > frame.limit:
        if agent.overflow == FAIL:
            return False
        if agent.overflow == COMPACT:
            compact(plan, agent, frame, state, costs, day)
        else:
            frame.history = max(0.0, frame.limit - frame.system - pending - found)
        readable = frame.system
    out = draw_tokens(plan, agent.output_law, key, frame.k1, OUTPUT, levels[L_OUTPUT])
    out = min(out, agent.max_output_tokens)
    think = draw_tokens(plan, agent.reasoning_law, key, frame.k1, REASONING, 1.0)
    goes_on = agent.goes_on
    for attempt in range(agent.max_attempts):
        outcome = call(
            plan, agent, frame, state, costs, day, levels, key, attempt, readable, pending, found, out, think
        )
        if outcome == SERVED:
            goes_on = True
            break
        if outcome == SPOILED and attempt < agent.fallback_after:
            readable = frame.system + frame.history + pending + found + attempt * agent.added_tokens
    carried = found if agent.carry_retrieved else 0.0
    frame.sent = frame.system + frame.history + pending + carried
    frame.history += nearest(agent.carry * (pending + out)) + carried
    return goes_on


@inlined
def run_instance(plan: Plan, frame: Any, state: Any, costs: Floats, day: int, levels: Any) -> None:
    """The instance on top of the stack, turn by turn, until it is done or fails."""
    agent = plan.agents[frame.agent]
    while frame.turn < frame.turns:
        if state.calls >= MAX_CALLS:
            state.cut = True
            return
        if not run_turn(plan, agent, frame, state, costs, day, levels):
            state.failed = True
            return


@inlined
def run_session(
    plan: Plan,
    frames: Table,
    state: Any,
    costs: Floats,
    feature: int,
    k0: np.uint64,
    k1: np.uint64,
    day: int,
    levels: Any,
) -> bool:
    """One session from its root's key: every instance to its last turn, depth first. Gives whether it succeeded."""
    entry = plan.features[feature]
    state.cost = 0.0
    state.retries = 0.0
    state.calls = 0
    state.agents = 1
    state.input = 0.0
    state.cached = 0.0
    state.written = 0.0
    state.output = 0.0
    state.failed = False
    state.cut = False
    open_instance(plan, frames[0], feature, entry.agent, k0, k1, day, levels)
    depth = 0
    while depth >= 0:
        run_instance(plan, frames[depth], state, costs[np.uint64(frames[depth].slot)], day, levels)
        depth -= 1
    overheads = entry.overhead_per_session + entry.overhead_per_call * state.calls
    costs[frames[0].slot, OVERHEADS] += overheads
    # Whole nanos, so that two sessions of the same calls cost the same whatever their sums left in the last digits.
    state.cost = np.rint((state.cost * levels[L_PRICE] + overheads) * NANOS) / NANOS
    state.retries *= levels[L_PRICE]
    if state.failed or state.cut:
        return False
    p_miss = min(1.0, (1.0 - plan.success_rates[feature, frames[0].model]) * levels[L_MISSES])
    return p_miss <= 0.0 or uniform(word(turn_key(k0, k1, FIRST), k1, FIRST, SUCCESS)) >= p_miss


@inlined
def cost_bin(cost: Any) -> Any:
    """Bin of a session's cost, see ``tally.cost_bin_value``."""
    if cost <= 0.0:
        return np.int64(0)
    if cost < LOWEST_COST:
        return np.int64(1)
    if cost >= HIGHEST_COST:
        return np.int64(N_COST_BINS - 1)
    return np.int64(float_bits(cost) >> MANTISSA_SHIFT) - FIRST_OCTAVE + np.int64(2)


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


@device
def write_record(record: Any, item: Any, session: int, state: Any, success: bool) -> None:
    """One session as a row of SESSION_DTYPE."""
    record.trial = item.trial
    record.day = item.day
    record.feature = item.feature
    record.session = session
    record.cost = state.cost
    record.calls = state.calls
    record.agents = state.agents
    record.input = np.int64(state.input)
    record.cached = np.int64(state.cached)
    record.written = np.int64(state.written)
    record.output = np.int64(state.output)
    record.success = success
    record.cut = state.cut


@device
def keep_if_dear(worst: Table, item: Any, session: int, state: Any, success: bool) -> None:
    """Insert the session among the dearest, where it belongs there; the last row of `worst` is spare."""
    place = worst.shape[0] - 1
    if state.cost < worst[place - 1].cost:
        return
    write_record(worst[place], item, session, state, success)
    while place > 0 and comes_before(worst[place], worst[place - 1]):
        swap(worst[place], worst[place - 1])
        place -= 1


@inlined
def count_session(out: Out, item: Any, session: int, state: Any, success: bool, per_unit: float) -> None:
    """Add one finished session to the aggregates over sessions."""
    units = np.int64(np.rint(state.cost * per_unit))
    index = cost_bin(state.cost)
    out.cost_counts[item.feature, index] += 1
    out.cost_units[item.feature, index] += units
    out.calls_counts[min(state.calls, MAX_CALLS)] += 1
    totals = out.totals
    totals[T_INPUT] += np.int64(state.input)
    totals[T_CACHED] += np.int64(state.cached)
    totals[T_WRITTEN] += np.int64(state.written)
    totals[T_OUTPUT] += np.int64(state.output)
    totals[T_SESSIONS] += 1
    totals[T_AGENTS] += state.agents
    if success:
        totals[T_SUCCESSES] += 1
        totals[T_WASTE] += np.int64(np.rint(state.retries * per_unit))
    else:
        totals[T_WASTE] += units
    if state.cut:
        totals[T_CUT] += 1
    out.extremes[0] = min(out.extremes[0], state.cost)
    out.extremes[1] = max(out.extremes[1], state.cost)
    keep_if_dear(out.worst, item, session, state, success)


@device
def flush(plan: Plan, out: Out, item: Any, costs: Floats, price: float, per_unit: float) -> None:
    """Round the accumulated costs of a block of sessions to units, once, and add them to the trial's cells."""
    first = plan.features[item.feature].first_slot
    for slot in range(first, first + plan.features[item.feature].n_slots):
        for cause in range(N_CAUSES):
            if costs[slot, cause] == 0.0:
                continue
            scaled = costs[slot, cause] * per_unit * (1.0 if cause == OVERHEADS else price)
            costs[slot, cause] = 0.0
            if plan.columns[slot, cause] < 0 or not abs(scaled) < LARGEST_SUM:
                out.totals[T_FAULTS] += 1
                continue
            units = np.int64(np.rint(scaled))
            out.cells[item.row, plan.columns[slot, cause]] += units
            out.daily[item.row, item.day, item.feature] += units
            if plan.covered[slot, cause]:
                out.covered[item.row, item.day] += units


@kernel
def run_items(
    plan: Plan,
    seed: np.uint64,
    items: Table,
    levels: Floats,
    frames: Table,
    state: Table,
    costs: Floats,
    out: Out,
    per_unit: float,
) -> None:
    """Simulate the sessions of every item and add them to `out`.

    Parameters
    ----------
    plan : Plan
    seed : uint64
    items : ITEM_DTYPE[I]
    levels : float64[T, D, 12], driver levels by row and day
    frames : FRAME_DTYPE[depth], state : STATE_DTYPE[1], costs : float64[S, N_CAUSES], zero: scratch of this thread
    out : Out; its `records`, where not empty, has one row a session in the order of the items
    per_unit : units of money in one unit of currency
    """
    written = 0
    for i in range(items.shape[0]):
        item = items[i]
        row = levels[item.row, item.day]
        name = plan.features[item.feature].name_hash
        for session in range(item.first, item.first + item.count):
            k0, k1 = session_key(seed, np.uint64(item.trial), np.uint64(item.day), name, np.uint64(session))
            success = run_session(plan, frames, state[0], costs, item.feature, k0, k1, item.day, row)
            count_session(out, item, session, state[0], success, per_unit)
            if written < out.records.shape[0]:
                write_record(out.records[written], item, session, state[0], success)
                written += 1
            if (session + 1) % SUM_BLOCK == 0:
                flush(plan, out, item, costs, row[L_PRICE], per_unit)
        flush(plan, out, item, costs, row[L_PRICE], per_unit)
