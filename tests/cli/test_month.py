"""`burncurve replay --month`: what is typed, what is printed, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

import burncurve as bc
from simulator.course import ReplayError
from tests.cli.calling import Caller

RUN = ("--trials", 8, "--seed", 4)


def test_a_period_is_shown_in_words_and_day_by_day(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("replay", small, "--month", "p95", *RUN)
    assert (outcome.code, outcome.err) == (0, "")
    heads = [line.split()[0] for line in outcome.out.splitlines() if re.match(r"[A-Z]{3,} ", line)]
    assert heads == ["SPEND", "DRIVERS", "MONEY", "DAYS", "SUM", "AGAIN", "DEAREST"]
    assert re.match(
        r"small: December 2026, trial \d of 8, the P95 of spend, seed 4\n\nSPEND    This month", outcome.out
    )
    assert sum(bool(re.match(r"[A-Z][a-z]{2} \d+ Dec ", line)) for line in outcome.out.splitlines()) == 31


def test_the_last_lines_show_the_same_again_and_its_dearest_session(burncurve: Caller, small: Path) -> None:
    first = burncurve("replay", small, "--month", "worst", *RUN, "--set", "agents.chat.output_tokens=9")
    again, session = re.findall(r"(?m)^(?:AGAIN)? +burncurve (replay .*)$", first.out)
    assert "--set agents.chat.output_tokens=9 --month worst --trials 8 --seed 4" in again
    assert burncurve(*again.split()).out == first.out
    shown = burncurve(*session.split())
    assert shown.code == 0, shown.err
    cost = re.search(r"The dearest session of this month, (\$[\d.]+),", first.out)[1]  # type: ignore[index]
    assert f"This session cost {cost}" in shown.out


def test_a_trial_is_named_by_its_number(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("replay", small, "--month", 3, *RUN)
    assert outcome.out.startswith("small: December 2026, trial 3 of 8, seed 4\n")


def test_all_shows_every_day(burncurve: Caller, small: Path) -> None:
    long = ("--month", "p50", "--trials", 3, "--set", "period=2026-Q4", "--set", "volume.sessions_per_day=9")
    some, everything = (burncurve("replay", small, *long, *words).out for words in ((), ("--all",)))
    assert "7 to 13 Dec" in some
    assert "7 to 13 Dec" not in everything
    assert len(everything.splitlines()) > 92 > len(some.splitlines())


def test_json_to_standard_output_is_alone_there(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    outcome = burncurve("replay", small, "--month", "p95", *RUN, "--json", "-")
    document = json.loads(outcome.out)
    run = json.loads(burncurve("run", small, *RUN, "--json", "-").out)
    assert document["spend"] == run["spend"]["p95"]
    assert document["median_spend"] == run["spend"]["p50"]
    assert len(document["days"]) == 31
    beside = burncurve("replay", small, "--month", "p95", *RUN, "--json", tmp_path / "m.json")
    assert "SPEND" in beside.out
    assert beside.err == f"wrote {tmp_path / 'm.json'}\n"
    assert json.loads((tmp_path / "m.json").read_text()) == document


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "p95", "--worst", 1], "--month\n    shows a whole period, and so does not go with --worst\n"),
        (["--month", "p95", "--trial", 1, "--session", 2], "so does not go with --trial and --session\n"),
        (
            ["--month", "may"],
            "--month\n    is no trial of a run\n    got:     may\n    allowed: p95, any other percentile",
        ),
        (
            ["--month", 8, *RUN],
            "--month\n    is beyond the last trial of a run of 8\n    got:     8\n    allowed: 0 to 7",
        ),
        (["--month", "p95", "--trials", 0], "--trials\n    the number of trials is"),
        ([], "allowed: --trial T --day D --session N, or --worst K; of a whole period --month p95"),
    ],
)
def test_a_period_that_there_is_not_is_bad_input(
    burncurve: Caller, small: Path, words: list[object], said: str
) -> None:
    outcome = burncurve("replay", small, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_a_period_that_differs_is_our_fault_and_is_not_shown(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = bc.run(small, trials=2)
    result.tally.levels[:] += 1e-9
    monkeypatch.setattr("simulator.month.run", lambda *_, **__: result)
    outcome = burncurve("replay", small, "--month", "p95", "--trials", 2)
    assert (outcome.code, outcome.out) == (70, "")
    assert f"burncurve failed: {ReplayError.__name__}: a replayed period is not the one of its run" in outcome.err


def test_an_interrupted_run_shows_what_was_finished(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator import run as home

    def stopped(*arguments: object, **options: object) -> object:
        result = complete(*arguments, **options)  # type: ignore[arg-type]
        result.interrupted, result.trials_requested = True, 50
        return result

    complete = home.run
    monkeypatch.setattr("simulator.month.run", stopped)
    outcome = burncurve("replay", small, "--month", "worst", *RUN)
    assert outcome.code == 130
    assert "The run was interrupted: 50 were asked for." in " ".join(outcome.out.split())


def test_headings_stand_out_on_a_terminal_that_takes_it(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    for variable in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    assert "\x1b[1mDAYS\x1b[0m " in burncurve("replay", small, "--month", "p95", *RUN).out
