"""What figures, sentences and pages read out of a result, worked out once: arrays and scalars in currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.tally import FloatArray, IntArray, SessionTally, Tally, cost_bin_value
from simulator.risk.attribution import Component
from simulator.risk.breach import Breach
from simulator.risk.controls import Controls
from simulator.risk.crowd import HeaviestUser, PeakCost, PeakHour
from simulator.risk.drivers import Worst
from simulator.risk.guardrails import GuardrailEffect
from simulator.risk.money import array_in_currency, in_currency
from simulator.risk.moves import Move
from simulator.risk.quantiles import rank
from simulator.risk.session import Sessions
from simulator.risk.spans import FeatureSpend, Span
from simulator.risk.spend import Spend, covered_units, spend_units
from simulator.risk.todate import ToDate
from simulator.show import words

if TYPE_CHECKING:
    from simulator.result import Result

FAN = (5, 25, 50, 75, 95)
"""Percentiles of the burn fan."""


@dataclass(frozen=True)
class Reading:
    """A result as those who draw and write need it.

    Attributes
    ----------
    currency, unit : ISO code; what a session is called
    start, dates : the first day; all days
    noun, name : what the period is called in general (``month``) and by name (``December 2026``)
    trials : how many there are
    spend : all that the scenario costs
    held : what is held against the budget: the spend that it covers; without a budget all spend
    held_units : the same in units of money, int64[trials], ascending
    money_unit : currency in one unit
    partial : whether the budget leaves some of the spend out
    covers : what it covers, in words
    fan : by percentile, `held` so far at the start and after each day, float64[D + 1]
    by_day : by percentile, `held` of each day by itself, float64[D]
    breach : the budget's risk; None without a budget
    average_plan, plan : the spreadsheet of averages; the user's own figure, if there is one
    sessions, session_tally : risk of single sessions, and the histograms behind it
    parts : components of spend, largest mean first, tools and fixed costs one by one
    guardrails : what those of each feature buy and cost; empty without any
    whole_prompts, call_fees : agents whose prompts are stated whole, and those who pay fees per call
    waste : money of a mean period that went to retries and to sessions without success
    controls : the same trials without controls, and what controls did; None without any
    free_fan : as `fan`, without controls; empty where there are none
    begun : days to date, whose cost is known as one amount; `fan` and `by_day` are nan inside of them
    to_date : that amount, and what was expected; None where all of the period is simulated
    worst : what sets the trials at or beyond the P95 of spend apart
    moves : what moves the chance that the budget breaks
    features, weeks, months : spend piece by piece
    heaviest, peak : the most active user, and what comes beyond the busiest hour's capacity; None where there is none
    peak_cost : what the failures of the latter cost; None where nobody has worked it out
    """

    currency: str
    unit: str
    start: date
    dates: tuple[date, ...]
    noun: str
    name: str
    trials: int
    spend: Spend
    held: Spend
    held_units: IntArray
    money_unit: float
    partial: bool
    covers: str
    fan: Mapping[int, FloatArray]
    by_day: Mapping[int, FloatArray]
    breach: Breach | None
    average_plan: float
    plan: float | None
    sessions: Sessions
    session_tally: SessionTally
    parts: tuple[Component, ...]
    guardrails: tuple[GuardrailEffect, ...]
    whole_prompts: tuple[str, ...]
    call_fees: tuple[str, ...]
    waste: float
    controls: Controls | None
    free_fan: Mapping[int, FloatArray]
    begun: int
    to_date: ToDate | None
    worst: Worst
    moves: tuple[Move, ...]
    features: tuple[FeatureSpend, ...]
    weeks: tuple[Span, ...]
    months: tuple[Span, ...]
    heaviest: HeaviestUser | None
    peak: PeakHour | None
    peak_cost: PeakCost | None

    @property
    def free(self) -> Spend:
        """What `held` would be without controls; the same where there are none."""
        if self.controls is None:
            return self.held
        return self.controls.spend if self.breach is None else self.controls.covered

    @property
    def budget(self) -> float | None:
        """The budget in currency."""
        return self.breach.amount if self.breach else None

    @property
    def several_features(self) -> bool:
        """Whether there is more than one feature, so that one is worth naming."""
        return len(self.session_tally.cost_counts) > 1

    @property
    def all_spend(self) -> str:
        """What amounts of all spend are called beside those that the budget covers; empty where they are the same."""
        return "all spend" if self.partial else ""

    @property
    def nouns(self) -> str:
        """The period's plural: ``months``."""
        return words.plural(self.noun)

    def money(self, amount: float, digits: int = 3) -> str:
        """An amount at three significant digits, or more, in the scenario's currency."""
        return words.money(amount, self.currency, digits)

    def stated(self, amount: float) -> str:
        """An amount that the user stated, in full."""
        return words.money_stated(amount, self.currency)

    def day(self, number: int) -> date:
        """Date of day `number`, counted from 1."""
        return self.dates[number - 1]


def read(result: Result | Reading) -> Reading:
    """The reading of a result; a reading is its own."""
    if isinstance(result, Reading):
        return result
    tally, facts = result.tally, result.facts
    dates, budgeted = result.dates, result.budget is not None
    by_day = _held_daily(tally, budgeted)
    begun = tally.frame.spent.days if tally.frame.spent else 0
    return Reading(
        currency=facts.currency,
        unit=facts.unit,
        start=dates[0],
        dates=dates,
        noun=words.period_noun(dates[0], len(dates)),
        name=words.period_name(dates[0], len(dates)),
        trials=result.trials_done,
        spend=result.spend,
        held=result.covered if budgeted else result.spend,
        held_units=np.sort(covered_units(tally) if budgeted else spend_units(tally)),
        money_unit=tally.frame.unit,
        partial=budgeted and not bool(tally.frame.covered_cells.all()),
        covers=words.listing([word.replace("_", "-") for word in facts.covers]),
        fan=_fan(by_day, begun, tally.frame.unit),
        by_day=_by_day(by_day, begun, tally.frame.unit),
        breach=result.budget,
        average_plan=facts.average_plan,
        plan=facts.plan,
        sessions=result.session,
        session_tally=tally.session,
        parts=result.components(by_detail=True),
        guardrails=result.guardrails or (),
        whole_prompts=facts.whole_prompts,
        call_fees=facts.call_fees,
        waste=in_currency(Fraction(tally.session.waste_units, result.trials_done), tally.frame.unit),
        controls=result.controls,
        free_fan={} if result.controls is None else _fan(_free_daily(tally, budgeted), begun, tally.frame.unit),
        begun=begun,
        to_date=result.to_date,
        worst=result.worst_trials,
        moves=result.breach_moves,
        features=result.spend_by_feature,
        weeks=result.spend_by_week,
        months=result.spend_by_month,
        heaviest=result.heaviest_user,
        peak=result.peak_hour,
        peak_cost=result.peak_cost,
    )


def _fan(by_day: IntArray, begun: int, unit: float) -> dict[int, FloatArray]:
    """From nothing at the start, or from the amount of the period to date at its end."""
    fan = {k: np.concatenate([[0.0], row]) for k, row in _quantiles(np.cumsum(by_day, axis=1), unit).items()}
    for line in fan.values():
        line[:begun] = np.nan
    return fan


def _by_day(by_day: IntArray, begun: int, unit: float) -> dict[int, FloatArray]:
    days = _quantiles(by_day, unit)
    for line in days.values():
        line[:begun] = np.nan
    return days


def _free_daily(tally: Tally, budgeted: bool) -> IntArray:
    return tally.free_covered if budgeted else tally.free_spend


def _held_daily(tally: Tally, budgeted: bool) -> IntArray:
    return tally.covered if budgeted else tally.daily.sum(axis=2) + tally.frame.fixed_daily


def _quantiles(units: IntArray, unit: float) -> dict[int, FloatArray]:
    """Quantiles of each column, in currency, by percentile."""
    ordered = np.sort(units, axis=0)
    return {k: array_in_currency(ordered[rank(k / 100, len(ordered)) - 1], unit) for k in FAN}


def session_curve(reading: Reading, bins: int = 72) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sessions and money by the cost of a session, on a log axis.

    Parameters
    ----------
    reading : Reading
    bins : int
        How many, from the cheapest session that costs anything to the dearest.

    Returns
    -------
    edges : float64[bins + 1]
        Costs in currency, evenly spaced in log; empty where no session costs anything.
    sessions, money : float64[bins]
        Share of the sessions, and of their cost, in each bin.
    """
    counts = reading.session_tally.cost_counts.sum(axis=0)
    units = reading.session_tally.cost_units.sum(axis=0).astype(np.float64)
    used = np.flatnonzero(counts)
    used = used[used > 0]
    if not len(used):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    cost = cost_bin_value(used)
    edges = np.geomspace(cost[0] * 0.99, cost[-1] * 1.01, bins + 1)
    place = np.clip(np.searchsorted(edges, cost, side="right") - 1, 0, bins - 1)
    sessions = np.bincount(place, counts[used], bins) / counts.sum()
    total = units.sum()
    money = np.bincount(place, units[used], bins) / (total if total > 0 else 1.0)
    return edges, sessions, money
