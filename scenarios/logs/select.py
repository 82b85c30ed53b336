"""Which records of a log are wanted, and which feature each belongs to, by fields that its reader does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from scenarios.logs.format import Asked, Log
from scenarios.logs.reading import UNWANTED

if TYPE_CHECKING:
    from scenarios.logs.batches import Batch

__all__ = ["UNWANTED", "Picker", "texts", "wanted"]

_top = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Picker:
    """Looks up what `--where` and `--feature-from` ask for, in JSON records.

    Attributes
    ----------
    asked : whether there is anything to look up; a reader may leave records undecoded where not
    columns : of rows with cells, columns that may be looked up
    """

    def __init__(self, asked: Asked) -> None:
        self._where = [(tuple(path.split(".")), value) for path, value in asked.where]
        self._feature = tuple(asked.feature_from.split(".")) if asked.feature_from else ()
        self.asked = bool(self._where or self._feature)
        paths = [path for path, _ in self._where] + [self._feature] * bool(self._feature)
        self.columns = {name for path in paths for name in (path[0], ".".join(path))}

    def pick(self, record: bytes) -> tuple[bool, str]:
        """Whether a record is wanted, and the name of its feature; empty where it has none."""
        return self.pick_cells(_top.decode(record))

    def pick_cells(self, top: Mapping[str, Any]) -> tuple[bool, str]:
        """As `pick`, of a row by its columns."""
        if not all(value in texts(_value(top, path)) for path, value in self._where):
            return False, ""
        return True, next(iter(texts(_value(top, self._feature))), "") if self._feature else ""


def wanted(batch: Batch, log: Log) -> Batch:
    """The rows of a batch whose columns say what `--where` asks for; the others are no part of the log."""
    for path, value in log.asked.where:
        keep = np.array([value in _several(cell) for cell in batch.columns[path].tolist()], bool)
        if not keep.all():
            log.reading.ignore(UNWANTED, int((~keep).sum()))
            batch = batch.where(keep)
    return batch


def _several(cell: Any) -> list[str]:
    if isinstance(cell, str) and cell[:1] == "[":
        return texts(_decoded(cell))
    if isinstance(cell, float) and cell.is_integer():
        return [str(int(cell))]
    return texts(cell)


def texts(value: Any) -> list[str]:
    """What a field says, as texts: lists are several, and nothing is none."""
    if value is None:
        return []
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)] if isinstance(value, str | int | float) else []


def _value(top: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    whole = ".".join(path)
    value = _cell(top, whole if whole in top else path[0])
    if whole in top:
        path = path[:1]
    for step in path[1:]:
        if isinstance(value, str):  # JSON in a field of text, as exports of databases have it
            value = _decoded(value)
        value = value.get(step) if isinstance(value, dict) else None
    return _decoded(value) if isinstance(value, str) and value[:1] in "[{" else value


def _cell(top: Mapping[str, Any], name: str) -> Any:
    value = top.get(name)
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
