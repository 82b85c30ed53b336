"""A backtest in words and as a table."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.words import WEEKDAYS
from simulator.coverage import FEWEST_SUMS
from simulator.judged import COST, FIGURES, MATCH, MATERIAL, OFF, SPEND, TOO_FEW, WIDEST, Judged, Quantity
from simulator.show.figure_words import NAMES, amount, told
from simulator.show.tables import columns
from simulator.show.words import LONG_WEEKDAYS, count, listing, money, percent

if TYPE_CHECKING:
    from simulator.backtest import Backtest
    from simulator.coverage import Coverage
    from simulator.days import Days

BADGES = {MATCH: "MATCHES", OFF: "IS OFF", TOO_FEW: "CAN'T TELL"}
_SUBJECTS = {
    COST: "Session costs", SPEND: "Costs of days", "output per call": "Outputs of calls",
    "prompt per call": "Prompts of calls",
}  # fmt: skip
_GLUE = "\u00a0"
"""Holds a number and its sign together while lines are broken."""
_SHORT = {MATCH: "match", OFF: "OFF", TOO_FEW: "too few to tell"}
RULE = (
    "Rule: chance is how far the observed figure moves of itself, so that of the six of a line one in twenty times any "
    f"goes beyond. OFF is beyond it and by more than {100 * MATERIAL:.0f} %. Else it is too few to tell where chance "
    f"spans more than {100 * WIDEST:.0f} %, or has no end (?) because no session lies far enough out. What is equal "
    "passes, and counts that are 1 apart, their mean excepted. A line is OFF where any of its figures is, and matches "
    "where its P50 and mean do. Sums are OFF where fewer lie inside than chance leaves, and fewer than nine tenths of "
    "what was promised."
)
_WIDE = "what it has for sums of sessions is wider than it needs to be"
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
    """Text in lines, no number parted from its percent sign, and no range from what it is of."""
    glued = re.sub(r"(?<=\d) to (?=[-+?\d])|\b(P\d\d|mean) (?=[-+±\d])| (?=%)", _held, text)
    return textwrap.fill(glued, width, break_on_hyphens=False, break_long_words=False).replace(_GLUE, " ")


def _held(found: re.Match[str]) -> str:
    return found[0].replace(" ", _GLUE)


def headline(tested: Backtest) -> str:
    """The verdict, which is on money, and what else is off."""
    return f"{BADGES[tested.verdict]}   {verdict_sentence(tested)}"


def verdict_sentence(tested: Backtest) -> str:
    """What a budget is made of, the bill, costs of sessions and of days; what else is off, and what too wide."""
    off = [_subject(one).lower() for one in tested.quantities if one.verdict == OFF and one.name not in {COST, SPEND}]
    wide = tested.coverage is not None and tested.coverage.wide
    said = [tested.bill, _money_words(tested), f"{listing(off)} are off" if off else "", _WIDE if wide else ""]
    return f"{'; '.join(filter(None, said))}."


def _money_words(tested: Backtest) -> str:
    found = {one.name: one for one in tested.quantities if one.name in {COST, SPEND}}
    by_verdict = {
        verdict: listing([_SUBJECTS[name].lower() for name, one in found.items() if one.verdict == verdict])
        for verdict in (MATCH, OFF)
    }
    alike = f"{by_verdict[MATCH]} are like the observed ones"
    if by_verdict[OFF]:
        rest = f", though {alike}" if by_verdict[MATCH] else ""
        return f"simulated {by_verdict[OFF]} differ from the observed ones by more than chance makes{rest}"
    if tested.coverage is not None and tested.coverage.off:
        rest = f", though simulated {alike}" if by_verdict[MATCH] else ""
        return f"{_narrow_words(tested.coverage)}{rest}"
    if found[COST].verdict != MATCH:
        return "too few sessions were observed to say whether their costs are like the simulated ones"
    passed = any(figure.passed for one in found.values() if one.verdict == MATCH for figure in one.figures.values())
    return f"simulated {alike}, {'within chance or a tenth' if passed else 'as far as these can tell'}"


def _narrow_words(coverage: Coverage) -> str:
    return (
        f"the scenario is surer than it should be: of sums of {coverage.size} sessions {percent(coverage.inside)} lie "
        f"in its {percent(coverage.level)} interval, which is too narrow for them"
    )


def off_words(tested: Backtest) -> str:
    """What is off, in sentences, for who sees nothing but them."""
    log = "sessions held back" if tested.held_out else "sessions of the log"
    off = " ".join(_sentence(one) for one in _in_order(tested) if one.verdict == OFF)
    return f"Against {tested.sessions:,} {log}: {verdict_sentence(tested)} {off}".strip()


def verdict_words(tested: Backtest) -> str:
    """A sentence a quantity, session costs first."""
    return " ".join(_sentence(one) for one in _in_order(tested))


def _in_order(tested: Backtest) -> list[Quantity]:
    order = {name: place for place, name in enumerate(_FIRST)}
    return sorted(tested.quantities, key=lambda one: order.get(one.name, len(order)))


def further_words(tested: Backtest) -> Iterator[str]:
    """Coverage, spread, the rule, and what was assumed."""
    spread = tested.spread
    if tested.coverage is not None:
        yield sums_words(tested.coverage, tested.currency)
    if spread is not None:
        beyond = "more" if spread.distance > spread.expected else "no more"
        yield (
            f"Spread: the distributions of session costs are {percent(spread.distance)} apart at most, {beyond} than "
            f"the {percent(spread.expected)} that chance passes in one case of twenty, were sessions independent"
            f"{'' if tested.held_out else ' and the laws not learnt from them'}."
        )
    if tested.days is not None:
        yield days_words(tested.days)
    yield RULE
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


def sums_words(coverage: Coverage, unit: str) -> str:
    """How often observed sums lie where the scenario has them, whether that can be told, and how wide it is."""
    word = {MATCH: "match", OFF: "are OFF", TOO_FEW: "are too few to tell"}[coverage.verdict]
    promised = percent(coverage.level)
    predicted = _between(coverage.low, coverage.high, coverage.factor, unit)
    own = _between(coverage.own_low, coverage.own_high, coverage.own_factor, unit)
    there, least = _told_apart(coverage.inside, coverage.least)
    said = [
        f"Sums {word}: in {promised} of cases the scenario puts the mean cost of {coverage.size} sessions {predicted}.",
        f"Of {coverage.sets} sets of {coverage.size} drawn from the observed sessions, {there} lie there, and",
        f"{promised} of them {own}. {count(coverage.sessions)} sessions make {coverage.sums:.3g} such sums, of which",
        f"chance leaves {least} or more there in 19 of 20 logs, were the scenario right.",
    ]
    if coverage.verdict == TOO_FEW and coverage.sums < FEWEST_SUMS:
        said.append(f"It takes {FEWEST_SUMS} to notice as surely an interval that holds half of what it promises.")
    if coverage.wide:
        said.append(
            "The interval is wider than it needs to be: these sets and the number of sessions explain a factor of "
            f"{coverage.explained:.3g}; that is no risk to a budget, but its drivers, or costs of its sessions, differ "
            "more than this log shows."
        )
    return " ".join(said)


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """Two shares, with so many decimals that they are equal only where they are."""
    for places in range(1, 9):
        said = percent(one, places), percent(other, places)
        if said[0] != said[1] or one == other:
            break
    return said


def _between(low: float, high: float, factor: float, unit: str) -> str:
    apart = f", a factor of {factor:.3g}" if math.isfinite(factor) else ""
    return f"between {money(low, unit)} and {money(high, unit)}{apart}"


def figure_table(tested: Backtest, width: int) -> str:
    """Simulated over observed by quantity and figure, and what chance explains of each."""
    head = ("simulated/observed", *(NAMES[figure] for figure in FIGURES), "")
    rows: list[tuple[str, ...]] = [head]
    for quantity in tested.quantities:
        figures = [quantity.figures[figure] for figure in FIGURES]
        printed = [told(one, quantity.unit) for one in figures]
        rows.append((quantity.name, *(one.difference for one in printed), _SHORT[quantity.verdict]))
        rows.append(("  chance", *(one.short for one in printed), ""))
        rows.append(("  observed", *(amount(one.observed, quantity.unit) for one in figures), ""))
    return columns(rows, align="l" + "r" * len(FIGURES) + "l", width=width)


def _sentence(quantity: Quantity) -> str:
    subject, unit = _subject(quantity), quantity.unit
    off = [one for one in quantity.figures.values() if one.verdict == OFF]
    if off:
        by_figure = listing([f"{_less(one, unit)} at {_at(one)}" for one in off])
        return f"{subject} are {by_figure}, beyond what chance makes ({_chances(off, unit)})."
    units = f"{quantity.sessions:,} {'days' if quantity.name == SPEND else 'sessions'}"
    if quantity.verdict == TOO_FEW:
        return f"{subject}: {units} are too few to tell."
    asked = [quantity.figures[figure] for figure in ("p50", "p95", "mean")]
    rest = listing([NAMES[one.figure] for one in asked if one.verdict == TOO_FEW])
    few = f"{units} are too few for its {rest}" if rest else ""
    within = [one for one in asked if one.verdict == MATCH and one.within]
    alike = f"{_differences(within, unit)}, within what {units} can tell ({_chances(within, unit)})" if within else ""
    return f"{subject} match: {'; '.join(filter(None, [alike, *_passed(quantity, units), few]))}."


def _passed(quantity: Quantity, units: str) -> Iterator[str]:
    """What matches though chance does not explain it, and why."""
    passed = [one for one in quantity.figures.values() if one.passed]
    for because, figures in (
        ("but by no more than a tenth", [one for one in passed if not one.material]),
        ("but by no more than 1", [one for one in passed if one.material]),
    ):
        if figures:
            chances = _chances(figures, quantity.unit)
            yield f"{_differences(figures, quantity.unit)}, beyond what {units} explain ({chances}) {because}"


def _differences(figures: list[Judged], unit: str) -> str:
    return ", ".join(f"{NAMES[one.figure]} {told(one, unit).difference}" for one in figures)


def _chances(figures: list[Judged], unit: str) -> str:
    return ", ".join(f"{NAMES[one.figure]} {told(one, unit).chance}" for one in figures)


def _subject(quantity: Quantity) -> str:
    return _SUBJECTS.get(quantity.name, quantity.name.capitalize())


def _at(one: Judged) -> str:
    return "the mean" if one.figure == "mean" else NAMES[one.figure]


def _less(one: Judged, unit: str) -> str:
    if not math.isfinite(one.difference):
        return "more than the none that was observed"
    return f"{told(one, unit).difference.lstrip('+-')} too {'high' if one.difference > 0 else 'low'}"
