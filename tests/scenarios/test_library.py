"""The library: what every scenario in it owes its reader, and the numbers that their stories promise."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest

from scenarios.lint import lint
from scenarios.lint_period import share_of_top
from scenarios.load import library_names, library_path, load
from scenarios.prices import resolve_prices
from simulator.run import run

CHATS = ["faq", "rag-assistant", "production-chat", "document-reviewer"]
AGENTS = [
    "coding-agent",
    "research-assistant",
    "support-agent",
    "runaway-agent",
]  # their stories: test_library_agents.py
PRODUCTS = CHATS + AGENTS
WORKED = ["two-hundred-calls", "faq-query"]
MARK = re.compile(r"\((m|p|s|a)\)")


def small(name: str, trials: int, *overrides: str):
    return run(name, trials=trials, overrides=overrides, threads=1)


def test_the_library_is_what_is_tested_here():
    assert library_names() == sorted(PRODUCTS + WORKED)


@pytest.mark.parametrize("name", library_names())
def test_a_scenario_says_what_it_is(name):
    scenario = load(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert scenario.name == name
    assert 20 <= len(scenario.title) <= 80
    assert len(scenario.story.split()) >= 50
    assert scenario.sources
    assert scenario.budget is not None
    assert scenario.as_of == date(2026, 11, 20)
    assert (scenario.period.start, scenario.period.days) == (date(2026, 12, 1), 31)


@pytest.mark.parametrize("name", library_names())
def test_a_scenario_is_priced(name):
    book = resolve_prices(load(name))
    assert all(tier.output > 0 for cards in book.cards.values() for card in cards for tier in card.tiers)


@pytest.mark.parametrize("name", library_names())
def test_a_scenario_runs(name):
    result = small(name, 2, "volume={sessions_per_day: 20}")
    assert result.to_dict()["spend"]["mean"] > 0
    assert result.to_dict()["scenario"]["name"] == name


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_lints_clean_and_has_something_uncertain(name):
    scenario = load(name)
    assert lint(scenario, resolve_prices(scenario).cards) == []
    assert len(scenario.drivers.levels) >= 4


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_number_says_why_nothing_varies(name):
    scenario = load(name)
    findings = lint(scenario, resolve_prices(scenario).cards)
    assert {finding.path for finding in findings if finding.severity == "warning"} == {"drivers"}
    assert "in every percentile" in scenario.story
    assert scenario.title.startswith("Worked number")


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_number_of_a_product_has_its_source_beside_it(name):
    """Measured, primary, secondary or assumed: on the line, or in a comment just above it."""
    lines = library_path(name).read_text(encoding="utf-8").splitlines()
    start = lines.index("volume:")
    unmarked = [
        line
        for number, line in enumerate(lines)
        if number > start and re.search(r"\d", line.partition("#")[0])
        if not ("source:" in line or MARK.search(line))
        if not any(MARK.search(above) for above in lines[number - 3 : number] if above.lstrip().startswith("#"))
    ]
    assert unmarked == []


def test_the_library_shows_what_a_period_can_share():
    shown = {name: load(name) for name in PRODUCTS}
    assert [name for name, one in shown.items() if one.events] == ["support-agent"]
    assert [name for name, one in shown.items() if one.controls] == ["research-assistant"]
    assert [name for name, one in shown.items() if one.volume.rollout] == ["research-assistant"]
    assert [name for name, one in shown.items() if one.volume.users] == ["document-reviewer"]


# -- the worked numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "dollars"), [("two-hundred-calls", 6.00), ("faq-query", 0.000568)])
def test_a_worked_number_stands_in_every_percentile(name, dollars):
    result = small(name, 20, "volume={sessions_per_day: 50}")
    cost = result.to_dict()["session"]["cost"]
    assert set(cost) == {"mean", "p50", "p90", "p95", "p99", "p999", "max"}
    for value in cost.values():
        assert value == pytest.approx(dollars, rel=1e-12)
    nanos = np.rint(result.trials["spend"].to_numpy() * 1e9).astype(np.int64)
    assert np.array_equal(nanos, result.trials["sessions"].to_numpy() * round(dollars * 1e9))


def test_two_hundred_calls_make_their_parts_and_the_months_of_the_story():
    result = small("two-hundred-calls", 400)
    parts = {row["cause"]: row["mean"] for row in result.to_dict()["attribution"] if row["mean"]}
    assert parts["output"] == pytest.approx(2 * parts["message"], rel=1e-12)
    assert result.to_dict()["average_plan"] == pytest.approx(120, rel=1e-12)
    # 20 sessions in a month, Poisson: the mean of 400 months is $120 within four standard errors
    assert result.to_dict()["spend"]["mean"] == pytest.approx(120, abs=4 * 6 * np.sqrt(20 / 400))


def test_the_faq_querys_story_does_its_sums():
    query, frontier = 0.000568, (2_300 * 5 + 400 * 25) / 1e6
    assert frontier == pytest.approx(0.0215)
    assert (round(0.03 / query), round(0.05 / query)) == (53, 88)
    assert 0.2 * frontier / (0.2 * frontier + 0.8 * query) == pytest.approx(0.9, abs=0.01)
    tokens = small("faq-query", 2).to_dict()["session"]["tokens"]
    assert tokens == {"input": 2_300, "cached": 2_000, "written": 0, "output": 400}


# -- what the other stories promise ------------------------------------------------------------------------------------


def test_faq_the_frontiers_fifth_makes_two_thirds_of_what_the_models_cost():
    one_rate = "features.ask={agent: bot, success_rate: 0.7}"
    cost = {
        model: small("faq", 20, f"agents.bot.model={model}", one_rate).to_dict()["session"]["cost"]["mean"]
        for model in ("cheap", "frontier")
    }
    share = 0.2 * cost["frontier"] / (0.2 * cost["frontier"] + 0.8 * cost["cheap"])
    assert share == pytest.approx(2 / 3, abs=0.03)


def test_faq_the_platform_costs_as_much_as_the_answers():
    rows = small("faq", 40).to_dict()["attribution"]
    models = sum(row["mean"] for row in rows if row["cause"] not in {"fixed", "overheads"})
    fixed = sum(row["mean"] for row in rows if row["cause"] == "fixed")
    assert models / fixed == pytest.approx(1, abs=0.25)


def test_faq_turns_are_those_of_the_source():
    """WildChat: mean 2.35, P50 1, P95 7, P99 13; turns are rounded to a whole number, at least 1."""
    turns = load("faq").agents["bot"].turns
    levels = turns.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert np.maximum(1, levels).mean() == pytest.approx(2.35, abs=0.05)
    assert np.rint(turns.ppf(np.array([0.5, 0.95, 0.99]))).tolist() == pytest.approx([1, 7, 13], abs=1)


def test_rag_inference_makes_65_percent_of_ten_thousand_dollars():
    """At a hundredth of the volume, so that a year of months is quick; fixed costs and overheads left out."""
    result = small("rag-assistant", 400, "volume.sessions_per_day=24")
    rows = result.to_dict()["attribution"]
    models = 100 * sum(row["mean"] for row in rows if row["cause"] not in {"fixed", "overheads"})
    assert models == pytest.approx(6_500, rel=0.07)
    retrieval = 100 * sum(row["mean"] for row in rows if row["cause"] == "retrieval")
    assert retrieval > models / 2


def test_production_chat_costs_its_closed_form():
    """Prompt, a fifth of it cached, and output at list price; billed unless all three attempts fail."""
    result = small("production-chat", 4, "drivers={}", "fixed_costs={}", "volume={sessions_per_day: 2_000}")
    agent = load("production-chat").agents["chat"]
    per_success = agent.prompt_tokens.mean() * (0.8 * 3 + 0.2 * 0.3) + agent.output_tokens.mean() * 15
    expected = per_success / 1e6 * (1 - 0.019**3)
    costs = result.sessions(20_000)["cost"].to_numpy()
    sessions = result.to_dict()["sessions_simulated"]
    error = costs.std() / np.sqrt(sessions)
    assert result.to_dict()["session"]["cost"]["mean"] == pytest.approx(expected, abs=4 * error)


def test_production_chat_is_the_azure_trace(shared):
    """Where the trace is at hand: the laws are its fit, and the correlation that the file leaves out is small."""
    pandas = pytest.importorskip("pandas")
    trace = pandas.read_csv(shared / "data" / "AzureLLMInferenceTrace_conv.csv.gz")
    for column, mu, sigma in (("ContextTokens", 6.63, 0.99), ("GeneratedTokens", 5.02, 0.86)):
        logs = np.log(trace[column])
        assert logs.mean() == pytest.approx(mu, abs=0.005)
        assert logs.std() == pytest.approx(sigma, abs=0.006)
    assert len(trace) == 19_366
    assert trace["ContextTokens"].mean() == pytest.approx(1_155, abs=1)
    assert trace["ContextTokens"].corr(trace["GeneratedTokens"], method="spearman") == pytest.approx(0.07, abs=0.005)


def test_reviewer_one_bundle_in_ten_crosses_the_threshold():
    law = load("document-reviewer").agents["reviewer"].system_tokens
    assert 1 - float(law.cdf(272_000)) == pytest.approx(0.1, abs=0.01)
    assert law.mean() == pytest.approx(132_000, rel=0.05)


def test_reviewer_the_busiest_ten_of_a_hundred_lawyers_bring_four_bundles_in_ten():
    volume = load("document-reviewer").volume
    assert volume.users == 100
    assert share_of_top(volume.sessions_per_user_day, 0.1) == pytest.approx(0.4, abs=0.03)


def test_reviewer_shows_the_cliff_in_the_session_law():
    """Of bundles read in one call, those past 272,000 tokens cost at least twice the threshold's input price."""
    sessions = small("document-reviewer", 40).sessions(30_000)
    single = sessions[(sessions["calls"] == 1) & (sessions["output"] > 0)]
    input_cost = 272_000 * 5e-6
    short, long = single[single["input"] <= 272_000], single[single["input"] > 272_000]
    assert len(long) > 100
    assert long["cost"].min() >= 2 * input_cost
    assert (short["cost"] - 0.04 - short["output"] * 30e-6).max() <= input_cost + 1e-9
    per_call = sessions["input"] / sessions["calls"].clip(lower=1)
    dear = sessions[per_call > 272_000]
    assert len(dear) / len(sessions) == pytest.approx(1 / 8, abs=0.03)
    assert dear["cost"].sum() / sessions["cost"].sum() == pytest.approx(0.47, abs=0.07)
