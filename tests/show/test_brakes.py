"""Controls in words: never a saving without the sessions turned away, never one side without the other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.outputs import Wanted
from simulator.result import Result
from simulator.show import plots, words
from simulator.show.brakes import brakes_words, controls_section, controls_title
from simulator.show.reading import Reading, read
from simulator.show.report import render
from tests.show import braked, synthetic
from tests.show.pages import Tag, page, rows


@pytest.fixture(scope="module")
def result() -> Result:
    return braked.with_scenario()


@pytest.fixture(scope="module")
def reading(result: Result) -> Reading:
    return read(result)


@pytest.fixture(scope="module")
def section(result: Result) -> Tag:
    return page(render(result)).one("section", id="controls")


def test_the_line_says_both_sides(result: Result, reading: Reading) -> None:
    done = result.controls
    assert done is not None
    assert done.breach is not None
    away, chance = words.percent(done.turned_away.share), words.percent(done.breach.probability)
    assert brakes_words(reading) == (
        f"{away} of sessions turned away; without controls: {chance} chance, P95 {words.money(done.covered.p95)}"
    )


def test_the_line_without_a_budget_or_with_too_few_months_says_no_chance(reading: Reading) -> None:
    unsure = re.compile(r"turned away; without controls: P95 \$[\d,]+$")
    assert unsure.search(brakes_words(read(braked.result(budget=None, covers=()))))
    assert unsure.search(brakes_words(read(braked.result(braked.braked(trials=4)))))
    assert not unsure.search(brakes_words(reading))


def test_controls_that_turn_nobody_away_say_so(reading: Reading) -> None:
    assert reading.controls is not None
    away = replace(reading.controls.turned_away, mean=0.0, share=0.0, p95_share=0.0)
    routed = replace(reading, controls=replace(reading.controls, turned_away=away))
    assert brakes_words(routed).startswith("no sessions turned away; without controls: ")
    assert controls_title(routed).endswith(" a month and turn no session away")


def test_controls_that_never_act_say_so() -> None:
    reading = read(braked.never_braked())
    assert brakes_words(reading) == "no control acted in 200 months"
    assert controls_title(reading) == "No control acted in 200 simulated months"
    made = controls_section(reading, None)
    assert made is not None
    assert made.rows[-1] == ("sessions turned away", "none", "none", "")
    assert [(row.acts, row.when, row.leak) for row in made.controls] == [("less than 1.7 %", "", "")] * 2


def test_a_notebook_shows_both_sides(result: Result) -> None:
    done, html = result.controls, result._repr_html_()
    assert done is not None
    assert done.breach is not None
    for name, value in (
        ("P95 without controls", words.money(done.covered.p95)),
        ("Chance of going over it without controls", words.percent(done.breach.probability)),
        ("Sessions turned away", words.percent(done.turned_away.share)),
    ):
        assert f"{name}</th><td style='text-align:right'>{value}</td>" in html
    assert "controls" not in synthetic.result(synthetic.tally(trials=20))._repr_html_()
    assert "$43,210 by Sat 12 Dec; 11 % more" in braked.month_to_date()._repr_html_()


def test_a_folder_of_results_has_the_picture_where_there_are_controls(tmp_path: Path) -> None:
    made = braked.with_scenario(braked.braked(trials=30))
    list(Wanted(folder=tmp_path / "with").write(made, {}))
    assert (tmp_path / "with" / "controls.png").stat().st_size > 10_000
    list(Wanted(folder=tmp_path / "without").write(synthetic.with_scenario(synthetic.tally(trials=30)), {}))
    assert not (tmp_path / "without" / "controls.png").exists()


def test_without_controls_there_is_no_line_and_no_section() -> None:
    plain = synthetic.result(synthetic.tally(trials=50))
    assert brakes_words(read(plain)) == ""
    assert controls_section(read(plain), None) is None
    assert page(render(plain)).all("section", id="controls") == []


def test_the_title_never_has_a_saving_alone(result: Result, reading: Reading) -> None:
    assert result.controls is not None
    saved, share = words.money(result.controls.saving.mean), words.percent(result.controls.turned_away.share)
    assert controls_title(reading) == f"Controls save {saved} a month and turn away {share} of sessions"
    assert reading.controls is not None
    dear = replace(reading.controls, saving=replace(reading.controls.saving, mean=-1_200.0))
    assert "cost $1,200 a month more than they save and turn away" in controls_title(replace(reading, controls=dear))


def test_the_table_holds_the_same_months_side_by_side(result: Result, section: Tag) -> None:
    table = {row[0]: row[1:] for row in rows(section.one("table", id="with-and-without"))}
    done = result.controls
    assert done is not None
    assert done.reduction is not None
    assert result.budget is not None
    for name, p in (("P50", 0.50), ("P95", 0.95), ("P99", 0.99)):
        held, free = result.covered.quantile(p), done.covered.quantile(p)
        change = words.money_change(words.round_to(held) - words.round_to(free))
        assert table[name] == [words.money(held), words.money(free), change]
    held, free, change = table["chance to break the budget"]
    assert (held, free) == (words.percent(result.budget.probability), words.percent(done.breach.probability))  # type: ignore[union-attr]
    points = [float(x) for x in re.findall(r"[+-]?\d+\.?\d*", change)]
    expected = [-done.reduction.mean, -done.reduction.ci[1], -done.reduction.ci[0]]
    assert points == pytest.approx([100 * x for x in expected], rel=0.05)
    assert points[1] < points[0] < points[2] < 0
    assert table["mean"][2].startswith(f"-{words.money(done.saving.mean)} (-")
    assert table["sessions turned away"][0] == words.percent(done.turned_away.share)


def test_each_control_is_said_as_written_with_its_dates_and_its_leak(result: Result, section: Tag) -> None:
    first, second = rows(section.one("table", id="control-table"))
    assert result.controls is not None
    action = result.controls.actions[1]
    assert first[0].startswith("At 80 % of the budget: calls of anthropic/claude-sonnet-4-6 go to")
    assert second[0] == "At 100 % of the budget, 1 day late: volume times 0.5"
    late = words.percent(action.crossed_rate - action.acted_rate)
    assert second[2] == f"{words.percent(action.acted_rate)}; too late in {late}"
    assert action.day is not None
    assert action.leak is not None
    middle = words.day_word(result.dates[action.day.p50 - 1])
    assert second[3].startswith(f"{middle}, 8 in 10 times ")
    assert second[4:] == [words.money(action.leak.mean), words.money(action.leak.p95)]


def test_a_loaded_result_tells_controls_by_their_thresholds() -> None:
    made = controls_section(read(braked.result()), None)
    assert made is not None
    assert [row.name for row in made.controls] == ["At 80 % of the budget", "At 100 % of the budget, 1 day late"]


@pytest.mark.parametrize("narrow", [False, True])
def test_the_picture_has_the_line_without_controls(narrow: bool, reading: Reading) -> None:
    (axes,) = plots.controls(reading, narrow=narrow).axes
    (line,) = [line for line in axes.lines if line.get_gid() == "without-p95"]
    assert line.get_ydata()[-1] == reading.free.p95
    texts = [text.get_text() for text in axes.texts]
    assert any(text.startswith("P95 without") for text in texts)
    assert {"80 %", "Budget $100,000"} <= set(texts)
    assert axes.get_ylim()[1] > reading.free.p95
