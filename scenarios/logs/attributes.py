"""Attributes of spans and events in OTLP-JSON: those that somebody asked for, as what they say field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.costs import cost_told
from scenarios.logs.format import Asked
from scenarios.logs.select import texts

Found = dict[str, Any]
"""By field, what it says: text, a number, a truth, a list of texts. Fields that say nothing are not there."""


_MOST_PLANS = 4_096
"""Orders of keys that are kept in mind."""


class Value(Struct, rename="camel", gc=False):
    """What an attribute says, in one of these ways."""

    string_value: str | None = None
    int_value: int | None = None
    double_value: float | None = None
    bool_value: bool | None = None
    array_value: _Values | None = None


class _Values(Struct):
    values: list[Value] = []


class Attribute(Struct, gc=False):
    """A key with its value."""

    key: str
    value: Value = msgspec.field(default_factory=Value)


class Undecoded(Struct, gc=False):
    """A key with the bytes of its value."""

    key: str
    value: Raw = Raw(b"{}")


_value = msgspec.json.Decoder(Value, strict=False).decode


def decoded(attribute: Undecoded) -> Any:
    """What an attribute says; it raises where that can't be read."""
    return plain(_value(attribute.value))


def plain(value: Value) -> Any:
    """What a value says: text, a number, a truth, a list of texts; None where it says nothing."""
    for said in (value.string_value, value.int_value, value.double_value, value.bool_value):
        if said is not None:
            return said
    return None if value.array_value is None else [plain(item) for item in value.array_value.values]


class Fields:
    """Attributes that are kept.

    Parameters
    ----------
    names : by field the keys that tell it, the best first
    asked : what was asked of the reader; keys in it are fields of their own, each by its name behind a colon

    Attributes
    ----------
    places : by key the field that it tells, and its rank among the keys that tell the same
    where : fields and the values that they must have
    """

    def __init__(self, names: Mapping[str, str], asked: Asked) -> None:
        self.where = [(f":{path}", value) for path, value in asked.where]
        self._feature = f":{asked.feature_from}" if asked.feature_from else ""
        own = [field for field in (*dict(self.where), self._feature) if field]
        keys = {field: several.split() for field, several in names.items()} | {field: [field[1:]] for field in own}
        self._plans = dict[tuple[str, ...], list[tuple[str, int]]]()
        self.places = {key: (field, rank) for field, several in keys.items() for rank, key in enumerate(several)}

    def of(self, attributes: Sequence[Attribute]) -> Found:
        """What attributes say: of several keys of a field the best that says anything, of equal ones the first.

        Spans and events of one kind have the same keys in the same order, so that these are looked up once.
        """
        keys = tuple([attribute.key for attribute in attributes])
        found, plan = Found(), self._plans.get(keys)
        for field, place in self._plan(keys) if plan is None else plan:
            if field in found:
                continue
            value = attributes[place].value
            said: Any = value.string_value
            if said is None:
                said = value.int_value
                if said is None:
                    said = plain(value)
            if said is not None and said != "":
                found[field] = said
        return found

    def _plan(self, keys: tuple[str, ...]) -> list[tuple[str, int]]:
        """Fields and the places of attributes that tell them, the best first."""
        ranked = [(self.places[key], place) for place, key in enumerate(keys) if key in self.places]
        plan = [(field, place) for (field, _), place in sorted(ranked, key=lambda each: (each[0][1], each[1]))]
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        self._plans[keys] = plan
        return plan

    def decoded(self, attributes: Sequence[Undecoded]) -> list[Attribute]:
        """Attributes that tell something that none before them tells better.

        Raises
        ------
        msgspec.DecodeError, UnicodeDecodeError
            One of them has no value that can be read.
        """
        found, best = [], dict[str, int]()
        for attribute in attributes:
            field, rank = self.places.get(attribute.key, ("", 0))
            if field and best.get(field, rank + 1) > rank:
                value = _value(attribute.value)
                said = plain(value)
                if said is not None and said != "":
                    best[field] = rank
                    found.append(Attribute(attribute.key, value))
        return found

    def are_as_asked(self, found: Found) -> bool:
        """Whether fields have the values that they must have."""
        if not self.where:
            return True
        return all(field in found and value in texts(found[field]) for field, value in self.where)

    def feature(self, found: Found) -> str | None:
        """The feature, by the field that names it; None where none was asked for or it says nothing."""
        return next(iter(texts(found[self._feature])), None) if self._feature in found else None


def text_of(found: Found, field: str) -> str | None:
    """A field as text, of several the first; None where it is not there."""
    value = found.get(field)
    if value is None or value.__class__ is str:
        return value
    return str(value) if value.__class__ is int else next(iter(texts(value)), None)


def number_of(found: Found, field: str) -> float:
    """A field as a number; NaN where it is not there or none."""
    try:
        return float(found[field]) if field in found else math.nan
    except (TypeError, ValueError):
        return math.nan


def count_of(found: Found, field: str) -> int:
    """A field as a count, 0 where it is not there.

    Raises
    ------
    ValueError
        It is there and no number.
    """
    value = found.get(field, 0)
    if value.__class__ is int:
        whole: int = value
        return whole
    number = number_of(found, field)
    if not math.isfinite(number):
        raise ValueError(f"{field} is no number of tokens")
    return int(number)


def cost_of(found: Found, field: str) -> float:
    """A field as a cost, as `cost_told` has it."""
    return cost_told(found[field]) if field in found else math.nan
