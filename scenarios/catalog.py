"""The price catalogue: model names and days to dated list prices, from the genai-prices package.

The only file that knows genai-prices, whose habits bite, so each is handled once and here:

- prices are dated, so a price is always asked for a day; without one the package would answer for now;
- it matches names loosely, so the entry that was found is named beside the one that was asked for;
- a processing mode that a model does not have is ignored silently, so batch prices count only where they differ;
- prices by the hour are blended over the day, since a simulated day has no hours.

The package takes a third of a second to import, so that happens on the first question.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from scenarios.suggest import nearest

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider, TieredPrices

# The catalogue's name of each of our prices. One-hour cache writes are left out: the language has one kind of write.
PRICE_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
BATCH_CONTEXTS = ({"processing": "batch"}, {"service_tier": "batch"})
# Names that a provider has withdrawn, while the catalogue still quotes what they cost in 2025.
RETIRED = {
    "deepseek/deepseek-chat": ("deepseek/deepseek-flash", "deepseek/deepseek-v4-pro"),
    "deepseek/deepseek-reasoner": ("deepseek/deepseek-flash", "deepseek/deepseek-v4-pro"),
}
# OpenRouter's prices are read off by a machine, so none of them is announced ahead: the newest dates the data.
MACHINE_READ_PROVIDER = "openrouter"
SECONDS_A_DAY = 86_400


class UnknownModelError(LookupError):
    """A model name that the catalogue does not have.

    Attributes
    ----------
    name : str
        The name as asked for.
    near : tuple of str
        Names that the catalogue has and that come near, best first; may be empty.
    """

    def __init__(self, name: str, near: tuple[str, ...], why: str) -> None:
        super().__init__(why)
        self.name, self.near = name, near


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


@dataclass(frozen=True)
class CatalogModel:
    """One entry of the catalogue.

    Attributes
    ----------
    asked : str
        The name as asked for.
    name : str
        The entry that it resolved to, ``provider/model``; the provider is the one that states the price.
    context_window : int or None
        Tokens.
    retired : tuple of str
        Names to use instead, where the provider has withdrawn this one; empty for all others.
    lent : bool
        Whether the provider asked for has no entry of its own and lends another's; batch prices are not lent.
    """

    asked: str
    name: str
    context_window: int | None
    retired: tuple[str, ...]
    info: ModelInfo = field(repr=False, compare=False)
    lent: bool = False
    _by_epoch: dict[int, DayPrices] = field(default_factory=dict, repr=False, compare=False)

    def changes(self) -> tuple[date, ...]:
        """Return the days on which a standard price of this model starts, past and announced, in order."""
        return _starts(item.constraint for item in _conditional(self.info))

    def on(self, day: date) -> DayPrices:
        """Return the prices of a day; days between two changes share one object."""
        variants = self.info.price_variants or ()
        epoch = bisect_right(_starts(item.constraint for item in (*_conditional(self.info), *variants)), day)
        if epoch not in self._by_epoch:
            self._by_epoch[epoch] = _day_prices(self.info, day, with_batch=not self.lent)
        return self._by_epoch[epoch]


def find_model(name: str) -> CatalogModel:
    """Look a model up by ``provider/model``.

    Parameters
    ----------
    name : str
        A provider's id in the catalogue, a slash, and the model's id or a dated or regional name of it.

    Returns
    -------
    CatalogModel

    Raises
    ------
    UnknownModelError
        For a name without a provider, and for a provider or a model that the catalogue does not have.

    Examples
    --------
    >>> find_model("anthropic/claude-opus-4-7").on(date(2026, 11, 20)).standard[0].output
    25.0
    """
    provider_id, slash, model_id = name.strip().lower().partition("/")
    if not slash:
        raise UnknownModelError(name, _near(name), f"{name!r} names no provider; write provider/model")
    providers = {provider.id: provider for provider in _snapshot().providers}
    if provider_id not in providers:
        raise UnknownModelError(name, _near(name), f"the price catalogue has no provider {provider_id!r}")
    provider = providers[provider_id]
    # The package matches by patterns only, and some entries do not match their own id.
    exact = next((info for info in provider.models if info.id.lower() == model_id), None)
    info = exact or provider.find_model(model_id, all_providers=_snapshot().providers)
    if info is None:
        raise UnknownModelError(name, _near(name), f"the price catalogue has no model {name!r}")
    return _entry(name, provider, info)


def search_models(query: str | None = None) -> list[CatalogModel]:
    """List the entries whose ``provider/model`` contains `query`, the one that it resolves to first; all without one.

    Raises
    ------
    UnknownModelError
        Where nothing matches.
    """
    wanted = (query or "").strip().lower()
    found = [
        _entry(f"{provider.id}/{info.id}", provider, info)
        for provider in _snapshot().providers
        for info in provider.models
        if wanted in f"{provider.id}/{info.id}".lower()
    ]
    try:
        best = [find_model(wanted)] if "/" in wanted or not found else []
    except UnknownModelError:
        if not found:
            raise
        best = []
    return best + [entry for entry in found if entry.name not in {one.name for one in best}]


@cache
def price_data_date() -> date:
    """Return the day of the packaged prices: the newest one on which a price that is never announced ahead starts."""
    providers = _snapshot().providers
    machine_read = [provider for provider in providers if provider.id == MACHINE_READ_PROVIDER]
    return max(
        change
        for provider in machine_read or providers
        for info in provider.models
        for change in _entry("", provider, info).changes()
    )


def catalog_version() -> str:
    """Return the catalogue's name and version, as reports print it."""
    import genai_prices

    return f"genai-prices {genai_prices.__version__}"


@cache
def _snapshot() -> DataSnapshot:
    from genai_prices import data_snapshot

    return data_snapshot.get_snapshot()


def _entry(asked: str, provider: Provider, info: ModelInfo) -> CatalogModel:
    """Name an entry after the provider that states its price: some lend the prices of others."""
    lender = next(p for p in (provider, *_snapshot().providers) if any(info is own for own in p.models))
    name = f"{lender.id}/{info.id}"
    return CatalogModel(asked, name, info.context_window, RETIRED.get(name, ()), info, lent=lender is not provider)


def _near(name: str) -> tuple[str, ...]:
    """Names like `name`: the same model at a provider that has it, then those spelt alike."""
    wanted = name.strip().lower()
    provider_id, slash, model_id = wanted.rpartition("/")
    entries = [(provider.id, info.id) for provider in _snapshot().providers for info in provider.models]
    spelt = {f"{provider}/{model}" if slash else model: f"{provider}/{model}" for provider, model in reversed(entries)}
    elsewhere = []
    for provider in (provider_id if slash else None, None):
        try:
            found, info = _snapshot().find_provider_model(model_id, None, provider, None)
        except LookupError:
            continue
        elsewhere.append(f"{found.id}/{info.id}")
    alike = [spelt[match] for match in nearest(wanted, spelt)]
    return tuple(dict.fromkeys([*elsewhere, *alike]))[:3]


# -- one day of one entry ----------------------------------------------------------------------------------------------


def _conditional(info: ModelInfo) -> list[ConditionalPrice]:
    from genai_prices.types import ConditionalPrice

    return info.prices if isinstance(info.prices, list) else [ConditionalPrice(prices=info.prices)]


def _starts(constraints: Iterable[object]) -> tuple[date, ...]:
    """Days on which prices start, in order."""
    from genai_prices.types import StartDateConstraint

    return tuple(sorted({c.start_date for c in constraints if isinstance(c, StartDateConstraint)}))


def _in_force(info: ModelInfo, day: date) -> ModelInfo:
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


def _slices(info: ModelInfo, day: date) -> Iterator[tuple[datetime, int]]:
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


def _day_prices(info: ModelInfo, day: date, *, with_batch: bool) -> DayPrices:
    info = _in_force(info, day)
    parts = list(_slices(info, day))
    standard = _blend([(info.get_prices(at), seconds) for at, seconds in parts])
    batch = None
    for context in BATCH_CONTEXTS if with_batch else ():
        rates = _blend([(info.get_prices(at, context), seconds) for at, seconds in parts])
        batch = rates if rates != standard else batch
    fee = sum(_at(info.get_prices(at).requests_kcount, -1) or 0 for at, _ in parts[:1])
    return DayPrices(standard, batch, float(fee) / 1000, blended=len(parts) > 1)


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
    prices = [(_at(getattr(prices, key), above), seconds) for prices, seconds in parts]
    stated = [(price, seconds) for price, seconds in prices if price is not None]
    if not stated:
        return None
    return float(sum(price * seconds for price, seconds in stated) / sum(seconds for _, seconds in stated))


def _at(value: Decimal | TieredPrices | None, above: int) -> Decimal | None:
    """Return the price of a prompt just longer than `above` tokens."""
    from genai_prices.types import TieredPrices

    if not isinstance(value, TieredPrices):
        return value
    price = value.base
    for tier in value.tiers:
        if tier.start <= above:
            price = tier.price
    return price
