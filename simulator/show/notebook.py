"""A result as a notebook shows it: a table and a picture."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from simulator.show import plots, words
from simulator.show.brakes import brakes_rows
from simulator.show.guardrails import guardrail_rows
from simulator.show.reading import Reading, read
from simulator.show.todate import to_date_words
from simulator.show.trust import off_words

if TYPE_CHECKING:
    from simulator.result import Result

DPI = 90


def result_html(result: Result) -> str:
    """The figures that matter most, under a title, above the burn fan; text from the scenario is escaped."""
    reading = read(result)
    title = escape(result.facts.title or result.facts.name)
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:right'>{escape(value)}</td></tr>"
        for name, value in _rows(reading)
    )
    off = off_words(result)
    warned = f"<p><b>{escape(off)}</b></p>" if off else ""
    return f"<h4>{title}, {escape(reading.name)}</h4>{warned}<table>{rows}</table>{_picture(result)}"


def _rows(reading: Reading) -> list[tuple[str, str]]:
    spend, of_all = reading.spend, f", {reading.all_spend}" if reading.all_spend else ""
    rows = [
        (f"Spreadsheet of averages{of_all}", reading.money(reading.average_plan)),
        (f"Mean{of_all}", reading.money(spend.mean)),
        *((f"P{k}{of_all}", reading.money(spend.quantile(k / 100))) for k in (50, 80, 95, 99)),
    ]
    if reading.breach is not None:
        breach = reading.breach
        rows.append(("Budget", reading.stated(breach.amount)))
        rows.append(("Chance of going over it", words.percent_of(breach.breaching, breach.trials)))
    if said := to_date_words(reading):
        rows.append(("So far", said))
    rows += brakes_rows(reading) + guardrail_rows(reading)
    return [*rows, (f"Simulated {reading.nouns}", words.count(reading.trials))]


def _picture(result: Result) -> str:
    page = io.BytesIO()
    figure = plots.burn_fan(result)
    figure.savefig(page, format="png", dpi=DPI)
    about = escape(str(figure.get_label()))
    data = base64.b64encode(page.getvalue()).decode()
    return f'<img alt="{about}" style="max-width:100%" src="data:image/png;base64,{data}">'
