"""How heavy the tail of some data is: Hill's estimates of its index, and mean excesses above thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.show import style, words
from simulator.show.plot_fits import dots, values_axis
from simulator.show.style import ALERT, BLUE, BLUE_PALE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from distributions.choice import Choice


def heaviness(choice: Choice, unit: str, narrow: bool = False) -> Figure:
    """Two panels: Hill's estimate of the tail index by how many values it rests on, and mean excesses by threshold."""
    with style.styled(narrow):
        figure, axes = style.blank(narrow, height=5.6 if narrow else 3.0)
        axes.remove()
        left, right = figure.subplots(*((2, 1) if narrow else (1, 2)))
        _hill_panel(left, choice)
        _excess_panel(right, choice, unit)
        figure.tight_layout(pad=0.4, h_pad=1.6, w_pad=2.6)
    return figure


def _hill_panel(axes: Axes, choice: Choice) -> None:
    k, index = choice.hill
    error = 1.96 * index / np.sqrt(k)
    axes.fill_between(k, index - error, index + error, color=BLUE_PALE, linewidth=0)
    axes.plot(k, index, color=BLUE, linewidth=1.6)
    top = min(3.0 * float(np.median(index)), 1.2 * float((index + error).max()))
    if choice.tail is not None and np.isfinite(choice.tail.tail_index[0]):
        best, least, most = choice.tail.tail_index
        top = max(top, min(1.2 * best, 4.0 * float(np.median(index))))
        axes.vlines(choice.tail.n_above, least, min(most, top), color=ALERT, linewidth=1.2)
        axes.plot([choice.tail.n_above], [best], **dots("the fitted tail"))
        axes.legend(frameon=False, loc="best", labelcolor=MUTED, handlelength=1.2)
    axes.set_xscale("log")
    axes.set(ylim=(0, top))
    _counts_axis(axes, "largest values used")
    axes.set_title("Tail index (Hill)", loc="left", color=INK, fontsize=9.5)


def _excess_panel(axes: Axes, choice: Choice, unit: str) -> None:
    """Both axes in powers of ten, and the upright one no less than one, so that what is level looks level."""
    threshold, excess = choice.mean_excess
    seen = (threshold > 0) & (excess > 0)
    threshold, excess = threshold[seen], excess[seen]
    axes.set_title("Mean excess above a threshold", loc="left", color=INK, fontsize=9.5)
    if not threshold.size:
        axes.set_axis_off()
        return
    axes.plot(threshold, excess, **dots("data"))
    middle = float(np.sqrt(excess.min() * excess.max()))
    half = 1.15 * float(np.sqrt(max(excess.max() / excess.min(), 10.0)))
    values_axis(axes, "x", unit, float(threshold[0]))
    axes.set_yscale("log")
    axes.set_ylim(middle / half, middle * half)
    values_axis(axes, "y", "", middle / half)


def _counts_axis(axes: Axes, label: str) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda x, _: words.count(x) if x >= 10 else f"{x:g}"))
    axes.grid(True)
    axes.set_xlabel(label)
    style.dress(axes)
