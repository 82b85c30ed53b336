"""The first screen: what a director needs in ten seconds, in words before tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.lint import nothing_shared_is_uncertain
from simulator.show import words
from simulator.show.accuracy import accuracy_words
from simulator.show.brakes import brakes_words
from simulator.show.footing import volume_words
from simulator.show.guardrails import guardrail_words
from simulator.show.metrics import violation_words
from simulator.show.parts import parts
from simulator.show.reading import Reading, read
from simulator.show.story import break_words, budget_sentences, error_words, left_out, waste_words
from simulator.show.todate import to_date_words
from simulator.show.tolerance import tolerance_words
from simulator.show.trees import agents_words
from simulator.show.trust import cautions, foundations, not_used, noted, off_words
from simulator.show.who import retry_words, spender_words
from simulator.show.worst import worst_words

if TYPE_CHECKING:
    from simulator.result import Result

NARROW = 16
"""Where the text of a labelled line starts."""

MOST_CAUSES = 4
FEW = 100
"""Trials below which a P99 is only the worst of them."""


def screen(result: Result, width: int = 100) -> str:
    """The first screen of a result.

    Parameters
    ----------
    result : Result
    width : int
        Characters of a line; below 40 it is taken as 40.

    Returns
    -------
    str
        Lines without colour, none longer than `width`, no line's end at the end. It starts with the verdict.
    """
    width = max(width, 40)
    reading = read(result)
    lines = [
        *_headline(result, reading, width),
        *_ladder(result, reading, width),
        *_labelled("So far", to_date_words(reading), width),
        *_labelled("If it breaks", break_words(reading), width),
        *_labelled("Brakes", brakes_words(reading), width),
        *_labelled("Went wrong", waste_words(reading), width),
        *_labelled("What makes it", _causes(reading), width),
        *_labelled("Who spends it", spender_words(reading), width),
        *_labelled("Retries", retry_words(reading), width),
        *_labelled("Agents", agents_words(reading), width),
        *_labelled("Guardrails", guardrail_words(reading), width),
        *_labelled(f"Worst {reading.nouns}", worst_words(reading), width),
        *_labelled("Trust", _trust(result, reading), width),
        *_labelled("Notes", noted(result), width),
        *_labelled("Caution", cautions(result), width),
        *_labelled("Not used yet", not_used(result), width),
    ]
    return "\n".join(lines)


# The verdict


def _headline(result: Result, reading: Reading, width: int) -> Iterator[str]:
    verdict = result.verdict()
    head = verdict.word or "FORECAST"
    off = filter(None, [off_words(result)])
    text = [
        *([*off, *_budget_sentences(reading)] if head == "IS OFF" else [*_budget_sentences(reading), *off]),
        *(f"Limit crossed: {violation_words(v, reading.currency, reading.unit)}." for v in verdict.violations),
    ]
    if said := volume_words(result.scenario):
        text.append(said)
    if result.interrupted:
        done, asked = result.trials_done, result.trials_requested
        text.append(f"Interrupted: this rests on {done:,} of {asked:,} {reading.nouns}.")
    if result.scenario is not None and nothing_shared_is_uncertain(result.scenario):
        text.append(
            f"Nothing that {words.plural(reading.unit)} share is uncertain here, so ups and downs average out and all "
            "looks surer than it is. State `drivers:`, or take the outside view of `drivers: typical`."
        )
    for i, sentence in enumerate(text):
        yield from _hanging(head if i == 0 else "", sentence, len(head) + 3, width)


def _budget_sentences(reading: Reading) -> list[str]:
    risk = reading.breach
    if risk is None:
        typical, dear = reading.money(reading.spend.p50), reading.money(reading.spend.p95)
        noun = reading.noun
        return [
            f"{typical} in a typical {noun}; 1 {noun} in 20 costs more than {dear}.",
            "There is no budget to hold it against: state one as `budget:` or with --budget.",
        ]
    return [*budget_sentences(reading, risk)]


# The ladder of amounts


def _ladder(result: Result, reading: Reading, width: int) -> list[str]:
    noun, trials, whole = reading.noun, reading.trials, reading.all_spend
    few = (f" of {whole}" if whole else "") + (
        "" if trials >= FEW else f", of only {trials} {words.plural(noun, trials)}"
    )
    rungs = [
        (reading.average_plan, "Spreadsheet of averages", _noted(whole, left_out(result.scenario))),
        (reading.spend.p50, f"A typical {noun} (P50)", whole),
        (reading.spend.p95, f"1 {noun} in 20 above", f"(P95{few})"),
        (reading.spend.p99, f"1 {noun} in 100 above", f"(P99{few})"),
    ]
    if reading.plan is not None:
        above = int((result.spend.samples > reading.plan).sum())
        passed = _in_how_many("passed", above, trials, reading.nouns)
        rungs.append((reading.plan, "Your plan", _noted(whole, passed)))
    if reading.breach is not None:
        held = _in_how_many("held", trials - reading.breach.breaching, trials, f"{trials:,} simulated {reading.nouns}")
        rungs.append((reading.breach.amount, "Budget", held))
        if reading.partial:
            rungs.append((reading.held.p95, "Covered by the budget", f"(P95 of {reading.covers})"))
    return _rows(sorted(rungs, key=lambda rung: rung[0]), reading, width)


def _noted(*notes: str) -> str:
    return ", ".join(filter(None, notes))


def _in_how_many(what: str, hits: int, trials: int, of: str) -> str:
    share = words.percent_of(hits, trials)
    return "" if share == words.UNKNOWN else f"{what} in {share} of {of}"


def _rows(rungs: Sequence[tuple[float, str, str]], reading: Reading, width: int) -> list[str]:
    stated = {reading.plan, reading.budget}
    amounts = [(reading.stated if amount in stated else reading.money)(amount) for amount, _, _ in rungs]
    amounts = _aligned(amounts)
    label_width = max(len(label) for _, label, _ in rungs)
    lines: list[str] = []
    for amount, (_, label, note) in zip(amounts, rungs, strict=True):
        head = f"{label:<{label_width}}  {amount}"
        lines += _hanging(head, note, len(head) + 3, width)
    return lines


def _aligned(amounts: Sequence[str]) -> list[str]:
    """Amounts as a column: the sign of the currency on the left, figures to the right."""
    symbols = [amount[: len(amount) - len(amount.lstrip("$€£¥₹₩R"))] for amount in amounts]
    if len(set(symbols)) > 1:
        symbols = [""] * len(amounts)
    figures = [amount[len(symbol) :] for amount, symbol in zip(amounts, symbols, strict=True)]
    size = max(map(len, figures))
    return [symbol + text.rjust(size) for symbol, text in zip(symbols, figures, strict=True)]


# Labelled lines


def _causes(reading: Reading) -> str:
    rows = parts(reading)
    shown = [row for row in rows[:MOST_CAUSES] if row.typical > 0]
    said = [f"{row.label} {row.typical} %{_in_worst(row.worst, i, reading)}" for i, row in enumerate(shown)]
    rest, worst_rest = 100 - sum(row.typical for row in shown), 100 - sum(row.worst for row in shown)
    if shown and rest > 0:
        said.append(f"the rest {rest} % ({worst_rest} %)")
    return " · ".join(said)


def _in_worst(share: int, i: int, reading: Reading) -> str:
    return f" ({share} % in the worst {reading.nouns})" if i == 0 else f" ({share} %)"


def _trust(result: Result, reading: Reading) -> str:
    engine = accuracy_words(result.accuracy, reading.noun)
    said = [*foundations(result), error_words(reading), tolerance_words(result), engine, f"seed {result.seed}"]
    return " · ".join(filter(None, said))


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    if text:
        yield from _hanging(label, text, max(NARROW, len(label) + 2), width)


def _hanging(head: str, text: str, indent: int, width: int) -> Iterator[str]:
    """Text beside a head, wrapped and hanging under its own start; below the head where there is no room beside it."""
    if not text:
        yield head
        return
    if width - indent < 24 and head:
        yield head
        head, indent = "", 4
    room = max(20, width - indent)
    items = "\u00a0· ".join(_kept(item, room) for item in text.split(" · "))  # the dot ends a line, and starts none
    wrapped = textwrap.wrap(items, room, break_on_hyphens=False, break_long_words=False)
    for i, line in enumerate(wrapped):
        yield f"{head if i == 0 else '':<{indent}}{line}".replace("\u00a0", " ")


def _kept(item: str, room: int) -> str:
    """An item of a list stays on one line where it fits on one; a number and its % always do."""
    return item.replace(" ", "\u00a0") if len(item) + 2 <= room / 2 else item.replace(" %", "\u00a0%")
