"""The report of a run: one HTML file that needs nothing else, neither a network nor a script, to be read.

The verdict comes first, then the burn fan, the S-curve with the budget as a slider, what makes the spend, sessions,
days, percentiles, every assumption, and how to get the same numbers again.  All text is escaped; figures are SVG
without addresses; the script is a few lines of arithmetic that the page's own policy names by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.lint import nothing_shared_is_uncertain
from simulator.show import page, plots, story, words
from simulator.show.accuracy import accuracy_sentences, accuracy_words
from simulator.show.amounts import certainty, clamped_note, ladder, period_rows, session_rows
from simulator.show.assumptions import HEIGHT, WIDTH, assumptions
from simulator.show.brakes import brakes_words, controls_reading, controls_section, controls_title
from simulator.show.crowd import heaviest_words, peak_words
from simulator.show.footing import volume_words
from simulator.show.guardrails import guardrail_reading, guardrail_table, guardrail_title, guardrail_words
from simulator.show.metrics import violation_words
from simulator.show.moves import moves_section
from simulator.show.parts import parts
from simulator.show.reading import Reading, read
from simulator.show.reproduce import command, from_values
from simulator.show.sketch import stated_laws
from simulator.show.slider import slider
from simulator.show.spans import spans_section
from simulator.show.todate import to_date_words
from simulator.show.tolerance import tolerance_words
from simulator.show.trees import agents_words, has_trees, levels, trees_reading, trees_title
from simulator.show.trust import cautions, foundations, not_used, noted, off_words
from simulator.show.who import accounts, agents_of, retry_words
from simulator.show.worst import worst_section, worst_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.result import Result

FEW = 100
"""Trials below which a report warns of its own tail."""

MOST_GROUPS = 8
"""Sections whose laws are drawn at once; those of the others are folded away."""


@dataclass(frozen=True)
class Banner:
    """A warning under the verdict."""

    head: str
    text: str
    code: str = ""


def render(result: Result) -> str:
    """The report of a result as one self-contained HTML page.

    Parameters
    ----------
    result : Result
        One loaded from disk gives a report without assumptions.

    Returns
    -------
    str
        HTML, below 2 MB unless the scenario's own text is long.
    """
    reading = read(result)
    given = None
    if result.scenario is not None and result.prices is not None:
        given = assumptions(result.scenario, result.prices, reading)
    moves = slider(reading)
    script = page.template_source("chances.js") + page.template_source("report.js")
    template = page.environment().get_template("report.html")
    return template.render(
        result=result,
        facts=result.facts,
        reading=reading,
        given=given,
        units=words.plural(reading.unit),
        sentences=_sentences(reading),
        error=story.chance_interval(reading),
        badge=_badge(result),
        banners=list(_banners(result, reading)),
        ladder=ladder(reading, story.left_out(result.scenario)),
        lines=list(_lines(result, reading)),
        figures=_figures(reading),
        parts=parts(reading),
        accounts=accounts(reading),
        several_agents=len(agents_of(reading)) > 1,
        trees=_trees(reading),
        guardrails=_guardrails(reading),
        controls=controls_section(reading, result.scenario),
        worst=worst_section(reading),
        moves=moves_section(reading),
        spans=spans_section(reading),
        engine_errors=list(accuracy_sentences(result.accuracy)),
        certainty=certainty(reading),
        period_rows=period_rows(reading, result.spend, result.covered),
        clamped=clamped_note(reading),
        session_rows=session_rows(reading),
        sessions_simulated=words.count(result.tally.session.sessions),
        laws_title=story.laws_title(stated_laws(result.scenario)) if result.scenario is not None else "",
        laws_reading=story.laws_reading(),
        box=(WIDTH, HEIGHT),
        most_groups=MOST_GROUPS,
        usd_rate=reading.stated(result.scenario.usd_rate) if result.scenario is not None else "",
        slider=None if moves is None else moves.payload(),
        ends=None
        if moves is None
        else [reading.money(moves.budget + i * moves.step) for i in (-moves.low, moves.high)],
        budget="" if reading.budget is None else reading.stated(reading.budget),
        command=command(result),
        provenance=list(_provenance(result)),
        css=page.css(),
        script=page.markup(script),
        script_hash=f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'",
    )


# Words of the head


def _sentences(reading: Reading) -> tuple[str, str]:
    if reading.breach is not None:
        return story.budget_sentences(reading, reading.breach)
    typical, dear, noun = reading.money(reading.spend.p50), reading.money(reading.spend.p95), reading.noun
    gap = words.round_to(reading.spend.p95) - words.round_to(reading.average_plan)
    averages = f"A spreadsheet of averages says {reading.money(reading.average_plan)}"
    more = f"{reading.money(abs(gap))} {'more' if gap >= 0 else 'less'}"
    return (
        f"{typical} in a typical {noun}; 1 {noun} in 20 costs more than {dear}.",
        f"{averages}; to be 95 % sure, set aside {more}.",
    )


def _badge(result: Result) -> dict[str, Any]:
    word = result.verdict().word
    kind = {"HOLDS": "holds", "AT RISK": "risk", "LIKELY TO BREAK": "breaks", "IS OFF": "breaks"}.get(
        word or "", "forecast"
    )
    return {"word": word or "FORECAST", "kind": kind, "icon": page.markup(_ICONS[kind])}


_ICON = '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.4" aria-hidden="true">{}</svg>'
_ICONS = {
    "holds": _ICON.format('<path d="M3 10.5 8 15.5 17 5"/>'),
    "risk": _ICON.format('<path d="M10 2.5 18.5 17.5H1.5Z" stroke-linejoin="round"/><path d="M10 8v4.5M10 14v1.6"/>'),
    "breaks": _ICON.format('<path d="M4 4 16 16M16 4 4 16"/>'),
    "forecast": _ICON.format('<path d="M3 17V11M10 17V6M17 17V2"/>'),
}


def _banners(result: Result, reading: Reading) -> Iterator[Banner]:
    if off := off_words(result):
        yield Banner("No forecast to rest on.", off)
    if result.interrupted:
        done, asked = result.trials_done, result.trials_requested
        yield Banner(
            "Interrupted.", f"This rests on {done:,} of {asked:,} {reading.nouns}; intervals are wider for it."
        )
    elif reading.trials < FEW:
        few = f"{reading.trials:,} simulated {words.plural(reading.noun, reading.trials)}"
        yield Banner("A first look.", f"With only {few}, quantiles far out are no better than the worst of them.")
    if result.scenario is not None and nothing_shared_is_uncertain(result.scenario):
        units = words.plural(reading.unit)
        yield Banner(
            "Nothing shared is uncertain.",
            f"Nothing that all {units} share is uncertain in this scenario, so their ups and downs average out and the "
            "range looks surer than any forecast is. State what nobody knows yet, or take an outside view with",
            "drivers: typical",
        )
    if said := volume_words(result.scenario):
        head, _, rest = said.partition(": ")
        yield Banner(f"{head.removesuffix('.')}.", f"{rest[:1].upper()}{rest[1:]}")
    for crossed in result.verdict().violations:
        yield Banner("Limit crossed.", f"{violation_words(crossed, reading.currency, reading.unit)}.")


def _lines(result: Result, reading: Reading) -> Iterator[tuple[str, str]]:
    top = [f"{row.label} {row.typical} % ({row.worst} %)" for row in parts(reading)[:3] if row.typical]
    engine = accuracy_words(result.accuracy, reading.noun)
    trust = [*foundations(result), story.error_words(reading), tolerance_words(result), engine, f"seed {result.seed}"]
    wrong = ". ".join(filter(None, [story.waste_words(reading), story.waste_note(reading)]))
    named = [
        ("So far", to_date_words(reading)),
        ("If it breaks", story.break_words(reading)),
        ("Brakes", brakes_words(reading)),
        ("Went wrong", wrong),
        ("Retries", retry_words(reading)),
        ("What makes it", " · ".join(top) + (f"; in brackets the worst 1 in 20 {reading.nouns}" if top else "")),
        ("Agents", agents_words(reading)),
        ("Guardrails", guardrail_words(reading)),
        (f"Worst {reading.nouns}", worst_words(reading)),
        ("Heaviest client", heaviest_words(reading)),
        ("Busiest hour", peak_words(reading)),
        ("Trust", " · ".join(filter(None, trust))),
        ("Notes", noted(result, "below")),
        ("Caution", cautions(result)),
        ("Not used yet", not_used(result)),
    ]
    return ((label, text) for label, text in named if text)


def _provenance(result: Result) -> Iterator[tuple[str, str]]:
    if from_values(result.scenario):
        yield "Scenario", f"was not read from a file: save the text above as {result.facts.name}.yaml first"
    yield "Scenario SHA-256", result.facts.sha256
    yield "Prices SHA-256", result.facts.prices_sha256
    yield "Seed", str(result.seed)
    yield "Version", f"burncurve {result.version}"
    yield "Engine", f"{result.engine}: {result.engine_reason}"
    done, sessions = result.trials_done, words.count(result.tally.session.sessions)
    units = words.plural(result.facts.unit)
    yield (
        "Simulated",
        f"{done:,} {words.plural('trial', done)}, {sessions} {units} in {words.round_to(result.seconds, 2):g} s",
    )


# Trees and guardrails


def _trees(reading: Reading) -> dict[str, Any] | None:
    if not has_trees(reading):
        return None
    return {"title": trees_title(reading), "reading": trees_reading(reading), "levels": levels(reading)}


def _guardrails(reading: Reading) -> dict[str, Any] | None:
    if not reading.guardrails:
        return None
    said = guardrail_title(reading), guardrail_reading(reading), guardrail_table(reading)
    return dict(zip(("title", "reading", "table"), said, strict=True))


# Figures


def _figures(reading: Reading) -> dict[str, page.Picture]:
    braked = reading.controls is not None
    return {
        "burn_fan": _picture(reading, "fan", plots.burn_fan, story.burn_fan_title, story.burn_fan_reading, "y"),
        "s_curve": _picture(reading, "s", plots.s_curve, story.s_curve_title, story.s_curve_reading, "x"),
        "attribution": _picture(
            reading, "parts", plots.attribution, story.attribution_title, story.attribution_reading
        ),
        "session_cost": _picture(reading, "cost", plots.session_cost, story.session_title, story.session_reading),
        "daily": _picture(reading, "days", plots.daily, story.daily_title, story.daily_reading),
    } | ({"controls": _picture(reading, "brakes", plots.controls, controls_title, controls_reading)} if braked else {})


def _picture(
    reading: Reading,
    prefix: str,
    draw: Callable[..., Figure],
    title: Callable[[Reading], str],
    how: Callable[[Reading], str],
    axis: str = "",
) -> page.Picture:
    drawings = []
    for size, narrow in (("wide", False), ("narrow", True)):
        figure = draw(reading, narrow=narrow, titled=False)
        moving = _moving(figure, axis) if axis else ""
        drawn = page.drawing(figure, f"{prefix}-{size}", title(reading))
        drawings.append(f'<div class="{size}"{moving}>{drawn}</div>')
    return page.Picture(title(reading), how(reading), page.markup("".join(drawings)))


def _moving(figure: Figure, axis: str) -> str:
    """How far the slider moves the budget's line in this drawing, in its units by currency, and where the axis ends."""
    axes = figure.axes[0]
    transform = axes.transData.transform
    points = 72 / figure.dpi
    (x0, y0), (x1, y1) = transform((0, 0)), transform((1, 1))
    per = (x1 - x0) * points if axis == "x" else (y0 - y1) * points
    low, high = axes.get_xlim() if axis == "x" else axes.get_ylim()
    return f' data-axis="{axis}" data-per="{per:.12g}" data-low="{low:.12g}" data-high="{high:.12g}"'
