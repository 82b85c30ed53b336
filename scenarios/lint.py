"""What is allowed and still worth a second look: meaning, not grammar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from distributions.law import Law
from scenarios.agents import Agent
from scenarios.cards import PriceCard
from scenarios.complete import reach
from scenarios.features import Feature
from scenarios.problems import dotted
from scenarios.schema import Scenario
from scenarios.tails import heaviest_tail, session_cost_tail_index
from scenarios.unread import unread
from scenarios.walk import leaves

__all__ = ["Finding", "lint", "nothing_shared_is_uncertain", "session_cost_tail_index"]

Cards = Mapping[str, tuple[PriceCard, ...]]

_TAILED = ("turns", "message_tokens", "retrieved_tokens", "output_tokens", "reasoning_tokens", "prompt_tokens")
_NEGATIVE_SHARE = 1e-9


@dataclass(frozen=True)
class Finding:
    """Something that may not be what its writer meant.

    Attributes
    ----------
    path : str
        Dotted; empty for the scenario as a whole.
    severity : str
        ``warning`` where the answer is likely to mislead, ``note`` where it may.
    message : str
        A sentence.
    """

    path: str
    severity: Literal["warning", "note"]
    message: str


def lint(scenario: Scenario, cards: Cards) -> list[Finding]:
    """Everything in a valid scenario that deserves a second look.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    cards : mapping of str to tuple of PriceCard
        One card a day, by model.
    """
    return [
        *_shared(scenario),
        *_tail(scenario, cards),
        *_offspring(scenario),
        *_constants(scenario),
        *_negative(scenario),
        *_caches(scenario, cards),
        *_idle(scenario),
        *_unused(scenario),
        *(Finding(path, "note", "is read by no figure of a run yet") for path in unread(scenario)),
        *_outside(scenario),
    ]


def nothing_shared_is_uncertain(scenario: Scenario) -> bool:
    """Whether all that differs between two trials is the luck of single sessions, which averages out."""
    if scenario.volume.users is not None:
        return False
    if any(_varies(law) for law in scenario.drivers.levels.values()):
        return False
    for event in scenario.events.values():
        certain = event.date is not None and event.probability in {0.0, 1.0}
        laws = [*event.multiplies.values(), *([event.days] if event.days else [])]
        if not certain or any(_varies(law) for law in laws):
            return False
    return True


def _varies(law: Law) -> bool:
    low, high = law.support()
    return low < high


def _shared(scenario: Scenario) -> Iterator[Finding]:
    if nothing_shared_is_uncertain(scenario):
        yield Finding(
            "drivers",
            "warning",
            "nothing that sessions share is uncertain, so many of them average out and the spread will look far too "
            "small; say what nobody knows yet, or take the outside view `drivers: typical`",
        )


def _tail(scenario: Scenario, cards: Cards) -> Iterator[Finding]:
    tail = heaviest_tail(scenario, cards)
    if tail.index <= 2:
        what = "mean" if tail.index <= 1 else "variance"
        heavy = f"with a tail of index {tail.index:.3g}: {tail.why}"
        message = f"makes the {what} of a {scenario.unit}'s cost infinite, {heavy}"
        yield Finding(dotted(tail.path), "warning" if tail.index <= 1 else "note", message)


def _constants(scenario: Scenario) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        for field in _TAILED:
            law = getattr(agent, field)
            if field not in agent.model_fields_set or not isinstance(law, Law) or _varies(law):
                continue
            value = law.mean()
            if value > (1 if field == "turns" else 0):
                where = f"every {scenario.unit}" if field == "turns" else "every turn"
                message = f"is exactly {value:,.10g} in {where}; tails begin where numbers differ: {{p50:, p95:}}"
                yield Finding(dotted(("agents", name, field)), "note", message)


def _negative(scenario: Scenario) -> Iterator[Finding]:
    for leaf in leaves(scenario):
        if isinstance(leaf.value, Law) and leaf.value.support()[0] < 0:
            share = float(leaf.value.cdf(0.0))
            if share > _NEGATIVE_SHARE:
                message = f"falls below 0 in {100 * share:.2g} % of draws, which count as 0; add `min: 0`"
                yield Finding(dotted(leaf.path), "warning" if share > 0.01 else "note", message)


# -- caches ------------------------------------------------------------------------------------------------------------


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


# -- sprawl ------------------------------------------------------------------------------------------------------------


def _offspring(scenario: Scenario) -> Iterator[Finding]:
    for name, feature in scenario.features.items():
        agents = sorted(reach(scenario, feature.agent))
        usual = _growth(scenario, agents, 1.0, 1.0)
        if usual >= 1:
            yield Finding(dotted(("features", name)), "warning", _sprawl(feature, usual, ""))
            continue
        for event_name, event in scenario.events.items():
            levels = [event.multiplies[key].mean() if key in event.multiplies else 1.0 for key in ("fanout", "turns")]
            growth = _growth(scenario, agents, *levels)
            if growth >= 1:
                message = _sprawl(feature, growth, f"while {event_name} is in force, ")
                yield Finding(dotted(("events", event_name)), "note", message)


def _growth(scenario: Scenario, agents: list[str], fanout: float, turns: float) -> float:
    """Spectral radius of the mean number of children: how many instances follow each, generation after generation."""
    matrix = np.zeros((len(agents), len(agents)))
    for row, name in enumerate(agents):
        agent = scenario.agents[name]
        for spawn in agent.spawns:
            times = max(1.0, agent.turns.mean() * turns) if spawn.per == "turn" else 1.0
            matrix[row, agents.index(spawn.agent)] += spawn.count.mean() * fanout * times
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def _sprawl(feature: Feature, growth: float, when: str) -> str:
    guards = feature.guardrails
    bounds = [f"{key} {value:g}" for key, value in guards.model_dump().items() if value is not None] if guards else []
    end = f"only the guardrails end that: {', '.join(bounds)}" if bounds else "nothing ends that"
    starts = f"{when}every agent below {feature.agent} starts {growth:.3g} more on average"
    return f"{starts}, generation after generation; {end}"


# -- what does nothing -------------------------------------------------------------------------------------------------


def _idle(scenario: Scenario) -> Iterator[Finding]:
    for name, agent in scenario.agents.items():
        fallback = agent.retry.fallback
        if fallback and fallback.after >= agent.retry.max_attempts:
            message = f"never serves: it takes over after {fallback.after} of {agent.retry.max_attempts} attempts"
            yield Finding(dotted(("agents", name, "retry", "fallback")), "warning", message)
        if agent.retry.max_attempts > 1 and not agent.retry.failure_rate:
            path = dotted(("agents", name, "retry", "max_attempts"))
            yield Finding(path, "note", "has nothing to do: no call fails without a `failure_rate`")
        if agent.cached_share > 0 and agent.prompt_tokens is not None and not agent.prompt_tokens.mean():
            yield Finding(dotted(("agents", name, "cached_share")), "note", "is a share of prompts without tokens")


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


def _rules(scenario: Scenario) -> Iterator[tuple[str, dict[str, str]]]:
    for name, event in scenario.events.items():
        yield dotted(("events", name)), event.route
    for number, control in enumerate(scenario.controls):
        yield dotted(("controls", number)), control.route


def _outside(scenario: Scenario) -> Iterator[Finding]:
    start, end = scenario.period.start, scenario.period.end
    for name, cost in scenario.fixed_costs.one_time.items():
        if not start <= cost.date <= end:
            message = f"falls on {cost.date}, outside {start} to {end}, and is not charged"
            yield Finding(dotted(("fixed_costs", "one_time", name)), "warning", message)
