"""Weeks, months and features; the heaviest client and the busiest hour; what the engine knows of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.result import Result
from simulator.risk.crowd import PeakCost
from simulator.risk.guardrails import Estimate
from simulator.show import style, words
from simulator.show.accuracy import accuracy_sentences, accuracy_words
from simulator.show.crowd import heaviest_words, peak_words
from simulator.show.page import path
from simulator.show.reading import read
from simulator.show.report import render
from simulator.show.spans import spans_section
from tests.show import braked, synthetic
from tests.show.conftest import StatePage
from tests.show.pages import Tag, page, rows


@pytest.fixture(scope="module")
def result() -> Result:
    return braked.all_at_once()


@pytest.fixture(scope="module")
def report(result: Result) -> Tag:
    return page(render(result))


def test_weeks_stand_in_a_table(result: Result, report: Tag) -> None:
    body = rows(report.one("table", id="week-table"))
    assert [row[0] for row in body] == ["1 to 6 Dec", "7 to 13 Dec", "14 to 20 Dec", "21 to 27 Dec", "28 to 31 Dec"]
    for row, week in zip(body, result.spend_by_week, strict=True):
        assert row[1:] == [words.money(x) for x in (week.mean, week.p50, week.p95, week.tail)]
    assert report.all("table", id="month-table") == []
    assert report.one("section", id="spans").one("h2").text.startswith("The dearest whole week, 7 to 13 Dec, costs $")


def test_features_stand_in_a_table_where_there_are_several(report: Tag) -> None:
    body = rows(report.one("table", id="feature-table"))
    assert [row[0] for row in body] == ["assist", "build", "what no feature spends"]


def test_a_year_folds_its_weeks_away_behind_its_months(state_page: StatePage) -> None:
    section = page(state_page("a year")[1]).one("section", id="spans")
    assert len(rows(section.one("table", id="month-table"))) == 12
    assert section.one("details").all("table", id="week-table")
    assert rows(section.one("table", id="month-table"))[0][0] == "December 2026"


def test_a_single_week_is_nothing_to_tell_apart() -> None:
    reading = read(synthetic.result(synthetic.tally(trials=5, days=4)))
    assert reading.several_features
    made = spans_section(reading)
    assert made is not None
    assert (made.weeks, made.months, made.title) == ([], [], "Spend piece by piece")


def test_the_heaviest_client_and_the_busiest_hour(result: Result, report: Tag) -> None:
    facts = dict(zip([t.text for t in report.all("dt")], [t.text for t in report.all("dd")], strict=False))
    assert "Heaviest client" in facts
    assert result.heaviest_user is not None
    assert result.peak_hour is not None
    usual, high = (words.percent(x) for x in (result.heaviest_user.p50_share, result.heaviest_user.p95_share))
    assert heaviest_words(read(result)) == (
        f"the most active user has {usual} of sessions in a typical month, more than {high} in 1 month in 20"
    )
    share, most = words.percent(result.peak_hour.share), words.percent(result.peak_hour.p95_share)
    assert peak_words(read(result)) == (
        f"{share} of sessions come beyond its capacity, more than {most} in 1 month in 20"
    )
    plain = read(synthetic.result(synthetic.tally(trials=20)))
    assert heaviest_words(plain) == peak_words(plain) == ""


def test_what_the_busiest_hour_costs_may_be_money_saved(result: Result) -> None:
    def said(low: float, mean: float, high: float) -> str:
        cost = PeakCost(500, Estimate(mean, 10.0, (low, high)), Estimate(62.0, 3.0, (56.0, 68.0)))
        return peak_words(replace(read(result), peak_cost=cost)).partition("; ")[2]

    assert said(400, 500, 600) == "that they fail more often costs $500 a month ($400 to $600) and 62 successes"
    assert said(-40, -10, 20) == (
        "that they fail more often costs 62 successes, and moves the month's spend by no more than chance explains "
        "(-$40 to $20)"
    )
    assert said(-600, -500, -400) == (
        "that they fail more often loses 62 successes, and makes the month $500 cheaper ($400 to $600): "
        "what failed went no further"
    )


def test_the_engine_says_its_error_where_it_has_one(report: Tag) -> None:
    assert accuracy_words(braked.ACCURACY, "month") == "engine error ±0.16 % of a month's spend"
    assert accuracy_words(None, "month") == accuracy_words({"held_out_levels": 24.0}, "month") == ""
    assert list(accuracy_sentences(braked.ACCURACY)) == [
        "The engine's own error is 0.16 % of a trial's conditional mean, as root mean square over trials.",
        "The engine's own error is 0.4 % of a trial's conditional mean, in 95 % of trials.",
        "Held out levels: 24.",
    ]
    assert list(accuracy_sentences({"jackknife_error": 0.002})) == ["The engine's jackknife error is 0.2 %."]
    assert list(accuracy_sentences({"exact_error": 0.002, "exact_standard_error": 0.0011, "exact_trials": 246.0})) == [
        "The engine's own error is 0.2 % of mean spend against exact trials of the same numbers.",
        "That comparison has a standard error of 0.11 %.",
        "It rests on 246 exact trials.",
    ]
    assert list(accuracy_sentences({"levels": 33.0, "pool_sessions": 4.5e6})) == [
        "The cost of a day was learnt at 33 levels of the drivers.",
        "For that, 4.5 million sessions were simulated.",
    ]
    assert list(accuracy_sentences(None)) == []
    assert "root mean square over trials" in report.one("section", id="assumptions").text


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("held in 92.3 % of months", "held in 92.3_% of months"),
        ("P50 -9 %, P99.9 0 %, mean +4 %", "P50_-9_%, P99.9_0_%, mean_+4_%"),
        ("within ±3 (P95 ±23 %)", "within ±3 (P95_±23_%)"),
        ("explained (P50 -9 to +34 %, P99 -2 to ? %)", "explained (P50_-9_to_+34_%, P99_-2_to_?_%)"),
        ("1 in 13 months", "1_in_13 months"),
        ("28 Sep 2026 to 1 Nov 2026", "28_Sep 2026 to 1_Nov 2026"),
        ("P50 of the mean", "P50 of the mean"),
    ],
)
def test_what_belongs_together_stays_on_one_line(text: str, held: str) -> None:
    assert style.kept(text) == held.replace("_", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("human_review.minutes", "human_<wbr>review.<wbr>minutes"),
        ("openai/gpt-4o", "openai/<wbr>gpt-4o"),
        ("a.<b>", "a.&lt;b&gt;"),
        ("plain", "plain"),
    ],
)
def test_a_name_of_the_file_breaks_after_its_parts_alone(name: str, html: str) -> None:
    assert path(name) == html


def test_every_table_scrolls_in_a_frame_of_its_own(report: Tag) -> None:
    tables = report.all("table")
    assert len(tables) > 8
    for table in tables:
        assert table.parent is not None
        assert "scroll" in table.parent.attributes["class"].split()
