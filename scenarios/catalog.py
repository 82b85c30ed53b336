"""The price catalogue: model names to entries of the genai-prices package, and near names where there is none.

The package matches names loosely, so the entry that was found is named beside the one that was asked for. It takes a
third of a second to import, so that happens on the first question. Only this file and `quotes` know it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from scenarios.quotes import DayPrices, all_starts, quote, standard_starts
from scenarios.suggest import nearest

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, Provider

# Names that a provider has withdrawn, while the catalogue still quotes what they cost in 2025.
RETIRED = {
    "deepseek/deepseek-chat": ("deepseek/deepseek-flash", "deepseek/deepseek-v4-pro"),
    "deepseek/deepseek-reasoner": ("deepseek/deepseek-flash", "deepseek/deepseek-v4-pro"),
}
# OpenRouter's prices are read off by a machine, so none of them is announced ahead: the newest dates the data.
MACHINE_READ_PROVIDER = "openrouter"
# Providers that sell other makers' models under their names, at their makers' prices as a rule; others ask their own.
RESELLERS = frozenset({"azure", "aws"})


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
        return standard_starts(self.info)

    def on(self, day: date) -> DayPrices:
        """Return the prices of a day; days between two changes share one object."""
        epoch = bisect_right(all_starts(self.info), day)
        if epoch not in self._by_epoch:
            self._by_epoch[epoch] = quote(self.info, day, with_batch=not self.lent)
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


def provider_named(name: str) -> str | None:
    """Return the catalogue's id of a provider that goes by a name of its own or an alias; None where none does."""
    from genai_prices.data_snapshot import find_provider_by_id

    provider = find_provider_by_id(_snapshot().providers, name)
    return provider.id if provider else None


def infer_model(name: str) -> CatalogModel:
    """Look a model up by its name alone, at the provider whose models are called so, or the only one that has it.

    One that sells models of others doesn't count where their maker is the only other.

    Raises
    ------
    UnknownModelError
        Where no provider has models of such names, or several that are not their makers have it.
    """
    wanted = name.strip().lower()
    try:
        return _entry(name, *_snapshot().find_provider_model(wanted, None, None, None))
    except LookupError:
        sellers = [(p, info) for p in _snapshot().providers for info in p.models if info.id.lower() == wanted]
    makers = [(p, info) for p, info in sellers if p.id not in RESELLERS]
    if len(makers) == 1 and makers[0][0].id != MACHINE_READ_PROVIDER:
        sellers = makers
    if len(sellers) != 1:
        raise UnknownModelError(name, _near(name), f"the price catalogue has no model {name!r}")
    return _entry(name, *sellers[0])


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
    providers = sorted(_snapshot().providers, key=lambda provider: provider.id in RESELLERS)
    entries = [(provider.id, info.id) for provider in providers for info in provider.models]
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
