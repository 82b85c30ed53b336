"""What no section can know alone: names that must exist, shares, trees that end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from distributions.notation import KEYS
from scenarios.agents import Agent
from scenarios.check_period import check_period, routing_rules
from scenarios.check_trees import check_trees
from scenarios.complete import routed_models
from scenarios.problems import Fault, Path
from scenarios.schema import Scenario
from scenarios.suggest import did_you_mean


def cross_check(scenario: Scenario) -> Iterator[Fault]:
    """Everything wrong between the sections of a scenario whose sections are each right.

    Parameters
    ----------
    scenario : Scenario
        As validated, before defaults are completed.
    """
    yield from _volume(scenario)
    yield from _features(scenario)
    for name, agent in scenario.agents.items():
        yield from _agent(scenario, name, agent)
    yield from _readers(scenario)
    yield from check_trees(scenario)
    yield from _routes(scenario)
    yield from check_period(scenario)


def _volume(scenario: Scenario) -> Iterator[Fault]:
    volume = scenario.volume
    if not volume.daily_level(scenario.period.start):
        names = "sessions_per_day", "sessions_per_month", "sessions_per_user_day"
        name = next(name for name in names if getattr(volume, name) is not None)
        hint = "every budget holds a product that nobody uses; a few sessions a day are written 0.1"
        yield Fault(("volume", name), "brings no session, so that there is nothing to simulate", 0, "above 0", hint)


def _features(scenario: Scenario) -> Iterator[Fault]:
    given = [name for name, feature in scenario.features.items() if "share" in feature.model_fields_set]
    for name, feature in scenario.features.items():
        path: Path = ("features", name)
        if given and name not in given:
            hint = "where one feature has a share, all need one"
            yield Fault((*path, "share"), "is missing", hint=hint)
        yield from _known_agent(scenario, (*path, "agent"), feature.agent)
        if feature.agent in scenario.agents and isinstance(feature.success_rate, dict):
            drawn = scenario.agents[feature.agent].model
            yield from _covered(
                scenario, (*path, "success_rate"), feature.success_rate, drawn.shares, drawn.names, feature.agent
            )
    if scenario.features and not sum(feature.share for feature in scenario.features.values()) > 0:
        yield Fault(("features",), "have shares that sum to 0", allowed="at least one share above 0")


def _agent(scenario: Scenario, name: str, agent: Agent) -> Iterator[Fault]:
    path: Path = ("agents", name)
    for model in agent.model.names:
        yield from _known_model(scenario, (*path, "model"), model)
    retry = agent.retry
    if retry.fallback:
        yield from _known_model(scenario, (*path, "retry", "fallback", "model"), retry.fallback.model)
    if isinstance(retry.failure_rate, dict):
        routed = routed_models(scenario, agent.models)
        names = (*agent.models, *routed)
        yield from _covered(scenario, (*path, "retry", "failure_rate"), retry.failure_rate, names, names, name)
    yield from _limits(scenario, (*path, "context", "limit"), agent, name)
    for position, spawn in enumerate(agent.spawns):
        yield from _known_agent(scenario, (*path, "spawns", position, "agent"), spawn.agent)
    if agent.checked_by:
        yield from _known_agent(scenario, (*path, "checked_by", "agent"), agent.checked_by.agent)


def _known_agent(scenario: Scenario, path: Path, name: str) -> Iterator[Fault]:
    if name not in scenario.agents:
        known = tuple(scenario.agents)
        yield Fault(path, "names an agent that is not in `agents`", name, ", ".join(known), did_you_mean(name, known))


def _known_model(scenario: Scenario, path: Path, name: str) -> Iterator[Fault]:
    if name in scenario.models or "/" in name:
        return
    known = tuple(scenario.models)
    allowed = ", ".join((*known, "provider/model from the catalogue"))
    hint = did_you_mean(name, known) or "write provider/model, as `burncurve prices` lists them"
    yield Fault(path, "names a model that is not in `models`", name, allowed, hint)


def _covered(
    scenario: Scenario, path: Path, rates: Mapping[str, float], needed: Iterable[str], usable: Iterable[str], agent: str
) -> Iterator[Fault]:
    """A mapping by model has every model that it needs and none that never serves."""
    may = tuple(dict.fromkeys(usable))
    for model in rates:
        if model not in may:
            message = f"names a model that {agent} never uses"
            yield Fault((*path, model), message, model, ", ".join(may), did_you_mean(model, may))
    for model in dict.fromkeys(needed):
        if model not in rates and (model in scenario.models or "/" in model):
            yield Fault(path, f"has no rate for {model}", rates, f"one rate for each of {', '.join(may)}")


def _limits(scenario: Scenario, path: Path, agent: Agent, name: str) -> Iterator[Fault]:
    """Limits by model are of models that fill a context: of a cascade the first, a fallback never."""
    if not isinstance(agent.context.limit, dict):
        return
    may = tuple(dict.fromkeys((*agent.model.shares, *routed_models(scenario, agent.model.shares))))
    for model in agent.context.limit:
        if model not in may:
            message = f"names no model whose limit {name} goes by"
            hint = did_you_mean(model, may) or did_you_mean(model, sorted(KEYS))
            yield Fault((*path, model), message, model, ", ".join(may), hint)


def _readers(scenario: Scenario) -> Iterator[Fault]:
    """`from_agent` says something only in an agent that checks another, and never starts by itself."""
    validators = {agent.checked_by.agent for agent in scenario.agents.values() if agent.checked_by}
    if not validators <= scenario.agents.keys():
        return  # a name is misspelt, maybe the one that makes a reader a validator
    roots = {feature.agent for feature in scenario.features.values()} or set(list(scenario.agents)[:1])
    started = roots | {spawn.agent for agent in scenario.agents.values() for spawn in agent.spawns}
    for name, agent in scenario.agents.items():
        if agent.message_tokens != "from_agent":
            continue
        if name not in validators or name in started:
            wrong = "is started as a root or a child, too" if name in validators else "checks no other agent"
            hint = "only an agent named in a `checked_by` can read what an agent put out; give it a law"
            path: Path = ("agents", name, "message_tokens")
            yield Fault(path, f"is from_agent, but {name} {wrong}", "from_agent", None, hint)


def _routes(scenario: Scenario) -> Iterator[Fault]:
    for path, route in routing_rules(scenario):
        for source, target in route.items():
            yield from _known_model(scenario, (*path, source), source)
            yield from _known_model(scenario, (*path, source), target)
