"""Spend of a period piece by piece: by feature, by week and by month."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import IntArray, Tally
from simulator.risk.attribution import TAIL
from simulator.risk.money import exact_mean, in_currency
from simulator.risk.spend import Spend, spend_units

TO_DATE = "to date"
"""The name of the days that were not simulated, because what they cost is known."""


@dataclass(frozen=True)
class FeatureSpend:
    """Spend of a feature's sessions, in currency; `tail` is the mean over the trials at or beyond the P95 of spend.

    The feature is None for what no feature spends: fixed costs, and the period to date. The columns `mean` and `tail`
    sum to mean spend and to tvar95; quantiles add up to nothing.
    """

    feature: str | None
    mean: float
    p50: float
    p95: float
    tail: float


@dataclass(frozen=True)
class Span:
    """Spend of a stretch of days, in currency, fixed costs included; columns as those of a feature.

    Attributes
    ----------
    name : ``2026-W49`` (ISO) or ``2026-12``, of which `first` to `last` lie in the period; "to date" for the days that
        were not simulated
    """

    name: str
    first: date
    last: date
    mean: float
    p50: float
    p95: float
    tail: float


def by_feature(tally: Tally) -> tuple[FeatureSpend, ...]:
    """Spend by feature in the order written, and last what no feature spends, where there is any."""
    spent, tail, unit = tally.daily.sum(axis=1), _tail(tally), tally.frame.unit
    rows = [
        FeatureSpend(name, *_amounts(spent[:, column], tail, unit)) for column, name in enumerate(tally.frame.features)
    ]
    if tally.frame.fixed_daily.any():
        fixed = np.full(len(spent), tally.frame.fixed_daily.sum())
        rows.append(FeatureSpend(None, *_amounts(fixed, tail, unit)))
    return tuple(rows)


def by_week(tally: Tally) -> tuple[Span, ...]:
    """Spend by ISO week, cut where the period starts and ends; the days to date are a stretch of their own."""
    return tuple(_spans(tally, _iso_week))


def by_month(tally: Tally) -> tuple[Span, ...]:
    """Spend by calendar month, cut where the period starts and ends; the days to date are a stretch of their own."""
    return tuple(_spans(tally, lambda day: f"{day:%Y-%m}"))


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _spans(tally: Tally, name_of: Callable[[date], str]) -> Iterator[Span]:
    frame, tail = tally.frame, _tail(tally)
    begun = frame.spent.days if frame.spent else 0
    spent = tally.daily.sum(axis=2) + frame.fixed_daily
    names = [TO_DATE if number < begun else name_of(day) for number, day in enumerate(frame.dates)]
    for name, group in groupby(range(len(names)), key=names.__getitem__):
        days = list(group)
        amounts = _amounts(spent[:, days].sum(axis=1), tail, frame.unit)
        yield Span(name, frame.dates[days[0]], frame.dates[days[-1]], *amounts)


def _tail(tally: Tally) -> npt.NDArray[np.bool_]:
    return Spend(spend_units(tally), tally.frame.unit).tail(TAIL)


def _amounts(units: IntArray, tail: npt.NDArray[np.bool_], unit: float) -> tuple[float, float, float, float]:
    spend = Spend(units, unit)
    return spend.mean, spend.p50, spend.p95, in_currency(exact_mean(units[tail]), unit)
