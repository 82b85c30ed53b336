"""Repriced logs against genai-prices itself, call by call, and the words that explain a difference."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from genai_prices import Usage, calc_price

from scenarios.bills import Bill, invoice_words, make_bill
from scenarios.catalog import UnknownModelError
from scenarios.logged_models import find_logged
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls, Rows

DAY = date(2026, 11, 20)
# Models with a cliff in the prompt, prices that change by the hour or by the day, batch and one-hour prices, and fees.
MODELS = {
    "claude-sonnet-4-6": ("anthropic", "claude-sonnet-4-6"),
    "gpt-5.5": ("openai", "gpt-5.5"),
    "gemini-2.5-pro": ("google", "gemini-2.5-pro"),
    "deepseek-v4-pro": ("deepseek", "deepseek-v4-pro"),
    "sonar-deep-research": ("perplexity", "sonar-deep-research"),
    "sonar-pro": ("perplexity", "sonar-pro"),
}
CONTEXT = {"": None, "batch": {"processing": "batch"}, "priority": {"service_tier": "priority"}}


def random_calls(n: int, seed: int = 1) -> Calls:
    rng = np.random.default_rng(seed)
    written = rng.integers(0, 90_000, n) * rng.integers(0, 2, n)
    rows = Rows()
    rows.extend(
        time=datetime(2026, 2, 1, tzinfo=UTC).timestamp() + rng.integers(0, 290 * 86_400, n),
        model=rng.choice(list(MODELS), n).tolist(),
        tier=rng.choice(["", "", "batch", "priority"], n).tolist(),
        fresh=rng.integers(0, 150_000, n),
        cached=rng.integers(0, 250_000, n) * rng.integers(0, 2, n),
        written=written,
        written_1h=(written * rng.choice([0.0, 0.5, 1.0], n)).astype(np.int64),
        output=rng.integers(0, 9_000, n),
        reasoning=rng.integers(0, 5_000, n) * rng.integers(0, 2, n),
        billed=rng.random(n) < 0.9,
    )
    return rows.finish(dated=True)


def charged(calls: Calls, i: int) -> float:
    """What the package says, for one call."""
    row = {name: calls[name][i].item() for name in ("fresh", "cached", "written", "written_1h", "output", "reasoning")}
    provider, model = MODELS[calls.names["model"][calls["model"][i]]]
    tier = calls.names["tier"][calls["tier"][i]] if calls["tier"][i] >= 0 else ""
    usage = Usage(
        input_tokens=row["fresh"] + row["cached"] + row["written"],
        cache_read_tokens=row["cached"],
        cache_write_tokens=row["written"],
        cache_write_1h_tokens=row["written_1h"],
        output_tokens=row["output"] + row["reasoning"],
        output_reasoning_tokens=row["reasoning"],
    )
    at = datetime.fromtimestamp(calls["time"][i].item(), UTC)
    price = calc_price(usage, model, provider_id=provider, genai_request_timestamp=at, price_context=CONTEXT[tier])
    return float(price.total_price) if calls["billed"][i] else 0.0


def test_every_call_costs_what_the_catalogue_charges_for_it():
    calls = random_calls(3_000)
    # Hourly prices that the package applies to the years before they began are left out there: see quotes.in_force.
    bill = make_bill(calls, as_of=DAY)
    expected = [charged(calls, i) for i in range(len(calls))]
    begun = calls["time"] >= datetime(2026, 8, 17, tzinfo=UTC).timestamp()
    same = begun | (calls["model"] != calls.names["model"].index("deepseek-v4-pro"))
    assert same.mean() > 0.8
    np.testing.assert_allclose(bill.cost[same], np.array(expected)[same], rtol=1e-12)
    assert bill.repriced == pytest.approx(bill.cost.sum(), rel=1e-12)
    assert sum(line.unbilled for line in bill.lines) == (~calls["billed"]).sum()


@pytest.mark.parametrize(("prompt", "price"), [(272_000, 5.0), (272_001, 10.0)])
def test_a_prompt_is_long_once_it_passes_the_threshold(prompt, price):
    rows = Rows("model", "fresh")
    rows.append("gpt-5.5", prompt)
    assert make_bill(rows.finish(dated=False), as_of=DAY).repriced == pytest.approx(prompt * price / 1e6, rel=1e-12)


def log_of(model: str = "claude-opus-4-7", n: int = 200, dated: bool = True, **columns: object) -> Calls:
    rng = np.random.default_rng(2)
    rows = Rows()
    rows.extend(
        **{
            "time": datetime(2026, 11, 3, tzinfo=UTC).timestamp() + 60.0 * np.arange(n),
            "model": [model] * n,
            "fresh": rng.integers(100, 5_000, n),
            "cached": rng.integers(0, 90_000, n),
            "written": rng.integers(1, 5_000, n),
            "output": rng.integers(1, 900, n),
            **columns,
        },
    )
    return rows.finish(dated)


def told(calls: Calls, change) -> str:
    """The reason that is given where the log's costs are what `change` makes of the columns."""
    column = {name: calls[name].astype(float) for name in ("fresh", "cached", "written", "output")}
    cost = sum(column[kind] * price for kind, price in change(column).items()) if callable(change) else change
    recorded = Calls({**calls.columns, "cost": np.asarray(cost) / 1e6}, calls.names, calls.tools, calls.dated)
    (line,) = make_bill(recorded, as_of=DAY).lines
    return line.reason


PRICES = {"fresh": 5.0, "cached": 0.5, "written": 6.25, "output": 25.0}  # Opus 4.7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: PRICES, ""),
        (lambda _: {kind: 0.85 * price for kind, price in PRICES.items()}, "at 0.85 times its list price, 15 % off"),
        (lambda _: {**PRICES, "cached": 5.0, "written": 5.0}, "as if nothing were cached"),
        (lambda _: {**PRICES, "cached": 5.5}, "charges cached tokens twice, or its input does not count them"),
        (lambda _: {**PRICES, "cached": 0.0}, "leaves out what cached tokens cost"),
        (lambda _: {**PRICES, "written": 0.0}, "leaves out what writing to the cache costs"),
        (lambda _: {**PRICES, "output": 12.0, "written": 1.0, "cached": 0.1}, "no single reason explains it"),
    ],
)
def test_a_difference_is_explained_in_words(change, words):
    reason = told(log_of(), change)
    assert words in reason
    assert bool(words) == bool(reason)


def test_a_reading_that_the_tool_chose_is_no_fault_of_the_log():
    calls = log_of(fresh=np.arange(100_000, 120_000, 100), cached=np.arange(200) * 400)
    prices = {**PRICES, "cached": PRICES["cached"] - PRICES["fresh"]}
    reason = told(calls, lambda _: prices)
    assert "or its input counts the cached tokens, and is read as if it did not" in reason
    assert "--map cached_in_prompt=yes" in reason


def test_what_was_written_for_an_hour_is_priced_so_where_something_else_differs():
    written = np.arange(1_000, 21_000, 100)
    calls = log_of(written=written, written_1h=written // 2, reasoning=np.full(200, 400))
    column = {name: calls[name].astype(float) for name in ("fresh", "cached", "written", "written_1h", "output")}
    cost = column["fresh"] * 5 + column["cached"] * 0.5 + column["output"] * 25
    shorter, hourly = (column["written"] - column["written_1h"]) * 6.25, column["written_1h"]
    assert "leaves out reasoning" in told(calls, cost + shorter + hourly * 10)
    thinking = calls["reasoning"] * 25.0
    assert "one-hour cache writes as those of five minutes" in told(calls, cost + thinking + shorter + hourly * 6.25)


def test_the_prices_of_another_day_are_recognised():
    calls = log_of("claude-sonnet-4-6", n=50, fresh=np.arange(210_000, 260_000, 1_000), cached=np.zeros(50, np.int64))
    column = {name: calls[name].astype(float) for name in ("fresh", "written", "output")}
    old = column["fresh"] * 6 + column["written"] * 7.5 + column["output"] * 22.5  # long prompts until 2026-03-12
    assert "the prices of 2026-03-12" in told(calls, old)


def test_calls_that_nobody_bills_are_free_and_said_where_the_log_charges_them():
    calls = log_of(billed=np.arange(200) % 2 == 0)
    cost = sum(calls[kind] * price for kind, price in PRICES.items())
    assert "charges calls that providers do not bill" in told(calls, cost)
    (line,) = make_bill(calls, as_of=DAY).lines
    assert (line.unbilled, line.repriced) == (100, pytest.approx(cost[calls["billed"]].sum() / 1e6))


def test_an_undated_log_is_priced_at_the_day_that_is_given():
    calls = log_of("claude-sonnet-4-6", fresh=np.full(200, 250_000), dated=False)
    before, after = (make_bill(calls, as_of=day) for day in (date(2026, 3, 12), date(2026, 3, 13)))
    assert before.repriced > 1.4 * after.repriced
    assert before.priced_at == date(2026, 3, 12)
    assert before.days is None
    assert "the log has no dates: priced at the prices of 2026-03-12" in before.notes


def test_days_are_the_first_and_the_last_of_the_log():
    assert make_bill(log_of(), as_of=DAY).days == (date(2026, 11, 3), date(2026, 11, 3))


@pytest.mark.parametrize(
    ("provider", "model", "entry"),
    [
        (None, "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        (
            None,
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (None, "bedrock/anthropic.claude-opus-4-7-v1:0", "aws/regional.anthropic.claude-opus-4-7-v1:0"),
        ("bedrock", "us.anthropic.claude-opus-4-7-v1:0", "aws/regional.anthropic.claude-opus-4-7-v1:0"),
        (None, "azure/gpt-4o", "openai/gpt-4o"),
        (None, "llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"),
        ("azure_openai", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        (None, "openrouter/anthropic/claude-opus-4.7", "openrouter/anthropic/claude-opus-4.7"),
        (None, "vertex_ai/claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5"),
        ("litellm", "anthropic/claude-opus-4-7", "anthropic/claude-opus-4-7"),
        ("xai", "grok-4", "x-ai/grok-4-0709"),
        ("anthropic", "gpt-4o", "openai/gpt-4o"),
    ],
)
def test_logged_names_lead_to_the_catalogue(provider, model, entry):
    assert find_logged(provider, model, {}).name == entry


def test_a_mapping_comes_before_the_catalogue_and_the_name_before_the_star():
    mapping = {"gpt-4o": "anthropic/claude-opus-4-7", "*": "openai/gpt-5.5"}
    assert find_logged("azure", "gpt-4o", mapping).name == "anthropic/claude-opus-4-7"
    assert find_logged(None, None, mapping).name == "openai/gpt-5.5"
    with pytest.raises(UnknownModelError, match="no model 'openai/gpt-99'"):
        find_logged(None, "gpt-4o", {"*": "openai/gpt-99"})


def refused(calls: Calls, **options: object) -> str:
    with pytest.raises(LogError) as caught:
        make_bill(calls, as_of=DAY, **options)
    return str(caught.value)


def test_unknown_models_are_all_listed_with_near_names_and_a_remedy():
    rows = Rows("provider", "model", "fresh")
    for provider, model in [("openai", "my-llama"), (None, "claude-opus-44"), (None, "gpt-5.5"), (None, None)]:
        rows.append(provider, model, 100)
    said = refused(rows.finish(dated=False))
    assert said.splitlines()[0] == "3 models of the log have no price:"
    assert "openai/my-llama: the price catalogue has no model 'openai/my-llama'" in said
    assert "did you mean anthropic/claude-opus-4-8" in said
    assert "    1 of 4 calls names no model\n" in said
    assert "--model '*=PROVIDER/MODEL' for all" in said
    assert "--where leaves calls out" in said


def test_a_mapping_of_a_name_that_the_log_does_not_have_is_refused():
    said = refused(log_of(), mapping={"gpt-4": "openai/gpt-5.5"})
    assert said == "--model gpt-4=...: the log has no model of that name; it has claude-opus-4-7"


def test_costs_in_several_currencies_are_refused_by_name():
    costs = log_of(n=3, cost=[1.0, 2.0, 0.0], currency=["EUR", None, "GBP"])
    assert "in several currencies, USD (1 calls), EUR (1 calls); calibrate each by itself" in refused(costs)


def test_one_currency_that_is_not_the_dollar_is_told_and_not_called_a_difference():
    bill = make_bill(log_of(n=3, cost=[1.0, 2.0, 3.0], currency=["EUR"] * 3), as_of=DAY)
    assert bill.currency == "EUR"
    assert "EUR recorded for a dollar" in bill.lines[0].reason


def test_what_was_taken_in_place_of_a_price_or_a_time_is_noted():
    rows = Rows("time", "model", "tier", "fresh")
    noon = datetime(2026, 11, 3, 12, tzinfo=UTC).timestamp()
    for time_, model, tier in (
        (noon, "claude-opus-4-7", "batch"),
        (noon, "sonar-pro", "batch"),
        (float("nan"), "claude-opus-4-7", None),
        (float("nan"), "claude-opus-4-7", "standard"),
    ):
        rows.append(time_, model, tier, 1_000)
    notes = make_bill(rows.finish(dated=True), as_of=DAY).notes
    assert len(notes) == 2
    assert "perplexity/sonar-pro has no batch prices of its own; standard prices were taken" in notes[0]
    assert notes[1].startswith("2 calls have no time: priced at the prices of 2026-11-20")
    assert make_bill(log_of(n=3), as_of=DAY).notes == ()


def test_a_tier_that_was_priced_on_some_days_only_is_said_to_be():
    days = [date(2026, 10, 1), date(2026, 10, 20)]  # GPT-5 has batch prices from 2026-10-14 on
    noon = np.array([datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() for day in days])
    said = "has no batch prices of its own"
    for times, when in ((noon, " on some days of the log;"), (noon[:1].repeat(2), ";")):
        (note,) = make_bill(log_of("gpt-5", n=2, tier=["batch"] * 2, time=times), as_of=DAY).notes
        assert f"{said}{when}" in note


def test_what_a_few_dear_calls_make_is_not_explained_by_what_holds_for_the_others():
    cost = make_bill(log_of(n=100), as_of=DAY).cost
    found = make_bill(log_of(n=100, cost=np.where(np.arange(100) < 4, 10 * cost, cost)), as_of=DAY)
    assert "no single reason" in found.lines[0].reason


def test_an_invoice_is_held_against_the_recorded_costs():
    def words(invoice: float | None, **columns: object) -> str:
        return invoice_words(make_bill(log_of(n=2, **columns), as_of=DAY, invoice=invoice))

    assert words(None) == ""
    assert words(10.02, cost=[4.0, 6.0]) == "the invoice agrees with the recorded costs"
    assert words(12.0, cost=[4.0, 6.0]).startswith("the invoice is 20.0% above the recorded costs: calls that are not")
    assert words(9.0, cost=[4.0, 6.0]).startswith("the invoice is 10.0% below the recorded costs: a discount")
    assert "the calls at list prices" in words(100.0)


def test_a_million_calls_are_priced_in_seconds():
    calls = random_calls(1_000_000)
    make_bill(random_calls(10), as_of=DAY)  # the catalogue takes a while to import
    start = time.perf_counter()
    bill: Bill = make_bill(calls, as_of=DAY)
    assert time.perf_counter() - start < 10  # a guard against a loop over calls, not a benchmark: about one second
    assert timedelta(days=280) < bill.days[1] - bill.days[0]
    assert bill.to_dict()["repriced"] == bill.repriced
