"""Plain values as YAML text, with a comment beside any of them."""

from __future__ import annotations

import datetime as dt
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.problems import Path

# A word or a few, or a number as people write it that YAML itself takes for text: 2_400, 60k, 3%, 0.7 to 1.5.
_WORDS = r"[A-Za-z_](?:[\w ./%~()+$-]*[\w./%~()+$-])?"
_FIGURES = r"[0-9]+(?:_[0-9]+)+|[0-9][0-9_]*(?:\.[0-9]+)?(?:[kKMB%]| to [0-9][\w.]*)"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAYS = re.compile(r"\d{4}-(?:\d{2}-\d{2}|\d{2}|Q[1-4])", re.ASCII)
_PLAIN = re.compile(f"{_WORDS}|{_FIGURES}", re.ASCII)
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off"}
_COMMENTS_FROM = 60
_INDENT = 2


def write_yaml(
    tree: Mapping[str, Any], comments: Mapping[Path, str], heading: str = "", widest: int | None = None
) -> str:
    """A document whose values read back equal.

    Parameters
    ----------
    tree : mapping
        Of text, numbers, truth values, dates, None, mappings and sequences. Laws and other values that belong on one
        line are wrapped in `Inline`.
    comments : mapping of path to str
        What to say at the end of a value's first line.
    heading : str
        Comment lines above everything.
    widest : int, optional
        A comment that would make its line longer than this stands above it.

    Returns
    -------
    str
        Ends in a line break.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    lines += [_commented(line, comments.get(path), widest) for path, line in _block(tree, (), 0)]
    return "\n".join(lines) + "\n"


class Inline(dict[str, Any]):
    """A mapping to be written in braces, on one line."""


class Lines(list[Any]):
    """A list to be written with an item a line."""


def inline(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return _scalar(value)


def _block(tree: Mapping[str, Any], path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    pad = " " * (_INDENT * depth)
    for key, value in tree.items():
        here, name = (*path, key), f"{pad}{_scalar(key)}:"
        if _is_section(value):
            yield here, name
            yield from _block(value, here, depth + 1)
        elif isinstance(value, list | tuple) and value and all(_is_section(item) for item in value):
            yield here, name
            for number, item in enumerate(value):
                yield from _item(item, (*here, number), depth + 1)
        elif isinstance(value, Lines) and value:
            yield here, name
            yield from (((*here, number), f"{pad}{' ' * _INDENT}- {inline(item)}") for number, item in enumerate(value))
        else:
            yield here, f"{name} {inline(value)}"


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and not isinstance(value, Inline)


def _item(item: Mapping[str, Any], path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    """A mapping in a list: its first key stands behind the dash."""
    pad = " " * (_INDENT * depth)
    for number, (where, line) in enumerate(_block(item, path, depth + 1)):
        yield where, line if number else f"{pad}- {line.lstrip()}"


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _DAYS.fullmatch(text):
        return text
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _key(text: str) -> str:
    """A key; dates stand as people write them."""
    return text if _DATE.fullmatch(text) else _scalar(text)


def _escaped(letter: str) -> str:
    """A character that YAML does not take as it is; those that JSON escapes are escaped already."""
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _commented(line: str, comment: str | None, widest: int | None) -> str:
    if not comment:
        return line
    said = f"# {' '.join(comment.split())}"
    beside = f"{line:<{_COMMENTS_FROM}}  {said}"
    if widest is None or len(beside) <= widest:
        return beside
    pad = " " * (len(line) - len(line.lstrip()))
    return "\n".join([*textwrap.wrap(said, widest, initial_indent=pad, subsequent_indent=f"{pad}# "), line])
