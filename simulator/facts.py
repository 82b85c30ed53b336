"""What a result is measured against: the plain figures of a scenario and its prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from scenarios.words import OFF
from simulator.average import average_plan

if TYPE_CHECKING:
    from scenarios.prices import PriceBook, PriceCard
    from scenarios.schema import Agent, Scenario

_OFF = f"{OFF}: "


@dataclass(frozen=True)
class Facts:
    """Plain values only, so that a saved result needs neither its scenario file nor a price catalogue to be read.

    Attributes
    ----------
    name, title, sha256 : of the scenario
    unit : what a session is called
    currency : of all money
    budget : amount, None without one
    covers : what the budget covers
    limits : the file's own upper limits by metric name
    plan : the user's own figure, None without one
    average_plan : what a spreadsheet of averages says
    prices : resolved prices by model alias, in dollars per million tokens, as in a run's JSON
    prices_sha256 : of the resolved prices
    off : what it was found off in when it was held against its own log or sums, as its notes have it; empty else
    whole_prompts, call_fees : agents whose prompts are stated whole, and those of whom a model may take a fee per call
    """

    name: str
    title: str
    sha256: str
    unit: str
    currency: str
    budget: float | None
    covers: tuple[str, ...]
    limits: Mapping[str, float]
    plan: float | None
    average_plan: float
    prices: Mapping[str, Mapping[str, Any]]
    prices_sha256: str
    off: str = ""
    whole_prompts: tuple[str, ...] = ()
    call_fees: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Facts:
        """The inverse of `to_dict`."""
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**known)


def facts_of(scenario: Scenario, prices: PriceBook) -> Facts:
    """Read the facts of a scenario and its resolved prices."""
    from scenarios.load import scenario_sha256

    budget = scenario.budget
    return Facts(
        name=scenario.name,
        title=scenario.title,
        sha256=scenario_sha256(scenario),
        unit=scenario.unit,
        currency=scenario.currency,
        budget=None if budget is None else budget.amount,
        covers=() if budget is None else tuple(budget.covers),
        limits=dict(scenario.limits),
        plan=scenario.plan,
        average_plan=average_plan(scenario, prices),
        prices={alias: _price(cards[0]) for alias, cards in prices.cards.items()},
        prices_sha256=prices.sha256,
        off=next((note.removeprefix(_OFF) for note in scenario.notes if note.startswith(_OFF)), ""),
        whole_prompts=tuple(name for name, agent in scenario.agents.items() if agent.whole_prompt),
        call_fees=tuple(name for name, agent in scenario.agents.items() if _takes_fees(agent, scenario, prices)),
    )


def _takes_fees(agent: Agent, scenario: Scenario, prices: PriceBook) -> bool:
    """Whether any model that may serve an agent, rerouted ones counted, takes a fee on a call."""
    targets = {target for rule in scenario.rules for target in rule.route.values()}
    return any(card.fee_per_call > 0 for model in {*agent.models, *targets} for card in prices.cards[model])


def _price(card: PriceCard) -> dict[str, Any]:
    """The price below every long-context threshold on the first day; the report shows what changes from there."""
    tier = card.tiers[0]
    return {
        "model": card.model,
        "input": tier.input,
        "output": tier.output,
        "cached_input": tier.cached_input,
        "cache_write": tier.cache_write,
        "source": card.source,
    }
