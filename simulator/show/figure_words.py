"""A judged figure in words: how far it is off, and what chance explains, as the rule of the verdict has them.

Both are printed with so many decimals that whoever compares them finds what the rule found: a difference that is
beyond its range by a hair is not printed inside of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from distributions.quantity import signed_percent
from simulator.judged import MATERIAL, WIDEST, Judged
from simulator.show.words import apart, count, money

NAMES = {"p10": "P10", "p50": "P50", "p90": "P90", "p95": "P95", "p99": "P99", "mean": "mean"}
NO_END = "?"
_BETWEEN = (" to ", "/")
MOST_PLACES = 9


@dataclass(frozen=True)
class Told:
    """A figure's difference from the observed one, and what chance explains of that, in percent of the observed one.

    Attributes
    ----------
    difference : ``+32 %``
    chance : ``-9 to +34 %``, or ``±6 %``; ``?`` is an end that it has not; an amount where 0 was observed
    short : the same for narrow columns, ``-9/+34 %``
    """

    difference: str
    chance: str
    short: str


def told(one: Judged, unit: str) -> Told:
    """A figure of a quantity in this unit as it is printed."""
    if not one.observed:
        most = amount(one.high, unit)
        return Told(apart(one.difference), *(f"{amount(one.low, unit)}{to}{most}" for to in _BETWEEN))
    ends = tuple((end - one.observed) / abs(one.observed) for end in (one.low, one.high))
    for places in range(MOST_PLACES):
        if _agrees(one, *(round(100.0 * share, places) for share in (one.difference, *ends))):
            break
    low, high = (_end(share, places) for share in ends)
    spans = [
        f"{low}{to}{high} %" if low.lstrip("-") != high.lstrip("+") else f"±{high.lstrip('+')} %" for to in _BETWEEN
    ]
    return Told(signed_percent(one.difference, places), *spans)


def _agrees(one: Judged, difference: float, low: float, high: float) -> bool:
    """Whether rounded numbers lead to what the exact ones lead to, step by step of the rule."""
    return (
        (low <= difference <= high) == one.within
        and (abs(difference) > 100.0 * MATERIAL) == one.material
        and (high - low > 100.0 * WIDEST) == (one.width > WIDEST)
        and (one.width <= WIDEST or difference != 0.0 or one.simulated == one.observed)
    )


def _end(share: float, places: int) -> str:
    return signed_percent(share, places).removesuffix(" %") if math.isfinite(share) else NO_END


def amount(value: float, unit: str) -> str:
    """A figure in its unit: a count, or money."""
    if not math.isfinite(value):
        return NO_END
    if unit in {"tokens", "count"}:
        if 1e6 <= value < 999.5e6:
            return f"{value / 1e6:.3g}M"
        return count(round(value)) if abs(value) >= 100 else f"{value:.3g}"
    return money(value, unit)
