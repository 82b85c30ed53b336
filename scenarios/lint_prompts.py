"""Prompts that do not fit, and caches that do not pay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from distributions.law import Law
from distributions.quantity import format_number
from scenarios.agents import Agent
from scenarios.cards import PriceCard
from scenarios.finding import Cards, Finding
from scenarios.kinds import varies
from scenarios.problems import Path, dotted
from scenarios.schema import Scenario

_Said = tuple[str | Path, Literal["warning", "note"], str]
"""Field of the agent, severity, message."""


def lint_prompts(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    """Sizes against limits, and prices of the cache against its hits."""
    yield from _sizes(scenario, cards)
    yield from _caches(scenario, cards)
    yield from _no_discount(scenario, cards)


def _sizes(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        windows = {
            model: card.context_window for model in agent.model.names if (card := cards[model][0]).context_window
        }
        found = list(_windows(agent, windows))
        limits = _limits(agent, windows)
        if limits:
            which = min(limits, key=limits.__getitem__)
            found += _overfull(agent, limits[which], f"the {limits[which]:,} tokens of {which}")
        if agent.max_output_tokens is not None:
            found += _capped(agent.max_output_tokens, agent.output_tokens)
        for field, severity, message in found:
            path = field.split(".") if isinstance(field, str) else field
            yield Finding(dotted(("agents", name, *path)), severity, message)


def _limits(agent: Agent, windows: dict[str, int]) -> dict[str, int]:
    """How many tokens fit in the typical case, by what says so."""
    stated = agent.context.limit
    if isinstance(stated, Law):
        return {"`context.limit`": round(_typical(stated))}
    laws = stated or {}
    named = {f"the context window of {model}": window for model, window in windows.items() if model not in laws}
    serving = {model: law for model, law in laws.items() if model in agent.model.shares}
    return named | {f"`context.limit` for {model}": round(_typical(law)) for model, law in serving.items()}


def _windows(agent: Agent, windows: dict[str, int]) -> Iterator[_Said]:
    """Limits of the scenario above those of its models."""
    by_model = isinstance(agent.context.limit, dict)
    for model, window in windows.items():
        limit = agent.context.limit_of(model)
        if limit is not None and _typical(limit) > window:
            above = f"above the context window of {model}, {window:,} tokens"
            message = (
                f"is typically {above}, which is the limit then"
                if varies(limit)
                else f"is {above}: prompts between are never cut"
            )
            yield ("context", "limit", *([model] if by_model else [])), "warning", message


def _overfull(agent: Agent, limit: int, room: str) -> Iterator[_Said]:
    """Prompts that are over the limit in the typical case, before any history."""
    if agent.prompt_tokens is not None:
        if _typical(agent.prompt_tokens) > limit:
            yield "prompt_tokens", "warning", f"is typically {_shown(agent.prompt_tokens)}, more than {room}"
        return
    system, others = _typical(agent.system_tokens), (agent.opening_message, agent.retrieved_tokens)
    first = system + sum(_typical(law) for law in others if isinstance(law, Law))
    if system > limit:
        message = f"is typically {_shown(agent.system_tokens)}, more than {room}: no prompt ever fits"
        yield "system_tokens", "warning", message
    elif first > limit:
        message = (
            f"with what is retrieved and the system prompt, makes a first prompt of typically {format_number(first)} "
            f"tokens, more than {room}"
        )
        yield _opening_field(agent), "warning", message
    elif agent.context.overflow == "compact" and system + agent.context.summary_tokens > limit:
        message = f"and the system prompt fill more than {room}: no compaction makes a prompt fit"
        yield "context.summary_tokens", "warning", message


def _opening_field(agent: Agent) -> str:
    return "message_tokens" if agent.first_message_tokens is None else "first_message_tokens"


def _capped(cap: int, output: Law) -> Iterator[_Said]:
    if cap < _typical(output):
        message = f"is below the typical output of {_shown(output)}: most outputs are exactly this long"
        yield "max_output_tokens", "warning", message


def _typical(law: Law) -> float:
    return float(law.ppf(0.5))


def _shown(law: Law) -> str:
    return f"{format_number(_typical(law))} tokens"


def _no_discount(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    """Caches of models whose cached input costs what fresh input does; the price book speaks of the catalogue's."""
    for name, agent in scenario.agents.items():
        field = "cached_share" if agent.cached_share > 0 else "cache" if agent.cache else None
        for model in agent.model.shares if field else ():
            spec, tier = scenario.models[model], cards[model][0].tiers[0]
            stated = spec.catalog is None or spec.cached_input is not None
            if stated and tier.cached_input >= tier.input > 0:
                message = f"saves nothing: {model} has no lower price for cached input; give `cached_input`"
                yield Finding(dotted(("agents", name, str(field))), "note", message)


def _caches(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        if agent.cache is None:
            continue
        hit = _mean_hit(agent)
        for model in agent.model.shares:
            even = _break_even(cards[model][0])
            if even is not None and hit < even:
                message = (
                    f"reads {100 * hit:.3g} % of prefixes back from the cache of {model}, and what it writes pays off "
                    f"only from {100 * even:.3g} %; without `cache` this agent is cheaper"
                )
                yield Finding(dotted(("agents", name, "cache")), "warning", message)


def _mean_hit(agent: Agent) -> float:
    """Mean hit rate over an instance's mean number of turns, the first of them cold."""
    assert agent.cache is not None
    first, later = agent.cache.hit_probabilities()
    turns = max(1.0, agent.turns.mean())
    return (first + (turns - 1) * later) / turns


def _break_even(card: PriceCard) -> float | None:
    """Hit rate from which caching a prefix costs less than sending it; none where writing costs nothing extra."""
    tier = card.tiers[0]
    premium, saving = tier.cache_write - tier.input, tier.cache_write - tier.cached_input
    if premium < 0 or saving <= 0:
        return None
    return premium / saving if premium > 0 else None
