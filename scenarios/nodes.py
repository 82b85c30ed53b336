"""From the parser's nodes to plain values that know their lines; the parser itself stands in load.py.

Nodes are told apart by what they call themselves, so that nothing of the parser is imported here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.merge import OVERRIDE
from scenarios.places import Written, WrittenList
from scenarios.problems import Problem, ScenarioError, dotted

DEEPEST = 40
MOST_VALUES = 100_000
TWICE = "stands twice"
Node = Any
"""A node of the parser: `id`, `tag`, `value`, `start_mark`, and of collections `flow_style`, of scalars `style`."""

_TAGS = {"str", "int", "float", "bool", "null", "map", "seq", "merge", "timestamp", "value"}
_COMMA = "a comma inside braces or brackets separates values"
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_HEAD = re.compile(r"[-+]?\$?[0-9]{1,3}(?:_[0-9]{3})*")
_THOUSANDS = re.compile(r"[0-9]{3}(?:\.[0-9]+)?[kKMB%]?")


@dataclass
class Reader:
    """Turns the parser's nodes into values; what a text can make it build is bounded, whatever its aliases repeat."""

    file: str
    folder: Path | None
    problems: list[Problem]
    count: int = field(default=0)

    def value(self, node: Node, path: tuple[str | int, ...]) -> Any:
        """The value of a node and all below it."""
        self.count += 1
        if len(path) > DEEPEST or self.count > MOST_VALUES:
            limit = f"{DEEPEST} levels deep" if len(path) > DEEPEST else f"{MOST_VALUES:,} values"
            hint = (
                "an alias inside its own anchor never ends" if len(path) > DEEPEST else "aliases repeat what they name"
            )
            raise ScenarioError(
                [Problem(self.file, self._line(node), dotted(path[:5]), f"grows beyond {limit}", hint=hint)]
            )
        if str(node.tag).removeprefix("tag:yaml.org,2002:") not in _TAGS:
            self._problem(node, path, f"has the tag {node.tag}, which means nothing here", hint="leave the tag out")
        if node.id == "mapping":
            return self._mapping(node, path)
        if node.id == "sequence":
            return self._list(node, path)
        return _scalar(node)

    def _mapping(self, node: Node, path: tuple[str | int, ...]) -> Written:
        written = Written((self.file, self._line(node)), self.folder)
        inherited: list[Any] = []
        last = ""
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key_node.id != "scalar":
                hint = "quote it; {{ templates }} are not filled in here"
                self._problem(key_node, path, "has a mapping or a list as a key", hint=hint)
            elif node.flow_style and _is_thousands(key_node, value_node) and _is_head(written.get(last)):
                written[last] = self._comma(key_node, (*path, last), str(written[last]), key)
            elif key == "<<" and not key_node.style:
                inherited.append(self.value(value_node, path))
                if value_node.id == "scalar":
                    self._problem(value_node, (*path, key), "merges no mapping", value_node.value, "write <<: *anchor")
            elif key in written:
                message = f"{TWICE}; first in line {written.places[key][1]}"
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

    def _list(self, node: Node, path: tuple[str | int, ...]) -> WrittenList:
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


def _is_thousands(key: Node, value: Node) -> bool:
    empty = value.id == "scalar" and value.value == "" and not value.style
    return empty and not key.style and _THOUSANDS.fullmatch(key.value) is not None


def _is_zeros(item: Node) -> bool:
    return item.id == "scalar" and not item.style and re.fullmatch("0[0-9]{2}", item.value) is not None


def _shorter(number: str) -> str:
    """How people write it: `10_000` as `10k`."""
    match = re.fullmatch(r"(.*?[0-9])(_000_000|_000)", number)
    return f" or {match[1]}{'k' if match[2] == '_000' else 'M'}" if match else ""


def _is_head(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and _HEAD.fullmatch(str(value)) is not None


def _scalar(node: Node) -> Any:
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
