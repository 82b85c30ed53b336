"""YAML to scenario and back: the only file that knows YAML."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scenarios.fingerprint import scenario_sha256
from scenarios.malformed import Spot, malformed
from scenarios.merge import OVERRIDE, apply_override, merge
from scenarios.places import NOWHERE, Place, Written, WrittenList, locate
from scenarios.problems import FieldError, Problem, ScenarioError, dotted
from scenarios.schema import Scenario
from scenarios.sources import find, library_names, library_path, read_text
from scenarios.validate import validate

__all__ = ["Problem", "ScenarioError", "library_names", "library_path", "load", "read_yaml", "scenario_sha256"]

DEEPEST = 40
MOST_VALUES = 100_000
LONGEST_CHAIN = 10
_DEEPEST_BRACKETS = 500

_COMMA = "a comma inside braces or brackets separates values"
_TWICE = "stands twice"
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_HEAD = re.compile(r"[-+]?\$?[0-9]{1,3}(?:_[0-9]{3})*")
_THOUSANDS = re.compile(r"[0-9]{3}(?:\.[0-9]+)?[kKMB%]?")


def load(source: str | Path | Mapping[str, Any] | Scenario, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario, fill in its defaults, and check all of it.

    Parameters
    ----------
    source : str, Path, mapping or Scenario
        A YAML file, a name from the library, the same as plain values, or a scenario to edit.
    overrides : sequence of str
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
    for text in overrides:
        tree = _overridden(tree, text, problems)
    scenario, faults = validate(tree)
    problems += _beyond([locate(fault, tree) for fault in faults], problems)
    if problems or scenario is None:
        raise ScenarioError(problems)
    return scenario.as_written(tree)


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
    return _Reader(file, folder, problems).value(node, ()) if node is not None else None


# -- where the tree comes from -----------------------------------------------------------------------------------------


def _tree(source: str | Path | Mapping[str, Any] | Scenario, problems: list[Problem]) -> Written:
    if isinstance(source, Scenario):
        if source.written is None:
            raise ValueError("a scenario that was not loaded has no text to edit; load() it from a file or a dict")
        return copy.deepcopy(source.written)
    if isinstance(source, Mapping):
        return _extended(_from_values(source, 0), Path(), problems, ())
    path = find(source)
    tree = _file(path, problems, ())
    if "name" not in tree:
        tree.put("name", path.stem, tree.places[None])
    return tree


def _file(path: Path, problems: list[Problem], chain: tuple[Path, ...]) -> Written:
    """A file's mapping, merged on top of what it extends."""
    tree = read_yaml(read_text(path), str(path), path.parent, problems)
    if not isinstance(tree, Written):
        hint = "a scenario begins with keys: `name: ...`"
        raise ScenarioError([Problem(str(path), 1, "", _no_mapping(tree), hint=hint)])
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
    unread = tuple(f"{problem.path}." for problem in said if problem.path and not problem.message.startswith(_TWICE))
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
    spot = None if file == OVERRIDE[0] else _spot(mark or opened)
    return malformed(file, text, reason, spot, _spot(opened))


def _spot(mark: Any) -> Spot | None:
    return None if mark is None else (int(mark.line), int(mark.column))


# -- from nodes to values ----------------------------------------------------------------------------------------------


@dataclass
class _Reader:
    """Turns the parser's nodes into values; what a text can make it build is bounded, whatever its aliases repeat."""

    file: str
    folder: Path | None
    problems: list[Problem]
    count: int = field(default=0)

    def value(self, node: Node, path: tuple[str | int, ...]) -> Any:
        self.count += 1
        if len(path) > DEEPEST or self.count > MOST_VALUES:
            limit = f"{DEEPEST} levels deep" if len(path) > DEEPEST else f"{MOST_VALUES:,} values"
            hint = "anchors and aliases may repeat what they name too often"
            raise ScenarioError(
                [Problem(self.file, self._line(node), dotted(path[:5]), f"grows beyond {limit}", hint=hint)]
            )
        if not str(node.tag).startswith("tag:yaml.org,2002:"):
            self._problem(node, path, f"has the tag {node.tag}, which means nothing here", hint="leave the tag out")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._list(node, path)
        assert isinstance(node, ScalarNode)
        return _scalar(node)

    def _mapping(self, node: MappingNode, path: tuple[str | int, ...]) -> Written:
        written = Written((self.file, self._line(node)), self.folder)
        inherited: list[Any] = []
        last = ""
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if not isinstance(key_node, ScalarNode):
                hint = "quote it; {{ templates }} are not filled in here"
                self._problem(key_node, path, "has a mapping or a list as a key", hint=hint)
            elif node.flow_style and _is_thousands(key_node, value_node) and _is_head(written.get(last)):
                written[last] = self._comma(key_node, (*path, last), str(written[last]), key)
            elif key == "<<" and not key_node.style:
                inherited.append(self.value(value_node, path))
            elif key in written:
                message = f"{_TWICE}; first in line {written.places[key][1]}"
                self._problem(key_node, (*path, key), message, hint="keep one of the two")
            else:
                written.put(key, self.value(value_node, (*path, key)), (self.file, self._line(key_node)))
                last = key
        self._inherit(written, inherited)
        return written

    def _inherit(self, written: Written, inherited: list[Any]) -> None:
        """Merge keys, `<<: *anchor`: what the mapping itself says wins."""
        for source in inherited:
            for base in source if isinstance(source, list) else [source]:
                for key in base if isinstance(base, Written) else ():
                    if key not in written:
                        written.put(key, base[key], base.places[key])

    def _list(self, node: SequenceNode, path: tuple[str | int, ...]) -> WrittenList:
        items = WrittenList()
        for item in node.value:
            here = (*path, max(0, len(items) - 1))
            if node.flow_style and items and _is_zeros(item) and _is_head(items[-1]):
                items[-1] = self._comma(item, here, str(items[-1]), str(item.value))
            else:
                items.append(self.value(item, (*path, len(items))))
                items.places.append((self.file, self._line(item)))
        return items

    def _comma(self, node: Node, path: tuple[str | int, ...], head: str, rest: str) -> str:
        """Put a number together again that a comma cut in two or more, and say so once."""
        whole = f"{head}_{rest}"
        if "_" in head:
            self.problems.pop()
        got = whole.replace("_", ",")
        self._problem(node, path, f"{_COMMA}: {got} is read as several", got, f"write {whole}{_shorter(whole)}")
        return whole

    def _line(self, node: Node) -> int | None:
        return None if self.file == OVERRIDE[0] else int(node.start_mark.line) + 1

    def _problem(
        self, node: Node, path: tuple[str | int, ...], message: str, got: str | None = None, hint: str | None = None
    ) -> None:
        self.problems.append(Problem(self.file, self._line(node), dotted(path), message, got, hint=hint))


def _is_thousands(key: ScalarNode, value: Node) -> bool:
    empty = isinstance(value, ScalarNode) and value.value == "" and not value.style
    return empty and not key.style and _THOUSANDS.fullmatch(key.value) is not None


def _is_zeros(item: Node) -> bool:
    return isinstance(item, ScalarNode) and not item.style and re.fullmatch("0[0-9]{2}", item.value) is not None


def _shorter(number: str) -> str:
    """How people write it: `10_000` as `10k`."""
    match = re.fullmatch(r"(.*?[0-9])(_000_000|_000)", number)
    return f" or {match[1]}{'k' if match[2] == '_000' else 'M'}" if match else ""


def _is_head(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and _HEAD.fullmatch(str(value)) is not None


def _scalar(node: ScalarNode) -> Any:
    """YAML 1.2: `yes`, `on`, `2026-12-01` and `1_000` are text; what they mean depends on where they stand."""
    text = str(node.value)
    if node.style or str(node.tag).endswith(":str"):
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _SPECIAL.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return float(text) if _FLOAT.fullmatch(text) else text
