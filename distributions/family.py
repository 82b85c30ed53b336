"""What a family of laws is: named parameters with domains, and a place in the registry where sweeps find it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from distributions import ufuncs as special
from distributions.law import Law, LawError, LawProblem
from distributions.numerics import FloatArray, least_integer
from distributions.quantity import GREATEST, format_number


@dataclass(frozen=True)
class Domain:
    """An interval that a parameter must lie in, with or without its ends, or the whole numbers in it."""

    lo: float = -math.inf
    hi: float = math.inf
    lo_open: bool = False
    hi_open: bool = False
    whole: bool = False

    def holds(self, x: float) -> bool:
        """Whether x lies in the domain."""
        above = x > self.lo if self.lo_open else x >= self.lo
        below = x < self.hi if self.hi_open else x <= self.hi
        return abs(x) <= GREATEST and above and below and (not self.whole or x == round(x))

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        ends = []
        if math.isfinite(self.lo):
            ends.append(f"{'above' if self.lo_open else 'at least'} {format_number(self.lo)}")
        if math.isfinite(self.hi):
            ends.append(f"{'below' if self.hi_open else 'at most'} {format_number(self.hi)}")
        return f"{kind} {' and '.join(ends)}".rstrip()


REAL = Domain()
POSITIVE = Domain(lo=0.0, lo_open=True)
NOT_NEGATIVE = Domain(lo=0.0)
SHARE = Domain(lo=0.0, hi=1.0)


@dataclass(frozen=True)
class Parameter:
    """One row of a family's table: name in a scenario, what it may be, its unit, what it means, its attribute."""

    name: str
    domain: Domain
    unit: str
    doc: str
    attribute: str
    required: bool = True
    default: float | None = None


def parameter(
    doc: str,
    domain: Domain = REAL,
    unit: str = "of the value",
    *,
    required: bool = True,
    default: float | None = None,
    name: str | None = None,
) -> Any:
    """Declare one parameter as a dataclass field; `name` where its name in a scenario can't be an attribute."""
    metadata = {"domain": domain, "unit": unit, "doc": doc, "name": name}
    return field(metadata=metadata) if required else field(metadata=metadata, default=default)


class ImpossibleError(ValueError):
    """No law of a family has what was asked for; the text says what would be possible."""


FAMILIES: dict[str, type[Family]] = {}
"""Every family by the name that it has in a scenario; import it from families.py, where they all are."""

ALIASES = {"gpd": "genpareto"}
"""Other names of families."""


@dataclass(frozen=True)
class Family(Law):
    """A law given by a few numbers.

    Attributes
    ----------
    name : its name in a scenario
    examples : parameters that make a law of it, an ordinary one first, then extremes; sweep tests take them from here
    formulas : mean and variance, as text for the reference
    stated : percentiles that it was found from, (name, value), where it was
    """

    name: ClassVar[str]
    examples: ClassVar[tuple[Mapping[str, float], ...]]
    formulas: ClassVar[tuple[str, str]]

    stated: tuple[tuple[str, float], ...] = field(default=(), kw_only=True, compare=False, repr=False)

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            FAMILIES[cls.name] = cls

    def __post_init__(self) -> None:
        problems = [
            LawProblem((row.name,), f"{row.name} must be {row.domain}", got, str(row.domain))
            for row in self.parameters()
            if (got := getattr(self, row.attribute)) is not None and not row.domain.holds(got)
        ]
        problems = problems or [LawProblem((), message) for message in self.contradictions()]
        if problems:
            raise LawError(problems)

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the table of this family's native parameters."""
        return tuple(_row(f) for f in fields(cls) if "domain" in f.metadata)

    @classmethod
    def of(cls, **named: float) -> Self:
        """Make the law from parameters by their names in a scenario."""
        arguments: dict[str, Any] = {row.attribute: named[row.name] for row in cls.parameters() if row.name in named}
        return cls(**arguments)

    def contradictions(self) -> list[str]:
        """Say what is wrong between parameters that are each right on their own."""
        return []

    def title(self) -> str:
        """Return the family's name."""
        return self.name.replace("_", " ")


def _row(f: Field[Any]) -> Parameter:
    columns = {**f.metadata, "name": f.metadata["name"] or f.name, "attribute": f.name}
    return Parameter(**columns) if f.default is MISSING else Parameter(**columns, required=False, default=f.default)


@dataclass(frozen=True)
class CountFamily(Family):
    """A family over whole numbers; it fills in `_cdf` and `_sf` at whole numbers, and the moments of its biased laws.

    Notes
    -----
    Partial moments are closed forms: weighting a count by k (k - 1) .. gives a law of the same kind, so that
    E[N; a <= N <= b] is the mean times a probability.
    """

    @property
    def discrete(self) -> bool:
        """Every value is a whole number."""
        return True

    def tail_index(self) -> float:
        """Return infinity: the counts here have tails lighter than any power."""
        return math.inf

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        """P(N <= k) and P(N > k) at whole numbers k inside the support."""
        raise NotImplementedError

    def _cdf(self, x: FloatArray) -> FloatArray:
        return self._at(np.floor(x))[0]

    def _sf(self, x: FloatArray) -> FloatArray:
        return self._at(np.floor(x))[1]

    def _start(self, z: FloatArray) -> FloatArray:
        """A first guess at a quantile: z standard deviations above the mean."""
        lo, hi = self.support()
        return np.clip(self.mean() + z * math.sqrt(self.var()), lo, min(hi, 2.0**52))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return least_integer(lambda k: self.cdf(k) >= u, self._start(special.ndtri(u)), self.support()[0])

    def _isf(self, v: FloatArray) -> FloatArray:
        return least_integer(lambda k: self.sf(k) <= v, self._start(-special.ndtri(v)), self.support()[0])

    def biased(self, j: int) -> tuple[float, CountFamily | None]:
        """Return E[N (N-1) .. (N-j+1)], and the law of N - j when outcomes are weighted by that product.

        There is no such law (None) where the product is always 0.
        """
        raise NotImplementedError

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(N - center)^k; lo <= N <= hi] in closed form; k is 1 or 2, both ends count."""
        first, second = (weight * law.mass(lo - j, hi - j) if law else 0.0 for j, (weight, law) in self._weighted())
        mass = self.mass(lo, hi)
        return first - center * mass if k == 1 else second + first * (1.0 - 2.0 * center) + center * center * mass

    def _weighted(self) -> Iterator[tuple[int, tuple[float, CountFamily | None]]]:
        return ((j, self.biased(j)) for j in (1, 2))
