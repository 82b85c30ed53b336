"""From a scenario's models to the cards of every day of its period, and to sentences where that fails."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from genai_prices import Usage, calc_price

from scenarios.catalog import search_models
from scenarios.load import ScenarioError, load
from scenarios.prices import PriceBook, PriceTier, list_models, price_data_date, resolve_prices

FLAT = {"turns": 1, "system_tokens": 100, "output_tokens": 10}


def priced(models: dict | None = None, agent: dict | None = None, **rest) -> PriceBook:
    """The book of a scenario with one agent; its model is `it`, or what `agent` says."""
    written = {
        "name": "priced",
        "as_of": "2026-11-20",
        "period": "2026-12",
        "volume": {"sessions_per_day": 10},
        "models": models or {},
        "agents": {"chat": {"model": "it"} | FLAT | (agent or {})},
    }
    return resolve_prices(load(written | rest))


def problems(*args, **kwargs) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        priced(*args, **kwargs)
    return [str(problem) for problem in error.value.problems]


def days(start: str, number: int) -> dict[str, object]:
    return {"start": start, "days": number}


# -- cards -------------------------------------------------------------------------------------------------------------


def test_a_catalogue_name_becomes_a_card_for_each_day():
    book = priced({"it": "anthropic/claude-sonnet-4-6"})
    cards = book.cards["it"]
    assert len(cards) == 31
    assert all(card is cards[0] for card in cards)
    assert cards[0].tiers == (PriceTier(-1, 3, 15, 0.3, 3.75),)
    assert (cards[0].has_cache_write, cards[0].pays, cards[0].fee_per_call) == (True, 1, 0)
    assert cards[0].context_window == 1_000_000
    assert cards[0].source.endswith(": anthropic/claude-sonnet-4-6")
    assert cards[0].source.startswith("genai-prices ")


def test_a_model_that_an_agent_names_outright_is_priced_under_that_name():
    book = priced(agent={"model": "anthropic/claude-opus-4-7"})
    assert book.cards["anthropic/claude-opus-4-7"][0].tiers[0].output == 25


def test_prices_of_ones_own_need_no_catalogue():
    (card, *_) = priced({"it": {"input": 0.44, "output": 0.87, "cached_input": 0.044}}).cards["it"]
    assert card.tiers == (PriceTier(-1, 0.44, 0.87, 0.044, 0.44),)
    assert not card.has_cache_write
    assert (card.context_window, card.source) == (None, "own price")


def test_a_missing_cache_price_is_the_input_price():
    (card, *_) = priced({"it": {"input": 2, "output": 8}}).cards["it"]
    assert card.tiers == (PriceTier(-1, 2, 8, 2, 2),)


def test_every_price_can_be_overridden():
    own = {"input": 0.5, "cached_input": 0.05, "cache_write": 0.6, "context_window": 64_000, "pays": 0.9}
    (card, *_) = priced({"it": {"catalog": "google/gemini-3.5-flash"} | own | {"fee_per_call": 0.01}}).cards["it"]
    assert card.tiers == (PriceTier(-1, 0.5, 9, 0.05, 0.6),)
    assert card.has_cache_write
    assert (card.context_window, card.pays, card.fee_per_call) == (64_000, 0.9, 0.01)
    assert "own input and cached_input and cache_write" in card.source


def test_a_fee_on_each_request_is_taken_from_the_catalogue_unless_given():
    assert priced({"it": "perplexity/sonar"}).cards["it"][0].fee_per_call == pytest.approx(0.012)
    assert priced({"it": {"catalog": "perplexity/sonar", "fee_per_call": 0}}).cards["it"][0].fee_per_call == 0


def test_an_override_holds_below_the_long_context_threshold_and_says_so():
    book = priced({"it": {"catalog": "openai/gpt-5.5", "input": 4}})
    assert [tier.input for tier in book.cards["it"][0].tiers] == [4, 10]
    assert any("272,000" in note for note in book.notes)


def test_long_context_prices_of_ones_own_replace_the_catalogues():
    long = {"above": 128_000, "input": 7, "output": 40}
    (card, *_) = priced({"it": {"catalog": "openai/gpt-5.5", "long_context": long}}).cards["it"]
    assert card.tiers == (PriceTier(-1, 5, 30, 0.5, 5), PriceTier(128_000, 7, 40, 0.5, 7))
    assert [card.tier(tokens).input for tokens in (0, 128_000, 128_001)] == [5, 5, 7]


# -- days --------------------------------------------------------------------------------------------------------------


def test_a_price_that_changes_inside_the_period_changes_on_its_day():
    book = priced({"it": "google/gemini-3.8-flash"}, period=days("2026-12-30", 4))
    assert [card.tiers[0].input for card in book.cards["it"]] == [0.75, 0.75, 1.5, 1.5]
    assert any("change on 2027-01-01" in note and "input 0.75 to 1.5" in note for note in book.notes)
    assert [(since, until) for since, until, _ in book.runs("it")] == [
        (date(2026, 12, 30), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 2)),
    ]


def test_a_price_that_went_by_the_hour_did_so_on_its_day_and_is_explained():
    book = priced({"it": "deepseek/deepseek-v4-pro"}, period=days("2026-08-15", 4))
    cards = book.cards["it"]
    assert [card.tiers[0].input for card in cards] == pytest.approx([0.435, 0.435, 0.8525, 0.8525], rel=1e-12)
    assert any("24 hours of every day of the week" in note for note in book.notes)


def test_own_prices_stay_while_the_catalogues_change():
    book = priced({"it": {"catalog": "google/gemini-3.8-flash", "output": 3}}, period=days("2026-12-31", 2))
    assert [(card.tiers[0].input, card.tiers[0].output) for card in book.cards["it"]] == [(0.75, 3), (1.5, 3)]


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_unknown_model_is_an_error_with_near_names_and_a_way_out():
    (problem,) = problems({"it": "anthropic/claude-sonet-4-6"})
    assert problem.startswith("models.it\n")
    assert "has no model 'anthropic/claude-sonet-4-6'" in problem
    assert "did you mean anthropic/claude-sonnet-4-6" in problem
    assert "input and output prices" in problem


@pytest.mark.parametrize(
    ("agent", "path"),
    [
        ({"model": "openai/gpt-99"}, "agents.chat.model"),
        (
            {"retry": {"failure_rate": 0.1, "fallback": {"after": 1, "model": "openai/gpt-99"}}},
            "agents.chat.retry.fallback",
        ),
    ],
)
def test_an_unknown_model_stands_where_it_was_written(agent, path):
    (problem,) = problems({"it": {"input": 1, "output": 1}}, agent)
    assert problem.startswith(path)


def test_an_unknown_model_in_a_route_stands_there():
    event = {"per_month": 1, "days": 1, "route": {"it": "openai/gpt-99"}}
    (problem,) = problems({"it": {"input": 1, "output": 1}}, events={"outage": event})
    assert problem.startswith("events.outage.route")


def test_all_models_are_looked_up_before_anything_is_said():
    found = problems({"it": "openai/gpt-99", "b": "openai/text-embedding-3-small", "c": "deepseek/deepseek-chat"})
    assert len(found) == 3


def test_a_file_and_a_line_are_named(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "name: wrong\nas_of: 2026-11-20\nvolume: {sessions_per_day: 1}\nagents:\n  chat:\n    model: openai/gpt-99\n"
        "    output_tokens: 10\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as error:
        resolve_prices(load(path))
    (problem,) = error.value.problems
    assert (problem.line, problem.path) == (6, "agents.chat.model")
    assert "wrong.yaml" in problem.file


def test_a_price_that_the_catalogue_lacks_must_be_given():
    (problem,) = problems({"it": "openai/text-embedding-3-small"})
    assert "has no output price per token" in problem
    assert "{catalog: openai/text-embedding-3-small, output: PRICE}" in problem
    assert priced({"it": {"catalog": "openai/text-embedding-3-small", "output": 0}}).cards["it"][0].tiers[0].output == 0


@pytest.mark.parametrize("name", ["deepseek/deepseek-chat", "deepseek/deepseek-reasoner"])
def test_a_withdrawn_name_with_an_old_price_is_refused_unless_priced(name):
    (problem,) = problems({"it": name})
    assert "withdrawn" in problem
    assert "deepseek/deepseek-v4-pro" in problem
    assert priced({"it": {"catalog": name, "input": 1, "output": 2}}).cards["it"][0].tiers[0].output == 2


# -- batch -------------------------------------------------------------------------------------------------------------


def test_batch_pays_is_taken_from_the_catalogue():
    (card, *_) = priced({"it": "anthropic/claude-opus-4-7"}, {"batch": True}).cards["it"]
    assert (card.batch_pays, card.batch_tiers) == (0.5, card.tiers)


def test_batch_prices_that_are_no_single_factor_stand_for_themselves():
    """Batch of gpt-4.1 halves input and output, and leaves cached input as it is."""
    (card, *_) = priced({"it": "openai/gpt-4.1"}, {"batch": True}).cards["it"]
    (tier,) = card.batch_tiers
    assert card.batch_pays == 1
    assert (tier.input, tier.output, tier.cached_input) == (1, 4, 0.5)


@pytest.mark.parametrize(
    "name", ["openai/gpt-4.1", "openai/gpt-5.5", "anthropic/claude-haiku-5-5", "groq/openai/gpt-oss-120b"]
)
def test_batch_costs_what_genai_prices_says(name):
    (card, *_) = priced({"it": name}, {"batch": True}).cards["it"]
    provider, model = name.split("/", 1)
    for prompt, cached in [(1_000, 400), (272_000, 0), (272_001, 272_000)]:
        usage = Usage(input_tokens=prompt, cache_read_tokens=cached, output_tokens=900)
        at = datetime(2026, 12, 1, 12, tzinfo=UTC)
        context = {"processing": "batch"}
        bill = calc_price(usage, model, provider_id=provider, genai_request_timestamp=at, price_context=context)
        tier = next(tier for tier in reversed(card.batch_tiers) if prompt > tier.above)
        ours = ((prompt - cached) * tier.input + cached * tier.cached_input + 900 * tier.output) / 1e6 * card.batch_pays
        assert ours == pytest.approx(float(bill.total_price), rel=1e-12)


def test_batch_of_a_model_without_batch_prices_is_refused_unless_given():
    (problem,) = problems({"it": "google/gemini-3.5-flash"}, {"batch": True})
    assert problem.startswith("agents.chat.batch\n")
    assert "it has no batch prices" in problem
    assert "models.it.batch_pays" in problem
    (card, *_) = priced({"it": {"catalog": "google/gemini-3.5-flash", "batch_pays": 0.5}}, {"batch": True}).cards["it"]
    assert (card.batch_pays, card.batch_tiers) == (0.5, card.tiers)


def test_batch_prices_beside_prices_of_ones_own_must_be_given_where_no_single_factor_says_them():
    assert problems({"it": {"catalog": "openai/gpt-4.1", "input": 1.8}}, {"batch": True})
    (card, *_) = priced({"it": {"catalog": "openai/gpt-5.5", "input": 4}}, {"batch": True}).cards["it"]
    assert (card.batch_pays, card.batch_tiers[0].input) == (0.5, 4)


def test_batch_needs_batch_prices_of_the_fallback_too():
    retry = {"failure_rate": 0.1, "fallback": {"after": 1, "model": "google/gemini-3.5-flash"}}
    (problem,) = problems({"it": "anthropic/claude-opus-4-7"}, {"batch": True, "retry": retry})
    assert "google/gemini-3.5-flash has no batch prices" in problem


def test_batch_needs_batch_prices_of_models_that_calls_are_routed_to():
    event = {"date": "2026-12-10", "route": {"it": "google/gemini-3.5-flash"}}
    models = {"it": "anthropic/claude-opus-4-7"}
    (problem,) = problems(models, {"batch": True}, events={"outage": event})
    assert problem.startswith("agents.chat.batch\n")
    assert "google/gemini-3.5-flash has no batch prices" in problem
    assert priced(models, events={"outage": event})


def test_batch_before_the_catalogue_has_batch_prices_is_refused():
    assert problems({"it": "anthropic/claude-opus-4-7"}, {"batch": True}, period=days("2026-10-13", 2))
    assert priced({"it": "anthropic/claude-opus-4-7"}, {"batch": True}, period=days("2026-10-14", 2))


# -- the book ----------------------------------------------------------------------------------------------------------


def test_the_hash_follows_the_prices_and_nothing_else():
    same = [{"it": "anthropic/claude-opus-4-7"}, {"it": {"catalog": "anthropic/claude-opus-4-7", "input": 5}}]
    hashes = {priced(models).sha256 for models in same}
    assert len(hashes) == 1
    others = [{"it": {"catalog": "anthropic/claude-opus-4-7", "input": 5.1}}, {"it": "anthropic/claude-opus-4-6"}]
    others[1]["it"] = {"catalog": "anthropic/claude-opus-4-7", "pays": 0.9}
    assert len(hashes | {priced(models).sha256 for models in others}) == 3


def test_the_hash_sees_the_day_of_a_change():
    books = [priced({"it": "google/gemini-3.8-flash"}, period=days(start, 4)) for start in ("2026-12-29", "2026-12-30")]
    assert books[0].sha256 != books[1].sha256


def test_the_table_has_a_row_for_each_tier_and_stretch_of_days():
    book = priced({"it": "openai/gpt-5.5", "own": {"input": 1, "output": 2}})
    rows = [(row.model, row.above, row.input, row.output, row.cache_write) for row in book.table()]
    assert rows == [("it", None, 5, 30, None), ("it", 272_000, 10, 45, None), ("own", None, 1, 2, None)]
    assert (book.table()[0].since, book.table()[0].until) == (date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("models", "agent", "words"),
    [
        ({"it": "anthropic/claude-sonnet-4-6-20260217"}, {}, "resolved to anthropic/claude-sonnet-4-6"),
        ({"it": "azure/gpt-5.5"}, {}, "resolved to openai/gpt-5.5"),
        ({"it": "perplexity/sonar"}, {"cache": {"hit_rate": 0.5}}, "no price for cached input"),
    ],
)
def test_what_was_assumed_is_noted(models, agent, words):
    assert any(words in note for note in priced(models, agent).notes)


def test_prices_without_assumptions_have_no_notes():
    assert priced({"it": "anthropic/claude-sonnet-4-6"}, {"cache": {"hit_rate": 0.5}}).notes == []


# -- the price list ----------------------------------------------------------------------------------------------------


def test_the_price_list_shows_announced_changes():
    rows = list_models("google/gemini-3.8-flash", date(2026, 11, 20))
    mine = [row for row in rows if row.model == "google/gemini-3.8-flash"]
    assert rows[0] is mine[0]
    assert [(row.since, row.until, row.input) for row in mine] == [
        (None, date(2026, 12, 31), 0.75),
        (date(2027, 1, 1), None, 1.5),
    ]


def test_the_price_list_of_everything_is_whole():
    rows = list_models()
    assert len({row.model for row in rows}) > 2_000
    assert all(
        before.until + timedelta(days=1) == after.since
        for before, after in pairwise(rows)
        if before.until and after.above is None
    )


def test_the_price_list_says_what_comes_near():
    with pytest.raises(LookupError) as error:
        list_models("anthropic/claude-sonet-4-6")
    assert "anthropic/claude-sonnet-4-6" in error.value.near


def test_a_scenario_without_as_of_is_of_the_price_datas_day():
    scenario = load(
        {"name": "x", "volume": {"sessions_per_day": 1}, "agents": {"a": {"model": "openai/gpt-5.5"} | FLAT}}
    )
    assert scenario.as_of == price_data_date()
    assert resolve_prices(scenario).data_date == price_data_date()


def test_prices_are_imported_when_they_are_asked():
    code = "import sys, scenarios.prices; assert 'genai_prices' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- dates -------------------------------------------------------------------------------------------------------------


def test_a_price_that_came_after_as_of_is_named():
    day = price_data_date()
    entry, change = next(
        (entry, change)
        for entry in search_models("/")
        for change in entry.changes()
        if date(2024, 1, 10) < change <= day
        and entry.on(change - timedelta(days=1)).standard[0].input
        and entry.on(change).standard[0].input
        and entry.on(change) != entry.on(change - timedelta(days=1))
        and not entry.retired
    )
    models = {"it": {"catalog": entry.name, "output": 1}}
    first = change - timedelta(days=3)

    def named(as_of: date, **own: float) -> bool:
        period = days(first.isoformat(), 9)
        notes = priced({"it": models["it"] | own}, as_of=as_of.isoformat(), period=period).notes
        return any(f"changed on {change}, after as_of" in note for note in notes)

    assert named(change - timedelta(days=1))
    assert not named(change)
    assert not named(change - timedelta(days=1), input=1, cached_input=1, cache_write=1)
