from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distributions.notation import parse_law
from scenarios.load import load, scenario_sha256
from scenarios.prices import resolve_prices
from scenarios.schema import Control, Event
from simulator.result import Result
from simulator.show.assumptions import HEIGHT, WIDTH, assumptions, law_card
from simulator.show.reading import read
from simulator.show.reproduce import command, from_values
from simulator.show.scenario_words import (
    brief_words,
    control_words,
    event_words,
    expected_words,
    law_words,
    shared_words,
)
from simulator.show.sketch import StatedLaw, sketch, stated_laws
from tests.show import synthetic

LAWS: dict[str, Any] = {
    "lognormal": {"p50": 150, "p95": 900},
    "geometric": {"geometric": {"mean": 4}},
    "poisson": {"poisson": {"mean": 0.9}},
    "many outcomes": {"poisson": {"mean": 900}},
    "uniform": {"uniform": {"low": 1, "high": 1.5}},
    "pert": {"pert": {"low": 0.9, "mode": 1.0, "high": 1.6}},
    "heavy tail": {"lomax": {"alpha": 1.2, "scale": 1_500}, "max": 100_000},
    "clipped": {"lognormal": {"p50": 150, "p95": 900}, "max": 400},
    "mixture": {"mixture": [{"weight": 0.9, "law": {"p50": 10, "p95": 30}}, {"weight": 0.1, "law": 1_000}]},
    "negative": {"normal": {"mean": -5, "sd": 2}},
}


# Sketches


@pytest.mark.parametrize("name", LAWS)
def test_a_sketch_outlines_its_law(name: str) -> None:
    law = parse_law(LAWS[name])
    shape = sketch(law)
    assert (np.diff(shape.edges) > 0).all()
    assert shape.heights.max() == 1
    assert shape.heights.min() >= 0
    assert shape.edges[0] <= shape.p5 <= shape.p50 <= shape.p95 <= shape.edges[-1]
    assert float(law.cdf(shape.p50)) >= 0.5
    assert float(law.cdf(shape.edges[-1]) - law.cdf(shape.edges[0])) > 0.9


def test_few_outcomes_are_bars_and_many_are_a_curve() -> None:
    assert sketch(parse_law(LAWS["poisson"])).discrete
    assert not sketch(parse_law(LAWS["many outcomes"])).discrete
    assert not sketch(parse_law(LAWS["lognormal"])).discrete


@pytest.mark.parametrize("name", LAWS)
def test_a_small_drawing_stays_in_its_box(name: str) -> None:
    card = law_card(StatedLaw(("agents", "chat", "turns"), parse_law(LAWS[name])))
    pairs = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.-]+,[\d.-]+", card.outline)]
    assert min(x for x, _ in pairs) >= 0
    assert max(x for x, _ in pairs) <= WIDTH
    assert min(y for _, y in pairs) >= 0
    assert max(y for _, y in pairs) <= HEIGHT
    assert card.p5 <= card.p50 <= card.p95


def test_a_constant_is_said_and_not_drawn() -> None:
    card = law_card(StatedLaw(("agents", "chat", "system_tokens"), parse_law(2_500)))
    assert (card.name, card.said, card.outline) == ("system_tokens", "exactly 2,500", "")


# Where laws are stated


def test_laws_know_their_line(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(
        "name: one\nas_of: 2026-11-20\nvolume: {sessions_per_day: 10}\nagents:\n  bot:\n"
        "    model: anthropic/claude-sonnet-4-6\n    turns: {geometric: {mean: 4}}\n    output_tokens: 120\n"
        "drivers: {volume: 0.7 to 1.5}\n"
    )
    found = {one.path: (one.line, one.constant) for one in stated_laws(load(file))}
    assert found == {
        "agents.bot.turns": (7, False),
        "agents.bot.output_tokens": (8, True),
        "drivers.volume": (9, False),
    }


def test_the_whole_language_has_its_assumptions(shared: Path) -> None:
    scenario = load(shared / "examples" / "coding-agent.yaml")
    given = assumptions(scenario, resolve_prices(scenario), read(synthetic.result()))
    assert [name for name, _ in given.events] == list(scenario.events)
    assert len(given.controls) == len(scenario.controls)
    assert [card.name for card in given.drivers] == list(scenario.drivers.levels)
    assert {"agents.planner", "agents.executor", "features.build", "difficulty"} <= given.groups.keys()
    said = " ".join(text for _, text in given.events) + " ".join(given.controls) + " ".join(given.shared)
    for text in (
        "On Thu 10 Dec with a chance of 60 %, for 4 days: volume times lognormal, P50 2, P95 5.",
        "0.4 times a month, for 1 day: calls of frontier go to cheap.",
        "in 2 % of sessions: agents spawned times 8.",
        "to the end: prices times 1.25.",
        "At 80 % of the budget: calls of frontier go to cheap.",
        "At 100 % of the budget, 1 day late: volume times 0.5.",
        "The busiest hour has 14 % of a day; beyond 600 sessions in it, calls fail 3 times as often.",
        "Volume grows by 15 % a month.",
        "Rank correlation of volume and failure rate: 0.4.",
    ):
        assert text in said
    inhouse = [line for line in given.prices if line.model == "inhouse"]
    assert [line.above for line in inhouse] == ["", "above 65,536 tokens"]
    assert any("paid 90 % of it" in line.terms for line in given.prices if line.model == "cheap")


def test_users_make_volume() -> None:
    volume = {"users": 900, "sessions_per_user_day": {"lognormal": {"mean": 2.7, "cv": 2.5}}}
    said = list(shared_words(synthetic.scenario(volume=volume, drivers={}, trends={})))
    assert said[0].startswith("900 users; sessions of one user on a day: lognormal, ")
    assert said[1] == "About 75,300 sessions expected in December 2026: 2,430 a day."
    assert said[2] == "Within a day: a Poisson number."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "About 310,000 sessions expected in December 2026: 10,000 a day."),
        (
            {"volume": {"sessions_per_day": "9k", "weekdays": {"sat": 0.1, "sun": 0.1}}},
            (
                "About 288,000 sessions expected in December 2026: 12,100 on Mondays to Fridays, 1,210 on "
                "Saturdays and Sundays."
            ),
        ),
        (
            {
                "volume": {"sessions_per_month": 31_000, "weekdays": {"wed": 0}},
                "period": {"start": "2026-12-10", "days": 3},
            },
            "About 3,580 sessions expected from 10 Dec 2026 to 12 Dec 2026: 1,190 a day.",
        ),
        (
            {
                "volume": {"sessions_per_day": 0.5, "weekdays": {"wed": 0, "fri": 2}},
                "period": {"start": "2026-12-09", "days": 1},
            },
            "About 0 sessions expected on 9 Dec 2026: 0 a day.",
        ),
        (
            {"volume": {"sessions_per_day": 0.7, "weekdays": {"thu": 0, "sun": 2}}, "unit": "query"},
            (
                "About 21 queries expected in December 2026: 0.7 on Mondays to Wednesdays, Fridays and Saturdays, "
                "0 on Thursdays, 1.4 on Sundays."
            ),
        ),
        (
            {"drivers": {"volume": "0.7 to 1.5"}, "trends": {"volume": "5%"}, "period": "2026-Q4"},
            (
                "About 920,000 sessions expected in Q4 2026: 10,000 a day, before drivers and growth; at the mean of "
                "the driver volume, 1.05, about 968,000."
            ),
        ),
        (
            {
                "volume": {"sessions_per_day": "10k", "rollout": {"2026-12-02": 0.1, "2026-12-12": 1}},
                "events": {"launch": {"date": "2026-12-10", "multiplies": {"volume": 2}}},
            },
            (
                "About 210,000 sessions expected in December 2026, the rollout counted: 10,000 a day without it, "
                "before events."
            ),
        ),
    ],
)
def test_what_a_volume_comes_to(changes: dict[str, Any], said: str) -> None:
    plain = {"volume": {"sessions_per_day": "10k"}, "drivers": {}, "trends": {}, "fixed_costs": {}}
    assert expected_words(synthetic.scenario(**{**plain, **changes})) == said


def test_launches_and_a_period_to_date_in_words() -> None:
    feature = {"agent": "chat", "rollout": {"2026-12-02": 0.05, "2026-12-15": 1}}
    changes = {"features": {"assist": feature}, "spent": {"through": "2026-12-12", "amount": 43_210}}
    said = list(shared_words(synthetic.scenario(**changes)))
    assert "Rollout of assist: 5 % from Wed 2 Dec on and all from Tue 15 Dec on; none before." in said
    assert "Spent on what the budget covers by the end of Sat 12 Dec: $43,210; the days after it are simulated." in said


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"per_month": 1.2, "days": {"geometric": {"mean": 1.5}}, "multiplies": {"failure_rate": 8}},
         "1.2 times a month, for a number of days (geometric, P50 1, P95 3): failure rate times 8."),
        ({"date": "2026-12-10", "days": 2, "multiplies": {"volume": 2}}, "On Thu 10 Dec, for 2 days: volume times 2."),
    ],
)  # fmt: skip
def test_events_in_words(event: dict[str, Any], said: str) -> None:
    assert event_words(Event(**event)) == said


def test_controls_in_words() -> None:
    assert control_words(Control(at=1.0, stop=True)) == "At 100 % of the budget: no more sessions are served."  # type: ignore[call-arg]


def test_laws_in_words() -> None:
    assert law_words(parse_law(4)) == "exactly 4"
    assert law_words(parse_law({"p50": 150, "p95": 900})) == "lognormal, P50 150, P95 900"


def test_mixtures_of_data_are_told_by_what_their_parts_are_like(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("gap_of_the_agent\n" + "".join(f"{n}\n" for n in range(1, 101)))
    data = {"data": {"file": "a.csv", "column": "gap_of_the_agent"}}
    tailed = {"splice": {"body": data, "at": 0.9, "tail": {"gpd": {"xi": 0.1, "scale": 5}}}, "max": 500}
    parts = [{"weight": 0.9, "law": tailed}, {"weight": 0.09, "law": data}, {"weight": 0.01, "law": 1_440}]
    told = law_words(parse_law({"mixture": parts}, tmp_path))
    assert told == "mixture of 90 % data with a tail, P50 50, P95 93.6; 9 % data, P50 50, P95 95; 1 % 1,440"
    assert law_words(parse_law(tailed, tmp_path)) == "data with a tail, P50 50, P95 93.6"
    assert "in a.csv" in law_words(parse_law(data, tmp_path))
    assert brief_words(parse_law(data, tmp_path)) == "data, P50 50, P95 95"
    assert brief_words(parse_law({"mixture": parts}, tmp_path)) == "mixture of 3, P50 51, P95 95"
    assert brief_words(parse_law({"p50": 150, "p95": 900, "max": 500})) == "lognormal, P50 150, P95 500"
    many = {"mixture": [{"weight": 1, "law": size} for size in (10, 20, 30, 40, 50)]}
    assert law_words(parse_law(many)) == "mixture of 5, P50 30, P95 50"


@pytest.mark.parametrize(("driver", "told"), [("0.477 to 2.1", "1.11, about 332"), ("0.9 to 1.11", "")])
def test_sessions_at_the_mean_of_the_driver_are_told_where_it_moves_them(driver: str, told: str) -> None:
    changed = synthetic.scenario(volume={"sessions_per_month": 300}, drivers={"volume": driver})
    said = expected_words(changed)
    assert ("; at the mean of the driver volume" in said) == bool(told)
    assert told in said


# The command


def test_the_command_gives_the_same_scenario_again(tmp_path: Path) -> None:
    overrides = ["agents.bot.system_tokens=2_500", "drivers.volume={p50: 1, p95: 2}", "title=it's one"]
    file = tmp_path / "with space.yaml"
    file.write_text(
        "as_of: 2026-11-20\nbudget: 5k\nvolume: {sessions_per_day: 10}\nagents:\n  bot:\n"
        "    model: anthropic/claude-sonnet-4-6\n    output_tokens: 120\n"
    )
    scenario = load(file, overrides)
    made = synthetic.tally(trials=50)
    result = Result(made, scenario, resolve_prices(scenario), **{**synthetic.RUN, "seed": 7, "trials_requested": 80})
    said = shlex.split(command(result))
    assert said[:3] == ["burncurve", "run", str(file)]
    again = load(said[2], [said[i + 1] for i, word in enumerate(said) if word == "--set"])
    assert scenario_sha256(again) == scenario_sha256(scenario)
    options = dict(zip(said[3::2], said[4::2], strict=True))
    assert (options["--budget"], options["--trials"], options["--seed"], options["--engine"]) == (
        "5000",
        "80",
        "7",
        "exact",
    )
    assert not from_values(scenario)


def test_a_scenario_of_the_library_goes_by_its_name() -> None:
    scenario = load("faq")
    result = Result(
        synthetic.tally(trials=50), scenario, resolve_prices(scenario), trials_requested=50, **synthetic.RUN
    )
    assert command(result).startswith("burncurve run faq --budget ")


def test_values_have_no_file(scenario_result: Result) -> None:
    assert from_values(scenario_result.scenario)
    assert command(scenario_result).startswith("burncurve run assistant.yaml --budget 100000 --trials 2000 --seed 1")
