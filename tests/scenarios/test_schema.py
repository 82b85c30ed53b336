"""What a loaded scenario says: keys as attributes, defaults filled in, shorthands spelled out."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from distributions.law import Law
from scenarios.calendar import weekday_factors
from scenarios.catalog import price_data_date
from scenarios.load import load, scenario_sha256
from scenarios.problems import ScenarioError
from scenarios.schema import CAUSE_COVER, CAUSES, COVERS, DRIVERS, Scenario


def _least(**more: Any) -> dict[str, Any]:
    return {"volume": {"sessions_per_day": 10}, "agents": {"chat": {"model": "m/x", "output_tokens": 5}}, **more}


def _chat(**more: Any) -> dict[str, Any]:
    return _least(agents={"chat": {"model": "m/x", "output_tokens": 5, **more}})


def test_the_least_scenario() -> None:
    scenario = load(_least())
    assert scenario.name == "scenario"
    assert scenario.unit == "session"
    assert scenario.as_of == price_data_date()
    assert scenario.period.start.day == 1
    assert scenario.period.start > scenario.as_of
    assert (scenario.currency, scenario.usd_rate, scenario.budget, scenario.plan) == ("USD", 1.0, None, None)
    assert list(scenario.features) == ["chat"]
    assert scenario.features["chat"].share == 1
    assert scenario.models["m/x"].catalog == "m/x"
    agent = scenario.agents["chat"]
    assert agent.model.shares == {"m/x": 1.0}
    assert agent.turns.mean() == 1
    assert [agent.system_tokens.mean(), agent.reasoning_tokens.mean(), agent.retrieved_tokens.mean()] == [0, 0, 0]
    assert (agent.context.carry, agent.context.limit, agent.context.overflow) == (1.0, None, "truncate")
    assert (agent.cache, agent.checked_by, agent.max_output_tokens, agent.spawns, agent.tools) == (
        None,
        None,
        None,
        (),
        {},
    )
    assert (agent.retry.failure_rate, agent.retry.max_attempts, agent.retry.on_exhausted) == (0.0, 1, "fail")
    assert (agent.retry.provider_billed, agent.retry.quality_share, agent.retry.added_tokens) == ("none", 0.0, 0)
    assert scenario.drivers.levels == {}
    assert scenario.drivers.typical is False


def test_limits_by_model_are_told_from_a_law_by_their_keys() -> None:
    def limits(written: object) -> list[Law | None]:
        agent = {"model": {"m/x": 0.5, "m/y": 0.5}, "output_tokens": 9, "context": {"limit": written}}
        context = load(_least() | {"agents": {"chat": agent}}).agents["chat"].context
        return [context.limit_of(model) for model in ("m/x", "m/y")]

    by_model = limits({"m/x": "170k", "m/y": {"uniform": {"low": 8, "high": 9}}})
    assert [law and law.support() for law in by_model] == [(170_000, 170_000), (8, 9)]
    assert [law and law.mean() for law in limits({"m/y": 7})] == [None, 7]
    shared = limits({"uniform": {"low": 8, "high": 9}, "source": "a study"})
    assert [law and law.support() for law in shared] == [(8, 9), (8, 9)]


def test_the_largest_example(shared: Path) -> None:
    scenario = load(shared / "examples" / "coding-agent.yaml")
    assert scenario.as_of == date(2026, 11, 20)
    assert (scenario.period.start, scenario.period.days, scenario.period.end) == (
        date(2026, 12, 1),
        31,
        date(2026, 12, 31),
    )
    assert scenario.budget is not None
    assert (scenario.budget.amount, scenario.budget.covers) == (100_000, COVERS)
    assert scenario.plan == 62_000
    assert scenario.limits == {"breach_probability": 0.25, "p95": 130_000, "session.cost.p99": 60}
    assert scenario.models["cheap"].pays == 0.9
    assert scenario.models["frontier"].catalog == "anthropic/claude-opus-4-7"
    tier = scenario.models["inhouse"].long_context
    assert tier is not None
    assert (tier.above, tier.cache_write) == (65_536, 1.0)
    assert scenario.volume.daily_level(scenario.period.start) == 2_400
    assert scenario.features["assist"].success_rate == {"cheap": 0.90, "frontier": 0.96}
    handoff = scenario.features["build"].on_failure
    assert handoff is not None
    assert handoff.handoff is not None
    assert handoff.handoff.cost is not None
    assert handoff.handoff.cost.mean() == 13.5
    planner, executor = scenario.agents["planner"], scenario.agents["executor"]
    assert planner.turns.support()[1] == 200
    assert planner.context.summary_tokens == 3_000
    assert planner.retry.failure_rate == {"frontier": 0.04, "cheap": 0.07}
    assert planner.models == ("frontier", "cheap")
    assert planner.cache is not None
    first, later = planner.cache.hit_probabilities()
    assert first == 0.5
    assert 0.6 < later < 0.95
    assert list(planner.tools) == ["search", "read"]
    assert [tool.max_attempts for tool in planner.tools.values()] == [1, 2]
    assert planner.spawns[0].per == "agent"
    assert (executor.model.cascade, executor.model.escalate_rate) == (("cheap", "frontier"), 0.25)
    assert executor.model.shares == {"cheap": 1.0}
    assert scenario.agents["validator"].message_tokens == "from_agent"
    assert scenario.agents["validator"].batch is True
    assert list(scenario.drivers.levels) == ["volume", "output_tokens", "context", "failure_rate"]
    assert scenario.drivers.correlation == {("volume", "failure_rate"): 0.4}
    assert scenario.trends == {"context": 0.08, "volume": 0.15}
    assert scenario.events["launch-spike"].date == date(2026, 12, 10)
    assert scenario.events["runaway-agent"].share == 0.02
    assert scenario.events["price-rise"].days is None
    assert scenario.controls[1].delay_days == 1
    assert scenario.fixed_costs.one_time["data_labelling"].amount == 10_000
    assert scenario.agents["chat"].output_tokens.measured
    assert not scenario.agents["chat"].message_tokens.measured  # type: ignore[union-attr]


def test_shares_are_scaled() -> None:
    scenario = load(
        _least(
            features={"a": {"share": 3, "agent": "chat"}, "b": {"share": 1, "agent": "chat"}},
            agents={"chat": {"model": {"m/x": 0.5, "m/y": 1.5}, "output_tokens": 5}},
        )
    )
    assert [feature.share for feature in scenario.features.values()] == [0.75, 0.25]
    assert scenario.agents["chat"].model.shares == {"m/x": 0.25, "m/y": 0.75}
    assert list(scenario.models) == ["m/x", "m/y"]


def test_attempts_depend_on_failures() -> None:
    assert load(_chat(retry={"failure_rate": "3%"})).agents["chat"].retry.max_attempts == 3
    assert load(_chat(retry={"failure_rate": 0})).agents["chat"].retry.max_attempts == 1
    assert load(_chat(retry={"failure_rate": "3%", "max_attempts": 7})).agents["chat"].retry.max_attempts == 7


def test_first_hits() -> None:
    def first(**cache: Any) -> tuple[float, float]:
        found = load(_chat(cache=cache)).agents["chat"].cache
        assert found is not None
        return found.hit_probabilities()

    assert first(hit_rate=0.8) == (0.8, 0.8)
    assert first(hit_rate=0.8, first_hit_rate=0.1) == (0.1, 0.8)
    assert first(ttl_minutes=5, gap_minutes=3) == (0.0, 1.0)
    assert first(ttl_minutes=5, gap_minutes={"exponential": {"mean": 5}}) == (0.0, pytest.approx(1 - 2.718281828**-1))


def test_sprawl_is_bounded_where_an_agent_starts_itself() -> None:
    agents = {
        "boss": {"model": "m/x", "output_tokens": 5, "spawns": [{"agent": "hand", "count": 2}]},
        "hand": {"model": "m/x", "output_tokens": 5, "spawns": [{"agent": "hand", "count": 0.2}]},
        "calm": {"model": "m/x", "output_tokens": 5},
    }
    features = {"a": {"agent": "boss", "share": 1, "guardrails": {"depth": 7}}, "b": {"agent": "calm", "share": 1}}
    scenario = load(_least(agents=agents, features=features))
    guards = scenario.features["a"].guardrails
    assert guards is not None
    assert (guards.depth, guards.agents) == (7, 50)
    assert scenario.features["b"].guardrails is None
    alone = load(_least(agents=agents)).features["boss"].guardrails
    assert alone is not None
    assert (alone.depth, alone.agents, alone.cost) == (3, 50, None)


def test_volume_by_month_and_by_users() -> None:
    monthly = load(_least(period="2027-02", volume={"sessions_per_month": 2_800}))
    assert monthly.volume.daily_level(monthly.period.start) == 100
    users = load(_least(volume={"users": 900, "sessions_per_user_day": {"lognormal": {"mean": 2.7, "cv": 2.5}}}))
    assert users.volume.daily_level(users.period.start) == pytest.approx(2_430)


@pytest.mark.parametrize(
    ("start", "days"), [("2026-12-01", 31), ("2027-02-01", 28), ("2026-12-19", 3), ("2026-12-15", 90)]
)
@pytest.mark.parametrize("weekdays", [{}, {"sat": 0.3, "sun": 0.25}, {"mon": 0, "wed": 4}])
def test_a_month_of_sessions_adds_up_over_its_calendar_month(start: str, days: int, weekdays: dict[str, float]) -> None:
    volume = {"sessions_per_month": 6_200, "weekdays": weekdays}
    scenario = load(_least(period={"start": start, "days": days}, volume=volume))
    level, factors = scenario.volume.daily_level(scenario.period.start), weekday_factors(scenario.volume.weekdays)
    first = scenario.period.start.replace(day=1)
    month = [first + dt.timedelta(days=n) for n in range(calendar.monthrange(first.year, first.month)[1])]
    assert math.fsum(level * factors[day.weekday()] for day in month) == pytest.approx(6_200, rel=1e-14)


def test_typical_drivers_are_an_outside_view_that_stays_recognisable() -> None:
    drivers = load(_least(drivers="typical")).drivers
    assert drivers.typical
    assert list(drivers.levels) == ["volume"]
    assert float(drivers.levels["volume"].ppf(0.5)) == pytest.approx(1.0)
    assert drivers.levels["volume"].describe().startswith("lognormal")
    assert float(drivers.levels["volume"].ppf(0.8413447460685429)) == pytest.approx(2.718281828459045**0.45)


def test_the_closed_vocabularies_fit_together() -> None:
    assert len(DRIVERS) == 12
    assert set(CAUSE_COVER) == set(CAUSES)
    assert set(CAUSE_COVER.values()) | {"one_time"} == set(COVERS)


def test_a_scenario_does_not_change() -> None:
    scenario = load(_least())
    with pytest.raises(ValueError, match="frozen"):
        scenario.plan = 3.0
    with pytest.raises(ValueError, match="frozen"):
        scenario.agents["chat"].batch = True


def _digest(source: dict[str, Any]) -> str:
    return scenario_sha256(load(source))


def test_the_fingerprint_is_of_the_meaning(tmp_path: Path) -> None:
    least = _least(as_of="2026-11-20")
    same = _digest(least)
    assert _digest(_least(as_of="2026-11-20", period="2026-12")) == same
    assert _digest(_least(as_of="2026-11-20", volume={"sessions_per_day": "10"})) == same
    assert _digest(_least(as_of="2026-11-20", volume={"sessions_per_day": 11})) != same
    chat = {"model": "m/x", "output_tokens": 5, "turns": 1, "retry": {"max_attempts": 1}}
    assert _digest({**least, "agents": {"chat": chat}}) == same
    assert _digest({**least, "agents": {"chat": {**chat, "turns": 2}}}) != same
    for name, rows, equal in [
        ("a.csv", "x\n1\n2\n", True),
        ("b.csv", "x\n1\n2\n", True),
        ("c.csv", "x\n1\n3\n", False),
    ]:
        (tmp_path / name).write_text(rows)
        law = {"data": {"file": str(tmp_path / name), "column": "x"}}
        first = {"data": {"file": str(tmp_path / "a.csv"), "column": "x"}}
        pair = [_digest({**least, "agents": {"chat": {**chat, "turns": one}}}) for one in (first, law)]
        assert (pair[0] == pair[1]) is equal


def test_scenarios_are_only_made_by_loading_where_they_shall_be_edited() -> None:
    with pytest.raises(ScenarioError, match="not loaded"):
        load(Scenario.model_validate({**_least(), "as_of": "2026-11-20"}))
