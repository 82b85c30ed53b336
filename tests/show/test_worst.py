"""What is different about the worst months, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.risk.drivers import Difference, Worst
from simulator.show.reading import Reading, read
from simulator.show.report import render
from simulator.show.worst import worst_section, worst_words
from tests.show import braked, synthetic
from tests.show.pages import page, rows


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(synthetic.result(synthetic.tally(trials=50)))


def driver(name: str = "volume", worst: float = 1.7, strength: float = 1.5) -> Difference:
    return Difference("driver", name, worst, 1.0, None, None, strength, 0.05)


def event(name: str = "launch-spike", worst: float = 0.86, overall: float = 0.54, **changes: Any) -> Difference:
    return replace(Difference("event", name, worst, overall, 3.4, 2.1, 2.0, 0.05), **changes)


def said(reading: Reading, *differences: Difference) -> str:
    return worst_words(replace(reading, worst=Worst(500, differences)))


def test_events_stand_beside_their_base_rate_and_drivers_beside_the_plan(reading: Reading) -> None:
    assert said(reading, event(), driver()) == "launch spike (86 % of them; 54 % of all) · volume 1.7x the plan"


def test_only_the_first_share_is_explained(reading: Reading) -> None:
    two = said(reading, driver(), event(), event("retry_storm", 0.9, 0.7))
    assert two == "volume 1.7x the plan · launch spike (86 % of them; 54 % of all) · retry storm (90 %; 70 %)"


def test_an_event_that_is_always_on_is_told_by_its_days(reading: Reading) -> None:
    always = event("storm", 1.0, 0.99)
    assert said(reading, always) == "storm (3.4 days in them; 2.1 in all)"
    assert said(reading, event(), always).endswith(" · storm (3.4 days; 2.1)")


def test_a_driver_that_stands_as_planned_is_left_out(reading: Reading) -> None:
    assert said(reading, driver("turns"), driver(worst=1.004)) == "turns 1.7x the plan"
    assert said(reading, driver("turns"), driver(worst=1.04)) == "turns 1.7x the plan · volume 1.04x the plan"
    assert said(reading, driver(worst=0.96)) == "volume 0.96x the plan"


def test_a_few_things_are_said_and_weak_ones_are_not(reading: Reading) -> None:
    many = [driver(name) for name in ("volume", "context", "price", "turns")]
    assert said(reading, *many).count(" · ") == 2
    assert said(reading, driver(strength=0.49)) == ""
    assert said(reading, driver(worst=0.6, strength=-0.9)) == "volume 0.6x the plan"


def test_the_section_lists_all_that_chance_does_not_explain() -> None:
    result = braked.result()
    section = page(render(result)).one("section", id="worst")
    differences = result.worst_trials.differences
    body = rows(section.one("table", id="worst-table"))
    assert [row[0] for row in body] == ["volume", "launch spike"]
    spike = differences[1]
    assert spike.worst_days is not None
    assert body[1][1] == f"on in {round(100 * spike.worst)} %, {spike.worst_days:.2g} days"
    assert [row[3] for row in body] == [f"{difference.strength:+.1f}" for difference in differences]
    assert f"{result.worst_trials.trials:,} months at or beyond the P95" in section.text


def test_where_nothing_is_different_there_is_no_section(reading: Reading) -> None:
    assert worst_section(replace(reading, worst=Worst(500, ()))) is None
