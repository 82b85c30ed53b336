"""Price cards: what a call of one model costs on one day, from a catalogue entry and the scenario's own prices.

Prices here are list prices in USD per million tokens; the scenario's currency, and the ``price`` driver, come later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from scenarios.catalog import CatalogModel, catalog_version
from scenarios.models import LongContext, ModelSpec
from scenarios.quotes import DayPrices, Rates

OWN_PRICE = "own price"
FIELDS = ("input", "output", "cached_input", "cache_write")
_NOTHING_LISTED = DayPrices((Rates(-1, None, None, None, None),), None, 0.0, blended=False)


@dataclass(frozen=True)
class PriceTier:
    """Prices in USD per million tokens of calls whose prompt is longer than `above` tokens (-1: of all)."""

    above: float
    input: float
    output: float
    cached_input: float
    cache_write: float


@dataclass(frozen=True)
class PriceCard:
    """What a call of one model costs on one day.

    Attributes
    ----------
    model : str
        The scenario's name for it.
    tiers : tuple of PriceTier
        By rising threshold; a call is billed in full at the last one with ``prompt > above``.
    has_cache_write : bool
        Whether writing to the cache has a price of its own; where not, ``cache_write`` equals ``input``.
    pays : float
        What is paid of the list price.
    batch_pays : float
        What an agent with ``batch: true`` pays of `batch_tiers`.
    fee_per_call : float
        USD on every billed call.
    context_window : int or None
        Tokens; None where nobody says.
    source : str
        Where the prices come from.
    batch_tiers : tuple of PriceTier
        `tiers` themselves where batch is the same factor on every price, else the batch prices with ``batch_pays`` 1;
        empty where the model has no batch prices.
    """

    model: str
    tiers: tuple[PriceTier, ...]
    has_cache_write: bool
    pays: float
    batch_pays: float
    fee_per_call: float
    context_window: int | None
    source: str
    batch_tiers: tuple[PriceTier, ...] = ()

    def tier(self, prompt_tokens: float) -> PriceTier:
        """Return the tier that bills a call with a prompt of so many tokens, 0 or more."""
        return next(tier for tier in reversed(self.tiers) if prompt_tokens > tier.above)


def daily_cards(
    alias: str, spec: ModelSpec, entry: CatalogModel | None, dates: Sequence[date]
) -> tuple[PriceCard, ...]:
    """Make a model's card for each day.

    Parameters
    ----------
    alias : str
        The scenario's name of the model.
    spec : ModelSpec
        What the scenario says about it.
    entry : CatalogModel or None
        Its entry in the catalogue; None for a model with prices of its own.
    dates : sequence of date
        The days.

    Returns
    -------
    tuple of PriceCard
        One a day; days with equal prices share one object.

    Raises
    ------
    ValueError
        Where neither has an input or an output price; `missing_prices` says which.
    """
    listed = [_NOTHING_LISTED if entry is None else entry.on(day) for day in dates]
    shared = {prices: _card(alias, spec, entry, prices) for prices in dict.fromkeys(listed)}
    return tuple(shared[prices] for prices in listed)


def missing_prices(spec: ModelSpec, entry: CatalogModel, dates: Iterable[date]) -> list[str]:
    """Name the prices, of ``input`` and ``output``, that neither the scenario nor the catalogue states on some day."""
    rates = [rate for day in dates for rate in _overridden(spec, entry.on(day).standard)]
    return [name for name in ("input", "output") if any(getattr(rate, name) is None for rate in rates)]


def _card(alias: str, spec: ModelSpec, entry: CatalogModel | None, prices: DayPrices) -> PriceCard:
    rates = _overridden(spec, prices.standard)
    tiers = tuple(_tier(rate) for rate in rates)
    batch_tiers, batch_pays = _batch(spec, prices, tiers)
    return PriceCard(
        model=alias,
        tiers=tiers,
        has_cache_write=any(rate.cache_write is not None for rate in rates),
        pays=spec.pays,
        batch_pays=batch_pays,
        fee_per_call=spec.fee_per_call if "fee_per_call" in spec.model_fields_set else prices.fee_per_call,
        context_window=spec.context_window or (entry.context_window if entry else None),
        source=_source(spec, entry),
        batch_tiers=batch_tiers,
    )


def _overridden(spec: ModelSpec, listed: tuple[Rates, ...]) -> tuple[Rates, ...]:
    """Put the scenario's prices on the first tier, and its long-context tier in place of all others.

    Other tiers keep the prices that are listed; an input or output price that they lack is as the scenario says.
    """
    own = own_prices(spec)
    base = replace(listed[0], **own)
    if spec.long_context is None:
        return (base, *(_filled(rate, own) for rate in listed[1:]))
    return (base, replace(base, above=float(spec.long_context.above), **own_prices(spec.long_context)))


def _filled(rate: Rates, own: dict[str, float]) -> Rates:
    lacking = [name for name in ("input", "output") if name in own and getattr(rate, name) is None]
    return replace(rate, **{name: own[name] for name in lacking})


def own_prices(prices: ModelSpec | LongContext) -> dict[str, float]:
    """Return the prices that the scenario states itself, by name."""
    stated = {name: getattr(prices, name) for name in FIELDS}
    return {name: float(price) for name, price in stated.items() if price is not None}


def _tier(rate: Rates) -> PriceTier:
    """Fill the gaps: a cache price that nobody states is the input price."""
    if rate.input is None or rate.output is None:
        raise ValueError(f"{rate} lacks an input or an output price")
    cached = rate.input if rate.cached_input is None else rate.cached_input
    written = rate.input if rate.cache_write is None else rate.cache_write
    return PriceTier(rate.above, rate.input, rate.output, cached, written)


def _batch(spec: ModelSpec, prices: DayPrices, tiers: tuple[PriceTier, ...]) -> tuple[tuple[PriceTier, ...], float]:
    """Return the tiers of batch agents and what they pay of them; no tiers where there are no batch prices."""
    if spec.batch_pays is not None:
        return tiers, spec.batch_pays
    if prices.batch is None:
        return (), 1.0
    factor = _common_factor(prices.standard, prices.batch)
    if factor is not None:
        return tiers, factor
    if own_prices(spec) or spec.long_context:  # whose batch prices no catalogue knows
        return (), 1.0
    return tuple(_tier(rate) for rate in prices.batch), 1.0


def _common_factor(standard: tuple[Rates, ...], batch: tuple[Rates, ...]) -> float | None:
    """Return the factor from one price list to another, None where there is no single one."""
    if not standard[0].input or batch[0].input is None:
        return None
    factor = batch[0].input / standard[0].input
    return factor if _flat(standard, factor) == _flat(batch, 1.0) else None


def _flat(rates: tuple[Rates, ...], factor: float) -> list[tuple[float, dict[str, float]]]:
    """Price lists in a form to compare, rounded to a nano-dollar a million tokens."""
    return [
        (rate.above, {n: round(factor * price, 9) for n in FIELDS if (price := getattr(rate, n)) is not None})
        for rate in rates
    ]


def _source(spec: ModelSpec, entry: CatalogModel | None) -> str:
    if entry is None:
        return OWN_PRICE
    own = [*own_prices(spec), *(["long_context"] if spec.long_context else [])]
    return f"{catalog_version()}: {entry.name}" + (f", own {' and '.join(own)}" if own else "")
