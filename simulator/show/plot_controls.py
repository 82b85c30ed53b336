"""The burn fan of a period with controls, beside the same without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.show import style, words
from simulator.show.brakes import controls_reading, controls_title
from simulator.show.plot_days import FAR, apart, day_axis, label_room
from simulator.show.reading import Reading, read
from simulator.show.style import ALERT, BLUE, BLUE_MID, BLUE_PALE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result

WITHOUT = (4, 2.5)
"""Dashes of what would be without controls."""


class End(NamedTuple):
    """An amount at the right end of a line."""

    level: float
    name: str
    colour: str
    weight: str


def controls(result: Result | Reading, *, narrow: bool = False, titled: bool = True) -> Figure:
    """Spend so far with controls, as a fan, and the P95 of the same trials without.

    Raises
    ------
    ValueError
        If the scenario has no controls.
    """
    reading = read(result)
    if reading.controls is None:
        raise ValueError("the scenario has no controls: there is nothing to hold beside it")
    with style.styled(narrow):
        figure, axes = style.blank(narrow)
        top = _top(reading)
        side = label_room(reading, top, "P95   " if narrow else "P95 without  ")
        style.place(figure, label_room(reading, top), 0.32 + side, 0.4, 0.1)
        days = np.arange(len(reading.dates) + 1)
        axes.fill_between(days, reading.fan[5], reading.fan[95], color=BLUE_PALE, linewidth=0)
        axes.fill_between(days, reading.fan[25], reading.fan[75], color=BLUE_MID, linewidth=0)
        axes.plot(days, reading.fan[50], color=BLUE, linewidth=2.2)
        axes.plot(days, reading.free_fan[95], color=INK, linewidth=1.8, dashes=WITHOUT, gid="without-p95")
        axes.set(xlim=(0, days[-1]), ylim=(0, top))
        day_axis(axes, reading.dates)
        style.money_axis(axes, reading.currency, "y")
        _ends(axes, list(_ends_of(reading, narrow)), reading, top)
        _thresholds(axes, reading, top)
        if titled:
            style.headline(figure, controls_title(reading), controls_reading(reading), narrow)
    return figure


def _top(reading: Reading) -> float:
    high = max(float(reading.fan[95][-1]), float(reading.free_fan[95][-1]))
    if reading.budget is not None and reading.budget <= FAR * high:
        high = max(high, reading.budget)
    return 1.12 * high or 1.0


def _ends_of(reading: Reading, narrow: bool) -> Iterator[End]:
    for k, weight in ((5, "normal"), (50, "bold"), (95, "normal")):
        yield End(float(reading.fan[k][-1]), f"P{k}  ", INK, weight)
    yield End(float(reading.free_fan[95][-1]), f"P95 without{chr(10) if narrow else '  '}", MUTED, "normal")


def _ends(axes: Axes, ends: list[End], reading: Reading, top: float) -> None:
    """Amounts at the end of the lines, pushed apart where they are close."""
    ordered = sorted(ends, key=lambda end: end.level)
    gap = 0.062 * top * (1.5 if any("\n" in end.name for end in ends) else 1.0)
    last = len(reading.dates)
    for end, y in zip(ordered, apart([end.level for end in ordered], gap), strict=True):
        axes.annotate(
            f"{end.name}{words.money_short(end.level, reading.currency)}",
            (last, y),
            (7, 0),
            textcoords="offset points",
            va="center",
            color=end.colour,
            weight=end.weight,
            annotation_clip=False,
        )


def _thresholds(axes: Axes, reading: Reading, top: float) -> None:
    """A thin line for each threshold, named by its share of the budget, and the budget itself."""
    done = reading.controls
    assert done is not None
    lines = {action.threshold: "" if action.at is None else words.percent(action.at) for action in done.actions}
    if reading.budget is not None:
        lines |= {reading.budget: f"Budget {reading.stated(reading.budget)}"}
    for amount, name in lines.items():
        if amount > top:
            continue
        strong = amount == reading.budget
        axes.axhline(amount, color=ALERT, linewidth=1.6 if strong else 0.9, dashes=(5, 3) if strong else (1, 2))
        axes.annotate(
            name, (0, amount), (4, 4), textcoords="offset points", color=ALERT, weight="bold" if strong else "normal"
        )
