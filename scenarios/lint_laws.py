"""Laws that are allowed and look odd: without spread, below 0, cut where they mostly lie, far from what was stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from distributions.compose import Clipped, clip
from distributions.elicit import furthest_miss
from distributions.family import Family
from distributions.law import Law
from distributions.metalog import QUANTILES
from distributions.quantity import format_number
from scenarios.finding import Finding
from scenarios.kinds import varies
from scenarios.problems import dotted
from scenarios.schema import Scenario
from scenarios.walk import leaves

_TAILED = (
    *("turns", "message_tokens", "first_message_tokens", "retrieved_tokens", "output_tokens", "reasoning_tokens"),
    "prompt_tokens",
)
_NEGATIVE_SHARE = 1e-9
_MISS = 0.05
_RAISED = 0.1
_FAR = 5.0


def lint_laws(scenario: Scenario) -> Iterator[Finding]:
    """Everything about single laws."""
    yield from _constants(scenario)
    yield from _turns(scenario)
    yield from _multipliers(scenario)
    for path, law in _laws(scenario):
        yield from _negative(path, law)
        yield from _cut(path, law)
        for part in _families(law):
            yield from _missed(path, part)


def _laws(scenario: Scenario) -> Iterator[tuple[str, Law]]:
    for leaf in leaves(scenario):
        for path, law in leaf.laws:
            yield dotted(path), law


def _families(law: Law) -> Iterator[Family]:
    if isinstance(law, Family):
        yield law
    for part in law.parts():
        yield from _families(part)


def _constants(scenario: Scenario) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        for field in _TAILED:
            law = getattr(agent, field)
            if field not in agent.model_fields_set or not isinstance(law, Law) or varies(law):
                continue
            value = law.mean()
            if value > (1 if field == "turns" else 0):
                where = "every turn" if field not in {"turns", "first_message_tokens"} else f"every {scenario.unit}"
                message = f"is exactly {value:,.10g} in {where}; tails begin where numbers differ: {{p50:, p95:}}"
                yield Finding(dotted(("agents", name, field)), "note", message)


def _turns(scenario: Scenario) -> Iterator[Finding]:
    """An instance has at least one turn, so what lies below 1 is raised to it."""
    for name, agent in scenario.agents.items():
        path, mean = dotted(("agents", name, "turns")), agent.turns.mean()
        if not varies(agent.turns):
            if mean < 1:
                yield Finding(
                    path, "note", f"is {format_number(mean)}, which counts as 1: an agent has at least one turn"
                )
            continue
        share, raised = agent.turns.p_below(1.0), clip(agent.turns, 1.0, agent.turns.support()[1]).mean()
        if raised > (1.0 + _RAISED) * mean:
            message = (
                f"falls below 1 in {100 * share:.2g} % of draws, which count as 1, so that the mean is "
                f"{format_number(raised)} and not {format_number(mean)}; a geometric law starts at 1"
            )
            yield Finding(path, "note", message)


def _multipliers(scenario: Scenario) -> Iterator[Finding]:
    for name, law in scenario.drivers.levels.items():
        typical = float(law.ppf(0.5))
        if not 1.0 / _FAR <= typical <= _FAR:
            message = (
                f"multiplies by {format_number(typical)} in the typical case; a driver of 1 is the scenario as written"
            )
            yield Finding(dotted(("drivers", name)), "warning", message)


def _negative(path: str, law: Law) -> Iterator[Finding]:
    if law.support()[0] < 0:
        share = float(law.cdf(0.0))
        if share > _NEGATIVE_SHARE:
            message = f"falls below 0 in {100 * share:.2g} % of draws, which count as 0; add `min: 0`"
            yield Finding(path, "warning" if share > 0.01 else "note", message)


def _cut(path: str, law: Law) -> Iterator[Finding]:
    """Limits that decide most draws."""
    if isinstance(law, Clipped):
        inner, (low, high) = law.law, law.clip
        for name, limit, beyond in (("max", high, float(inner.sf(high))), ("min", low, inner.p_below(low))):
            if beyond >= 0.5:
                typical = format_number(float(inner.ppf(0.5)))
                message = (
                    f"has a `{name}` of {format_number(limit)} and, without it, a P50 of {typical}: "
                    f"{100 * beyond:.3g} % of draws are exactly the `{name}`"
                )
                yield Finding(path, "warning", message)
    elif not varies(law) and isinstance(law.spec, Mapping) and {"min", "max"} & law.spec.keys():
        value = format_number(law.mean())
        yield Finding(path, "warning", f"is always {value}: its limits leave nothing else of what it can give")


def _missed(path: str, law: Family) -> Iterator[Finding]:
    """Three percentiles that no law of two parameters goes through."""
    if furthest_miss(law) <= _MISS:
        return
    stated = ", ".join(f"{name.upper()} {format_number(value)}" for name, value in law.stated)
    fitted = law.ppf([QUANTILES[name] for name, _ in law.stated])
    nearest = ", ".join(format_number(float(value)) for value in fitted)
    message = (
        f"states {stated}, and the nearest {law.title()} has {nearest} there; two percentiles are met exactly, "
        "three by `metalog`"
    )
    yield Finding(path, "warning" if furthest_miss(law) > 0.25 else "note", message)
