"""From files of aggregates to the table of usage; tokens of one file and costs of another may be mixed."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from scenarios.logs.reading import LogError
from scenarios.logs.usage import anthropic, ccusage, focus, openai
from scenarios.logs.usage.table import KINDS, Aggregate, Bucket, Usage

__all__ = ["kind_of", "read_usage"]
_READERS = (openai, anthropic, ccusage, focus)


def read_usage(paths: Sequence[str | Path]) -> Usage:
    """Read aggregates.

    Raises
    ------
    LogError
        Where a file can't be read, is of no kind that is known, holds nothing, or costs are in several currencies.
    """
    buckets: list[Bucket] = []
    skipped, titles = Counter[str](), dict[str, None]()
    for path in map(Path, paths):
        document = _document(path)
        kind = kind_of(document)
        if kind is None:
            known = ", ".join(each.title for each in KINDS.values())
            raise LogError(
                f"{path} is no aggregate that is known: {known}. It begins with {', '.join(list(document)[:8])}"
            )
        buckets += kind.buckets(document, lambda reason: skipped.update([reason]))
        titles[kind.title] = None
    usage = Usage(tuple(buckets), " and ".join(titles), dict(skipped))
    if not buckets:
        why = "; ".join(f"{n:,} times {reason}" for reason, n in skipped.items()) or "there are no results"
        raise LogError(f"nothing was used in {', '.join(map(str, paths))}: {why}")
    if len(usage.currencies) > 1:
        raise LogError(f"costs are in several currencies: {', '.join(sorted(usage.currencies))}; give one at a time")
    return usage


def kind_of(document: Mapping[str, Any]) -> type[Aggregate] | None:
    """Kind of a decoded document; None where it is no aggregate."""
    return next((kind for kind in KINDS.values() if kind.recognises(document)), None)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        if content[:4] == b"PAR1":
            import pandas as pd

            return {"rows": pd.read_parquet(path).to_dict("records")}
        if content.lstrip()[:1] in {b"{", b"["}:
            return _whole(content)
    except (OSError, EOFError, msgspec.DecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise LogError(f"{path} can't be read: {why[:1].lower()}{why[1:]}") from None
    import csv
    import io

    return {"rows": list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace"))))}


def _whole(content: bytes) -> Mapping[str, Any]:
    """One document, or several pages one after the other, or in a list."""
    try:
        decoded = msgspec.json.decode(content)
    except msgspec.DecodeError:
        decoded = [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]
    if isinstance(decoded, dict):
        return decoded
    pages = [page for page in decoded if isinstance(page, dict)]
    inside = [each for page in pages for each in (page.get("data") or [page])]
    return {"rows": inside}
