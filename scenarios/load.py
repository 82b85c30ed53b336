"""YAML to scenario and back: the only file that knows YAML."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from scenarios.fingerprint import scenario_sha256
from scenarios.malformed import Spot, malformed
from scenarios.merge import OVERRIDE, apply_override, merge
from scenarios.nodes import DEEPEST, TWICE, Reader
from scenarios.places import NOWHERE, Place, Written, WrittenList, locate
from scenarios.problems import FieldError, Problem, ScenarioError, shown
from scenarios.schema import Scenario
from scenarios.sources import find, library_names, library_path, read_text
from scenarios.validate import validate

__all__ = ["Problem", "ScenarioError", "library_names", "library_path", "load", "read_yaml", "scenario_sha256"]

Source = str | Path | Mapping[str, Any] | Scenario
"""What a scenario is read from."""

LONGEST_CHAIN = 10
_DEEPEST_BRACKETS = 500
_SOURCES = "a file, a name of the library, a mapping, or what load() gave"
_EDITS = "text, one or a list: path=value, as in volume.sessions_per_day=20k"


def load(source: Source, overrides: str | Sequence[str] = ()) -> Scenario:
    """Read a scenario, fill in its defaults, and check all of it.

    Parameters
    ----------
    source : str, Path, mapping or Scenario
        A YAML file, a name from the library, the same as plain values, or a scenario to edit.
    overrides : str or sequence of str
        Edits on top: ``agents.chat.retry.max_attempts=5``; values in YAML.

    Returns
    -------
    Scenario
        Complete: see `scenarios.complete`.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its file and line.
    """
    problems: list[Problem] = []
    tree = _tree(source, problems)
    for text in _edits(overrides):
        tree = _overridden(tree, text, problems)
    reading = validate(tree)
    problems += _beyond([locate(fault, tree) for fault in reading.faults], problems)
    if problems or reading.scenario is None:
        draft = reading.draft or reading.scenario
        raise ScenarioError(problems, draft and draft.as_written(tree))
    return reading.scenario.as_written(tree)


def read_yaml(text: str, file: str, folder: Path | None, problems: list[Problem]) -> Any:
    """The values of a YAML text; mappings and lists remember their lines.

    Parameters
    ----------
    text : str
        One document.
    file : str
        Its name, for problems and places.
    folder : Path or None
        Where relative file names in it start.
    problems : list of Problem
        Takes what is wrong but leaves the rest readable: duplicate keys, commas inside numbers.

    Raises
    ------
    ScenarioError
        Where the text is no YAML at all, or grows without bound.
    """
    if _bracket_depth(text) > _DEEPEST_BRACKETS:
        raise ScenarioError([Problem(file, None, "", f"is nested deeper than {DEEPEST} levels")])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser warns of reused anchors, which are legal
            node = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        raise ScenarioError([Problem(file, None, "", f"is nested deeper than {DEEPEST} levels")]) from None
    except YAMLError as error:
        raise ScenarioError([_malformed(error, text, file)]) from None
    return Reader(file, folder, problems).value(node, ()) if node is not None else None


# -- where the tree comes from -----------------------------------------------------------------------------------------


def _tree(source: object, problems: list[Problem]) -> Written:
    if isinstance(source, Scenario):
        if source.written is None:
            message = "was not loaded, and has no text to edit or to check"
            raise ScenarioError([Problem(None, None, "", message, hint="load() it from a file or a mapping")])
        return source.written
    if isinstance(source, Mapping):
        return _extended(_from_values(source, 0), Path(), problems, ())
    if not isinstance(source, str | Path):
        raise ScenarioError([Problem(None, None, "", "is no scenario", shown(source), _SOURCES)])
    return _file(find(source), problems, ())


def _file(path: Path, problems: list[Problem], chain: tuple[Path, ...]) -> Written:
    """A file's mapping, merged on top of what it extends."""
    tree = read_yaml(read_text(path), str(path), path.parent, problems)
    if not isinstance(tree, Written):
        hint = "a scenario begins with keys: `name: ...`"
        raise ScenarioError([Problem(str(path), 1, "", _no_mapping(tree), hint=hint)])
    if tree.get("name") is None:  # of its own: two files of one name could not be told apart in any report
        tree.put("name", path.stem, tree.places[None])
    return _extended(tree, path.parent, problems, (*chain, path.resolve()))


def _extended(tree: Written, folder: Path, problems: list[Problem], chain: tuple[Path, ...]) -> Written:
    """A mapping on top of what it `extends`."""
    base = tree.pop("extends", None)
    if base is None:
        return tree
    place = tree.places["extends"]
    try:
        path = find(str(base), folder)
        _refuse_circle(path, chain)
        return merge(_file(path, problems, chain), tree)
    except ScenarioError as error:
        raise ScenarioError(problem if problem.line else _at(problem, place) for problem in error.problems) from None


def _from_values(values: Any, depth: int) -> Any:
    """Plain values as if they had been read, without places."""
    if depth > DEEPEST:
        raise ScenarioError([Problem(None, None, "", f"is nested deeper than {DEEPEST} levels")])
    if isinstance(values, Mapping):
        written = Written(NOWHERE)
        for key, value in values.items():
            written.put(str(key), _from_values(value, depth + 1), NOWHERE)
        return written
    if isinstance(values, list | tuple):
        items = WrittenList()
        items += [_from_values(value, depth + 1) for value in values]
        items.places = [NOWHERE] * len(items)
        return items
    return values


def _refuse_circle(path: Path, chain: tuple[Path, ...]) -> None:
    if path.resolve() in chain or len(chain) > LONGEST_CHAIN:
        trail = " -> ".join(link.name for link in (*chain, path))
        raise ScenarioError([Problem(None, None, "", f"extends itself in a circle: {trail}")])


def _at(problem: Problem, place: Place) -> Problem:
    got = problem.file if problem.file != place[0] else None
    return Problem(*place, "extends", problem.message, got, problem.allowed, problem.hint)


def _no_mapping(tree: object) -> str:
    if tree is None:
        return "is empty"
    return "is a list, not a mapping of keys" if isinstance(tree, list) else "is a single value, not a mapping of keys"


def _edits(overrides: object) -> Sequence[str]:
    """One edit or several, as a list."""
    edits = [overrides] if isinstance(overrides, str) else overrides
    if isinstance(edits, list | tuple) and all(isinstance(edit, str) for edit in edits):
        return edits
    raise ScenarioError([Problem(None, None, "overrides", "are no overrides", shown(overrides), _EDITS)])


def _overridden(tree: Written, text: str, problems: list[Problem]) -> Written:
    """A copy with one edit, or the tree itself where the edit is wrong."""

    def parse(value: str) -> object:
        return read_yaml(value, str(OVERRIDE[0]), None, problems)

    edited = copy.deepcopy(tree)
    try:
        apply_override(edited, text, parse)
    except FieldError as error:
        problems += [locate(fault, Written(OVERRIDE)) for fault in error.faults]
    except ScenarioError as error:
        problems += [replace(problem, path=text.partition("=")[0], got=text) for problem in error.problems]
    else:
        return edited
    return tree


def _beyond(found: list[Problem], said: list[Problem]) -> list[Problem]:
    """Leave out what is wrong only because of what could not be read."""
    unread = tuple(f"{problem.path}." for problem in said if problem.path and not problem.message.startswith(TWICE))
    return [problem for problem in found if not f"{problem.path}.".startswith(unread)] if unread else found


def _bracket_depth(text: str) -> int:
    """How deep brackets may be open, quotes and comments not looked at: the parser's work grows with its square."""
    steps = (1 if letter in "[{" else -1 for letter in text if letter in "[]{}")
    return max(accumulate(steps), default=0)


def _malformed(error: YAMLError, text: str, file: str) -> Problem:
    mark, opened = None, None
    if isinstance(error, MarkedYAMLError):
        mark, opened = error.problem_mark, error.context_mark
    reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    spot = None if file == OVERRIDE[0] else _spot(mark or opened) or _unreadable_at(error, text)
    return malformed(file, text, reason, spot, _spot(opened))


def _unreadable_at(error: YAMLError, text: str) -> Spot | None:
    """Where the character stands that is none of YAML's; such an error has no mark."""
    position = getattr(error, "position", None)
    if position is None:
        return None
    before = text[:position].split("\n")
    return len(before) - 1, len(before[-1])


def _spot(mark: Any) -> Spot | None:
    return None if mark is None else (int(mark.line), int(mark.column))
