"""The kinds of value that the language knows: numbers as people write them, laws, names, dates.

Each kind reads what was written, says what is wrong in a sentence, and describes itself to the JSON Schema and the
language reference through its unit and its range.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from distributions.law import Law, LawError
from distributions.notation import parse_law
from distributions.quantity import NUMBER_PATTERN, QuantityError, parse_number
from scenarios.problems import Fault, FieldError

_LONGEST_NAME = 80
LAW_MARK = "x-law"


@dataclass(frozen=True)
class Kind:
    """How one kind of value is read and described; a marker inside `typing.Annotated`.

    Attributes
    ----------
    unit : str
        What a value counts, for people.
    """

    unit: str = ""

    def read(self, value: object) -> object:
        """The value that the model holds; FieldError says what is wrong."""
        raise NotImplementedError

    def allowed(self) -> str:
        """What may be written, in words."""
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """What may be written, as JSON Schema."""
        raise NotImplementedError

    def neutral(self) -> object:
        """A value that breaks no rule, to go on checking in place of one that does."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json_schema() | ({"unit": self.unit} if self.unit else {})


@dataclass(frozen=True)
class Quantity(Kind):
    """A number as people write it (`60k`, `3%`, `$1,200`, `2_400`), inside a range.

    Attributes
    ----------
    low, high : float
        The range; both ends belong to it, `low` not where `above`.
    whole : bool
        Whole numbers only.
    above : bool
        `low` itself is excluded.
    """

    low: float = 0.0
    high: float = math.inf
    whole: bool = False
    above: bool = False

    def read(self, value: object) -> float:
        """The number."""
        number = self._number(value)
        if self.whole and number != int(number):
            raise self._refusal("must be a whole number", value)
        too_low = number <= self.low if self.above else number < self.low
        if too_low or number > self.high:
            raise self._refusal(f"must be {self._bounds(number)}", value)
        return int(number) if self.whole else number

    def allowed(self) -> str:
        """The range in words."""
        noun = "a whole number" if self.whole else "a number"
        if self.low == -math.inf:
            return noun
        if self.high == math.inf:
            return f"{noun} above {self.low:g}" if self.above else f"{noun}, at least {self.low:g}"
        return f"{noun} above {self.low:g}, at most {self.high:g}" if self.above else f"{self.low:g} to {self.high:g}"

    def json_schema(self) -> dict[str, Any]:
        """A number in its range, or one as people write it."""
        number: dict[str, Any] = {"type": "integer" if self.whole else "number"}
        if self.low > -math.inf:
            number["exclusiveMinimum" if self.above else "minimum"] = self.low
        if self.high < math.inf:
            number["maximum"] = self.high
        return {"anyOf": [number, {"type": "string", "pattern": NUMBER_PATTERN}]}

    def neutral(self) -> object:
        """A number inside the range."""
        return max(1.0, self.low) if self.high >= 1 else self.high

    def _number(self, value: object) -> float:
        if value is None or isinstance(value, bool | dict | list | tuple):
            raise self._refusal(f"must be a number, not {noun(value)}", value)
        try:
            number = parse_number(value)
        except QuantityError as error:
            raise FieldError(Fault((), str(error), value, self.allowed())) from None
        if not math.isfinite(number):
            raise self._refusal("must be a finite number", value)
        return number

    def _bounds(self, number: float) -> str:
        if number > self.high:
            return f"at most {self.high:g}"
        return f"above {self.low:g}" if self.above else f"at least {self.low:g}"

    def _refusal(self, message: str, value: object) -> FieldError:
        return FieldError(Fault((), message, value, self.allowed()))


@dataclass(frozen=True)
class LawOf(Kind):
    """A law of something: a number, or a distribution as the language writes it.

    Attributes
    ----------
    positive : bool
        Refuse laws that can give 0 or less: multipliers.
    """

    positive: bool = False

    def read(self, value: object) -> Law:
        """The law."""
        try:
            law = parse_law(value, base=getattr(value, "folder", None))
        except LawError as error:
            raise FieldError(*(_law_fault(*problem) for problem in error.problems)) from None
        low, high = law.support()
        if self.positive and (low < 0 or float(law.cdf(0.0)) > 0):
            hint = "a multiplier of 1 leaves everything as it is written; keep it above 0 with `min`"
            raise FieldError(Fault((), "can be 0 or less", value, self.allowed(), hint))
        if high < 0 or law.mean() < 0:
            raise FieldError(Fault((), "must be at least 0 on average", value, self.allowed()))
        return law

    def allowed(self) -> str:
        """Words for the reference."""
        return "a law above 0" if self.positive else "a law"

    def json_schema(self) -> dict[str, Any]:
        """A mark; `reference.json_schema` puts the one definition of laws there."""
        return {LAW_MARK: True}

    def neutral(self) -> object:
        """Exactly 1."""
        return 1


@dataclass(frozen=True)
class ByModel(Quantity):
    """A quantity, or one for each model that an agent uses: `3%` or `{cheap: 4%, frontier: 2%}`."""

    def read(self, value: object) -> Any:
        """The number, or numbers by model name."""
        if not isinstance(value, dict):
            return super().read(value)
        rates, faults = {}, []
        for model, rate in value.items():
            try:
                rates[str(model)] = super().read(rate)
            except FieldError as error:
                faults += [fault.under((model,)) for fault in error.faults]
        if not rates and not faults:
            faults.append(Fault((), "names no model", value, f"{self.allowed()}, or one for each model"))
        if faults:
            raise FieldError(*faults)
        return rates

    def json_schema(self) -> dict[str, Any]:
        """A number, or a mapping of numbers."""
        number = super().json_schema()
        return {"anyOf": [*number["anyOf"], {"type": "object", "additionalProperties": number, "minProperties": 1}]}


@dataclass(frozen=True)
class Words(Kind):
    """Free text; numbers and dates are taken as they are written."""

    def read(self, value: object) -> str:
        """The text."""
        if isinstance(value, str | int | float | dt.date) and not isinstance(value, bool):
            return str(value)
        raise FieldError(Fault((), f"must be text, not {noun(value)}", value, "text"))

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
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        text = str(value).strip()
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            try:
                return dt.date.fromisoformat(text)
            except ValueError as error:
                raise FieldError(Fault((), f"is no day of the calendar: {error}", value, self.allowed())) from None
        raise FieldError(Fault((), f"must be a date, not {noun(value)}", value, self.allowed()))

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


@cache
def constant(value: float) -> Law:
    """The law that always gives `value`; what a field is where it is left out."""
    return parse_law(value)


def law_default(value: float) -> Callable[[], Law]:
    """A factory of `constant(value)`, so that importing the language parses nothing."""
    return lambda: constant(value)


def _law_fault(path: tuple[str | int, ...], message: str, got: object, allowed: str | None) -> Fault:
    return Fault(tuple(path), message, got, allowed)


def noun(value: object) -> str:
    """What a value is, in the words of someone who writes YAML."""
    if value is None:
        return "nothing (the key has no value)"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "a date" if isinstance(value, dt.date) else "text" if isinstance(value, str) else "a number"


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
