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
from distributions.table import draw_all
from simulator.engine import lanes as at
from simulator.engine.calls import FAILS, HIT, attempt_turn, bill, charge, charge_extras, nearest, share_read, tier_of
from simulator.engine.lanes import Lane, Lanes
from simulator.engine.layout import (
    COMPACT,
    FAIL,
    L_CACHE_HIT,
    L_CONTEXT,
    L_MESSAGE,
    L_OUTPUT,
    NO_LAW,
    Floats,
    Plan,
)
from simulator.engine.tally import MAX_CALLS

MESSAGE, RETRIEVED, OUTPUT, REASONING = (
    name_hash(p) for p in ("message_tokens", "retrieved_tokens", "output_tokens", "reasoning_tokens")
)
FIRST, ONE = np.uint64(0), np.uint64(1)
MOST_CALLS = float(MAX_CALLS)


@inlined
def take_turn(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, sums: Floats, n: Lane) -> None:
    """The next turn of lanes 0 .. n - 1, all of which run an instance of agent `index`."""
    agent = plan.agents[index]
    begin_turn(running, n)
    scale = levels[L_CONTEXT] if agent.whole_prompt else levels[L_MESSAGE]
    draw_tokens(plan, agent.message_law, MESSAGE, scale, np.inf, running, at.PENDING, n)
    if agent.n_spawns > 0:
        add_results(running, n)
    draw_tokens(plan, agent.retrieved_law, RETRIEVED, 1.0, np.inf, running, at.FOUND, n)
    draw_tokens(plan, agent.output_law, OUTPUT, levels[L_OUTPUT], agent.max_output_tokens, running, at.OUT, n)
    draw_tokens(plan, agent.reasoning_law, REASONING, 1.0, np.inf, running, at.THINK, n)
    if assemble(running, n):
        for i in range(n):
            if running.floats[at.PROMPT + i] > running.floats[at.LIMIT + i]:
                make_fit(plan, item, agent, running, sums, i)
    attempt_first(plan, item, levels, index, running, sums, n)
    end_turn(agent, running, n)


@inlined
def begin_turn(running: Lanes, n: Lane) -> None:
    """Count the turn, and find its keys."""
    words = running.words
    for i in range(n):
        turn = words[at.TURN + i] + ONE
        words[at.TURN + i] = turn
        words[at.KEY + i] = turn_key(words[at.K0 + i], words[at.K1 + i], turn)


@inlined
def draw_tokens(
    plan: Plan, law: int, purpose: np.uint64, factor: float, most: float, lanes: Lanes, to: Lane, n: Lane
) -> None:
    """Tokens of one law at the keys of the lanes: drawn, scaled, rounded, at most `most`."""
    words, tokens = lanes.words, lanes.floats[to : to + n]
    if law == NO_LAW:
        for i in range(n):
            tokens[i] = 0.0
        return
    for i in range(n):
        words[at.WORD + i] = word(words[at.KEY + i], words[at.K1 + i], FIRST, purpose)
    draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, law, words[at.WORD : at.WORD + n], tokens)
    for i in range(n):
        tokens[i] = min(most, nearest(tokens[i] * factor))


@inlined
def add_results(running: Lanes, n: Lane) -> None:
    """Put what children have come back with into the message."""
    floats = running.floats
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
def make_fit(plan: Plan, item: Any, agent: Any, running: Lanes, sums: Floats, i: Lane) -> None:
    """Do what the agent does when its prompt passes the limit; only the system prompt can be read from cache then."""
    floats = running.floats
    if agent.overflow == FAIL:
        floats[at.STOPPED + i] = 1.0
        return
    new = floats[at.PENDING + i] + floats[at.FOUND + i]
    if agent.overflow == COMPACT:
        compact(plan, item, agent, running, sums, i)
    else:
        floats[at.HISTORY + i] = max(0.0, floats[at.LIMIT + i] - floats[at.SYSTEM + i] - new)
    floats[at.READABLE + i] = floats[at.SYSTEM + i]
    floats[at.PROMPT + i] = floats[at.SYSTEM + i] + floats[at.HISTORY + i] + new


@inlined
def compact(plan: Plan, item: Any, agent: Any, running: Lanes, sums: Floats, i: Lane) -> None:
    """Sum up the context in an extra call, of which nothing is read from a cache or written to one."""
    floats = running.floats
    tokens = floats[at.SYSTEM + i] + floats[at.HISTORY + i]
    tier = tier_of(plan, np.int64(running.words[at.MODEL + i]), item.day, tokens)
    sums[at.FOR_COMPACTION + i] += bill(
        floats, i, tokens, 0.0, 0.0, agent.summary_tokens, tier.input, tier.input, tier.output, tier.fee
    )
    floats[at.CALLS + i] += 1.0
    floats[at.HISTORY + i] = agent.summary_tokens


@inlined
def attempt_first(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, sums: Floats, n: Lane) -> None:
    """Bill the first attempts that are served at the first tier's prices; take the others through all they need."""
    agent, floats = plan.agents[index], running.floats
    bill_plain(agent, levels, running, sums, n)
    if agent.retrieved_law != NO_LAW or agent.reasoning_law != NO_LAW:
        for i in range(n):
            plain = floats[at.PLAIN + i]
            thought, price = floats[at.THINK + i] * plain, floats[at.PRICE + i] * plain
            charge_extras(floats, sums, i, thought, price, floats[at.OUTPUT_PRICE + i])
    for i in range(n):
        if floats[at.PLAIN + i] == 0.0 and floats[at.STOPPED + i] == 0.0:
            attempt_turn(plan, item, levels, index, running, sums, i)


@inlined
def bill_plain(agent: Any, levels: Any, running: Lanes, sums: Floats, n: Lane) -> None:
    """Bill the plain first attempts: with tokens and prices of 0 for the other lanes, so that no lane branches.

    What is read from the cache is what ``calls.read`` says, for all kinds of agents in one formula.
    """
    words, floats = running.words, running.floats
    own = agent.fallback_after > 0
    share = share_read(agent, levels) if agent.whole_prompt else 0.0
    by_rate = levels[L_CACHE_HIT] if agent.caching and not agent.whole_prompt else 0.0
    p_first_hit, p_hit = min(1.0, agent.p_first_hit * by_rate), min(1.0, agent.p_hit * by_rate)
    for i in range(n):
        key, k1 = words[at.KEY + i], words[at.K1 + i]
        served = uniform(word(key, k1, FIRST, FAILS)) >= floats[at.P_FAILS + i]
        cheap = floats[at.PROMPT + i] <= floats[at.ABOVE + i]
        plain = 1.0 if served & cheap & own & (floats[at.STOPPED + i] == 0.0) else 0.0
        p = p_hit if floats[at.WARM + i] > 0.0 else p_first_hit
        read = floats[at.READABLE + i] if uniform(word(key, k1, FIRST, HIT)) < p else 0.0
        asked, answer = floats[at.PROMPT + i] * plain, floats[at.OUT + i] * plain
        cached = (nearest(floats[at.PROMPT + i] * share) + read) * plain
        price, cached_price = floats[at.PRICE + i] * plain, floats[at.CACHED_PRICE + i] * plain
        output_price, fee = floats[at.OUTPUT_PRICE + i], floats[at.FEE + i] * plain
        spoken, written = answer + floats[at.THINK + i] * plain, (asked - cached) * floats[at.WRITES + i]
        floats[at.PLAIN + i] = plain
        floats[at.CALLS + i] += plain
        bill(floats, i, asked, cached, written, spoken, price, cached_price, output_price, fee)
        charge(floats, sums, i, cached, answer, price, cached_price, output_price, fee)


@inlined
def end_turn(agent: Any, running: Lanes, n: Lane) -> None:
    """What the next prompt repeats and what it has in its history, if there is a next one."""
    words, floats = running.words, running.floats
    carry = agent.carry
    carries_found = 1.0 if agent.carry_retrieved else 0.0
    for i in range(n):
        pending, carried = floats[at.PENDING + i], floats[at.FOUND + i] * carries_found
        history = floats[at.HISTORY + i]
        floats[at.SENT + i] = floats[at.SYSTEM + i] + history + pending + carried
        floats[at.HISTORY + i] = history + (nearest(carry * (pending + floats[at.OUT + i])) + carried)
        floats[at.WARM + i] = max(floats[at.WARM + i], floats[at.PLAIN + i])
        failed = floats[at.STOPPED + i] > 0.0
        last = words[at.TURN + i] >= words[at.TURNS + i]
        full = floats[at.CALLS + i] >= MOST_CALLS
        floats[at.CUT + i] = 1.0 if full & ~last & ~failed else 0.0
        words[at.OVER + i] = np.uint64(full | last | failed)
