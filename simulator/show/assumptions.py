"""Every assumption of a scenario in words and small drawings, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scenarios.inputs import basis, count_inputs
from scenarios.problems import dotted
from scenarios.words import ASSUMED, MEASURED
from simulator.show import words
from simulator.show.reading import Reading
from simulator.show.scenario_words import control_words, event_words, law_words, shared_words
from simulator.show.sketch import StatedLaw, sketch, stated_laws

if TYPE_CHECKING:
    from datetime import date

    from scenarios.inputs import Basis, InputCounts
    from scenarios.prices import PriceBook, PriceCard
    from scenarios.schema import Scenario

WIDTH, HEIGHT = 180.0, 44.0
"""Of a small drawing, in its own units."""


@dataclass(frozen=True)
class LawCard:
    """A law drawn small.

    Attributes
    ----------
    name, line : where it is stated: inside its section, and in the file
    said : the law in a few words
    source : where its numbers come from, as the scenario says
    basis : what its numbers rest on
    outline : path of an SVG in a box of WIDTH x HEIGHT; empty for a constant
    p5, p50, p95 : positions in that box, from the left
    """

    name: str
    line: int | None
    said: str
    source: str | None
    basis: Basis
    outline: str = ""
    p5: float = 0.0
    p50: float = 0.0
    p95: float = 0.0


@dataclass(frozen=True)
class PriceLine:
    """A line of the price table; amounts in US dollars per million tokens, as text."""

    model: str
    when: str
    above: str
    input: str
    output: str
    cached: str
    written: str
    terms: str
    source: str


@dataclass(frozen=True)
class Assumptions:
    """All that a forecast stands on, in the order in which a report shows it.

    Attributes
    ----------
    counts : how many inputs are measured, cited, stated, assumed, defaults
    drivers : laws of what the trials share
    groups : the other laws that are drawn, by the section that states them
    constants : what is one number in every session, as ``(path, value)``
    shared : sentences about volume, correlation, trends
    events, controls : sentences by name
    fixed : rows of name, amount, when
    prices : rows of the price table, and what was assumed on the way
    story, sources, notes : as the scenario has them
    resolved : the whole scenario with every default, price and law in place, as YAML
    """

    counts: InputCounts
    drivers: list[LawCard]
    groups: dict[str, list[LawCard]]
    constants: list[tuple[str, str]]
    shared: list[str]
    events: list[tuple[str, str]]
    controls: list[str]
    fixed: list[tuple[str, str, str]]
    prices: list[PriceLine]
    price_notes: list[str]
    prices_said: str
    story: str
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    resolved: str


def assumptions(scenario: Scenario, prices: PriceBook, reading: Reading) -> Assumptions:
    """Collect the assumptions of a scenario."""
    from scenarios.resolved import resolved_yaml

    stated = stated_laws(scenario)
    drawn = [one for one in stated if not one.constant]
    groups: dict[str, list[LawCard]] = {}
    for one in drawn:
        if one.keys[0] != "drivers":
            groups.setdefault(_group(one), []).append(law_card(one))
    return Assumptions(
        counts=count_inputs(scenario),
        drivers=[law_card(one) for one in drawn if one.keys[0] == "drivers"],
        groups=groups,
        constants=[(one.path, law_words(one.law)) for one in stated if one.constant],
        shared=list(shared_words(scenario)),
        events=[(name, event_words(event)) for name, event in scenario.events.items()],
        controls=[control_words(control) for control in scenario.controls],
        fixed=list(_fixed(scenario, reading)),
        prices=list(_prices(prices)),
        price_notes=list(prices.notes),
        prices_said=_prices_said(prices),
        story=scenario.story,
        sources=scenario.sources,
        notes=scenario.notes,
        resolved=resolved_yaml(scenario, prices.cards),
    )


# Laws


def law_card(one: StatedLaw) -> LawCard:
    """A law as a card; a constant has no drawing."""
    card = LawCard(_name(one), one.line, law_words(one.law), _source(one), basis(one.law))
    if one.constant:
        return card
    shape = sketch(one.law)
    low, span = float(shape.edges[0]), float(shape.edges[-1] - shape.edges[0])

    def across(value: float) -> float:
        return round(min(max((value - low) / span, 0.0), 1.0) * WIDTH, 1)

    def height(share: float) -> float:
        return round(HEIGHT * (1 - 0.96 * share), 1)

    base = f"{HEIGHT:g}"
    if shape.discrete:
        # bars that stand apart
        bars = [
            (across(m - 0.38), across(m + 0.38), height(h)) for m, h in zip(shape.middles, shape.heights, strict=True)
        ]
        outline = "".join(f"M{left},{base}L{left},{y:g}L{right},{y:g}L{right},{base}Z" for left, right, y in bars)
    else:
        line = "".join(f"L{across(m)},{height(h):g}" for m, h in zip(shape.middles, shape.heights, strict=True))
        outline = f"M{across(shape.middles[0])},{base}{line}L{across(shape.middles[-1])},{base}Z"
    return replace(card, outline=outline, p5=across(shape.p5), p50=across(shape.p50), p95=across(shape.p95))


def _source(one: StatedLaw) -> str | None:
    """Where a law comes from; that it was measured, or assumed, is said by its basis."""
    return one.law.source and one.law.source.removeprefix(ASSUMED).removeprefix(MEASURED)


def _section(one: StatedLaw) -> tuple[str | int, ...]:
    """The section that states a law: ``agents.chat`` of ``agents.chat.tools.search.calls_per_turn``."""
    return one.keys[: 1 if one.keys[0] in ("drivers", "volume") else 2]


def _group(one: StatedLaw) -> str:
    return dotted(_section(one))


def _name(one: StatedLaw) -> str:
    return dotted(one.keys[len(_section(one)) :] or one.keys)


# Tables


def _fixed(scenario: Scenario, reading: Reading) -> Iterator[tuple[str, str, str]]:
    for name, amount in scenario.fixed_costs.monthly.items():
        yield name, reading.stated(amount), "each month, by the day"
    for name, cost in scenario.fixed_costs.one_time.items():
        inside = reading.dates[0] <= cost.date <= reading.dates[-1]
        yield name, reading.stated(cost.amount), words.full_date(cost.date) + ("" if inside else ", outside the period")


def _prices(book: PriceBook) -> Iterator[PriceLine]:
    for alias in book.cards:
        for since, until, card in book.runs(alias):
            whole = (since, until) == (book.dates[0], book.dates[-1])
            for tier in card.tiers:
                yield PriceLine(
                    model=alias,
                    when="" if whole else _span(since, until),
                    above=f"above {tier.above:,.0f} tokens" if tier.above > 0 else "",
                    input=_usd(tier.input),
                    output=_usd(tier.output),
                    cached=_usd(tier.cached_input),
                    written=_usd(tier.cache_write) if card.has_cache_write else "as input",
                    terms=_terms(card),
                    source=card.source,
                )


def _prices_said(book: PriceBook) -> str:
    """Whose prices stand in the table, and what was known when."""
    if not book.listed:
        return "as the scenario states them"
    ahead = "" if book.as_of == book.data_date else f"; the scenario looks ahead from {words.full_date(book.as_of)}"
    known = f"the catalogue of {words.full_date(book.data_date)}"
    return f"as {known} has them for the days of the period, announced changes counted{ahead}"


def _terms(card: PriceCard) -> str:
    """What is paid beside or instead of the list price."""
    pays = "" if card.pays == 1 else f"paid {words.percent(card.pays)} of it"
    fee = f"{_usd(card.fee_per_call)} a call on top" if card.fee_per_call else ""
    return words.listing([term for term in (pays, fee) if term])


def _span(since: date, until: date) -> str:
    return words.day_range(since, until)


def _usd(price: float) -> str:
    """A price at five digits, which is more than any list price has; blends over hours have more."""
    return words.money_stated(words.round_to(price, 5))
