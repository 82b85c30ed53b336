"""From the scenario as written to the scenario as meant, or to everything that is wrong with it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from scenarios.checks import cross_check
from scenarios.complete import complete
from scenarios.explain import faults_of
from scenarios.grammar import Slot, slot_at
from scenarios.places import written_path
from scenarios.problems import Fault, Path
from scenarios.schema import Scenario


def validate(tree: dict[str, Any]) -> tuple[Scenario | None, list[Fault]]:
    """Read a tree of plain values as a scenario.

    Parameters
    ----------
    tree : dict
        As written, `extends` and overrides done.

    Returns
    -------
    tuple of Scenario or None, and list of Fault
        The completed scenario and no fault, or None and all faults, those between sections included where enough of
        the sections is right.
    """
    try:
        scenario = Scenario.model_validate(tree)
    except ValidationError as error:
        faults = list(faults_of(error))
        return None, faults + list(_beyond(tree, faults))
    faults = list(cross_check(scenario))
    return (None, faults) if faults else (complete(scenario), [])


def _beyond(tree: dict[str, Any], faults: Sequence[Fault]) -> Iterator[Fault]:
    """What is wrong between the sections, once neutral values stand where the faults are."""
    mended = copy.deepcopy(tree)
    places = {written_path(fault.path, tree)[0] for fault in faults}
    for path in places:
        _mend(mended, path, slot_at(path))
    scenario: Scenario | None
    try:
        scenario = Scenario.model_validate(mended)
    except ValidationError as error:
        left = {written_path(fault.path, mended)[0] for fault in faults_of(error)}
        scenario = _without(mended, left)
        places |= left
    for fault in cross_check(scenario) if scenario else ():
        if not any(fault.path[: len(path)] == path for path in places):
            yield fault


def _without(tree: dict[str, Any], places: set[Path]) -> Scenario | None:
    for path in places:
        _mend(tree, path, None)
    try:
        return Scenario.model_validate(tree)
    except ValidationError:
        return None


def _mend(tree: dict[str, Any], path: Path, slot: Slot | None) -> None:
    """Put a neutral value at a path, or take away what stands there, where nothing may."""
    node: Any = tree
    for step in path[:-1]:
        node = node[step] if _inside(node, step) else None
    if not isinstance(node, dict | list) or not path:
        return
    key = path[-1]
    if slot is not None and slot.kind is not None:
        _put(node, key, slot.kind.neutral())
    elif slot is not None and slot.choices:
        _put(node, key, slot.choices[0])
    elif isinstance(node, dict):
        node.pop(key, None)


def _inside(node: Any, key: str | int) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)


def _put(node: Any, key: str | int, value: object) -> None:
    if isinstance(node, dict) or _inside(node, key):
        node[key] = value
