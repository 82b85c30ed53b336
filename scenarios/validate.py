"""From the scenario as written to the scenario as meant, or to everything that is wrong with it."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from pydantic import ValidationError

from scenarios.agents import ModelUse
from scenarios.checks import cross_check
from scenarios.complete import complete, with_all_models
from scenarios.explain import faults_of
from scenarios.grammar import Slot, slot_at
from scenarios.kinds import Quantity
from scenarios.places import written_path
from scenarios.problems import Fault, Path
from scenarios.schema import Scenario


class Reading(NamedTuple):
    """What a tree of values says.

    Attributes
    ----------
    scenario : Scenario or None
        Completed; None where anything is wrong.
    faults : list of Fault
        All of them, those between sections included where enough of the sections is right.
    draft : Scenario or None
        Where there are faults: the scenario with neutral values in their places, all of its models among `models`, for
        whoever has more to find fault with. None where too little is right.
    """

    scenario: Scenario | None
    faults: list[Fault]
    draft: Scenario | None = None


def validate(tree: dict[str, Any]) -> Reading:
    """Read a tree of plain values as a scenario.

    Parameters
    ----------
    tree : dict
        As written, `extends` and overrides done.
    """
    try:
        scenario = Scenario.model_validate(tree)
    except ValidationError as error:
        return _mended(tree, list(faults_of(error)))
    faults = list(cross_check(scenario))
    return Reading(None, faults, with_all_models(scenario)) if faults else Reading(complete(scenario), [])


def _mended(tree: dict[str, Any], faults: list[Fault]) -> Reading:
    """Look beyond the faults, with neutral values in their places."""
    mended = copy.deepcopy(tree)
    places = {written_path(fault.path, tree)[0] for fault in faults}
    for path in places:
        _mend(mended, path)
    try:
        draft = Scenario.model_validate(mended)
    except ValidationError:
        return Reading(None, faults)
    beyond = [fault for fault in cross_check(draft) if not _follows(fault, places)]
    return Reading(None, faults + beyond, with_all_models(draft))


def _follows(fault: Fault, places: set[Path]) -> bool:
    """Whether a fault may only be there because of what stands at the others."""
    if any(fault.path[: len(path)] == path for path in places):
        return True
    on_dates = "rollout" in fault.path or fault.path[-1] in {"date", "through"}
    dated = on_dates and any(path[0] in {"period", "as_of", "spent"} for path in places if path)
    lost = any(len(path) == 2 and path[0] in {"agents", "models"} for path in places)
    return dated or lost


def _mend(tree: dict[str, Any], path: Path) -> None:
    """Put a neutral value where a fault is, or take away what the language does not know."""
    while len(path) > 1 and slot_at(path) is None and slot_at(path[:-1]) is None:
        path = path[:-1]
    slot, above = slot_at(path), slot_at(path[:-1])
    if slot is None and above is not None and above.kind is not None:
        path, slot = path[:-1], above
    if above is not None and above.section is ModelUse and slot is None:
        slot = Slot(kind=Quantity())
    _replace(tree, path, slot)


def _replace(tree: dict[str, Any], path: Path, slot: Slot | None) -> None:
    node: Any = tree
    for step in path[:-1]:
        node = node[step] if _inside(node, step) else None
    if not path or not isinstance(node, dict | list):
        return
    neutral = _neutral(slot) if slot is not None else None
    key: Any = path[-1]
    if neutral is not None and (isinstance(node, dict) or _inside(node, key)):
        node[key] = neutral
    elif isinstance(node, dict):
        node.pop(key, None)


def _neutral(slot: Slot) -> Any:
    """A value that breaks no rule; None where a key is better left out."""
    if slot.kind is not None:
        return slot.kind.neutral()
    if slot.choices:
        return slot.choices[0]
    shorthand = slot.section.shorthand if slot.section is not None else None
    inner = slot.child(shorthand) if shorthand else None
    return _neutral(inner) if inner is not None else None


def _inside(node: Any, key: str | int) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)
