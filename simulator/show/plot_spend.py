"""The S-curve: the chance that a period costs no more than an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.show import story, style
from simulator.show.reading import Reading, read
from simulator.show.style import ALERT, BLUE, BLUE_PALE, INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result


LABEL_INCHES = 0.92
"""How wide the label of a plan is."""


def s_curve(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """The chance that a period costs no more than an amount, with P50, P80, P95, the budget and the plans."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        style.place(figure, 0.52, 0.2, 0.4, 0.1)
        low, high = _s_range(reading, narrow)
        amounts, chances = _s_points(reading, low, high)
        axes.fill_between(amounts, 0, chances, step="post", color=BLUE_PALE, linewidth=0)
        axes.step(amounts, chances, where="post", color=BLUE, linewidth=2.2)
        axes.set(xlim=(low, high), ylim=(0, 1.04))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(axis="y")
        style.money_axis(axes, reading.currency, "x", grid=False)
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
    """From the cheapest that matters to the dearest; a budget or plan far outside is left out.

    Labels stand left of the curve, so that there is room for them, and more of it on a phone.
    """
    low, high = reading.held.quantile(0.002), reading.held.quantile(0.998)
    span = (high - low) or 0.2 * high or 1.0
    for amount in [a for _, a in _plans(reading)] + ([reading.budget] if reading.budget is not None else []):
        if low - 2 * span <= amount <= high + 1.2 * span:
            low, high = min(low, amount), max(high, amount)
    span = (high - low) or 0.2 * high or 1.0
    return max(0.0, low - (0.36 if narrow else 0.17) * span), high + 0.08 * span


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
        axes.plot(list(reading.held.ci(p)), [p, p], color=BLUE, linewidth=11, alpha=0.45, solid_capstyle="butt")
        axes.plot([amount], [p], "|", color=INK, markeredgewidth=1.2, markersize=15)
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
    room = LABEL_INCHES / style.inches_across(axes) * (high - low)
    above_top, below_top = 0.0, 0.11
    for label, amount in sorted(shown, key=lambda plan: plan[1]):
        chance = chance_below(reading, amount)
        above = chance < 0.3 and amount - low > room
        if above:
            tall = above_top = max(chance + 0.17, above_top + 0.17)
        else:
            tall = below_top = below_top + 0.17
        axes.plot([amount, amount], [0, tall], color=MUTED, linewidth=1.2, linestyle=(0, (1, 2)))
        axes.annotate(
            f"{label}\n{reading.money(amount)}",
            (amount, tall),
            (-4 if above else 5, 0),
            textcoords="offset points",
            ha="right" if above else "left",
            va="top",
            color=MUTED,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.5} if chance < 0.3 else None,
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
