"""How people say which logs are read, and how: the words of a command line or the arguments of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError

if TYPE_CHECKING:
    from scenarios.logs.reading import Reading, Watch
    from scenarios.logs.table import Calls

TTLS = {"5m": 5.0, "1h": 60.0}
AUTO = "auto"


@dataclass(frozen=True)
class ReadOptions:
    """How logs are read; all but `models` as `scenarios.logs.formats.read_logs` takes it.

    Attributes
    ----------
    models : names as logged, or ``*``, to those of the catalogue or of the scenario
    """

    format: str = AUTO
    columns: Mapping[str, str] = field(default_factory=dict)
    where: tuple[tuple[str, str], ...] = ()
    since: date | None = None
    until: date | None = None
    feature_from: str | None = None
    ttl_minutes: float | None = None
    models: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Mapping[str, Any], prefix: str = "") -> ReadOptions:
        """Read the words of a command line or the arguments of `calibrate`; None is what was not given.

        Parameters
        ----------
        words : ``format``, ``map``, ``where``, ``since``, ``until``, ``feature_from``, ``ttl``, ``models``
        prefix : stands before their names in an error

        Raises
        ------
        LogError
            for a word that can't be read
        """
        columns = _pairs(words.get("map"), f"{prefix}map", "FIELD=COLUMN, such as prompt=ContextTokens")
        ttl = words.get("ttl")
        if ttl is not None and str(ttl) not in TTLS:
            raise LogError(f"{prefix}ttl: {ttl!r} is none; a cache keeps a prefix for {' or '.join(TTLS)}")
        since, until = _day(words.get("since"), f"{prefix}since"), _day(words.get("until"), f"{prefix}until")
        if since is not None and until is not None and since > until:
            raise LogError(f"{prefix}since: {since} is after {prefix}until {until}, so that no day is left")
        return cls(
            words.get("format") or AUTO,
            dict(columns),
            tuple(_pairs(words.get("where"), f"{prefix}where", "COLUMN=VALUE, such as team_id=support")),
            since,
            until,
            words.get("feature_from"),
            None if ttl is None else TTLS[str(ttl)],
            dict(_pairs(words.get("models"), f"{prefix}model", "LOGGED=PROVIDER/MODEL, such as '*=openai/gpt-4o'")),
        )

    def read(self, logs: Sequence[str | Path], watch: Watch | None = None) -> tuple[Calls, Reading]:
        """Read logs as `scenarios.logs.formats.read_logs` does."""
        return read_logs(
            logs,
            format=self.format,
            columns=self.columns,
            where=self.where,
            since=self.since,
            until=self.until,
            feature_from=self.feature_from,
            ttl_minutes=self.ttl_minutes or TTLS["5m"],
            watch=watch,
        )


def _pairs(words: str | Sequence[str] | None, name: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for word in [words] if isinstance(words, str) else words or ():
        left, equals, right = word.partition("=")
        if not (equals and left.strip() and right.strip()):
            raise LogError(f"{name}: {word!r} is not of the form {form}")
        pairs.append((left.strip(), right.strip()))
    return pairs


def _day(word: date | str | None, name: str) -> date | None:
    if word is None or isinstance(word, date):
        return word
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise LogError(f"{name}: {word!r} is no day; write it as 2026-11-30") from None
