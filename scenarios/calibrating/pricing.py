"""What observed sessions would cost at the prices of the scenario, so that they can be held against simulated ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.bill_reasons import SAME
from scenarios.bills import Bill, calls_by_model
from scenarios.calibrating.levers import Costs
from scenarios.calibrating.limits import WINDOWS
from scenarios.cards import PriceCard, daily_cards, missing_prices
from scenarios.catalog import CatalogModel, find_model
from scenarios.logs.table import Calls
from scenarios.models import ModelSpec

_LONGEST = 30
_MOSTLY = 0.5
_BATCH = "batch"
_SIDES = ("input", "output")
_FEW = 1_000  # tokens, below every threshold
_NEAR = 1.1
"""Times a window up to which a prompt is one of that window, counted otherwise."""

Name = tuple[str | None, str | None]


@dataclass(frozen=True)
class Models:
    """Models of the log under the names that the scenario gives them.

    Attributes
    ----------
    section : `models` of the scenario: those with an alias or with prices of their own
    names : by provider and model as logged, the name in the scenario
    cards : by that name, what it costs on the day
    comments : by that name, what to write beside it
    """

    section: dict[str, Any]
    names: Mapping[Name, str]
    cards: Mapping[str, PriceCard]
    comments: dict[str, str]

    @property
    def model_name(self) -> Callable[[str, str], str]:
        """Logged provider and model, empty or unknown where the log is silent, to the scenario's name."""
        known = {(provider or "", model or ""): name for (provider, model), name in self.names.items()}
        return lambda provider, model: known.get((provider, model)) or known[provider, ""]


def name_models(calls: Calls, bill: Bill, day: date) -> Models:
    """Name the models of a log as the scenario will, and price them on a day.

    Long names of the catalogue get an alias, and so do models whose cache writes are mostly for an hour, since the
    language has one price of writing: that of the hour is written out. Where the log records one discount on all that a
    model costs, that is what it pays.
    """
    section: dict[str, Any] = {}
    names: dict[Name, str] = {}
    cards: dict[str, PriceCard] = {}
    comments: dict[str, str] = {}
    by_entry: dict[str, list[Name]] = {}
    for name, entry in bill.entries.items():
        by_entry.setdefault(entry.name, []).append(name)
    hours = _share_for_an_hour(calls, bill)
    for entry_name, logged in by_entry.items():
        entry = find_model(entry_name)
        own = _own_prices(entry, day, hours.get(entry_name, 0.0))
        pays = _discount(bill, entry_name)
        own |= {} if pays is None else {"pays": pays}
        alias = _alias(entry_name, names.values()) if own or len(entry_name) > _LONGEST else entry_name
        if alias != entry_name:
            section[alias] = {"catalog": entry_name, **own} if own else entry_name
        said = _own_words(own, hours.get(entry_name, 0.0))
        if said:
            comments[alias] = said
        (card,) = daily_cards(alias, ModelSpec(catalog=entry_name, **own), entry, [day])
        cards[alias] = card
        names |= dict.fromkeys(logged, alias)
    return Models(section, names, cards, comments)


def fit_windows(models: Models, calls: Calls) -> list[str]:
    """State the context window of models that had, in this log, longer prompts than the catalogue says.

    Gives a sentence for each whose prompts are so much longer that a price may hold for them which nobody listed.

    It is the longest of their prompts, or the least window that is sold where that is a tenth above the catalogue's:
    limits of an agent may be drawn for all of its models, and none takes a longer prompt than its own.
    """
    longest: dict[str, int] = {}
    said: list[str] = []
    prompts = calls.prompt
    for group in calls_by_model(calls):
        name = models.names[group.name]
        longest[name] = max(longest.get(name, 0), int(prompts[group.rows].max()))
    for name, prompt in longest.items():
        window = models.cards[name].context_window
        if window is None or prompt <= window:
            continue
        stated = prompt if prompt <= _NEAR * window else round(next((w for w in WINDOWS if w >= prompt), prompt))
        spec = models.section.get(name, name)
        spec = dict(spec) if isinstance(spec, Mapping) else {"catalog": spec}
        models.section[name] = spec | {"context_window": stated}
        longer = f"a prompt of {prompt:,} tokens is in the log, and the catalogue's window is {window:,}"
        models.comments[name] = "; ".join(filter(None, (models.comments.get(name), longer)))
        if stated != prompt and len(models.cards[name].tiers) == 1:
            said.append(f"{name}: {longer}; dearer prices for longer prompts, if there are any, are not in the bill")
    return said


def price_at_cards(calls: Calls, models: Models) -> Costs:
    """What each call costs by the cards of the scenario; calls that are not billed cost nothing."""
    whole, prompt, uncached = (np.zeros(len(calls)) for _ in range(3))
    for group in calls_by_model(calls):
        card = models.cards[models.names[group.name]]
        _charge(calls, group.rows, card, group.tier.lower() == _BATCH, (whole, prompt, uncached))
    for costs in (whole, prompt, uncached):
        costs[~calls["billed"]] = 0.0
    return Costs(whole, prompt, uncached)


def _charge(
    calls: Calls, rows: Any, card: PriceCard, batch: bool, out: tuple[FloatArray, FloatArray, FloatArray]
) -> None:
    tiers, pays = card.tiers, card.pays
    if batch and card.batch_tiers:
        tiers, pays = card.batch_tiers, card.pays * card.batch_pays
    fresh, cached, written = (calls[kind][rows].astype(np.float64) for kind in ("fresh", "cached", "written"))
    output = (calls["output"][rows] + calls["reasoning"][rows]).astype(np.float64)
    above = np.array([tier.above for tier in tiers])
    at = np.searchsorted(above, fresh + cached + written, side="left") - 1 if above.size > 1 else 0

    def price(name: str) -> Any:
        prices = np.array([getattr(tier, name) for tier in tiers]) * pays / 1e6
        return prices[at]

    answers = output * price("output") + card.fee_per_call
    kept = fresh * price("input") + written * price("cache_write")
    missed = price("cache_write" if written.any() else "input")
    out[1][rows] = kept + cached * price("cached_input")
    out[0][rows] = out[1][rows] + answers
    out[2][rows] = kept + cached * missed + answers


def _own_prices(entry: CatalogModel, day: date, for_an_hour: float) -> dict[str, float]:
    """Prices that the scenario must state itself."""
    own: dict[str, float] = {}
    first = entry.on(day).standard[0]
    if entry.retired and first.input is not None and first.output is not None:
        own |= {"input": first.input, "output": first.output}
    hour = _hour_price(entry, day) if for_an_hour >= _MOSTLY else None
    if hour is not None and hour != first.cache_write:
        own["cache_write"] = hour
    unlisted = missing_prices(ModelSpec(catalog=entry.name), entry, [day])  # of tokens in the log, a bill is refused
    return own | dict.fromkeys(unlisted, 0.0)


def _own_words(own: Mapping[str, float], for_an_hour: float) -> str:
    said = ["prices of its last day, since it is no longer sold"] if own.get("input") else []
    said += [f"no {name} price is listed, and the log has no such tokens" for name in _SIDES if own.get(name) == 0]
    if "cache_write" in own:
        said.append(f"{for_an_hour:.0%} of what was written to the cache was written for an hour")
    if "pays" in own:
        said.append(f"of the list price: the log records all of its calls at {own['pays']:g} times that")
    return "; ".join(said)


def _discount(bill: Bill, entry: str) -> float | None:
    """The one share of their list price at which all calls of a model are recorded, or all but a few; else None."""
    lines = [line for line in bill.lines if line.model == entry and line.repriced]
    shares = [line.pays for line in lines if line.recorded_calls]
    known = sum(line.repriced_there for line in lines)
    if not shares or known < _MOSTLY * sum(line.repriced for line in lines):
        return None
    first = shares[0]
    same = all(share is not None and first is not None and abs(share - first) <= SAME * first for share in shares)
    return first if same else None


def _hour_price(entry: CatalogModel, day: date) -> float | None:
    """USD per million tokens written for an hour."""
    from scenarios.tariffs import KINDS, STANDARD, Tariff, at_noon

    tokens = {kind: np.array([_FEW if kind == "written_1h" else 0]) for kind in KINDS}
    tariff = Tariff(entry)
    cost = float(tariff.cost(np.array([at_noon(day)]), STANDARD, tokens)[0])
    return None if tariff.lacking else round(cost * 1e6 / _FEW, 6)


def _share_for_an_hour(calls: Calls, bill: Bill) -> dict[str, float]:
    """By entry, which share of what was written to the cache was written for an hour."""
    written: dict[str, float] = {}
    hour: dict[str, float] = {}
    for group in calls_by_model(calls):
        entry = bill.entries[group.name].name
        written[entry] = written.get(entry, 0.0) + float(calls["written"][group.rows].sum())
        hour[entry] = hour.get(entry, 0.0) + float(calls["written_1h"][group.rows].sum())
    return {entry: hour[entry] / total for entry, total in written.items() if total}


def _alias(entry: str, taken: Any) -> str:
    """A short name: the model without its maker, region and version."""
    model = entry.split("/", 1)[1].rsplit("/", 1)[-1]
    words = re.sub(r"^(?:[a-z-]+\.)+(?=[a-z])", "", model)
    short = re.sub(r"-\d{8}.*$|-v\d+:\d+$|:.*$", "", words)
    alias = re.sub(r"[^a-z0-9.-]+", "-", short.lower()).strip("-.") or "model"
    return alias if alias not in taken else re.sub(r"[^a-z0-9.-]+", "-", entry.lower()).strip("-.")
