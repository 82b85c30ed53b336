"""Pictures of what periods are made of: single sessions, and the parts of spend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from simulator.show import story, style, words
from simulator.show.parts import LONGEST_LABEL, Part, parts, shortened
from simulator.show.reading import Reading, read, session_curve
from simulator.show.style import ALERT, ALERT_PALE, BLUE, BLUE_PALE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result


# Sessions


def session_cost(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """What single sessions cost, on a log axis: how many there are at each cost, and where the money is."""
    reading = read(result)
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=3.9)
        style.place(figure, 0.1, 0.2, 0.4, 0.5)
        edges, sessions, money = session_curve(reading, 44 if narrow else 72)
        axes.set_yticks([])
        if not len(edges):
            axes.set(xticks=[])
            axes.text(0.5, 0.5, story.session_title(reading), transform=axes.transAxes, ha="center", color=MUTED)
        else:
            _two_curves(axes, edges, sessions, money)
            _session_marks(axes, reading, edges, float(max(sessions.max(), money.max())), narrow)
        if titled:
            style.headline(figure, story.session_title(reading), story.session_reading(reading), narrow)
    return figure


def _two_curves(axes: Axes, edges: np.ndarray, sessions: np.ndarray, money: np.ndarray) -> None:
    axes.set_xscale("log")
    axes.stairs(sessions, edges, fill=True, color=BLUE_PALE)
    axes.stairs(sessions, edges, color=BLUE, linewidth=1.4)
    axes.stairs(money, edges, fill=True, facecolor="none", edgecolor=ALERT, hatch="///", linewidth=0, alpha=0.55)
    axes.stairs(money, edges, color=ALERT, linewidth=1.4)


def _session_marks(axes: Axes, reading: Reading, edges: np.ndarray, top: float, narrow: bool) -> None:
    """Names of costs that people ask for, as lines through both curves; close ones are left out, the tail never."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    cost = reading.sessions.cost
    low, high = float(edges[0]), float(edges[-1])
    if high / low < 10:
        middle = math.sqrt(low * high)
        low, high = middle / 4, middle * 4
    axes.set(xlim=(low, high), ylim=(0, 1.04 * top))
    wanted = [("P50", cost.p50), ("P99", cost.p99), ("mean", cost.mean), ("P95", cost.p95), ("1 in 1,000", cost.p999)]
    room = math.log(high / low) * (0.17 if narrow else 0.085)
    shown: list[tuple[str, float]] = []
    for name, amount in wanted:
        if amount > 0 and all(abs(math.log(amount / other)) > room for _, other in shown):
            shown.append((name, amount))
    for name, amount in shown:
        axes.axvline(amount, color=INK if name != "mean" else MUTED, linewidth=0.9, dashes=(2, 2))
        axes.annotate(
            f"{name}\n{reading.money(amount)}",
            (amount, 1.0),
            (0, 4),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=INK,
            linespacing=1.25,
        )
    if reading.session_tally.sessions >= 100 and cost.p99 < cost.max:
        axes.axvspan(cost.p99, high, facecolor=ALERT_PALE, alpha=0.55, zorder=0, linewidth=0)
        _tail_share(axes, reading, narrow)
    axes.xaxis.set_major_locator(LogLocator(10, numticks=6 if narrow else 12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: words.money_short(x, reading.currency)))
    style.dress(axes)


def _tail_share(axes: Axes, reading: Reading, narrow: bool) -> None:
    """What the shaded tail carries, inside it where there is room."""
    share, p99 = words.percent(reading.sessions.top1pct_share, 0), reading.sessions.cost.p99
    text = f"dearest 1 %:\n{share} of the money"
    low, high = axes.get_xlim()
    room = style.inches_across(axes) * math.log(high / p99) / math.log(high / low)
    inside = room > style.text_inches(text, narrow) + 0.1
    axes.annotate(
        text,
        (p99, 0.97),
        (5 if inside else -5, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="left" if inside else "right",
        va="top",
        color=ALERT,
        bbox={"facecolor": ALERT_PALE, "edgecolor": "none", "pad": 1.5},
    )


# Attribution


def attribution(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """What makes the spend: for each cause its share in a mean period and in the worst 1 in 20."""
    reading = read(result)
    rows = parts(reading)
    step = 0.66 if narrow else 0.5
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=0.55 + step * max(1, len(rows)))
        style.place(figure, 0.05 if narrow else 3.3, 0.6, 0.08, 0.42)
        axes.set(ylim=(len(rows) - 0.42, -0.58), xticks=[], yticks=[])
        axes.spines["bottom"].set_visible(False)
        axes.set_xlim(0, max([1.0, *(max(row.typical, row.worst) for row in rows)]))
        for i, row in enumerate(rows):
            _part_row(axes, i, row, narrow)
        _part_key(axes, reading)
        if titled:
            style.headline(figure, story.attribution_title(reading), story.attribution_reading(reading), narrow)
    return figure


def _part_row(axes: Axes, i: int, row: Part, narrow: bool) -> None:
    lower = 0.22 if narrow else 0.0
    axes.barh(i - 0.14 + lower, row.typical, height=0.24, color=BLUE, linewidth=0)
    axes.barh(i + 0.14 + lower, row.worst, height=0.2, facecolor="none", edgecolor=ALERT, hatch="///", linewidth=1)
    for share, y, color, weight in ((row.typical, i - 0.14, INK, "bold"), (row.worst, i + 0.15, ALERT, "normal")):
        axes.annotate(
            f"{share} %",
            (share, y + lower),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=color,
            weight=weight,
        )
    if narrow:
        axes.annotate(
            shortened(row.label, 52), (0, i - 0.06), (0, 1), textcoords="offset points", color=INK, va="bottom"
        )
    else:
        axes.annotate(
            shortened(row.label, LONGEST_LABEL),
            (0, i),
            (-10, 0),
            textcoords="offset points",
            color=INK,
            va="center",
            ha="right",
        )


def _part_key(axes: Axes, reading: Reading) -> None:
    from matplotlib.patches import Patch

    axes.legend(
        handles=[
            Patch(facecolor=BLUE, label=f"a mean {reading.noun}"),
            Patch(facecolor="none", edgecolor=ALERT, hatch="///", label=f"the worst 1 in 20 {reading.nouns}"),
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=2,
        frameon=False,
        borderaxespad=0,
        handlelength=1.2,
        handleheight=0.8,
        columnspacing=1.4,
        borderpad=0.3,
        labelcolor=MUTED,
    )
