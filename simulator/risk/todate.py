"""The period to date: what is a fact by now, beside what was expected by that day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from simulator.engine.tally import Tally
from simulator.risk.money import in_currency


@dataclass(frozen=True)
class Expected:
    """What the scenario, simulated from its first day, lets the covered spend of a period's first days be; currency."""

    mean: float
    p5: float
    p50: float
    p95: float

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Expected:
        """The inverse of `dataclasses.asdict`, after a way through JSON."""
        return cls(**values)


@dataclass(frozen=True)
class ToDate:
    """What the first days of the period have cost.

    Attributes
    ----------
    days, through : how many they are, and the last of them
    amount : all that the budget covers up to then, in currency
    expected : what was expected by then; None where nobody has worked it out
    """

    days: int
    through: date
    amount: float
    expected: Expected | None

    @property
    def over_expected(self) -> float | None:
        """Share by which the amount is above the expected mean, below 0 where less; None where unknown."""
        if self.expected is None or not self.expected.mean > 0:
            return None
        return self.amount / self.expected.mean - 1


def to_date(tally: Tally, expected: Expected | None) -> ToDate | None:
    """The period to date; None where all of it is simulated."""
    spent = tally.frame.spent
    if spent is None:
        return None
    through = tally.frame.dates[spent.days - 1]
    return ToDate(spent.days, through, in_currency(spent.units, tally.frame.unit), expected)
