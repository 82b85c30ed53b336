"""Defaults that depend on more than one section: what a scenario is once everything unsaid is filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def levels(scenario: Scenario, root: str, depth: int | None) -> Iterator[tuple[set[str], set[str]]]:
    """Level by level, the agents that may run there in a session of this root: those started, and validators.

    Every instance stands one level below the one that started it or is checked by it, and spawns end at `depth`.
    Below that only validators of validators follow, and those never come back to themselves, so that any circle with
    a spawn in it ends too.

    Parameters
    ----------
    root : str
        On level 0.
    depth : int or None
        Deepest level of children; None only where no agents start each other in a circle.

    Raises
    ------
    ValueError
        Where it would never end.
    """
    spawned, checking, level = {root}, set[str](), 0
    while spawned | checking:
        if level > len(scenario.agents) + (depth or 0):
            raise ValueError(f"the agents below {root} start or check each other in a circle that no depth ends")
        yield spawned, checking
        here = [scenario.agents[name] for name in spawned | checking if name in scenario.agents]
        level += 1
        ends = depth is not None and level > depth
        spawned = set() if ends else {spawn.agent for agent in here for spawn in agent.spawns}
        checking = {agent.checked_by.agent for agent in here if agent.checked_by}


def height(scenario: Scenario, root: str, depth: int | None = None) -> int:
    """How deep children may stand in a session of this root, the root being 0; those of validators too."""
    return max(level for level, (spawned, _) in enumerate(levels(scenario, root, depth)) if spawned)


def tallest(scenario: Scenario, root: str) -> int:
    """Most instances that can wait for each other at one time in a session of this root, all validators counted.

    Parameters
    ----------
    scenario : Scenario
        Complete.
    root : str
        The agent of a feature; where features with other caps on depth share it, the most in any of them.
    """
    rails = [feature.guardrails for feature in scenario.features.values() if feature.agent == root]
    depths = {None if guards is None else guards.depth for guards in rails}
    return max(sum(1 for _ in levels(scenario, root, depth)) for depth in depths)


def depth_cap(scenario: Scenario, feature: Feature) -> int | None:
    """Deepest level of children that a feature allows: as stated, or the default where an agent spawns itself."""
    stated = feature.guardrails.depth if feature.guardrails else None
    return SPRAWL_DEPTH if stated is None and _sprawls(scenario, feature) else stated


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


def routed_models(scenario: Scenario, models: Iterable[str]) -> tuple[str, ...]:
    """Models to which events and controls may send the calls of these, however many routes are in force at once."""
    routes = [rule.route for rule in scenario.rules]
    found, todo = set[str](), list(models)
    while todo:
        model = todo.pop()
        targets = {route[model] for route in routes if model in route} - found
        found |= targets
        todo += sorted(targets)
    return tuple(sorted(found))


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


def _sprawls(scenario: Scenario, feature: Feature) -> bool:
    return any(spawns_itself(scenario, name) for name in reach(scenario, feature.agent))


def _guarded(feature: Feature, scenario: Scenario) -> Feature:
    if not _sprawls(scenario, feature):
        return feature
    guards = feature.guardrails or Guardrails()
    agents = SPRAWL_AGENTS if guards.agents is None else guards.agents
    return _with(feature, guardrails=_with(guards, depth=depth_cap(scenario, feature), agents=agents))
