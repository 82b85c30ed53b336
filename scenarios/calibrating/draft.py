"""What was learnt as a scenario for people: keys in a good order, sources beside laws, comments beside numbers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from distributions.notation import KEYS
from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Learnt
from scenarios.logs.reading import LogError
from scenarios.problems import Path
from scenarios.words import MEASURED
from scenarios.writer import Inline, Lines, inline, write_yaml

AGENT_ORDER = (
    "model", "batch", "system_tokens", "turns", "first_message_tokens", "message_tokens", "prompt_tokens",
    "cached_share", "retrieved_tokens", "output_tokens", "max_output_tokens", "reasoning_tokens", "context", "cache",
    "retry", "tools", "spawns", "checked_by", "sensitivity",
)  # fmt: skip
_ORDER = (
    "name", "title", "sources", "notes", "as_of", "period", "models", "volume", "features", "difficulty", "agents",
    "drivers",
)  # fmt: skip
_LAWS = ".laws"
_WIDEST = 120
_SHORT = 90
"""A law that is shorter stands on one line."""


@dataclass(frozen=True)
class Draft:
    """A scenario that was learnt, as plain values and what to say about them.

    Attributes
    ----------
    document : dict
        Laws of data name a column and no file: files lie beside the YAML, wherever that will be.
    comments : by dotted path
    bodies : by column, the values of laws of data
    learnt : what has a source
    heading : comment lines above everything
    origin : files and period, said in every source
    """

    document: dict[str, Any]
    comments: Mapping[str, str]
    bodies: Mapping[str, FloatArray]
    learnt: Sequence[Learnt]
    heading: str
    origin: str

    def plain(self, stem: str) -> dict[str, Any]:
        """The scenario as it reads back, were it written to ``stem.yaml``."""
        tree: dict[str, Any] = _with_files(self._sourced(), stem, self.bodies)
        return tree

    def text(self, stem: str) -> str:
        """The scenario as YAML, were it written to ``stem.yaml``."""
        tree = self.plain(stem)
        comments: dict[Path, str] = {}
        for dotted, said in self.comments.items():
            if path := find_path(tree, dotted):
                comments[path] = said
        for one in self.learnt:
            path = find_path(tree, one.path)
            if path and path not in comments and not isinstance(_at(tree, path), Mapping):
                comments[path] = one.source
        return write_yaml(_laid_out(tree), comments, self.heading, _WIDEST)

    def _sourced(self) -> dict[str, Any]:
        """The document in order, with the source beside each law."""
        tree = ordered(self.document)
        for one in self.learnt:
            path = find_path(tree, one.path)
            law = _at(tree, path) if path else None
            if path and isinstance(law, Mapping) and (_is_law(path) or path[0] == "drivers"):
                _put(tree, path, {**law, "source": f"{MEASURED}{self.origin}: {one.source}"})
        return tree


def ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same with keys in the order in which people read them; sections are copied."""
    tree = _in_order(document, _ORDER)
    if "agents" in tree:
        tree["agents"] = {name: _in_order(agent, AGENT_ORDER) for name, agent in tree["agents"].items()}
    return tree


def find_path(tree: Mapping[str, Any], dotted: str) -> Path | None:
    """The keys of a dotted path; names in it may hold dots themselves. None where there is nothing."""

    def follow(value: Any, rest: str, path: Path) -> Path | None:
        if not rest:
            return path
        for key in _keys(value):
            name = str(key)
            if rest == name or rest.startswith(f"{name}."):
                found = follow(value[key], rest[len(name) + 1 :], (*path, key))
                if found:
                    return found
        return None

    return follow(tree, dotted, ())


def write_draft(draft: Draft, path: FilePath, inputs: Sequence[FilePath]) -> list[FilePath]:
    """Write a scenario and the values of its laws of data, all of it or nothing.

    Everything is written under other names first, and renamed at the end, the scenario last.

    Parameters
    ----------
    draft : Draft
    path : Path
        Of the YAML; values go to the folder ``STEM.laws`` beside it.
    inputs : sequence of Path
        The logs, which are never overwritten.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    LogError
        Where the path is one of the logs, or cannot be written.
    """
    folder = path.with_name(path.stem + _LAWS)
    _refuse_inputs(path, folder, inputs)
    fresh, new = folder.with_name(f".{folder.name}.new"), path.with_name(f".{path.name}.new")
    try:
        _write_bodies(draft.bodies, fresh)
        new.write_text(draft.text(path.stem), encoding="utf-8")
        _put_in_place(new, path, fresh, folder)
    except OSError as error:
        raise LogError(f"{path} can't be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        new.unlink(missing_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
    return [path, *(folder / f"{name}.csv" for name in draft.bodies)]


# -- files -------------------------------------------------------------------------------------------------------------


def _refuse_inputs(path: FilePath, folder: FilePath, inputs: Sequence[FilePath]) -> None:
    for log in inputs:
        if log.resolve() == path.resolve() or folder.resolve() in log.resolve().parents:
            raise LogError(f"{path} would be written over {log}, which was read; give --out another name")


def _write_bodies(bodies: Mapping[str, FloatArray], folder: FilePath) -> None:
    if not bodies:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, values in bodies.items():
        lines = [name, *(_figure(value) for value in np.asarray(values, float).tolist())]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _figure(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _put_in_place(new: FilePath, path: FilePath, fresh: FilePath, folder: FilePath) -> None:
    """Put a file and a folder in the place of others, which may be there or not; both, or neither."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.is_dir():
        folder.rename(old)
    try:
        if fresh.is_dir():
            fresh.rename(folder)
        new.replace(path)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        if old.is_dir():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


# -- trees -------------------------------------------------------------------------------------------------------------


def _in_order(section: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    known = [key for key in order if key in section]
    keys = [*known, *(key for key in section if key not in known)]
    return {key: _copied(section[key]) for key in keys}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list | tuple) else value


def _with_files(value: Any, stem: str, bodies: Mapping[str, FloatArray]) -> Any:
    """The same, with the file of each law of data."""
    if isinstance(value, Mapping):
        return {
            key: {"file": f"{stem}{_LAWS}/{item['column']}.csv", **item}
            if key == "data" and isinstance(item, Mapping) and item.get("column") in bodies and "file" not in item
            else _with_files(item, stem, bodies)
            for key, item in value.items()
        }
    return [_with_files(item, stem, bodies) for item in value] if isinstance(value, list) else value


def _keys(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value
    elif isinstance(value, list):
        yield from range(len(value))


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _put(tree: Any, path: Path, value: Any) -> None:
    _at(tree, path[:-1])[path[-1]] = value


def _is_law(path: Path) -> bool:
    """Whether a mapping at a path is a law and no section."""
    last = path[-1]
    return (
        last == "difficulty"
        or path[-2:-1] == ("limit",)
        or (
            isinstance(last, str)
            and (last.endswith(("_tokens", "_minutes", "_turn", "_day")) or last in {"turns", "count", "law", "limit"})
        )
    )


def _laid_out(value: Any, path: Path = ()) -> Any:
    """Sections in blocks; laws, and sections that people write in braces, on one line where they are short."""
    if isinstance(value, Mapping):
        by_model = path[-1:] == ("limit",) and not KEYS & value.keys()
        if path and not by_model and (_is_law(path) or _is_inner(path)):
            return _in_braces(value)
        return {key: _laid_out(item, (*path, key)) for key, item in value.items()}
    if path == ("notes",):
        return Lines(value)
    if isinstance(value, list):
        return [_laid_out(item, (*path, number)) for number, item in enumerate(value)]
    return value


def _is_inner(path: Path) -> bool:
    """Sections that people write in braces."""
    return path[-2:-1] in {("models",), ("features",)} or path[-1] in {
        "weekdays", "correlation", "model", "sensitivity",
    }  # fmt: skip


def _in_braces(value: Any) -> Any:
    """A value on one line where that is short; else in a block, and what is inside it likewise."""
    if isinstance(value, Mapping):
        if "source" not in value and len(inline(value)) <= _SHORT:
            return Inline(value)
        return {key: _in_braces(item) for key, item in value.items()}
    if isinstance(value, list) and len(inline(value)) > _SHORT and all(isinstance(item, Mapping) for item in value):
        return [dict(_in_braces(item)) for item in value]
    return value
