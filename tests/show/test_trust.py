"""What the trust line says of inputs and prices, and what it warns of."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scenarios.inputs import InputCounts, count_inputs
from scenarios.lint import lint
from scenarios.load import load
from scenarios.prices import STALE_DAYS, price_data_date, resolve_prices
from scenarios.writer import write_yaml
from simulator.result import Result, load_result
from simulator.run import run
from simulator.show import words
from simulator.show.report import render
from simulator.show.screen import screen
from simulator.show.sketch import stated_laws
from simulator.show.story import laws_title
from simulator.show.trust import cautions, inputs_counted, prices_dated
from tests.engine.cents import cents
from tests.show import synthetic
from tests.show.pages import page


def test_cited_inputs_are_no_measured_ones(scenario_result: Result) -> None:
    assert "0 inputs measured, 1 cited, 14 stated, 7 defaults" in screen(scenario_result)
    assert (
        inputs_counted(InputCounts(measured=1, cited=0, stated=2, default=1)) == "1 input measured, 2 stated, 1 default"
    )


def test_the_laws_title_counts_data_and_citations_apart(scenario_result: Result) -> None:
    assert scenario_result.scenario is not None
    title = laws_title(stated_laws(scenario_result.scenario))
    assert title == "The forecast stands on 6 laws, none of them on data, 1 cited from a source"


OWN: dict[str, Any] = {"input": 1, "output": 2}
LISTED: dict[str, Any] = {"catalog": "anthropic/claude-sonnet-4-6"}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"it": LISTED}, "prices of DAY"),
        ({"it": LISTED | {"input": 1}}, "own prices and prices of DAY"),
        ({"it": LISTED | {"long_context": {"above": 100_000, "input": 9}}}, "own prices and prices of DAY"),
        ({"it": OWN, "other": LISTED}, "own prices and prices of DAY"),
        ({"it": LISTED | OWN | {"cached_input": 0.1, "cache_write": 1}}, "own prices"),
        ({"it": OWN}, "own prices"),
    ],
)
def test_prices_are_dated_by_their_data(models: dict[str, Any], said: str) -> None:
    agents = {"chat": {"model": "it", "output_tokens": 100}}
    book = resolve_prices(synthetic.scenario(models=models, agents=agents))
    assert prices_dated(book) == said.replace("DAY", words.full_date(price_data_date()))


def test_old_price_data_are_said_to_be_old() -> None:
    day = price_data_date()
    young, old = (day + timedelta(days=STALE_DAYS + more) for more in (0, 1))
    late = {"period": f"{old.year + 1}-01", "fixed_costs": {}}
    assert "before as_of" not in screen(synthetic.with_scenario(as_of=young.isoformat(), **late))
    result = synthetic.with_scenario(as_of=old.isoformat(), **late)
    assert f"prices of {words.full_date(day)}, 61 days before as_of" in " ".join(screen(result).split())
    assert any("may have changed since" in note for note in result.prices.notes)  # type: ignore[union-attr]


# What no figure shows

OWN_MODEL: dict[str, Any] = {"models": {"own": {"input": 1, "output": 2}}}


def heavy(alpha: float, **changes: Any) -> Result:
    turns = {"lomax": {"alpha": alpha, "scale": 2}}
    agent = {"model": "anthropic/claude-sonnet-4-6", "turns": turns, "context": {"carry": 0}, "output_tokens": 100}
    return synthetic.with_scenario(agents={"chat": agent | changes}, **(OWN_MODEL if changes else {}))


def labelled(result: Result, label: str) -> tuple[str, str]:
    """What the screen and the report say under a label; empty where it does not stand."""
    lines = [line.removeprefix(label).strip() for line in screen(result, 200).splitlines() if line.startswith(label)]
    facts = page(render(result)).one("header").one("dl", class_="facts").children if lines else []
    report = [said.text for name, said in pairwise(facts) if name.text == label]
    return "".join(lines), "".join(report)


@pytest.mark.parametrize(
    ("alpha", "changes", "said"),
    [
        (1.5, {}, "a session's cost has infinite variance (agents.chat.turns); trials understate its tail"),
        (
            1.5,
            {"model": "own", "context": {"carry": 1}},
            "a session's cost has infinite mean (agents.chat.turns); trials understate its tail",
        ),
        (2.5, {}, ""),
    ],
)
def test_a_tail_too_heavy_for_its_moments_is_cautioned(alpha: float, changes: dict[str, Any], said: str) -> None:
    assert labelled(heavy(alpha, **changes), "Caution") == (said, said)


def test_what_no_figure_reads_is_said_by_name() -> None:
    agent = {"model": "anthropic/claude-sonnet-4-6", "output_tokens": 100}
    worth: dict[str, Any] = {
        "agents": {"chat": agent},
        "features": {"assist": {"agent": "chat", "value_per_success": 2}},
        "value": {"users": 900, "arpu": 20},
    }
    result = synthetic.with_scenario(**worth)
    said = "value, features.assist.value_per_success"
    assert labelled(result, "Not used yet") == (said, said)
    assert screen(result).splitlines()[-1] == f"Not used yet    {said}"
    assert result.scenario is not None
    assert result.prices is not None
    assert {"value", "features.assist.value_per_success"} <= {
        f.path for f in lint(result.scenario, result.prices.cards)
    }


def test_a_plain_scenario_has_neither(scenario_result: Result) -> None:
    for label in ("Caution", "Not used yet", "Notes"):
        assert labelled(scenario_result, label) == ("", "")
    assert "notes" not in scenario_result.to_dict()


GUESSED: dict[str, Any] = {
    "volume": {"sessions_per_day": 20, "source": "assumed: nobody counted"},
    "drivers": {"volume": {"p5": 0.5, "p95": 2, "source": "assumed: nobody knows"}, "price": "0.99 to 1.01"},
    "notes": ["Is off: by much.", "Mind: the tail.", "Assumed: all."],
}


def test_what_nobody_measured_is_named_where_it_decides() -> None:
    guessed = run(cents(**GUESSED), trials=200, threads=1)
    trust, _ = labelled(guessed, "Trust")
    assert "0 inputs measured, 2 assumed, " in trust
    assert " · nobody measured volume, and it decides the worst periods · " in trust
    said = "The volume is assumed, not measured: 0.5 to 2 times the plan (P5 to P95)."
    assert said in " ".join(screen(guessed).split()).partition(" Spreadsheet")[0]
    banners = [each.text for each in page(render(guessed)).all(class_="banner")]
    assert "The volume is assumed, not measured. 0.5 to 2 times the plan (P5 to P95)." in banners
    still = GUESSED["drivers"] | {"price": "0.2 to 5"}
    assert (
        " · nobody measured volume · " in labelled(run(cents(**GUESSED | {"drivers": still}), trials=200), "Trust")[0]
    )
    known = {key: value for key, value in GUESSED.items() if key == "notes"}
    measured = run(cents(**known), trials=8)
    assert "measured volume" not in labelled(measured, "Trust")[0]
    assert "assumed, not measured" not in screen(measured)


def test_notes_are_one_line_on_the_screen_and_whole_in_the_report() -> None:
    result = synthetic.with_scenario(**GUESSED)
    said = "Is off: by much · 2 more"
    assert labelled(result, "Notes") == (f"{said} in the report", f"{said} below")
    assumptions = page(render(result)).one("section", id="assumptions").text
    assert all(note in assumptions for note in GUESSED["notes"])
    assert "2 assumed" in assumptions
    assert "Assumed: nobody knows" in assumptions
    assert result.to_dict()["notes"] == GUESSED["notes"]


FAILED = (
    "Is off: Against 80 sessions of the log: simulated session costs differ from the observed ones by more than chance "
    "makes; prompts of calls are off. Prompts of calls are 53 % too low at P90."
)


def test_what_failed_its_own_backtest_is_marked_wherever_it_is_read(tmp_path: Path) -> None:
    result = run(cents(notes=FAILED, budget=1e9), trials=20, threads=1)
    mark = (
        "This scenario failed its own backtest: simulated session costs differ from the observed ones by more than "
        "chance makes; see its notes."
    )
    for one in (result, load_result(result.save(tmp_path))):
        assert screen(one, 1_000).startswith(f"IS OFF   {mark}\n")
        report = page(render(one))
        assert report.one(class_="badge").text == "IS OFF"
        assert mark in report.all("p", class_="banner")[0].text
        assert labelled(one, "Trust")[0].startswith("failed its own backtest · ")
        assert f"<b>{mark}</b>" in one._repr_html_()
    assert result.to_dict()["notes"] == [FAILED]
    likely = screen(run(cents(notes=FAILED, budget=0.001), trials=20, threads=1), 1_000)
    assert likely.startswith("LIKELY TO BREAK   ")
    assert mark in likely
    mended = screen(run(cents(notes=FAILED.replace("Is off", "Mind"), budget=1e9), trials=20, threads=1), 1_000)
    assert mended.startswith("HOLDS   ")
    assert "failed" not in mended.partition("Notes")[0]


def test_what_sums_found_off_is_no_backtest() -> None:
    result = run(cents(notes="Is off: A day costs $0.72 in the scenario and $0.806 in the sums. No more."), trials=8)
    said = "This scenario is off: a day costs $0.72 in the scenario and $0.806 in the sums; see its notes."
    assert screen(result, 1_000).startswith(f"IS OFF   {said}\n")


def test_a_volume_that_was_said_since_is_not_assumed(tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(write_yaml(cents(**GUESSED), {}))
    (tmp_path / "mine.yaml").write_text("extends: made.yaml\nvolume: {sessions_per_day: 30}\n")
    guessed, said, mine = (
        count_inputs(load(tmp_path / name, overrides)).assumed
        for name, overrides in (
            ("made.yaml", ()), ("made.yaml", "volume.sessions_per_day=30"), ("mine.yaml", "drivers.volume=0.9 to 1.2"),
        )
    )  # fmt: skip
    assert (guessed, said, mine) == (2, 1, 0)


def test_where_most_sessions_fail_little_spend_is_no_good_news() -> None:
    failing = run(cents(agent={"retry": {"failure_rate": 0.9, "max_attempts": 1}}), trials=8, threads=1)
    share = words.percent(1 - failing.session.success_rate)
    assert f"{share} of sessions fail, and failing may be cheap" in cautions(failing)
    assert "fail" not in cautions(run(cents(), trials=8, threads=1))


def test_a_fact_does_not_move_the_drivers() -> None:
    fact = {"through": "2026-12-05", "amount": 1}
    known = run(cents(spent=fact, budget=10), trials=8, threads=1)
    assert "drivers are drawn as planned, whatever was spent so far" in cautions(known)
