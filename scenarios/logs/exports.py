"""Exports of OpenTelemetry in JSON: batches of spans or events with the attributes of what made them.

Spans and events stay bytes until they are decoded one by one, so that a malformed one does not take its batch with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.attributes import MALFORMED, Attribute, Fields, Found
from scenarios.logs.format import Head
from scenarios.logs.reading import Reading
from scenarios.logs.source import LONGEST_LINE, Source

S = TypeVar("S", bound=Struct)

NOTHING = Raw(b"")
"""A field that is not there; None is no alternative to bytes."""

FIRST_NS, LAST_NS = 10**17, 4_102_444_800 * 10**9
"""Nanoseconds since 1970 between which a time is believed: 1973 and 2100."""

_PRETTY = re.compile(rb"\s*[\[{]\s*\r?\n")


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


class Item(NamedTuple, Generic[S]):
    """A span or an event.

    Attributes
    ----------
    line, number : where it stands: in which line, as the how manieth of it
    record : what was decoded
    base : wanted attributes of what made it
    """

    line: int
    number: int
    record: S
    base: Found


def items(source: Source, kind: type[S], keep: Fields, *, events: bool) -> Iterator[Item[S]]:
    """All spans or all events of a file; what can't be decoded is counted, what is of the other kind is ignored."""
    decode = msgspec.json.Decoder(kind, strict=False).decode
    word = "event" if events else "span"
    for line, export in _exports(source):
        number = 0
        for batch in _batches(export, source.reading, events):
            base = _base(batch, keep, source, line)
            for scope in batch.scope_logs if events else (*batch.scope_spans, *batch.instrumentation_library_spans):
                for raw in scope.log_records if events else scope.spans:
                    number += 1
                    try:
                        record = decode(raw)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        source.reading.skip(f"malformed {word}: {told(error)}", place_of(source, line, word, number))
                        continue
                    yield Item(line, number, record, base)


def place_of(source: Source, line: int, word: str, number: int) -> str:
    """Name of a span or an event, for people."""
    return f"{source.place(line)} {word} {number}"


def told(error: Exception) -> str:
    """Say what is wrong with a record, without what stands in it."""
    if isinstance(error, msgspec.ValidationError):
        text = re.sub(r" - at `\$\.?(.*)`", r" in \1", str(error)).replace(" | null", "")
        return text[:1].lower() + text[1:]
    return "not JSON"


def _base(batch: _Batch, keep: Fields, source: Source, line: int) -> Found:
    if batch.resource is None:
        return {}
    found = keep.of(batch.resource.attributes)
    good = {key: value for key, value in found.items() if value is not MALFORMED}
    if len(good) < len(found):
        source.reading.skip("an attribute of a resource has no value that can be read", source.place(line))
    return good


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
