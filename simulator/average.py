"""The average plan: what a spreadsheet of averages says of a scenario, the figure that every risk is seen against.

Every law counts at its mean, and what averages can't see is left out: history that is re-sent, retries, repeated and
rejected runs, guardrails, incidents, controls, growth.  What an agent begins with is in its first prompt and in no
later one.  Difficulty and all drivers are at 1, tokens are not rounded.
Users are at their mean, and a rollout counts, as it belongs to the volume as it is written.  A period to date changes
nothing: the plan is that of the whole period.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from scenarios.calendar import days_in_month
from scenarios.expected import expected_sessions
from scenarios.words import COVERS, CoverName

if TYPE_CHECKING:
    from scenarios.features import PersonTime
    from scenarios.prices import PriceBook, PriceCard
    from scenarios.schema import Agent, Feature, FixedCosts, Period, Scenario

    Cards = Mapping[str, PriceCard]


@dataclass(frozen=True)
class Bill:
    """Expected cost of models and of tools, in the scenario's currency, and expected model calls."""

    models: float = 0.0
    tools: float = 0.0
    calls: float = 0.0

    def __add__(self, other: Bill) -> Bill:
        return Bill(self.models + other.models, self.tools + other.tools, self.calls + other.calls)

    def times(self, n: float) -> Bill:
        """The bill of n such things."""
        return Bill(n * self.models, n * self.tools, n * self.calls)


def average_plan(scenario: Scenario, prices: PriceBook) -> float:
    """What a period costs by averages alone, fixed costs in.

    Parameters
    ----------
    scenario : Scenario
    prices : PriceBook
        Its resolved prices, one card a model and day.

    Returns
    -------
    float
        In the scenario's currency, over the whole period.
    """
    return math.fsum(average_by_cover(scenario, prices).values())


def average_by_cover(scenario: Scenario, prices: PriceBook) -> dict[CoverName, float]:
    """The average plan by what a budget can cover.

    Parameters
    ----------
    scenario, prices : as `average_plan` takes them

    Returns
    -------
    dict of str to float
        Every category, over the whole period.
    """
    days = list(zip(*prices.cards.values(), strict=True))

    @cache
    def session(name: str, day_cards: tuple[PriceCard, ...]) -> dict[CoverName, float]:
        cards = dict(zip(prices.cards, day_cards, strict=True))
        return _feature_cost(scenario, scenario.features[name], cards)

    parts: dict[CoverName, list[float]] = {cover: [] for cover in COVERS}
    for name, counts in expected_sessions(scenario).items():
        for n, day_cards in zip(counts, days, strict=True):
            for cover, cost in session(name, day_cards).items():
                parts[cover].append(n * cost)
    parts["fixed"] += _monthly_costs(scenario.fixed_costs, scenario.period)
    parts["one_time"] += _one_time_costs(scenario.fixed_costs, scenario.period)
    return {cover: math.fsum(costs) for cover, costs in parts.items()}


def _feature_cost(scenario: Scenario, feature: Feature, cards: Cards) -> dict[CoverName, float]:
    """Expected cost of one session of a feature, by what a budget can cover."""
    rails = feature.guardrails
    work = _Work(scenario, cards, None if rails is None else rails.depth).session(feature.agent)
    review = 0.0 if feature.human_review is None else _person_cost(feature.human_review)
    on_failure = feature.on_failure
    handoff = 0.0 if on_failure is None or on_failure.handoff is None else _person_cost(on_failure.handoff)
    failures = 1 - _success_rate(feature, scenario.agents[feature.agent])
    return {
        "models": work.models,
        "tools": work.tools,
        "people": review + handoff * failures,
        "overheads": feature.overheads.per_session + feature.overheads.per_call * work.calls,
    }


def _success_rate(feature: Feature, root: Agent) -> float:
    rate = feature.success_rate
    if isinstance(rate, Mapping):
        return math.fsum(share * rate[model] for model, share in root.model.shares.items() if share)
    return rate


def _person_cost(person: PersonTime) -> float:
    """Expected cost of a person, whose chance to be needed is in it."""
    if person.minutes is not None and person.hourly_rate is not None:
        return person.rate * person.minutes.mean() / 60 * person.hourly_rate
    return person.rate * (person.cost.mean() if person.cost is not None else 0.0)


def _monthly_costs(fixed: FixedCosts, period: Period) -> Iterable[float]:
    """Monthly costs by the days of each month."""
    months = [(day.year, day.month, days_in_month(day)) for day in period.dates]
    for amount in fixed.monthly.values():
        yield from (amount * months.count(month) / month[2] for month in dict.fromkeys(months))


def _one_time_costs(fixed: FixedCosts, period: Period) -> Iterable[float]:
    """Those that are dated inside the period."""
    return (cost.amount for cost in fixed.one_time.values() if period.start <= cost.date <= period.end)


@dataclass(frozen=True)
class _Work:
    """Plans of agents at the prices of one day; `depth_limit` is None where no agent can start itself."""

    scenario: Scenario
    cards: Cards
    depth_limit: int | None
    done: dict[tuple[str, int, float], Bill] = field(default_factory=dict)

    def session(self, root: str) -> Bill:
        """A root agent with all that it starts."""
        # from the deepest generation up, so that a deep one is no deep recursion
        for depth in range(self.depth_limit or 0, 0, -1):
            for name in self.scenario.agents:
                self._agent(name, depth)
        return self._agent(root, 0)

    def _agent(self, name: str, depth: int, checked_tokens: float = 0.0) -> Bill:
        """One instance with all that it starts; `checked_tokens` are what a validator reads."""
        key = (name, depth, checked_tokens)
        if key not in self.done:
            self.done[key] = self._instance(*key)
        return self.done[key]

    def _instance(self, name: str, depth: int, checked_tokens: float) -> Bill:
        agent = self.scenario.agents[name]
        turns = max(1.0, agent.turns.mean())
        output = min(agent.output_tokens.mean(), agent.max_output_tokens or math.inf)
        fees = math.fsum(tool.calls_per_turn.mean() * tool.fee for tool in agent.tools.values())
        turn = self._model_calls(agent, turns, output, _message(agent, checked_tokens))
        work = (turn + Bill(tools=fees)).times(turns)
        if agent.first_message_tokens is not None:
            first = self._model_calls(agent, turns, output, agent.first_message_tokens.mean())
            work = first + turn.times(turns - 1) + Bill(tools=fees).times(turns)
        return work + self._children(agent, turns, depth) + self._checks(agent, turns, output, depth)

    def _children(self, agent: Agent, turns: float, depth: int) -> Bill:
        total = Bill()
        if self.depth_limit is not None and depth + 1 > self.depth_limit:
            return total
        for spawn in agent.spawns:
            times = turns if spawn.per == "turn" else 1.0
            total += self._agent(spawn.agent, depth + 1).times(times * spawn.count.mean())
        return total

    def _checks(self, agent: Agent, turns: float, output: float, depth: int) -> Bill:
        """The validator's runs, as if nothing were ever rejected."""
        check = agent.checked_by
        if check is None:
            return Bill()
        if check.every == "turn":
            return self._agent(check.agent, depth + 1, output).times(turns)
        return self._agent(check.agent, depth + 1, turns * output)

    def _model_calls(self, agent: Agent, turns: float, output: float, message: float) -> Bill:
        """The model calls of one turn: shares, and a cascade's second model, as expectations."""
        prompt = _prompt_tokens(agent, message)
        cached = _cached_tokens(agent, turns)
        written = output + agent.reasoning_tokens.mean()
        total = Bill()
        for model, share in agent.model.shares.items():
            total += Bill(self._call_cost(agent, model, prompt, cached, written), calls=1.0).times(share)
        for model in agent.model.cascade[1:]:
            second = Bill(self._call_cost(agent, model, prompt, 0.0, written), calls=1.0)
            total += second.times(agent.model.escalate_rate)
        return total

    def _call_cost(self, agent: Agent, model: str, prompt: float, cached: float, output: float) -> float:
        """Expected cost of one call, of whose prompt `cached` tokens are read from the cache."""
        card = self.cards[model]
        pays = card.pays * (card.batch_pays if agent.batch else 1.0)
        tiers = card.batch_tiers if agent.batch else card.tiers
        price = next(tier for tier in reversed(tiers) if prompt > tier.above)
        writes = agent.cache is not None and card.has_cache_write
        unread_price = price.cache_write if writes else price.input
        dollars = cached * price.cached_input + (prompt - cached) * unread_price + output * price.output
        return (pays * dollars / 1e6 + card.fee_per_call) * self.scenario.usd_rate


def _message(agent: Agent, checked_tokens: float) -> float:
    """Mean message of a turn."""
    return checked_tokens if agent.message_tokens == "from_agent" else agent.message_tokens.mean()


def _prompt_tokens(agent: Agent, message: float) -> float:
    """Mean prompt of a call: no history in it."""
    if agent.prompt_tokens is not None:
        return agent.prompt_tokens.mean()
    results = (tool.calls_per_turn.mean() * tool.result_tokens.mean() for tool in agent.tools.values())
    return math.fsum([agent.system_tokens.mean(), message, agent.retrieved_tokens.mean(), *results])


def _cached_tokens(agent: Agent, turns: float) -> float:
    """Mean tokens of a prompt that are read from the cache: the system prompt at the mean hit rate of the turns."""
    if agent.prompt_tokens is not None:
        return agent.cached_share * agent.prompt_tokens.mean()
    if agent.cache is None:
        return 0.0
    first, later = agent.cache.hit_probabilities()
    return agent.system_tokens.mean() * (first + (turns - 1) * later) / turns
