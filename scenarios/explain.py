"""From what validation found to sentences that the scenario's writer understands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from scenarios.grammar import homes, slot_at
from scenarios.kinds import noun
from scenarios.problems import NOTHING, Fault, FieldError, Path
from scenarios.suggest import did_you_mean, nearest
from scenarios.words import DRIVERS, WEEKDAYS

_SILENT = {"default_factory_not_called"}  # the fields that it would have used have their own problem


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """Everything that a validation found, with paths from the root of the scenario."""
    for detail in error.errors(include_url=False):
        loc, kind = detail["loc"], detail["type"]
        # Where a key itself is wrong, pydantic ends the path with this; a key of a scenario may be written so, too.
        is_key = loc[-1:] == ("[key]",) and kind != "extra_forbidden"
        loc = loc[:-1] if is_key else loc
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, FieldError):
            yield from (fault.under(loc) for fault in cause.faults)
        elif kind not in _SILENT:
            yield _fault(loc, kind, detail["input"], is_key=is_key)


def unknown_key(path: Path, value: object = NOTHING) -> Fault:
    """A key that the language does not have at this place."""
    key, slot = str(path[-1]), slot_at(path[:-1])
    keys = slot.keys if slot else ()
    hint = did_you_mean(key, keys)
    if hint is None and (elsewhere := homes(key)):
        section = ".".join(map(str, path[:-1]))
        hint = f"`{key}` belongs under {' or '.join(nearest(section, elsewhere, 2) or elsewhere[:3])}"
    return Fault(path, "is no key of the language here", value, ", ".join(keys) or None, hint)


def _fault(loc: Path, kind: str, value: object, *, is_key: bool) -> Fault:
    if kind == "extra_forbidden":
        return unknown_key(loc, value)
    if kind == "missing":
        return _missing(loc)
    if kind == "literal_error":
        return _not_a_choice(loc, value, is_key=is_key)
    if kind == "dict_type":
        return Fault(loc, f"must be a mapping of names, not {noun(value)}", value, _each(loc))
    if kind in {"tuple_type", "list_type"}:
        return Fault(loc, f"must be a list, not {noun(value)}", value, _each(loc))
    return Fault(loc, f"is not understood ({kind.replace('_', ' ')})", value)


def _each(loc: Path) -> str | None:
    """What stands under every name, or in every item, in words."""
    slot = slot_at(loc)
    if slot is None or slot.each is None:
        return None
    each = (
        f"a mapping of {', '.join(slot.each.keys)}" if slot.each.keys else slot.each.kind and slot.each.kind.allowed()
    )
    return f"items, each {each}" if slot.listed else f"names, each with {each}"


def _missing(loc: Path) -> Fault:
    slot = slot_at(loc[:-1])
    field = slot.section.model_fields.get(str(loc[-1])) if slot and slot.section else None
    return Fault(loc, "is missing", hint=field.description if field else None)


def _not_a_choice(loc: Path, value: object, *, is_key: bool) -> Fault:
    if is_key:
        known: tuple[Any, ...] = WEEKDAYS if "weekdays" in loc else DRIVERS
        what = "day of the week" if "weekdays" in loc else "driver"
        return Fault(loc, f"is no {what}", NOTHING, ", ".join(known), did_you_mean(str(value), known))
    slot = slot_at(loc)
    known = slot.choices if slot else ()
    hint = did_you_mean(str(value), known)
    return Fault(loc, "is none of the words that may stand here", value, ", ".join(known), hint)
