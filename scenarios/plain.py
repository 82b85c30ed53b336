"""The kinds of value that are no numbers and no laws: text, names, truth values, dates, lists."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any, cast

from distributions.unseen import unseen
from scenarios.kinds import Kind, noun
from scenarios.problems import Fault, FieldError
from scenarios.words import FIRST_YEAR, LAST_YEAR

_LONGEST_NAME = 80
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Words(Kind):
    """Free text; numbers and dates are taken as they are written."""

    def read(self, value: object) -> str:
        """The text."""
        if isinstance(value, bool) or not isinstance(value, str | int | float | dt.date):
            raise FieldError(Fault((), f"must be text, not {noun(value)}", value, "text"))
        if letter := unseen(str(value)):
            message = f"holds {letter}, a character that steers what is shown and is not seen itself"
            raise FieldError(Fault((), message, value, "text without such characters"))
        return str(value)

    def allowed(self) -> str:
        """Words for the reference."""
        return "text"

    def json_schema(self) -> dict[str, Any]:
        """Text, or what reads as text."""
        return {"type": ["string", "number"]}

    def neutral(self) -> object:
        """Any text."""
        return "text"


@dataclass(frozen=True)
class Line(Words):
    """Text on one line, not so long that it pushes all else out of sight."""

    def read(self, value: object) -> str:
        """The text, without the end of line that a block of YAML leaves."""
        line = super().read(value).strip()
        if "\n" in line or len(line) > _LONGEST_LINE:
            raise FieldError(Fault((), "is no line of text", value, self.allowed()))
        return line

    def allowed(self) -> str:
        """Words for the reference."""
        return f"text on one line, at most {_LONGEST_LINE} characters"


@dataclass(frozen=True)
class NameOf(Words):
    """The name of something in the scenario: of an agent, a model, a feature.

    Attributes
    ----------
    what : str
        What it is the name of.
    """

    what: str = "thing"

    def read(self, value: object) -> str:
        """The name."""
        name = super().read(value)
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            allowed = f"1 to {_LONGEST_NAME} printable characters on one line"
            raise FieldError(Fault((), f"is no name of {_article(self.what)}", value, allowed))
        return name

    def allowed(self) -> str:
        """Words for the reference."""
        return f"the name of {_article(self.what)}"


@dataclass(frozen=True)
class Switch(Kind):
    """True or false."""

    def read(self, value: object) -> bool:
        """The truth value."""
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        hint = None
        if word in {"yes", "on", "y", "no", "off", "n"}:
            right = "true" if word in {"yes", "on", "y"} else "false"
            hint = f"`{value}` is text in YAML 1.2; write {right}"
        raise FieldError(Fault((), f"must be true or false, not {noun(value)}", value, "true, false", hint))

    def allowed(self) -> str:
        """Words for the reference."""
        return "true or false"

    def json_schema(self) -> dict[str, Any]:
        """A JSON boolean."""
        return {"type": "boolean"}

    def neutral(self) -> object:
        """Off."""
        return False


@dataclass(frozen=True)
class Day(Kind):
    """A calendar day, written `2026-12-01`; days are UTC days."""

    def read(self, value: object) -> dt.date:
        """The date."""
        if isinstance(value, dt.date):
            return self._in_range(value.date() if isinstance(value, dt.datetime) else value, value)
        text = str(value).strip()
        if not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII)):
            raise FieldError(Fault((), f"must be a date, not {noun(value)}", value, self.allowed()))
        try:
            day = dt.date.fromisoformat(text)
        except ValueError as error:
            raise FieldError(Fault((), f"is no day of the calendar: {error}", value, self.allowed())) from None
        return self._in_range(day, value)

    def _in_range(self, day: dt.date, value: object) -> dt.date:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            message = f"is in no year between {FIRST_YEAR} and {LAST_YEAR}"
            raise FieldError(Fault((), message, value, self.allowed()))
        return day

    def allowed(self) -> str:
        """Words for the reference."""
        return "a date written 2026-12-01"

    def json_schema(self) -> dict[str, Any]:
        """An ISO date."""
        return {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}

    def neutral(self) -> object:
        """Some day."""
        return "2000-01-01"


@dataclass(frozen=True)
class Sequence(Kind):
    """A list of values of one kind; a single value stands for a list of one.

    Attributes
    ----------
    item : Kind
        How each value is read.
    """

    item: Kind = field(default_factory=Words)

    def read(self, value: object) -> tuple[object, ...]:
        """The values."""
        items, faults = [], []
        several = isinstance(value, list | tuple)
        for position, item in enumerate(cast("list[object]", value) if several else [value]):
            try:
                items.append(self.item.read(item))
            except FieldError as error:
                faults += [fault.under((position,) if several else ()) for fault in error.faults]
        if faults:
            raise FieldError(*faults)
        return tuple(items)

    def allowed(self) -> str:
        """Words for the reference."""
        return f"a list: {self.item.allowed()}"

    def json_schema(self) -> dict[str, Any]:
        """One value, or an array of them."""
        item = self.item.json_schema()
        return {"anyOf": [item, {"type": "array", "items": item}]}

    def neutral(self) -> object:
        """No value."""
        return []


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
