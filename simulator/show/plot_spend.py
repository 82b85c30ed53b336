"""The S-curve: the chance that a period costs no more than an amount."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.show import story, style
from simulator.show.reading import Reading, read
from simulator.show.style import ALERT, BLUE, BLUE_PALE, INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result


SIDES = 0.52, 0.2
"""Inches left and right of the axes."""

GAP = 0.11
"""Inches between a mark and its label."""

LOW = 0.3
"""Plans that fewer periods hold than this are labelled left, above the curve; the others right, below it."""


def s_curve(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """The chance that a period costs no more than an amount, with P50, P80, P95, the budget and the plans."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        style.place(figure, *SIDES, 0.4, 0.1)
        low, high = _s_range(reading, narrow)
        amounts, chances = _s_points(reading, low, high)
        axes.fill_between(amounts, 0, chances, step="post", color=BLUE_PALE, linewidth=0)
        axes.step(amounts, chances, where="post", color=BLUE, linewidth=2.2)
        axes.set(xlim=(low, high), ylim=(0, 1.04))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(axis="y")
        style.money_axis(axes, reading.currency, "x", grid=False)
        axes.set_xticks([tick for tick in axes.get_xticks() if max(0.0, low) <= tick <= high])
        if reading.held.min < reading.held.max:
            _s_quantiles(axes, reading)
        else:
            _s_one_amount(axes, reading, low, high)
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


def _s_range(reading: Reading, narrow: bool) -> tuple[float, float]:
    """From the cheapest that matters to the dearest, and what labels take beside these.

    A budget or plan far outside is left out.  The axis starts below 0 where a label needs that.
    """
    low, high = reading.held.quantile(0.002), reading.held.quantile(0.998)
    span = (high - low) or 0.2 * high or 1.0
    for amount in [a for _, a in _plans(reading)] + ([reading.budget] if reading.budget is not None else []):
        if low - 2 * span <= amount <= high + 1.2 * span:
            low, high = min(low, amount), max(high, amount)
    span = (high - low) or 0.2 * high or 1.0
    left, right = _s_sides(reading, low, high, narrow)
    low, high = max(0.0, low - 0.17 * span), high + 0.08 * span
    for _ in range(20):  # what one side takes makes the other's labels wider
        low = min([low, *((amount - share * high) / (1 - share) for amount, share in left)])
        high = max([high, *((amount - share * low) / (1 - share) for amount, share in right)])
    return low, high


def _s_sides(
    reading: Reading, low: float, high: float, narrow: bool
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Where labels begin that stand left and right of their marks, and which share of the axis each takes."""
    sides: tuple[list[tuple[float, float]], list[tuple[float, float]]] = [], []
    across = (style.NARROW if narrow else style.WIDE)[0] - sum(SIDES)

    def add(right: bool, amount: float, text: str, weight: str) -> None:
        wide = style.text_inches(text, narrow, weight) + GAP + 0.02
        sides[right].append((amount, min(wide / across, 0.45)))

    if reading.held.min < reading.held.max:
        for quantile in _quantiles(reading):
            add(quantile.right, quantile.ends[quantile.right], quantile.label, "bold")
    for label, amount in _plans(reading):
        if low <= amount <= high:
            right = chance_below(reading, amount) >= LOW
            add(right, amount, f"{label}\n{reading.money(amount)}", "normal")
    return sides


def _s_points(reading: Reading, low: float, high: float, most: int = 500) -> tuple[list[float], list[float]]:
    """Corners of the curve: every trial, or evenly spaced order statistics where there are many."""
    n = reading.trials
    ordered = np.sort(reading.held.samples)
    ranks = np.unique(np.round(np.linspace(1, n, min(n, most))).astype(int))
    return [low, *ordered[ranks - 1].tolist(), high], [0.0, *(ranks / n).tolist(), 1.0]


class Mark(NamedTuple):
    """A quantile on the curve, its interval, and its label, which stands on the empty side."""

    p: float
    amount: float
    ends: tuple[float, float]
    label: str
    right: bool


def _quantiles(reading: Reading) -> Iterator[Mark]:
    holds = 1.0 - reading.breach.probability if reading.breach else 0.0
    for k in (50, 80, 95):
        amount = reading.held.quantile(k / 100)
        label = f"P{k}  {reading.money(amount)}"
        yield Mark(k / 100, amount, reading.held.ci(k / 100), label, not k / 100 < holds)


def _s_quantiles(axes: Axes, reading: Reading) -> None:
    for mark in _quantiles(reading):
        axes.plot(list(mark.ends), [mark.p] * 2, color=BLUE, linewidth=11, alpha=0.45, solid_capstyle="butt")
        axes.plot([mark.amount], [mark.p], "|", color=INK, markeredgewidth=1.2, markersize=15)
        axes.annotate(
            mark.label,
            (mark.ends[mark.right], mark.p),
            (72 * GAP, -7) if mark.right else (-72 * GAP, 5),
            textcoords="offset points",
            ha="left" if mark.right else "right",
            va="center",
            color=INK,
            weight="bold",
        )


def _s_one_amount(axes: Axes, reading: Reading, low: float, high: float) -> None:
    """One label where every trial costs the same."""
    amount = reading.held.max
    right = amount - low < 0.3 * (high - low)
    axes.annotate(
        f"always {reading.money(amount)}" if reading.trials > 1 else reading.money(amount),
        (amount, 0.5),
        (9 if right else -9, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        color=INK,
        weight="bold",
    )


def _s_plans(axes: Axes, reading: Reading, low: float, high: float) -> None:
    """What averages say: dotted lines up from the axis, labelled left above the curve or, further up, right below it.

    The labels of quantiles stand left of the curve from P50 on, and those of plans keep out of their way.
    """
    shown = [(label, amount) for label, amount in _plans(reading) if low <= amount <= high]
    above_top, below_top = 0.0, 0.11
    for label, amount in sorted(shown, key=lambda plan: plan[1]):
        chance = chance_below(reading, amount)
        above = chance < LOW
        if above:
            tall = above_top = max(chance + 0.17, above_top + 0.17)
        else:
            tall = below_top = below_top + 0.17
        axes.plot([amount, amount], [0, tall], color=MUTED, linewidth=1.2, linestyle=(0, (1, 2)))
        axes.annotate(
            f"{label}\n{reading.money(amount)}",
            (amount, tall),
            (-0.5 * 72 * GAP if above else 0.5 * 72 * GAP, 0),
            textcoords="offset points",
            ha="right" if above else "left",
            va="top",
            color=MUTED,
            bbox={"facecolor": PAPER if above else BLUE_PALE, "edgecolor": "none", "pad": 0.5},
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
            bbox={"facecolor": BLUE_PALE if right else PAPER, "edgecolor": "none", "pad": 1.5},
        )
        return
    axes.axvline(risk.amount, color=ALERT, linewidth=1.6, dashes=(5, 3), gid="budget-line")
    wide = style.text_inches(text, style.is_narrow(axes), "bold") + GAP
    room = (high - risk.amount) / (high - low) * style.inches_across(axes) > wide
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
