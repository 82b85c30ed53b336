"""The command line, the only file that prints.

Everything heavy is imported inside the commands, so that ``burncurve --help`` pays for none of it. Exit codes: 0 done;
1 a limit was crossed; 2 bad input; 70 a fault of ours; 130 interrupted (Ctrl-C, SIGTERM), with what was finished kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.endings import BAD_INPUT, CROSSED, DONE, INTERRUPTED, ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scenarios.calibrate import Calibration
    from simulator.month import PeriodReplay
    from simulator.outputs import Wanted
    from simulator.replay import Replay
    from simulator.result import Result

WIDEST = 100
LAST_STREAM = 2
"""Standard input, output and error are 0, 1 and 2."""
COLOURS = {"HOLDS": "green", "AT RISK": "yellow", "LIKELY TO BREAK": "red", "TOO FEW TRIALS": "cyan"}

app = typer.Typer(
    name="burncurve",
    help="Monte Carlo cost risk of GenAI products: what will we spend, and how likely do we breach the budget?",
    epilog="SCENARIO is a YAML file, or a name from `burncurve list`. Start with `burncurve run faq`; with logs at "
    "hand, with `burncurve calibrate LOGS --out mine.yaml`.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[str, typer.Argument(metavar="SCENARIO", help="A YAML file, or a name from the library.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value: volume.sessions_per_day=20k. Repeatable."),
]
Budget = Annotated[str | None, typer.Option(metavar="X", help="In place of the scenario's budget, such as 30k.")]
MANY_TRIALS = (
    "How many periods to simulate, such as 10k. Default: 10,000; where every session of many is simulated, as many as "
    "make 3 billion model calls, at least 200."
)
Trials = Annotated[str | None, typer.Option(metavar="N", help=MANY_TRIALS)]
MostTrials = Annotated[
    str | None,
    typer.Option(metavar="N", help=f"{MANY_TRIALS} With --tolerance: at most so many, by default 100,000."),
]
Seed = Annotated[str | None, typer.Option(metavar="N", help="The same seed gives the same result (default 1).")]
Engine = Annotated[str, typer.Option(metavar="auto|exact|hybrid", help="How to simulate; auto chooses by the work.")]
Tolerance = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Add trials until the simulation error of the P95 is at most so much of it, such as 1%; of the P99 too "
        "where a limit or --fail-if asks for it.",
    ),
]
Points = Annotated[
    str | None,
    typer.Option(
        metavar="sobol|plain",
        help="Draw drivers and events by Sobol points, which are sure of the same with fewer trials (default), or "
        "independently.",
    ),
]
Threads = Annotated[str | None, typer.Option(metavar="N", help="Default: all processors that this process may use.")]
Out = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Write result.json, trials.parquet, report.html, tally.npz and plots into DIR."),
]
Report = Annotated[str | None, typer.Option(metavar="FILE", help="Write the report: one HTML file, self-contained.")]
Open = Annotated[bool, typer.Option("--open", help="Show the report in a browser.")]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE|-", help="Write all numbers; - is standard output, alone.")
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(metavar='"METRIC>VALUE"', help='Exit 1 if so: "breach_probability>0.05". Quote it. Repeatable.'),
]

Logs = Annotated[list[str], typer.Argument(metavar="LOGS...", help="Files of call logs, or folders of them.")]
LogFormat = Annotated[
    str, typer.Option("--format", metavar="auto|NAME", help="What the logs are; auto tells by itself.")
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Where a field stands: prompt=ContextTokens. Repeatable."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN=VALUE", help="Only records that say so: team_id=support. Repeatable."),
]
Since = Annotated[str | None, typer.Option(metavar="DATE", help="First day, such as 2026-11-01.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Last day.")]
FeatureFrom = Annotated[str | None, typer.Option(metavar="COLUMN", help="The field that names the feature.")]
ModelMap = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="LOGGED=PROVIDER/MODEL", help="What a logged name means; '*=...' for all. Repeatable."
    ),
]
Ttl = Annotated[
    str | None, typer.Option(metavar="5m|1h", help="How long the provider keeps a prefix; default: as the log shows.")
]
LogSeed = Annotated[int, typer.Option(metavar="N", help="The same seed gives the same result.", min=0)]


def main() -> None:
    """Run the command line, and turn whatever goes wrong into one message and an exit code."""
    _prepare_streams()
    # What a scheduler sends to stop a job: as Ctrl-C does, it keeps what was finished and leaves no half-written file.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get("BURNCURVE_DEBUG") == "1":
            traceback.print_exc()
        code, message = ending(error)
        _drop_unwritten()
        _note(message)
        sys.exit(code)


@app.command()
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
    with shown_progress(sys.stderr.isatty(), _plain(), _note) as progress, _noting_interruption():
        result = options.simulate(progress)
        stopped = _compare_guardrails(result)
    document = result.to_dict()
    _hand_over(result, document, wanted)
    if open_ and wanted.page is not None:
        typer.launch(wanted.page.resolve().as_uri())
    crossed = options.crossed(result, document)
    for sentence in (*options.about_trials(result), *crossed):
        _note(sentence)
    ended = INTERRUPTED if result.interrupted else stopped
    raise typer.Exit(ended or (CROSSED if crossed else DONE))


def _compare_guardrails(result: Result) -> int:
    """Compare guardrails with none, and give the exit code: what was simulated is kept where that comes to no end."""
    from scenarios.problems import ScenarioError

    try:
        _ = result.guardrails
    except KeyboardInterrupt:
        _note("interrupted while guardrails were compared with none; the run itself is complete")
        code = INTERRUPTED
    except ScenarioError as error:
        _note(f"guardrails can't be compared with none; the run itself is complete\n{error}")
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
        _note("interrupted while files were written: some may be missing, and those that are there are whole")
        raise
    finally:
        _say(json_text(document) if wanted.json_to_stdout else _screen(result))
        for path in written:
            _note(f"wrote {path}")


@app.command()
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
    with shown_progress(sys.stderr.isatty(), _plain(), _note) as progress, _noting_interruption():
        found = request.replay(progress)
    _hand_over_replay(found, wanted, everything)
    raise typer.Exit(INTERRUPTED if found.interrupted else DONE)


def _hand_over_replay(found: Replay | PeriodReplay, wanted: Wanted, everything: bool) -> None:
    from simulator.outputs import json_text

    document = found.to_dict() if wanted.json or wanted.json_to_stdout else {}
    try:
        for path in wanted.write_numbers(document):
            _note(f"wrote {path}")
    finally:
        _say(json_text(document) if wanted.json_to_stdout else _replay_screen(found, everything))


@app.command()
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

    def keep(made: Calibration) -> None:
        scenario, *values = made.write(out)
        _note(f"wrote {scenario}{f' and {len(values)} files in {values[0].parent}' if values else ''}")

    with shown_reading(sys.stderr.isatty(), _plain(), _note) as (watch, phase), _noting_interruption():
        made = request.calibrate(watch, phase, keep)
        page = render(made, out) if report is not None else ""
    document = made.to_dict() if json is not None else {}
    try:
        for path in (*wanted.write_numbers(document), *wanted.write_page(page)):
            _note(f"wrote {path}")
    finally:
        _say(json_text(document) if wanted.json_to_stdout else calibration_screen(made, _width(), out))


def _bring_to_level(given: list[str], level: list[str], out: str, words: Mapping[str, Any], wanted: Wanted) -> None:
    """Scale an existing scenario to sums."""
    from simulator.level import level_request, level_scenario
    from simulator.outputs import json_text
    from simulator.progress import shown_reading
    from simulator.show.level_screen import level_screen

    scenario, usage = level_request(given, level, out, words)
    wanted.check_writable([*map(Path, level)])
    with shown_reading(sys.stderr.isatty(), _plain(), _note) as (_, phase), _noting_interruption():
        made = level_scenario(given[0], scenario, usage, name=words["name"], seed=words["seed"], phase=phase)
    document = made.to_dict()
    try:
        for path in [*made.write(out), *wanted.write_numbers(document)]:
            _note(f"wrote {path}")
    finally:
        _say(json_text(document) if wanted.json_to_stdout else level_screen(made, _width(), out))


@app.command()
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
    json: Json = None,
) -> None:
    """Hold a scenario against call logs, quantile by quantile.

    Logs are read as `burncurve calibrate` reads them; those of a later time than it was learnt from ask the most of it.
    """
    from simulator.calibration import BacktestRequest
    from simulator.outputs import Wanted, json_text
    from simulator.progress import shown_reading
    from simulator.show.backtest_words import backtest_text

    wanted = Wanted.read(None, None, json)
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
    with shown_reading(sys.stderr.isatty(), _plain(), _note) as (watch, phase), _noting_interruption():
        tested = request.backtest(watch, phase)
    document = tested.to_dict() if json is not None else {}
    try:
        for path in wanted.write_numbers(document):
            _note(f"wrote {path}")
    finally:
        _say(json_text(document) if wanted.json_to_stdout else backtest_text(tested, _width()))


@app.command("list")
def list_() -> None:
    """List the scenarios that come with burncurve."""
    from scenarios.load import library_names, load
    from simulator.show.tables import columns

    _say(columns([(name, load(name).title) for name in library_names()], align="ll", width=_width()))


@app.command()
def new(file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it; must not exist.")]) -> None:
    """Write a commented scenario to start from."""
    from simulator.outputs import write_starter

    write_starter(file, date.today())  # noqa: DTZ011  (the writer's own calendar)
    _say(f"wrote {file}\nNext: edit it, then\n    burncurve check {file}\n    burncurve run {file}")


@app.command()
def check(
    scenario: Source,
    set_: Overrides = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the file with every default and price.")] = False,
) -> None:
    """Say whether a scenario is valid and plausible."""
    from simulator.checking import check_text, resolved_text

    _say(resolved_text(scenario, set_ or ()) if resolved else check_text(scenario, set_ or (), _width()))


@app.command()
def prices(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Part of a name; all models without.")] = None,
) -> None:
    """List the models that have prices."""
    from scenarios.catalog import catalog_version
    from scenarios.prices import list_models, price_data_date
    from simulator.show.tables import price_list
    from simulator.show.words import full_date

    _say(price_list(list_models(model), _width()))
    _note(f"Dollars per million tokens, from {catalog_version()} of {full_date(price_data_date())}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from scenarios.reference import json_schema

    _say(json.dumps(json_schema(), indent=2))


@app.command()
def warmup() -> None:
    """Compile the kernels ahead of the first run."""
    import time

    started = time.perf_counter()
    from distributions.jit import cache_directory
    from simulator.replay import replay as tell
    from simulator.run import run as simulate

    few = ["volume.sessions_per_day=1"]
    simulate("faq", trials=1, overrides=few)  # the kernel of chats; below those of trees, without a trace and with one
    tell("coding-agent", worst=1, trials=1, overrides=few)
    folder = cache_directory()
    where = f"kept in {folder}" if folder else "not kept: no cache folder can be written, set BURNCURVE_CACHE to one"
    _say(f"The kernels are ready, after {time.perf_counter() - started:.1f} s; {where}.")


# What reaches the terminal


def _prepare_streams() -> None:
    """Make sure that there is somewhere to print, before anything is done that nobody would see."""
    output_closed = sys.stdout is None
    # Else the next file to be opened would get the number of a closed stream, and with it what is printed there.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STREAM:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115  (a descriptor, for as long as we live)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if output_closed:
        _note("standard output is closed; send it somewhere, if only to /dev/null")
        sys.exit(BAD_INPUT)


def _say(text: str) -> None:
    """Write to standard output; a reader that has gone away is no error."""
    try:
        print(text.removesuffix("\n"), flush=True)
    except BrokenPipeError:
        _drop_unwritten()


def _drop_unwritten() -> None:
    """Give up what standard output did not take, or Python tries again at its end and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _note(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _noting_interruption() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        _note(f"interrupted {error}".rstrip())
        raise


def _width() -> int:
    """The terminal's, at most what reads well; where there is no terminal, just that."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)


def _screen(result: Result) -> str:
    from simulator.show.screen import screen

    text = screen(result, _width())
    word = result.verdict().word
    if word is None or not sys.stdout.isatty() or _plain():
        return text
    return typer.style(word, fg=COLOURS[word], bold=True) + text.removeprefix(word)


def _replay_screen(found: Replay | PeriodReplay, everything: bool) -> str:
    from simulator.month import PeriodReplay
    from simulator.show import month_screen, replay_screen

    if isinstance(found, PeriodReplay):
        text, headings = month_screen.screen(found, _width(), everything), set(month_screen.HEADINGS)
    else:
        text, headings = replay_screen.screen(found, _width(), everything), set(replay_screen.HEADINGS)
    if not sys.stdout.isatty() or _plain():
        return text
    lines = (line.partition(" ") for line in text.splitlines())
    return "\n".join((typer.style(w, bold=True) if w in headings else w) + gap + rest for w, gap, rest in lines)


def _plain() -> bool:
    """Whether the terminal takes, or its user wants, nothing but text."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
