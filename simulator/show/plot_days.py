"""Pictures over the days of a period: the burn fan, and what single days cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from simulator.show import story, style, words
from simulator.show.reading import Reading, read
from simulator.show.style import ALERT, BLUE, BLUE_MID, BLUE_PALE, INK, MUTED, PAPER
from simulator.show.todate import broken_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result

FAR = 1.6
"""A budget of more than so many times the P95 is off the chart, so that the fan can be read."""

ABOVE = 22
"""Points from the budget's line to the text about when it is crossed."""

LEADER = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.8, "shrinkB": 6, "relpos": (1, 0)}
"""A thin line from a text to what it is about."""


# The burn fan


def burn_fan(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """Spend so far by day: median, half and nine tenths of the trials, the budget, and when it is crossed."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        top = _fan_top(reading, narrow)
        style.place(figure, label_room(reading, top), 0.32 + label_room(reading, top, "P95  "), 0.4, 0.1)
        days = np.arange(len(reading.dates) + 1)
        fan = reading.fan
        axes.fill_between(days, fan[5], fan[95], color=BLUE_PALE, linewidth=0)
        axes.fill_between(days, fan[25], fan[75], color=BLUE_MID, linewidth=0)
        axes.plot(days, fan[50], color=BLUE, linewidth=2.2)
        if reading.to_date is not None:
            _fact(axes, reading, narrow)
        axes.set(xlim=(0, days[-1]), ylim=(0, top))
        day_axis(axes, reading.dates)
        style.money_axis(axes, reading.currency, "y")
        _fan_ends(axes, reading, top)
        if reading.breach is not None:
            _fan_budget(axes, reading, top, narrow)
        if titled:
            style.headline(figure, story.burn_fan_title(reading), story.burn_fan_reading(reading), narrow)
    return figure


def _fan_top(reading: Reading, narrow: bool) -> float:
    """Above all that is drawn, with room for what is written over the budget."""
    high = float(reading.fan[95][-1])
    if reading.to_date is not None and reading.to_date.expected is not None:
        high = max(high, reading.to_date.expected.p95)
    if reading.budget is not None and (reading.budget <= FAR * high or high == 0):
        high = max(high, reading.budget)
    top = 1.12 * high
    if reading.budget is not None and reading.budget <= high and _is_crossed(reading):
        lines, tall = 2 if narrow else 1, (style.NARROW if narrow else style.WIDE)[1] - 0.5
        top = max(top, reading.budget / (1 - (ABOVE + 13 * lines) / (72 * tall)))
    return top or 1.0


def _is_crossed(reading: Reading) -> bool:
    """Whether there is something to say of when: the budget breaks now and then, and has not been broken yet."""
    return reading.breach is not None and reading.breach.day is not None and not broken_words(reading)


def _fact(axes: Axes, reading: Reading, narrow: bool) -> None:
    """The period to date: a dot where the fan starts, and beside it a bar of what was expected by that day.

    How it came there day by day is not known; the dotted line only leads the eye.
    """
    spent = reading.to_date
    assert spent is not None
    amount = float(reading.fan[50][spent.days])
    axes.plot([0, spent.days], [0, amount], color=MUTED, linewidth=1.1, linestyle=(0, (1, 2.5)), gid="fact-line")
    if spent.expected is not None:
        beside = spent.days - 0.008 * len(reading.dates)
        axes.vlines(beside, spent.expected.p5, spent.expected.p95, color=MUTED, linewidth=3, gid="expected-bar")
        axes.plot([beside], [spent.expected.p50], "_", color=MUTED, markersize=9, markeredgewidth=2)
    axes.plot([spent.days], [amount], "o", color=INK, markersize=6.5, gid="fact-dot", zorder=5)
    text = f"{words.money_short(amount, reading.currency)} by {words.day_word(spent.through, weekday=False)}"
    late = spent.days > 0.6 * len(reading.dates)
    axes.annotate(
        text if narrow else f"a fact: {text}",
        (spent.days, amount),
        (-12, 6) if late else (9, -7),
        textcoords="offset points",
        ha="right" if late else "left",
        va="bottom" if late else "top",
        color=INK,
        weight="bold",
        gid="fact-text",
    )


def label_room(reading: Reading, amount: float, before: str = "") -> float:
    """Inches that an amount of this size takes beside an axis; currencies without a sign of their own need more."""
    return 0.1 + 0.082 * max(5, len(before + words.money_short(0.87 * amount, reading.currency)))


def _fan_ends(axes: Axes, reading: Reading, top: float) -> None:
    """Amounts at the end of the lines, pushed apart where they are close."""
    last = len(reading.dates)
    shown = (5, 50, 95) if reading.fan[5][-1] < reading.fan[95][-1] else (50,)
    levels = [float(reading.fan[k][-1]) for k in shown]
    for k, y, level in zip(shown, apart(levels, 0.062 * top), levels, strict=True):
        strong = "bold" if k == 50 else "normal"
        name = f"P{k}  " if len(shown) > 1 else ""
        axes.annotate(
            f"{name}{words.money_short(level, reading.currency)}",
            (last, y),
            (7, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            weight=strong,
            annotation_clip=False,
        )


def _fan_budget(axes: Axes, reading: Reading, top: float, narrow: bool) -> None:
    risk = reading.breach
    assert risk is not None
    text = f"Budget {reading.stated(risk.amount)}"
    if risk.amount > top:
        axes.text(0.01, 0.97, f"{text} is far above", transform=axes.transAxes, va="top", color=ALERT, weight="bold")
        return
    days = np.arange(len(reading.dates) + 1)
    over, under = (np.maximum(reading.fan[k], risk.amount) for k in (95, 5))
    if over[-1] > risk.amount:
        axes.fill_between(days, under, over, facecolor="none", edgecolor=ALERT, hatch="///", linewidth=0, gid="over")
    axes.axhline(risk.amount, color=ALERT, linewidth=1.6, dashes=(5, 3), gid="budget-line")
    axes.annotate(
        text, (0, risk.amount), (4, 5), textcoords="offset points", color=ALERT, weight="bold", gid="budget-text"
    )
    if _is_crossed(reading):
        _crossing(axes, reading, narrow)


def _crossing(axes: Axes, reading: Reading, narrow: bool) -> None:
    """The days on which the budget is crossed: a bar from P10 to P90, a dot at the median, and its date."""
    risk = reading.breach
    assert risk is not None
    assert risk.day is not None
    first, middle, last = risk.day.p10, risk.day.p50, risk.day.p90
    axes.plot([first, last], [risk.amount] * 2, color=ALERT, linewidth=5, gid="crossing-bar")
    axes.plot(
        [middle],
        [risk.amount],
        "o",
        color=PAPER,
        markeredgecolor=ALERT,
        markeredgewidth=2,
        markersize=8,
        clip_on=False,
        zorder=4,
        gid="crossing-dot",
    )
    dates = words.day_range(reading.day(first), reading.day(last))
    text = f"crossed around {words.day_word(reading.day(middle))}"
    text += "" if first == last else f"{chr(10) if narrow else ', '}8 in 10 times {dates}"
    _crossing_text(axes, reading, text, middle, narrow)


def _crossing_text(axes: Axes, reading: Reading, text: str, middle: int, narrow: bool) -> None:
    """In the empty corner above the fan; where it is crossed early there is none, and the text stands on the fan."""
    risk = reading.breach
    assert risk is not None
    n = len(reading.dates)
    reached = np.flatnonzero(reading.fan[95] > risk.amount)
    corner = float(reached[0]) - 0.015 * n if len(reached) else float(n)
    at = (middle, risk.amount)
    if corner > 0.5 * n:
        back = 72 * (style.NARROW if narrow else style.WIDE)[0] * axes.get_position().width * (corner - middle) / n
        note = axes.annotate(
            text, at, (back, ABOVE), textcoords="offset points", ha="right", va="bottom", arrowprops=LEADER
        )
    else:
        early = middle < 0.5 * n
        side, offset = ("left", 10) if early else ("right", -10)
        note = axes.annotate(text, at, (offset, -14), textcoords="offset points", ha=side, va="top")
        note.set_bbox({"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 3})
    note.set(color=INK, gid="crossing-text", linespacing=1.3)
    for part, name in ((note.arrow_patch, "crossing-leader"), (note.get_bbox_patch(), "crossing-box")):
        if part is not None:
            part.set_gid(name)


# The days


def daily(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """What single days cost: the median, and the range of nine tenths of the trials."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=3.4)
        by_day = {k: line[reading.begun :] for k, line in reading.by_day.items()}
        most = float(by_day[95].max())
        style.place(figure, label_room(reading, most), 0.2, 0.4, 0.1)
        days = np.arange(reading.begun + 1, len(reading.dates) + 1)
        width = min(6.0, (150 if narrow else 460) / len(days))
        axes.vlines(days, by_day[5], by_day[95], color=BLUE_PALE, linewidth=width)
        axes.vlines(days, by_day[25], by_day[75], color=BLUE_MID, linewidth=width)
        axes.plot(days, by_day[50], "_", color=BLUE, markersize=width + 3, markeredgewidth=2)
        axes.set(xlim=(0.2, len(reading.dates) + 0.8), ylim=(0, 1.08 * most or 1.0))
        day_axis(axes, reading.dates)
        style.money_axis(axes, reading.currency, "y")
        if titled:
            style.headline(figure, story.daily_title(reading), story.daily_reading(reading), narrow)
    return figure


# Axes


def day_axis(axes: Axes, dates: Sequence[date]) -> None:
    """As many dates as there is room for; each stands at the end of its day."""
    inches = style.inches_across(axes)
    numbers = _marked_days(dates, int(inches / (0.62 if inches < style.NARROW[0] else 0.9)))
    axes.set_xticks(numbers, [words.day_word(dates[n - 1], weekday=False) for n in numbers])
    style.dress(axes)


def _marked_days(dates: Sequence[date], most: int) -> list[int]:
    """Day numbers to name: every day, every third, every week or the first of each month, or evenly spaced ones."""
    n = len(dates)
    firsts = [i + 1 for i, day in enumerate(dates) if day.day == 1]
    for candidates in (*(list(range(1, n + 1, step)) for step in (1, 3, 7)), firsts):
        if min(2, n) <= len(candidates) <= most:
            return candidates
    return list(range(1, n + 1, -(-n // max(1, most))))


def apart(levels: Sequence[float], gap: float) -> list[float]:
    """Ascending levels, moved up as little as keeps them `gap` apart and the first half a gap above 0."""
    out: list[float] = []
    for level in levels:
        out.append(max(level, out[-1] + gap if out else gap / 2))
    return out
