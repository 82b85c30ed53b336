"""How deep it goes, what guardrails buy, and what met the hard limit: in words and on the page."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from simulator.risk.guardrails import Estimate
from simulator.show.guardrails import guardrail_table, guardrail_title, guardrail_words
from simulator.show.notebook import result_html
from simulator.show.reading import Reading, read
from simulator.show.screen import screen
from simulator.show.trees import agents_words, has_trees, levels, limit_words, trees_reading
from simulator.show.trust import cautions
from simulator.show.who import retry_words, spender_words
from tests.show import synthetic
from tests.show.conftest import StatePage
from tests.show.pages import page, rows

DEEP = "trees, tools and guardrails"


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(synthetic.deep())


# Trees


def test_a_tree_is_one_line(reading: Reading) -> None:
    capped = replace(reading, guardrails=())
    assert agents_words(capped) == (
        "3.1 a session, 1 in 100 has 12 or more · 42 % of the cost below the root · "
        "a cap on depth or agents kept agents from starting in 0.45 % of sessions"
    )
    held = replace(reading.sessions, held_rate=0.0)
    assert agents_words(replace(capped, sessions=held)).endswith(" below the root")
    assert agents_words(reading).endswith(" below the root")  # guardrails say it themselves


def test_the_screen_has_a_line_for_each(reading: Reading) -> None:
    said = screen(synthetic.deep(), 10_000).splitlines()
    lines = dict(line.split("  ", 1) for line in said if "  " in line)
    assert lines["Retries"].strip() == retry_words(reading)
    assert lines["Who spends it"].strip() == spender_words(reading)
    assert lines["Agents"].strip() == agents_words(reading)
    assert lines["Guardrails"].strip() == guardrail_words(reading)
    assert lines["Caution"].strip().startswith("3 sessions passed the hard limit")


def test_the_share_below_the_root_is_that_of_the_table(reading: Reading) -> None:
    shares = [level.share for level in levels(reading)]
    assert round(sum(shares), 6) == 100
    assert f"{round(sum(shares[1:]), 1):g} % of the cost below the root" in agents_words(reading)


def test_without_trees_nothing_is_said() -> None:
    flat = read(synthetic.result(synthetic.tally(trials=20)))
    assert not has_trees(flat)
    assert agents_words(flat) == guardrail_words(flat) == ""
    counted = synthetic.tally(trials=20)
    counted.session.depth_agents[0] = counted.session.agents_counts[1] = counted.session.sessions
    assert not has_trees(read(synthetic.result(counted)))
    said = screen(synthetic.result(counted))
    assert not re.search("^(Agents|Guardrails) ", said, re.MULTILINE)


def test_agents_that_were_not_counted_leave_the_depths(reading: Reading) -> None:
    unknown = replace(reading.sessions, agents=replace(reading.sessions.agents, mean=math.nan))
    uncounted = replace(reading, sessions=unknown)
    assert agents_words(uncounted).startswith("42 % of the cost")
    assert "Agents in one" not in trees_reading(uncounted)


def test_the_report_says_how_deep_it_goes(state_page: StatePage) -> None:
    result, html = state_page(DEEP)
    tree = page(html)
    section = tree.one("section", id="depth")
    assert section.one("h2").text == "42 % of what sessions cost arises below the root agent"
    table = rows(section.one("table", id="depth-table"))
    assert [row[0] for row in table] == ["0, the root", "1", "2", "3"]
    assert [row[2] for row in table] == ["58.0 %", "20.0 %", "20.0 %", "2.0 %"]
    agents = result.session.agents
    assert f"P50 {agents.p50:.0f} · P95 {agents.p95:.0f} · P99 {agents.p99:.0f}" in section.text
    flat = page(state_page("never breached")[1])
    assert [flat.all("section", id=name) for name in ("depth", "guardrails")] == [[], []]


def test_what_was_done_to_sessions_stands_in_their_table(state_page: StatePage) -> None:
    table = dict(rows(page(state_page(DEEP)[1]).one("table", id="session-table")))
    told = {name: table[name] for name in list(table)[list(table).index("successful") + 1 :]}
    assert list(told.items())[:6] == [
        ("cut by a guardrail", "0.42 %"),  # 85 of 20,000 are 0.425 %, and ties go to the even digit
        ("cut at the hard limit of 100,000 calls, of models or of tools", "0.015 %"),
        ("kept from starting an agent by a cap", "0.45 %"),
        ("run again after a failure", "3.5 %"),
        ("taken over by a person", "0.6 %"),
        ("looked at by a person", "20 %"),
    ]
    assert table["agents, mean · P50 · P99"] == "3.1 · 2 · 12"
    plain = dict(rows(page(state_page("never breached")[1]).one("table", id="session-table")))
    assert "kept from starting an agent by a cap" not in plain
    assert "agents, mean · P50 · P99" not in plain


@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    for state in (DEEP, "guardrails of two features", "forty agents"):
        assert max(map(len, screen(synthetic.STATES[state](), width).splitlines())) <= width


# The hard limit


def test_the_hard_limit_is_never_silent() -> None:
    made = synthetic.deep()
    said = (
        "3 sessions passed the hard limit of 100,000 calls, of models or of tools, and were cut: "
        "their cost is understated"
    )
    assert cautions(made) == said
    assert said in " ".join(screen(made).split())
    loaded = synthetic.result(synthetic.deep_tally())
    assert said in cautions(loaded)
    loaded.tally.session.cut_by["limit"] = 1
    assert limit_words(loaded.tally.session, "task") == (
        "1 task passed the hard limit of 100,000 calls, of models or of tools, and was cut: its cost is understated"
    )
    loaded.tally.session.cut_by["limit"] = 0
    assert cautions(loaded) == ""


def test_the_report_says_it_too(state_page: StatePage) -> None:
    assert "3 sessions passed the hard limit of 100,000 calls" in page(state_page(DEEP)[1]).one("header").text


# Guardrails


def told(reading: Reading, **changes: object) -> str:
    return guardrail_words(replace(reading, guardrails=(synthetic.effect(**changes),)))


def test_a_saving_never_stands_alone(reading: Reading) -> None:
    assert guardrail_words(reading) == (
        "build: cut 0.3 % of its sessions and keep 0.5 % from starting an agent; "
        "save $1,200 ($1,050 to $1,360) a month, lose 45 successes (30 to 60); depth 3 kept on both sides"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held": 0}, "build: cut 0.3 % of its sessions; save"),
        ({"cut": 0}, "build: keep 0.5 % of its sessions from starting an agent; save"),
        (
            {"saving": Estimate(-500.0, 51.0, (-600.0, -400.0))},
            "; cost $500 ($400 to $600) a month more than they save, lose",
        ),
        ({"successes_lost": Estimate(-4.0, 1.0, (-6.0, -2.0))}, " a month, gain 4 successes (2 to 6)"),
        ({"successes_lost": Estimate(0.0, 0.0, (0.0, 0.0))}, " a month, lose no success"),
        ({"successes_lost": Estimate(3.14, 2.0, (-0.86, 7.14))}, "lose 3.1 successes (-0.86 to 7.1)"),
        ({"saving": Estimate(1_204.0, math.nan, (math.nan, math.nan))}, "; save $1,200 a month"),
        ({"compared": 7}, "; seen in only 7 sessions"),
        (
            {"past_limit": 12},
            "; without them 12 of 395 ran into the hard limit of 100,000 calls, so the saving is understated",
        ),
        ({"cut": 0, "held": 0, "compared": 0}, "build: touched none of 50,000 sessions looked at"),
    ],
)
def test_guardrails_in_words(changes: dict[str, object], said: str, reading: Reading) -> None:
    assert said in told(reading, **changes)


def test_the_table_of_guardrails(state_page: StatePage) -> None:
    section = page(state_page(DEEP)[1]).one("section", id="guardrails")
    assert section.one("h2").text == "The guardrails save $1,200 a month and lose 45 successes"
    assert dict(rows(section.one("table", id="guardrail-table"))) == {
        "guardrails": "cost $25, 400 calls, 40 agents",
        "caps that stay on both sides": "depth 3",
        "sessions looked at": "50,000",
        "cut": "0.3 %",
        "kept from starting an agent": "0.5 %",
        "run again without guardrails": "395",
        "saved a month": "$1,200 ($1,050 to $1,360)",
        "successes lost a month": "45 (30 to 60)",
        "saved per success lost": "$26.60",
        "cost per successful session": "$1.42",
        "the same without guardrails": "$1.49",
    }


def test_features_stand_side_by_side(state_page: StatePage) -> None:
    result, html = state_page("guardrails of two features")
    table = page(html).one("table", id="guardrail-table")
    assert [head.text for head in table.all("th")] == ["What guardrails buy", "build", "assist"]
    by_name = {row[0]: row[1:] for row in rows(table)}
    assert by_name["saved a month"] == ["$1,200 ($1,050 to $1,360)", ""]
    assert by_name["cut"] == ["0.3 %", "less than 0.006 %"]
    assert guardrail_words(read(result)).endswith(" · assist: touched none of 50,000 sessions looked at")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (
            {"saving": Estimate(-9.5, 1.0, (-11.5, -7.5))},
            "The guardrails cost $9.50 a month more than they save and lose 45 successes",
        ),
        ({"successes_lost": Estimate(0.0, 0.0, (0.0, 0.0))}, "The guardrails save $1,200 a month and lose no success"),
        ({"compared": 0}, "The guardrails touched none of the sessions looked at"),
    ],
)
def test_titles_of_guardrails(changes: dict[str, object], title: str, reading: Reading) -> None:
    assert guardrail_title(replace(reading, guardrails=(synthetic.effect(**changes),))) == title


def test_what_cannot_be_said_is_none(reading: Reading) -> None:
    hopeless = synthetic.effect(saving_per_success_lost=math.nan, cost_per_success=math.inf)
    table = dict(guardrail_table(replace(reading, guardrails=(hopeless,))).rows)
    assert (table["saved per success lost"], table["cost per successful session"]) == (["none"], ["none"])


def test_where_no_cap_stays_none_is_said(reading: Reading) -> None:
    assert told(reading, kept={}).endswith("lose 45 successes (30 to 60)")


def test_the_only_feature_goes_unnamed(reading: Reading) -> None:
    whole = reading.session_tally
    alone = replace(reading, session_tally=replace(whole, cost_counts=whole.cost_counts[:1]))
    assert guardrail_words(alone).startswith("cut 0.3 % of sessions and keep 0.5 % from starting an agent; save $1,200")


def test_nothing_is_saved_per_success_where_nothing_is_saved(reading: Reading) -> None:
    dear = synthetic.effect(saving=Estimate(-9.5, 1.0, (-11.5, -7.5)), saving_per_success_lost=-0.21)
    assert dict(guardrail_table(replace(reading, guardrails=(dear,))).rows)["saved per success lost"] == ["none"]


def test_roots_of_repeated_sessions_are_explained(reading: Reading) -> None:
    said = "A session that is run again after a failure starts a root of its own each time."
    assert said in trees_reading(reading)
    assert said not in trees_reading(replace(reading, sessions=replace(reading.sessions, repeat_rate=0.0)))


def test_a_notebook_shows_what_guardrails_save_and_lose() -> None:
    shown = page(result_html(synthetic.deep(synthetic.effect(), synthetic.untouched())))
    cells = [[cell.text for cell in row.children] for row in shown.all("tr")]
    told = {name: value for name, value in cells if name.startswith("Guardrails")}
    assert told == {
        "Guardrails of build": "save $1,200 ($1,050 to $1,360) a month, lose 45 successes (30 to 60)",
        "Guardrails of assist": "touched none",
    }
