"""What can be wrong with a scenario, said in sentences with an address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema import Scenario

Path = tuple[str | int, ...]

NOTHING = object()
"""Stands for "nothing was got": a problem that shows no value."""

_LONGEST_VALUE = 80


@dataclass(frozen=True)
class Fault:
    """Something wrong at a place of the scenario, before the place is known as a line of a file.

    Attributes
    ----------
    path : tuple of str and int
        Keys and list positions from the section that reports the fault.
    message : str
        What is wrong, a sentence without its subject: "must be at least 1".
    got : object
        The value as written; `NOTHING` where there is none to show.
    allowed : str, optional
        What would be right.
    hint : str, optional
        What to do, where that is more than to write what is allowed.
    """

    path: Path
    message: str
    got: object = NOTHING
    allowed: str | None = None
    hint: str | None = None

    def under(self, prefix: Path) -> Fault:
        """The same fault as seen from further up: `prefix` comes before its path."""
        return Fault((*prefix, *self.path), self.message, self.got, self.allowed, self.hint)


class FieldError(ValueError):
    """A value of the scenario that breaks the language, with all that is wrong inside it.

    Attributes
    ----------
    faults : tuple of Fault
        Paths are relative to the value.
    """

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Problem:
    """A fault with its address.

    Attributes
    ----------
    file : str or None
        The YAML file in which the value stands, ``--set``, or None for a scenario given as a dict.
    line : int or None
        From 1; None where there is no file.
    path : str
        Dotted path: ``agents.chat.retry.max_attempts``; empty for the scenario as a whole.
    message, got, allowed, hint : str
        What is wrong, the value as written, what would be right, what to do.
    """

    file: str | None
    line: int | None
    path: str
    message: str
    got: str | None = None
    allowed: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        head = ": ".join(part for part in (place, self.path) if part) or "scenario"
        lines = [head, f"    {self.message}"]
        for word, text in (("got", self.got), ("allowed", self.allowed), ("hint", self.hint)):
            if text is not None:
                lines.append(f"    {word + ':':<9}{text}")
        return "\n".join(map(printable, lines))


class ScenarioError(Exception):
    """A scenario that cannot be simulated as written; holds every problem that was found.

    Attributes
    ----------
    problems : list of Problem
        Sorted by file and line.
    draft : Scenario or None
        The scenario as far as it could be read, for whoever looks for more that is wrong with it.
    """

    def __init__(self, problems: Iterable[Problem], draft: Scenario | None = None) -> None:
        self.problems = sorted(
            dict.fromkeys(problems), key=lambda p: (p.file or "", p.line or 0, _natural(p.path), p.message)
        )
        self.draft = draft
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[list[Problem], Scenario | None]]:
        return ScenarioError, (self.problems, self.draft)

    def beyond(self, found: Iterable[Problem]) -> list[Problem]:
        """Its problems, and what was found in the draft at places with which nothing is wrong yet."""
        faulty = tuple(f"{problem.path}." for problem in self.problems if problem.path)
        return [*self.problems, *(problem for problem in found if not f"{problem.path}.".startswith(faulty))]


def dotted(path: Sequence[str | int]) -> str:
    """Write a path with dots; keys that hold a dot or a space are quoted.

    Examples
    --------
    >>> dotted(("limits", "session.cost.p99"))
    'limits."session.cost.p99"'
    """
    return ".".join(f'"{key}"' if re.search(r"[.\s]", str(key)) else str(key) for key in path)


def shown(value: object) -> str:
    """A value as its writer would recognise it, on one line and not too long."""
    text = _written(value)
    return text if len(text) <= _LONGEST_VALUE else f"{_beginning(text, _LONGEST_VALUE - 4)} ..."


def _beginning(text: str, length: int) -> str:
    """At most so much of a text, to the end of an item or a word of it: "1," must not stand for 1,020."""
    for separator in (", ", " "):
        end = text.rfind(separator, length // 2, length)
        if end > 0:
            return text[:end] + separator.rstrip()
    return text[:length]


def printable(text: str) -> str:
    """The text with control characters spelled out: what a file holds must not steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _written(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in list(value.items())[:20]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item) for item in value[:20]) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = str(value) if str(value) else '""'
    return printable(text[:200])


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Sort `spawns.2` before `spawns.10`."""
    parts = re.split(r"([0-9]{1,9})", path)
    return [(0, int(part), "") if number % 2 else (1, 0, part) for number, part in enumerate(parts)]
