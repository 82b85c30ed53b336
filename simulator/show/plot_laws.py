"""Every law of a scenario, drawn small."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scenarios.inputs import basis
from simulator.show import style
from simulator.show.parts import shortened
from simulator.show.scenario_words import brief_words
from simulator.show.sketch import StatedLaw, sketch, stated_laws
from simulator.show.story import laws_reading, laws_title
from simulator.show.style import BLUE, BLUE_PALE, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simulator.result import Result

MOST = 36
"""A picture with more laws than this is no longer one; the report has them all."""


def laws(result: Result, *, narrow: bool = False, titled: bool = True) -> Figure:
    """Draw each law of the scenario that is no constant, with its P5, P50 and P95.

    Raises
    ------
    ValueError
        If the result was loaded from disk, where no scenario is kept.
    """
    from matplotlib.figure import Figure

    if result.scenario is None:
        raise ValueError(f"a loaded result holds no laws: run {result.facts.name} again to see them")
    stated = stated_laws(result.scenario)
    drawn = [one for one in stated if not one.constant][:MOST]
    columns = 1 if narrow else min(3, max(1, len(drawn)))
    rows = max(1, math.ceil(len(drawn) / columns))
    with style.styled(narrow):
        figure = Figure(figsize=((style.NARROW if narrow else style.WIDE)[0], 0.25 + 1.15 * rows), dpi=144)
        style.place(figure, 0.2, 0.2, 0.3, 0.35)
        figure.subplots_adjust(hspace=0.95, wspace=0.12)
        for i, one in enumerate(drawn):
            _small(figure.add_subplot(rows, columns, i + 1), one, 44 if narrow else 40)
        if titled:
            style.headline(figure, laws_title(stated), laws_reading(), narrow)
    return figure


def _small(axes: Axes, one: StatedLaw, letters: int) -> None:
    shape = sketch(one.law)
    if shape.discrete:
        axes.bar(shape.middles, shape.heights, width=0.76, color=BLUE_PALE, edgecolor=BLUE, linewidth=1)
    else:
        axes.fill_between(shape.middles, 0, shape.heights, color=BLUE_PALE, linewidth=0)
        axes.plot(shape.middles, shape.heights, color=BLUE, linewidth=1)
    axes.plot([shape.p5, shape.p95], [0, 0], color=BLUE, linewidth=3, clip_on=False, solid_capstyle="butt")
    axes.plot([shape.p50], [0], "o", color=BLUE, markersize=5, clip_on=False)
    axes.set(yticks=[], xticks=[], xlim=(shape.edges[0], shape.edges[-1]), ylim=(0, 1.05))
    axes.set_title(shortened(one.path, letters), loc="left", size="medium", color=INK, pad=3)
    rests_on = basis(one.law)
    said = brief_words(one.law) + (f" · {rests_on}" if rests_on != "stated" else "")
    axes.text(0, -0.12, shortened(said, letters + 8), transform=axes.transAxes, va="top", color=MUTED, size="small")
