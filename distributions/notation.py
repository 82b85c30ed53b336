"""Laws as people write them: from YAML to a law, with all that is wrong said at once."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from distributions import compose, elicit, foreign
from distributions.data import Data, data_law
from distributions.families import ALIASES, FAMILIES, Constant
from distributions.family import Family
from distributions.law import Law, LawError, LawPath, LawProblem
from distributions.law_schema import law_json_schema
from distributions.metalog import QUANTILES, Metalog
from distributions.moments import BY_MEAN_CV
from distributions.percentiles import BY_QUANTILES, NEEDS_THREE, WITH_ENDS
from distributions.quantity import QuantityError, parse_number
from distributions.unseen import unseen

__all__ = ["KEYS", "MODIFIERS", "law_json_schema", "parse_law"]

MODIFIERS = ("min", "max", "truncate", "source")
"""Keys that may stand beside any law."""

MOMENTS = ("mean", "cv")

_RANGE = re.compile(r"\s*(?P<low>\S(?:.*\S)?)\s+to\s+(?P<high>\S(?:.*\S)?)\s*")
_COMMA = "a comma inside braces splits a number in two; write 10_000 or 10k, or quote it"
_HOW = "a number, `A to B`, {p50:, p95:}, {mean:, cv:} or {family: {...}}"


def parse_law(spec: object, base: Path | None = None, *, allow_infinite_mean: bool = False) -> Law:
    """Read a law as people write it.

    Parameters
    ----------
    spec : a number; text (`60k`, `0.7 to 1.5`); a mapping (`{family: {...}}` and its short forms); a law, which is
        returned as it is; or a frozen scipy.stats distribution
    base : folder that data files are relative to; the working directory when left out
    allow_infinite_mean : accept a law whose mean is infinite; else it needs a `max`

    Raises
    ------
    LawError
        With everything that is wrong, each with its path inside `spec`.

    Examples
    --------
    >>> parse_law({"p50": 150, "p95": 900}).describe()
    'lognormal, P50 150, P95 900'
    """
    reader = _Reader(base if base is not None else Path())
    law = reader.law(spec, ())
    if law is not None and not reader.problems and not allow_infinite_mean:
        reader.problems += _without_mean(law)
    if law is None or reader.problems:
        raise LawError(reader.problems)
    return law


class _Reader:
    """Reads one law and notes what is wrong on the way; what can't be read is None."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[LawProblem] = []

    def law(self, spec: object, path: LawPath) -> Law | None:
        if isinstance(spec, Law):
            return spec
        if isinstance(spec, Mapping):
            return self._mapping(spec, path)
        if isinstance(spec, str) and (ends := _RANGE.fullmatch(spec)):
            return self._range(spec, ends["low"], ends["high"], path)
        if foreign.is_frozen(spec):
            return self._made(path, lambda: foreign.from_frozen(spec))
        number = self.number(spec, path, _HOW)
        return None if number is None else Constant(number, spec=spec)

    def number(self, spec: object, path: LawPath, allowed: str | None = None) -> float | None:
        try:
            return parse_number(spec)
        except QuantityError as error:
            self._wrong(path, str(error), spec, allowed)
            return None

    def _wrong(self, path: LawPath, message: str, got: object = None, allowed: str | None = None) -> None:
        self.problems.append(LawProblem(path, message, got, allowed))

    def _made(self, path: LawPath, make: Callable[[], Law], got: object = None) -> Law | None:
        """What `make` makes, or what it says is wrong, seen from `path`; `got` where it does not say with what."""
        try:
            return make()
        except LawError as error:
            for problem in error.problems:
                shown = got if problem.got is None and not problem.path else problem.got
                self.problems.append(problem._replace(got=shown).under(path))
            return None

    def _range(self, spec: object, low: str, high: str, path: LawPath) -> Law | None:
        """`A to B`: the lognormal whose P5 is A and whose P95 is B."""
        ends = self.number(low, path), self.number(high, path)
        if ends[0] is None or ends[1] is None:
            return None
        if not 0.0 < ends[0] < ends[1]:
            rule = "`A to B` needs 0 < A < B: they are the P5 and P95 of a lognormal"
            self._wrong(path, rule, spec, "for example 0.7 to 1.5")
            return None
        law = elicit.from_quantiles(FAMILIES["lognormal"], {"p5": ends[0], "p95": ends[1]})
        return law.written(spec)

    def _mapping(self, spec: Mapping[Any, Any], path: LawPath) -> Law | None:
        if self._leftovers(spec, path):
            return None
        body = {key: value for key, value in spec.items() if key not in MODIFIERS}
        law = self._body(body, path)
        return self._modified(law, spec, path)

    def _leftovers(self, spec: Mapping[Any, Any], path: LawPath) -> bool:
        """Note keys that are no names, as `{x: 10,000}` makes them."""
        odd = [
            key
            for key, value in spec.items()
            if not isinstance(key, str) or (value is None and re.fullmatch(r"\d+", key))
        ]
        for key in odd:
            self._wrong((*path, str(key)), f"{key!r} is not a key of a law; {_COMMA}", key)
        return bool(odd)

    def _body(self, body: dict[str, Any], path: LawPath) -> Law | None:
        """A law without what stands beside it."""
        if body and all(key in QUANTILES or key in MOMENTS for key in body):
            return self._known(FAMILIES["lognormal"], body, path)
        if len(body) == 1:
            [(name, inside)] = body.items()
            if name in _FORMS:
                return _FORMS[name](self, inside, (*path, name))
            if (family := FAMILIES.get(ALIASES.get(name, name))) is not None:
                return self._family(family, inside, (*path, name))
        self._unknown(body, path)
        return None

    def _unknown(self, body: dict[str, Any], path: LawPath) -> None:
        """Note why a group of keys is no law."""
        known = [*_FORMS, *FAMILIES, *ALIASES]
        kinds = [key for key in body if key in known]
        odd = [key for key in body if key not in known]
        if not body:
            self._wrong(path, "there is no law here", None, _HOW)
        if not kinds and any(key in QUANTILES for key in odd) and all(re.fullmatch(r"p\d+", key) for key in odd):
            for key in (key for key in odd if key not in QUANTILES):
                self._wrong((*path, key), f"{key} is no percentile that is taken", body[key], " ".join(QUANTILES))
            return
        if len(kinds) > 1:
            self._wrong(path, f"a law is of one kind; {' and '.join(kinds)} were given", list(body), _HOW)
        for key in odd:
            self._wrong((*path, key), _why_odd(key, kinds, [*known, *MODIFIERS]), body[key], _HOW)

    def _family(self, family: type[Family], inside: object, path: LawPath) -> Law | None:
        allowed = _parameters_text(family)
        if not isinstance(inside, Mapping):
            self._wrong(path, f"{family.name} needs its parameters in braces", inside, allowed)
            return None
        if self._leftovers(inside, path):
            return None
        native = {row.name for row in family.parameters()}
        if (
            family is not Metalog
            and not set(inside) <= native
            and any(key in QUANTILES or key in MOMENTS for key in inside)
        ):
            return self._known(family, dict(inside), path)
        numbers = self._numbers(family, inside, native, path)
        missing = [row.name for row in family.parameters() if row.required and row.name not in inside]
        if missing:
            self._wrong(path, f"{family.name} needs {' and '.join(missing)}", dict(inside), allowed)
        if numbers is None or missing:
            return None
        return self._made(path, lambda: family.of(**numbers), dict(inside))

    def _numbers(
        self, family: type[Family], inside: Mapping[str, Any], names: set[str], path: LawPath
    ) -> dict[str, float] | None:
        """Parameters as numbers, of the allowed names; None where something is wrong."""
        before = len(self.problems)
        domains = {row.name: str(row.domain) for row in family.parameters()}
        numbers: dict[str, float] = {}
        for key, value in inside.items():
            if key not in names:
                hint = _beside(key) or _did_you_mean(key, sorted(names))
                self._wrong(
                    (*path, key), f"{family.name} has no parameter {key!r}{hint}", value, _parameters_text(family)
                )
            elif (number := self.number(value, (*path, key), domains.get(key, "a number"))) is not None:
                numbers[key] = number
        return numbers if len(self.problems) == before else None

    def _known(self, family: type[Family], inside: dict[str, Any], path: LawPath) -> Law | None:
        """A family by mean and cv, or by percentiles."""
        by_moments = any(key in MOMENTS for key in inside)
        known = BY_MEAN_CV if by_moments else BY_QUANTILES
        if family not in known:
            what = "a mean and cv" if by_moments else "percentiles"
            self._wrong(path, f"{family.name} can't be given by {what}", inside, _parameters_text(family))
            return None
        names = set(MOMENTS if by_moments else QUANTILES) | ({"low", "high"} if family in WITH_ENDS else set())
        mixed = [key for key in inside if key in QUANTILES] if by_moments else []
        if mixed:
            text = f"give mean and cv, or percentiles, not both ({', '.join(inside)})"
            self._wrong(path, text, inside, _parameters_text(family))
            return None
        numbers = self._numbers(family, inside, names, path)
        if by_moments and (missing := [key for key in MOMENTS if key not in inside]):
            self._wrong(path, f"{missing[0]} is missing: mean and cv (sd / mean) go together", inside, "mean, cv")
            return None
        if numbers is None:
            return None
        ends = {key: numbers.pop(key) for key in ("low", "high") if key in numbers}
        if by_moments:
            return self._made(path, lambda: elicit.from_mean_cv(family, numbers["mean"], numbers["cv"], **ends), inside)
        return self._made(path, lambda: elicit.from_quantiles(family, numbers, **ends), inside)

    # -- forms: laws made of laws, data, scipy ---------------------------------------------------------------------

    def _keys(
        self, inside: object, path: LawPath, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, Any] | None:
        """A group of keys that has all it needs and nothing else; None, and why, where it is no such group."""
        what = f"component {path[-1]}" if isinstance(path[-1], int) else path[-1]
        allowed = ", ".join([*required, *(f"{key} (optional)" for key in optional)])
        if not isinstance(inside, Mapping):
            self._wrong(path, f"{what} needs {' and '.join(required)}", inside, allowed)
            return None
        before = len(self.problems)
        for key in inside:
            if key not in (*required, *optional):
                hint = _did_you_mean(str(key), [*required, *optional])
                self._wrong((*path, str(key)), f"{what} has no key {key!r}{hint}", inside[key], allowed)
        for key in required:
            if key not in inside:
                self._wrong(path, f"{what} needs {key}", dict(inside), allowed)
        return inside if len(self.problems) == before else None

    def _mixture(self, inside: object, path: LawPath) -> Law | None:
        if not isinstance(inside, list | tuple) or not inside:
            self._wrong(path, "a mixture is a list of at least one law", inside, "[{weight: 0.98, law: ...}, ...]")
            return None
        components = [self._component(entry, (*path, i)) for i, entry in enumerate(inside)]
        read = [component for component in components if component is not None]
        return self._made(path, lambda: compose.mixture(read), inside) if len(read) == len(components) else None

    def _component(self, entry: object, path: LawPath) -> tuple[float, Law] | None:
        keys = self._keys(entry, path, ("weight", "law"))
        if keys is None:
            return None
        weight, law = self.number(keys["weight"], (*path, "weight")), self.law(keys["law"], (*path, "law"))
        return None if weight is None or law is None else (weight, law)

    def _splice(self, inside: object, path: LawPath) -> Law | None:
        keys = self._keys(inside, path, ("body", "at", "tail"))
        if keys is None:
            return None
        body, tail = self.law(keys["body"], (*path, "body")), self.law(keys["tail"], (*path, "tail"))
        at = self.number(keys["at"], (*path, "at"))
        if body is None or tail is None or at is None:
            return None
        return self._made(path, lambda: compose.splice(body, at, tail))

    def _data(self, inside: object, path: LawPath) -> Law | None:
        keys = self._keys(inside, path, ("file", "column"), ("tail", "at"))
        if keys is None:
            return None
        tail = keys.get("tail")
        if tail not in (None, "gpd"):
            self._wrong((*path, "tail"), f"a data law has no tail {tail!r}", tail, "gpd")
            return None
        if "at" in keys and tail is None:
            self._wrong(
                (*path, "at"), "at is where a tail starts, and there is no tail", keys["at"], "tail: gpd beside it"
            )
            return None
        odd = [key for key in ("file", "column") if not isinstance(keys[key], str | int | float)]
        for key in odd:
            what = "the path of a file" if key == "file" else "the name of a column"
            self._wrong((*path, key), f"{key} must be {what}", keys[key], what)
        at = self.number(keys["at"], (*path, "at")) if "at" in keys else None
        if odd or (at is None and "at" in keys):
            return None
        file = self.base / _at_home(str(keys["file"]))
        return self._made(path, lambda: data_law(file, str(keys["column"]), tail, at))

    def _scipy(self, inside: object, path: LawPath) -> Law | None:
        if not isinstance(inside, Mapping) or not isinstance(inside.get("name"), str):
            self._wrong(
                path, "scipy needs the name of a distribution in scipy.stats", inside, "name, and its parameters"
            )
            return None
        numbers = {str(key): self.number(value, (*path, str(key))) for key, value in inside.items() if key != "name"}
        read = {key: number for key, number in numbers.items() if number is not None}
        return self._made(path, lambda: foreign.scipy_law(inside["name"], read)) if len(read) == len(numbers) else None

    def _law(self, inside: object, path: LawPath) -> Law | None:
        return self.law(inside, path)

    # -- what may stand beside a law -------------------------------------------------------------------------------

    def _modified(self, law: Law | None, spec: Mapping[str, Any], path: LawPath) -> Law | None:
        """A law with its condition, its limits and its source."""
        condition = self._pair(spec["truncate"], (*path, "truncate")) if "truncate" in spec else None
        limits = [
            self.number(spec[key], (*path, key)) if key in spec else default
            for key, default in (("min", -math.inf), ("max", math.inf))
        ]
        source = self._source(spec, path)
        low, high = limits
        if low is not None and high is not None and low > high:
            self._wrong((*path, "min"), "min is above max", spec["min"], f"at most {spec['max']}")
            return None
        if law is None or low is None or high is None or ("truncate" in spec and condition is None):
            return None
        if condition is not None:
            law = self._truncated(law, condition, (*path, "truncate"))
        return None if law is None else compose.clip(law, low, high).written(spec, source)

    def _truncated(self, law: Law, ends: tuple[float, float], path: LawPath) -> Law | None:
        return self._made(path, lambda: compose.truncate(law, *ends))

    def _pair(self, spec: object, path: LawPath) -> tuple[float, float] | None:
        """The ends of a truncation; an end left empty (null) is open."""
        if not isinstance(spec, list | tuple) or len(spec) != 2:
            self._wrong(path, "truncate takes a least and a greatest value", spec, "[lo, hi]")
            return None
        before = len(self.problems)
        lo, hi = (
            open_end if end is None else self.number(end, (*path, i))
            for i, (end, open_end) in enumerate(zip(spec, (-math.inf, math.inf), strict=True))
        )
        return None if len(self.problems) > before or lo is None or hi is None else (lo, hi)

    def _source(self, spec: Mapping[str, Any], path: LawPath) -> str | None:
        source = spec.get("source")
        if "source" in spec and not (isinstance(source, str) and source.strip()):
            self._wrong((*path, "source"), "a source is a text that says where the numbers come from", source, "text")
            return None
        if source and (letter := unseen(source)):
            message = f"a source holds {letter}, a character that steers what is shown and is not seen itself"
            self._wrong((*path, "source"), message, source, "text without such characters")
            return None
        return source


_FORMS: dict[str, Callable[[_Reader, object, LawPath], Law | None]] = {
    "mixture": _Reader._mixture,
    "splice": _Reader._splice,
    "data": _Reader._data,
    "scipy": _Reader._scipy,
    "law": _Reader._law,
}
"""What a law may be besides a family; `law` only makes room for what stands beside it."""

KEYS = frozenset((*QUANTILES, *MOMENTS, *_FORMS, *FAMILIES, *ALIASES, *MODIFIERS))
"""Every key that a mapping may have which is a law."""


def _without_mean(law: Law) -> list[LawProblem]:
    """What to do about a law that has no mean."""
    mean = law.mean()
    if math.isfinite(mean):
        return []
    what = f"infinite (tail index {law.tail_index():.3g}); add `max: ...`, the most that can happen"
    if isinstance(law, Data):
        what = law.why_infinite()
    if math.isnan(mean):
        what = "undefined, as both tails are too heavy; add `min: ...` and `max: ...`"
    elif mean < 0.0:
        what = "minus infinity; add `min: ...`, the least that can happen"
    return [LawProblem((), f"its mean is {what}", law.describe(), "a finite mean")]


def _at_home(file: str) -> Path:
    """A path with `~` written out, where there is such a home."""
    try:
        return Path(file).expanduser()
    except RuntimeError:
        return Path(file)


def _parameters_text(family: type[Family]) -> str:
    """Every way to give a family, for a message."""
    ways = [" ".join(row.name if row.required else f"[{row.name}]" for row in family.parameters())]
    if family in BY_MEAN_CV:
        ways.append("mean cv")
    if family in BY_QUANTILES:
        ways.append(f"{'three' if family in NEEDS_THREE else 'two or three'} of {' '.join(QUANTILES)}")
    return ", or ".join(ways)


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _beside(key: str) -> str:
    """Where a key belongs that was written inside a family's braces."""
    return f"; `{key}` stands beside the family, outside its braces" if key in MODIFIERS else ""


def _why_odd(key: str, kinds: list[str], known: list[str]) -> str:
    """Why a key is no part of a law, and what would be."""
    if kinds and (key in QUANTILES or key in MOMENTS):
        return f"`{key}` stands inside the braces of {kinds[0]}"
    return f"{key!r} is no law, nor what may stand beside one{_did_you_mean(key, known)}"
