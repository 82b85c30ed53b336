"""Every session ends: what is wrong with who starts and checks whom.

A circle of agents with a spawn in it ends at `depth`, as every instance stands one level below the one that started it
or is checked by it; a circle of checks alone would never end. So the first needs a depth and the second is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.complete import depth_cap, levels, reach
from scenarios.features import Feature
from scenarios.hard_limits import MAX_DEPTH, MAX_STACK
from scenarios.problems import Fault, Path
from scenarios.schema import Scenario

_DEEPER = "deeper down no child starts"


def check_trees(scenario: Scenario) -> Iterator[Fault]:
    """Validators that check each other for ever, agents that start each other for ever, and trees too tall to run."""
    endless = list(_endless_checks(scenario))
    yield from endless
    for path, feature in _roots(scenario):
        bounded = feature.guardrails is not None and feature.guardrails.depth is not None
        cycle = None if bounded else _cycle(scenario, feature.agent)
        if cycle:
            hint = f"{_where(scenario)} `guardrails: {{depth: 3}}`; {_DEEPER}"
            yield Fault(path, f"needs a `depth`: its agents start each other in a circle, {cycle}", hint=hint)
        elif not endless:
            yield from _too_tall(scenario, path, feature)


def _where(scenario: Scenario) -> str:
    return "write" if scenario.features else "write a feature with"


def _endless_checks(scenario: Scenario) -> Iterator[Fault]:
    said = set[str]()
    for name, agent in scenario.agents.items():
        checker = agent.checked_by.agent if agent.checked_by else ""
        place: Path = ("agents", name, "checked_by", "agent")
        if checker == name:
            others = (
                ", ".join(other for other in scenario.agents if other != name) or "an agent to be added to `agents`"
            )
            yield Fault(place, "is the agent itself; a validator is another agent", name, others)
        elif name in _validators_after(scenario, checker) and name not in said:
            said |= _validators_after(scenario, checker)
            hint = "leave out one `checked_by` of the circle; no `depth` ends validators"
            yield Fault(place, f"leads back to {name}: validators that check each other never end", checker, hint=hint)


def _roots(scenario: Scenario) -> Iterator[tuple[Path, Feature]]:
    """Every feature, and where to speak of its tree; the default one where none is written."""
    for name, feature in scenario.features.items():
        yield ("features", name, "guardrails") if feature.guardrails else ("features", name), feature
    if not scenario.features:
        yield from ((("agents",), Feature(agent=name)) for name in list(scenario.agents)[:1])


def _too_tall(scenario: Scenario, path: Path, feature: Feature) -> Iterator[Fault]:
    tree = list(levels(scenario, feature.agent, depth_cap(scenario, feature)))
    deepest = max(level for level, (spawned, _) in enumerate(tree) if spawned)
    if deepest > MAX_DEPTH:
        last = min(tree[deepest][0])
        message = f"has children down to level {deepest}, where {feature.agent} stands on level 0 and {last} is started"
        hint = f"{_where(scenario)} `guardrails: {{depth: {MAX_DEPTH}}}`, or less; {_DEEPER}"
        yield Fault(path, message, deepest, f"at most {MAX_DEPTH} levels of children", hint)
    elif len(tree) > MAX_STACK:
        message = f"has up to {len(tree)} instances that wait for each other, with validators of validators"
        yield Fault(path, message, len(tree), f"at most {MAX_STACK}", "shorten the chain of `checked_by`")


def _validators_after(scenario: Scenario, name: str) -> set[str]:
    found = set[str]()
    while name in scenario.agents and name not in found:
        found.add(name)
        checked_by = scenario.agents[name].checked_by
        name = checked_by.agent if checked_by else ""
    return found


def _cycle(scenario: Scenario, root: str) -> str | None:
    """A circle of two or more agents that a session of this root can go round; an agent that starts itself is none."""
    for start in sorted(reach(scenario, root)):
        trail = _way_back(scenario, start)
        if trail:
            return " -> ".join(trail)
    return None


def _way_back(scenario: Scenario, start: str) -> list[str]:
    trails = [[start]]
    seen = {start}
    while trails:
        trail = trails.pop(0)
        for child in _children(scenario, trail[-1]):
            if child == start and len(trail) > 1:
                return [*trail, start]
            if child not in seen:
                seen.add(child)
                trails.append([*trail, child])
    return []


def _children(scenario: Scenario, name: str) -> list[str]:
    agent = scenario.agents.get(name)
    if agent is None:
        return []
    checker = [agent.checked_by.agent] if agent.checked_by else []
    return [*(spawn.agent for spawn in agent.spawns), *checker]
