"""Attributes of spans and events in OTLP-JSON: those that somebody asked for, one by one or as columns of many records.

Values stay bytes until they are asked for: no object is ever made of one that nobody asked for, such as the texts of
messages. Values that come again and again are decoded once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw, Struct
from numpy.typing import NDArray

from scenarios.logs.reading import Reading
from scenarios.logs.select import texts

Found = Mapping[str, Any]
"""By key, the value of an attribute that is wanted: text, a number, a truth, or a list of texts; None for nothing."""

Told = Mapping[str, Any]
"""By field, what it says."""

MALFORMED = object()
"""In place of a value that can't be read."""

UNBELIEVED = "cost that is no number or below zero (the call is kept)"

_LONGEST, _MOST = 64, 1 << 14
_TEXT, _WHOLE = b'{"stringValue":"', b'{"intValue":"'
"""How values begin that can be taken as they stand."""
_DIGITS = 19


class Attribute(Struct, gc=False):
    """A key with the bytes of its value."""

    key: str
    value: Raw = Raw(b"{}")


class _Values(Struct):
    values: list[Raw] = []


class _Value(Struct, rename="camel", gc=False):
    string_value: str | None = None
    int_value: int | None = None
    double_value: float | None = None
    bool_value: bool | None = None
    array_value: _Values | None = None


_value = msgspec.json.Decoder(_Value, strict=False).decode


def plain(raw: Raw | bytes) -> Any:
    """What a value says: text, a number, a truth, a list of texts; None where it says nothing."""
    value = _value(raw)
    for said in (value.string_value, value.int_value, value.double_value, value.bool_value):
        if said is not None:
            return None if said == "" else said
    return None if value.array_value is None else [plain(item) for item in value.array_value.values]


class _Known(dict[bytes, Any]):
    """Values by their bytes; short ones are remembered, as long as they are not too many.

    Attributes
    ----------
    malformed : whether one of them could not be read
    """

    malformed = False

    def __missing__(self, raw: bytes) -> Any:
        text, digits = raw[len(_TEXT) : -2], raw[len(_WHOLE) : -2]
        if raw.startswith(_TEXT) and text.isascii() and text and b'"' not in text and b"\\" not in text:
            value: Any = text.decode()
        elif raw.startswith(_WHOLE) and digits.isdigit() and len(digits) < _DIGITS:
            value = int(digits)
        else:
            value = self._read(raw)
        if len(raw) <= _LONGEST and len(self) < _MOST:
            self[raw] = value
        return value

    def _read(self, raw: bytes) -> Any:
        try:
            return plain(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.malformed = True
            return MALFORMED


class Fields:
    """Attributes that are kept.

    Parameters
    ----------
    names : by field the keys that tell it, the best first
    asked : keys that are fields of their own, each by its name behind a colon
    """

    def __init__(self, names: Mapping[str, str], asked: Iterable[str] = ()) -> None:
        self.keys = {field: keys.split() for field, keys in names.items()} | {f":{key}": [key] for key in asked}
        self.known = _Known()
        self._places = {key: field for field, keys in self.keys.items() for key in keys}
        self._several = {field for field, keys in self.keys.items() if len(keys) > 1}
        self._wanted = frozenset(self._places)

    def of(self, attributes: Sequence[Attribute]) -> Found:
        """Those of a record; of a key that is there twice, the first."""
        wanted, known = self._wanted, self.known
        return {each.key: known[bytes(each.value)] for each in reversed(attributes) if each.key in wanted}

    def told(self, own: Found, base: Found) -> Told:
        """What one record says, or where it does not say it, what made it.

        Raises
        ------
        ValueError
            A value can't be read.
        """
        if self.known.malformed and any(value is MALFORMED for found in (base, own) for value in found.values()):
            raise ValueError("an attribute has no value that can be read")
        said: dict[str, Any] = {}
        for found in (base, own):
            for field, key in [(self._places[key], key) for key in found]:
                if found[key] is not None and (field not in self._several or self._is_best(field, key, found)):
                    said[field] = found[key]
        return said

    def _is_best(self, field: str, key: str, found: Found) -> bool:
        return key == next(each for each in self.keys[field] if found.get(each) is not None)


class Columns:
    """Fields of many records, column by column.

    Parameters
    ----------
    own, base : for each record its own attributes, and those of what made it, which it has where its own say nothing

    Attributes
    ----------
    malformed : records with a value that can't be read
    """

    def __init__(self, fields: Fields, own: Sequence[Found], base: Sequence[Found]) -> None:
        self.n = len(own)
        self.malformed = np.zeros(self.n, bool)
        self._has = dict[str, NDArray[np.bool_]]()
        self._own = self._cells(fields, own)
        made = any(base)
        self._base = self._cells(fields, base) if made else {}
        self._nothing: list[Any] = [None] * self.n

    def _cells(self, fields: Fields, found: Sequence[Found]) -> dict[str, list[Any]]:
        present = set[str]().union(*found)
        cells: dict[str, list[Any]] = {}
        for field, keys in fields.keys.items():
            for key in keys:
                if key in present:
                    column = [each.get(key) for each in found]
                    cells[field] = _first(cells[field], column) if field in cells else column
        for column in cells.values() if fields.known.malformed else ():
            self.malformed |= np.fromiter((cell is MALFORMED for cell in column), bool)
        return cells

    def __contains__(self, field: str) -> bool:
        return field in self._own or field in self._base

    def cells(self, field: str) -> list[Any]:
        """What a field says; None where it says nothing."""
        own, base = self._own.get(field), self._base.get(field)
        if own is None or base is None:
            return own or base or self._nothing
        return _first(own, base)

    def has(self, field: str) -> NDArray[np.bool_]:
        """Where a field says anything."""
        if field not in self._has:
            cells = self.cells(field)
            nothing = cells is self._nothing
            self._has[field] = np.array([not nothing and cell is not None for cell in cells], bool)
        return self._has[field]

    def text(self, field: str) -> list[str | None]:
        """A field as text, of several the first."""
        return _texts(self.cells(field))

    def given(self, field: str) -> list[str | None]:
        """A field as text, where it is what made a record that tells it, and not the record itself."""
        if field not in self._base:
            return self._nothing
        own = self._own.get(field, self._nothing)
        return _texts([None if cell is not None else made for cell, made in zip(own, self._base[field], strict=True)])

    def own(self, field: str) -> list[str | None]:
        """A field as text, where a record itself tells it."""
        return _texts(self._own.get(field, self._nothing))

    def numbers(self, field: str) -> NDArray[np.float64]:
        """A field as numbers; NaN where it is not there or none."""
        if field not in self:
            return np.full(self.n, math.nan)
        cells = self.cells(field)
        try:
            return np.array(cells, np.float64)
        except (TypeError, ValueError, OverflowError):
            return np.array([number_of({field: cell}, field) for cell in cells], np.float64)


def _first(one: list[Any], other: list[Any]) -> list[Any]:
    return [a if a is not None else b for a, b in zip(one, other, strict=True)]


def _texts(cells: list[Any]) -> list[str | None]:
    if set(map(type, cells)) <= {str, type(None)}:
        return cells
    return [next(iter(texts(cell)), None) for cell in cells]


def text_of(told: Told, field: str) -> str | None:
    """A field as text, of several the first; None where it is not there."""
    value = told.get(field)
    return value if value is None or value.__class__ is str else next(iter(texts(value)), None)


def number_of(told: Told, field: str) -> float:
    """A field as a number; NaN where it is not there or none."""
    try:
        return float(told.get(field, math.nan))
    except (TypeError, ValueError, OverflowError):
        return math.nan


def count_of(told: Told, field: str) -> int:
    """A field as a count, 0 where it is not there.

    Raises
    ------
    ValueError
        It is there and no number.
    """
    value = told.get(field, 0)
    if value.__class__ is int:
        whole: int = value
        return whole
    number = number_of(told, field)
    if not math.isfinite(number):
        raise ValueError(f"{field} is no number of tokens")
    return int(number)


def believed(cost: NDArray[np.float64], told: NDArray[np.bool_], reading: Reading) -> NDArray[np.float64]:
    """Costs; NaN where they are below zero or no number, which is counted."""
    wrong = told & ~((cost >= 0) & (cost < math.inf))
    if wrong.any():
        reading.ignore(UNBELIEVED, int(wrong.sum()))
    return np.where(wrong, math.nan, cost)
