"""Spend piece by piece, for the report: weeks, months and features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.risk.spans import TO_DATE, FeatureSpend, Span
from simulator.show import words
from simulator.show.reading import Reading

MOST_WEEKS = 8
"""Weeks beyond which their table is folded away, where there are months to show."""


@dataclass(frozen=True)
class Row:
    """A stretch of days, or a feature, in amounts as text."""

    name: str
    mean: str
    p50: str
    p95: str
    tail: str


@dataclass(frozen=True)
class SpansSection:
    """What the report says of weeks, months and features; a table without rows is left out."""

    title: str
    reading: str
    weeks: list[Row]
    months: list[Row]
    features: list[Row]
    folded: bool


def spans_section(reading: Reading) -> SpansSection | None:
    """The section of the report; None where there is one week and one feature, and so nothing to tell apart."""
    weeks, months = (spans if _several(spans) else () for spans in (reading.weeks, reading.months))
    features = reading.features if reading.several_features else ()
    if not (weeks or features):
        return None
    return SpansSection(
        title=_title(reading),
        reading=_reading(reading),
        weeks=[_row(span, _days(span), reading) for span in weeks],
        months=[_row(span, _month(span), reading) for span in months],
        features=[_row(row, _feature(row), reading) for row in features],
        folded=bool(months) and len(weeks) > MOST_WEEKS,
    )


def _several(spans: Sequence[Span]) -> bool:
    return len(spans) > 1


def _title(reading: Reading) -> str:
    whole = [span for span in reading.weeks if (span.last - span.first).days == 6 and span.name != TO_DATE]
    if len(whole) < 2:
        return "Spend piece by piece"
    dearest = max(whole, key=lambda span: span.mean)
    days = words.day_range(dearest.first, dearest.last)
    return f"The dearest whole week, {days}, costs {reading.money(dearest.mean)} on average"


def _reading(reading: Reading) -> str:
    return (
        f"All spend, fixed costs included. Means add up, quantiles do not: no single {reading.noun} need have every "
        f"week at its P95. The last column is the mean of the worst 1 in 20 {reading.nouns}."
    )


def _row(row: Span | FeatureSpend, name: str, reading: Reading) -> Row:
    return Row(name, *(reading.money(amount) for amount in (row.mean, row.p50, row.p95, row.tail)))


def _days(span: Span) -> str:
    days = words.day_range(span.first, span.last)
    return f"{days}, spent" if span.name == TO_DATE else days


def _month(span: Span) -> str:
    if span.name == TO_DATE:
        return f"{words.day_range(span.first, span.last)}, spent"
    return f"{words.LONG_MONTHS[span.first.month - 1]} {span.first.year}"


def _feature(row: FeatureSpend) -> str:
    return "what no feature spends" if row.feature is None else row.feature
