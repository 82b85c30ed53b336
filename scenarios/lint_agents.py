"""Tools, children, validators, cascades and what follows a failure, where they do nothing or too much."""

from __future__ import annotations

from collections.abc import Iterator

from distributions.law import Law
from scenarios.agents import Agent, Tool
from scenarios.complete import reach
from scenarios.features import Feature
from scenarios.finding import Finding
from scenarios.problems import dotted
from scenarios.schema import Scenario


def lint_agents(scenario: Scenario) -> Iterator[Finding]:
    """Everything about the parts of sessions that a chat of one agent does not have."""
    yield from _difficulty(scenario)
    for name, agent in scenario.agents.items():
        yield from _cascade(name, agent)
        yield from _tools(name, agent)
        yield from _children(name, agent)
        yield from _checks(scenario, name, agent)
    for name, feature in scenario.features.items():
        yield from _failures(scenario, name, feature)


def _difficulty(scenario: Scenario) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        moved, path = agent.sensitivity, ("agents", name, "sensitivity")
        if scenario.difficulty is None and moved.model_fields_set:
            yield Finding(dotted(path), "note", "has nothing to act on: there is no `difficulty`")
            continue
        if moved.failure_rate and not _may_fail(agent.retry.failure_rate):
            message = "moves nothing: no call fails without a `failure_rate`"
            yield Finding(dotted((*path, "failure_rate")), "note", message)
        if moved.message_tokens and not _has_messages(agent):
            message = "moves nothing: there are no messages" + (" beside `prompt_tokens`" if agent.whole_prompt else "")
            yield Finding(dotted((*path, "message_tokens")), "note", message)
    if scenario.difficulty is not None and not any(_sensitive(agent) for agent in scenario.agents.values()):
        yield Finding("difficulty", "warning", "moves nothing: no agent has a `sensitivity` to it")


def _has_messages(agent: Agent) -> bool:
    return not all(map(_is_nothing, (agent.message_tokens, agent.opening_message)))


def _sensitive(agent: Agent) -> bool:
    return any(agent.sensitivity.model_dump().values())


def _cascade(name: str, agent: Agent) -> Iterator[Finding]:
    if agent.model.cascade and agent.model.escalate_rate in {0.0, 1.0}:
        first, second = agent.model.cascade
        often = "never called" if agent.model.escalate_rate == 0 else f"called in every turn, and {first} too"
        message = f"is {agent.model.escalate_rate:g}: {second} is {often}"
        yield Finding(dotted(("agents", name, "model", "escalate_rate")), "warning", message)


def _tools(name: str, agent: Agent) -> Iterator[Finding]:
    for tool_name, tool in agent.tools.items():
        path = ("agents", name, "tools", tool_name)
        if not tool.fee and (agent.whole_prompt or _is_nothing(tool.result_tokens)):
            read = " that its prompts have room for, with `prompt_tokens`" if agent.whole_prompt else ""
            yield Finding(dotted(path), "note", f"costs nothing: it has no `fee`, and no result{read}")
        elif tool.failure_rate and not _costs_again(tool):
            message = "changes nothing: the result counts whether a call fails or not, and what costs again is the fee"
            why = "of which there is none" if not tool.fee else "with `max_attempts` above 1"
            yield Finding(dotted((*path, "failure_rate")), "note", f"{message}, {why}")


def _costs_again(tool: Tool) -> bool:
    return tool.fee > 0 and tool.max_attempts > 1


def _children(name: str, agent: Agent) -> Iterator[Finding]:
    for number, spawn in enumerate(agent.spawns):
        if _is_nothing(spawn.count):
            path = dotted(("agents", name, "spawns", number, "count"))
            yield Finding(path, "note", f"is 0: it starts no {spawn.agent}")


def _checks(scenario: Scenario, name: str, agent: Agent) -> Iterator[Finding]:
    check, path = agent.checked_by, ("agents", name, "checked_by")
    if check is None:
        return
    if check.reject_rate == 0 and "max_loops" in check.model_fields_set:
        message = "has nothing to bound: nothing is done anew without a `reject_rate`"
        yield Finding(dotted((*path, "max_loops")), "note", message)
    if check.reject_rate == 1:
        message = f"rejects every run: the work is always done {1 + check.max_loops} times"
        yield Finding(dotted((*path, "reject_rate")), "warning", message)
    validator = scenario.agents[check.agent]
    if not validator.whole_prompt and not _has_messages(validator):
        message = f"is nothing, so that it checks {name} unread; `from_agent` is what that put out"
        yield Finding(dotted(("agents", check.agent, "message_tokens")), "note", message)


def _is_nothing(law: object) -> bool:
    return isinstance(law, Law) and law.support()[1] <= 0


def _failures(scenario: Scenario, name: str, feature: Feature) -> Iterator[Finding]:
    after = feature.on_failure
    if after is not None and (after.repeat or after.handoff) and not _can_fail(scenario, feature):
        message = "never applies: `success_rate` is 1, no agent can fail and no guardrail cuts"
        yield Finding(dotted(("features", name, "on_failure")), "warning", message)


def _can_fail(scenario: Scenario, feature: Feature) -> bool:
    """Whether a session can end without success, the hard limit on calls aside."""
    guards = feature.guardrails
    cut = guards is not None and (guards.cost is not None or guards.calls is not None)
    rates, shares = feature.success_rate, scenario.agents[feature.agent].model.shares
    missed = any(rates[model] < 1 for model in shares if shares[model]) if isinstance(rates, dict) else rates < 1
    agents = (scenario.agents[name] for name in reach(scenario, feature.agent))
    return cut or missed or any(_stops(agent) for agent in agents)


def _stops(agent: Agent) -> bool:
    exhausted = agent.retry.on_exhausted == "fail" and _may_fail(agent.retry.failure_rate)
    return exhausted or agent.context.overflow == "fail"


def _may_fail(rate: float | dict[str, float]) -> bool:
    return any(rate.values()) if isinstance(rate, dict) else rate > 0
