"""The notation of laws as JSON Schema, for editors: made of the registry, so that a new family is in it by itself."""

from __future__ import annotations

import math
from typing import Any

from distributions.families import ALIASES, FAMILIES
from distributions.family import REAL, Domain, Family
from distributions.metalog import QUANTILES
from distributions.moments import BY_MEAN_CV
from distributions.percentiles import BY_QUANTILES
from distributions.quantity import NUMBER_PATTERN

Schema = dict[str, Any]

_RANGE_PATTERN = r"^\s*\S.*\s+to\s+\S.*$"


def law_json_schema(reference: str = "#/$defs/Law") -> Schema:
    """JSON Schema of a law.

    Parameters
    ----------
    reference : where the schema will stand in the document that uses it, as laws are made of laws

    Returns
    -------
    dict
        It accepts every law that `parse_law` reads; what a schema can't tell (percentiles that cross, two kinds of law
        at once) is left to the parser.
    """
    short = {name: {**_number(), "description": f"of a lognormal: {name}"} for name in (*QUANTILES, "mean", "cv")}
    families = {name: _family(family) for name, family in FAMILIES.items()}
    aliases = {alias: families[name] for alias, name in ALIASES.items()}
    properties = short | families | aliases | _forms({"$ref": reference}) | _modifiers()
    return {
        "title": "Law",
        "description": "a number, `A to B`, {p50:, p95:}, {mean:, cv:} or {family: {...}}",
        "anyOf": [
            _number(),
            {"type": "string", "pattern": _RANGE_PATTERN, "description": "`A to B`: P5 and P95 of a lognormal"},
            {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1},
        ],
    }


def _number(domain: Domain = REAL) -> Schema:
    """A number, whose bounds an editor can check, or text that reads as one."""
    number: Schema = {"type": "number"}
    if math.isfinite(domain.lo):
        number["exclusiveMinimum" if domain.lo_open else "minimum"] = domain.lo
    if math.isfinite(domain.hi):
        number["exclusiveMaximum" if domain.hi_open else "maximum"] = domain.hi
    return {"anyOf": [number, {"type": "string", "pattern": NUMBER_PATTERN}]}


def _group(properties: Schema, required: tuple[str, ...] = (), description: str = "") -> Schema:
    group = {"type": "object", "properties": properties, "additionalProperties": False, "required": list(required)}
    return {**group, "description": description} if description else group


def _family(family: type[Family]) -> Schema:
    """Native parameters, or what people know."""
    properties = {row.name: {**_number(row.domain), "description": row.doc} for row in family.parameters()}
    if family in BY_MEAN_CV:
        properties = {name: _number() for name in ("mean", "cv")} | properties
    if family in BY_QUANTILES:
        properties = {name: _number() for name in QUANTILES} | properties
    return _group(properties, description=(family.__doc__ or "").splitlines()[0])


def _forms(law: Schema) -> Schema:
    text = {"type": "string"}
    component = _group({"weight": _number(), "law": law}, ("weight", "law"))
    splice = _group({"body": law, "at": _number(), "tail": law}, ("body", "at", "tail"))
    data = _group({"file": text, "column": text, "tail": {"enum": ["gpd"]}, "at": _number()}, ("file", "column"))
    scipy = {"type": "object", "properties": {"name": text}, "additionalProperties": _number(), "required": ["name"]}
    return {
        "mixture": {"type": "array", "items": component, "minItems": 1, "description": "one law or another, by chance"},
        "splice": {**splice, "description": "a body, and above its quantile `at` that quantile plus a tail"},
        "data": {**data, "description": "a column of your own data; its path starts at this file"},
        "scipy": {**scipy, "description": "a distribution of scipy.stats"},
        "law": {**law, "description": "any law, to write something beside it"},
    }


def _modifiers() -> Schema:
    end = {"anyOf": [_number(), {"type": "null"}]}
    return {
        "min": {**_number(), "description": "clip: smaller values become this"},
        "max": {**_number(), "description": "clip: larger values become this"},
        "truncate": {"type": "array", "items": end, "minItems": 2, "maxItems": 2, "description": "condition: [lo, hi]"},
        "source": {"type": "string", "description": "where the numbers come from"},
    }
