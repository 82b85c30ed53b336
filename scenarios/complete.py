"""Defaults that depend on more than one section: what a scenario is once everything unsaid is filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from scenarios.features import Feature, Guardrails
from scenarios.fields import Section
from scenarios.models import ModelSpec
from scenarios.schema import Scenario

Some = TypeVar("Some", bound=Section)

SPRAWL_DEPTH = 3
SPRAWL_AGENTS = 50


def complete(scenario: Scenario) -> Scenario:
    """Fill in the first feature, shares of sum 1, models that are named directly, and caps on sprawl.

    Parameters
    ----------
    scenario : Scenario
        As validated; every name in it is known.

    Returns
    -------
    Scenario
        What everybody else reads: `features` is never empty, shares sum to 1, every model that may serve a call is
        in `models`.
    """
    features = scenario.features or {name: _default_feature(name) for name in list(scenario.agents)[:1]}
    guarded = {name: _guarded(feature, scenario) for name, feature in _scaled(features).items()}
    return _with(with_all_models(scenario), features=guarded)


def with_all_models(scenario: Scenario) -> Scenario:
    """Put models that are named directly among `models`; other names in the scenario may be anything."""
    return _with(scenario, models=scenario.models | {name: ModelSpec(catalog=name) for name in _direct(scenario)})


def reach(scenario: Scenario, root: str) -> set[str]:
    """Agents that a session of this root may run: itself, its children and theirs, and all validators of them."""
    found, todo = set[str](), [root]
    while todo:
        name = todo.pop()
        if name not in found and name in scenario.agents:
            found.add(name)
            agent = scenario.agents[name]
            todo += [spawn.agent for spawn in agent.spawns]
            todo += [agent.checked_by.agent] if agent.checked_by else []
    return found


def height(scenario: Scenario, root: str, above: tuple[str, ...] = ()) -> int:
    """How deep a session of this root may go, the root being 0; an agent that is met again is not followed.

    Validators stand below what they check, as children stand below their parents.
    """
    agent, seen = scenario.agents[root], (*above, root)
    below = {spawn.agent for spawn in agent.spawns} | ({agent.checked_by.agent} if agent.checked_by else set())
    return max((1 + height(scenario, name, seen) for name in below - set(seen)), default=0)


def longest_check(scenario: Scenario, root: str) -> int:
    """The longest chain of validators, each checking the one before, in a session of this root."""
    return max(_checks_above(scenario, name) for name in reach(scenario, root))


def _checks_above(scenario: Scenario, name: str) -> int:
    check = scenario.agents[name].checked_by
    return 0 if check is None else 1 + _checks_above(scenario, check.agent)


def spawns_itself(scenario: Scenario, name: str) -> bool:
    """Whether an agent starts instances of itself."""
    return any(spawn.agent == name for spawn in scenario.agents[name].spawns)


def named_models(scenario: Scenario) -> Iterable[str]:
    """Every model that an agent, a fallback or a route names."""
    for agent in scenario.agents.values():
        yield from agent.models
    for rule in scenario.rules:
        for pair in rule.route.items():
            yield from pair


def _with(section: Some, **values: Any) -> Some:
    """A copy with other values; what its writer stated and what was filled in stays apart."""
    copy = type(section).model_construct(set(section.model_fields_set), **dict(section) | values)
    assert isinstance(copy, type(section))
    return copy


def _default_feature(agent: str) -> Feature:
    return Feature.model_construct(set(), **dict(Feature(agent=agent)))


def _direct(scenario: Scenario) -> list[str]:
    return [name for name in dict.fromkeys(named_models(scenario)) if name not in scenario.models]


def _scaled(features: dict[str, Feature]) -> dict[str, Feature]:
    total = sum(feature.share for feature in features.values())
    return {name: _with(feature, share=feature.share / total) for name, feature in features.items()}


def _guarded(feature: Feature, scenario: Scenario) -> Feature:
    if not any(spawns_itself(scenario, name) for name in reach(scenario, feature.agent)):
        return feature
    guards = feature.guardrails or Guardrails()
    depth = SPRAWL_DEPTH if guards.depth is None else guards.depth
    agents = SPRAWL_AGENTS if guards.agents is None else guards.agents
    return _with(feature, guardrails=_with(guards, depth=depth, agents=agents))
