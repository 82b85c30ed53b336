"""A scenario field by field, with paths: for whoever counts, prints or hashes all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from distributions.law import Law
from scenarios.fields import Section
from scenarios.problems import Path


@dataclass(frozen=True)
class Leaf:
    """One field that holds no further section.

    Attributes
    ----------
    path : tuple of str and int
        From the root, as validation sees it.
    section : Section
        What the field belongs to.
    name : str
        Of the field.
    value : object
        A law, a number, a word, a date, or a mapping or tuple of those; None where there is none.
    stated : bool
        Whether its writer said it.
    """

    path: Path
    section: Section
    name: str
    value: Any
    stated: bool

    @property
    def laws(self) -> Iterator[tuple[Path, Law]]:
        """The laws that it holds, each with its path: itself, or those under the keys of a mapping."""
        entries = self.value.items() if isinstance(self.value, dict) else ((None, self.value),)
        for key, value in entries:
            if isinstance(value, Law):
                yield (self.path if key is None else (*self.path, key)), value


def leaves(section: Section, path: Path = ()) -> Iterator[Leaf]:
    """Every leaf below a section, in the order of the language."""
    for name in type(section).model_fields:
        value, here = getattr(section, name), (*path, name)
        inner = list(sections(value, here))
        for place, child in inner:
            yield from leaves(child, place)
        if not inner:
            yield Leaf(here, section, name, value, name in section.model_fields_set)


def sections(value: Any, path: Path) -> Iterator[tuple[Path, Section]]:
    """The sections that a field holds, each with its path: itself, by name, or in a list."""
    if isinstance(value, Section):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, key), item) for key, item in value.items() if isinstance(item, Section))
    elif isinstance(value, tuple):
        yield from (((*path, number), item) for number, item in enumerate(value) if isinstance(item, Section))
