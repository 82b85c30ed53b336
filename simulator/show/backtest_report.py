"""The report of a backtest: one HTML file that shows how a scenario compares with a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import __version__
from simulator.show import page
from simulator.show.backtest_words import verdict_sentence
from simulator.show.calibration_report import badge, costs_picture, figure_names, figures_view

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from simulator.backtest import Backtest


def render(tested: Backtest, scenario: Scenario) -> str:
    """The report of a backtest as one self-contained HTML page."""
    said = verdict_sentence(tested)
    return (
        page.environment()
        .get_template("backtest.html")
        .render(
            css=page.css(),
            version=__version__,
            title=scenario.title or scenario.name,
            name=scenario.name,
            badge=badge(tested),
            sentence=f"{said[:1].upper()}{said[1:]}",
            costs=costs_picture(tested),
            tests=[figures_view(tested, "of the log")],
            figures=figure_names(),
        )
    )
