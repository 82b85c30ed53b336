"""What `burncurve calibrate` shows: the bill first, then what was learnt, how it compares, and what was not learnt."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.bill_apart import apart_in_all
from scenarios.bills import USD, invoice_words
from scenarios.logs.costs import NO_COST
from scenarios.logs.reading import ignored_words
from scenarios.words import sentence
from simulator.show.backtest_words import backtest_text, filled
from simulator.show.next_words import next_words
from simulator.show.tables import columns
from simulator.show.words import apart, cents, count, money_stated

if TYPE_CHECKING:
    from scenarios.bills import Bill
    from scenarios.calibrating.learnings import Learnt
    from scenarios.logs.reading import Reading
    from simulator.calibration import Calibrated


def calibration_screen(made: Calibrated, width: int, file: str | None = None, report: str | None = None) -> str:
    """All of it as text; `file` is where the scenario was written, `report` where its page."""
    known = made.calibration
    bill = bill_text(known.bill, width, are_unread=NO_COST in known.reading.unread)
    parts = [
        "\n".join(filter(None, [bill, filled(known.paid, width)])),
        "\n".join(_filled(reading_words(known.reading), width)),
        learnt_table(known.learnt, width),
        "Simulated against the sessions that it was learnt from\n" + backtest_text(made.in_sample, width).rstrip(),
    ]
    if made.held_out is not None:
        held = f"Learnt from the others, against {made.held_out.sessions:,} sessions held back\n"
        parts.append(held + backtest_text(made.held_out, width).rstrip())
    for title, sentences in (
        ("Not learnt", known.unlearnt),
        ("Assumed", known.assumed),
        ("Mind", known.warnings),
    ):
        if sentences:
            parts.append("\n".join([title, *_bullets(sentences, width)]))
    if file is not None:
        parts.append(filled(f"Next: {next_words(made.tested, file, report, made.telling)}", width))
    return "\n\n".join(part for part in parts if part) + "\n"


def bill_text(bill: Bill, width: int, are_unread: bool = False) -> str:
    """The log repriced against what it records, by model, and against the invoice; `are_unread`: it has other costs."""
    rows: list[tuple[str, ...]] = [("The bill", "calls", "repriced", "recorded", "apart", "")]
    for line in bill.lines:
        recorded = cents(line.recorded, bill.currency) if line.recorded_calls else "-"
        off = "-"
        if bill.currency == USD and line.recorded_calls and line.recorded:
            off = apart(line.repriced_there / line.recorded - 1, 1)
        some = 0 < line.recorded_calls < line.calls
        why = "; ".join([*([f"{line.recorded_calls:,} calls record a cost"] if some else []), line.reason])
        name = line.logged if line.logged == line.model else f"{line.logged} (as {line.model})"
        rows.append((name, count(line.calls), cents(line.repriced), recorded, off, why))
    if len(bill.lines) > 1:
        total = bill.recorded
        shown = "-" if total is None else cents(total, bill.currency)
        calls = sum(line.calls for line in bill.lines)
        whole = apart_in_all(bill)
        off = "-" if whole is None else apart(whole, 1)
        rows.append(("in all", count(calls), cents(bill.repriced), shown, off, ""))
    lines = [columns(rows, align="lrrrrl", width=width)]
    if bill.recorded is None:
        lines.append("No cost that the log records can be read." if are_unread else "The log records no cost.")
    if bill.invoice is not None:
        said = invoice_words(bill)
        amount = money_stated(bill.invoice, bill.currency)
        lines.append(filled(f"Invoice {amount}: {said or 'the log records nothing to hold it against'}.", width))
    return "\n".join(lines)


def reading_words(reading: Reading) -> Iterator[str]:
    """What was read, and what was left out and why."""
    files = reading.files[0].name if len(reading.files) == 1 else f"{len(reading.files):,} files"
    yield f"Read {count(reading.calls)} calls of {count(reading.lines)} lines of {files}, as {reading.format}."
    for cut in reading.cuts:
        yield sentence(cut)
    for one in reading.skipped.values():
        yield f"Skipped {count(one.count)}: {one.reason} (first at {', '.join(one.examples)})."
    if n := reading.duplicates:
        yield f"{count(n)} {'record was' if n == 1 else 'records were'} there twice."
    if n := reading.replayed:
        yield f"{count(n)} {'record repeats' if n == 1 else 'records repeat'} the history of another session."
    for kind, n in reading.ignored.items():
        yield f"{ignored_words(kind, n)}."


def learnt_table(learnt: Sequence[Learnt], width: int) -> str:
    """Each law that was learnt: its figures in the data, and by how much the law's differ."""
    rows: list[tuple[str, ...]] = [("Learnt", "n", *_NEAR, "law differs")]
    shown: dict[int, int] = {}
    for one in learnt:
        if one.choice is None or not one.choice.near:
            continue
        if id(one.choice) in shown:
            shown[id(one.choice)] += 1
            continue
        shown[id(one.choice)] = 0
        near = {near.name: near for near in one.choice.near}
        data = [_number(near[name].data) if name in near else "-" for name in _NEAR]
        off = [_apart(near[name].data, near[name].law) if name in near else "-" for name in _NEAR]
        told = "/".join(each.removesuffix(" %") for each in off) + " %"
        rows.append((one.path.removeprefix("agents."), count(one.n), *data, told))
    if len(rows) == 1:
        return ""
    shared = sum(shown.values())
    note = f"\n{shared} more laws are shared with these." if shared else ""
    return columns(rows, align="lrrrrrrl", width=width) + note


_NEAR = ("P50", "P90", "P95", "P99", "mean")


def _apart(data: float, law: float) -> str:
    if not data:
        return "0" if not law else f"{law:.3g} from 0"
    return apart(law / data - 1)


def _number(x: float) -> str:
    return count(round(x)) if abs(x) >= 100 else f"{x:.3g}"


def _filled(sentences: Iterator[str], width: int) -> Iterator[str]:
    yield from (filled(sentence, width) for sentence in sentences)


def _bullets(sentences: Sequence[str], width: int) -> Iterator[str]:
    for one in sentences:
        yield textwrap.fill(
            one, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )
