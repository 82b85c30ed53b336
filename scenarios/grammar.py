"""The shape of the language, read off its models: what may stand at a path."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from scenarios.agents import ModelUse
from scenarios.fields import Section
from scenarios.kinds import Kind, LawOf
from scenarios.schema import Scenario


@dataclass(frozen=True)
class Slot:
    """What may stand at a place of a scenario.

    Attributes
    ----------
    section : type of Section, optional
        A mapping with these fields as its keys.
    kind : Kind, optional
        A value of this kind.
    each : Slot, optional
        What stands under every key of a mapping with free names, or in every item of a list.
    listed : bool
        `each` are the items of a list.
    choices : tuple
        The words of a closed list.
    """

    section: type[Section] | None = None
    kind: Kind | None = None
    each: Slot | None = None
    listed: bool = False
    choices: tuple[Any, ...] = ()

    def child(self, key: str | int) -> Slot | None:
        """What may stand under a key; None where the key is unknown."""
        if self.each is not None:
            return self.each
        if self.section is None or key not in self.section.model_fields:
            return None
        return _field_slots(self.section)[str(key)]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a section; none where names are free."""
        return tuple(self.section.model_fields) if self.section else ()

    @property
    def whole(self) -> bool:
        """Whether a mapping here is one value: `extends` replaces it and does not merge into it."""
        return isinstance(self.kind, LawOf) or self.section is ModelUse


ROOT = Slot(section=Scenario)


def slot_at(path: Sequence[str | int]) -> Slot | None:
    """What may stand at a path from the root, None where nothing may."""
    slot: Slot | None = ROOT
    for key in path:
        slot = slot.child(key) if slot else None
    return slot


def homes(key: str) -> list[str]:
    """Dotted paths of the sections that have such a key, names of agents and the like left out."""
    return sorted({path for path, section in _sections(ROOT, "") if key in section.model_fields and path})


def _sections(slot: Slot, path: str) -> Iterator[tuple[str, type[Section]]]:
    if slot.each is not None:
        yield from _sections(slot.each, path)
    if slot.section is not None:
        yield path, slot.section
        for name, child in _field_slots(slot.section).items():
            yield from _sections(child, f"{path}.{name}" if path else name)


@cache
def _field_slots(section: type[Section]) -> dict[str, Slot]:
    return {name: _slot(field.annotation, field.metadata) for name, field in section.model_fields.items()}


def _slot(annotation: Any, metadata: Sequence[Any] = ()) -> Slot:
    for mark in metadata:
        if isinstance(mark, Kind):
            return Slot(kind=mark)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _slot(args[0], args[1:])
    if origin in {Union, types.UnionType}:
        return _slot(next(arg for arg in args if arg is not type(None)))
    if origin is dict:
        return Slot(each=_slot(args[1]))
    if origin is tuple:
        return Slot(each=_slot(args[0]), listed=True)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return Slot(section=annotation)
    return Slot(choices=args)
