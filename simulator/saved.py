"""A result in a folder: what is written of it, and the arguments of a Result read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.document import guardrail_values, plain, tolerance_values
from simulator.facts import Facts
from simulator.risk.crowd import PeakCost
from simulator.risk.guardrails import GuardrailEffect
from simulator.risk.todate import Expected
from simulator.store import read_tally, whole_file, write_tally
from simulator.tolerance import Tolerance

if TYPE_CHECKING:
    from simulator.engine.tally import Tally
    from simulator.result import Result

_RUN_FIELDS = (
    "seed",
    "engine",
    "engine_reason",
    "trials_requested",
    "interrupted",
    "seconds",
    "version",
    "guardrails_left_out",
    "accuracy",
)

_ESTIMATES: Mapping[str, type[Expected | PeakCost]] = {"expected_to_date": Expected, "peak_cost": PeakCost}
"""Simulated beside the run itself."""


def write_result(result: Result, folder: str | Path) -> Path:
    """Write result.json, trials.parquet and tally.npz; see `Result.save`."""
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    run = {name: getattr(result, name) for name in _RUN_FIELDS}
    for name in _ESTIMATES:
        estimate = getattr(result, name)
        run[name] = None if estimate is None else asdict(estimate)
    notes = {"run": run, "facts": result.facts.to_dict(), "guardrails": guardrail_values(result)}
    notes["tolerance"] = plain(tolerance_values(result))
    write_tally(home / "tally.npz", result.tally, notes)
    with whole_file(home / "trials.parquet") as stream:
        result.trials.to_parquet(stream, index=False)
    with whole_file(home / "result.json") as stream:
        stream.write(json.dumps(result.to_dict(), indent=2, allow_nan=False).encode())
    return home


def read_result(folder: str | Path) -> tuple[Tally, dict[str, Any]]:
    """The tally that `write_result` wrote, and the other arguments of the Result, by their names.

    Raises
    ------
    StoreError
        If the folder holds no result, or one of another format.
    """
    tally, notes = read_tally(Path(folder) / "tally.npz")
    stored = notes["guardrails"]
    known = dict(notes["run"])
    for name, kind in _ESTIMATES.items():
        known[name] = None if known[name] is None else kind.from_dict(known[name])
    known["guardrails"] = None if stored is None else [GuardrailEffect.from_dict(values) for values in stored]
    known["tolerance"] = None if notes["tolerance"] is None else Tolerance.from_dict(notes["tolerance"])
    known["facts"] = Facts.from_dict(notes["facts"])
    return tally, known
