"""The catalogue wrapper against genai-prices itself, and against what its own notes say it gets wrong."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from genai_prices import Usage, calc_price

from scenarios.cards import PriceCard, daily_cards, missing_prices
from scenarios.catalog import CatalogModel, UnknownModelError, find_model, infer_model, price_data_date, search_models
from scenarios.models import ModelSpec

TODAY = date(2026, 11, 20)
# input, cached, written, output tokens; the input holds the cached and the written
CALLS = [(1, 0, 0, 0), (1_000, 0, 0, 500), (90_000, 60_000, 20_000, 1_500), (272_000, 0, 0, 9), (272_001, 7, 11, 9)]
CALLS += [(100_001, 100_000, 1, 1), (200_001, 200_000, 1, 1), (900_000, 0, 900_000, 60_000)]


def card_of(entry: CatalogModel, day: date = TODAY) -> PriceCard:
    (card,) = daily_cards("it", ModelSpec(catalog=entry.name), entry, [day])
    return card


def charged(card: PriceCard, call: tuple[int, int, int, int]) -> float:
    """DESIGN section 2, charge, on one card."""
    prompt, cached, written, output = call
    tier = card.tier(prompt)
    fresh = prompt - cached - written
    tokens = fresh * tier.input + cached * tier.cached_input + written * tier.cache_write + output * tier.output
    return tokens / 1e6 + card.fee_per_call


def usage(call: tuple[int, int, int, int]) -> Usage:
    prompt, cached, written, output = call
    return Usage(input_tokens=prompt, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=output)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "input_price", "output", "cached", "written"),
    [
        ("anthropic/claude-sonnet-4-6", 3, 15, 0.30, 3.75),
        ("anthropic/claude-opus-4-7", 5, 25, 0.50, 6.25),
        ("openai/gpt-5.5", 5, 30, 0.50, None),
        ("google/gemini-3.5-flash", 1.50, 9, 0.15, None),
    ],
)
def test_prices_are_those_that_a_person_looked_up(name, input_price, output, cached, written):
    rates = find_model(name).on(TODAY).standard[0]
    assert (rates.input, rates.output, rates.cached_input, rates.cache_write) == (input_price, output, cached, written)


def test_gpt_5_5_bills_the_whole_call_dearer_above_272000_tokens():
    card = card_of(find_model("openai/gpt-5.5"))
    assert [tier.above for tier in card.tiers] == [-1, 272_000]
    assert charged(card, (272_000, 0, 0, 1_000)) == pytest.approx(272_000 * 5e-6 + 1_000 * 30e-6, rel=1e-12)
    assert charged(card, (272_001, 0, 0, 1_000)) == pytest.approx(272_001 * 10e-6 + 1_000 * 45e-6, rel=1e-12)


@pytest.mark.parametrize("day", [date(2026, 3, 12), date(2026, 3, 13), date(2026, 8, 17), TODAY, date(2027, 1, 1)])
@pytest.mark.parametrize(
    "name",
    [
        "anthropic/claude-sonnet-4-6",  # lost its long-context price on 2026-03-13
        "anthropic/claude-haiku-5-5",
        "openai/gpt-5.5",
        "openai/gpt-6.1-terra",
        "google/gemini-3.8-flash",  # doubles on 2027-01-01
        "google/gemini-3.1-pro-preview",
        "azure/gpt-5.5",  # lent by openai
        "perplexity/sonar",  # a fee on every request
    ],
)
def test_a_card_charges_what_genai_prices_does(name, day):
    provider, model = name.split("/")
    card = card_of(find_model(name), day)
    for call in CALLS:
        yardstick = calc_price(usage(call), model, provider_id=provider, genai_request_timestamp=noon(day)).total_price
        assert charged(card, call) == pytest.approx(float(yardstick), rel=1e-12)


def test_every_card_of_the_catalogue_charges_what_genai_prices_does():
    """The sweep: a model that is added tomorrow is held too. Hourly prices are held to their mean over the day."""
    compared = 0
    for entry in search_models():
        if missing_prices(ModelSpec(catalog=entry.name), entry, [TODAY]):
            continue
        card, provider = card_of(entry), provider_of(entry)
        hours = 48 if entry.on(TODAY).blended else 1
        stamps = [noon(TODAY) + timedelta(minutes=30 * (number - hours // 2)) for number in range(hours)]
        for call in CALLS:
            bills = [entry.info.calc_price(usage(call), provider, genai_request_timestamp=stamp) for stamp in stamps]
            mean = math.fsum(float(bill.total_price) for bill in bills) / hours
            assert charged(card, call) == pytest.approx(mean, rel=1e-12), (entry.name, call)
        compared += 1
    assert compared > 1_500


def provider_of(entry: CatalogModel):
    from genai_prices import data_snapshot

    wanted = entry.name.split("/")[0]
    return next(provider for provider in data_snapshot.get_snapshot().providers if provider.id == wanted)


# -- dated and hourly prices -------------------------------------------------------------------------------------------


def test_a_price_starts_on_its_day_and_not_before():
    gemini = find_model("google/gemini-3.8-flash")
    assert [gemini.on(day).standard[0].input for day in (date(2026, 12, 31), date(2027, 1, 1))] == [0.75, 1.5]
    assert gemini.on(date(2026, 11, 1)) is gemini.on(date(2026, 12, 31))


def test_hourly_prices_are_blended_over_the_day():
    """Seven of 24 hours are peak: 1.32 and 3.96 against 0.66 and 1.98."""
    prices = find_model("deepseek/deepseek-v4-pro").on(date(2026, 8, 17))
    assert prices.blended
    assert prices.standard[0].input == pytest.approx((17 * 0.66 + 7 * 1.32) / 24, rel=1e-12)
    assert prices.standard[0].output == pytest.approx((17 * 1.98 + 7 * 3.96) / 24, rel=1e-12)
    assert prices.standard[0].cached_input == pytest.approx((17 * 0.022 + 7 * 0.044) / 24, rel=1e-12)


def test_peak_hours_do_not_reach_back_before_the_day_they_began():
    """genai-prices itself bills peak prices in the hours before 2026-08-17, as its own comment admits."""
    prices = find_model("deepseek/deepseek-v4-pro").on(date(2026, 8, 16))
    assert not prices.blended
    assert (prices.standard[0].input, prices.standard[0].output) == (0.435, 0.87)


# -- names -------------------------------------------------------------------------------------------------------------


def test_every_entry_is_found_by_its_own_name():
    """The package misses some of its own ids, which it matches by patterns only."""
    entries = search_models()
    assert len(entries) > 2_000
    found = [find_model(entry.name) for entry in entries[::7]]
    assert [entry.name for entry in found] == [entry.name for entry in entries[::7]]
    assert find_model("fireworks/deepseek-v4-pro").on(TODAY).standard[0].input == 1.74


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("anthropic/claude-sonnet-4-6-20260217", "anthropic/claude-sonnet-4-6"),
        ("Anthropic/Claude-Opus-4-7", "anthropic/claude-opus-4-7"),
        ("azure/gpt-5.5", "openai/gpt-5.5"),  # lent
    ],
)
def test_what_was_found_is_named_beside_what_was_asked(asked, name):
    entry = find_model(asked)
    assert (entry.asked, entry.name) == (asked, name)


@pytest.mark.parametrize(
    ("asked", "near", "why"),
    [
        ("anthropic/claude-sonet-4-6", "anthropic/claude-sonnet-4-6", "no model"),
        ("claude-sonnet-4-6", "anthropic/claude-sonnet-4-6", "names no provider"),
        ("anthropicc/claude-sonnet-4-6", "anthropic/claude-sonnet-4-6", "no provider 'anthropicc'"),
        ("vertex_ai/gemini-3.5-flash", "google/gemini-3.5-flash", "no provider 'vertex_ai'"),
        ("openai/claude-opus-4-7", "anthropic/claude-opus-4-7", "no model"),
        ("deepseek/v4-pro", "deepseek/deepseek-v4-pro", "no model"),
        ("text-embedding-3-smal", "openai/text-embedding-3-small", "names no provider"),
    ],
)
def test_an_unknown_name_is_an_error_with_near_names(asked, near, why):
    with pytest.raises(UnknownModelError, match=why) as error:
        find_model(asked)
    assert error.value.near[0] == near


def test_a_price_that_no_tier_lists_is_taken_for_all():
    entry = find_model("openai-decisions/gpt-6-luna")
    tiers = daily_cards("it", ModelSpec(catalog=entry.name, output=0), entry, [TODAY])[0].tiers
    assert len(tiers) > 1
    assert {tier.output for tier in tiers} == {0}


def test_a_bare_name_is_its_makers_and_not_a_resellers():
    assert infer_model("text-embedding-3-small").name == "openai/text-embedding-3-small"
    for name in ("qwen/qwen3-14b", "phi-4-reasoning-plus"):  # several sell them, and none of these made them
        with pytest.raises(UnknownModelError):
            infer_model(name)


def test_a_name_like_no_other_has_no_near_names():
    with pytest.raises(UnknownModelError) as error:
        find_model("zzzzzz/qqqqqqqq")
    assert error.value.near == ()


def test_search_finds_parts_of_names_and_puts_the_exact_one_first():
    assert "anthropic/claude-opus-4-7" in [entry.name for entry in search_models("opus-4-7")]
    assert [entry.name for entry in search_models("x-ai/grok-4.3")][:2] == ["x-ai/grok-4.3", "openrouter/x-ai/grok-4.3"]
    assert [entry.name for entry in search_models("anthropic/claude-opus-4-7-20260416")] == [
        "anthropic/claude-opus-4-7"
    ]
    with pytest.raises(UnknownModelError):
        search_models("opsu-4-7-zzz")


# -- batch -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "input_price"),
    [("anthropic/claude-opus-4-7", 2.5), ("openai/gpt-5.5", 2.5), ("google/gemini-3.5-flash", None)],
)
def test_batch_prices_count_only_where_they_differ(name, input_price):
    batch = find_model(name).on(TODAY).batch
    assert (batch and batch[0].input) == input_price


def test_batch_prices_start_on_their_day():
    entry = find_model("anthropic/claude-opus-4-7")
    assert [entry.on(date(2026, 10, day)).batch is None for day in (13, 14)] == [True, False]


def test_batch_prices_are_not_lent():
    """Azure sells OpenAI's models at OpenAI's prices; nobody says that its batch costs what OpenAI's does."""
    assert find_model("openai/gpt-5.5").on(TODAY).batch is not None
    assert find_model("azure/gpt-5.5").lent
    assert find_model("azure/gpt-5.5").on(TODAY).batch is None


# -- the data ----------------------------------------------------------------------------------------------------------


def test_the_data_is_as_old_as_its_newest_price_that_nobody_announces():
    day = price_data_date()
    starts = [change for entry in search_models("openrouter/") for change in entry.changes()]
    assert max(starts) == day
    assert day < max(change for entry in search_models("google/gemini") for change in entry.changes())


def test_the_catalogue_is_imported_when_it_is_asked():
    code = "import sys, scenarios.catalog; assert 'genai_prices' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
