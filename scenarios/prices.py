"""Model names and days to price cards, resolved once, before anything is simulated.

Every day of the period has its card, so a price that changes inside the period changes on its day. Overrides of the
scenario go on top of the catalogue's prices, missing cache prices fall back to the input price, and all that was
assumed on the way stands in the book's notes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import groupby

from scenarios.cards import FIELDS, PriceCard, PriceTier, daily_cards, missing_prices, own_prices
from scenarios.catalog import (
    CatalogModel,
    UnknownModelError,
    catalog_version,
    find_model,
    price_data_date,
    search_models,
)
from scenarios.complete import routed_models
from scenarios.models import ModelSpec
from scenarios.price_notes import age, changes, hindsight, model_notes
from scenarios.problems import Fault, Path, dotted
from scenarios.quotes import Rates
from scenarios.schema import Agent, Scenario

__all__ = ["PriceBook", "PriceCard", "PriceRow", "PriceTier", "list_models", "price_data_date", "resolve_prices"]

STALE_DAYS = 60
"""Providers change prices every few months; data older than this on `as_of` get a warning."""


@dataclass(frozen=True)
class PriceRow:
    """A line of a price list, for people: one tier of one model over days with equal prices.

    Attributes
    ----------
    model, source : str
        The name, and where its prices come from.
    since, until : date or None
        First and last day of these prices; None where they have no known start or end.
    above : float or None
        Prompts longer than so many tokens; None for the first tier.
    input, output, cached_input, cache_write : float or None
        USD per million tokens; None where there is no such price.
    context_window : int or None
        Tokens.
    """

    model: str
    source: str
    since: date | None
    until: date | None
    above: float | None
    input: float | None
    output: float | None
    cached_input: float | None
    cache_write: float | None
    context_window: int | None


@dataclass(frozen=True)
class PriceBook:
    """Every price of a scenario.

    Attributes
    ----------
    cards : dict of str to tuple of PriceCard
        By the scenario's name of the model, one card a day of the period; days with equal prices share one object.
    dates : tuple of date
        The days.
    as_of : date
        The scenario's: the day from which it looks ahead.
    data_date : date
        The day of the packaged price data.
    listed, own : bool
        Whether any price is the catalogue's, and whether any is the scenario's own.
    notes : list of str
        What was assumed: names resolved, hours blended, prices that change inside the period, fallbacks, old data.
    """

    cards: dict[str, tuple[PriceCard, ...]]
    dates: tuple[date, ...]
    as_of: date
    data_date: date
    listed: bool
    own: bool
    notes: list[str]

    @property
    def data_age_days(self) -> int:
        """How many days the catalogue's data lie before `as_of`; 0 where no price is the catalogue's."""
        return max(0, (self.as_of - self.data_date).days) if self.listed else 0

    @property
    def stale(self) -> bool:
        """Whether the catalogue's data are so old on `as_of` that prices may well have changed."""
        return self.data_age_days > STALE_DAYS

    @cached_property
    def sha256(self) -> str:
        """Hash of all prices by model and day, in hex; where they come from does not enter."""
        content = {
            model: [(day.isoformat(), asdict(replace(card, source=""))) for day, _, card in self.runs(model)]
            for model in self.cards
        }
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def runs(self, model: str) -> list[tuple[date, date, PriceCard]]:
        """Return the first day, the last day and the card of each stretch of days with equal prices."""
        pairs = zip(self.dates, self.cards[model], strict=True)
        stretches = [list(group) for _, group in groupby(pairs, key=lambda pair: pair[1])]
        return [(stretch[0][0], stretch[-1][0], stretch[0][1]) for stretch in stretches]

    def table(self) -> list[PriceRow]:
        """Return one row for each model, stretch of days and tier, in the scenario's order."""
        return [row for model in self.cards for run in self.runs(model) for row in _rows(*run)]


def resolve_prices(scenario: Scenario) -> PriceBook:
    """Look up every price that a scenario needs, for every day of its period.

    Parameters
    ----------
    scenario : Scenario
        As loaded; each of its models gets cards, whether an agent uses it or not.

    Returns
    -------
    PriceBook

    Raises
    ------
    ScenarioError
        With all problems at once: unknown and withdrawn models, with near names; prices that the catalogue lacks, with
        the override to give; agents in batch on a model without batch prices.
    """
    dates = tuple(scenario.period.dates)
    entries, faults = _entries(scenario, dates)
    if faults:
        raise scenario.error(faults)
    cards: dict[str, tuple[PriceCard, ...]] = {}
    notes: list[str] = []
    for alias, entry in entries.items():
        spec = scenario.models[alias]
        cards[alias] = daily_cards(alias, spec, entry, dates)
        if entry is not None:
            cached = any(alias in agent.models and _reads_cache(agent) for agent in scenario.agents.values())
            said = [*model_notes(spec, entry, dates, cached=cached)]
            said += hindsight(entry, dates, scenario.as_of) if _is_listed(spec) else ()
            notes += [f"{alias}: {note}" for note in said]
    specs = scenario.models.values()
    listed, own = any(map(_is_listed, specs)), any(map(_has_own, specs))
    book = PriceBook(cards, dates, scenario.as_of, price_data_date(), listed, own, notes)
    notes += [*changes(book), *age(book)]
    return book


def price_faults(scenario: Scenario) -> list[Fault]:
    """What `resolve_prices` would raise: everything that keeps a model of the scenario from having a price."""
    return _entries(scenario, tuple(scenario.period.dates))[1]


def _is_listed(spec: ModelSpec) -> bool:
    """Whether the catalogue states any of a model's prices."""
    return spec.catalog is not None and len(own_prices(spec)) < len(FIELDS)


def _has_own(spec: ModelSpec) -> bool:
    return spec.catalog is None or bool(own_prices(spec)) or spec.long_context is not None


def list_models(query: str | None = None, day: date | None = None) -> list[PriceRow]:
    """List the catalogue's prices, those of `day` first and then the changes that it announces.

    Parameters
    ----------
    query : str, optional
        Part of a name, or a whole one; all models without it.
    day : date, optional
        Default: the day of the price data.

    Raises
    ------
    UnknownModelError
        Where nothing matches; with near names.
    """
    today = day or price_data_date()
    return [row for entry in search_models(query) for row in _listed(entry, today)]


# -- rows for people ---------------------------------------------------------------------------------------------------


def _rows(since: date, until: date, card: PriceCard) -> Iterator[PriceRow]:
    for tier in card.tiers:
        written = tier.cache_write if card.has_cache_write else None
        rates = Rates(tier.above, tier.input, tier.output, tier.cached_input, written)
        yield _row(card.model, card.source, (since, until), rates, card.context_window)


def _listed(entry: CatalogModel, today: date) -> Iterator[PriceRow]:
    begun = [change for change in entry.changes() if change <= today]
    coming = [change for change in entry.changes() if change > today]
    starts: list[date | None] = [begun[-1] if begun else None, *coming]
    for since, next_start in zip(starts, [*starts[1:], None], strict=True):
        until = next_start - timedelta(days=1) if next_start else None
        for rates in entry.on(since or today).standard:
            yield _row(entry.name, catalog_version(), (since, until), rates, entry.context_window)


def _row(
    model: str, source: str, days: tuple[date | None, date | None], rates: Rates, context_window: int | None
) -> PriceRow:
    prices = {name: getattr(rates, name) for name in FIELDS}
    above = None if rates.above < 0 else rates.above
    return PriceRow(model, source, *days, above, context_window=context_window, **prices)


# -- what is wrong -----------------------------------------------------------------------------------------------------


def _entry(scenario: Scenario, alias: str, spec: ModelSpec, dates: tuple[date, ...]) -> CatalogModel | Fault | None:
    """Find a model's entry: None where it has prices of its own, a fault where nothing can price it."""
    if spec.catalog is None:
        return None
    path = _path(scenario, alias, spec.catalog)
    try:
        entry = find_model(spec.catalog)
    except UnknownModelError as error:
        near = f"did you mean {' or '.join(error.near)}? " if error.near else ""
        hint = (
            f"{near}`burncurve prices NAME` searches the catalogue; a model of your own takes input and output prices"
        )
        return Fault(path, str(error), spec.catalog, hint=hint)
    missing = missing_prices(spec, entry, dates)
    if missing:
        message = f"the price catalogue has no {' and no '.join(missing)} price per token for {entry.name}"
        given = ", ".join(f"{name}: PRICE" for name in missing)
        return Fault(path, message, spec.catalog, hint=f"give it: {{catalog: {spec.catalog}, {given}}}")
    if entry.retired and (spec.input is None or spec.output is None):
        message = f"{entry.name} was withdrawn by its provider, and the catalogue lists for it what it cost in 2025"
        hint = f"name the model that answers today ({' or '.join(entry.retired)}), or give input and output prices"
        return Fault(path, message, spec.catalog, hint=hint)
    return entry


def _entries(scenario: Scenario, dates: tuple[date, ...]) -> tuple[dict[str, CatalogModel | None], list[Fault]]:
    """Every model's entry in the catalogue, and what is wrong with the others."""
    entries: dict[str, CatalogModel | None] = {}
    faults: list[Fault] = []
    for alias, spec in scenario.models.items():
        entry = _entry(scenario, alias, spec, dates)
        if isinstance(entry, Fault):
            faults.append(entry)
        else:
            entries[alias] = entry
    return entries, [*faults, *_without_batch(scenario, entries, dates)]


def _path(scenario: Scenario, alias: str, catalog: str) -> Path:
    """Where a model's name stands: under `models`, or where it is named outright."""
    if alias != catalog:
        return ("models", alias, "catalog")
    for name, agent in scenario.agents.items():
        if alias in agent.model.names:
            return ("agents", name, "model")
        if alias in agent.models:
            return ("agents", name, "retry", "fallback", "model")
    routes: list[tuple[Path, dict[str, str]]] = [
        *((("events", name, "route"), event.route) for name, event in scenario.events.items()),
        *((("controls", number, "route"), control.route) for number, control in enumerate(scenario.controls)),
    ]
    return next((path for path, route in routes if alias in {*route, *route.values()}), ("models", alias))


def _reads_cache(agent: Agent) -> bool:
    return agent.cache is not None or agent.cached_share > 0


def _without_batch(scenario: Scenario, entries: dict[str, CatalogModel | None], dates: tuple[date, ...]) -> list[Fault]:
    """Refuse batch where there are no batch prices: asked for them, the catalogue would return the standard ones."""
    batched = {
        name: (*agent.models, *routed_models(scenario, agent.models))
        for name, agent in scenario.agents.items()
        if agent.batch
    }
    lacking = {
        alias
        for alias, entry in entries.items()
        if any(alias in models for models in batched.values())
        and not all(card.batch_tiers for card in daily_cards(alias, scenario.models[alias], entry, dates))
    }
    return [
        Fault(
            ("agents", name, "batch"),
            f"{model} has no batch prices that anybody states",
            got=True,
            hint=f"give {dotted(('models', model, 'batch_pays'))}, 0.5 for half the price, or leave `batch` out",
        )
        for name, models in batched.items()
        for model in dict.fromkeys(models)
        if model in lacking
    ]
