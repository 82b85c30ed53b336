"""Where things stand: mappings and lists that remember their lines, and the way from a fault to its line."""

from __future__ import annotations

import pathlib
from typing import Any

from scenarios.problems import NOTHING, Fault, Path, Problem, dotted, shown

Place = tuple[str | None, int | None]
NOWHERE: Place = (None, None)


class Written(dict[str, Any]):
    """A mapping as it stands in a file: plain keys and values that know their place.

    Attributes
    ----------
    places : dict
        Key to `(file, line)`; None as the key is the mapping itself.
    folder : pathlib.Path or None
        Where relative file names in it start from.
    """

    def __init__(self, place: Place, folder: pathlib.Path | None = None) -> None:
        super().__init__()
        self.folder = folder
        self.places: dict[str | None, Place] = {None: place}

    def put(self, key: str, value: object, place: Place) -> None:
        """Set a key, with the place where its value stands."""
        self[key] = value
        self.places[key] = place

    def drop(self, key: str) -> None:
        """Take a key away, if it is there."""
        self.pop(key, None)
        self.places.pop(key, None)


class WrittenList(list[Any]):
    """A list as it stands in a file: `places` holds `(file, line)` of each item."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []


def locate(fault: Fault, tree: object) -> Problem:
    """Give a fault the file and line where its value stands, and the path as it is written there.

    Parameters
    ----------
    fault : Fault
        Path from the root, as validation sees it.
    tree : Written or dict
        The scenario as written.
    """
    path, place = written_path(fault.path, tree)
    file, line = place or (None, None)
    got = None if fault.got is NOTHING else shown(fault.got)
    return Problem(file, line, dotted(path), fault.message, got, fault.allowed, fault.hint)


def written_path(path: Path, tree: object) -> tuple[Path, Place | None]:
    """The path as it is written, and the place of the deepest part of it that is there.

    Shorthands are validated as what they stand for (`budget: 30k` as `budget.amount`): what is not in the file is cut
    off, or left out where the file goes on without it.
    """
    node, written = tree, list[str | int]()
    place = tree.places[None] if isinstance(tree, Written) else None
    for position, key in enumerate(path):
        inside = _has(node, key)
        if inside:
            place = _place_of(node, key) or place
            node = node[key]  # type: ignore[index]  # `_has` looked
            written.append(key)
        elif not isinstance(node, dict):
            break
        elif not any(_has(node, later) for later in path[position + 1 : position + 2]):
            written += path[position:]
            break
    return tuple(written), place


def _has(node: object, key: str | int) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list | tuple) and isinstance(key, int) and 0 <= key < len(node)


def _place_of(node: object, key: str | int) -> Place | None:
    if isinstance(node, Written):
        return node.places.get(str(key))
    return node.places[int(key)] if isinstance(node, WrittenList) else None
