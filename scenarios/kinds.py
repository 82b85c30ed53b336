"""The kinds of value that the language knows: numbers as people write them, laws, names, dates.

Each kind reads what was written, says what is wrong in a sentence, and describes itself to the JSON Schema and the
language reference through its unit and its range.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from distributions.law import Law, LawError
from distributions.notation import KEYS, parse_law
from distributions.quantity import NUMBER_PATTERN, QuantityError, is_percentage, parse_number
from scenarios.problems import NOTHING, Fault, FieldError
from scenarios.suggest import did_you_mean, nearest

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
        low, high = _plainly(self.low), _plainly(self.high)
        return f"{noun} above {low}, at most {high}" if self.above else f"{low} to {high}"

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
            return f"at most {_plainly(self.high)}"
        return f"above {self.low:g}" if self.above else f"at least {self.low:g}"

    def _refusal(self, message: str, value: object) -> FieldError:
        return FieldError(Fault((), message, value, self.allowed()))


@dataclass(frozen=True)
class Amount(Quantity):
    """Money, of which a percentage is none."""

    unit: str = "currency"

    def _number(self, value: object) -> float:
        if is_percentage(value):
            raise self._refusal("must be an amount of money, not a percentage", value)
        return super()._number(value)


@dataclass(frozen=True)
class LawOf(Kind):
    """A law of something: a number, or a distribution as the language writes it.

    Attributes
    ----------
    positive : bool
        Refuse laws that can give 0 or less: multipliers.
    nonnegative : bool
        Refuse laws that can give less than 0, where nobody could say what that means.
    """

    positive: bool = False
    nonnegative: bool = False

    def read(self, value: object) -> Law:
        """The law."""
        try:
            law = parse_law(value, base=getattr(value, "folder", None))
        except LawError as error:
            raise FieldError(*(_law_fault(*problem) for problem in error.problems)) from None
        low, high = law.support()
        if self.positive and (low < 0 or float(law.cdf(0.0)) > 0):
            raise FieldError(Fault((), "can be 0 or less", value, self.allowed(), self._above_zero()))
        if high < 0 or law.mean() < 0:
            raise FieldError(Fault((), "must be at least 0 on average", value, self.allowed()))
        if self.nonnegative and low < 0:
            raise FieldError(Fault((), "can be below 0", value, self.allowed(), "keep it at 0 or above with `min: 0`"))
        return law

    def _above_zero(self) -> str:
        if self.unit == "factor":
            return "a multiplier of 1 leaves everything as it is written; keep it above 0 with `min`"
        return "keep it above 0 with `min`"

    def allowed(self) -> str:
        """Words for the reference."""
        if self.positive:
            return "a law above 0"
        return "a law, at least 0" if self.nonnegative else "a law"

    def json_schema(self) -> dict[str, Any]:
        """A mark; `reference.json_schema` puts the one definition of laws there."""
        return {LAW_MARK: True}

    def neutral(self) -> object:
        """Exactly 1."""
        return 1


@dataclass(frozen=True)
class DurationOf(LawOf):
    """A law of whole days: a draw is rounded to the nearest, and is at least 1."""

    def read(self, value: object) -> Law:
        """The law, which is not always 0."""
        law = super().read(value)
        if law.support()[1] <= 0.0:
            hint = "leave the event out, or give it days"
            raise FieldError(Fault((), "is always 0, and what begins lasts a day", value, self.allowed(), hint))
        return law


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
class LawByModel(LawOf):
    """A law, or one for each of some models: `100k` or `{cheap: 100k, frontier: {p50: 150k, p95: 400k}}`.

    A mapping that has any key of laws is a law: names of models are free, and words of laws are not.
    """

    def read(self, value: object) -> Any:
        """The law, or laws by model name."""
        if not isinstance(value, dict) or not value:
            return super().read(value)
        words = [key for key in value if key in KEYS]
        if words:
            return self._law(value, words)
        laws, faults = {}, []
        for model, law in value.items():
            try:
                laws[str(model)] = super().read(law)
            except FieldError as error:
                meant = did_you_mean(str(model), sorted(KEYS))
                faults += [replace(fault, hint=fault.hint or meant).under((model,)) for fault in error.faults]
        if faults:
            raise FieldError(*faults)
        return laws

    def _law(self, value: dict[Any, Any], words: list[str]) -> Law:
        """A law; what stands beside its keys and is like none of them may have been meant for a model."""
        try:
            return super().read(value)
        except FieldError as error:
            if all(key in words or nearest(str(key), KEYS) for key in value):
                raise
            hint = f"{words[0]} is a word of laws; a model of that name needs another one here"
            raise FieldError(*(replace(fault, hint=fault.hint or hint) for fault in error.faults)) from None

    def allowed(self) -> str:
        """Words for the reference."""
        return f"{super().allowed()}, or one by model"

    def json_schema(self) -> dict[str, Any]:
        """A law, or a mapping of laws."""
        law, names = super().json_schema(), {"not": {"enum": sorted(KEYS)}}
        by_model = {"type": "object", "propertyNames": names, "additionalProperties": law, "minProperties": 1}
        return {"anyOf": [law, by_model]}


def varies(law: Law) -> bool:
    """Whether a law has more than one value."""
    low, high = law.support()
    return low < high


@cache
def constant(value: float) -> Law:
    """The law that always gives `value`; what a field is where it is left out."""
    return parse_law(value)


def law_default(value: float) -> Callable[[], Law]:
    """A factory of `constant(value)`, so that importing the language parses nothing."""
    return lambda: constant(value)


def _plainly(bound: float) -> str:
    """A bound without an exponent."""
    return f"{bound:g}" if abs(bound) < 1e6 else f"{bound:,.0f}"


def _law_fault(path: tuple[str | int, ...], message: str, got: object, allowed: str | None) -> Fault:
    return Fault(tuple(path), message, NOTHING if got is None else got, allowed)


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
