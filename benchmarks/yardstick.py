"""The chat agent of the main benchmark in chunked numpy: what a careful analyst would write instead of burncurve.

The same model and the same answers: geometric turns of mean 4, a carried context, a cache by rate, 3 % provider
failures with four attempts, two lognormals; cost by cause, billed tokens, calls, successes and a histogram of session
costs. It is written to be fast: sessions are sorted by their turns so that the active ones are a slice, draws are made
in bulk with vectorised exponentials, and retries touch only what failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CHUNK = 1 << 13
CAUSES = ("system", "message", "history", "output", "retries")
BIN_BITS, LOWEST_EXPONENT = 8, -31


@dataclass(frozen=True)
class Chat:
    """The scenario's numbers: tokens, probabilities, USD per token."""

    system: float = 2_000.0
    mean_turns: float = 4.0
    message: tuple[float, float] = (5.0, 1.0)
    output: tuple[float, float] = (5.5, 0.9)
    p_first_hit: float = 0.5
    p_hit: float = 0.85
    p_fails: float = 0.03
    attempts: int = 4
    input_price: float = 3e-6
    output_price: float = 15e-6
    cached_price: float = 0.3e-6
    write_price: float = 3.75e-6


@dataclass
class Answer:
    """What a run of sessions comes to."""

    sessions: int = 0
    calls: int = 0
    successes: int = 0
    tokens: np.ndarray = field(default_factory=lambda: np.zeros(4))
    costs: np.ndarray = field(default_factory=lambda: np.zeros(len(CAUSES)))
    histogram: np.ndarray = field(default_factory=lambda: np.zeros(64 << BIN_BITS, np.int64))


def simulate(chat: Chat, sessions: int, seed: int = 0, chunk: int = CHUNK) -> Answer:
    """Simulate so many sessions, a chunk at a time."""
    rng = np.random.Generator(np.random.SFC64(seed))
    answer = Answer()
    for start in range(0, sessions, chunk):
        _simulate_chunk(chat, min(chunk, sessions - start), rng, answer)
    return answer


def _tokens(rng: np.random.Generator, law: tuple[float, float], n: int) -> np.ndarray:
    z = rng.standard_normal(n)
    z *= law[1]
    z += law[0]
    np.exp(z, out=z)
    return np.rint(z, out=z)


def _simulate_chunk(chat: Chat, n: int, rng: np.random.Generator, answer: Answer) -> None:
    turns = np.sort(rng.geometric(1.0 / chat.mean_turns, n))[::-1]
    active = np.searchsorted(-turns, -np.arange(1, turns[0] + 1), side="right")
    history, sent, cost = np.zeros(n), np.zeros(n), np.zeros(n)
    cold, alive = np.ones(n, bool), np.ones(n, bool)
    for m in active:
        live = slice(0, m)
        message, out = _tokens(rng, chat.message, m), _tokens(rng, chat.output, m)
        on = alive[live]
        failed = rng.random(m) < chat.p_fails
        hit = rng.random(m) < np.where(cold[live], chat.p_first_hit, chat.p_hit)
        readable = np.where(cold[live], chat.system, np.minimum(chat.system + history[live], sent[live]))
        prompt = chat.system + history[live] + message
        billed = on & ~failed
        cached = np.where(hit, readable, 0.0)
        of_history = np.maximum(cached - chat.system, 0.0)
        saving = chat.write_price - chat.cached_price
        parts = (
            (chat.system * chat.write_price - (cached - of_history) * saving) * billed,
            message * chat.write_price * billed,
            (history[live] * chat.write_price - of_history * saving) * billed,
            out * chat.output_price * billed,
        )
        turn_cost = parts[0] + parts[1] + parts[2] + parts[3]
        for i, part in enumerate(parts):
            answer.costs[i] += part.sum()
        answer.calls += int(on.sum())
        answer.tokens += ((prompt * billed).sum(), (cached * billed).sum(), ((prompt - cached) * billed).sum(), 0.0)
        answer.tokens[3] += (out * billed).sum()
        _retry(chat, rng, answer, np.flatnonzero(on & failed), cold, alive, readable, prompt, out, turn_cost)
        cost[live] += turn_cost
        cold[live] &= ~billed
        sent[live] = prompt
        history[live] += message + out
    answer.sessions += n
    answer.successes += int(alive.sum())
    bins = (cost.view(np.int64) >> (52 - BIN_BITS)) - ((1023 + LOWEST_EXPONENT) << BIN_BITS)
    answer.histogram += np.bincount(np.maximum(bins, 0), minlength=len(answer.histogram))


def _retry(chat, rng, answer, left, cold, alive, readable, prompt, out, turn_cost):
    for _ in range(1, chat.attempts):
        if not left.size:
            return
        answer.calls += left.size
        failed = rng.random(left.size) < chat.p_fails
        served = left[~failed]
        hit = rng.random(served.size) < np.where(cold[served], chat.p_first_hit, chat.p_hit)
        cached = np.where(hit, readable[served], 0.0)
        rest = prompt[served] - cached
        price = rest * chat.write_price + cached * chat.cached_price + out[served] * chat.output_price
        turn_cost[served] += price
        answer.costs[4] += price.sum()
        answer.tokens += (prompt[served].sum(), cached.sum(), rest.sum(), out[served].sum())
        cold[served] = False
        left = left[failed]
    alive[left] = False
