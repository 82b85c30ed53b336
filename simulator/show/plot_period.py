"""Pictures of whole periods: the burn fan, the S-curve, the days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from simulator.show import story, style, words
from simulator.show.reading import Reading, read
from simulator.show.style import ALERT, BLUE, BLUE_MID, BLUE_PALE, INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result

FAR = 1.6
"""A budget of more than so many times the P95 is off the chart, so that the fan can be read."""
LEADER = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.8, "shrinkB": 6, "relpos": (1, 0)}
"""A thin line from a text to what it is about."""


# The burn fan


def burn_fan(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """Spend so far by day: median, half and nine tenths of the trials, the budget, and when it is crossed."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        style.place(figure, 0.6, 0.95 if narrow else 1.15, 0.4, 0.2)
        days = np.arange(len(reading.dates) + 1)
        fan = reading.fan
        top = _fan_top(reading)
        axes.fill_between(days, fan[5], fan[95], color=BLUE_PALE, linewidth=0)
        axes.fill_between(days, fan[25], fan[75], color=BLUE_MID, linewidth=0)
        axes.plot(days, fan[50], color=BLUE, linewidth=2.2)
        axes.set(xlim=(0, days[-1]), ylim=(0, top))
        _day_axis(axes, reading.dates, narrow)
        _money_axis(axes, reading.currency, "y")
        _fan_ends(axes, reading, top)
        if reading.breach is not None:
            _fan_budget(axes, reading, top, narrow)
        if titled:
            style.headline(figure, story.burn_fan_title(reading), story.burn_fan_reading(reading), narrow)
    return figure


def _fan_top(reading: Reading) -> float:
    high = float(reading.fan[95][-1])
    if reading.budget is not None and (reading.budget <= FAR * high or high == 0):
        high = max(high, reading.budget)
    return 1.12 * high or 1.0


def _fan_ends(axes: Axes, reading: Reading, top: float) -> None:
    """Amounts at the end of the lines, pushed apart where they are close."""
    last = len(reading.dates)
    levels = [float(reading.fan[k][-1]) for k in (5, 50, 95)]
    for k, y, level in zip((5, 50, 95), apart(levels, 0.062 * top), levels, strict=True):
        strong = "bold" if k == 50 else "normal"
        axes.annotate(
            f"P{k}  {words.money_short(level, reading.currency)}",
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
    over = np.maximum(reading.fan[95], risk.amount)
    if over[-1] > risk.amount:
        axes.fill_between(
            days, risk.amount, over, facecolor="none", edgecolor=ALERT, hatch="////", linewidth=0, gid="over"
        )
    axes.axhline(risk.amount, color=ALERT, linewidth=1.6, dashes=(5, 3), gid="budget-line")
    axes.annotate(
        text, (0, risk.amount), (4, 5), textcoords="offset points", color=ALERT, weight="bold", gid="budget-text"
    )
    if risk.day is not None:
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
            text, at, (back, 22), textcoords="offset points", ha="right", va="bottom", arrowprops=LEADER
        )
    else:
        note = axes.annotate(text, at, (10, -14), textcoords="offset points", ha="left", va="top")
        note.set_bbox({"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 3})
    note.set(color=INK, gid="crossing-text", linespacing=1.3)


# The S-curve


def s_curve(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """The chance that a period costs no more than an amount, with P50, P80, P95, the budget and the plans."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        style.place(figure, 0.6, 0.25, 0.4, 0.2)
        low, high = _s_range(reading)
        amounts, chances = _s_points(reading, low, high)
        axes.fill_between(amounts, 0, chances, step="post", color=BLUE_PALE, linewidth=0)
        axes.step(amounts, chances, where="post", color=BLUE, linewidth=2.2)
        axes.set(xlim=(low, high), ylim=(0, 1.04))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(axis="y")
        _money_axis(axes, reading.currency, "x", grid=False)
        _s_quantiles(axes, reading)
        _s_plans(axes, reading, low, high)
        if reading.breach is not None:
            _s_budget(axes, reading, low, high)
        if titled:
            style.headline(figure, story.s_curve_title(reading), story.s_curve_reading(reading), narrow)
    return figure


def _plans(reading: Reading) -> list[tuple[str, float]]:
    """The plans to show beside the curve; where the budget leaves things out, they would compare unlike with unlike."""
    if reading.partial:
        return []
    plans = [("Spreadsheet\nof averages", reading.average_plan)]
    return plans + ([("Your plan", reading.plan)] if reading.plan is not None else [])


def _s_range(reading: Reading) -> tuple[float, float]:
    """From the cheapest that matters to the dearest; a budget or plan far outside is left out."""
    low, high = reading.held.quantile(0.002), reading.held.quantile(0.998)
    span = (high - low) or 0.2 * high or 1.0
    for amount in [a for _, a in _plans(reading)] + ([reading.budget] if reading.budget is not None else []):
        if low - 2 * span <= amount <= high + 1.2 * span:
            low, high = min(low, amount), max(high, amount)
    span = (high - low) or 0.2 * high or 1.0
    return max(0.0, low - 0.17 * span), high + 0.08 * span


def _s_points(reading: Reading, low: float, high: float, most: int = 500) -> tuple[list[float], list[float]]:
    """Corners of the curve: every trial, or evenly spaced order statistics where there are many."""
    n = reading.trials
    ordered = np.sort(reading.held.samples)
    ranks = np.unique(np.round(np.linspace(1, n, min(n, most))).astype(int))
    return [low, *ordered[ranks - 1].tolist(), high], [0.0, *(ranks / n).tolist(), 1.0]


def _s_quantiles(axes: Axes, reading: Reading) -> None:
    holds = 1.0 - reading.breach.probability if reading.breach else 0.0
    for k in (50, 80, 95):
        p = k / 100
        amount = reading.held.quantile(p)
        axes.plot(list(reading.held.ci(p)), [p, p], color=BLUE, linewidth=6, alpha=0.45, solid_capstyle="butt")
        axes.plot([amount], [p], "o", color=PAPER, markeredgecolor=BLUE, markeredgewidth=2, markersize=7)
        left = p < holds
        axes.annotate(
            f"P{k}  {reading.money(amount)}",
            (amount, p),
            (-9, 6) if left else (9, -8),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            color=INK,
            weight="bold",
        )


def _s_plans(axes: Axes, reading: Reading, low: float, high: float) -> None:
    """What averages say, as dotted lines up from the axis with their labels on the empty side of the curve."""
    shown = [(label, amount) for label, amount in _plans(reading) if low <= amount <= high]
    tall = 0.0
    for label, amount in sorted(shown, key=lambda plan: plan[1]):
        tall = min(0.97, max(chance_below(reading, amount) + 0.06, tall + 0.2))
        axes.plot([amount, amount], [0, tall], color=MUTED, linewidth=1.2, linestyle=(0, (1, 2)))
        axes.annotate(
            f"{label}\n{reading.money(amount)}",
            (amount, tall),
            (-4, 0),
            textcoords="offset points",
            ha="right",
            va="top",
            color=MUTED,
        )


def _s_budget(axes: Axes, reading: Reading, low: float, high: float) -> None:
    risk = reading.breach
    assert risk is not None
    text = f"Budget {reading.stated(risk.amount)}"
    if not low <= risk.amount <= high:
        right = risk.amount > high
        axes.text(
            0.99 if right else 0.01,
            0.05,
            f"{text} is far {'above' if right else 'below'}",
            transform=axes.transAxes,
            ha="right" if right else "left",
            color=ALERT,
            weight="bold",
        )
        return
    axes.axvline(risk.amount, color=ALERT, linewidth=1.6, dashes=(5, 3), gid="budget-line")
    room = (high - risk.amount) / (high - low) > 0.28
    axes.annotate(
        text,
        (risk.amount, 0.06),
        (6 if room else -6, 0),
        textcoords="offset points",
        ha="left" if room else "right",
        color=ALERT,
        weight="bold",
        gid="budget-text",
    )


def chance_below(reading: Reading, amount: float) -> float:
    """Share of the trials that cost no more than an amount, in [0, 1]."""
    return float((reading.held.samples <= amount).mean())


# The days


def daily(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """What single days cost: the median, and the range of nine tenths of the trials."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=3.4)
        style.place(figure, 0.6, 0.25, 0.4, 0.15)
        days = np.arange(1, len(reading.dates) + 1)
        width = min(6.0, (150 if narrow else 460) / len(days))
        axes.vlines(days, reading.by_day[5], reading.by_day[95], color=BLUE_PALE, linewidth=width)
        axes.vlines(days, reading.by_day[25], reading.by_day[75], color=BLUE_MID, linewidth=width)
        axes.plot(days, reading.by_day[50], "_", color=BLUE, markersize=width + 3, markeredgewidth=2)
        axes.set(xlim=(0.2, days[-1] + 0.8), ylim=(0, 1.08 * float(reading.by_day[95].max()) or 1.0))
        _day_axis(axes, reading.dates, narrow)
        _money_axis(axes, reading.currency, "y")
        if titled:
            style.headline(figure, story.daily_title(reading), story.daily_reading(reading), narrow)
    return figure


# Axes


def _day_axis(axes: Axes, dates: Sequence[date], narrow: bool) -> None:
    """A handful of dates; each stands at the end of its day."""
    numbers = _marked_days(dates, 5 if narrow else 9)
    axes.set_xticks(numbers, [words.day_word(dates[n - 1], weekday=False) for n in numbers])
    style.dress(axes)


def _marked_days(dates: Sequence[date], most: int) -> list[int]:
    """Day numbers to name: each day, each week or the first of each month, whatever gives at most `most`."""
    n = len(dates)
    firsts = [i + 1 for i, day in enumerate(dates) if day.day == 1]
    for candidates in (list(range(1, n + 1)), list(range(1, n + 1, 3)), list(range(1, n + 1, 7)), firsts):
        if candidates and len(candidates) <= most:
            return candidates
    return list(range(1, n + 1, -(-n // most)))


def _money_axis(axes: Axes, currency: str, which: str, grid: bool = True) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda x, _: words.money_short(x, currency)))
    if grid:
        axis.grid(True)
    style.dress(axes)


def apart(levels: Sequence[float], gap: float) -> list[float]:
    """Ascending levels, moved up as little as keeps them `gap` apart and the first half a gap above 0."""
    out: list[float] = []
    for level in levels:
        out.append(max(level, out[-1] + gap if out else gap / 2))
    return out
