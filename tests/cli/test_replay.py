"""`burncurve replay`: what is typed, what is printed, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator import progress
from simulator.course import ReplayError
from simulator.engine.replay import trace_session
from tests.cli.calling import MINIMAL, Caller

PLACE = ("--trial", 2, "--day", 3, "--session", 5)


def test_a_session_is_shown_in_words_as_a_tree_and_call_by_call(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("replay", small, *PLACE)
    assert (outcome.code, outcome.err) == (0, "")
    heads = [line.split()[0] for line in outcome.out.splitlines() if re.match(r"[A-Z]{3,} ", line)]
    assert heads == ["WHY", "AGENTS", "CALLS", "SUM", "AGAIN"]
    assert outcome.out.startswith("small: session 5 on 3 Dec 2026 (day 3), trial 2, seed 1\n\nWHY  This session cost $")


def test_the_last_line_shows_the_same_again(burncurve: Caller, small: Path) -> None:
    first = burncurve("replay", small, "--worst", 2, "--trials", 2, "--seed", 4, "--set", "agents.chat.output_tokens=9")
    command = first.out.splitlines()[-1].removeprefix("AGAIN  burncurve ")
    assert "--set agents.chat.output_tokens=9 --trial" in command
    again = burncurve(*command.split())
    assert again.code == 0, again.err
    sums = [re.search(r"^SUM .*", outcome.out, re.MULTILINE)[0] for outcome in (first, again)]  # type: ignore[index]
    assert sums[0] == sums[1]
    assert "the 2nd dearest of" in " ".join(first.out.split())


def test_a_date_is_a_day(burncurve: Caller, small: Path) -> None:
    dated = burncurve("replay", small, "--trial", 2, "--day", "2026-12-03", "--session", 5)
    assert dated.out == burncurve("replay", small, *PLACE).out


def test_a_library_scenario_is_named_as_one(burncurve: Caller) -> None:
    outcome = burncurve("replay", "faq", "--trial", 0, "--day", 1, "--session", 0)
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1].startswith("AGAIN  burncurve replay faq --trial 0")


def test_all_shows_every_line(burncurve: Caller, small: Path) -> None:
    long = ("--set", "agents.chat.turns=90", *PLACE)
    some, everything = (burncurve("replay", small, *long, *words).out for words in ((), ("--all",)))
    assert "left out" in some
    assert "left out" not in everything
    assert len(everything.splitlines()) > 90 > len(some.splitlines())


def test_json_to_standard_output_is_alone_there(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("replay", small, *PLACE, "--json", "-")
    document = json.loads(outcome.out)
    assert document["address"]["day"] == 3
    assert document["session"]["cost"] == document["events"][-1]["total"]


def test_json_to_a_file_comes_beside_the_screen(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    outcome = burncurve("replay", small, *PLACE, "--json", tmp_path / "new" / "one.json")
    assert "WHY" in outcome.out
    assert outcome.err == f"wrote {tmp_path / 'new' / 'one.json'}\n"
    assert json.loads((tmp_path / "new" / "one.json").read_text())["session"]["calls"] >= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "replay\n    which session? none is given\n    allowed: --trial T --day D --session N, or --worst K"),
        (["--trial", 0], "--day\n    is missing"),
        (["--worst", 1, *PLACE], "--worst\n    looks for the session, and so does not go with --trial and --day and"),
        (["--worst", 101], "--worst\n    a run keeps its 100 dearest sessions"),
        (["--worst", 100, "--trials", 1, "--set", "volume.sessions_per_day=1"], "--worst\n    is more than there are"),
        (
            ["--trial", 0, "--day", 32, "--session", 0],
            "--day\n    is no day of the period\n    got:     32\n    allowed: 1",
        ),
        (["--trial", 0, "--day", 1, "--session", 10**6], "--session\n    is beyond the last one: trial 0 has"),
        (["--trial", -1, "--day", 1, "--session", 0], "--trial\n    a trial is a whole number from 0"),
        ([*PLACE, "--feature", "chats"], "--feature\n    is no feature of the scenario\n    got:     chats"),
        ([*PLACE, "--trials", 2], "--trial\n    is beyond the last trial\n    got:     2\n    allowed: 0 to 1"),
        ([*PLACE, "--seed", "x"], "--seed\n    a seed is"),
        ([*PLACE, "--json", "/proc/nowhere/r.json"], "can't write to /proc/nowhere"),
    ],
)
def test_a_session_that_there_is_not_is_bad_input(
    burncurve: Caller, small: Path, words: list[object], said: str
) -> None:
    outcome = burncurve("replay", small, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_the_file_and_the_line_are_read_together(burncurve: Caller, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(MINIMAL.replace("budget: 300", "budget: 0"))
    outcome = burncurve("replay", tmp_path / "wrong.yaml", "--trial", "x", "--day", "y", "--session", 0)
    assert outcome.code == 2
    for place in (":4: budget", "--trial", "--day"):
        assert place in outcome.err


def test_a_replay_that_differs_is_our_fault_and_is_not_shown(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def wrong(*arguments: Any) -> object:
        record, rows = trace_session(*arguments)
        record["calls"] += 1
        return record, rows

    monkeypatch.setattr("simulator.engine.replay.trace_session", wrong)
    outcome = burncurve("replay", small, *PLACE, "--json", tmp_path / "r.json")
    assert (outcome.code, outcome.out) == (70, "")
    assert f"burncurve failed: {ReplayError.__name__}: the replay of a session differs" in outcome.err
    assert not (tmp_path / "r.json").exists()


def test_an_interrupted_search_shows_the_worst_so_far(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator import run as home

    def stopped(*arguments: object, **options: object) -> object:
        result = complete(*arguments, **options)
        result.interrupted = True
        return result

    complete = home.run
    monkeypatch.setattr("simulator.replay.run", stopped)
    outcome = burncurve("replay", small, "--worst", 1, "--trials", 2)
    assert outcome.code == 130
    assert "The run was interrupted, so there may be dearer ones." in " ".join(outcome.out.split())


def test_a_search_that_found_nothing_says_so(burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> object:
        raise KeyboardInterrupt("before the first trial was finished")

    monkeypatch.setattr("simulator.replay.run", stopped)
    outcome = burncurve("replay", small, "--worst", 1)
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == "interrupted before the first trial was finished\n"


def test_a_search_shows_its_progress_where_someone_watches(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr.__class__, "isatty", lambda _: True, raising=False)
    monkeypatch.setattr(progress, "SECONDS_A_LINE", 0.0)
    monkeypatch.setenv("NO_COLOR", "1")
    outcome = burncurve("replay", small, "--worst", 1, "--trials", 3)
    assert "sessions a second" in outcome.err


def test_nothing_but_text_reaches_a_pipe(burncurve: Caller, small: Path) -> None:
    assert "\x1b" not in burncurve("replay", small, *PLACE).out


def test_headings_stand_out_on_a_terminal_that_takes_it(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    for variable in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    said = burncurve("replay", small, *PLACE).out
    assert "\x1b[1mWHY\x1b[0m  This session" in said
    plain = {"NO_COLOR": "1", "TERM": "dumb"}
    for variable, value in plain.items():
        with monkeypatch.context() as patch:
            patch.setenv(variable, value)
            assert "\x1b" not in burncurve("replay", small, *PLACE).out
