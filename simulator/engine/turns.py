"""A turn of all lanes at once: what it draws, how its prompt fits, its first attempt, what it leaves behind.

Loops here are straight-line code over lanes, which compiles to vector instructions. What only some lanes do, and what
needs loops of its own, is done for those lanes one by one: a context that overflows, an attempt that fails, a prompt
that pays a dearer tier.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined
from distributions.streams import name_hash, turn_key, uniform, word
from simulator.engine import columns as at
from simulator.engine.calls import (
    FAILS,
    HIT,
    attempt_turn,
    bill,
    charge,
    charge_extras,
    cut_by,
    share_read,
    tier_of,
)  # fmt: skip
from simulator.engine.draws import draw_turn, nearest
from simulator.engine.lanes import Lane, Lanes, in_vectors
from simulator.engine.layout import (
    CHECKED_BY_RUN,
    CHECKED_BY_TURN,
    COMPACT,
    FAIL,
    L_CACHE_HIT,
    L_MESSAGE,
    L_PRICE,
    UNCHECKED,
    Floats,
    Out,
    Plan,
)  # fmt: skip
from simulator.engine.tally import CUT_BY_COST
from simulator.engine.trace import E_OVERFLOW, NEXT, OWN, SERVED
from simulator.engine.tracing import note, note_call, note_summary

ESCALATES = name_hash("escalation")
FIRST, ONE, S32 = np.uint64(0), np.uint64(1), np.uint64(32)


@inlined
def take_turn(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, homes: Lanes, sums: Floats, out: Out, n: Lane,
    is_full: bool,
) -> None:  # fmt: skip
    """The next turn of lanes 0 .. n - 1, all of which run an instance of agent `index`.

    Where `is_full` is a constant and false, what needs the full language is left out of the machine code.
    """
    agent, wide = plan.agents[index], in_vectors(n) if is_full else n
    begin_turn(running, wide)
    if is_full and agent.check == CHECKED_BY_TURN:
        begin_again(running, wide)
    draw_turn(plan, agent, levels, running, n, wide, is_full)
    if is_full:
        add_message(agent, levels[L_MESSAGE], running, wide)
    if assemble(running, wide):
        for i in range(n):
            if running.floats[at.PROMPT + i] > running.floats[at.LIMIT + i]:
                make_fit(plan, item, levels, index, running, sums, out, i, is_full)
    attempt_first(plan, item, levels, index, running, homes, sums, out, n, is_full)
    end_turn(agent, plan.features[item.feature], running, wide)
    if is_full and agent.check != UNCHECKED:
        put_out(agent, running, wide)


@inlined
def begin_turn(running: Lanes, n: Lane) -> None:
    """Count the turn, and find its keys."""
    words = running.words
    for i in range(n):
        turn = words[at.TURN + i] + ONE
        words[at.TURN + i] = turn
        words[at.KEY + i] = turn_key(words[at.K0 + i], words[at.K1 + i], turn)


@inlined
def begin_again(running: Lanes, n: Lane) -> None:
    """Tell a turn that is done anew from what it was before, all but its message; and keep what it began with."""
    words, floats = running.words, running.floats
    for i in range(n):
        turn = words[at.TURN + i] | (words[at.LOOP + i] << S32)
        words[at.MESSAGE_KEY + i] = words[at.KEY + i]
        words[at.KEY + i] = turn_key(words[at.K0 + i], words[at.K1 + i], turn)
        floats[at.HISTORY_BEFORE + i] = floats[at.HISTORY + i]
        floats[at.ADDED_BEFORE + i] = floats[at.ADDED + i]


@inlined
def add_message(agent: Any, level: float, running: Lanes, n: Lane) -> None:
    """Complete the message: what a validator is given to read, and what tools and children have come back with."""
    floats = running.floats
    if agent.reads_given:
        for i in range(n):
            harder = floats[at.HARDER_MESSAGE + i] if agent.message_power != 0.0 else 1.0
            floats[at.PENDING + i] = nearest(floats[at.GIVEN + i] * harder * level)
    elif not agent.draws_message:
        for i in range(n):
            floats[at.PENDING + i] = 0.0
    if agent.n_spawns > 0 or agent.n_tools > 0:
        for i in range(n):
            floats[at.PENDING + i] += floats[at.ADDED + i]
            floats[at.ADDED + i] = 0.0


@inlined
def assemble(running: Lanes, n: Lane) -> bool:
    """Put the prompts together. Gives whether any is too long."""
    floats = running.floats
    too_long = np.uint64(0)
    for i in range(n):
        system = floats[at.SYSTEM + i]
        prefix = system + floats[at.HISTORY + i]
        prompt = prefix + floats[at.PENDING + i] + floats[at.FOUND + i]
        floats[at.PROMPT + i] = prompt
        floats[at.READABLE + i] = min(prefix, floats[at.SENT + i]) if floats[at.WARM + i] > 0.0 else system
        too_long += np.uint64(prompt > floats[at.LIMIT + i])
    return bool(too_long > FIRST)


@inlined
def make_fit(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, sums: Floats, out: Out, i: Lane, is_full: bool
) -> None:
    """Do what the agent does when its prompt passes the limit; only the system prompt can be read from cache then."""
    floats, agent = running.floats, plan.agents[index]
    if agent.overflow == FAIL:
        floats[at.STOPPED + i] = 1.0
        if is_full and out.trace is not None:
            note(out.trace, out.totals, E_OVERFLOW, index, running, i)
        return
    new = floats[at.PENDING + i] + floats[at.FOUND + i]
    if agent.overflow == COMPACT:
        compact(plan, item, levels, index, running, sums, out, i, is_full)
    else:
        room = floats[at.LIMIT + i] - floats[at.SYSTEM + i] - new
        floats[at.HISTORY + i] = min(floats[at.HISTORY + i], max(0.0, min(room, agent.left_tokens)))
    floats[at.READABLE + i] = floats[at.SYSTEM + i]
    floats[at.PROMPT + i] = floats[at.SYSTEM + i] + floats[at.HISTORY + i] + new


@inlined
def compact(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, sums: Floats, out: Out, i: Lane, is_full: bool
) -> None:
    """Sum up the context in an extra call, of which nothing is read from a cache or written to one."""
    floats, agent, level = running.floats, plan.agents[index], levels[L_PRICE]
    tokens = floats[at.SYSTEM + i] + floats[at.HISTORY + i]
    tier = tier_of(plan, item, np.int64(running.words[at.MODEL + i]), tokens)
    price, output_price, fee = tier.input * level, tier.output * level, tier.fee * level
    sums[at.FOR_COMPACTION + i] += bill(floats, i, tokens, 0.0, 0.0, agent.left_tokens, price, price, output_price, fee)
    floats[at.CALLS + i] += 1.0
    if is_full and out.trace is not None:
        note_summary(out.trace, out.totals, index, running, i, agent.left_tokens)
    floats[at.HISTORY + i] = agent.left_tokens
    cut = cut_by(plan.features[item.feature], floats, i)
    if cut > 0.0:
        floats[at.CUT + i] = cut
        floats[at.STOPPED + i] = 1.0


@inlined
def attempt_first(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, homes: Lanes, sums: Floats, out: Out, n: Lane,
    is_full: bool,
) -> None:  # fmt: skip
    """Bill the first attempts that are served at the first tier's prices; take the others through all they need."""
    agent, floats, wide = plan.agents[index], running.floats, in_vectors(n) if is_full else n
    is_cascade = agent.next_model >= 0
    if is_full and is_cascade:
        escalate(agent, running, wide)
    bill_plain(agent, levels, running, sums, n, wide)
    if agent.has_extras:
        for i in range(wide):
            plain = floats[at.PLAIN + i]
            thought, price = floats[at.THINK + i] * plain, floats[at.PRICE + i] * plain
            charge_extras(floats, sums, i, thought, price, floats[at.OUTPUT_PRICE + i])
    if is_full and out.trace is not None:
        note_plain(agent, running, out, index, OWN, n)
    if is_full and is_cascade:
        bill_next(agent, plan.features[item.feature], running, sums, wide)
        if out.trace is not None:
            note_plain(agent, running, out, index, NEXT, n)
    for i in range(n):
        if floats[at.PLAIN + i] == 0.0 and floats[at.STOPPED + i] == 0.0:
            attempt_turn(plan, item, levels, index, running, homes, sums, out, i, is_full)


@inlined
def escalate(agent: Any, running: Lanes, n: Lane) -> None:
    """Draw whether the second model of a cascade is called too, and set the terms of the turn by it."""
    words, floats = running.words, running.floats
    for i in range(n):
        escalates = uniform(word(words[at.KEY + i], words[at.K1 + i], FIRST, ESCALATES)) < agent.p_escalates
        floats[at.ESCALATES + i] = 1.0 if escalates else 0.0
        p_own, p_next = floats[at.OWN_P_FAILS + i], floats[at.NEXT_P_FAILS + i]
        own_above, next_above = floats[at.OWN_ABOVE + i], floats[at.NEXT_ABOVE + i]
        floats[at.P_FAILS + i] = p_next if escalates else p_own
        floats[at.ABOVE + i] = min(own_above, next_above) if escalates else own_above


@inlined
def bill_plain(agent: Any, levels: Any, running: Lanes, sums: Floats, n: Lane, wide: Lane) -> None:
    """Bill the plain first attempts: with tokens and prices of 0 for the other lanes, so that no lane branches.

    What is read from the cache is what ``calls.read`` says, for all kinds of agents in one formula.
    """
    words, floats = running.words, running.floats
    own = agent.fallback_after > 0
    share = share_read(agent, levels) if agent.whole_prompt else 0.0
    by_rate = levels[L_CACHE_HIT] if agent.caching and not agent.whole_prompt else 0.0
    p_first_hit, p_hit = min(1.0, agent.p_first_hit * by_rate), min(1.0, agent.p_hit * by_rate)
    for i in range(wide):
        key, k1 = words[at.KEY + i], words[at.K1 + i]
        served = uniform(word(key, k1, FIRST, FAILS)) >= floats[at.P_FAILS + i]
        cheap = floats[at.PROMPT + i] <= floats[at.ABOVE + i]
        plain = 1.0 if served & cheap & own & (floats[at.STOPPED + i] == 0.0) & (i < n) else 0.0
        p = p_hit if floats[at.WARM + i] > 0.0 else p_first_hit
        read = floats[at.READABLE + i] if uniform(word(key, k1, FIRST, HIT)) < p else 0.0
        asked, answer = floats[at.PROMPT + i] * plain, floats[at.OUT + i] * plain
        cached = (nearest(floats[at.PROMPT + i] * share) + read) * plain
        price, cached_price = floats[at.PRICE + i] * plain, floats[at.CACHED_PRICE + i] * plain
        output_price, fee = floats[at.OUTPUT_PRICE + i], floats[at.FEE + i] * plain
        spoken, written = answer + floats[at.THINK + i] * plain, (asked - cached) * floats[at.WRITES + i]
        floats[at.PLAIN + i] = plain
        floats[at.READ + i] = cached
        floats[at.CALLS + i] += plain
        bill(floats, i, asked, cached, written, spoken, price, cached_price, output_price, fee)
        charge(floats, sums, i, cached, answer, price, cached_price, output_price, fee)


@inlined
def bill_next(agent: Any, feature: Any, running: Lanes, sums: Floats, n: Lane) -> None:
    """Bill the second calls of plain first attempts that escalate; it reads nothing from a cache."""
    floats = running.floats
    for i in range(n):
        goes_on = (floats[at.PLAIN + i] * floats[at.ESCALATES + i] > 0.0) & (cut_by(feature, floats, i) == 0.0)
        both = 1.0 if goes_on else 0.0
        asked, answer, thought = floats[at.PROMPT + i] * both, floats[at.OUT + i] * both, floats[at.THINK + i] * both
        price, fee = floats[at.NEXT_PRICE + i] * both, floats[at.NEXT_FEE + i] * both
        output_price, written = floats[at.NEXT_OUTPUT_PRICE + i], asked * floats[at.NEXT_WRITES + i]
        floats[at.READ + i] = 0.0
        floats[at.CALLS + i] += both
        bill(floats, i, asked, 0.0, written, answer + thought, price, 0.0, output_price, fee)
        charge(floats, sums, i, 0.0, answer, price, 0.0, output_price, fee)
        if agent.has_extras:
            charge_extras(floats, sums, i, thought, price, output_price)
        floats[at.ESCALATES + i] = floats[at.ESCALATES + i] if floats[at.PLAIN + i] == 0.0 else both


@inlined
def note_plain(agent: Any, running: Lanes, out: Out, index: int, role: int, n: Lane) -> None:
    """Write down the plain calls of the instances' own models, or of the second ones."""
    floats, writes = running.floats, at.WRITES if role == OWN else at.NEXT_WRITES
    for i in range(n):
        if floats[at.PLAIN + i] * (1.0 if role == OWN else floats[at.ESCALATES + i]) > 0.0:
            model = np.int64(running.words[at.MODEL + i]) if role == OWN else agent.next_model
            asked, cached = floats[at.PROMPT + i], floats[at.READ + i]
            written = (asked - cached) * floats[writes + i]
            note_call(
                out.trace, out.totals, index, running, i, 0, model, role, SERVED, asked, cached, written,
                floats[at.OUT + i], floats[at.THINK + i],
            )  # fmt: skip


@inlined
def end_turn(agent: Any, feature: Any, running: Lanes, n: Lane) -> None:
    """What the next prompt repeats and what it has in its history, if there is a next one."""
    words, floats = running.words, running.floats
    carry, carry_output, too_many = agent.carry, agent.carry_output, feature.calls_cut
    most_calls, most_cost = feature.most_calls, feature.most_cost
    carries_found = 1.0 if agent.carry_retrieved else 0.0
    for i in range(n):
        pending, carried = floats[at.PENDING + i], floats[at.FOUND + i] * carries_found
        history = floats[at.HISTORY + i]
        floats[at.SENT + i] = floats[at.SYSTEM + i] + history + pending + carried
        floats[at.HISTORY + i] = history + (nearest(carry * pending + carry_output * floats[at.OUT + i]) + carried)
        floats[at.WARM + i] = max(floats[at.WARM + i], floats[at.PLAIN + i])
        stopped = floats[at.STOPPED + i] > 0.0
        cut = too_many if floats[at.CALLS + i] >= most_calls else 0.0
        cut = CUT_BY_COST if floats[at.COST + i] >= most_cost else cut
        floats[at.CUT + i] = floats[at.CUT + i] if stopped else cut
        over = stopped | (cut > 0.0) | (words[at.TURN + i] >= words[at.TURNS + i])
        floats[at.STOPPED + i] = 1.0 if stopped | (cut > 0.0) else 0.0
        words[at.OVER + i] = np.uint64(over)


@inlined
def put_out(agent: Any, running: Lanes, n: Lane) -> None:
    """What the validator of the turn, or of the run, will read: its outputs so far."""
    floats, before = running.floats, 1.0 if agent.check == CHECKED_BY_RUN else 0.0
    for i in range(n):
        out = 0.0 if floats[at.STOPPED + i] > 0.0 else floats[at.OUT + i]
        floats[at.PUT_OUT + i] = floats[at.PUT_OUT + i] * before + out
