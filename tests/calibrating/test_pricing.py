"""Observed calls at the cards of a scenario: each priced by itself, from its card and nothing else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from scenarios.bills import make_bill
from scenarios.calibrating.pricing import name_models, price_at_cards
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls, Rows

DAY = date(2026, 12, 1)
SONNET, GEMINI, GPT = "claude-sonnet-4-5", "gemini-2.5-pro", "gpt-5.5"
"""Writing has a price of its own; batch prices are no factor; writing costs what the input does."""


def log(written: bool) -> Calls:
    """Calls of three models, some of them batches or free, with prompts around the thresholds of long ones."""
    rng = np.random.default_rng(1)
    rows = Rows("model", "tier", "fresh", "cached", "written", "output", "reasoning", "billed")
    for number in range(300):
        length = int(rng.choice([90_000, 200_000, 200_001, 272_000, 272_001, 400_000]))
        cached = int(rng.integers(0, length // 2))
        new = int(rng.integers(0, length // 3)) if written else 0
        name, tier = (SONNET, GEMINI, GPT)[number % 3], (None, "Batch")[number // 3 % 2]
        answer = (int(size) for size in rng.integers(0, 2_000, 2))
        rows.append(name, tier, length - cached - new, cached, new, *answer, number % 10 > 0)
    return rows.finish(dated=False)


@pytest.mark.parametrize("written", [True, False])
def test_calls_are_priced_by_tier_and_what_they_would_cost_without_a_cache(written: bool) -> None:
    calls = log(written)
    models = name_models(calls, make_bill(calls, as_of=DAY), DAY)
    costs = price_at_cards(calls, models)
    found = np.stack([costs.whole, costs.prompt, costs.uncached])
    for row in range(len(calls)):
        card = models.cards[models.model_name("", calls.names["model"][calls["model"][row]])]
        tiers, pays = card.tiers, 1.0
        if calls["tier"][row] >= 0:
            tiers, pays = card.batch_tiers, card.batch_pays
        price = [one for one in tiers if one.above < calls.prompt[row]][-1]
        fresh, cached, new = (int(calls[name][row]) for name in ("fresh", "cached", "written"))
        answer = int(calls["output"][row] + calls["reasoning"][row]) * price.output
        kept = fresh * price.input + new * price.cache_write
        prompt, missed = kept + cached * price.cached_input, price.cache_write if written else price.input
        expected = np.array([prompt + answer, prompt, kept + cached * missed + answer]) * pays / 1e6
        np.testing.assert_allclose(found[:, row], expected * calls["billed"][row], rtol=1e-12)


def test_names_are_short_and_none_stands_for_two() -> None:
    rows = Rows("provider", "model", "fresh")
    logged = ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("anthropic", "claude-sonnet-4-5-20250929")
    for provider, model in logged:
        rows.append(provider, model, 100)
    calls = rows.finish(dated=False)
    models = name_models(calls, make_bill(calls, as_of=DAY), DAY)
    names = [models.model_name(*one) for one in logged]
    assert len(set(names)) == 2
    assert "claude-sonnet-4-5" in names
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789./-") for name in names)


def test_a_model_without_an_output_price_takes_none_where_it_never_answers() -> None:
    rows = Rows("model", "fresh", "output")
    rows.append("text-embedding-3-small", 1_000_000, 0)
    calls = rows.finish(dated=False)
    models = name_models(calls, make_bill(calls, as_of=DAY), DAY)
    (name,) = models.cards
    assert models.section[name] == {"catalog": "openai/text-embedding-3-small", "output": 0}
    assert "no output price is listed" in models.comments[name]
    assert price_at_cards(calls, models).whole.tolist() == [0.02]
    rows.append("text-embedding-3-small", 1_000_000, 5)
    with pytest.raises(LogError, match="no price for the output tokens of openai/text-embedding-3-small"):
        make_bill(rows.finish(dated=False), as_of=DAY)


def test_long_names_of_three_words_lose_the_maker_and_withdrawn_models_keep_their_prices() -> None:
    rows = Rows("provider", "model", "fresh", "output")
    rows.append("arcee", "deepseek/deepseek-v4-flash-latest", 100, 10)
    rows.append("deepseek", "deepseek-chat", 100, 10)
    calls = rows.finish(dated=False)
    models = name_models(calls, make_bill(calls, as_of=DAY), DAY)
    assert models.section["deepseek-v4-flash-latest"] == "arcee/deepseek/deepseek-v4-flash-latest"
    withdrawn = models.section["deepseek-chat"]
    card = models.cards["deepseek-chat"].tier(100)
    assert {"input": card.input, "output": card.output}.items() <= withdrawn.items()
    assert withdrawn["catalog"] == "deepseek/deepseek-chat"
