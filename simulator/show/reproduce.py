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
    from simulator.month import PeriodReplay
    from simulator.replay import Replay
    from simulator.result import Result


def command(result: Result) -> str:
    """The command line of a run, quoted for a shell: scenario, overrides, budget, trials, seed, engine and points."""
    words = ["burncurve", "run", *_scenario_words(result.scenario, result.facts.name)]
    if result.facts.budget is not None:
        words += ["--budget", _plain(result.facts.budget)]
    words += ["--trials", str(result.trials_requested), "--seed", str(result.seed), "--engine", result.engine]
    words += _points(result.points)
    return shlex.join(words)


def replay_command(replay: Replay) -> str:
    """The command line that shows one session again: scenario, overrides, address and seed."""
    scenario, address = replay.scenario, replay.address
    words = ["burncurve", "replay", *_scenario_words(scenario, scenario.name)]
    words += ["--trial", str(address.trial), "--day", str(address.day + 1), "--session", str(address.session)]
    if len(scenario.features) > 1:
        words += ["--feature", replay.feature]
    return shlex.join([*words, "--seed", str(replay.seed), *_points(replay.points)])


def _points(kind: str) -> list[str]:
    """Where the points are others than by default, which."""
    return [] if kind == "sobol" else ["--points", kind]


def month_command(replay: PeriodReplay) -> str:
    """The command line that tells one period again; by its number where the run was interrupted."""
    result = replay.result
    which = str(replay.trial) if result.interrupted else replay.month.word
    words = ["burncurve", "replay", *_scenario_words(replay.scenario, replay.scenario.name), "--month", which]
    words += ["--trials", str(result.trials_requested), "--seed", str(replay.seed)]
    return shlex.join([*words, *_points(result.tally.frame.points)])


def session_command(replay: PeriodReplay) -> str | None:
    """The command line that shows the period's dearest session call by call; None where that is not known."""
    if not len(replay.dearest):
        return None
    session, scenario = replay.dearest[0], replay.scenario
    words = ["burncurve", "replay", *_scenario_words(scenario, scenario.name)]
    words += ["--trial", str(replay.trial), "--day", str(session["day"] + 1), "--session", str(session["session"])]
    if len(scenario.features) > 1:
        words += ["--feature", list(scenario.features)[session["feature"]]]
    return shlex.join([*words, "--seed", str(replay.seed), *_points(replay.result.tally.frame.points)])


def from_values(scenario: Scenario | None) -> bool:
    """Whether a scenario came as plain values, so that no file of it need exist."""
    written = None if scenario is None else scenario.written
    return not (isinstance(written, Written) and written.places[None][0])


def _scenario_words(scenario: Scenario | None, name: str) -> list[str]:
    """The scenario and what was set on top of it, as words of a command line."""
    words = [_source(scenario, name)]
    if scenario is not None:
        for edit in _overrides(scenario.written or {}, ""):
            words += ["--set", edit]
    return words


def _source(scenario: Scenario | None, name: str) -> str:
    """A name of the library, or the file."""
    written = None if scenario is None else scenario.written
    file = written.places[None][0] if isinstance(written, Written) else None
    if not file:
        return f"{name}.yaml"
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
