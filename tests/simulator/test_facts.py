"""Facts: what is read off a scenario and its prices."""

from __future__ import annotations

import json
from typing import Any

from scenarios.load import load, scenario_sha256
from scenarios.prices import resolve_prices
from simulator.average import average_plan
from simulator.facts import Facts, facts_of

SOURCE: dict[str, Any] = {
    "name": "desk",
    "title": "Help desk",
    "unit": "ticket",
    "currency": "EUR",
    "usd_rate": 0.9,
    "as_of": "2026-11-20",
    "budget": {"amount": 500, "covers": ["people", "models"]},
    "limits": {"p95": 450},
    "plan": 400,
    "models": {
        "own": {"input": 2, "output": 6, "cached_input": 0.2, "long_context": {"above": 50_000, "input": 4}},
        "idle": {"input": 7, "output": 8},
    },
    "volume": {"sessions_per_day": 10},
    "agents": {"bot": {"model": "own", "output_tokens": 500}},
}


def test_facts_are_those_of_the_scenario() -> None:
    scenario = load(SOURCE)
    prices = resolve_prices(scenario)
    facts = facts_of(scenario, prices)
    assert (facts.name, facts.title, facts.unit, facts.currency) == ("desk", "Help desk", "ticket", "EUR")
    assert (facts.budget, facts.covers, facts.plan) == (500.0, ("models", "people"), 400.0)
    assert facts.limits == {"p95": 450.0}
    assert facts.average_plan == average_plan(scenario, prices)
    assert (facts.sha256, facts.prices_sha256) == (scenario_sha256(scenario), prices.sha256)
    # in dollars, below the long-context threshold, a missing write price being the input price
    rates = {"input": 2.0, "output": 6.0, "cached_input": 0.2, "cache_write": 2.0}
    assert facts.prices["own"] == {"model": "own", **rates, "source": "own price"}
    assert set(facts.prices) == {"own", "idle"}


def test_a_scenario_without_a_budget_has_none() -> None:
    scenario = load({key: value for key, value in SOURCE.items() if key not in ("budget", "plan")})
    facts = facts_of(scenario, resolve_prices(scenario))
    assert (facts.budget, facts.covers, facts.plan) == (None, (), None)


def test_facts_survive_json() -> None:
    scenario = load(SOURCE)
    facts = facts_of(scenario, resolve_prices(scenario))
    assert Facts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts


def test_agents_whose_causes_need_other_words_are_named() -> None:
    models = {"plain": {"input": 1, "output": 2}, "search": {"input": 1, "output": 2, "fee_per_call": 0.01}}
    whole = {"model": "plain", "prompt_tokens": 900, "output_tokens": 100}
    agents = {
        "whole": whole,
        "fees": {"model": "search", "output_tokens": 100},
        "sometimes": {"model": {"plain": 0.9, "search": 0.1}, "output_tokens": 100},
        "bot": {"model": "plain", "output_tokens": 100},
    }
    facts = _facts(SOURCE | {"models": models, "agents": agents})
    assert (facts.whole_prompts, facts.call_fees) == (("whole",), ("fees", "sometimes"))
    outage = {"date": "2026-12-02", "days": 1, "route": {"plain": "search"}}
    rerouted = _facts(SOURCE | {"models": models, "agents": {"bot": agents["bot"]}, "events": {"outage": outage}})
    assert rerouted.call_fees == ("bot",)
    assert Facts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts


def test_facts_written_before_agents_were_named_can_be_read() -> None:
    old = _facts(SOURCE).to_dict()
    del old["whole_prompts"], old["call_fees"]
    assert Facts.from_dict(old) == _facts(SOURCE)


def _facts(source: dict[str, Any]) -> Facts:
    scenario = load(source)
    return facts_of(scenario, resolve_prices(scenario))
