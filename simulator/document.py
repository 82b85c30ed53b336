"""The JSON of a run: which figure stands where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simulator.result import Result
    from simulator.risk.breach import Breach


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
        "daily": result.daily,
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
        "breach_day": dict.fromkeys(("p10", "p50", "p90")) if risk.day is None else asdict(risk.day),
    }


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
