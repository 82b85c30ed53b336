"""The command that gives the same numbers again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.load import library_names, library_path
from scenarios.merge import OVERRIDE
from scenarios.places import Written

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from simulator.result import Result


def command(result: Result) -> str:
    """The command line of a run, quoted for a shell: scenario, overrides, budget, trials, seed and engine."""
    words = ["burncurve", "run", _source(result)]
    if result.scenario is not None:
        for edit in _overrides(result.scenario.written or {}, ""):
            words += ["--set", edit]
    if result.facts.budget is not None:
        words += ["--budget", _plain(result.facts.budget)]
    words += ["--trials", str(result.trials_requested), "--seed", str(result.seed), "--engine", result.engine]
    return shlex.join(words)


def from_values(scenario: Scenario | None) -> bool:
    """Whether a scenario came as plain values, so that no file of it need exist."""
    written = None if scenario is None else scenario.written
    return not (isinstance(written, Written) and written.places[None][0])


def _source(result: Result) -> str:
    """A name of the library, or the file."""
    written = result.scenario.written if result.scenario is not None else None
    file = written.places[None][0] if isinstance(written, Written) else None
    if not file:
        return f"{result.facts.name}.yaml"
    stem = Path(file).stem
    return stem if stem in library_names() and Path(file) == library_path(stem) else file


def _overrides(node: object, path: str) -> Iterator[str]:
    """What was set on top of the file, as ``path=value``; JSON is YAML."""
    if not isinstance(node, Written):
        return
    for key, value in node.items():
        here = f"{path}.{_quoted(key)}" if path else _quoted(key)
        if node.places[key] == OVERRIDE:
            yield f"{here}={json.dumps(value, default=str)}"
        else:
            yield from _overrides(value, here)


def _quoted(key: str) -> str:
    return f'"{key}"' if any(letter in key for letter in ". ") else key


def _plain(amount: float) -> str:
    return str(int(amount)) if amount == int(amount) else repr(amount)
