"""What the language can already say and a run cannot simulate yet.

The mark stands on the field itself, so that the reference, the schema, `check` and the refusal of a run read one list:
whoever makes a run able to simulate something takes one mark away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

from pydantic.fields import FieldInfo

from scenarios.fields import NOT_YET, Section
from scenarios.problems import Path
from scenarios.schema import Scenario
from scenarios.walk import sections


def pending(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """What a scenario asks for and a run refuses: its path, and what it is called; in the order of the language.

    Parameters
    ----------
    scenario : Scenario
        As loaded. A field that is left out, or at its neutral value (nothing, none, false), asks for nothing.
    """
    return _asked(scenario, ())


def not_yet_name(field: FieldInfo) -> str | None:
    """What a marked field is called in a refusal; None where a run can simulate it."""
    extra = field.json_schema_extra
    return str(extra[NOT_YET]) if _is_marked(extra) else None


def _is_marked(extra: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(extra, dict) and NOT_YET in extra


def _asked(section: Section, path: Path) -> Iterator[tuple[Path, str]]:
    for name, field in type(section).model_fields.items():
        value, what = getattr(section, name), not_yet_name(field)
        if what is None:
            for place, child in sections(value, (*path, name)):
                yield from _asked(child, place)
        elif value:
            yield (*path, name), what
