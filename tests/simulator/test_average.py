"""The average plan, against sums done by hand."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.average import average_by_cover, average_plan

M = {"input": 4, "output": 10, "cached_input": 1, "cache_write": 5}
N = {"input": 40, "output": 100}
BOT = {"model": "m", "system_tokens": 1_000, "message_tokens": 200, "output_tokens": 100}
PERIOD_SESSIONS = 100 * 31


def scenario(agent: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """A hundred sessions a day in December, of one agent."""
    return {
        "as_of": "2026-11-20",
        "period": "2026-12",
        "models": {"m": M, "n": N},
        "volume": {"sessions_per_day": 100},
        "agents": {"bot": BOT | (agent or {})},
    } | sections


def plan(source: dict[str, Any]) -> float:
    loaded = load(deepcopy(source))
    return average_plan(loaded, resolve_prices(loaded))


def each(source: dict[str, Any]) -> float:
    """Cost of one session."""
    return plan(source) / PERIOD_SESSIONS


def dollars(fresh: float = 0, cached: float = 0, written: float = 0, out: float = 0) -> float:
    return (4 * fresh + 1 * cached + 5 * written + 10 * out) / 1e6


def test_a_session_of_constants() -> None:
    agent = {"turns": 3, "retrieved_tokens": 300, "reasoning_tokens": 50}
    assert plan(scenario(agent)) == pytest.approx(PERIOD_SESSIONS * 3 * dollars(fresh=1_500, out=150))


def test_what_an_agent_begins_with_counts_in_its_first_prompt_alone() -> None:
    begun = {"first_message_tokens": {"uniform": {"low": 0, "high": 80_000}, "max": 60_000}}
    mean = 60_000 * (1 - 60 / 80 / 2)
    agent = {"turns": 3, "retrieved_tokens": 300} | begun
    first, later = dollars(fresh=1_300 + mean, out=100), dollars(fresh=1_500, out=100)
    assert each(scenario(agent)) == pytest.approx(first + 2 * later)
    searched = agent | {"tools": {"find": {"calls_per_turn": 2, "result_tokens": 50, "fee": 0.01}}}
    assert each(scenario(searched)) == pytest.approx(first + 2 * later + 3 * (dollars(fresh=100) + 0.02))
    assert each(scenario({"turns": 3, "first_message_tokens": 200})) == pytest.approx(each(scenario({"turns": 3})))


def test_laws_count_at_their_mean_after_the_clip() -> None:
    agent = {
        "turns": {"geometric": {"mean": 4}},
        "message_tokens": {"uniform": {"low": 0, "high": 1_000}, "max": 500},
        "output_tokens": {"p50": 150, "p95": 900},
    }
    sigma = math.log(6) / 1.6448536269514722
    out = 150 * math.exp(sigma**2 / 2)
    assert each(scenario(agent)) == pytest.approx(4 * dollars(fresh=1_375, out=out), rel=1e-9)


def test_an_agent_takes_at_least_one_turn() -> None:
    assert each(scenario({"turns": 0.25})) == pytest.approx(dollars(fresh=1_200, out=100))


def test_output_is_capped_and_reasoning_is_not() -> None:
    agent = {"output_tokens": 5_000, "max_output_tokens": 800, "reasoning_tokens": 3_000}
    assert each(scenario(agent)) == pytest.approx(dollars(fresh=1_200, out=3_800))


def test_the_system_prompt_is_cached_at_the_mean_hit_rate_and_the_rest_is_written() -> None:
    agent = {"turns": 4, "cache": {"hit_rate": 0.8, "first_hit_rate": 0.2}}
    cached = 1_000 * (0.2 + 3 * 0.8) / 4
    expected = 4 * dollars(cached=cached, written=1_200 - cached, out=100)
    assert each(scenario(agent)) == pytest.approx(expected)


def test_a_model_without_a_write_price_bills_the_rest_as_input() -> None:
    agent = {"cache": {"hit_rate": 0.5}}
    models = {"m": {**M, "cache_write": None}, "n": N}
    assert each(scenario(agent, models=models)) == pytest.approx(dollars(cached=500, fresh=700, out=100))


def test_a_cache_by_time_hits_when_the_gap_is_short_and_not_at_first() -> None:
    agent = {"turns": 3, "cache": {"ttl_minutes": 5, "gap_minutes": {"exponential": {"mean": 5}}}}
    cached = 1_000 * 2 * (1 - math.exp(-1)) / 3
    assert each(scenario(agent)) == pytest.approx(3 * dollars(cached=cached, written=1_200 - cached, out=100))


def test_models_by_share() -> None:
    agent = {"model": {"m": 3, "n": 1}}
    assert each(scenario(agent)) == pytest.approx(0.75 * dollars(fresh=1_200, out=100) + 0.25 * 0.058)


def test_a_cascade_pays_its_second_model_where_it_escalates() -> None:
    agent = {"model": {"cascade": ["m", "n"], "escalate_rate": 0.25}, "cache": {"hit_rate": 1}, "turns": 2}
    # the second model reads nothing from the cache and has no price to write to it
    second = (1_200 * 40 + 100 * 100) / 1e6
    assert each(scenario(agent)) == pytest.approx(2 * (dollars(cached=1_000, written=200, out=100) + 0.25 * second))


def test_a_second_model_writes_its_whole_prompt_where_it_has_a_price_for_it() -> None:
    agent = {"model": {"cascade": ["n", "m"], "escalate_rate": 0.5}, "cache": {"hit_rate": 1}}
    first = (1_200 * 40 + 100 * 100) / 1e6
    assert each(scenario(agent)) == pytest.approx(first + 0.5 * dollars(written=1_200, out=100))


def test_whole_prompts_are_read_from_cache_by_their_share() -> None:
    agent = {"model": "m", "prompt_tokens": {"uniform": {"low": 1_000, "high": 3_000}}, "cached_share": 0.3}
    whole = {"bot": {**agent, "output_tokens": 100, "turns": 2}}
    assert each(scenario(agents=whole)) == pytest.approx(2 * dollars(cached=600, fresh=1_400, out=100))


def test_tools_add_their_results_to_every_prompt_and_cost_their_fee() -> None:
    search = {"calls_per_turn": {"poisson": {"mean": 2}}, "result_tokens": 400, "fee": 0.03, "failure_rate": 0.5}
    agent = {"turns": 3, "tools": {"search": search, "read": {"calls_per_turn": 0.5, "result_tokens": 100}}}
    assert each(scenario(agent)) == pytest.approx(3 * (dollars(fresh=1_200 + 800 + 50, out=100) + 2 * 0.03))


def test_children_cost_their_own_plans() -> None:
    child = {"model": "n", "output_tokens": 1_000, "turns": 2}
    spawns = [{"agent": "child", "per": "agent", "count": 3, "result_tokens": 9_000}, {"agent": "child", "count": 0.5}]
    agents = {"bot": {**BOT, "turns": 4, "spawns": spawns}, "child": child}
    # results of children are not in the plan: it knows no history
    assert each(scenario(agents=agents)) == pytest.approx(4 * dollars(fresh=1_200, out=100) + (3 + 4 * 0.5) * 2 * 0.1)


@pytest.mark.parametrize(
    ("guardrails", "generations"),
    [(None, 4), ({"depth": 1}, 2), ({"depth": 5, "agents": 2}, 6), ({"depth": 64}, 65)],
)
def test_an_agent_that_spawns_itself_does_so_down_to_the_depth_limit(
    guardrails: dict[str, int] | None, generations: int
) -> None:
    agent = {"turns": 2, "spawns": [{"agent": "bot", "count": 0.25}]}
    feature = {"agent": "bot"} | ({"guardrails": guardrails} if guardrails else {})
    one = 2 * dollars(fresh=1_200, out=100)
    expected = one * sum(0.5**depth for depth in range(generations))
    assert each(scenario(agent, features={"chat": feature})) == pytest.approx(expected)


@pytest.mark.parametrize(("every", "runs", "read"), [("session", 1, 400), ("turn", 4, 100)])
def test_a_validator_reads_what_the_agent_puts_out(every: str, runs: int, read: int) -> None:
    check = {"agent": "validator", "every": every, "reject_rate": 0.5, "max_loops": 3}
    validator = {"model": "m", "system_tokens": 50, "message_tokens": "from_agent", "output_tokens": 10}
    agents = {"bot": {**BOT, "turns": 4, "reasoning_tokens": 70, "checked_by": check}, "validator": validator}
    own = 4 * dollars(fresh=1_200, out=170)
    assert each(scenario(agents=agents)) == pytest.approx(own + runs * dollars(fresh=50 + read, out=10))


def test_batch_pays_and_fees() -> None:
    models = {"m": {**M, "pays": 0.9, "batch_pays": 0.5, "fee_per_call": 0.001}, "n": N}
    expected = 2 * (0.9 * 0.5 * dollars(fresh=1_200, out=100) + 0.001)
    assert each(scenario({"batch": True, "turns": 2}, models=models)) == pytest.approx(expected)


def test_a_long_prompt_bills_the_whole_call_at_long_context_prices() -> None:
    models = {"m": {**M, "long_context": {"above": 1_200, "input": 8, "output": 30}}, "n": N}
    below = each(scenario(models=models))
    above = each(scenario({"message_tokens": 201}, models=models))
    assert below == pytest.approx(dollars(fresh=1_200, out=100))
    assert above == pytest.approx((1_201 * 8 + 100 * 30) / 1e6)


def test_models_are_paid_in_dollars_and_people_in_the_scenarios_currency() -> None:
    search = {"calls_per_turn": 1, "fee": 0.02}
    models = {"m": {**M, "fee_per_call": 0.01}, "n": N}
    feature = {"agent": "bot", "overheads": {"per_session": 0.005, "per_call": 0.001}}
    made = scenario({"turns": 2, "tools": {"search": search}}, models=models, features={"chat": feature})
    made |= {"currency": "EUR", "usd_rate": 0.8}
    models_cost = 0.8 * 2 * (dollars(fresh=1_200, out=100) + 0.01)
    assert each(made) == pytest.approx(models_cost + 2 * 0.02 + 0.005 + 2 * 0.001)


def test_overheads_count_every_expected_call() -> None:
    agents = {
        "bot": {
            **BOT,
            "model": {"cascade": ["m", "n"], "escalate_rate": 0.5},
            "turns": 2,
            "spawns": [{"agent": "child", "count": 1}],
            "checked_by": {"agent": "child"},
        },
        "child": {"model": "m", "output_tokens": 0, "turns": 3},
    }
    features = {"chat": {"agent": "bot", "overheads": {"per_call": 1}}}
    without = each(scenario(agents=agents))
    assert each(scenario(agents=agents, features=features)) - without == pytest.approx(2 * 1.5 + 2 * 3 + 3)


def test_handoff_and_review_are_expectations() -> None:
    feature = {
        "agent": "bot",
        "success_rate": {"m": 0.9, "n": 0.5},
        "on_failure": {"repeat": 0.3, "handoff": {"rate": 0.1, "cost": {"uniform": {"low": 10, "high": 20}}}},
        "human_review": {"rate": 0.2, "minutes": {"exponential": {"mean": 6}}, "hourly_rate": 75},
    }
    agent = {"model": {"m": 0.75, "n": 0.25}}
    people = (1 - (0.75 * 0.9 + 0.25 * 0.5)) * 0.1 * 15 + 0.2 * 6 / 60 * 75
    assert each(scenario(agent, features={"chat": feature})) - each(scenario(agent)) == pytest.approx(people)


def test_features_by_share() -> None:
    agents = {"bot": BOT, "other": {"model": "n", "output_tokens": 1_000}}
    features = {"chat": {"share": 3, "agent": "bot"}, "build": {"share": 1, "agent": "other"}}
    expected = 0.75 * dollars(fresh=1_200, out=100) + 0.25 * 0.1
    assert each(scenario(agents=agents, features=features)) == pytest.approx(expected)


def test_weekdays_count_by_the_calendar() -> None:
    made = scenario(volume={"sessions_per_day": 100, "weekdays": {"sat": 0, "sun": 0.5}})
    made["period"] = {"start": "2026-12-03", "days": 5}  # Thursday to Monday
    sessions = 100 * 7 / 5.5 * (1 + 1 + 0 + 0.5 + 1)
    assert plan(made) == pytest.approx(sessions * dollars(fresh=1_200, out=100))


@pytest.mark.parametrize(
    ("volume", "sessions"),
    [
        ({"sessions_per_month": 6_200}, 6_200),
        ({"sessions_per_month": 6_200, "weekdays": {"sat": 0.3, "sun": 0.25}}, 6_200),
        ({"users": 50, "sessions_per_user_day": {"lognormal": {"mean": 2.5, "cv": 2}}}, 50 * 2.5 * 31),
    ],
)
def test_other_ways_to_state_volume(volume: dict[str, Any], sessions: float) -> None:
    expected = sessions * dollars(fresh=1_200, out=100)
    assert plan(scenario(volume=volume)) == pytest.approx(expected, rel=1e-9)


def test_a_rollout_belongs_to_the_volume_as_it_is_written() -> None:
    one = dollars(fresh=1_200, out=100)
    steps = {"2026-12-03": 0.05, "2026-12-21": 1}  # 18 days at a twentieth, 11 in full
    assert plan(scenario(volume={"sessions_per_day": 100, "rollout": steps})) == pytest.approx(1_190 * one)
    agents = {"bot": BOT, "other": {"model": "n", "output_tokens": 1_000}}
    features = {"old": {"share": 3, "agent": "bot"}, "new": {"share": 1, "agent": "other", "rollout": steps}}
    expected = 31 * 75 * one + 25 * (18 * 0.05 + 11) * 0.1
    assert plan(scenario(agents=agents, features=features)) == pytest.approx(expected)


def test_a_period_to_date_leaves_the_plan_of_the_whole_period() -> None:
    made = scenario(spent={"through": "2026-12-12", "amount": 4_000})
    assert plan(made) == plan(scenario())


def test_the_plan_by_what_a_budget_covers() -> None:
    person = {"rate": 0.5, "cost": 4}
    feature = {"agent": "bot", "human_review": person, "overheads": {"per_session": 0.25, "per_call": 0.01}}
    tool = {"calls_per_turn": 2, "fee": 0.5}
    fixed = {"monthly": {"base": 62}, "one_time": {"labels": {"amount": 7, "date": "2026-12-05"}}}
    made = load(scenario({"turns": 3, "tools": {"search": tool}}, features={"ask": feature}, fixed_costs=fixed))
    n = PERIOD_SESSIONS
    parts = {"models": n * 3 * dollars(fresh=1_200, out=100), "tools": n * 3.0, "people": n * 2.0}
    parts |= {"overheads": n * 0.28, "fixed": 62, "one_time": 7}
    assert average_by_cover(made, resolve_prices(made)) == pytest.approx(parts)


def test_fixed_costs_follow_the_calendar() -> None:
    made = scenario(volume={"sessions_per_day": 1e-9})
    made["fixed_costs"] = {
        "monthly": {"platform": 3_100, "tracing": 62},
        "one_time": {
            "labels": {"amount": 500, "date": "2026-12-24"},
            "before": {"amount": 7, "date": "2026-12-20"},
            "after": {"amount": 9, "date": "2027-01-03"},
        },
    }
    made["period"] = {"start": "2026-12-21", "days": 13}  # 11 days of December, 2 of January
    assert plan(made) == pytest.approx(3_162 * 13 / 31 + 500)
    made["period"] = "2026-12"
    assert plan(made) == pytest.approx(3_162 + 500 + 7)


def test_prices_that_change_count_from_their_day() -> None:
    loaded = load(scenario())
    book = resolve_prices(loaded)
    old = book.cards["m"][0]
    doubled = replace(old, tiers=tuple(replace(tier, input=2 * tier.input) for tier in old.tiers))
    changed = replace(book, cards=book.cards | {"m": (old,) * 10 + (doubled,) * 21})
    calls = 1_000 * dollars(fresh=1_200, out=100) + 2_100 * dollars(fresh=2_400, out=100)
    assert average_plan(loaded, changed) == pytest.approx(calls)


def test_what_averages_cannot_see_does_not_move_the_plan() -> None:
    agent = {"turns": 4, "message_tokens": {"p50": 150, "p95": 900}}
    seen = plan(scenario(agent))
    agent |= {
        "retry": {"failure_rate": 0.2, "max_attempts": 4, "added_tokens": 400, "fallback": {"after": 1, "model": "n"}},
        "context": {"carry": 0.5, "limit": 900, "overflow": "compact", "summary_tokens": 300},
        "sensitivity": {"turns": 1, "output_tokens": 1, "message_tokens": 1},
    }
    feature = {"agent": "bot", "guardrails": {"cost": 0.0001, "calls": 1}, "on_failure": {"repeat": 0.5}}
    made = scenario(agent, features={"chat": feature | {"success_rate": 0.5}})
    made |= {
        "difficulty": {"lognormal": {"mean": 3, "cv": 1}},
        "drivers": {"volume": "2 to 3", "price": "1.5 to 2"},
        "trends": {"volume": 0.5},
        "events": {"storm": {"date": "2026-12-03", "multiplies": {"failure_rate": 9, "price": 2}}},
        "budget": 1,
        "controls": [{"at": 0.5, "stop": True}],
    }
    assert plan(made) == pytest.approx(seen)


def test_a_validator_runs_once_at_its_own_depth_and_with_all_that_it_starts() -> None:
    """Levels: bot 0, judge 1, clerk 2; the clerk is started, so a depth of 1 keeps it away."""
    judge = {
        "model": "m",
        "turns": 2,
        "message_tokens": "from_agent",
        "output_tokens": 10,
        "spawns": [{"agent": "clerk", "count": 0.5}],
        "checked_by": {"agent": "clerk"},
    }
    clerk = {"model": "n", "output_tokens": 1_000}
    check = {"agent": "judge", "every": "turn", "reject_rate": 0.9, "max_loops": 9}
    agents = {"bot": {**BOT, "turns": 3, "checked_by": check}, "judge": judge, "clerk": clerk}
    judged = 2 * dollars(fresh=100, out=10)
    own = 3 * dollars(fresh=1_200, out=100)
    assert each(scenario(agents=agents)) == pytest.approx(own + 3 * (judged + 2 * 0.5 * 0.1 + 0.1))
    shallow = {"chat": {"agent": "bot", "guardrails": {"depth": 1}}}
    assert each(scenario(agents=agents, features=shallow)) == pytest.approx(own + 3 * (judged + 0.1))


def test_a_circle_through_a_validator_goes_round_down_to_the_depth_limit() -> None:
    judge = {"model": "n", "output_tokens": 1_000, "spawns": [{"agent": "bot", "count": 0.5}]}
    agents = {"bot": {**BOT, "checked_by": {"agent": "judge"}}, "judge": judge}
    bot = dollars(fresh=1_200, out=100)
    for depth, expected in ((1, bot + 0.1), (2, 1.5 * (bot + 0.1)), (3, 1.5 * (bot + 0.1)), (4, 1.75 * (bot + 0.1))):
        features = {"chat": {"agent": "bot", "guardrails": {"depth": depth}}}
        assert each(scenario(agents=agents, features=features)) == pytest.approx(expected)


def test_a_tall_tree_is_planned_whatever_its_height() -> None:
    names = [f"a{number}" for number in range(200)]
    agents = {
        name: {"model": "n", "output_tokens": 1_000, "checked_by": {"agent": f"a{n + 1}"}}
        for n, name in enumerate(names)
    }
    del agents["a199"]["checked_by"]
    assert each(scenario(agents=agents)) == pytest.approx(200 * 0.1)
    agents["a0"]["spawns"] = [{"agent": "a0", "count": 1}]
    for name in names[130:]:
        del agents[name]
    del agents["a129"]["checked_by"]
    features = {"chat": {"agent": "a0", "guardrails": {"depth": 64}}}
    assert each(scenario(agents=agents, features=features)) == pytest.approx(65 * 130 * 0.1)


def test_batch_has_tiers_of_its_own_where_the_catalogue_says_so() -> None:
    """A card whose batch prices are no common factor of the others: they count by the prompt, and nothing else pays."""
    loaded = load(scenario({"batch": True}, models={"m": {**M, "batch_pays": 0.5, "pays": 0.9}, "n": N}))
    book = resolve_prices(loaded)
    card = book.cards["m"][0]
    low, high = (replace(card.tiers[0], above=above, input=price) for above, price in ((-1, 3), (1_199, 7)))
    changed = replace(book, cards=book.cards | {"m": (replace(card, batch_tiers=(low, high), batch_pays=1.0),) * 31})
    expected = PERIOD_SESSIONS * 0.9 * (1_200 * 7 + 100 * 10) / 1e6
    assert average_plan(loaded, changed) == pytest.approx(expected)


def test_all_of_a_session_together() -> None:
    """A planner of 4 turns with a tool, 3 executors and a validator; executors spawn themselves and escalate."""
    agents = {
        "planner": {
            **BOT,
            "turns": {"geometric": {"mean": 4}},
            "cache": {"hit_rate": 0.8, "first_hit_rate": 0.4},
            "reasoning_tokens": 50,
            "tools": {"search": {"calls_per_turn": 1.5, "result_tokens": 200, "fee": 0.01, "failure_rate": 0.2}},
            "spawns": [{"agent": "executor", "per": "agent", "count": 3, "result_tokens": 700}],
            "checked_by": {"agent": "validator", "reject_rate": 0.3, "max_loops": 2},
            "retry": {"failure_rate": 0.1, "quality_share": 1},
        },
        "executor": {
            "model": {"cascade": ["m", "n"], "escalate_rate": 0.25},
            "turns": 2,
            "message_tokens": 500,
            "output_tokens": 200,
            "spawns": [{"agent": "executor", "count": 0.2}],
        },
        "validator": {"model": "m", "batch": True, "message_tokens": "from_agent", "output_tokens": 20},
    }
    models = {"m": {**M, "batch_pays": 0.5}, "n": N}
    feature = {
        "agent": "planner",
        "success_rate": 0.75,
        "on_failure": {"repeat": 0.5, "handoff": {"rate": 0.4, "minutes": 6, "hourly_rate": 50}},
        "human_review": {"rate": 0.1, "cost": 3},
        "guardrails": {"cost": 0.5, "calls": 9, "agents": 2, "depth": 2},
        "overheads": {"per_session": 0.002, "per_call": 0.001},
    }
    cached = 1_000 * (0.4 + 3 * 0.8) / 4
    planner = 4 * (dollars(cached=cached, written=1_500 - cached, out=150) + 1.5 * 0.01)
    executor = 2 * (dollars(fresh=500, out=200) + 0.25 * (500 * 40 + 200 * 100) / 1e6)
    executors = 3 * (1 + 2 * 0.2)
    validator = 0.5 * dollars(fresh=4 * 100, out=20)
    calls = 4 + executors * 2 * 1.25 + 1
    people = 0.25 * 0.4 * 6 / 60 * 50 + 0.1 * 3
    expected = planner + executors * executor + validator + people + 0.002 + 0.001 * calls
    assert each(scenario(agents=agents, models=models, features={"code": feature})) == pytest.approx(expected)


def test_the_minimal_example(shared: Path) -> None:
    loaded = load(shared / "examples" / "minimal.yaml")

    def mean(p50: float, p95: float) -> float:
        return p50 * math.exp((math.log(p95 / p50) / 1.6448536269514722) ** 2 / 2)

    call = ((2_000 + mean(150, 900)) * 3 + mean(250, 1_200) * 15) / 1e6
    assert average_plan(loaded, resolve_prices(loaded)) == pytest.approx(31 * 10_000 * 4 * call, rel=1e-9)
