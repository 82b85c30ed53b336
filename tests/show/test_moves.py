"""What moves the chance that the budget breaks, on the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.result import Result
from simulator.risk.moves import Move, Side
from simulator.show import words
from simulator.show.moves import Shown, moves_section
from simulator.show.reading import Reading, read
from simulator.show.report import render
from tests.show import braked, synthetic
from tests.show.conftest import StatePage
from tests.show.pages import page, rows

LOW, HIGH = Side(1_000, 20, 0.02, (0.0123, 0.0307)), Side(1_000, 130, 0.13, (0.1098, 0.1525))
VOLUME = Move("driver", "volume", LOW, HIGH, 1.04, 1e-9)
SPIKE = Move("event", "launch-spike", replace(LOW, trials=800), HIGH, None, 1e-9)
CACHE = Move("driver", "cache_hit", replace(HIGH, breaching=75, probability=0.075), LOW, 0.99, 1e-9)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(synthetic.result(synthetic.tally(trials=50)))


@pytest.mark.parametrize(
    ("move", "title"),
    [
        (VOLUME, "Volume: 2 % of months break the budget with it low, 13 % with it high"),
        (SPIKE, "Launch spike: 2.5 % of months break the budget without it, 13 % with it"),
    ],
)
def test_the_title_says_what_moves_it_most(move: Move, title: str, reading: Reading) -> None:
    section = moves_section(replace(reading, moves=(move, CACHE)))
    assert section is not None
    assert section.title == title


def test_each_side_has_its_chance_its_interval_and_its_count(reading: Reading) -> None:
    section = moves_section(replace(reading, moves=(VOLUME, CACHE)))
    assert section is not None
    volume, cache = section.rows
    assert (volume.name, volume.halves) == ("volume", "above 1.04x the plan")
    assert volume.low == Shown("2 %", "(1.2 to 3.1 %)", "20 of 1,000")
    assert volume.high == Shown("13 %", "(11 to 15.2 %)", "130 of 1,000")
    assert (volume.points, volume.size) == ("+11", 100.0)
    assert (cache.points, cache.size) == ("-5.5", 50.0)


def test_what_was_never_seen_is_a_bound(reading: Reading) -> None:
    never = replace(LOW, breaching=0, probability=0.0, ci=(0.0, 0.003))
    section = moves_section(replace(reading, moves=(replace(VOLUME, low=never),)))
    assert section is not None
    assert section.rows[0].low == Shown("less than 0.3 %", "", "0 of 1,000")


def test_the_report_shows_what_the_result_says() -> None:
    result = braked.all_at_once()
    moves = result.breach_moves
    assert moves
    section = page(render(result)).one("section", id="moves")
    shown = rows(section.one("table", id="moves-table"))
    for row, move in zip(shown, moves, strict=True):
        for cell, side in zip(row[1:3], (move.low, move.high), strict=True):
            assert cell.startswith(words.percent_of(side.breaching, side.trials))
            assert cell.endswith(f"{side.breaching:,} of {side.trials:,}")
    assert [set(move) for move in result.to_dict()["breach_moves"]] == [
        {"kind", "name", "low", "high", "median", "p_value"}
    ] * len(moves)


def test_without_a_budget_nothing_is_said_of_it(state_page: StatePage) -> None:
    result, html = state_page("no budget")
    assert result.breach_moves == ()
    assert 'id="moves"' not in html
    assert isinstance(result, Result)
