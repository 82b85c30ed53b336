"""What a reader of a scenario's prices would want to know: what was assumed, what changes, how old the data are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from scenarios.cards import FIELDS, own_prices
from scenarios.catalog import CatalogModel, price_data_date
from scenarios.models import ModelSpec

if TYPE_CHECKING:
    from scenarios.prices import PriceBook


def model_notes(spec: ModelSpec, entry: CatalogModel, dates: tuple[date, ...], *, cached: bool) -> Iterator[str]:
    """Say what a reader of the prices would want to know about one model of the catalogue."""
    listed = [entry.on(day) for day in dates]
    if entry.asked != entry.name:
        yield f"{entry.asked} resolved to {entry.name}"
    if any(prices.blended for prices in listed):
        yield (
            f"{entry.name} has prices by the hour, blended over the 24 hours of every day of the week: too much where "
            "weekends are cheaper, too little where calls come at peak hours"
        )
    if cached and spec.cached_input is None and any(prices.standard[0].cached_input is None for prices in listed):
        yield f"{entry.name} has no price for cached input; what is read from cache costs the input price"
    if own_prices(spec) and spec.long_context is None and len(listed[0].standard) > 1:
        above = listed[0].standard[1].above
        yield f"own prices hold up to {above:,.0f} tokens; for longer prompts the catalogue's stand (see long_context)"


def changes(book: PriceBook) -> Iterator[str]:
    """Say which prices change inside the period, and when."""
    for model in book.cards:
        for (_, _, before), (day, _, after) in pairwise(book.runs(model)):
            moves = [
                f"{name} {old:g} to {new:g}"
                for name in FIELDS
                if (old := getattr(before.tiers[0], name)) != (new := getattr(after.tiers[0], name))
            ]
            yield f"{model}: prices change on {day.isoformat()}" + (f": {', '.join(moves)}" if moves else "")


def hindsight(entry: CatalogModel, dates: tuple[date, ...], as_of: date) -> Iterator[str]:
    """Say which prices of the period came after `as_of`: the catalogue knows them, the scenario's writer may not."""
    for change in entry.changes():
        known = as_of < change <= min(price_data_date(), dates[-1])
        if known and entry.on(change) != entry.on(change - timedelta(days=1)):
            yield f"prices changed on {change.isoformat()}, after as_of, and the new ones count from that day on"


def age(book: PriceBook) -> Iterator[str]:
    """Say where the catalogue may have been overtaken."""
    if book.stale:
        yield (
            f"the catalogue's prices are of {book.data_date.isoformat()}, {book.data_age_days} days before as_of: they "
            "may have changed since; give what has changed as prices of your own"
        )
