"""Exports of OpenTelemetry in JSON: batches of spans or events with the attributes of what made them.

Spans and events stay bytes until they are decoded one by one, so that a malformed one does not take its batch with it.
Values of attributes stay bytes too: no object is ever made of one that nobody asked for, such as the texts of messages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.costs import cost_told
from scenarios.logs.format import Head
from scenarios.logs.reading import Reading
from scenarios.logs.select import texts
from scenarios.logs.source import LONGEST_LINE, Source

S = TypeVar("S", bound=Struct)

NOTHING = Raw(b"")
"""A field that is not there; None is no alternative to bytes."""

Found = dict[str, tuple[int, Any]]
"""By field, the rank of the attribute that told it, and its value."""

FIRST_NS, LAST_NS = 10**17, 4_102_444_800 * 10**9
"""Nanoseconds since 1970 between which a time is believed: 1973 and 2100."""

_PRETTY = re.compile(rb"\s*[\[{]\s*\r?\n")
_BEHIND = 100
"""Added to the rank of what made a span, so that its own attributes go first."""


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


class _Resource(Struct):
    attributes: list[Attribute] = []


class _Scope(Struct, rename="camel"):
    spans: list[Raw] = []
    log_records: list[Raw] = []


class _Batch(Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_Scope] = []
    instrumentation_library_spans: list[_Scope] = []
    scope_logs: list[_Scope] = []


class _Export(Struct, rename="camel"):
    resource_spans: list[_Batch] = []
    batches: list[_Batch] = []
    resource_logs: list[_Batch] = []
    resource_metrics: Raw = NOTHING
    trace: _Export | None = None


_one = msgspec.json.Decoder(_Export).decode
_several = msgspec.json.Decoder(list[_Export]).decode
_value = msgspec.json.Decoder(_Value, strict=False).decode


class Wanted(NamedTuple):
    """Attributes that are kept.

    Attributes
    ----------
    fields : by key the field that it tells, and its rank among the keys that tell the same; the lowest is taken
    """

    fields: Mapping[str, tuple[str, int]]

    def of(self, attributes: Sequence[Attribute], base: Found) -> Found:
        """By field, the rank and value of the best key, over those of `base`; arrays are lists of texts."""
        found, place_of = dict(base), self.fields.get
        for attribute in attributes:
            place = place_of(attribute.key)
            if place is None:
                continue
            field, rank = place
            if field in found and found[field][0] <= rank:
                continue
            value = plain(attribute.value)
            if value is not None and value != "":
                found[field] = rank, value
        return found


def wanted(names: Mapping[str, str], asked: Sequence[str] = ()) -> Wanted:
    """Attributes by field, several keys of one field in their order of preference; those of `asked` by their own name.

    Fields that are asked for begin with a colon.
    """
    fields = {key: (field, rank) for field, keys in names.items() for rank, key in enumerate(keys.split())}
    return Wanted(fields | {key: (f":{key}", 0) for key in asked})


def plain(raw: Raw) -> Any:
    """What a value says: text, a number, a truth, a list of texts; None where it says nothing."""
    value = _value(raw)
    text = value.string_value
    if text is not None:
        return text
    whole = value.int_value
    if whole is not None:
        return whole
    if value.double_value is not None:
        return value.double_value
    if value.bool_value is not None:
        return value.bool_value
    if value.array_value is not None:
        return [plain(item) for item in value.array_value.values]
    return None


def is_given(found: Found, field: str) -> bool:
    """Whether it is what made a span that tells a field, and not the span itself."""
    return found[field][0] >= _BEHIND


def text_of(found: Found, field: str) -> str | None:
    """A field as text, of several the first; None where it is not there."""
    known = found.get(field)
    if known is None:
        return None
    value = known[1]
    return value if value.__class__ is str else next(iter(texts(value)), None)


def number_of(found: Found, field: str) -> float:
    """A field as a number; NaN where it is not there or none."""
    try:
        return float(found[field][1]) if field in found else math.nan
    except (TypeError, ValueError):
        return math.nan


def count_of(found: Found, field: str) -> int:
    """A field as a count, 0 where it is not there.

    Raises
    ------
    ValueError
        It is there and no number.
    """
    known = found.get(field)
    if known is None:
        return 0
    if known[1].__class__ is int:
        whole: int = known[1]
        return whole
    number = number_of(found, field)
    if not math.isfinite(number):
        raise ValueError(f"{field} is no number of tokens")
    return int(number)


def cost_of(found: Found, field: str) -> float:
    """A field as a cost, as `cost_told` has it."""
    return cost_told(found[field][1]) if field in found else math.nan


class Item(NamedTuple, Generic[S]):
    """A span or an event.

    Attributes
    ----------
    place : its line and number in it, for people
    record : what was decoded
    base : wanted attributes of what made it
    """

    place: str
    record: S
    base: Found


def items(source: Source, kind: type[S], keep: Wanted, *, events: bool) -> Iterator[Item[S]]:
    """All spans or all events of a file; what can't be decoded is counted, what is of the other kind is ignored."""
    decode = msgspec.json.Decoder(kind, strict=False).decode
    word = "event" if events else "span"
    for line, export in _exports(source):
        number = 0
        place = source.place(line)
        for batch in _batches(export, source.reading, events):
            base = _base(batch, keep, place, source.reading)
            for scope in batch.scope_logs if events else (*batch.scope_spans, *batch.instrumentation_library_spans):
                for raw in scope.log_records if events else scope.spans:
                    number += 1
                    try:
                        record = decode(raw)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        source.reading.skip(f"malformed {word}: {told(error)}", f"{place} {word} {number}")
                        continue
                    yield Item(f"{place} {word} {number}", record, base)


def told(error: Exception) -> str:
    """Say what is wrong with a record, without what stands in it."""
    if isinstance(error, msgspec.ValidationError):
        text = re.sub(r" - at `\$\.?(.*)`", r" in \1", str(error)).replace(" | null", "")
        return text[:1].lower() + text[1:]
    return "not JSON"


def _base(batch: _Batch, keep: Wanted, place: str, reading: Reading) -> Found:
    if batch.resource is None:
        return {}
    try:
        found = keep.of(batch.resource.attributes, {})
    except msgspec.DecodeError as error:
        reading.skip(f"malformed attributes of a resource: {told(error)}", place)
        return {}
    return {field: (rank + _BEHIND, value) for field, (rank, value) in found.items()}


def _batches(export: _Export, reading: Reading, events: bool) -> list[_Batch]:
    export = export.trace or export
    if bytes(export.resource_metrics):
        reading.ignore("exports of metrics")
    spans = [*export.resource_spans, *export.batches]
    if events and spans:
        reading.ignore("exports of spans")
    if not events and export.resource_logs:
        reading.ignore("exports of events")
    return export.resource_logs if events else spans


def _exports(source: Source) -> Iterator[tuple[int, _Export]]:
    """Exports by line; a document over several lines is one, of line 1."""
    lines = source.lines()
    if _PRETTY.match(source.head()):
        lines = _document(source)
    for number, line in lines:
        try:
            several = _several(line) if line[:1] == b"[" else [_one(line)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            source.reading.skip(f"malformed export: {told(error)}", source.place(number))
            continue
        for export in several:
            yield number, export


def _document(source: Source) -> Iterator[tuple[int, bytes]]:
    text = bytearray()
    for number, line in source.lines():
        text += line + b"\n"
        if len(text) > LONGEST_LINE:
            source.reading.skip(f"a document is longer than {LONGEST_LINE >> 20} MiB", source.place(number))
            return
    yield 1, bytes(text)


def begins(head: Head, *keys: str) -> bytes:
    """The beginning of a file whose first record has one of these keys, be it a document longer than its head."""
    source = Source(head.path, Reading())
    if any(key in record for record in head.records for key in keys):
        return source.head()
    if head.kind not in {"json", "unknown"}:
        return b""
    start = source.head()
    names = "|".join(keys)
    first = re.match(rf'\s*\[?\s*\{{\s*(?:"trace"\s*:\s*\{{\s*)?"(?:{names})"\s*:'.encode(), start)
    return start if first else b""
