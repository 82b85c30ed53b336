"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

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
