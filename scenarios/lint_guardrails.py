"""Caps inside a session that cut nearly every session, or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from distributions.law import Law
from distributions.quantity import format_number
from scenarios.agents import Agent
from scenarios.cards import PriceCard
from scenarios.complete import height, reach
from scenarios.features import Guardrails
from scenarios.finding import Cards, Finding
from scenarios.hard_limits import MAX_CALLS
from scenarios.lint_trees import circles_below
from scenarios.problems import dotted
from scenarios.schema import Scenario

_Said = tuple[str, Literal["warning", "note"], str]
"""The cap, severity, message."""


def lint_guardrails(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    """Everything about the guardrails that are stated."""
    circles = circles_below(scenario)
    for name, feature in scenario.features.items():
        root, guards = feature.agent, feature.guardrails
        if guards is not None:
            found = [*_on_trees(scenario, root, guards), *_on_sessions(scenario, root, guards, cards)]
            found += [] if circles[root] else _on_heights(scenario, root, guards)
            for cap, severity, message in found:
                yield Finding(dotted(("features", name, "guardrails", cap)), severity, message)


def _on_trees(scenario: Scenario, root: str, guards: Guardrails) -> Iterator[_Said]:
    stated = guards.model_fields_set
    if not any(scenario.agents[name].spawns for name in reach(scenario, root)):
        message = f"caps nothing: no agent of a {scenario.unit} starts others"
        yield from ((cap, "note", message) for cap in ("agents", "depth") if cap in stated and getattr(guards, cap))
        return
    if guards.agents == 1:
        yield "agents", "warning", f"lets no child start: {root}, the root, is the one instance already"


def _on_heights(scenario: Scenario, root: str, guards: Guardrails) -> Iterator[_Said]:
    """A depth that no tree reaches, where no agents stand in a circle."""
    deepest = height(scenario, root)
    if "depth" in guards.model_fields_set and guards.depth is not None and guards.depth > deepest > 0:
        where = f"without a circle of agents, children stand on level {deepest} at most"
        yield "depth", "note", f"caps nothing: {where}"


def _on_sessions(scenario: Scenario, root: str, guards: Guardrails, cards: Cards) -> Iterator[_Said]:
    agent = scenario.agents[root]
    if guards.calls is not None:
        turns = max(1.0, _typical(agent.turns))
        if guards.calls >= MAX_CALLS:
            yield "calls", "note", f"caps nothing: every {scenario.unit} is cut at {MAX_CALLS:,} calls anyway"
        elif guards.calls <= turns:
            message = f"is reached by the root alone: {root} typically takes {format_number(turns)} turns"
            yield "calls", "warning", f"{message}, so that most {scenario.unit}s are cut"
    if guards.cost is not None:
        first = min(_first_call(agent, cards[model][0]) for model in agent.model.names) * scenario.usd_rate
        if guards.cost <= first:
            message = f"is reached by one call: the first one of {root} typically costs {format_number(first)}"
            yield "cost", "warning", f"{message}, so that most {scenario.unit}s are cut after it"


def _first_call(agent: Agent, card: PriceCard) -> float:
    """Typical price of an instance's first call, in dollars, with all the cached input that it may have."""
    output = min(_typical(agent.output_tokens), agent.max_output_tokens or float("inf"))
    written = output + _typical(agent.reasoning_tokens)
    if agent.prompt_tokens is not None:
        prompt = _typical(agent.prompt_tokens)
        cached = agent.cached_share * prompt
    else:
        system, others = _typical(agent.system_tokens), (agent.opening_message, agent.retrieved_tokens)
        prompt = system + sum(_typical(law) for law in others if isinstance(law, Law))
        cached = system if agent.cache else 0.0
    tier = card.tier(prompt)
    pays = card.pays * (card.batch_pays if agent.batch else 1.0)
    dollars = cached * tier.cached_input + (prompt - cached) * tier.input + written * tier.output
    return pays * dollars / 1e6 + card.fee_per_call


def _typical(law: Law) -> float:
    return max(0.0, float(law.ppf(0.5)))
