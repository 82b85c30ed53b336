"""List prices of one model on one day, as the genai-prices package states them.

Its habits bite, so each is handled once and here:

- prices are dated, so a price is always asked for a day; without one the package would answer for now;
- a processing mode that a model does not have is ignored silently, so batch prices count only where they differ;
- thresholds are cliffs per request, and each price may have its own;
- prices by the hour are blended over the day, since a simulated day has no hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, TieredPrices

# The catalogue's name of each of our prices. One-hour cache writes are left out: the language has one kind of write.
PRICE_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
BATCH_CONTEXTS = ({"processing": "batch"}, {"service_tier": "batch"})
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Rates:
    """List prices of one tier in USD per million tokens; None where the catalogue states none.

    A call is billed in full at the last tier with ``prompt > above``; the first tier has ``above = -1``.
    """

    above: float
    input: float | None
    output: float | None
    cached_input: float | None
    cache_write: float | None


@dataclass(frozen=True)
class DayPrices:
    """What the catalogue says for one model on one day.

    Attributes
    ----------
    standard : tuple of Rates
        By rising threshold.
    batch : tuple of Rates or None
        Prices of batch processing; None where the model has none of its own.
    fee_per_call : float
        USD for each request.
    blended : bool
        Whether the prices depend on the hour and were averaged over the 24 hours of the day.
    """

    standard: tuple[Rates, ...]
    batch: tuple[Rates, ...] | None
    fee_per_call: float
    blended: bool


def quote(info: ModelInfo, day: date, *, with_batch: bool) -> DayPrices:
    """Ask the catalogue for the prices of an entry on a day, and only for batch prices that are its own.

    Parameters
    ----------
    info : genai_prices.types.ModelInfo
        The entry.
    day : date
        In UTC.
    with_batch : bool
        Whether batch prices are asked for at all.

    Returns
    -------
    DayPrices
    """
    info = in_force(info, day)
    parts = list(day_parts(info, day))
    standard = _blend([(info.get_prices(at), seconds) for at, seconds in parts])
    batch = None
    for context in BATCH_CONTEXTS if with_batch else ():
        rates = _blend([(info.get_prices(at, context), seconds) for at, seconds in parts])
        batch = rates if rates != standard else batch
    fee = price_at(info.get_prices(parts[0][0]).requests_kcount, -1) or 0
    return DayPrices(standard, batch, float(fee) / 1000, blended=len(parts) > 1)


def standard_starts(info: ModelInfo) -> tuple[date, ...]:
    """Return the days on which a standard price starts, in order."""
    return _starts(item.constraint for item in _conditional(info))


def all_starts(info: ModelInfo) -> tuple[date, ...]:
    """Return the days on which any price starts, batch prices counted too, in order."""
    return _starts(item.constraint for item in (*_conditional(info), *(info.price_variants or ())))


def _conditional(info: ModelInfo) -> list[ConditionalPrice]:
    from genai_prices.types import ConditionalPrice

    return info.prices if isinstance(info.prices, list) else [ConditionalPrice(prices=info.prices)]


def _starts(constraints: Iterable[object]) -> tuple[date, ...]:
    """Days on which prices start, in order."""
    from genai_prices.types import StartDateConstraint

    return tuple(sorted({c.start_date for c in constraints if isinstance(c, StartDateConstraint)}))


def in_force(info: ModelInfo, day: date) -> ModelInfo:
    """Leave out hourly prices that have not begun.

    An entry cannot hold both a date and hours, so the catalogue writes the hours after the date with which they began,
    and the package would apply them to the years before it.
    """
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint

    begun, kept = date.min, []
    for item in _conditional(info):
        if isinstance(item.constraint, StartDateConstraint):
            begun = item.constraint.start_date
        if not (isinstance(item.constraint, TimeOfDateConstraint) and begun > day):
            kept.append(item)
    return replace(info, prices=kept)


def day_parts(info: ModelInfo, day: date) -> Iterator[tuple[datetime, int]]:
    """Split a day in UTC where a price may change: the middle of each part and its seconds; noon where none does."""
    from genai_prices.types import TimeOfDateConstraint

    constraints = (item.constraint for item in (*_conditional(info), *(info.price_variants or ())))
    windows = [c for c in constraints if isinstance(c, TimeOfDateConstraint)]
    cuts = {_second(moment) for window in windows for moment in (window.start_time, window.end_time)}
    edges = sorted(cuts | {0, SECONDS_A_DAY})
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    for start, end in pairwise(edges):
        yield midnight + timedelta(seconds=(start + end) / 2), end - start


def _second(moment: time) -> int:
    at = datetime.combine(date(2000, 1, 1), moment, tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return at.hour * 3600 + at.minute * 60 + at.second


def _blend(parts: list[tuple[ModelPrice, int]]) -> tuple[Rates, ...]:
    """Average prices over parts of a day, exactly, at every threshold that any of them has."""
    from genai_prices.types import TieredPrices

    values = [getattr(prices, key) for prices, _ in parts for key in PRICE_KEYS.values()]
    starts = {tier.start for value in values if isinstance(value, TieredPrices) for tier in value.tiers}
    return tuple(
        Rates(above, **{ours: _mean(parts, theirs, above) for ours, theirs in PRICE_KEYS.items()})
        for above in (-1, *sorted(starts))
    )


def _mean(parts: list[tuple[ModelPrice, int]], key: str, above: int) -> float | None:
    prices = [(price_at(getattr(prices, key), above), seconds) for prices, seconds in parts]
    stated = [(price, seconds) for price, seconds in prices if price is not None]
    if not stated:
        return None
    return float(sum(price * seconds for price, seconds in stated) / sum(seconds for _, seconds in stated))


def price_at(value: Decimal | TieredPrices | None, above: int) -> Decimal | None:
    """Return the price of a prompt just longer than `above` tokens."""
    from genai_prices.types import TieredPrices

    if not isinstance(value, TieredPrices):
        return value
    price = value.base
    for tier in value.tiers:
        if tier.start <= above:
            price = tier.price
    return price
