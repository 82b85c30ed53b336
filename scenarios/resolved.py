"""The scenario in full: every default, every price, and what each law comes to, as a file that reads back the same."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path as FilePath
from typing import Any

from distributions.law import Law
from distributions.quantity import format_number
from scenarios.agents import Agent, Context, ModelUse
from scenarios.cards import PriceCard
from scenarios.fields import Section
from scenarios.period import Volume
from scenarios.places import Written
from scenarios.problems import Path
from scenarios.risks import Drivers, Event
from scenarios.schema import Scenario
from scenarios.writer import Inline, write_yaml

Cards = Mapping[str, tuple[PriceCard, ...]]

# Where none is a choice worth seeing; elsewhere a field without a value is left out.
_SHOWN_NONE: dict[type[Section], dict[str, str]] = {
    Scenario: {"budget": "none", "spent": "all of the period is simulated"},
    Volume: {"dispersion": "Poisson", "peak_hour": "no hour fails more than others"},
    Event: {"days": "to the end of the period"},
    Agent: {"first_message_tokens": "message_tokens", "cache": "no caching", "max_output_tokens": "no cap"},
    Context: {"limit": "the model's window"},
}
_WHOLE_PROMPT_HAS_NO = {
    "system_tokens",
    "message_tokens",
    "first_message_tokens",
    "retrieved_tokens",
    "context",
    "cache",
}


def resolved_yaml(scenario: Scenario, cards: Cards) -> str:
    """A scenario with nothing left unsaid.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    cards : mapping of str to tuple of PriceCard
        One card a day, by model.

    Returns
    -------
    str
        YAML. Comments give the mean, P95 and greatest value of each law, the prices of each model, and mark what its
        writer left to a default.
    """
    page = _Page(scenario, cards)
    tree = page.section(scenario, (), stated=True)
    heading = f"{scenario.name} in full: every default and price (USD per million tokens), and what each law comes to."
    return write_yaml(tree, page.comments, heading)


class _Page:
    """Collects plain values and the comments that belong beside them."""

    def __init__(self, scenario: Scenario, cards: Cards) -> None:
        self.scenario = scenario
        self.cards = cards
        self.comments: dict[Path, str] = {}
        self.folder = scenario.written.folder if scenario.written is not None else None

    def section(self, section: Section, path: Path, *, stated: bool) -> dict[str, Any]:
        """A section's fields as plain values."""
        tree: dict[str, Any] = {}
        for name in type(section).model_fields:
            value = getattr(section, name)
            if _left_out(section, name, value):
                continue
            here = (*path, name)
            said = stated and name in section.model_fields_set
            tree[name] = self.value(value, here, stated=said)
            if not said and not isinstance(value, Section):
                none = _SHOWN_NONE.get(type(section), {}).get(name) if value is None else None
                self._remark(here, f"default: {none}" if none else "default")
        if isinstance(section, Agent):
            self._windows(section, (*path, "context", "limit"))
        return tree

    def _windows(self, agent: Agent, path: Path) -> None:
        """Say what the limit is where it is the model's window."""
        limit = agent.context.limit
        if limit is None and path in self.comments:
            windows = [self.cards[model][0].context_window for model in agent.model.names if model in self.cards]
            self._remark(path, ", ".join(_tokens(window) for window in windows))
        for model in agent.model.shares if isinstance(limit, dict) else ():
            if agent.context.limit_of(model) is None and model in self.cards:
                self._remark(path, f"{model}: default: its window, {_tokens(self.cards[model][0].context_window)}")

    def value(self, value: Any, path: Path, *, stated: bool) -> Any:
        """One field as a plain value, with its comment."""
        if isinstance(value, Law):
            if isinstance(value.spec, dict) or value.support()[0] < value.support()[1]:
                self._remark(path, law_words(value))
            return _spec(value.spec, self.folder)
        if isinstance(value, ModelUse):
            return _model(value)
        if isinstance(value, Drivers) and value.typical:
            self._remark(path, f"volume: {law_words(value.levels['volume'])}")
            return "typical"
        if isinstance(value, Section):
            return self.section(value, path, stated=stated)
        if isinstance(value, dict):
            return self._mapping(value, path, stated=stated)
        if isinstance(value, tuple):
            return [self.value(item, (*path, number), stated=stated) for number, item in enumerate(value)]
        return value

    def _mapping(self, value: dict[Any, Any], path: Path, *, stated: bool) -> dict[str, Any]:
        tree = {}
        for key, item in value.items():
            name = "~".join(key) if isinstance(key, tuple) else str(key)
            tree[name] = self.value(item, (*path, name), stated=stated)
            if path == ("models",) and name in self.cards:
                self._remark((*path, name), price_words(self.cards[name]))
        laws = any(isinstance(item, Law | Section) for item in value.values())
        return tree if laws else Inline(tree)

    def _remark(self, path: Path, words: str) -> None:
        self.comments[path] = "; ".join(filter(None, (self.comments.get(path), words)))


def law_words(law: Law) -> str:
    """What a law comes to: mean, P95 and greatest value."""
    low, high = law.support()
    if low == high:
        return f"exactly {format_number(low)}"
    most = f"max {format_number(high)}" if math.isfinite(high) else "no max"
    return f"mean {format_number(law.mean())}, P95 {format_number(float(law.ppf(0.95)))}, {most}"


def price_words(cards: tuple[PriceCard, ...]) -> str:
    """Prices of a model, day by day where they change, with their source."""
    stretches = [card for card, _ in groupby(cards)]
    words = [_card_words(card) for card in stretches]
    source = f" ({stretches[0].source})" if stretches else ""
    return " | later ".join(words) + source


def _card_words(card: PriceCard) -> str:
    tiers = [
        (f"above {tier.above:,.0f} tokens: " if tier.above > 0 else "")
        + f"in {tier.input:g}, out {tier.output:g}, cached {tier.cached_input:g}, written {tier.cache_write:g}"
        for tier in card.tiers
    ]
    window = f", window {card.context_window:,}" if card.context_window else ""
    return ", ".join(tiers) + window


def _tokens(window: int | None) -> str:
    return f"{window:,}" if window else "unknown"


def _left_out(section: Section, name: str, value: Any) -> bool:
    """Fields that would say nothing here, or could not stand beside what is here."""
    if value is None:
        return name not in _SHOWN_NONE.get(type(section), {}) or _beside_whole_prompt(section, name)
    if name in {"extends", "typical"} or (value in ({}, (), "") and name not in section.model_fields_set):
        return True
    if isinstance(section, Scenario) and name == "usd_rate":
        return section.currency == "USD"
    if isinstance(section, Agent) and name == "cached_share":
        return not section.whole_prompt
    if isinstance(section, Context) and name == "summary_tokens":
        return section.overflow != "compact"
    if isinstance(section, Event) and name == "probability":
        return section.date is None
    return _beside_whole_prompt(section, name)


def _beside_whole_prompt(section: Section, name: str) -> bool:
    return isinstance(section, Agent) and section.whole_prompt and name in _WHOLE_PROMPT_HAS_NO


def _model(use: ModelUse) -> Any:
    if use.cascade:
        return Inline(cascade=list(use.cascade), escalate_rate=use.escalate_rate)
    return next(iter(use.shares)) if len(use.shares) == 1 else Inline(use.shares)


def _spec(spec: Any, folder: FilePath | None) -> Any:
    """A law as written; a data file named in another folder's file is named from this one's."""
    if isinstance(spec, dict):
        source = getattr(spec, "folder", None)
        move = os.path.relpath(source, folder) if source is not None and folder is not None else "."
        return Inline({key: _moved(key, item, move) for key, item in spec.items()})
    return spec


def _moved(key: str, item: Any, move: str) -> Any:
    if isinstance(item, Written):
        return Inline({name: _moved(name, value, move) for name, value in item.items()})
    if isinstance(item, list):
        return [_moved("", value, move) for value in item]
    return os.path.join(move, str(item)) if key == "file" and move != "." else item  # noqa: PTH118 - may be a URL-like name
