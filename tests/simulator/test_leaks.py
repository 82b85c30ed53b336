"""What leaks past a control before it bites, against a sum done by hand."""

from __future__ import annotations

from typing import Any

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.leaks import leaks


def _said(*controls: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """A thousand sessions a day at ten cents, of which a tenth is a tool's fee, and 310 of monthly costs."""
    agent = {"model": "m", "output_tokens": 900, "tools": {"look": {"calls_per_turn": 1, "fee": 0.01}}}
    scenario = load(
        {
            "as_of": "2026-11-20",
            "period": "2026-12",
            "budget": 4_000,
            "models": {"m": {"input": 1, "output": 100}},
            "volume": {"sessions_per_day": 1_000},
            "agents": {"chat": agent},
            "fixed_costs": {"monthly": {"base": 310}, "one_time": {"labels": {"amount": 999, "date": "2026-12-01"}}},
            "controls": list(controls),
        }
        | changes
    )
    return [(one.path, one.message) for one in leaks(scenario, resolve_prices(scenario))]


def test_a_delay_lets_its_days_and_half_a_day_leak() -> None:
    ((path, message),) = _said({"at": 0.5, "stop": True}, {"at": 0.8, "stop": True, "delay_days": 2})
    assert path == "controls.1.delay_days"
    assert message.startswith("lets roughly $275 leak before it acts: the rest of the day and 2 more days, at the $110")


def test_only_what_the_budget_covers_leaks() -> None:
    ((_, message),) = _said(
        {"at": 0.8, "stop": True, "delay_days": 1}, budget={"amount": 4_000, "covers": ["models", "one_time"]}
    )
    assert "roughly $135 leak" in message
    assert "1 more day, at the $90 a day" in message


def test_a_leak_below_a_hundredth_of_the_budget_is_not_worth_a_word() -> None:
    assert _said({"at": 0.8, "stop": True, "delay_days": 1}, budget=16_501) == []
    assert len(_said({"at": 0.8, "stop": True, "delay_days": 1}, budget=16_499)) == 1
