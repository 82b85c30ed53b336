"""Exports of OpenTelemetry in JSON: batches of spans or events with the attributes of what made them.

A line is decoded at a stroke. Where that can't be, its spans or events stay bytes until they are decoded one by one, so
that a malformed one does not take its batch with it, nor a value that nobody asked for its span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.attributes import Fields, Said, Undecoded
from scenarios.logs.format import Head
from scenarios.logs.reading import Reading
from scenarios.logs.source import LONGEST_LINE, Source

NOTHING = Raw(b"")
"""A field that is not there; None is no alternative to bytes."""

FIRST_NS, LAST_NS = 10**17, 4_102_444_800 * 10**9
"""Nanoseconds since 1970 between which a time is believed: 1973 and 2100."""

_PRETTY = re.compile(rb"\s*[\[{]\s*\r?\n")
_AT_A_STROKE = 1 << 24
"""Bytes of the longest line of which all objects are made at once."""

_MALFORMED = msgspec.DecodeError, UnicodeDecodeError, RecursionError

S = TypeVar("S")
E = TypeVar("E")
T = TypeVar("T", bound=Said)


class _Resource(Struct, gc=False):
    attributes: list[Undecoded] = []


class _Scope(Struct, Generic[S, E], rename="camel", gc=False):
    spans: list[S] = []
    log_records: list[E] = []


class _Batch(Struct, Generic[S, E], rename="camel", gc=False):
    resource: _Resource | None = None
    scope_spans: list[_Scope[S, E]] = []
    instrumentation_library_spans: list[_Scope[S, E]] = []
    scope_logs: list[_Scope[S, E]] = []


class _Export(Struct, Generic[S, E], rename="camel", gc=False):
    resource_spans: list[_Batch[S, E]] = []
    batches: list[_Batch[S, E]] = []
    resource_logs: list[_Batch[S, E]] = []
    resource_metrics: Raw = NOTHING
    trace: _Export[S, E] | None = None


class Kind(NamedTuple):
    """Spans or events.

    Attributes
    ----------
    word : what one is called
    record : a type with a list of attributes, and what else is wanted
    undecoded : the same with undecoded ones
    """

    word: str
    record: Any
    undecoded: Any

    @property
    def are_events(self) -> bool:
        """Whether these are events."""
        return self.word == "event"


def take(source: Source, kind: Kind, fields: Fields[T], each: Callable[[Any, T | None], None]) -> None:
    """Give all spans or all events of a file to a function, with what that says which made them, if it says anything.

    What can't be decoded is counted, and so is what the function raises a ValueError of. The other kind is ignored.
    """
    decoders, reading = _Decoders(kind, fields), source.reading
    for line, export in _exports(source, decoders):
        before = 0
        for records, base in _records(export, kind, fields, source.place(line), reading):
            for number, found in enumerate(records, before + 1):
                try:
                    record = decoders.one(found) if found.__class__ is Raw else found
                    each(record, base)
                except ValueError as error:
                    reading.skip(str(error), f"{source.place(line)} {kind.word} {number}")
            before += len(records)


class _Decoders:
    def __init__(self, kind: Kind, fields: Fields[Any]) -> None:
        self._kind, self._fields = kind, fields
        self._one = msgspec.json.Decoder(kind.undecoded, strict=False).decode
        both = (Raw, kind.record) if kind.are_events else (kind.record, Raw)
        self._whole = _export_decoder(*both, strict=False)
        self._parts = _export_decoder(Raw, Raw, strict=True)

    def exports(self, line: bytes) -> list[_Export[Any, Any]]:
        """Exports of a line, with records where all can be read, else with their bytes."""
        if len(line) <= _AT_A_STROKE:
            with suppress(*_MALFORMED):
                return self._whole(line)
        return self._parts(line)

    def one(self, raw: Raw) -> Any:
        """A record by itself; what can't be read is a ValueError."""
        try:
            record = self._one(raw)
        except _MALFORMED as error:
            raise ValueError(f"malformed {self._kind.word}: {told(error)}") from None
        try:
            record.attributes = self._fields.decoded(record.attributes)
        except _MALFORMED:
            raise ValueError(f"malformed {self._kind.word}: an attribute has no value that can be read") from None
        return record


def _export_decoder(span: Any, event: Any, *, strict: bool) -> Callable[[bytes], list[_Export[Any, Any]]]:
    kind: Any = _Export[span, event]
    one = msgspec.json.Decoder(kind, strict=strict).decode
    several = msgspec.json.Decoder(list[kind], strict=strict).decode
    return lambda line: several(line) if line[:1] == b"[" else [one(line)]


def told(error: Exception) -> str:
    """Say what is wrong with a record, without what stands in it."""
    if isinstance(error, msgspec.ValidationError):
        text = re.sub(r" - at `\$\.?(.*)`", r" in \1", str(error)).replace(" | null", "")
        return text[:1].lower() + text[1:]
    return "not JSON"


def _base(batch: _Batch[Any, Any], fields: Fields[T], place: str, reading: Reading) -> T | None:
    if batch.resource is None:
        return None
    try:
        known = fields.decoded(batch.resource.attributes)
    except _MALFORMED as error:
        reading.skip(f"malformed attributes of a resource: {told(error)}", place)
        return None
    return fields.of(known) if known else None


def _batches(export: _Export[Any, Any], reading: Reading, kind: Kind) -> list[_Batch[Any, Any]]:
    export = export.trace or export
    if bytes(export.resource_metrics):
        reading.ignore("exports of metrics")
    spans = [*export.resource_spans, *export.batches]
    if kind.are_events and spans:
        reading.ignore("exports of spans")
    if not kind.are_events and export.resource_logs:
        reading.ignore("exports of events")
    return export.resource_logs if kind.are_events else spans


def _records(
    export: _Export[Any, Any], kind: Kind, fields: Fields[T], place: str, reading: Reading
) -> Iterator[tuple[list[Any], T | None]]:
    """Spans or events of an export, with what that says which made them."""
    for batch in _batches(export, reading, kind):
        base = _base(batch, fields, place, reading)
        for scope in (*batch.scope_spans, *batch.instrumentation_library_spans, *batch.scope_logs):
            yield scope.log_records if kind.are_events else scope.spans, base


def _exports(source: Source, decoders: _Decoders) -> Iterator[tuple[int, _Export[Any, Any]]]:
    """Exports by line; a document over several lines is one, of line 1."""
    lines = source.lines()
    if _PRETTY.match(source.head()):
        lines = _document(source)
    for number, line in lines:
        try:
            several = decoders.exports(line)
        except _MALFORMED as error:
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
    names = "|".join(keys)
    first = rf'\s*\[?\s*\{{\s*(?:"trace"\s*:\s*\{{\s*)?"(?:{names})"\s*:'.encode()
    if any(key in record for record in head.records for key in keys) or re.match(first, head.start):
        return Source(head.path, Reading()).head()
    return b""
