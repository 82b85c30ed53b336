"""Commands that simulate a scenario: `run` and `replay`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli_options import (
    Budget,
    Engine,
    FailIf,
    Json,
    MostTrials,
    Open,
    Out,
    Overrides,
    Points,
    Report,
    Seed,
    Source,
    Threads,
    Tolerance,
    Trials,
)
from simulator.cli_terminal import below, note, noting_interruption, plain, say, width
from simulator.endings import BAD_INPUT, CROSSED, DONE, INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.month import PeriodReplay
    from simulator.outputs import Wanted
    from simulator.replay import Replay
    from simulator.result import Result

COLOURS = {"HOLDS": "green", "AT RISK": "yellow", "LIKELY TO BREAK": "red", "TOO FEW TRIALS": "cyan", "IS OFF": "red"}


def run(
    scenario: Source,
    budget: Budget = None,
    trials: MostTrials = None,
    seed: Seed = None,
    engine: Engine = "auto",
    tolerance: Tolerance = None,
    points: Points = None,
    set_: Overrides = None,
    threads: Threads = None,
    out: Out = None,
    report: Report = None,
    open_: Open = False,
    json: Json = None,
    fail_if: FailIf = None,
) -> None:
    """Simulate a scenario and say what it will spend."""
    from simulator.options import RunOptions
    from simulator.outputs import Wanted
    from simulator.progress import shown_progress

    wanted = Wanted.read(out, report, json)
    words = {"budget": budget, "trials": trials, "seed": seed, "threads": threads, "engine": engine}
    words |= {"tolerance": tolerance, "points": points}
    options = RunOptions.read(scenario, set_ or (), words, fail_if or ())
    if open_:
        wanted = wanted.with_page(options.scenario.name)
    wanted.check_writable(options.inputs)
    with shown_progress(sys.stderr.isatty(), plain(), note) as progress, noting_interruption():
        result = options.simulate(progress)
        stopped = _compare_guardrails(result)
    document = result.to_dict()
    _hand_over(result, document, wanted)
    if open_ and wanted.page is not None:
        typer.launch(wanted.page.resolve().as_uri())
    crossed = options.crossed(result, document)
    for sentence in (*options.about_trials(result), *crossed):
        note(sentence)
    ended = INTERRUPTED if result.interrupted else stopped
    raise typer.Exit(ended or (CROSSED if crossed else DONE))


def _compare_guardrails(result: Result) -> int:
    """Compare guardrails with none, and give the exit code: what was simulated is kept where that comes to no end."""
    from scenarios.problems import ScenarioError

    try:
        _ = result.guardrails
    except KeyboardInterrupt:
        note("interrupted while guardrails were compared with none; the run itself is complete")
        code = INTERRUPTED
    except ScenarioError as error:
        note(f"guardrails can't be compared with none; the run itself is complete\n{error}")
        code = BAD_INPUT
    else:
        return DONE
    result.leave_guardrails_out()
    return code


def _hand_over(result: Result, document: Mapping[str, Any], wanted: Wanted) -> None:
    """Write what is wanted, and show the screen even where that fails: an hour's work is not lost to a full disk."""
    from simulator.outputs import json_text

    written: list[Path] = []
    try:
        written.extend(wanted.write(result, document))
    except KeyboardInterrupt:
        note("interrupted while files were written: some may be missing, and those that are there are whole")
        raise
    finally:
        say(json_text(document) if wanted.json_to_stdout else _run_screen(result))
        for path in written:
            note(f"wrote {path}")


def replay(
    scenario: Source,
    trial: Annotated[str | None, typer.Option(metavar="T", help="Trial of the session, from 0.")] = None,
    day: Annotated[str | None, typer.Option(metavar="D", help="Its day, from 1, or the date.")] = None,
    session: Annotated[str | None, typer.Option(metavar="N", help="Its number on that day, from 0.")] = None,
    feature: Annotated[str | None, typer.Option(metavar="F", help="Its feature, where there are several.")] = None,
    worst: Annotated[
        str | None, typer.Option(metavar="K", help="In place of an address: 1 for the dearest of a run, to 100.")
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(
            metavar="p95|worst", help="A whole period of a run, day by day: a percentile of spend, or a trial."
        ),
    ] = None,
    trials: Trials = None,
    seed: Seed = None,
    points: Points = None,
    set_: Overrides = None,
    threads: Threads = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every agent and call, or day, however many.")] = False,
    json: Json = None,
) -> None:
    """Show one session call by call, or one period day by day."""
    from simulator.outputs import Wanted
    from simulator.progress import shown_progress
    from simulator.replay import read_replay
    from simulator.request import files_read

    wanted = Wanted.read(None, None, json)
    words = {"trial": trial, "day": day, "session": session, "feature": feature, "worst": worst, "month": month}
    words |= {"trials": trials, "seed": seed, "points": points, "threads": threads}
    request = read_replay(scenario, set_ or (), words, prefix="--")
    wanted.check_writable(files_read(request.scenario))
    with shown_progress(sys.stderr.isatty(), plain(), note) as progress, noting_interruption():
        found = request.replay(progress)
    _hand_over_replay(found, wanted, everything)
    raise typer.Exit(INTERRUPTED if found.interrupted else DONE)


def _hand_over_replay(found: Replay | PeriodReplay, wanted: Wanted, everything: bool) -> None:
    from simulator.outputs import json_text

    document, written = found.to_dict() if wanted.json or wanted.json_to_stdout else {}, list[str]()

    def shown() -> str:
        return json_text(document) if wanted.json_to_stdout else _replay_screen(found, everything)

    with below(shown, written):
        written.extend(f"wrote {path}" for path in wanted.write_numbers(document))


def _run_screen(result: Result) -> str:
    from simulator.show.screen import screen

    text = screen(result, width())
    word = result.verdict().word
    if word is None or not sys.stdout.isatty() or plain():
        return text
    return typer.style(word, fg=COLOURS[word], bold=True) + text.removeprefix(word)


def _replay_screen(found: Replay | PeriodReplay, everything: bool) -> str:
    from simulator.month import PeriodReplay
    from simulator.show import month_screen, replay_screen

    if isinstance(found, PeriodReplay):
        text, headings = month_screen.screen(found, width(), everything), set(month_screen.HEADINGS)
    else:
        text, headings = replay_screen.screen(found, width(), everything), set(replay_screen.HEADINGS)
    if not sys.stdout.isatty() or plain():
        return text
    lines = (line.partition(" ") for line in text.splitlines())
    return "\n".join((typer.style(w, bold=True) if w in headings else w) + gap + rest for w, gap, rest in lines)
