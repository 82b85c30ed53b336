"""What spend is made of, in typical and in bad periods."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from simulator.engine.tally import Cell, Tally
from simulator.risk.money import exact_mean, in_currency
from simulator.risk.spend import Spend, spend_units

TAIL = 0.95


class Source(NamedTuple):
    """Whom a component is charged to; a fixed cost has neither feature nor agent."""

    feature: str | None
    agent: str | None
    cause: str


@dataclass(frozen=True)
class Component:
    """One part of spend, in currency.

    Attributes
    ----------
    feature, agent, cause : whom it is charged to
    detail : the tool or fixed cost; None where the parts of a cause are taken together
    mean : mean over all trials; the column sums to mean spend
    tail : mean over the trials at or beyond the P95 of spend; the column sums to tvar95 (Euler allocation of it)
    """

    feature: str | None
    agent: str | None
    cause: str
    detail: str | None
    mean: float
    tail: float


def attribution(tally: Tally, *, by_detail: bool = False) -> tuple[Component, ...]:
    """The components of spend, the largest mean first; those that cost nothing in any trial are left out.

    Parameters
    ----------
    tally : Tally
        With at least one trial.
    by_detail : bool
        Whether tools and fixed costs are told apart.

    Returns
    -------
    tuple of Component
        Exact in integers before one rounding each, so that both columns sum to mean spend and to tvar95 but for the
        last bit of a float.
    """
    tail = Spend(spend_units(tally), tally.frame.unit).tail(TAIL)
    means: dict[Cell, tuple[Fraction, Fraction]] = {}
    for column, cell in enumerate(tally.frame.cells):
        amounts = tally.cells[:, column]
        if not amounts.any():
            continue
        key = cell if by_detail else cell._replace(detail=None)
        mean, worst = means.get(key, (Fraction(0), Fraction(0)))
        means[key] = mean + exact_mean(amounts), worst + exact_mean(amounts[tail])
    unit = tally.frame.unit
    ordered = sorted(means.items(), key=lambda item: (-item[1][0], [str(name) for name in item[0]]))
    return tuple(Component(*cell, in_currency(mean, unit), in_currency(worst, unit)) for cell, (mean, worst) in ordered)
