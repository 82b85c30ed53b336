"""Who spends it: agents, their tools and their retries, on the terminal and in the report."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from simulator.risk.attribution import Component
from simulator.show import words
from simulator.show.parts import LONGEST_LABEL, parts
from simulator.show.reading import Reading, read
from simulator.show.who import accounts, retry_words, spender_words, spenders
from tests.show import synthetic
from tests.show.conftest import StatePage
from tests.show.pages import page, rows

DEEP = "trees, tools and guardrails"


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(synthetic.deep())


def test_shares_of_the_spenders_add_up(reading: Reading) -> None:
    rows = spenders(reading)
    assert sum(row.typical for row in rows) == sum(row.worst for row in rows) == 100
    assert {row.name for row in rows} == {
        *("planner", "executor", "validator", "chat"), "people", "overheads", "fixed costs"
    }  # fmt: skip


def test_agents_spend_under_their_own_names(reading: Reading) -> None:
    said = spender_words(reading)
    typical = [int(n) for n in re.findall(r"(?<!\()\b(\d+) % ?\(", said)]
    worst = [int(n) for n in re.findall(r"\((\d+) %", said)]
    assert (sum(typical), sum(worst), len(typical)) == (100, 100, 5)
    assert said.startswith("executor ")
    assert " % in the worst months) · " in said


def test_one_agent_alone_is_not_named() -> None:
    lonely = read(synthetic.result(synthetic.tally(trials=20, agents=("bot",))))
    assert (spender_words(lonely), retry_words(lonely)) == ("", "")


def test_retries_of_every_agent_are_said(reading: Reading) -> None:
    retries = {part.agent: part.mean for part in reading.parts if part.cause == "retries"}
    ordered = sorted(retries, key=lambda agent: -retries[agent])
    said = [f"{agent} {words.money(retries[agent])}" for agent in ordered]
    assert retry_words(reading) == f"{' · '.join(said)} a month"


def test_many_that_retry_are_counted() -> None:
    many = read(synthetic.STATES["forty agents"]())
    rest = sorted((part.mean for part in many.parts if part.cause == "retries"), reverse=True)[4:]
    assert retry_words(many).endswith(f" · 36 more {words.money(sum(rest))} a month")


def test_tools_are_named_on_the_terminal(reading: Reading) -> None:
    (label,) = (row.label for row in parts(reading) if row.label.startswith("tool"))
    assert label == "tools search and 3 others"
    one = replace(reading, parts=tuple(part for part in reading.parts if part.detail in (None, "read")))
    assert "tool read of planner" in [row.label for row in parts(one)]


def test_a_label_has_room_beside_its_bar(reading: Reading) -> None:
    labels = [row.label for row in parts(reading)]
    assert max(map(len, labels)) <= LONGEST_LABEL
    assert "answers written by executor and 3 others" in labels
    assert "history re-sent by executor, planner and chat" in labels


def test_a_last_agent_is_named_and_not_counted(reading: Reading) -> None:
    told = (
        Component("build", name, "retries", None, mean, mean) for name, mean in (("a", 50.0), ("b", 45.0), ("c", 5.0))
    )
    (row,) = parts(replace(reading, parts=tuple(told)))
    assert row.label == "retries by a, b and c"


def test_accounts_hold_every_part_once(reading: Reading) -> None:
    made = accounts(reading)
    lines = [line for account in made for line in account.lines]
    assert math.fsum(line.mean for line in lines) == pytest.approx(reading.spend.mean, rel=1e-12)
    assert math.fsum(line.tail for line in lines) == pytest.approx(reading.spend.tvar(0.95), rel=1e-12)
    assert len(lines) == len(reading.parts)
    for column in ("typical", "worst"):
        assert round(sum(getattr(line, column) for line in lines), 6) == 100
        assert round(sum(getattr(account, column) for account in made), 6) == 100
    assert [account.mean for account in made] == sorted((account.mean for account in made), reverse=True)


def test_the_report_has_a_row_an_agent_and_its_retries(state_page: StatePage) -> None:
    result, html = state_page(DEEP)
    tree = page(html)
    table = {row[0]: row[1:] for row in rows(tree.one("table", id="agent-table"))}
    assert set(table) == {
        *("planner build", "executor build", "validator build", "chat assist"),
        *("each session as a whole build", "fixed costs"),
    }
    retries = [part.mean for part in result.components() if (part.agent, part.cause) == ("executor", "retries")]
    assert table["executor build"][1] == words.money(*retries)
    assert table["validator build"][1] == ""
    for column in (2, 3):
        assert round(sum(float(row[column].removesuffix(" %")) for row in table.values()), 6) == 100


def test_the_report_has_every_tool_and_fixed_cost_by_name(state_page: StatePage) -> None:
    result, html = state_page(DEEP)
    table = rows(page(html).one("table", id="cause-table"))
    mean = {part.detail: part.mean for part in result.components(by_detail=True)}
    told = {row[0]: row[1] for row in table}
    for tool in ("search", "read", "shell", "a-tool-with-a-long-name"):
        assert told[f"tool {tool}"] == words.money(mean[tool])
    assert "platform" in told
    assert [row[0] for row in table].count("retries") == 3


def test_one_agent_needs_no_table_of_agents(state_page: StatePage) -> None:
    lonely = synthetic.result(synthetic.tally(trials=20, agents=("bot",)))
    from simulator.show.report import render

    tree = page(render(lonely))
    assert tree.all("table", id="agent-table") == []
    assert len(tree.all("table", id="cause-table")) == 1
