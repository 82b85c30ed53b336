"""The screen of a replay: columns that add up whatever is left out, lines that fit, nothing told wrongly."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from ruamel.yaml import YAML

import burncurve as bc
from simulator.engine.tally import CUT_BY_COST
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_END,
    E_HANDOFF,
    E_HELD,
    E_OVERFLOW,
    E_RESULT,
    E_RUN,
    E_TOOL,
    FALLBACK,
    FROM_CHECK,
    FROM_ROOT,
    LOST,
    SPOILED,
)
from simulator.show.replay_screen import replay_html, screen
from tests.simulator.events import event
from tests.simulator.replays import AGENT, EVERY, TEAM, dearest, replay_of
from tests.twin.worlds import one_agent

AMOUNT = re.compile(r"-?\d[\d,]*\.\d{2,}(?= |$)")
ROOT = event(E_AGENT, agent=0, detail=FROM_ROOT, count=2)


def call(turn=1, cost=10_000_000, depth=0, **more):
    return event(E_CALL, depth, turn=turn, cost=cost, **({"agent": min(depth, 1), "message": 100} | more))


def section(text, head):
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(head))
    return lines[start : lines.index("", start)]


def amounts(lines, column=0):
    """The amounts of a table, in its first or second column of them; none of a line that goes on."""
    found = [AMOUNT.findall(line) for line in lines[1:]]
    return [Decimal(row[column].replace(",", "")) for row in found if len(row) > column]


def the_sum(text):
    return Decimal(re.search(r"^SUM  \D*([\d,]+\.\d+):", text, re.MULTILINE)[1].replace(",", ""))


def without_notes(lines):
    """The lines of the tree without what happened, which may speak of money too."""
    place = lines[0].index("what happened")
    return [line[:place] for line in lines]


def assert_adds_up(replay, text):
    assert the_sum(text) == Decimal(repr(replay.cost)) == Decimal(repr(float(replay.course.record["cost"])))
    assert sum(amounts(without_notes(section(text, "AGENTS")))) == the_sum(text)
    calls = section(text, "CALLS")
    assert sum(amounts(calls)) == the_sum(text)
    assert amounts(calls, 1)[-1] == the_sum(text)


@pytest.mark.parametrize("name", EVERY)
def test_tables_add_up_to_the_cost_to_the_last_digit(name):
    replay = dearest(name)
    for everything in (False, True):
        text = screen(replay, 100, everything)
        assert_adds_up(replay, text)
        lines = [line for line in text.splitlines() if not line.startswith("AGAIN")]
        assert max(map(len, lines)) <= 100


@pytest.fixture(scope="module")
def coding(shared):
    """The dearest session of the coding agent, whose events and controls no session knows."""
    spec = YAML(typ="safe").load((shared / "examples" / "coding-agent.yaml").read_text())
    for section_ in ("events", "controls"):
        del spec[section_]
    del spec["drivers"]["correlation"], spec["volume"]["peak_hour"]
    return bc.replay(spec, worst=1, trials=2)


@pytest.mark.parametrize("width", [100, 120])
def test_a_coding_session_reads_well(coding, width):
    text = screen(coding, width)
    assert_adds_up(coding, text)
    lines = text.splitlines()
    assert max(map(len, lines[:-1])) <= width
    assert len(lines) < 100
    assert len(screen(coding, width, everything=True).splitlines()) > len(lines)


def test_a_terminal_of_80_columns_does_without_the_running_total(coding):
    text = screen(coding, 80)
    assert max(map(len, text.splitlines()[:-1])) <= 80
    assert "total" not in section(text, "CALLS")[0]
    assert sum(amounts(section(text, "CALLS"))) == the_sum(text)


def test_the_running_total_follows_the_costs(coding):
    lines = section(screen(coding, 100), "CALLS")
    so_far = Decimal(0)
    for cost, total in zip(amounts(lines), amounts(lines, 1), strict=True):
        so_far += cost
        assert total == so_far


def test_lines_left_out_are_counted():
    replay = replay_of(ROOT, *(call(i, 1_000_000 + i % 7) for i in range(1, 301)))
    text = screen(replay)
    left_out = [int(n) for n in re.findall(r"^\.\.\. (\d+) calls? left out", text, re.MULTILINE)]
    shown = sum(line.startswith("planner #1 ") for line in section(text, "CALLS"))
    assert sum(left_out) + shown == 300
    assert min(left_out) >= 2
    assert "left out" not in screen(replay, everything=True)
    assert len(section(screen(replay, everything=True), "CALLS")) == 301


def test_the_dearest_the_first_and_the_last_call_are_shown():
    calls = [call(i, 99_000_000 if i == 177 else 1_000_000) for i in range(1, 301)]
    turns = re.findall(
        r"^planner #1 +(\d+) ", "\n".join(section(screen(replay_of(ROOT, *calls)), "CALLS")), re.MULTILINE
    )
    assert {"1", "177", "300"} <= set(turns)


def test_a_large_result_is_told_though_it_is_free():
    small, large, child = (
        event(E_TOOL, turn=1, detail=0, count=1, added=9),
        event(E_TOOL, turn=150, detail=0, count=2, added=90_000),
        event(E_RESULT, turn=150, detail=0, added=20_000),
    )
    calls = [call(i) for i in range(1, 301)]
    replay = replay_of(ROOT, calls[0], small, *calls[1:150], large, child, call(151, message=100_000), *calls[151:])
    few, every = ("\n".join(section(screen(replay, 100, everything), "CALLS")) for everything in (False, True))
    for told in (few, every):
        assert "planner #1  tool search x2: 90,000 tokens" in told
        assert "planner #1  executor is done: 20,000 tokens" in told
    assert "tool search: 9 tokens" not in few
    assert "tool search: 9 tokens" in every


def test_small_agents_have_no_calls_of_their_own_among_many():
    kids = [part for _ in range(60) for part in (event(E_AGENT, 1, agent=1), call(1, 10, 1))]
    calls = section(screen(replay_of(ROOT, *(call(i) for i in range(1, 31)), *kids, call(31))), "CALLS")
    assert not any(line.startswith("executor") for line in calls)


def test_a_tree_fits_a_narrow_terminal():
    kids = [part for _ in range(9) for part in (event(E_AGENT, 1, agent=1, count=123), call(1, 123_456_789, 1))]
    busy = [call(2, 7, outcome=LOST), event(E_CUT, detail=CUT_BY_COST)]
    replay = replay_of(ROOT, call(1, 12_345_678_901), *kids, *busy, cut=CUT_BY_COST)
    for width in (100, 80, 70):
        lines = section(screen(replay, width), "AGENTS")
        assert max(map(len, lines)) <= width
    assert "  model  " in section(screen(replay, 100), "AGENTS")[0]


def test_small_branches_are_folded_with_all_below_them():
    kids = [
        part
        for _ in range(30)
        for part in (event(E_AGENT, 1, agent=1), call(1, 10, 1), event(E_AGENT, 2, agent=1), call(1, 10, 2))
    ]
    replay = replay_of(ROOT, call(1, 50_000_000), *kids, call(2, 50_000_000))
    text = screen(replay)
    assert re.search(r"└ 54 more +54 +0\.00000054 +0\.0 %  54 executors", text)
    assert re.search(r"└ executor #\d+ .*below it\n  └ executor #\d+ ", text)
    assert_adds_up(replay, text)
    assert "more" not in screen(replay, everything=True).partition("CALLS")[0]
    assert_adds_up(replay, screen(replay, everything=True))


def test_every_run_of_a_session_has_a_line():
    kids = [part for _ in range(9) for part in (event(E_AGENT, 1, agent=1), call(1, 10_000_000, 1))]
    again = [part for run in (2, 3) for part in (event(E_RUN, count=run), ROOT, call(1, 10))]
    text = screen(replay_of(event(E_RUN, count=1), ROOT, call(), *kids, *again, runs=3))
    assert re.search(r"^planner #11 .*  run 2$\nplanner #12 .*  run 3$", text, re.MULTILINE)


def test_folds_are_counted_apart():
    def small(n):
        return [part for _ in range(n) for part in (event(E_AGENT, 1, agent=1), call(1, 10, 1))]

    large = (event(E_AGENT, 1, agent=1), call(1, 50_000_000, 1))
    replay = replay_of(ROOT, call(), *large, *small(12), *large, *small(15), *large, *large)
    text = screen(replay)
    assert [int(n) for n in re.findall(r"└ (\d+) more", text)] == [12, 15]
    assert_adds_up(replay, text)


def test_no_line_says_that_one_line_is_left_out():
    calls = [call(i, 90_000_000 if i % 2 else 1_000_000) for i in range(1, 100)]
    lines = section(screen(replay_of(ROOT, *calls)), "CALLS")
    assert any("left out" in line for line in lines)
    assert not any("1 call left out" in line for line in lines)


def test_long_names_give_way_before_anything_is_lost():
    models = {f"{name}-with-a-very-long-name-that-says-all": TEAM["models"]["dear"] for name in ("dear", "plain")}
    agents = {
        "the-planner-of-everything-that-is": AGENT
        | {"model": list(models)[1], "spawns": [{"agent": "other", "count": 1}]},
        "other": AGENT | {"model": next(iter(models))},
    }
    spec = TEAM | {"models": models, "agents": agents, "features": {"build": {"agent": next(iter(agents))}}}
    cached = [call(i, 123_456_789, cached=40_000, written=60_000, message=190_000, attempt=1) for i in range(1, 6)]
    text = screen(replay_of(ROOT, *cached, spec=spec))
    lines = section(text, "CALLS")
    assert re.search(r"^the-planner\S* #1 +dear-with\S*… ", text, re.MULTILINE)
    assert max(map(len, lines)) <= 100
    assert "cached" in lines[0]
    assert re.match(r"the-p\S*… #1 ", lines[1])
    assert re.search(r" dear-with\S*… ", lines[1])
    assert the_sum(screen(replay_of(ROOT, *cached, spec=spec))) == Decimal("0.617283945")


def test_a_thousand_levels_and_ten_thousand_calls_take_no_more_room():
    deep = [part for depth in range(1, 65) for part in (event(E_AGENT, depth, agent=1), call(1, 7_000_000, depth))]
    replay = replay_of(ROOT, *(call(i) for i in range(1, 10_001)), *deep)
    text = screen(replay)
    assert_adds_up(replay, text)
    assert len(text.splitlines()) < 140
    assert max(map(len, text.splitlines()[:-1])) <= 100


def test_every_agent_is_a_line_under_its_parent():
    tree = (ROOT, call(), event(E_AGENT, 1, agent=1), call(1, 5, 1), event(E_AGENT, 2, agent=1), call(1, 5, 2))
    checker = (event(E_AGENT, 1, agent=2, detail=FROM_CHECK), call(1, 5, 1))
    lines = section(screen(replay_of(*tree, *checker)), "AGENTS")
    assert [line.split("  ")[0] for line in lines[1:3]] == ["planner #1", "└ executor #2"]
    assert lines[3].startswith("  └ executor #3")
    assert lines[4].startswith("└ validator #4")
    assert lines[4].endswith("checks")


def test_what_happened_to_an_agent():
    events = (
        call(1, 0, message=0, outcome=LOST),
        call(1, attempt=1),
        event(E_TOOL, turn=1, detail=0, count=3, attempt=1, cost=5_000_000),
        event(E_HELD, turn=1, detail=0, count=2),
        event(E_CUT, detail=CUT_BY_COST),
    )
    text = screen(replay_of(ROOT, *events, cut=CUT_BY_COST, success=False))
    tree = " ".join(" ".join(section(text, "AGENTS")).split())
    assert "1 provider error, 3 tool calls, 2 not started, CUT HERE" in tree
    calls = "\n".join(section(text, "CALLS"))
    assert re.search(r"tool search x3, 1 failed {2,}", calls)
    assert "2 executors held back by a cap" in calls
    assert "CUT by the guardrail on cost" in calls
    assert "provider error" in calls


def test_agents_that_failed_say_so():
    lost = call(1, 0, message=0, outcome=LOST)
    assert "FAILED: out of attempts" in screen(replay_of(ROOT, lost))
    text = " ".join(screen(replay_of(ROOT, call(), event(E_OVERFLOW))).split())
    assert "FAILED: the prompt did not fit" in text
    spec = TEAM | {
        "agents": TEAM["agents"] | {"planner": TEAM["agents"]["planner"] | {"retry": {"on_exhausted": "continue"}}}
    }
    text = screen(replay_of(ROOT, lost, spec=spec))
    assert "out of attempts" in text
    assert "FAILED" not in text


def test_an_agent_that_was_cut_short_says_how_far_it_came():
    assert re.search(r"planner #1 +plain +1 of 2 ", screen(replay_of(ROOT, call())).replace("dear", "plain"))


def test_prompts_are_split_only_where_there_is_something_to_split():
    whole = section(screen(replay_of(ROOT, call())), "CALLS")[0]
    assert "prompt" in whole
    assert not {"cached", "written", "fresh", "try"} & set(whole.split())
    split = section(screen(replay_of(ROOT, call(cached=40, written=60), call(2, attempt=1))), "CALLS")
    assert split[0].split()[1:8] == ["turn", "try", "model", "cached", "written", "fresh", "output"]
    assert split[1].split()[5:8] == ["40", "60", "-"]


def test_remarks_give_way_to_the_parts_of_the_prompt():
    parts = {"cached": 40_000, "written": 60_000, "message": 190_000}
    calls = [call(i, 123_456_789, attempt=1, outcome=SPOILED, detail=FALLBACK, **parts) for i in range(1, 6)]
    replay = replay_of(ROOT, *calls)
    wide, narrow = (section(screen(replay, width), "CALLS") for width in (120, 95))
    assert wide[1].endswith("bad answer, fallback")
    assert narrow[1].endswith("bad answer")
    assert "cached" in narrow[0]
    assert max(map(len, narrow)) <= 95


def test_a_cut_is_shown_however_many_children_were_held_back():
    held = [part for i in range(1, 61) for part in (call(i), event(E_HELD, turn=i, detail=0, count=2))]
    replay = replay_of(ROOT, *held, event(E_CUT, detail=CUT_BY_COST), event(E_HANDOFF, cost=5), cut=CUT_BY_COST)
    assert "CUT by the guardrail on cost" in screen(replay)


def test_a_short_line_has_fewer_columns():
    cached = [call(i, 123_456_789, cached=40_000, written=60_000, message=190_000, attempt=1) for i in range(1, 6)]
    replay = replay_of(ROOT, *cached)
    wide, narrow = (section(screen(replay, width), "CALLS") for width in (100, 70))
    assert "cached" in wide[0]
    assert "cached" not in narrow[0]
    assert "prompt" in narrow[0]
    assert max(map(len, narrow)) <= 70


def test_the_session_is_named_and_can_be_shown_again():
    text = screen(replay_of(ROOT, call()))
    assert text.startswith("team: session 17 on 3 Dec 2026 (day 3), trial 4, seed 1\n")
    assert text.endswith("AGAIN  burncurve replay team.yaml --trial 4 --day 3 --session 17 --seed 1")


def test_amounts_have_as_many_decimals_as_they_need():
    assert "cost $" in screen(replay_of(ROOT, call(1, 10_000_000), call(2, 5_000_000)))
    assert section(screen(replay_of(ROOT, call(1, 10_000_000))), "CALLS")[1].endswith("  0.01   0.01")
    assert "0.010000001" in screen(replay_of(ROOT, call(1, 10_000_001)))
    assert "SUM  $1,234.50:" in screen(replay_of(ROOT, call(1, 1_234_500_000_000)))
    euros = one_agent({"output_tokens": 3}, currency="CHF", usd_rate=0.9)
    assert "SUM  CHF 0.01:" in screen(replay_of(ROOT, call(1, 10_000_000), spec=euros))


def test_a_rounding_at_the_end_is_a_line_and_not_a_secret():
    replay = replay_of(ROOT, call(1, 10.4), call(2, 10.4), call(3, 10.4))
    assert replay.course.nanos.tolist() == [0, 0, 10, 11, 10, 0]
    assert replay.course.rows["event"][-1] == E_END
    assert_adds_up(replay, screen(replay))


def test_a_notebook_gets_escaped_text():
    tools = {"<b>search</b>": {"calls_per_turn": 1, "fee": 0.005}}
    agents = TEAM["agents"] | {"planner": TEAM["agents"]["planner"] | {"tools": tools}}
    spec = TEAM | {"title": "<b>bold</b>", "agents": agents}
    page = replay_html(replay_of(ROOT, call(), event(E_TOOL, turn=1, detail=0, cost=99_000_000, count=1), spec=spec))
    assert "tool &lt;b&gt;search&lt;/b&gt;, 91 %" in page
    assert page.startswith("<h4>&lt;b&gt;bold&lt;/b&gt;: session 17 on 3 Dec 2026")
    assert "<p style='max-width:50em'>This session cost" in page
    assert "<pre>AGENTS" in page
    assert "<b>" not in page
