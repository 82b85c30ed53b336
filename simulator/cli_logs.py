"""Commands that read logs: `calibrate` and `backtest`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli_options import (
    FeatureFrom,
    Json,
    LogFormat,
    Logs,
    LogSeed,
    Mapped,
    ModelMap,
    Overrides,
    Report,
    Since,
    Source,
    Ttl,
    Until,
    Where,
)
from simulator.cli_terminal import below, note, noted_at_least, noting_interruption, plain, width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.calibrate import Calibration
    from simulator.outputs import Wanted


def calibrate(
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write the scenario.")],
    logs: Annotated[
        list[str] | None,
        typer.Argument(metavar="LOGS...", help="Files of call logs, or folders of them; with --level, a scenario."),
    ] = None,
    format_: LogFormat = "auto",
    map_: Mapped = None,
    where: Where = None,
    since: Since = None,
    until: Until = None,
    feature_from: FeatureFrom = None,
    model: ModelMap = None,
    ttl: Ttl = None,
    invoice: Annotated[float | None, typer.Option(metavar="AMOUNT", help="What was paid, to hold against it.")] = None,
    holdout: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Hold sessions back and forecast them too, such as 0.5.")
    ] = None,
    sessions_per_day: Annotated[
        str | None,
        typer.Option(
            metavar="N|LOW to HIGH", help='In place of what the log says; "200 to 500" says how sure (P5, P95).'
        ),
    ] = None,
    level: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USAGE", help="Bring the scenario that stands in place of LOGS to the level of sums. Repeatable."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Of the scenario; default: its file's.")] = None,
    seed: LogSeed = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists already.")] = False,
    report: Report = None,
    json: Json = None,
) -> None:
    """Learn a scenario from call logs, and hold it against them.

    Reads csv, JSON lines and Parquet with a row a call, LiteLLM spend logs, Langfuse observations, Helicone requests,
    OpenTelemetry traces, transcripts of Claude Code and Codex, and published traces, told apart by how they begin. Says
    first what the log costs at the day's prices against what it records; then what was learnt, how simulated sessions
    compare with those observed, what could not be learnt and what was assumed.

    Usage pages and bills (OpenAI, Anthropic, ccusage, FOCUS) are sums and have no tails; they bring an existing
    scenario to their level: burncurve calibrate SCENARIO --level USAGE --out FILE
    """
    from simulator.calibration import CalibrateRequest
    from simulator.outputs import Wanted, json_text
    from simulator.progress import shown_reading
    from simulator.show.calibration_report import render
    from simulator.show.calibration_screen import calibration_screen

    wanted = Wanted.read(None, report, json)
    words: dict[str, Any] = {
        "format": format_,
        "map": map_,
        "where": where,
        "since": since,
        "until": until,
        "models": model,
    }
    words |= {"feature_from": feature_from, "ttl": ttl, "invoice": invoice, "holdout": holdout, "seed": seed}
    words |= {"sessions_per_day": sessions_per_day, "name": name}
    if level:
        _bring_to_level(logs or [], level, out, words, wanted)
        return
    request = CalibrateRequest.read(logs or [], out, words, prefix="--", replace=force)
    wanted.check_writable(request.files)

    written: list[str] = []

    def keep(made: Calibration) -> None:
        scenario, *values = made.write(out)
        if not written:  # else it is again, with what it is off in
            written.append(f"wrote {scenario}{f' and {len(values)} files in {values[0].parent}' if values else ''}")

    with noted_at_least(written):
        with shown_reading(sys.stderr.isatty(), plain(), note) as (watch, phase), noting_interruption():
            made = request.calibrate(watch, phase, keep)
            page = render(made, out) if report is not None else ""
        document = made.to_dict() if json is not None else {}

    def shown() -> str:
        return json_text(document) if wanted.json_to_stdout else calibration_screen(made, width(), out, report)

    with below(shown, written):
        written.extend(f"wrote {path}" for path in (*wanted.write_numbers(document), *wanted.write_page(page)))


def _bring_to_level(given: list[str], level: list[str], out: str, words: Mapping[str, Any], wanted: Wanted) -> None:
    """Scale an existing scenario to sums."""
    from simulator.level import level_request, level_scenario
    from simulator.outputs import json_text
    from simulator.progress import shown_reading
    from simulator.show.level_screen import level_screen

    scenario, usage = level_request(given, level, out, words)
    wanted.check_writable([*map(Path, level)])
    with shown_reading(sys.stderr.isatty(), plain(), note) as (_, phase), noting_interruption():
        made = level_scenario(given[0], scenario, usage, name=words["name"], seed=words["seed"], phase=phase)
    document, written = made.to_dict(), list[str]()

    def shown() -> str:
        return json_text(document) if wanted.json_to_stdout else level_screen(made, width(), out)

    with below(shown, written):
        written.extend(f"wrote {path}" for path in [*made.write(out), *wanted.write_numbers(document)])


def backtest(
    scenario: Source,
    logs: Logs,
    set_: Overrides = None,
    format_: LogFormat = "auto",
    map_: Mapped = None,
    where: Where = None,
    since: Since = None,
    until: Until = None,
    feature_from: FeatureFrom = None,
    model: ModelMap = None,
    ttl: Ttl = None,
    seed: LogSeed = 1,
    report: Report = None,
    json: Json = None,
) -> None:
    """Hold a scenario against call logs, quantile by quantile.

    Logs are read as `burncurve calibrate` reads them; those of a later time than it was learnt from ask the most of it.
    """
    from simulator.calibration import BacktestRequest
    from simulator.outputs import Wanted, json_text
    from simulator.progress import shown_reading
    from simulator.show.backtest_report import render
    from simulator.show.backtest_words import backtest_text

    wanted = Wanted.read(None, report, json)
    words: dict[str, Any] = {
        "format": format_,
        "map": map_,
        "where": where,
        "since": since,
        "until": until,
        "models": model,
    }
    words |= {"feature_from": feature_from, "ttl": ttl, "seed": seed}
    request = BacktestRequest.read(scenario, set_ or (), logs, words, prefix="--")
    wanted.check_writable(request.files)
    with shown_reading(sys.stderr.isatty(), plain(), note) as (watch, phase), noting_interruption():
        tested = request.backtest(watch, phase)
        page = render(tested, request.scenario) if report is not None else ""
    document, written = tested.to_dict() if json is not None else {}, list[str]()

    def shown() -> str:
        return json_text(document) if wanted.json_to_stdout else backtest_text(tested, width())

    with below(shown, written):
        written.extend(f"wrote {path}" for path in (*wanted.write_numbers(document), *wanted.write_page(page)))
