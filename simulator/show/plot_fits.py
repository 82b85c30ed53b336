"""Pictures of a calibration: data against the law that stands for them, and simulated against observed sessions.

`plot_heaviness` shows how heavy their tails are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from distributions.numerics import FloatArray
from simulator.show import style, words
from simulator.show.style import ALERT, BLUE, BLUE_PALE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from distributions.law import Law
    from distributions.tail import Sample

MOST_POINTS = 90
"""Points that a curve of data is drawn with; evenly spaced in what its axis shows."""

MOST_STEPS = 400
"""Points that the costs of sessions are drawn with, observed or simulated."""

SHARES = (0.5, 0.99, 0.01, 0.9, 0.1, 0.999)
"""Where the axis of quantiles has ticks; where there is no room for all, the first ones."""


@dataclass(frozen=True)
class Curve:
    """Quantiles: the value at each share, both rising."""

    shares: FloatArray
    values: FloatArray


def quantiles_of(sample: Sample) -> Curve:
    """The data as a curve: each distinct value at the middle of the shares that it has."""
    total = float(np.sum(sample.counts))
    upto = np.cumsum(sample.counts)
    shares = (upto - sample.counts / 2) / total
    chosen = _thinned(shares)
    return Curve(shares[chosen], sample.values[chosen])


def _thinned(shares: FloatArray) -> np.ndarray:
    """Which points to draw: evenly in the normal score, so that neither tail is crowded out; the ends always."""
    if shares.size <= MOST_POINTS:
        return np.arange(shares.size)
    score = _scores(shares)
    wanted = np.linspace(score[0], score[-1], MOST_POINTS)
    return np.unique(np.clip(np.searchsorted(score, wanted), 0, shares.size - 1))


def _scores(shares: FloatArray | Sequence[float]) -> FloatArray:
    from scipy.special import ndtri

    scores: FloatArray = ndtri(np.asarray(shares, float))
    return scores


def law_against_data(
    sample: Sample, law: Law, unit: str, tail_from: float | None = None, narrow: bool = False
) -> Figure:
    """Two panels: quantiles of data and law over normal scores, and the share above each value in the upper tail.

    Parameters
    ----------
    sample : the data
    law : what stands for them in the scenario
    unit : of the values, for the axes
    tail_from : share of the data at which the law's tail begins, where it has one
    narrow : for a phone, one panel above the other
    """
    data = quantiles_of(sample)
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=6.4 if narrow else 3.6)
        axes.remove()
        left, right = figure.subplots(*((2, 1) if narrow else (1, 2)))
        _quantile_panel(left, data, law, unit, tail_from)
        _tail_panel(right, sample, law, unit, tail_from)
        figure.tight_layout(pad=0.4, h_pad=1.6, w_pad=2.6)
    return figure


def _quantile_panel(axes: Axes, data: Curve, law: Law, unit: str, tail_from: float | None) -> None:
    last = float(data.shares[-1])
    shares = np.unique(np.concatenate([_grid(float(data.shares[0]), last), data.shares]))
    drawn = law.ppf(shares)
    floor = _floor(data.values, drawn)
    axes.plot(_scores(shares), np.maximum(drawn, floor), color=BLUE, linewidth=2.0, label="law", zorder=3)
    axes.plot(_scores(data.shares), np.maximum(data.values, floor), **dots("data"))
    if tail_from is not None and tail_from < last:
        axes.axvline(float(_scores([tail_from])[0]), color=MUTED, linewidth=0.8, dashes=(2, 2))
    values_axis(axes, "y", unit, floor)
    _shares_axis(axes, [share for share in SHARES if data.shares[0] <= share <= max(last, 0.5)])
    axes.set_title("Quantiles", loc="left", color=INK, fontsize=9.5)
    axes.legend(frameon=False, loc="upper left", labelcolor=MUTED, handlelength=1.2)


def _shares_axis(axes: Axes, wanted: Sequence[float]) -> None:
    """Ticks at the first of these shares, as long as their names do not touch."""
    low, high = axes.get_xlim()
    per_inch = (high - low) / style.inches_across(axes)
    shown: list[tuple[float, str]] = []
    for share in wanted:
        at, name = float(_scores([share])[0]), f"P{100 * share:g}"
        apart = [per_inch * (style.text_inches(name + other, style.is_narrow(axes)) / 2 + 0.08) for _, other in shown]
        if all(abs(at - there) > room for (there, _), room in zip(shown, apart, strict=True)):
            shown.append((at, name))
    axes.set_xticks([at for at, _ in shown], [name for _, name in shown])


def _tail_panel(axes: Axes, sample: Sample, law: Law, unit: str, tail_from: float | None) -> None:
    from matplotlib.ticker import NullLocator

    total = float(np.sum(sample.counts))
    above = 1.0 - (np.cumsum(sample.counts) - sample.counts) / total  # at or above each value
    upper = (above <= 0.2) & (sample.values > 0)
    if not upper.any():
        upper = sample.values > 0
    values, shares = sample.values[upper], above[upper]
    if not values.size:
        axes.set_axis_off()
        return
    chosen = _thinned(1.0 - shares) if values.size > MOST_POINTS else np.arange(values.size)
    reach = (
        np.geomspace(values[0], max(values[-1], float(law.isf([0.1 / total])[0])), 200) if values[-1] > 0 else values
    )
    exceed = np.asarray(law.sf(reach), float)
    seen = exceed > 0.05 / total
    axes.plot(reach[seen], exceed[seen], color=BLUE, linewidth=2.0, zorder=3)
    axes.plot(values[chosen], shares[chosen], **dots("data"))
    if tail_from is not None:
        start = float(law.ppf([tail_from])[0])
        if start > values[0]:
            axes.axvline(start, color=MUTED, linewidth=0.8, dashes=(2, 2))
            axes.annotate(
                "tail",
                (start, 1),
                (3, -3),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                color=MUTED,
                va="top",
            )
    axes.set_yscale("log")
    axes.set_ylim(0.3 / total, None)
    values_axis(axes, "x", unit, float(values[0]))
    axes.grid(True, axis="y")
    axes.yaxis.set_major_formatter(_one_in)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title("Tail: how many are larger", loc="left", color=INK, fontsize=9.5)


def dots(label: str) -> dict[str, Any]:
    """How data are drawn, for the legend under this name."""
    return {
        "marker": "o",
        "markersize": 2.6,
        "linewidth": 0,
        "color": ALERT,
        "alpha": 0.85,
        "label": label,
        "zorder": 4,
    }


def _grid(first: float, last: float) -> FloatArray:
    from scipy.special import ndtr

    low, high = _scores([max(first, 1e-9), min(last, 1 - 1e-9)])
    shares: FloatArray = ndtr(np.linspace(low, high, 240))
    return shares


def _floor(*values: FloatArray) -> float:
    """Least value that a log axis shows: zeros stand there."""
    positive = np.concatenate([each[each > 0] for each in values])
    return float(positive.min()) if positive.size else 1.0


def values_axis(axes: Axes, which: str, unit: str, floor: float) -> None:
    """An axis in powers of ten, with ticks that tell neighbours apart; `floor` is the least value that it shows."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    (axes.set_yscale if which == "y" else axes.set_xscale)("log")
    low, high = axes.get_ylim() if which == "y" else axes.get_xlim()
    if high / max(low, floor / 2) < 2:
        axis.set_major_locator(MaxNLocator(4 if style.is_narrow(axes) else 7, integer=low >= 10))
    elif high / max(low, floor / 2) < 30:
        axis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda x, _: _value(x)))
    axis.grid(True)
    (axes.set_ylabel if which == "y" else axes.set_xlabel)(unit)
    style.dress(axes)


def _value(x: float) -> str:
    """A tick: whole from ten on, and below it with the digits that tell it from its neighbours."""
    return words.count(x) if x >= 10 else f"{x:.3g}"


def _one_in(share: float, _: object) -> str:
    if share >= 1:
        return "all"
    return f"1 in {words.count(round(1 / share))}" if share > 0 else ""


def distribution(
    observed: FloatArray, simulated: FloatArray, label: str, currency: str | None = None, narrow: bool = False
) -> Figure:
    """Share of sessions up to each value, observed and simulated, with what chance alone does to so few observed ones.

    Parameters
    ----------
    observed, simulated : one value a session
    label : of the axis
    currency : where values are money
    narrow : for a phone
    """
    seen, made = np.sort(observed), np.sort(simulated)
    margin = 1.36 / np.sqrt(seen.size)  # 95 % band of Kolmogorov and Smirnov
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=3.8)
        style.place(figure, 0.55, 0.2, 0.55, 0.1)
        shares, values = _steps(seen)
        axes.plot(*reversed(_steps(made)), color=BLUE, linewidth=2.0, label="simulated", zorder=3)
        low, high = np.clip(shares - margin, 0, 1), np.clip(shares + margin, 0, 1)
        axes.fill_between(
            values,
            low,
            high,
            color=BLUE_PALE,
            alpha=0.7,
            linewidth=0,
            label=f"what {words.count(seen.size)} sessions can tell",
        )
        axes.step(values, shares, where="mid", color=ALERT, linewidth=1.4, label="observed", zorder=4)
        axes.set_xscale("log")
        positive = seen[seen > 0]
        if positive.size:
            axes.set_xlim(float(positive[0]) / 1.3, float(max(seen[-1], np.quantile(made, 0.999))) * 1.1)
        _money_log(axes, currency, narrow)
        axes.set(ylim=(0, 1), xlabel=label)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(True)
        axes.legend(frameon=False, loc="upper left", labelcolor=MUTED, handlelength=1.4)
    return figure


def _steps(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares and values of a rising sample, at most `MOST_STEPS` of them and both ends."""
    ranks = np.unique(np.round(np.linspace(0, values.size - 1, MOST_STEPS)).astype(int))
    return (ranks + 0.5) / values.size, values[ranks]


def _money_log(axes: Axes, currency: str | None, narrow: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0,) if narrow else (1.0, 2.0, 5.0), numticks=14))
    axes.xaxis.set_minor_locator(NullLocator())
    text = (lambda x: words.money_short(x, currency)) if currency else words.count
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: text(x)))
    style.dress(axes)
