"""The JSON of a run: which figure stands where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from simulator.result import Result
    from simulator.risk.breach import Breach, DayQuantiles
    from simulator.risk.controls import Action, Controls
    from simulator.risk.crowd import PeakCost, PeakHour
    from simulator.risk.spans import Span
    from simulator.risk.todate import ToDate


def values_of(result: Result) -> dict[str, Any]:
    """Every figure of a result in the layout of its JSON, before it is made plain; so nan and inf are still in it.

    Guardrails stand apart, as they are simulated when they are asked for.
    """
    facts = result.facts
    return {
        "scenario": {"name": facts.name, "sha256": facts.sha256, "title": facts.title, "unit": facts.unit},
        "period": {"start": result.dates[0].isoformat(), "days": len(result.dates)},
        "seed": result.seed,
        "trials": result.trials_done,
        "trials_requested": result.trials_requested,
        "interrupted": result.interrupted,
        "engine": result.engine,
        "engine_reason": result.engine_reason,
        "points": result.points,
        "tolerance": tolerance_values(result),
        "sessions_simulated": result.tally.session.sessions,
        "currency": facts.currency,
        "version": result.version,
        "prices_sha256": facts.prices_sha256,
        "prices": facts.prices,
        "spend": result.spend.to_dict(),
        "average_plan": facts.average_plan,
        "plan": facts.plan,
        "contingency": {"p80": result.contingency(0.80), "p95": result.contingency(0.95)},
        "budget": None if result.budget is None else _budget(result, result.budget),
        "limits": facts.limits,
        "controls": None if result.controls is None else _controls(result, result.controls),
        "spent": None if result.to_date is None else _to_date(result.to_date),
        "daily": result.daily,
        "by_feature": [asdict(row) for row in result.spend_by_feature],
        "by_week": [_span(row) for row in result.spend_by_week],
        "by_month": [_span(row) for row in result.spend_by_month],
        "worst_trials": asdict(result.worst_trials),
        "breach_moves": [asdict(move) for move in result.breach_moves],
        "heaviest_user": None if result.heaviest_user is None else asdict(result.heaviest_user),
        "peak_hour": None if result.peak_hour is None else _peak_hour(result.peak_hour, result.peak_cost),
        "accuracy": result.accuracy,
        "session": asdict(result.session),
        "attribution": [asdict(part) for part in result.components(by_detail=True)],
    }


def tolerance_values(result: Result) -> dict[str, Any] | None:
    """How sure a run was to be, and how sure it is; None where it was asked for a number of trials."""
    return None if result.tolerance is None else result.tolerance.to_dict()


def guardrail_values(result: Result) -> list[dict[str, Any]] | None:
    """What the guardrails of each feature do, in the layout of the JSON; None without any."""
    return None if result.guardrails is None else [asdict(effect) for effect in result.guardrails]


def _budget(result: Result, risk: Breach) -> dict[str, Any]:
    return {
        "amount": risk.amount,
        "covers": result.facts.covers,
        "covered_p95": result.covered.p95,
        "breach_probability": risk.probability,
        "breach_ci": risk.ci,
        "breaching_trials": risk.breaching,
        "expected_overrun_given_breach": risk.expected_overrun,
        "breach_day": _days(risk.day),
        "breach_date": _dates(risk.day, result.dates),
    }


def _peak_hour(peak: PeakHour, cost: PeakCost | None) -> dict[str, Any]:
    return asdict(peak) | dict.fromkeys(("compared", "cost", "successes_lost")) | (asdict(cost) if cost else {})


def _controls(result: Result, done: Controls) -> dict[str, Any]:
    free = done.spend
    without = {"mean": free.mean, "p50": free.p50, "p95": free.p95, "p99": free.p99, "covered_p95": done.covered.p95}
    risk = done.breach
    return {
        "without": without
        | {"breach_probability": risk and risk.probability, "breach_ci": risk and risk.ci, "daily": result.daily_free},
        "breach_reduction": None if done.reduction is None else asdict(done.reduction),
        "saving": asdict(done.saving),
        "turned_away": asdict(done.turned_away),
        "each": [_action(action, result.dates) for action in done.actions],
    }


def _action(action: Action, dates: Sequence[date]) -> dict[str, Any]:
    values = asdict(action) | {"acts_day": _days(action.day), "acts_date": _dates(action.day, dates)}
    del values["day"]
    return values


def _days(day: DayQuantiles | None) -> dict[str, Any]:
    return dict.fromkeys(("p10", "p50", "p90")) if day is None else asdict(day)


def _dates(day: DayQuantiles | None, dates: Sequence[date]) -> dict[str, Any]:
    """The same as dates; days are numbered from 1."""
    return {key: number and dates[number - 1].isoformat() for key, number in _days(day).items()}


def _to_date(spent: ToDate) -> dict[str, Any]:
    return asdict(spent) | {"through": spent.through.isoformat(), "over_expected": spent.over_expected}


def _span(row: Span) -> dict[str, Any]:
    return asdict(row) | {"first": row.first.isoformat(), "last": row.last.isoformat()}


def plain(value: Any) -> Any:
    """A copy of a value as JSON knows it: numpy's scalars and arrays unpacked, and null for nan and infinity."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value
