"""One period on a terminal: what it came to and why, its days, their sum, and the commands that show it again."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from simulator.show import words
from simulator.show.month_notes import PAST_PEAK, Note, crowd_notes, notes, short_range
from simulator.show.month_words import nouns
from simulator.show.reproduce import month_command, session_command
from simulator.show.tables import columns

if TYPE_CHECKING:
    from simulator.month import PeriodReplay

NARROWEST = 60
HEADINGS = ("SPEND", "DRIVERS", "EVENTS", "BRAKES", "MONEY", "DAYS", "SUM", "AGAIN", "DEAREST")
"""What the parts of the screen start with, each at the start of a line."""
APART = ("EVENTS", "BRAKES")
MARGIN = 9
LONGEST_TABLE = 35
"""Days of a period that are shown one by one; of a longer one, those on which nothing happens stand by the week."""


def screen(replay: PeriodReplay, width: int = 100, everything: bool = False) -> str:
    """A period as text.

    Parameters
    ----------
    replay : PeriodReplay
    width : int
        Characters of a line; below 60 it is taken as 60.
    everything : bool
        Whether each day has a line of its own, however many there are.

    Returns
    -------
    str
        Lines without colour, no line's end at the end. None but a command is longer than `width`.
    """
    width = max(width, NARROWEST)
    lines = [*textwrap.wrap(heading(replay), width), ""]
    for head, sentences in replay.words.items():
        lines += _block(head.upper(), sentences, width)
    table, heads = _table(replay, width, everything)
    legend = _legend(replay, heads)
    lines += ["", *table, *(_paragraph("", legend, width) if legend else []), "", *_end(replay, width)]
    return "\n".join(lines)


def heading(replay: PeriodReplay) -> str:
    """Which period it is."""
    scenario, dates, trials = replay.scenario, replay.result.dates, replay.result.trials_done
    place = {1.0: "the dearest", None: ""}.get(replay.month.p, f"the {replay.month.word.upper()} of spend")
    where = f"{words.period_name(dates[0], len(dates))}, trial {replay.trial} of {trials:,}"
    told = f", {place}" if place else ""
    return f"{scenario.title or scenario.name}: {where}{told}, seed {replay.seed}"


def month_html(replay: PeriodReplay) -> str:
    """A period as a notebook shows it; text from the scenario is escaped."""
    title, _, rest = screen(replay).partition("\n\n")
    return f"<h4>{escape(' '.join(title.split()))}</h4><pre>{escape(rest)}</pre>"


def _block(head: str, sentences: list[str], width: int) -> list[str]:
    """Sentences under their heading: one after the other, or a line each where they tell of different things."""
    apart = sentences if head in APART else [" ".join(sentences)]
    return [line for i, text in enumerate(apart) for line in _paragraph("" if i else head, text, width)]


def _paragraph(head: str, text: str, width: int) -> list[str]:
    kept = text.replace(" %", "\u00a0%")
    indent = MARGIN * " "
    wrapped = textwrap.wrap(kept, width - MARGIN, break_on_hyphens=False)
    lines = [f"{(head if i == 0 else ''):<{MARGIN}}{line}".rstrip() for i, line in enumerate(wrapped)]
    return [line.replace("\u00a0", " ") for line in lines] or [indent.rstrip()]


# Days


def _table(replay: PeriodReplay, width: int, everything: bool) -> tuple[list[str], list[str]]:
    """The days under their heads, and these; where a line is short, without what can be read off the rest."""
    rows = list(_rows(replay, everything))
    budget = [] if replay.result.facts.budget is not None else ["budget"]
    steps = (budget, 2), ([*budget, "times"], 2), ([*budget, "times", "each"], 2), (["times", "each", "budget"], 1)
    for left_out, gap in steps:
        kept = [place for place, head in enumerate(rows[0]) if head not in left_out]
        align = "l" + "r" * (len(kept) - 2) + "l"
        table = columns([[row[i] for i in kept] for row in rows], align=align, width=width, gap=gap).splitlines()
        if max(map(len, table)) <= width:
            break
    return table, [rows[0][place] for place in kept]


def _rows(replay: PeriodReplay, everything: bool) -> Iterator[tuple[str, ...]]:
    yield "DAYS", words.plural(replay.scenario.unit), "times", "spend", "so far", "budget", "each", ""
    told, begun = notes(replay), replay.chronicle.begun
    if begun:
        yield _row(replay, 0, begun - 1, told[begun - 1])
    for first, last in _spans(replay, told, everything):
        shown = told[first] if first == last else crowd_notes(replay, first, last)
        yield _row(replay, first, last, shown)


def _spans(replay: PeriodReplay, told: list[list[Note]], everything: bool) -> Iterator[tuple[int, int]]:
    """Simulated days: one by one, or those of a week together that lie between days on which something does."""
    chronicle, dates = replay.chronicle, replay.result.dates
    days = range(chronicle.begun, chronicle.days)
    fold = len(days) > LONGEST_TABLE and not everything

    def key(day: int) -> tuple[object, ...]:
        if not fold or any(note.once for note in told[day]):
            return (day,)
        return dates[day].isocalendar()[:2]

    for _, group in groupby(days, key=key):
        together = list(group)
        yield together[0], together[-1]


def _row(replay: PeriodReplay, first: int, last: int, shown: list[Note]) -> tuple[str, ...]:
    result, chronicle = replay.result, replay.chronicle
    came, usually = chronicle.sessions(first, last)
    each, usual = chronicle.a_session(first, last)
    budget = result.facts.budget
    share = "" if budget is None else _share(float(chronicle.covered_so_far[last]) / budget)
    return (
        _date(replay, first, last),
        f"{came:,}" if last >= chronicle.begun else "",
        words.times(came / usually) if usually > 0 else "",
        words.money(chronicle.spend(range(first, last + 1))[0], result.currency, 4),
        words.money(float(chronicle.so_far[last]), result.currency, 4),
        share,
        words.times(each / usual) if usual > 0 and not math.isnan(each) else "",
        "; ".join(map(str, shown)),
    )


def _share(share: float) -> str:
    """A whole percent, on the side of 100 on which the share is."""
    percent = round(100 * share)
    if percent == 100 and share != 1:
        percent += 1 if share > 1 else -1
    return f"{percent} %"


def _date(replay: PeriodReplay, first: int, last: int) -> str:
    dates = replay.result.dates
    return words.day_word(dates[first]) if first == last else short_range(dates[first], dates[last])


def _legend(replay: PeriodReplay, heads: Sequence[str]) -> str:
    """What the heads mean that do not say it."""
    units, frame = words.plural(replay.scenario.unit), replay.result.tally.frame
    apart = " (fixed costs apart)" if frame.fixed_daily.any() else ""
    beside = f"beside the median of all {nouns(replay)} on the same days"
    meant = {"times": units, "each": f"what one {'of them ' if 'times' in heads else ''}costs{apart}"}
    shown = [head for head in meant if head in heads]
    said = [f"{' and '.join(shown)}: {', and '.join(meant[head] for head in shown)}, {beside}."] if shown else []
    if "budget" in heads and not frame.covered_cells.all():
        said.append("budget: the share of it that is spent, of what it covers.")
    if replay.chronicle.crowd.beyond.any():
        said.append(f"{PAST_PEAK}: {units} beyond the busiest hour's capacity.")
    return " ".join(said)


# The end


def _end(replay: PeriodReplay, width: int) -> Iterator[str]:
    exact = f"{replay.spend:,.9f}".rstrip("0")
    cents = exact if len(exact.partition(".")[2]) >= 2 else f"{replay.spend:,.2f}"
    symbol = words.SYMBOLS.get(replay.result.currency, f"{replay.result.currency} ")
    noun = nouns(replay, 1)
    proof = f"what the days add up to, and to the last digit what this {noun} spends in the run"
    yield from _paragraph("SUM", f"{symbol}{cents}: {proof}.", width)
    yield f"{'AGAIN':<{MARGIN}}{month_command(replay)}"
    if command := session_command(replay):
        cost = words.money(float(replay.dearest[0]["cost"]), replay.result.currency)
        yield from _paragraph(
            "DEAREST", f"The dearest {replay.scenario.unit} of this {noun}, {cost}, call by call:", width
        )
        yield f"{MARGIN * ' '}{command}"
