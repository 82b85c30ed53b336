"""The language described by itself: JSON Schema for editors, and a reference for people."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from distributions.families import FAMILIES
from distributions.law import Law
from distributions.notation import law_json_schema
from scenarios.catalog import price_data_date
from scenarios.fields import Section
from scenarios.grammar import ROOT, Slot
from scenarios.kinds import LAW_MARK
from scenarios.schema import Scenario
from scenarios.words import DRIVER_MEANINGS


def json_schema() -> dict[str, Any]:
    """The language as JSON Schema (draft 2020-12), for editors and validators.

    Returns
    -------
    dict
        Numbers as people write them are strings there; what only the whole scenario can tell (names that exist, dates
        inside the period) is left to `scenarios.load`.
    """
    schema: dict[str, Any] = _marks_read(Scenario.model_json_schema(mode="validation"))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$defs"]["Law"] = law_json_schema()
    return schema


def _marks_read(schema: Any) -> Any:
    """Every mark of a law as a reference to their definition."""
    if isinstance(schema, list):
        return [_marks_read(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    marked = {"$ref": "#/$defs/Law"} if LAW_MARK in schema else {}
    return marked | {key: _marks_read(item) for key, item in schema.items() if key != LAW_MARK}


def language_reference() -> str:
    """Every section and key of the language as Markdown, generated from the models.

    Returns
    -------
    str
        What `docs/language.md` holds.
    """
    parts = [_OPENING, _laws(), _drivers()]
    parts += [_section(*found) for found in _sections(ROOT, "")]
    return "\n\n".join(parts) + "\n"


_OPENING = """# The language

Generated from the models in `scenarios/`; `WRITE_DOCS=1 pytest tests/scenarios/test_reference.py` writes it anew. The
shortest scenario:

```yaml
volume: {sessions_per_day: 10k}
agents:
  chat: {model: anthropic/claude-sonnet-4-6, output_tokens: {p50: 250, p95: 1_200}}
```

**Numbers** are written as people write them: `60k`, `1.5M`, `1e6`, `2_400`, `3%`, `$60,000`. Inside braces a comma
separates keys, so write `10_000` or `10k` there. **Files** are YAML 1.2: `on`, `yes` and `2026-12` are text, `true` and
`false` are the truth values. **`extends: base.yaml`** starts from another file, or from a scenario of the library:
mappings merge, other values replace, `null` removes a key; laws and an agent's `model` are replaced as a whole.
**`--set agents.chat.retry.max_attempts=5`** changes one value, and `=null`
removes a key, which then is what it is by default; items of lists are counted from 0.

**A session ends** once it has made 100,000 model calls, or would call one tool more than 100,000 times after one turn,
whatever its guardrails: it is cut, has not succeeded, and counts in `session.cut_rate`. Children stand at most 64
levels deep, and at most 200 instances wait for each other; files that ask for more are refused. What all sessions of a
period share is told with examples in [period.md](period.md)."""

_LAWS = """## Laws

Where a key takes a law, it takes a number, or one of:

- `0.7 to 1.5`: a lognormal with its P5 and P95 there; `{p50: 150, p95: 900}` or `{mean: 2.7, cv: 2.5}`: a lognormal;
- `{family: {parameters}}`: the parameters below, or what people know: `mean` and `cv`, or two or three of
  `p5 p10 p50 p90 p95 p99` (three give a family of two parameters its nearest law, and `check` says where that is far
  off);
- `{mixture: [{weight: 0.98, law: ...}, ...]}`: one law or another, by chance;
- `{splice: {body: ..., at: 0.95, tail: {gpd: {xi: ..., scale: ...}}}}`: a body, and another law above its quantile;
- `{data: {file: ..., column: ..., tail: gpd, at: 0.95}}`: your own data (csv, csv.gz, parquet, jsonl; the path starts
  at the YAML file), with a tail fitted to the values above the quantile `at` if you want one;
- `{scipy: {name: ..., ...}}`: any distribution of scipy.stats;

with `min` and `max` (clip), `truncate: [lo, hi]` (condition) and `source: "..."` beside it. A source that begins with
`measured in` names a log of your own, as those that `calibrate` writes do; one that begins with `assumed: ` says that
nobody knows; any other is a citation. Where one of the scenario's `sources` begins with `measured in`, the plain
numbers of an agent are measured too if all its laws are. A law whose mean is infinite needs a `max`.
A draw is clipped before anything multiplies it: drivers and difficulty scale what `max` has left, and what they make
of it can lie above it.

| family | parameters |
|---|---|
"""


def _laws() -> str:
    return _LAWS + "\n".join(f"| `{name}` | {_parameters(name)} |" for name in sorted(FAMILIES))


def _parameters(family: str) -> str:
    rows = FAMILIES[family].parameters()
    return ", ".join(f"`{row.name}`: {row.doc} ({row.domain})" for row in rows)


def _drivers() -> str:
    rows = [f"| `{name}` | {meaning} |" for name, meaning in DRIVER_MEANINGS.items()]
    text = "Uncertainty, growth, incidents and controls act on drivers, multipliers of the model, and on nothing else."
    return "\n".join(["## Drivers", "", text, "", "| driver | multiplies |", "|---|---|", *rows])


def _sections(slot: Slot, path: str) -> Iterator[tuple[str, type[Section]]]:
    """Sections in the order in which they are first met."""
    if slot.section is not None:
        yield path, slot.section
        for name in slot.section.model_fields:
            child = slot.child(name)
            if child is not None:
                yield from _sections(child, f"{path}.{name}" if path else name)
    elif slot.each is not None:
        yield from _sections(slot.each, f"{path}[]" if slot.listed else f"{path}.NAME")


def _section(path: str, section: type[Section]) -> str:
    doc = inspect.cleandoc(section.__doc__ or "")
    title = f"## `{path}`" if path else "## The scenario"
    rows = [_row(name, field, section) for name, field in section.model_fields.items()]
    head = ["| key | value | unit | default | meaning |", "|---|---|---|---|---|"]
    return "\n".join([title, "", doc, "", *head, *rows])


def _row(name: str, field: FieldInfo, section: type[Section]) -> str:
    slot = Slot(section=section).child(name)
    assert slot is not None
    allowed, unit = _allowed(slot)
    cells = [f"`{name}`", allowed, unit, _default(field), field.description or ""]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _allowed(slot: Slot) -> tuple[str, str]:
    if slot.kind is not None:
        return slot.kind.allowed(), slot.kind.unit
    if slot.each is not None:
        inner, unit = _allowed(slot.each)
        return f"{'list' if slot.listed else 'by name'}: {inner}", unit
    if slot.section is not None:
        return "section", ""
    return ", ".join(f"`{choice}`" for choice in slot.choices), ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is price_data_date or field.default_factory_takes_validated_data:
        return "see right"
    if field.default_factory is not None:
        made = field.get_default(call_default_factory=True)
        return f"`{made.mean():g}`" if isinstance(made, Law) else ""
    if field.default is PydanticUndefined:
        return "required"
    return "" if field.default in (None, (), "") else f"`{_plain(field.default)}`"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "all"
    return f"{value:g}" if isinstance(value, float) else str(value)
