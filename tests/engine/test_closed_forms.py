"""Sessions against mathematics: what a mean session costs, derived on paper, for one mechanism at a time.

Turns are geometric from 1 with mean M, so E[n] = M, E[n(n-1)/2] = M(M-1), and E[(n-1)(n-2)/2] = (M-1)^2.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import norm

from tests.engine.facts import all_sessions, cell_mean, cell_money, share_off, simulate, standard_errors_off
from tests.twin.worlds import DEAR, one_agent

M = 4.0
SYSTEM, MESSAGE, OUTPUT = 900, 100, 200
STEADY = {
    "system_tokens": SYSTEM,
    "turns": {"geometric": {"mean": M}},
    "message_tokens": MESSAGE,
    "output_tokens": OUTPUT,
}
MILLION = 1e6
INPUT_PRICE, OUTPUT_PRICE = DEAR["input"] / MILLION, DEAR["output"] / MILLION
CACHED_PRICE, WRITE_PRICE = DEAR["cached_input"] / MILLION, DEAR["cache_write"] / MILLION


def mean_rounded_lognormal(p50, p95):
    """Mean of a lognormal rounded to the nearest integer: the sum of P(X >= k - 1/2)."""
    sigma = math.log(p95 / p50) / norm.ppf(0.95)
    k = np.arange(1, 1_000_000)
    return float(norm.sf(np.log((k - 0.5) / p50) / sigma).sum())


def mean_prompts(system, message, output):
    """Prompt tokens of all turns: each repeats the system prompt, its own message and all that went before."""
    return M * (system + message) + M * (M - 1) * (message + output)


def test_geometric_turns_with_carried_history():
    result = simulate(one_agent(STEADY))
    sessions = all_sessions(result)
    prompts = mean_prompts(SYSTEM, MESSAGE, OUTPUT)
    assert standard_errors_off(sessions["input"], prompts) < 4
    assert standard_errors_off(sessions["cost"], prompts * INPUT_PRICE + M * OUTPUT * OUTPUT_PRICE) < 4
    turns = sessions["calls"]
    repeated = turns * (turns - 1) / 2 * (MESSAGE + OUTPUT) * INPUT_PRICE
    spread = repeated.std() / math.sqrt(result.tally.sessions.sum())
    assert abs(cell_mean(result, "history") - M * (M - 1) * (MESSAGE + OUTPUT) * INPUT_PRICE) < 4 * spread
    assert sessions["cached"].max() == sessions["written"].max() == 0


def test_geometric_turns_with_lognormal_tokens():
    message, output = mean_rounded_lognormal(150, 900), mean_rounded_lognormal(250, 1_200)
    agent = STEADY | {"message_tokens": {"p50": 150, "p95": 900}, "output_tokens": {"p50": 250, "p95": 1_200}}
    sessions = all_sessions(simulate(one_agent(agent)))
    assert standard_errors_off(sessions["input"], mean_prompts(SYSTEM, message, output)) < 4
    assert standard_errors_off(sessions["output"], M * output) < 4


@pytest.mark.parametrize(("first", "later"), [(0.3, 0.8), (0.0, 1.0), (1.0, 0.5)])
def test_geometric_turns_with_cached_history(first, later):
    agent = STEADY | {"cache": {"hit_rate": later, "first_hit_rate": first}}
    sessions = all_sessions(simulate(one_agent(agent)))
    # From the second turn on, what can be read is the prompt before: system, history and message of that turn.
    readable_later = (M - 1) * (SYSTEM + MESSAGE) + (M - 1) ** 2 * (MESSAGE + OUTPUT)
    cached = first * SYSTEM + later * readable_later
    written = mean_prompts(SYSTEM, MESSAGE, OUTPUT) - cached
    assert standard_errors_off(sessions["cached"], cached) < 4
    assert standard_errors_off(sessions["written"], written) < 4
    cost = cached * CACHED_PRICE + written * WRITE_PRICE + M * OUTPUT * OUTPUT_PRICE
    assert standard_errors_off(sessions["cost"], cost) < 4


def test_cache_by_time_to_live_hits_as_often_as_gaps_are_short():
    agent = STEADY | {"cache": {"ttl_minutes": 5, "gap_minutes": {"exponential": {"mean": 8}}}}
    sessions = all_sessions(simulate(one_agent(agent)))
    readable_later = (M - 1) * (SYSTEM + MESSAGE) + (M - 1) ** 2 * (MESSAGE + OUTPUT)
    assert standard_errors_off(sessions["cached"], (1 - math.exp(-5 / 8)) * readable_later) < 4


# -- windows -----------------------------------------------------------------------------------------


def five_turns(overflow, **context):
    sizes = {"system_tokens": 100, "message_tokens": 10, "output_tokens": 40, "turns": 5}
    agent = sizes | {"context": {"limit": 200, "overflow": overflow} | context}
    return simulate(one_agent(agent, volume={"sessions_per_day": 20}), trials=2)


def test_a_truncated_history_fills_the_window_and_no_more():
    sessions = all_sessions(five_turns("truncate"))
    assert set(sessions["input"]) == {110 + 160 + 200 + 200 + 200}
    assert set(sessions["calls"]) == {5}


def test_a_compacted_history_costs_a_call_and_starts_again_from_its_summary():
    result = five_turns("compact", summary_tokens=20)
    sessions = all_sessions(result)
    # Turns 3 and 5 pass 200 tokens: 210, and 230 after 20 + 50 + 50 of history.
    assert set(sessions["input"]) == {110 + 160 + (200 + 130) + 180 + (220 + 130)}
    assert set(sessions["output"]) == {5 * 40 + 2 * 20}
    assert set(sessions["calls"]) == {7}
    assert cell_mean(result, "compaction") == pytest.approx(420 * INPUT_PRICE + 40 * OUTPUT_PRICE)


def test_an_agent_that_fails_when_full_pays_for_what_went_before():
    sessions = all_sessions(five_turns("fail"))
    assert set(sessions["input"]) == {110 + 160}
    assert not sessions["success"].any()


# -- retries -----------------------------------------------------------------------------------------

FAIL = 0.35
ONE_TURN = {"system_tokens": 1_000, "turns": 1, "message_tokens": 200, "output_tokens": 300}
READ, FULL = 1_200 * INPUT_PRICE, 1_200 * INPUT_PRICE + 300 * OUTPUT_PRICE


def retries_law(cap, failed):
    """What attempts from the second on cost a session, as {cost: probability}; `failed` is that of a failed attempt."""
    law, going = Counter({0.0: 1 - FAIL}), {0.0: FAIL}
    for _ in range(cap - 1):
        for spent, p in going.items():
            law[spent + FULL] += p * (1 - FAIL)
        still = Counter()
        for (spent, p), (cost, share) in itertools.product(going.items(), failed.items()):
            still[spent + cost] += p * FAIL * share
        going = still
    for spent, p in going.items():
        law[spent] += p
    return law


@pytest.mark.parametrize("cap", [1, 2, 5])
@pytest.mark.parametrize(
    ("quality", "billed", "failed"),
    [(0, "none", {0.0: 1}), (0, "input", {READ: 1}), (1, "none", {FULL: 1}), (0.25, "input", {FULL: 0.25, READ: 0.75})],
)
def test_truncated_geometric_attempts(cap, quality, billed, failed):
    retry = {"failure_rate": FAIL, "max_attempts": cap, "quality_share": quality, "provider_billed": billed}
    result = simulate(one_agent(ONE_TURN | {"retry": retry}))
    sessions = all_sessions(result)
    n = len(sessions)
    if cap > 1:
        assert standard_errors_off(sessions["calls"], (1 - FAIL**cap) / (1 - FAIL)) < 4
    assert share_off(sessions["success"].sum(), n, 1 - FAIL**cap) < 4
    all_failures = FAIL * (1 - FAIL**cap) / (1 - FAIL)
    failed_cost = sum(cost * share for cost, share in failed.items())
    assert standard_errors_off(sessions["cost"], (1 - FAIL**cap) * FULL + all_failures * failed_cost) < 4
    retries = (FAIL - FAIL**cap) * FULL + (all_failures - FAIL) * failed_cost
    law = retries_law(cap, failed)
    assert sum(cost * p for cost, p in law.items()) == pytest.approx(retries, rel=1e-12)
    spread = math.sqrt(sum((cost - retries) ** 2 * p for cost, p in law.items()) / n)
    assert abs(cell_mean(result, "retries") - retries) <= 4 * spread
    assert cap > 1 or cell_money(result, "retries") == 0


def test_attempts_past_the_fallback_pay_its_prices():
    retry = {"failure_rate": FAIL, "max_attempts": 4, "quality_share": 1, "fallback": {"after": 2, "model": "plain"}}
    sessions = all_sessions(simulate(one_agent(ONE_TURN | {"retry": retry})))
    fallback = (1_200 * 0.4 + 300 * 1.2) / MILLION
    assert standard_errors_off(sessions["cost"], FULL * (1 + FAIL) + fallback * (FAIL**2 + FAIL**3)) < 4


def test_added_tokens_grow_with_each_attempt():
    retry = {"failure_rate": FAIL, "max_attempts": 4, "quality_share": 1, "added_tokens": 50}
    sessions = all_sessions(simulate(one_agent(ONE_TURN | {"retry": retry})))
    added = 50 * FAIL + 100 * FAIL**2 + 150 * FAIL**3
    assert standard_errors_off(sessions["input"], 1_200 * (1 - FAIL**4) / (1 - FAIL) + added) < 4


def test_exhausted_turns_end_a_session():
    retry = {"failure_rate": FAIL, "max_attempts": 2}
    sessions = all_sessions(simulate(one_agent(STEADY | {"retry": retry})))
    goes_on = (1 - 1 / M) * (1 - FAIL**2)  # that a turn worked and another follows
    begun = 1 / (1 - goes_on)
    assert standard_errors_off(sessions["calls"], begun * (1 + FAIL)) < 4
    assert share_off(sessions["success"].sum(), len(sessions), begun / M * (1 - FAIL**2)) < 4


# -- outcomes and exact money --------------------------------------------------------------------------


@pytest.mark.parametrize(("misses", "expected"), [(1, 0.8), (2.5, 0.5), (7, 0.0), (1e-9, 1.0)])
def test_misses_multiply_the_failures_of_a_success_rate(misses, expected):
    features = {"ask": {"agent": "chat", "success_rate": 0.8}}
    sessions = all_sessions(simulate(one_agent(ONE_TURN, features=features, drivers={"misses": misses})))
    if expected in {0.0, 1.0}:
        assert set(sessions["success"]) == {bool(expected)}
    else:
        assert share_off(sessions["success"].sum(), len(sessions), expected) < 4


def test_overheads_are_paid_by_session_and_by_call():
    features = {"ask": {"agent": "chat", "overheads": {"per_session": 0.002, "per_call": 0.0001}}}
    result = simulate(one_agent(STEADY, features=features))
    counts = result.tally.session.calls_counts
    calls = int((counts * np.arange(counts.size)).sum())
    expected = 0.002 * int(counts.sum()) + 0.0001 * calls
    assert cell_money(result, "overheads") == pytest.approx(expected, abs=1e-9 * result.tally.trial.size)


def assert_every_session_costs(result, amount):
    cost = result.to_dict()["session"]["cost"]
    assert {key: round(value, 12) for key, value in cost.items()} == dict.fromkeys(cost, amount)
    assert {"mean", "p50", "p90", "p95", "p99", "p999", "max"} <= set(cost)
    assert set(all_sessions(result)["cost"].round(12)) == {amount}


def test_200_calls_of_a_coding_agent_cost_6_dollars_in_every_percentile():
    agent = {"prompt_tokens": 2_000, "output_tokens": 800, "turns": 200}
    model = {"input": 5, "output": 25}
    few = {"sessions_per_day": 20}
    assert_every_session_costs(simulate(one_agent(agent, models={"dear": model}, volume=few), trials=10), 6.0)


CHEAP = {"input": 0.44, "output": 0.87, "cached_input": 0.044}


@pytest.mark.parametrize(
    "agent",
    [
        {"prompt_tokens": 2_300, "cached_share": 2_000 / 2_300},
        {"system_tokens": 2_000, "message_tokens": 300, "cache": {"hit_rate": 1}},
    ],
)
def test_a_faq_query_costs_568_millionths_in_every_percentile(agent):
    faq = one_agent(agent | {"output_tokens": 400}, models={"dear": CHEAP}, volume={"sessions_per_day": 100})
    assert_every_session_costs(simulate(faq, trials=10), 0.000568)


@pytest.mark.parametrize(("prompt", "amount"), [(3_500, (3_500 * 3 + 800 * 15)), (3_501, (3_501 * 6 + 800 * 22))])
def test_long_context_prices_are_a_cliff_for_the_whole_call(prompt, amount):
    long = {"above": 3_500, "input": 6, "output": 22, "cached_input": 0.6, "cache_write": 7.5}
    agent = {"prompt_tokens": prompt, "output_tokens": 800}
    spec = one_agent(agent, models={"dear": DEAR | {"long_context": long}}, volume={"sessions_per_day": 20})
    assert_every_session_costs(simulate(spec, trials=3), round(amount / MILLION, 12))


def test_discounts_fees_and_currency_multiply_what_they_should():
    agent = {"prompt_tokens": 1_000, "output_tokens": 100}
    model = DEAR | {"pays": 0.8, "fee_per_call": 0.001}
    features = {"ask": {"agent": "chat", "overheads": {"per_session": 0.002}}}
    more = {"currency": "EUR", "usd_rate": 0.9, "features": features, "volume": {"sessions_per_day": 20}}
    spec = one_agent(agent, models={"dear": model}, drivers={"price": 1.25}, **more)
    tokens = (1_000 * 3 + 100 * 15) / MILLION * 0.8
    assert_every_session_costs(simulate(spec, trials=3), round((tokens + 0.001) * 1.25 * 0.9 + 0.002, 12))
