"""The report of a calibration: one HTML file that shows a sceptic what a scenario rests on.

The verdict on simulated against observed sessions comes first, then the bill, the comparison quantile by quantile, what
the log leaves open, each law against its data, and what could not be learnt or was assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.bill_apart import apart_in_all
from scenarios.bills import USD, invoice_words
from scenarios.words import ASSUMED, sentence
from simulator import __version__
from simulator.judged import COST, FIGURES, MATCH, OFF, TOO_FEW, Judged, Quantity
from simulator.show import page, words
from simulator.show.backtest_words import BADGES, further_words, verdict_sentence
from simulator.show.calibration_screen import reading_words
from simulator.show.figure_words import NAMES, amount, told
from simulator.show.next_words import next_words
from simulator.show.plot_fits import distribution, law_against_data
from simulator.show.plot_heaviness import heaviness

if TYPE_CHECKING:
    from datetime import date

    from distributions.choice import Choice
    from distributions.fit import Fitted
    from scenarios.bills import Bill
    from scenarios.calibrating.learnings import Learnt
    from simulator.backtest import Backtest
    from simulator.calibration import Calibrated

MOST_LAWS = 12
"""Laws whose pictures are open at once; those of the others are folded away."""

MOST_RIVALS = 8
FEW_VALUES = 3
"""Distinct values up to which shares say all, and a curve through them says nothing."""

_KINDS = {MATCH: "holds", OFF: "breaks", TOO_FEW: "forecast"}
_ICONS = {
    "holds": '<path d="M3 10.5 8 15.5 17 5"/>',
    "breaks": '<path d="M4 4 16 16M16 4 4 16"/>',
    "forecast": '<path d="M3 17V11M10 17V6M17 17V2"/>',
}


@dataclass(frozen=True)
class LawView:
    """One law against its data, as the page shows it."""

    path: str
    title: str
    about: str
    quality: str
    picture: page.Picture | None
    rows: Sequence[tuple[str, ...]]
    rivals: Sequence[tuple[str, ...]]
    tail: str
    heaviness: page.Picture | None


def render(made: Calibrated, file: str | None = None) -> str:
    """The report of a calibration as one self-contained HTML page.

    Parameters
    ----------
    made : what was learnt, and what came of holding it against the log
    file : where the scenario was written, for the command that runs it
    """
    known, judged = made.calibration, made.held_out or made.in_sample
    name = known.document.get("name") or (Path(file).stem if file else made.scenario.name)
    laws = [view for view in map(_law, _once(known.learnt)) if view is not None]
    return (
        page.environment()
        .get_template("calibration.html")
        .render(
            css=page.css(),
            version=__version__,
            title=made.scenario.title or name,
            name=name,
            badge=badge(judged),
            sentence=_sentence(made),
            second=" ".join(filter(None, [_second(known.bill), known.paid])),
            lines=list(_lines(made, judged)),
            warnings=known.warnings,
            bill=list(_bill_rows(known.bill)),
            bill_said=_bill_words(known.bill),
            currency=known.bill.currency,
            costs=costs_picture(made.in_sample),
            tests=[figures_view(one, _whose(one)) for one in made.tested],
            figures=figure_names(),
            drivers=list(_drivers(made)),
            open_said=known.comments.get("drivers", ""),
            laws=laws,
            most_laws=MOST_LAWS,
            unlearnt=known.unlearnt,
            assumed=known.assumed,
            reading=list(reading_words(known.reading)),
            scenario=known.text(Path(file).stem if file else name),
            next=next_words(made.tested, file or f"{name}.yaml", "This page", made.telling),
            off=any(one.verdict == OFF for one in made.tested),
        )
    )


# Head


def _sentence(made: Calibrated) -> str:
    judged = made.held_out or made.in_sample
    if judged.verdict == OFF:
        return sentence(verdict_sentence(judged))
    cost = judged.quantity(COST)
    against = "sessions that it never saw" if judged.held_out else "the sessions that it was learnt from"
    known = [cost.figures[each] for each in ("p50", "p95", "mean") if cost.figures[each].verdict != TOO_FEW]
    shown = ", ".join(f"{NAMES[each.figure]} {told(each, cost.unit).difference}" for each in known)
    return f"Simulated session costs against {against}: {shown or 'too few to tell'}."


def _second(bill: Bill) -> str:
    repriced = words.cents(bill.repriced)
    if bill.recorded is None:
        return f"The log repriced at list prices: {repriced}; it records no cost to hold that against."
    off = apart_in_all(bill)
    apart = "" if off is None else f", {_change(off)} apart"
    recorded = words.cents(bill.recorded, bill.currency)
    return f"The log repriced at list prices: {repriced}, against {recorded} recorded{apart}."


def _lines(made: Calibrated, judged: Backtest) -> Iterator[tuple[str, str]]:
    known = made.calibration
    days = known.bill.days
    seen = f"{words.count(known.reading.calls)} calls of {words.count(len(known.sessions))} sessions"
    yield (
        "Learnt from",
        seen + (f", {_dates(*days)}" if days else ", without dates"),
    )
    if judged.verdict != OFF:  # else it is the headline
        yield "Verdict", sentence(verdict_sentence(judged))
    if not judged.held_out:
        yield "Mind", "These are the sessions that it was learnt from, which flatters; --holdout 0.5 forecasts others"
    if said := invoice_words(known.bill):
        yield "Invoice", sentence(said)
    log_sd = known.drivers.spread.log_sd
    if math.isfinite(log_sd) and log_sd > 0:
        factor = math.exp(1.6449 * log_sd)
        yield "Left open", f"The mean cost of a session, by a factor of {factor:.3g} either way (P5 to P95)"


def badge(tested: Backtest) -> dict[str, Any]:
    """The verdict as a word and a sign, never by colour alone."""
    kind = _KINDS[tested.verdict]
    shape = '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">{}</svg>'
    return {"word": BADGES[tested.verdict], "kind": kind, "icon": page.markup(shape.format(_ICONS[kind]))}


# The bill


def _bill_rows(bill: Bill) -> Iterator[dict[str, Any]]:
    for line in bill.lines:
        recorded = words.cents(line.recorded, bill.currency) if line.recorded_calls else "–"
        there = line.recorded_calls and line.recorded and bill.currency == USD
        yield {
            "name": line.logged,
            "model": line.model,
            "calls": words.count(line.calls),
            "prompt": words.count(line.prompt),
            "output": words.count(line.output),
            "repriced": words.cents(line.repriced),
            "recorded": recorded,
            "apart": _change(line.repriced_there / line.recorded - 1) if there else "–",
            "reason": line.reason,
        }

    if len(bill.lines) > 1:
        yield _in_all(bill)


def _in_all(bill: Bill) -> dict[str, Any]:
    off = apart_in_all(bill)
    return {
        "name": "in all",
        "model": "in all",
        "calls": words.count(sum(line.calls for line in bill.lines)),
        "prompt": words.count(sum(line.prompt for line in bill.lines)),
        "output": words.count(sum(line.output for line in bill.lines)),
        "repriced": words.cents(bill.repriced),
        "recorded": "–" if bill.recorded is None else words.cents(bill.recorded, bill.currency),
        "apart": "–" if off is None else _change(off),
        "reason": "",
    }


def _bill_words(bill: Bill) -> str:
    said = invoice_words(bill) if bill.invoice is not None else ""
    return " ".join([f"Invoice: {said}." if said else "", *map(sentence, bill.notes)]).strip()


# Simulated against observed


def costs_picture(tested: Backtest) -> page.Picture | None:
    """Observed and simulated costs of sessions; None where they are too few or free."""
    if tested.costs is None:
        return None
    observed, simulated = tested.costs
    return page.picture(
        "costs",
        "What sessions cost: observed, and simulated from the laws",
        "The share of sessions that cost no more than an amount. While the simulated line stays inside the band, the "
        "two differ by no more than chance makes of so few sessions.",
        lambda narrow: distribution(observed, simulated, "cost of a session", tested.currency, narrow),
    )


def _whose(tested: Backtest) -> str:
    return "that were held back" if tested.held_out else "that it was learnt from"


def figure_names() -> list[str]:
    """Heads of the columns of `figures_view`."""
    return [NAMES[figure] for figure in FIGURES]


def figures_view(tested: Backtest, whose: str) -> dict[str, Any]:
    """A backtest as a table of figures with what is said of it; `whose` sessions it was held against."""
    return {
        "title": f"Against the {words.count(tested.sessions)} {words.plural('session', tested.sessions)} {whose}",
        "said": sentence(verdict_sentence(tested)),
        "rows": [_quantity(one) for one in tested.quantities],
        "further": list(further_words(tested)),
        "id": "held" if tested.held_out else "own",
    }


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.name,
        "verdict": {MATCH: "match", OFF: "off"}.get(quantity.verdict, "too few to tell"),
        "off": quantity.verdict == OFF,
        "figures": [_figure(quantity.figures[name], quantity.unit) for name in FIGURES],
    }


def _figure(one: Judged, unit: str) -> dict[str, Any]:
    printed = told(one, unit)
    return {
        "apart": printed.difference,
        "chance": printed.short,
        "observed": amount(one.observed, unit),
        "off": one.verdict == OFF,
    }


def _drivers(made: Calibrated) -> Iterator[tuple[str, str, str]]:
    known = made.calibration
    said = {one.path: one.source for one in known.learnt} | dict(known.comments)
    for name, value in known.drivers.section.items():
        if isinstance(value, Mapping) and "p5" in value:
            about = value["source"].removeprefix(ASSUMED) if "source" in value else said.get(f"drivers.{name}", "")
            yield name, f"{value['p5']:g} to {value['p95']:g}", about
        elif name != "correlation":
            yield name, str(value), said.get(f"drivers.{name}", "")


# Laws


def _once(learnt: Sequence[Learnt]) -> Iterator[Learnt]:
    """Each law once, though several agents have it."""
    seen: set[int] = set()
    for one in learnt:
        if one.choice is not None and one.choice.n > 1 and id(one.choice) not in seen:
            seen.add(id(one.choice))
            yield one


def _law(one: Learnt) -> LawView | None:
    choice = one.choice
    if choice is None or choice.sample.values.size < 2:
        return None
    starts = 1.0 - choice.tail.tail.share if choice.tail is not None else None
    picture = None
    if choice.sample.values.size > FEW_VALUES:
        picture = page.picture(
            one.path.replace(".", "-"),
            "",
            "",
            lambda narrow: law_against_data(choice.sample, choice.law, one.unit, starts, narrow),
        )
    about = f"{words.count(one.n)} values of {words.count(one.sessions)} {words.plural('session', one.sessions)}"
    heavy = None
    if choice.tail is not None and choice.hill[0].size:
        heavy = page.picture(
            f"{one.path.replace('.', '-')}-hill", "", "", lambda narrow: heaviness(choice, one.unit, narrow)
        )
    rows = [
        (
            each.name,
            _number(each.data),
            f"{_number(each.low)} to {_number(each.high)}",
            _number(each.law),
            _change(each.off),
        )
        for each in choice.near
    ]
    quality = choice.quality.split(";")[0]
    said = _tail(choice) if picture else _shares(choice)
    return LawView(one.path, one.title, about, quality, picture, rows, _rivals(choice), said, heavy)


def _rivals(choice: Choice) -> list[tuple[str, ...]]:
    """The nearest by AIC; the one that was taken, and those without a rank, wherever they stand."""
    if not choice.candidates:
        return []
    best = choice.candidates[0].aic
    taken = choice.quality.split(";")[0]
    shown = [
        fit
        for place, fit in enumerate(choice.candidates)
        if place < MOST_RIVALS or _called(fit) == taken or not fit.ranked
    ]
    return [
        (
            f"{_called(fit)} (taken)" if _called(fit) == taken else _called(fit),
            f"{fit.aic - best:,.0f}" if fit.ranked else "by percentiles", f"{fit.ks:.3f}", f"{fit.ad:.4f}",
            _number(float(fit.law.ppf([0.99])[0])), _number(fit.law.mean()),
        )
        for fit in shown
    ]  # fmt: skip


def _called(fit: Fitted) -> str:
    return fit.family.replace("_", " ")


def _shares(choice: Choice) -> str:
    """Each of a few values with its share of the data and of the law."""
    sample = choice.sample
    shares = sample.counts / np.sum(sample.counts)
    said = (
        f"{_number(value)}: {100 * share:.3g} % of the values, {100 * choice.law.mass(value, value):.3g} % of the law"
        for value, share in zip(sample.values.tolist(), shares.tolist(), strict=True)
    )
    return "; ".join(said) + "."


def _tail(choice: Choice) -> str:
    said = []
    if choice.tail is not None:
        at = f"P{100 * (1 - choice.tail.tail.share):.4g}"
        said.append(f"Tail above {at} from {choice.tail.n_above:,} values, {_index(*choice.tail.tail_index)} (95 %)")
    for value, share in choice.atoms[:3]:
        if share < 1:
            said.append(f"{100 * share:.3g} % of the values are exactly {_number(value)}")
    if choice.truncated_at is not None:
        said.append(f"no value lies above {_number(choice.truncated_at)}, where many stand: a limit")
    return ". ".join(said) + ("." if said else "")


def _index(index: float, low: float, high: float) -> str:
    """How heavy a tail is: the power that it falls with; one that is lighter than every power has none."""
    if math.isinf(low):
        return "lighter than any power"
    if math.isinf(index):
        return f"lighter than any power as it seems, tail index {low:.2g} at least"
    return f"tail index {index:.2g}, {f'{low:.2g} at least' if math.isinf(high) else f'{low:.2g} to {high:.2g}'}"


# Words


def _dates(first: date, last: date) -> str:
    until = "" if first == last else f" to {words.full_date(last)}"
    return f"{words.full_date(first)}{until}"


def _change(difference: float) -> str:
    return words.apart(difference, 1 if abs(difference) < 0.0995 else 0)


def _number(x: float) -> str:
    if not math.isfinite(x):
        return "infinite"
    return words.count(round(x)) if abs(x) >= 100 else f"{x:.3g}"
