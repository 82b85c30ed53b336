"""Tokens that agents' logs do not count: those of tools' results."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from scenarios.logs.codes import NONE

BYTES_A_TOKEN = 4


class _Part(Struct, gc=False):
    type: str | None = None
    text: Raw = Raw()


_parts = msgspec.json.Decoder(list[_Part])


def size_of(content: Raw) -> int:
    """Tokens of a tool's result, by its bytes; of pictures they are not known."""
    if not len(content):
        return 0
    start = memoryview(content)[0]
    if start == ord('"'):
        return max(0, len(content) - 2) // BYTES_A_TOKEN
    if start != ord("["):
        return NONE
    try:
        texts = [part for part in _parts.decode(content) if (part.type or "").endswith("text")]
    except msgspec.DecodeError:
        return NONE
    return sum(max(0, len(part.text) - 2) for part in texts) // BYTES_A_TOKEN if texts else NONE
