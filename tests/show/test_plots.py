from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.result import Result
from simulator.show import plots, story, style, words
from simulator.show.parts import parts
from simulator.show.plot_spend import chance_below
from simulator.show.reading import read
from tests.show import synthetic
from tests.show.pages import page

PICTURES = {
    "burn_fan": story.burn_fan_title,
    "s_curve": story.s_curve_title,
    "daily": story.daily_title,
    "session_cost": story.session_title,
    "attribution": story.attribution_title,
}


def texts(figure: Figure) -> list[str]:
    """All text of a figure, titles first, as it stands there."""
    own = [text.get_text() for text in figure.texts]
    return own + [text.get_text() for axes in figure.axes for text in axes.texts]


def unwrapped(text: str) -> str:
    return text.replace("\n", " ").replace("\xa0", " ")


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_title_says_the_finding(name: str, narrow: bool, result: Result) -> None:
    figure = getattr(plots, name)(result, narrow=narrow)
    assert unwrapped(texts(figure)[0]) == PICTURES[name](read(result))
    assert figure.get_size_inches()[0] == (style.NARROW if narrow else style.WIDE)[0]


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_puts_its_own_title_above(name: str, result: Result) -> None:
    assert getattr(plots, name)(result, titled=False).texts == []


@pytest.mark.parametrize("state", [name for name in synthetic.STATES if "agents" not in name])
def test_every_state_can_be_drawn(state: str) -> None:
    result = synthetic.STATES[state]()
    for name in PICTURES:
        drawing = style.svg(getattr(plots, name)(result), name)
        page(drawing)
        assert "nan" not in drawing.lower().replace("finance", "")


def test_the_fan_shows_the_budget_and_the_date_where_it_is_crossed(result: Result) -> None:
    assert result.budget is not None
    assert result.budget.day is not None
    said = texts(plots.burn_fan(result))
    assert "Budget $100,000" in said
    date = words.day_word(result.dates[result.budget.day.p50 - 1])
    assert any(f"crossed around {date}" in text for text in said)
    (dot,) = [line for line in plots.burn_fan(result).axes[0].lines if line.get_gid() == "crossing-dot"]
    assert dot.get_xydata().tolist() == [[result.budget.day.p50, 100_000]]  # type: ignore[union-attr]


@pytest.mark.parametrize("budget", [100_000.0, 50_000.0], ids=["late", "early"])
def test_all_that_marks_the_crossing_can_be_hidden(budget: float) -> None:
    drawing = style.svg(plots.burn_fan(synthetic.result(budget=budget), titled=False), "fan")
    marks = {"bar", "dot", "text", "leader" if budget == 100_000 else "box"}
    assert {f'id="fan-crossing-{mark}"' in drawing for mark in marks} == {True}


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("share", [0.8, 0.95, 0.97], ids=["below P95", "at P95", "above P95"])
def test_when_the_budget_is_crossed_is_written_inside_the_fan(share: float, narrow: bool, result: Result) -> None:
    crossed = synthetic.result(budget=result.spend.quantile(share))
    figure = plots.burn_fan(crossed, narrow=narrow, titled=False)
    figure.draw_without_rendering()
    (text,) = [text for text in figure.axes[0].texts if text.get_gid() == "crossing-text"]
    box = text.get_window_extent()
    assert figure.bbox.x0 < box.x0 < box.x1 < figure.bbox.x1
    assert box.y1 < figure.axes[0].bbox.y1


def test_the_fan_ends_at_the_quantiles_of_spend(result: Result) -> None:
    said = texts(plots.burn_fan(result))
    for k in (5, 50, 95):
        assert f"P{k}  {words.money_short(result.spend.quantile(k / 100))}" in said


def test_the_s_curve_marks_its_quantiles(result: Result) -> None:
    axes = plots.s_curve(result).axes[0]
    marked = {tuple(point) for line in axes.lines if line.get_marker() == "|" for point in line.get_xydata()}
    assert marked == {(result.spend.quantile(p), p) for p in (0.5, 0.8, 0.95)}
    intervals = [line.get_xydata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_alpha() == 0.45]
    assert [tuple(points[:, 0]) for points in intervals] == [result.spend.ci(p) for p in (0.5, 0.8, 0.95)]


def test_no_mark_of_the_s_curve_hides_its_interval() -> None:
    figure = plots.s_curve(synthetic.result(synthetic.tally(trials=10_000)))
    axes = figure.axes[0]
    points = 72 / figure.dpi
    marks = [line for line in axes.lines if line.get_marker() not in {"None", None, ""}]
    bars = [line for line in axes.lines if line.get_alpha() == 0.45]
    assert len(marks) == len(bars) == 3
    for mark, bar in zip(marks, bars, strict=True):
        (left, _), (right, _) = axes.transData.transform(bar.get_xydata())
        wide = mark.get_markeredgewidth() if mark.get_marker() == "|" else mark.get_markersize()
        assert wide < (right - left) * points


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("chance", [0.02, 0.08, 0.2, 0.28, 0.35, 0.45, 0.55, 0.7, 0.9])
def test_labels_of_the_s_curve_stand_apart_inside_and_beside_it(chance: float, narrow: bool, result: Result) -> None:
    made = synthetic.result(average_plan=result.spend.quantile(chance), plan=None, budget=190_000.0)
    figure = plots.s_curve(made, narrow=narrow, titled=False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[0]
    drawn = [text for text in [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()] if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn]
    over = [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]
    assert over == []
    for text in axes.texts:
        box = text.get_window_extent()
        assert axes.bbox.x0 <= box.x0
        assert box.x1 <= axes.bbox.x1 + 1
        (left, bottom), (right, top) = axes.transData.inverted().transform(box)
        below, above = (chance_below(read(made), amount) for amount in (left, right))
        assert above <= bottom or top <= below, f"{text.get_text()} stands on the curve"


def test_session_cost_has_a_log_axis_and_names_the_tail(result: Result) -> None:
    figure = plots.session_cost(result)
    assert figure.axes[0].get_xscale() == "log"
    share = words.percent(result.session.top1pct_share, 0)
    assert f"dearest 1 %:\n{share} of the money" in texts(figure)
    assert f"P99\n{words.money(result.session.cost.p99)}" in texts(figure)


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("tail", [1.001, 100.0], ids=["short", "long"])
def test_what_the_tail_carries_is_written_where_there_is_room(tail: float, narrow: bool, result: Result) -> None:
    reading = read(result)
    cost = replace(reading.sessions.cost, p99=reading.sessions.cost.max / tail)
    near = replace(reading, sessions=replace(reading.sessions, cost=cost))
    figure = plots.session_cost(near, narrow=narrow, titled=False)
    figure.draw_without_rendering()
    (text,) = [text for text in figure.axes[0].texts if text.get_text().startswith("dearest 1 %")]
    box, inside = text.get_window_extent(), figure.axes[0].bbox
    assert inside.x0 <= box.x0 < box.x1 <= inside.x1
    assert text.get_ha() == ("right" if tail < 2 else "left")


def test_attribution_bars_are_told_apart_without_colour(result: Result) -> None:
    axes = plots.attribution(result).axes[0]
    rows = parts(read(result))
    hatched = [bar for bar in axes.patches if bar.get_hatch()]
    plain = [bar for bar in axes.patches if not bar.get_hatch()]
    assert [bar.get_width() for bar in plain] == [row.typical for row in rows]  # type: ignore[attr-defined]
    assert [bar.get_width() for bar in hatched] == [row.worst for row in rows]  # type: ignore[attr-defined]


def test_laws_are_drawn_small(scenario_result: Result) -> None:
    figure = plots.laws(scenario_result)
    assert unwrapped(texts(figure)[0]) == "The forecast stands on 6 laws, none of them on data, 1 cited from a source"
    assert [axes.get_title(loc="left") for axes in figure.axes][:2] == [
        "agents.chat.turns",
        "agents.chat.message_tokens",
    ]


def test_a_loaded_result_has_no_laws_to_draw(result: Result) -> None:
    with pytest.raises(ValueError, match="holds no laws: run coding-agent again"):
        plots.laws(result)


def test_dollars_are_money_and_not_mathematics(result: Result) -> None:
    with style.styled():
        _, axes = style.blank()
        text = axes.text(0, 0, "from $5 to $6")
    assert not text.get_parse_math()


def test_a_drawing_for_a_page_has_no_addresses_and_no_colours_of_its_own(result: Result) -> None:
    drawing = style.svg(plots.burn_fan(result, titled=False), "fan")
    assert "http" not in drawing
    assert "xmlns" not in drawing
    assert not [name for name in style.LIGHT.values() if name in drawing]
    assert "var(--alert)" in drawing
    assert 'id="fan-budget-line"' in drawing
    assert style.svg(plots.burn_fan(result, titled=False), "fan") == drawing


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_text_stands_out_from_the_paper(palette: dict[str, str]) -> None:
    for name in ("ink", "muted", "alert", "blue"):
        assert contrast(palette[name], palette["paper"]) >= 4.5
    assert contrast(palette["ink"], palette["alert-pale"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_no_window_and_no_global_figure() -> None:
    code = (
        "import sys; from tests.show.synthetic import result, tally; from simulator.show import plots;"
        "import matplotlib; before = matplotlib.rcParams.copy(); plots.s_curve(result(tally(50)));"
        "assert matplotlib.rcParams.copy() == before; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
