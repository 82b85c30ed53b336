"""The figures of a result under their names; matplotlib waits until one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.result import Result


class Plots:
    """The figures of a result; matplotlib is imported by the first of them.

    Each takes ``narrow=True`` for a phone's width and ``titled=False`` to leave the title to the page around it.
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    def _draw(self, name: str, options: Mapping[str, bool]) -> Figure:
        from simulator.show import plots

        figure: Figure = getattr(plots, name)(self._result, **options)
        return figure

    def burn_fan(self, **options: bool) -> Figure:
        """Spend so far by day, against the budget."""
        return self._draw("burn_fan", options)

    def controls(self, **options: bool) -> Figure:
        """Spend so far with controls, and the P95 of the same periods without; ValueError where there are none."""
        return self._draw("controls", options)

    def s_curve(self, **options: bool) -> Figure:
        """The chance that a period costs no more than an amount."""
        return self._draw("s_curve", options)

    def daily(self, **options: bool) -> Figure:
        """What single days cost."""
        return self._draw("daily", options)

    def session_cost(self, **options: bool) -> Figure:
        """What single sessions cost, and what their tail carries."""
        return self._draw("session_cost", options)

    def attribution(self, **options: bool) -> Figure:
        """What makes the spend, in typical and in the worst periods."""
        return self._draw("attribution", options)

    def laws(self, **options: bool) -> Figure:
        """Every law of the scenario, drawn small; a loaded result has none."""
        return self._draw("laws", options)
