"""A month to date: a fact, what was expected by that day, and a fan that starts there."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.risk.todate import Expected
from simulator.show import plots, story
from simulator.show.reading import read
from simulator.show.report import render
from simulator.show.screen import screen
from simulator.show.todate import to_date_words
from tests.show import braked, synthetic
from tests.show.pages import page, rows


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (43_210.0, "11 % more than the $38,900 expected by then, inside the $29,500 to $51,200 of 9 in 10 months"),
        (
            25_285.0,
            "35 % less than the $38,900 expected by then, and less than 19 in 20 months would have spent ($29,500)",
        ),
        (
            58_350.0,
            "50 % more than the $38,900 expected by then, and more than 19 in 20 months would have spent ($51,200)",
        ),
    ],
)
def test_the_fact_is_compared_with_what_was_expected(amount: float, said: str) -> None:
    assert to_date_words(read(braked.month_to_date(amount))) == f"${amount:,.0f} by Sat 12 Dec; {said}"


def test_without_an_expectation_the_fact_stands_alone() -> None:
    assert to_date_words(read(braked.month_to_date(expected=None))) == "$43,210 by Sat 12 Dec"
    assert to_date_words(read(braked.month_to_date(expected=Expected(0, 0, 0, 0)))) == "$43,210 by Sat 12 Dec"
    assert to_date_words(read(synthetic.result(synthetic.tally(trials=20)))) == ""


def test_the_fan_starts_at_the_fact() -> None:
    reading = read(braked.month_to_date())
    for line in reading.fan.values():
        assert np.isnan(line[:12]).all()
        assert line[12] == 43_210.0
    (axes,) = plots.burn_fan(reading).axes
    (dot,) = [line for line in axes.lines if line.get_gid() == "fact-dot"]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (12, 43_210.0)
    assert "a fact: $43.2k by 12 Dec" in [text.get_text() for text in axes.texts]
    assert [bar.get_gid() for bar in axes.collections].count("expected-bar") == 1


def test_no_day_is_told_that_nobody_knows() -> None:
    reading = read(braked.month_to_date())
    (axes,) = plots.daily(reading).axes
    assert min(line.get_xdata()[0] for line in axes.lines) == 13
    assert story.daily_title(reading).startswith("A typical day costs $")
    assert "from 13 Dec on (what came before is a fact)" in story.burn_fan_reading(reading)
    assert story.burn_fan_reading(reading).endswith("9 in 10 of what was expected by that day.")


def test_a_budget_that_is_broken_is_broken_and_no_chance() -> None:
    result = braked.month_to_date(120_000.0)
    said = screen(result)
    assert said.startswith("LIKELY TO BREAK   The $100,000 budget is broken: $120,000 was spent by Sat 12 Dec.\n")
    assert "If it breaks    it is broken already, by the end by $" in said
    assert story.burn_fan_title(read(result)).startswith(
        "The $100,000 budget is broken, and half of all months end above"
    )
    (axes,) = plots.burn_fan(result).axes
    assert not [text for text in axes.texts if "crossed" in text.get_text()]
    assert "is broken: $120,000" in page(render(result)).one("p", class_="sentence").text


def test_the_report_shows_the_days_to_date_as_one_stretch() -> None:
    result = braked.month_to_date()
    tree = page(render(result))
    body = rows(tree.one("table", id="week-table"))
    assert [row[0] for row in body] == ["1 to 12 Dec, spent", "13 Dec", "14 to 20 Dec", "21 to 27 Dec", "28 to 31 Dec"]
    assert body[0][1:] == ["$43,200"] * 4
    assert "So far" in [tag.text for tag in tree.all("dt")]
    assert "spent to date" in tree.one("section", id="parts").text
