"""A backtest in words and as a table."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.words import WEEKDAYS
from simulator.judged import COST, FIGURES, MATCH, OFF, SPEND, TOO_FEW, Judged, Quantity
from simulator.show.tables import columns
from simulator.show.words import LONG_WEEKDAYS, apart, count, listing, money, percent

if TYPE_CHECKING:
    from simulator.backtest import Backtest, Coverage
    from simulator.days import Days

_NAMES = {"mean": "mean"} | {figure: figure.upper() for figure in FIGURES if figure != "mean"}
BADGES = {MATCH: "MATCHES", OFF: "IS OFF", TOO_FEW: "CAN'T TELL"}
_SUBJECTS = {
    COST: "Session costs", SPEND: "Costs of days", "output per call": "Outputs of calls",
    "prompt per call": "Prompts of calls",
}  # fmt: skip
_GLUE = "\u00a0"
"""Holds a number and its sign together while lines are broken."""
_SHORT = {MATCH: "match", OFF: "OFF", TOO_FEW: "too few to tell"}
_FIRST = (COST, "tokens per session", "calls per session", "agents per session")


def backtest_text(tested: Backtest, width: int) -> str:
    """What a command line shows: the verdict, the figures, coverage, and how to read them."""
    parts = [
        filled(headline(tested), width),
        filled(verdict_words(tested), width),
        figure_table(tested, width),
        *(filled(line, width) for line in further_words(tested)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def filled(text: str, width: int) -> str:
    """Text in lines, no number parted from its percent sign."""
    return textwrap.fill(text.replace(" %", f"{_GLUE}%"), width, break_on_hyphens=False).replace(_GLUE, " ")


def headline(tested: Backtest) -> str:
    """The verdict, which is on money, and what else is off."""
    return f"{BADGES[tested.verdict]}   {verdict_sentence(tested)}"


def verdict_sentence(tested: Backtest) -> str:
    """What a budget is made of, costs of sessions and of days; then what else is off."""
    off = [_subject(one).lower() for one in tested.quantities if one.verdict == OFF and one.name not in {COST, SPEND}]
    return f"{_money_words(tested)}; {listing(off)} are off." if off else f"{_money_words(tested)}."


def _money_words(tested: Backtest) -> str:
    found = {one.name: one.verdict for one in tested.quantities if one.name in {COST, SPEND}}
    by_verdict = {
        verdict: listing([_SUBJECTS[name].lower() for name, each in found.items() if each == verdict])
        for verdict in (MATCH, OFF)
    }
    alike = f"{by_verdict[MATCH]} are like the observed ones"
    if by_verdict[OFF]:
        rest = f", though {alike}" if by_verdict[MATCH] else ""
        return f"simulated {by_verdict[OFF]} differ from the observed ones by more than chance makes{rest}"
    if tested.coverage is not None and tested.coverage.off:
        rest = f", though simulated {alike}" if by_verdict[MATCH] else ""
        return f"{_narrow_words(tested.coverage)}{rest}"
    if found[COST] == MATCH:
        return f"simulated {alike}, as far as these can tell"
    return "too few sessions were observed to say whether their costs are like the simulated ones"


def _narrow_words(coverage: Coverage) -> str:
    return (
        f"the scenario is surer than it should be: of sums of {coverage.size} sessions {percent(coverage.inside)} lie "
        f"in its {percent(coverage.level)} interval, which is too narrow for them"
    )


def off_words(tested: Backtest) -> str:
    """What is off, in sentences, for who sees nothing but them."""
    log = "sessions held back" if tested.held_out else "sessions of the log"
    off = " ".join(_sentence(one) for one in tested.quantities if one.verdict == OFF)
    return f"Against {tested.sessions:,} {log}: {verdict_sentence(tested)} {off}".strip()


def verdict_words(tested: Backtest) -> str:
    """A sentence a quantity, session costs first."""
    order = {name: place for place, name in enumerate(_FIRST)}
    quantities = sorted(tested.quantities, key=lambda one: order.get(one.name, len(order)))
    return " ".join(_sentence(one) for one in quantities)


def further_words(tested: Backtest) -> Iterator[str]:
    """Coverage, spread, the rule, and what was assumed."""
    coverage, spread, unit = tested.coverage, tested.spread, tested.currency
    if coverage is not None:
        yield (
            f"Sums: the scenario puts the mean cost of {coverage.size} sessions between {money(coverage.low, unit)} "
            f"and {money(coverage.high, unit)} in {percent(coverage.level)} of cases. Of {coverage.sets} sets of "
            f"{coverage.size} drawn from the observed sessions, {percent(coverage.inside)} lie there. "
            f"{count(tested.sessions)} sessions make {tested.sessions / coverage.size:.3g} such sums, of which chance "
            f"explains a share of {percent(coverage.least)} or more."
        )
    if spread is not None:
        beyond = "more" if spread.distance > spread.expected else "no more"
        yield (
            f"Spread: the distributions of session costs are {percent(spread.distance)} apart at most, {beyond} than "
            f"the {percent(spread.expected)} that chance passes in one case of twenty, were sessions independent"
            f"{'' if tested.held_out else ' and the laws not learnt from them'}."
        )
    if tested.days is not None:
        yield days_words(tested.days)
    yield (
        "Rule: ± is how far chance takes a figure, so wide that of the six of a line one in twenty times any goes "
        "beyond. OFF is beyond it and by more than 10 %; too few to tell is wider than ±50 %, or where no session "
        "lies far enough out (±?)."
    )
    yield from (f"Assumed: {note.removesuffix('.')}." for note in tested.notes)
    yield from tested.read


def days_words(days: Days) -> str:
    """What days say of volume: coverage and weekdays."""
    if days.inside is None:
        held = "a single day" if days.n == 1 else f"{days.n} whole days"
        return f"Days: the log holds {held}, too few to tell how days spend."
    told = (
        f"Days: of {days.n} observed days, {percent(days.inside)} spent within the {percent(days.level)} interval that "
        "the scenario has for their weekday."
    )
    off = [one for one in days.weekdays if one.off]
    if off:
        names: dict[str, str] = dict(zip(WEEKDAYS, LONG_WEEKDAYS, strict=True))
        listed = listing([f"{names[one.name]} {one.observed:.2f}, simulated {one.simulated:.2f}" for one in off])
        return f"{told} Weekdays spend other shares of a mean day than simulated, beyond what chance makes: {listed}."
    return f"{told} Weekdays are like the observed ones." if days.weekdays else f"{told} Weekdays need three weeks."


def figure_table(tested: Backtest, width: int) -> str:
    """Simulated over observed by quantity and figure, and the band of each."""
    head = ("simulated/observed", *(_NAMES[figure] for figure in FIGURES), "")
    rows: list[tuple[str, ...]] = [head]
    for quantity in tested.quantities:
        figures = [quantity.figures[figure] for figure in FIGURES]
        rows.append((quantity.name, *(apart(one.difference) for one in figures), _SHORT[quantity.verdict]))
        rows.append(("  chance", *(_band(one) for one in figures), ""))
        rows.append(("  observed", *(_amount(one.observed, quantity.unit) for one in figures), ""))
    return columns(rows, align="l" + "r" * len(FIGURES) + "l", width=width)


def _sentence(quantity: Quantity) -> str:
    subject = _subject(quantity)
    units = "days" if quantity.name == SPEND else "sessions"
    off = [one for one in quantity.figures.values() if one.verdict == OFF]
    if off:
        told = listing([f"{_less(one)} at {_at(one)}" for one in off])
        return f"{subject} are {told}, beyond what chance makes ({_chances(off)})."
    if quantity.verdict == TOO_FEW:
        return f"{subject}: {quantity.sessions:,} {units} are too few to tell."
    asked = [quantity.figures[figure] for figure in ("p50", "p95", "mean")]
    shown = [one for one in asked if one.verdict == MATCH]
    told = ", ".join(f"{_NAMES[one.figure]} {apart(one.difference)}" for one in shown)
    rest = listing([_NAMES[one.figure] for one in asked if one.verdict == TOO_FEW])
    beyond = f"; they are too few for its {rest}" if rest else ""
    return f"{subject} match: {told}, within what {quantity.sessions:,} {units} can tell ({_chances(shown)}){beyond}."


def _subject(quantity: Quantity) -> str:
    return _SUBJECTS.get(quantity.name, quantity.name.capitalize())


def _at(one: Judged) -> str:
    return "the mean" if one.figure == "mean" else _NAMES[one.figure]


def _chances(figures: list[Judged]) -> str:
    return ", ".join(f"{_NAMES[one.figure]} {_band(one)}" for one in figures)


def _less(one: Judged) -> str:
    if not math.isfinite(one.difference):
        return "more than the none that was observed"
    return f"{abs(one.difference):.0%} too {'high' if one.difference > 0 else 'low'}".replace("%", " %")


def _band(one: Judged) -> str:
    return f"±{100 * one.band:.0f} %" if math.isfinite(one.band) else "±?"


def _amount(value: float, unit: str) -> str:
    if unit in {"tokens", "count"}:
        return count(round(value)) if value >= 100 else f"{value:.3g}"
    return money(value, unit)
