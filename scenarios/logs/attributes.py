"""Attributes of spans and events in OTLP-JSON: those that somebody asked for, as what they say field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

from scenarios.logs.format import Asked
from scenarios.logs.select import texts
from scenarios.logs.tokens import NO_COUNT

_MOST_PLANS = 4_096
"""Orders of keys that are kept in mind."""


class Value(Struct, rename="camel", gc=False):
    """What an attribute says, in one of these ways."""

    string_value: str | None = None
    int_value: int | None = None
    double_value: float | None = None
    bool_value: bool | None = None
    array_value: _Values | None = None


class _Values(Struct, gc=False):
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


class Said(Struct, gc=False):
    """What attributes say, field by field; of fields that say nothing None.

    Readers declare their fields below it: those of the type ``str | None`` are texts, the others a text, a number, a
    truth or a list of texts.

    Attributes
    ----------
    asked : by what was asked of the reader, what it says
    """

    asked: dict[str, Any] | None = None


T = TypeVar("T", bound=Said)
_Plan = tuple[list[tuple[str, int]], list[tuple[str, int]], list[tuple[str, int]]]


class Fields(Generic[T]):
    """Attributes that are kept.

    Parameters
    ----------
    said : what they are kept in
    names : by field the keys that tell it, the best first
    asked : what was asked of the reader; keys in it are told by themselves too

    Attributes
    ----------
    where : keys and the values that they must have
    """

    def __init__(self, said: type[T], names: Mapping[str, str], asked: Asked) -> None:
        self.where = list(asked.where)
        self._said, self._feature = said, asked.feature_from
        self._asked = frozenset({key for key, _ in asked.where} | {asked.feature_from} - {""})
        self._texts = {field.name for field in fields(said) if field.type == str | None}
        self._places = {key: (field, rank) for field, keys in names.items() for rank, key in enumerate(keys.split())}
        self._plans = dict[tuple[str, ...], _Plan]()
        self._last = dict[int, tuple[list[str], _Plan]]()

    def of(self, attributes: Sequence[Attribute], base: T | None = None) -> T:
        """What attributes say: of several keys of a field the best that says anything, of equal ones the first.

        Where they say nothing it is what `base` says. Spans and events of one kind have the same keys in the same
        order, so that these are looked up once.
        """
        keys = [attribute.key for attribute in attributes]
        found = self._said() if base is None else copy(base)
        known = self._last.get(len(keys))
        if known is None or known[0] != keys:
            known = self._last[len(keys)] = keys, self._plan(keys)
        texts, others, asked = known[1]
        for field, place in texts:
            value = attributes[place].value
            if text := value.string_value or _text(plain(value)):
                setattr(found, field, text)
        for field, place in others:
            value = attributes[place].value
            said: Any = value.int_value
            if said is None:
                said = value.string_value
                if said is None:
                    said = plain(value)
            if said is not None and said != "":
                setattr(found, field, said)
        if asked:
            told = {key: plain(attributes[place].value) for key, place in asked}
            found.asked = (found.asked or {}) | {key: said for key, said in told.items() if said not in (None, "")}
        return found

    def _plan(self, keys: list[str]) -> _Plan:
        """Fields and the places of attributes that tell them, the best last: texts, others, and what was asked for."""
        order = tuple(keys)
        if (known := self._plans.get(order)) is not None:
            return known
        ranked = [(*self._places[key], place) for place, key in enumerate(keys) if key in self._places]
        told = [(field, place) for field, _, place in sorted(ranked, key=lambda each: (-each[1], -each[2]))]
        asked = [(key, place) for place, key in reversed(list(enumerate(keys))) if key in self._asked]
        texts = [each for each in told if each[0] in self._texts]
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[order] = texts, [each for each in told if each[0] not in self._texts], asked
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
            field, rank = self._places.get(attribute.key, ("", 0))
            tells = bool(field) and best.get(field, rank + 1) > rank
            if tells or attribute.key in self._asked:
                value = _value(attribute.value)
                said = plain(value)
                if said is not None and said != "":
                    if tells:
                        best[field] = rank
                    found.append(Attribute(attribute.key, value))
        return found

    def are_as_asked(self, found: T) -> bool:
        """Whether fields have the values that they must have."""
        if not self.where:
            return True
        told = found.asked or {}
        return all(value in texts(told.get(key)) for key, value in self.where)

    def feature(self, found: T) -> str | None:
        """The feature, by the field that names it; None where none was asked for or it says nothing."""
        if not (self._feature and found.asked):
            return None
        return next(iter(texts(found.asked.get(self._feature))), None)


def _text(said: Any) -> str | None:
    """What a field says as text, of several the first; None where that is nothing."""
    return str(said) if said.__class__ is int else next(iter(texts(said)), None)


def number(said: Any) -> float:
    """What a field says as a number; NaN where it says nothing or none."""
    try:
        return math.nan if said is None else float(said)
    except (TypeError, ValueError):
        return math.nan


def counts(*said: Any) -> list[int]:
    """What fields say as counts, 0 where they say nothing.

    Raises
    ------
    ValueError
        One of them is no number.
    """
    try:
        return [int(each or 0) for each in said]
    except (OverflowError, TypeError, ValueError):
        return [_count(each) for each in said]


def _count(said: Any) -> int:
    counted = number(said or 0)
    if not math.isfinite(counted):
        raise ValueError(NO_COUNT)
    return int(counted)
