"""The command line: its commands in the order in which people need them, and how it ends.

Everything heavy is imported inside the commands, so that ``burncurve --help`` pays for none of it. Exit codes: 0 done;
1 a limit was crossed; 2 bad input; 70 a fault of ours; 130 interrupted (Ctrl-C, SIGTERM), with what was finished kept.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from datetime import date
from typing import Annotated

import typer

from simulator import cli_logs, cli_runs
from simulator.cli_options import Overrides, Source
from simulator.cli_terminal import drop_unwritten, note, prepare_streams, say, width
from simulator.endings import INTERRUPTED, ending

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


def main() -> None:
    """Run the command line, and turn whatever goes wrong into one message and an exit code."""
    prepare_streams()
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
        drop_unwritten()
        note(message)
        sys.exit(code)


app.command()(cli_runs.run)
app.command()(cli_runs.replay)
app.command()(cli_logs.calibrate)
app.command()(cli_logs.backtest)


@app.command("list")
def list_() -> None:
    """List the scenarios that come with burncurve."""
    from scenarios.load import library_names, load
    from simulator.show.tables import columns

    say(columns([(name, load(name).title) for name in library_names()], align="ll", width=width()))


@app.command()
def new(file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it; must not exist.")]) -> None:
    """Write a commented scenario to start from."""
    from simulator.outputs import write_starter

    write_starter(file, date.today())  # noqa: DTZ011  (the writer's own calendar)
    say(f"wrote {file}\nNext: edit it, then\n    burncurve check {file}\n    burncurve run {file}")


@app.command()
def check(
    scenario: Source,
    set_: Overrides = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Print the file with every default and price.")] = False,
) -> None:
    """Say whether a scenario is valid and plausible."""
    from simulator.checking import check_text, resolved_text

    say(resolved_text(scenario, set_ or ()) if resolved else check_text(scenario, set_ or (), width()))


@app.command()
def prices(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Part of a name; all models without.")] = None,
) -> None:
    """List the models that have prices."""
    from scenarios.catalog import catalog_version
    from scenarios.prices import list_models, price_data_date
    from simulator.show.tables import price_list
    from simulator.show.words import full_date

    say(price_list(list_models(model), width()))
    note(f"Dollars per million tokens, from {catalog_version()} of {full_date(price_data_date())}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from scenarios.reference import json_schema

    say(json.dumps(json_schema(), indent=2))


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
    say(f"The kernels are ready, after {time.perf_counter() - started:.1f} s; {where}.")
