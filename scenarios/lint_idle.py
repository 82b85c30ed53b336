"""What a scenario says and what moves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.agents import Retry, Tool
from scenarios.complete import reach
from scenarios.finding import Finding
from scenarios.problems import Path, dotted
from scenarios.schema import Scenario

_AFTER_FAILURE = ("quality_share", "max_attempts", "added_tokens", "fallback")


def lint_idle(scenario: Scenario) -> Iterator[Finding]:
    """Rules that never apply, agents that nobody starts, models that nobody calls."""
    yield from _idle(scenario)
    yield from _unused(scenario)
    yield from _long_context(scenario)


def _idle(scenario: Scenario) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        fallback = agent.retry.fallback
        if fallback and _fails(agent.retry) and fallback.after >= agent.retry.max_attempts:
            message = f"never serves: it takes over after {fallback.after} of {agent.retry.max_attempts} attempts"
            yield Finding(dotted(("agents", name, "retry", "fallback")), "warning", message)
        yield from _retries(agent.retry, ("agents", name, "retry"))
        for tool_name, tool in agent.tools.items():
            yield from _retries(tool, ("agents", name, "tools", tool_name))
        if agent.cached_share > 0 and agent.prompt_tokens is not None and not agent.prompt_tokens.mean():
            yield Finding(dotted(("agents", name, "cached_share")), "note", "is a share of prompts without tokens")


def _retries(part: Retry | Tool, path: Path) -> Iterator[Finding]:
    """What is said about failures where nothing fails."""
    if _fails(part):
        return
    for field in _AFTER_FAILURE:
        if field in part.model_fields_set and getattr(part, field) not in (None, 0, 1):
            message = "has nothing to do: no call fails without a `failure_rate`"
            yield Finding(dotted((*path, field)), "note", message)


def _fails(part: Retry | Tool) -> bool:
    rate = part.failure_rate
    return any(rate.values()) if isinstance(rate, dict) else rate > 0


def _unused(scenario: Scenario) -> Iterator[Finding]:
    roots = [feature.agent for feature in scenario.features.values() if feature.share > 0]
    reached = set().union(*(reach(scenario, root) for root in roots))
    for name in scenario.agents:
        if name not in reached:
            yield Finding(dotted(("agents", name)), "warning", "no feature, agent or check ever starts it")
    for name, feature in scenario.features.items():
        if not feature.share:
            yield Finding(dotted(("features", name, "share")), "note", "is 0: nobody uses this feature")
    serving = {model for name in reached for model in scenario.agents[name].models}
    targets = {target for rule in scenario.rules for target in rule.route.values()}
    for name in scenario.models:
        if name not in serving | targets:
            yield Finding(dotted(("models", name)), "note", "no agent uses it")
    for rule_path, rule in _rules(scenario):
        for source in rule:
            if source not in serving | targets:
                yield Finding(f"{rule_path}.route", "warning", f"reroutes {source}, which no agent uses")


def _long_context(scenario: Scenario) -> Iterator[Finding]:
    for name, model in scenario.models.items():
        if model.long_context is not None and model.long_context.model_fields_set <= {"above"}:
            message = "changes no price: what it leaves out stays as it is below the threshold"
            yield Finding(dotted(("models", name, "long_context")), "note", message)


def _rules(scenario: Scenario) -> Iterator[tuple[str, dict[str, str]]]:
    for name, event in scenario.events.items():
        yield dotted(("events", name)), event.route
    for number, control in enumerate(scenario.controls):
        yield dotted(("controls", number)), control.route
