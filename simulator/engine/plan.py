"""The door from objects to arrays: a scenario and its prices become the flat tables of ``layout.py``."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from distributions.streams import name_hash
from distributions.table import LawBook
from scenarios.calendar import day_dates
from scenarios.complete import height, tallest
from scenarios.features import Guardrails
from simulator.engine.layout import FEATURE_DTYPE, NO_LAW, Plan
from simulator.engine.plan_agents import AgentTables
from simulator.engine.plan_cells import SPENT, Cells, cover_of
from simulator.engine.plan_models import Models
from simulator.engine.plan_routes import Routes
from simulator.engine.tally import CUT_BY_CALLS, CUT_BY_LIMIT, MAX_CALLS, Cell, Frame, Spent, Threshold

if TYPE_CHECKING:
    from datetime import date

    from scenarios.features import PersonTime
    from scenarios.prices import PriceBook
    from scenarios.schema import Feature, Scenario

NANO = 1e-9
MINUTES_PER_HOUR = 60.0
OUT_OF_REACH = 2**62
"""Units that no trial spends: the unit of money is chosen so."""


@dataclass(frozen=True)
class Program:
    """A compiled scenario.

    Attributes
    ----------
    plan : the kernels' tables
    cells : whom money is charged to
    models : the name of each row of the plan's models
    served : int64[R, M], the row of the model that serves in place of each on each of the plan's routes
    stack : most instances of a session that may wait for each other, the one that runs counted
    is_chat : whether sessions are roots without tools, children and all else that the leaner kernel leaves out
    """

    scenario: Scenario
    plan: Plan
    cells: Cells
    models: tuple[str, ...]
    served: npt.NDArray[np.int64]
    stack: int
    is_chat: bool

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """What the kernels' working memory is measured by: rows of sums, of tools' sums, agents, frames of a stack."""
        return len(self.plan.columns), len(self.plan.tool_columns), len(self.plan.agents), self.stack

    def frame(self, unit: float = NANO) -> Frame:
        """The tally's frame, with money in units of `unit` of the scenario's currency."""
        scenario = self.scenario
        fixed = fixed_costs(scenario, unit)
        cells = self.cells.charged + tuple(fixed)
        covers = scenario.budget.covers if scenario.budget else ()
        one_time = set(scenario.fixed_costs.one_time)
        return Frame(
            cells=cells,
            features=tuple(scenario.features),
            dates=tuple(day_dates(scenario.period)),
            unit=unit,
            fixed_daily=sum(fixed.values(), np.zeros(scenario.period.days, np.int64)),
            covered_cells=np.array([cover_of(cell, one_time) in (*covers, SPENT) for cell in cells], np.bool_),
            events=tuple(scenario.events),
            thresholds=_thresholds(scenario, unit),
            one_time_daily=_one_time_daily(scenario, unit),
            spent=_spent(scenario, unit),
        )


def compile_program(scenario: Scenario, prices: PriceBook) -> Program:
    """Compile a scenario, complete as `scenarios.load` gives it."""
    models, cells, book, routes = Models.of(scenario), Cells.of(scenario), LawBook(), Routes.of(scenario)
    agents = AgentTables(scenario, models, book)
    cards, tiers = models.price_tables(prices, scenario.usd_rate)
    features = [_feature_row(name, feature, scenario, cells, book) for name, feature in scenario.features.items()]
    served = np.array([models.served(route) for route in routes.rows])
    failure_rates = np.array([models.rates(a.retry.failure_rate) for a in scenario.agents.values()])
    limits, limit_laws = agents.limits(prices)

    def by_route(by_model: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.ascontiguousarray(np.moveaxis(by_model[:, served], 1, 0))

    tables: dict[str, Any] = {**agents.tables(), **cells.tables(), **book.pack()._asdict()}
    plan = Plan(
        **tables,
        features=np.array(features, FEATURE_DTYPE),
        limits=by_route(limits),
        limit_laws=by_route(limit_laws),
        cards=cards[served],
        tiers=tiers,
        failure_rates=by_route(failure_rates),
        success_rates=np.array([models.rates(f.success_rate) for f in scenario.features.values()]),
    )
    stack = max(tallest(scenario, feature.agent) for feature in scenario.features.values())
    return Program(scenario, plan, cells, tuple(name for name, _ in models.rows), served, stack, _is_chat(scenario))


def _is_chat(scenario: Scenario) -> bool:
    agents, features = scenario.agents.values(), scenario.features.values()
    alone = not any(agent.tools or agent.spawns or agent.checked_by or agent.model.cascade for agent in agents)
    even = not any(agent.first_message_tokens or agent.context.draws_limit for agent in agents)
    unattended = not any(feature.on_failure or feature.human_review for feature in features)
    return alone and even and unattended and scenario.difficulty is None


def _feature_row(name: str, feature: Feature, scenario: Scenario, cells: Cells, book: LawBook) -> tuple[object, ...]:
    rails, overheads = feature.guardrails or Guardrails(), feature.overheads
    failure, review = feature.on_failure, feature.human_review
    handoff = failure.handoff if failure else None
    repeat = failure.repeat if failure else 0.0
    calls_cut = CUT_BY_CALLS if rails.calls is not None and rails.calls <= MAX_CALLS else CUT_BY_LIMIT
    return (
        name_hash(name),
        list(scenario.agents).index(feature.agent),
        *cells.rows_of(name),
        feature.success_rate == 1.0,
        NO_LAW if scenario.difficulty is None else book.add(scenario.difficulty),
        _most_depth(scenario, feature),
        np.inf if rails.agents is None else rails.agents,
        MAX_CALLS if rails.calls is None else min(rails.calls, MAX_CALLS),
        calls_cut,
        np.inf if rails.cost is None else rails.cost,
        repeat,
        *_person(handoff, book),
        *_person(review, book),
        overheads.per_session,
        overheads.per_call,
    )


def _most_depth(scenario: Scenario, feature: Feature) -> int:
    depth = feature.guardrails.depth if feature.guardrails else None
    return height(scenario, feature.agent) if depth is None else depth


def _person(time: PersonTime | None, book: LawBook) -> tuple[float, int, float]:
    """How often a person is needed, the law of that time's cost, and the price of one unit of it."""
    if time is None:
        return 0.0, NO_LAW, 0.0
    if time.cost is not None:
        return time.rate, book.add(time.cost), 1.0
    assert time.minutes is not None
    assert time.hourly_rate is not None
    return time.rate, book.add(time.minutes), time.hourly_rate / MINUTES_PER_HOUR


def fixed_costs(scenario: Scenario, unit: float) -> dict[Cell, npt.NDArray[np.int64]]:
    """Every fixed cost by day, int64[D] in units: monthly ones by the days of their month, one-time ones on their date.

    A whole month of days adds up to the amount exactly; what is dated outside the period is left out, and so is what
    the period to date has in it, which is a cost of its last day.
    """
    dates, to_date = day_dates(scenario.period), _spent(scenario, unit)
    begun = to_date.days if to_date else 0
    costs = {
        Cell(None, None, "fixed", name): np.array(
            [0] * begun + [_daily_part(day, round(amount / unit)) for day in dates[begun:]], np.int64
        )
        for name, amount in scenario.fixed_costs.monthly.items()
    }
    if to_date is not None:
        costs[Cell(None, None, SPENT)] = np.where(np.arange(len(dates)) == begun - 1, to_date.units, 0)
    for name, item in scenario.fixed_costs.one_time.items():
        if item.date in dates[begun:]:
            days = np.zeros(len(dates), np.int64)
            days[dates.index(item.date)] = round(item.amount / unit)
            costs[Cell(None, None, "fixed", name)] = days
    return costs


def _thresholds(scenario: Scenario, unit: float) -> tuple[Threshold, ...]:
    amount = scenario.budget.amount if scenario.budget else 0.0
    sizes = [min(round(control.at * amount / unit), OUT_OF_REACH) for control in scenario.controls]
    return tuple(Threshold(size, c.delay_days) for size, c in zip(sizes, scenario.controls, strict=True))


def _one_time_daily(scenario: Scenario, unit: float) -> npt.NDArray[np.int64]:
    """int64[D]: covered one-time costs, which no control sees; the period to date holds those dated by its last day."""
    dates, to_date = day_dates(scenario.period), _spent(scenario, unit)
    days = np.zeros(len(dates), np.int64)
    if scenario.budget is None or "one_time" not in scenario.budget.covers:
        return days
    for item in scenario.fixed_costs.one_time.values():
        if item.date in dates:
            days[dates.index(item.date)] += round(item.amount / unit)
    if to_date is not None:
        days[to_date.days - 1] = min(int(days[: to_date.days].sum()), to_date.units)
        days[: to_date.days - 1] = 0
    return days


def _spent(scenario: Scenario, unit: float) -> Spent | None:
    if scenario.spent is None:
        return None
    days = (scenario.spent.through - scenario.period.start).days + 1
    return Spent(days, round(scenario.spent.amount / unit))


def _daily_part(day: date, amount: int) -> int:
    """The day's part of a monthly amount in units; the parts of a month differ by one at most and add up to it."""
    days = monthrange(day.year, day.month)[1]
    return amount * day.day // days - amount * (day.day - 1) // days
