"""The door from objects to arrays: a scenario and its prices become the flat tables of ``layout.py``."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distributions.streams import name_hash
from distributions.table import LawBook
from scenarios.calendar import day_dates
from scenarios.complete import height, reach
from scenarios.features import Guardrails
from scenarios.schema import CAUSE_COVER, Agent, Feature, Scenario
from simulator.engine.layout import (
    AGENT_DTYPE,
    CALL_CAUSES,
    CHOICE_DTYPE,
    FEATURE_DTYPE,
    N_CAUSES,
    NO_LAW,
    OVERFLOW,
    SLOT_CAUSES,
    SPAWN_DTYPE,
    TIER_DTYPE,
    Plan,
    Table,
)
from simulator.engine.tally import Cell, Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from distributions.law import Law
    from scenarios.prices import PriceBook, PriceCard

_CAUSE_COVER: dict[str, str] = {str(cause): cover for cause, cover in CAUSE_COVER.items()}
NANO = 1e-9
PER_MILLION = 1e-6
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Program:
    """A compiled scenario.

    Attributes
    ----------
    plan : the kernels' tables
    slots : whom each place of the kernels' `costs` is charged to, row by row; None where nothing can be
    """

    scenario: Scenario
    plan: Plan
    slots: tuple[Cell | None, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """What the kernels' working memory is measured by: rows of slots, agents, instances that may wait at a time."""
        return len(self.plan.columns), len(self.plan.agents), int(max(self.plan.features["most_depth"])) + 1

    def frame(self, unit: float = NANO) -> Frame:
        """The tally's frame, with money in units of `unit` of the scenario's currency."""
        scenario = self.scenario
        fixed = fixed_costs(scenario, unit)
        cells = tuple(c for c in self.slots if c is not None) + tuple(fixed)
        covers = scenario.budget.covers if scenario.budget else ()
        one_time = scenario.fixed_costs.one_time
        return Frame(
            cells=cells,
            features=tuple(scenario.features),
            dates=tuple(day_dates(scenario.period)),
            unit=unit,
            fixed_daily=sum(fixed.values(), np.zeros(scenario.period.days, np.int64)),
            covered_cells=np.array([_cover(cell, set(one_time)) in covers for cell in cells], np.bool_),
        )


def compile_program(scenario: Scenario, prices: PriceBook) -> Program:
    """Compile a scenario of which ``scenarios.pending`` says that nothing is pending."""
    models = {name: index for index, name in enumerate(scenario.models)}
    agents = {name: index for index, name in enumerate(scenario.agents)}
    book = LawBook()
    choices = np.array(
        [(models[m], p) for agent in scenario.agents.values() for m, p in _cumulative(agent)], CHOICE_DTYPE
    )
    cards, tiers = _card_tables([prices.cards[name] for name in scenario.models], scenario.usd_rate)
    pairs = [(name, agent) for name, feature in scenario.features.items() for agent in _team(scenario, feature)]
    slots = tuple(_slots(scenario, pairs))
    possible = np.array([cell is not None for cell in slots], np.bool_)
    agent_table = np.array(_agent_rows(scenario, models, book), AGENT_DTYPE)
    spawns = np.array(
        [row for agent in scenario.agents.values() for row in _spawn_rows(agent, agents, book)], SPAWN_DTYPE
    )
    tables = book.pack()
    covers = scenario.budget.covers if scenario.budget else ()
    plan = Plan(
        agents=agent_table,
        features=np.array(
            [_feature_row(name, feature, scenario, pairs) for name, feature in scenario.features.items()], FEATURE_DTYPE
        ),
        spawns=spawns,
        choices=choices,
        windows=np.array([_window(prices.cards[name]) for name in scenario.models]),
        cards=cards,
        tiers=tiers,
        failure_rates=np.array([_rates(a.retry.failure_rate, models) for a in scenario.agents.values()]),
        success_rates=np.array([_rates(f.success_rate, models) for f in scenario.features.values()]),
        slots=_slot_table(scenario, pairs),
        columns=np.where(possible, np.cumsum(possible) - 1, -1).astype(np.int64).reshape(-1, N_CAUSES),
        covered=np.array([cell is not None and _CAUSE_COVER[cell.cause] in covers for cell in slots], np.bool_).reshape(
            -1, N_CAUSES
        ),
        laws=tables.laws,
        nodes=tables.nodes,
        steps=tables.steps,
        guide=tables.guide,
    )
    return Program(scenario=scenario, plan=plan, slots=slots)


def fixed_costs(scenario: Scenario, unit: float) -> dict[Cell, npt.NDArray[np.int64]]:
    """Every fixed cost by day, int64[D] in units: monthly ones by the days of their month, one-time ones on their date.

    A whole month of days adds up to the amount exactly; what is dated outside the period is left out.
    """
    dates = day_dates(scenario.period)
    costs = {
        Cell(None, None, "fixed", name): np.array([_daily_part(day, round(amount / unit)) for day in dates], np.int64)
        for name, amount in scenario.fixed_costs.monthly.items()
    }
    for name, item in scenario.fixed_costs.one_time.items():
        if item.date in dates:
            days = np.zeros(len(dates), np.int64)
            days[dates.index(item.date)] = round(item.amount / unit)
            costs[Cell(None, None, "fixed", name)] = days
    return costs


def _daily_part(day: date, amount: int) -> int:
    """The day's part of a monthly amount in units; the parts of a month differ by one at most and add up to it."""
    days = monthrange(day.year, day.month)[1]
    return amount * day.day // days - amount * (day.day - 1) // days


def _cumulative(agent: Agent) -> Iterator[tuple[str, float]]:
    below = 0.0
    for model, share in agent.model.shares.items():
        if share > 0.0:
            below += share
            yield model, below


def _agent_rows(scenario: Scenario, models: dict[str, int], book: LawBook) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    first_choice = first_spawn = 0
    for agent in scenario.agents.values():
        n_choices, n_spawns = sum(1 for _ in _cumulative(agent)), len(agent.spawns)
        row = _agent_row(agent, first_choice, n_choices, models, book)
        rows.append((*row, first_spawn, n_spawns))
        first_choice += n_choices
        first_spawn += n_spawns
    return rows


def _spawn_rows(agent: Agent, agents: dict[str, int], book: LawBook) -> Iterator[tuple[object, ...]]:
    """One row a rule; a rule is named by what it starts and when, and counted where an agent has it twice."""
    seen: Counter[str] = Counter()
    for spawn in agent.spawns:
        kind = f"spawn:{spawn.agent}:{spawn.per}"
        name = f"{kind}:{seen[kind]}"
        seen[kind] += 1
        purposes = [name_hash(f"{name}:{draw}") for draw in ("count", "rounding", "result")]
        laws = (book.add(spawn.count), _law(spawn.result_tokens, book))
        yield (agents[spawn.agent], spawn.per == "turn", *laws, name_hash(name), *purposes)


def _agent_row(agent: Agent, first: int, n_choices: int, models: dict[str, int], book: LawBook) -> tuple[object, ...]:
    whole = agent.prompt_tokens is not None
    message = agent.prompt_tokens if whole else agent.message_tokens
    context, retry, fallback = agent.context, agent.retry, agent.retry.fallback
    first_hit, later_hit = agent.cache.hit_probabilities() if agent.cache else (0.0, 0.0)
    return (
        first,
        n_choices,
        NO_LAW if whole else _law(agent.system_tokens, book),
        book.add(agent.turns),
        NO_LAW if isinstance(message, str) or message is None else _law(message, book),
        NO_LAW if whole else _law(agent.retrieved_tokens, book),
        _law(agent.output_tokens, book),
        _law(agent.reasoning_tokens, book),
        np.inf if agent.max_output_tokens is None else agent.max_output_tokens,
        whole,
        agent.cached_share,
        0.0 if whole else context.carry,
        context.carry_retrieved and not whole,
        context.limit or 0.0,
        OVERFLOW[context.overflow],
        context.summary_tokens,
        agent.cache is not None,
        first_hit,
        later_hit,
        retry.quality_share,
        retry.provider_billed == "input",
        retry.max_attempts,
        retry.added_tokens,
        fallback.after if fallback else NEVER,
        models[fallback.model] if fallback else 0,
        retry.on_exhausted == "continue",
    )


def _law(law: Law, book: LawBook) -> int:
    return NO_LAW if law.support() == (0.0, 0.0) else book.add(law)


def _feature_row(name: str, feature: Feature, scenario: Scenario, pairs: list[tuple[str, str]]) -> tuple[object, ...]:
    root, guards, overheads = list(scenario.agents).index(feature.agent), feature.guardrails, feature.overheads
    capped = guards or Guardrails()
    depth = height(scenario, feature.agent) if capped.depth is None else capped.depth
    most_agents = np.inf if capped.agents is None else capped.agents
    own = [row for row, pair in enumerate(pairs) if pair[0] == name]
    sure = feature.success_rate == 1.0
    paid = (overheads.per_session, overheads.per_call)
    return (name_hash(name), root, own[0], len(own), sure, depth, most_agents, *paid)


def _rates(rate: float | dict[str, float], models: dict[str, int]) -> list[float]:
    return [rate.get(name, 0.0) if isinstance(rate, dict) else rate for name in models]


def _window(cards: tuple[PriceCard, ...]) -> float:
    window = cards[0].context_window
    return np.inf if window is None else float(window)


def _card_tables(cards: list[tuple[PriceCard, ...]], usd_rate: float) -> tuple[npt.NDArray[np.int64], Table]:
    """cards[M, D] and the tiers they point into; days of one price share its rows."""
    rows: list[tuple[object, ...]] = []
    first_row: dict[PriceCard, int] = {}
    for card in (card for days in cards for card in days):
        if card not in first_row:
            first_row[card] = len(rows)
            rows.extend(_tier_rows(card, usd_rate))
    return np.array([[first_row[card] for card in days] for days in cards], np.int64), np.array(rows, TIER_DTYPE)


def _tier_rows(card: PriceCard, usd_rate: float) -> Iterator[tuple[object, ...]]:
    per_token = PER_MILLION * usd_rate * card.pays
    for index, tier in enumerate(card.tiers):
        yield (
            tier.above,
            index + 1 < len(card.tiers),
            card.has_cache_write,
            tier.input * per_token,
            tier.output * per_token,
            tier.cached_input * per_token,
            tier.cache_write * per_token,
            card.fee_per_call * usd_rate,
        )


def _team(scenario: Scenario, feature: Feature) -> list[str]:
    """The agents that a session of a feature may run, in the order of the scenario."""
    reached = reach(scenario, feature.agent)
    return [name for name in scenario.agents if name in reached] if len(reached) > 1 else [feature.agent]


def _slot_table(scenario: Scenario, pairs: list[tuple[str, str]]) -> npt.NDArray[np.int64]:
    """Row of `costs` of each pair of a feature and an agent of its own; -1 for the others."""
    features = {name: index for index, name in enumerate(scenario.features)}
    agents = {name: index for index, name in enumerate(scenario.agents)}
    table = np.full((len(features), len(agents)), -1, np.int64)
    for row, (feature, agent) in enumerate(pairs):
        table[features[feature], agents[agent]] = row
    return table


def _slots(scenario: Scenario, pairs: list[tuple[str, str]]) -> Iterator[Cell | None]:
    for feature_name, agent_name in pairs:
        feature, agent = scenario.features[feature_name], scenario.agents[agent_name]
        possible = _possible_causes(agent, feature, is_root=agent_name == feature.agent)
        for cause in SLOT_CAUSES:
            yield Cell(feature_name, agent_name, cause) if cause in possible else None


def _possible_causes(agent: Agent, feature: Feature, *, is_root: bool) -> set[str]:
    """The causes that an agent of a feature can be charged with; the others would be columns of zeros."""
    causes = set(CALL_CAUSES) - {"compaction"}
    if agent.prompt_tokens is not None:
        causes -= {"system", "retrieval", "history"}
    if agent.retrieved_tokens.support() == (0.0, 0.0):
        causes.discard("retrieval")
    if agent.reasoning_tokens.support() == (0.0, 0.0):
        causes.discard("reasoning")
    if agent.context.overflow == "compact":
        causes.add("compaction")
    if agent.retry.max_attempts == 1:
        causes.discard("retries")
    if is_root and (feature.overheads.per_session or feature.overheads.per_call):
        causes.add("overheads")
    return causes


def _cover(cell: Cell, one_time: set[str]) -> str:
    if cell.feature is None:
        return "one_time" if cell.detail in one_time else "fixed"
    return _CAUSE_COVER[cell.cause]
