"""Batch: the price of every call of such an agent, by a factor or by prices that are no factor of the others."""

from __future__ import annotations

import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from tests.engine.truth import FEW, assert_always
from tests.twin.worlds import DEAR, PLAIN, one_agent

AGENT = {
    "system_tokens": 1_000,
    "message_tokens": 100,
    "output_tokens": 200,
    "reasoning_tokens": 50,
    "turns": 3,
    "batch": True,
    "cache": {"hit_rate": 1, "first_hit_rate": 0},
}
PROMPTS, READ = 3 * 1_100 + 3 * 300, 1_100 + 1_400


def test_a_factor_on_all_prices_and_on_no_fee(sample):
    models = {"dear": DEAR | {"batch_pays": 0.6, "pays": 0.8, "fee_per_call": 0.01}}
    side = sample(one_agent(AGENT, models=models, drivers={"price": 1.5}, **FEW), 20, 2)
    tokens = READ * 0.3 + (PROMPTS - READ) * 3.75 + 3 * 250 * 15
    assert_always(side, cost=1.5 * (tokens * 0.8 * 0.6 / 1e6 + 3 * 0.01))


def test_agents_without_it_pay_in_full(sample):
    models = {"dear": DEAR | {"batch_pays": 0.5}, "plain": PLAIN | {"batch_pays": 0.5}}
    spec = one_agent({"output_tokens": 200, "spawns": [{"agent": "kid", "count": 1}]}, models=models, **FEW)
    spec["agents"]["kid"] = {"model": "plain", "batch": True, "output_tokens": 100}
    assert_always(sample(spec, 20, 2), cost=(200 * 15 + 100 * 1.2 / 2) / 1e6)


def test_every_model_of_a_batch_agent_is_asked_in_batch(sample):
    models = {"dear": DEAR | {"batch_pays": 0.5}, "plain": PLAIN | {"batch_pays": 0.25}}
    agent = {
        "message_tokens": 100,
        "output_tokens": 200,
        "turns": 2,
        "batch": True,
        "model": {"cascade": ["plain", "dear"], "escalate_rate": 1},
        "context": {"limit": 300, "overflow": "compact", "summary_tokens": 20},
        "retry": {"failure_rate": {"plain": 0, "dear": 1}, "quality_share": 1, "max_attempts": 2}
        | {"on_exhausted": "continue", "fallback": {"after": 1, "model": "plain"}},
    }
    side = sample(one_agent(agent, models=models, **FEW), 20, 2)
    prompts, output, summed = 100 + 120, 400, 300
    plain = (2 * prompts + summed) * 0.4 + (2 * output + 20) * 1.2
    dear = prompts * 3 + output * 15
    assert_always(side, calls=7, cost=(plain * 0.25 + dear * 0.5) / 1e6)


@pytest.mark.parametrize("system", [1_000, 199_950])
@pytest.mark.parametrize("batch", [True, False])
def test_prices_of_batch_that_are_no_factor_of_the_others(sample, system, batch):
    name = "google/gemini-2.5-pro"
    spec = one_agent(AGENT | {"model": name, "batch": batch, "system_tokens": system}, **FEW)
    card = resolve_prices(load(spec)).cards[name][0]
    assert card.batch_pays == 1
    pairs = zip(card.batch_tiers, card.tiers, strict=True)
    assert any(half.input / full.input != half.cached_input / full.cached_input for half, full in pairs)
    cost, before = 0.0, 0
    for turn in range(3):
        prompt = system + 100 + 300 * turn
        read = 0 if turn == 0 else before
        tier = [t for t in (card.batch_tiers if batch else card.tiers) if prompt > t.above][-1]
        cost += read * tier.cached_input + (prompt - read) * tier.cache_write + 250 * tier.output
        before = prompt
    assert_always(sample(spec, 20, 2), cost=cost / 1e6)
