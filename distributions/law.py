"""What every law is: a distribution function and its inverse in both tails, moments, a sentence about itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from distributions.numerics import FloatArray, tail_integral
from distributions.quantity import format_number

LawPath = tuple[str | int, ...]


class LawProblem(NamedTuple):
    """One thing that is wrong with a law as it was written."""

    path: LawPath
    message: str
    got: object = None
    allowed: str | None = None

    def under(self, prefix: LawPath) -> LawProblem:
        """Return the same problem, seen from a place further out."""
        return self._replace(path=prefix + self.path)

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        allowed = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{where}: {self.message}{allowed}" if where else f"{self.message}{allowed}"


class LawError(ValueError):
    """A law cannot be what was written; `problems` holds everything that is wrong with it, sorted by place."""

    def __init__(self, problems: Iterable[LawProblem]) -> None:
        self.problems = sorted(problems, key=lambda problem: [str(step) for step in problem.path])
        super().__init__("\n".join(map(str, self.problems)))


class Segment(NamedTuple):
    """Part of a law: for u in (lo, hi] the value is offset + law.ppf((u - lo) / (hi - lo)); `law` has no clip."""

    lo: float
    hi: float
    law: Law
    offset: float = 0.0


@dataclass(frozen=True)
class Law(ABC):
    """A distribution of one number, immutable; laws with equal parameters are equal, whatever their spec and source.

    Attributes
    ----------
    spec : the law as it was written, where it was
    source : where its numbers come from, where that was said

    Notes
    -----
    `ppf` and `cdf` count from below, `isf` and `sf` from above; each keeps relative accuracy in its own tail. A family
    fills in `_cdf`, `_sf`, `_ppf`, `_isf` on the inside of its support; this class looks after the edges.
    """

    spec: object = field(default=None, kw_only=True, compare=False, repr=False)
    source: str | None = field(default=None, kw_only=True, compare=False, repr=False)

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Least and greatest value, infinite where there is none."""

    @abstractmethod
    def _cdf(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _sf(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _ppf(self, u: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _isf(self, v: FloatArray) -> FloatArray: ...

    @abstractmethod
    def tail_index(self) -> float:
        """Power at which the upper tail falls, P(X > x) ~ x^-index; infinite where it is lighter than any power."""

    @abstractmethod
    def title(self) -> str:
        """What kind of law this is, in a word or two."""

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return False

    @property
    def measured(self) -> bool:
        """Whether its numbers come from somewhere: data, or a `source:` beside it."""
        return self.source is not None

    @property
    def clip(self) -> tuple[float, float]:
        """Limits that are applied to a value after it was drawn from the segments."""
        return (-math.inf, math.inf)

    def segments(self) -> tuple[Segment, ...]:
        """Parts whose draws, cut to `clip`, are draws of this law; they do not overlap and cover (0, 1]."""
        return (Segment(0.0, 1.0, self),)

    def unclipped(self) -> Law:
        """Return the same law as one without a clip."""
        return self

    def parts(self) -> tuple[Law, ...]:
        """Return the laws that this one is made of; none where it stands by itself."""
        return ()

    def cdf(self, x: ArrayLike) -> FloatArray:
        """P(X <= x), element by element."""
        points = np.asarray(x, np.float64)
        lo, hi = self.support()
        with np.errstate(all="ignore"):
            inside = self._cdf(np.clip(points, lo, hi))
        return np.where(points < lo, 0.0, np.where(points >= hi, 1.0, inside))

    def sf(self, x: ArrayLike) -> FloatArray:
        """P(X > x), element by element, with relative accuracy in the upper tail."""
        points = np.asarray(x, np.float64)
        lo, hi = self.support()
        with np.errstate(all="ignore"):
            inside = self._sf(np.clip(points, lo, hi))
        return np.where(points < lo, 1.0, np.where(points >= hi, 0.0, inside))

    def ppf(self, u: ArrayLike) -> FloatArray:
        """Least x with P(X <= x) >= u, for u in [0, 1]; NaN elsewhere."""
        p = np.asarray(u, np.float64)
        lo, hi = self.support()
        within = (p > 0.0) & (p < 1.0)
        with np.errstate(all="ignore"):
            inside = np.clip(self._ppf(np.where(within, p, 0.5)), lo, hi)
        return np.select([p == 0.0, p == 1.0, within], [lo, hi, inside], np.nan)

    def isf(self, v: ArrayLike) -> FloatArray:
        """Least x with P(X > x) <= v, for v in [0, 1]; relative accuracy in small v; NaN elsewhere."""
        p = np.asarray(v, np.float64)
        lo, hi = self.support()
        within = (p > 0.0) & (p < 1.0)
        with np.errstate(all="ignore"):
            inside = np.clip(self._isf(np.where(within, p, 0.5)), lo, hi)
        return np.select([p == 0.0, p == 1.0, within], [hi, lo, inside], np.nan)

    def p_below(self, x: float) -> float:
        """P(X < x)."""
        return float(self.cdf(math.ceil(x) - 1.0 if self.discrete and math.isfinite(x) else x))

    def p_from(self, x: float) -> float:
        """P(X >= x), with relative accuracy in the upper tail."""
        return float(self.sf(math.ceil(x) - 1.0 if self.discrete and math.isfinite(x) else x))

    def mass(self, lo: float, hi: float) -> float:
        """P(lo <= X <= hi), counted from the tail that it lies in."""
        if hi < lo:
            return 0.0
        below, up_to = self.p_below(lo), float(self.cdf(hi))
        if up_to <= 0.5:
            return up_to - below
        at_least, above = self.p_from(lo), float(self.sf(hi))
        return at_least - above if at_least <= 0.5 else 1.0 - below - above

    def mean(self) -> float:
        """Expected value; infinite where the upper tail is too heavy for one."""
        return self.partial_moment(1)

    def var(self) -> float:
        """Variance; infinite where the upper tail is too heavy for one."""
        mean = self.mean()
        return self.partial_moment(2, center=mean) if math.isfinite(mean) else math.inf

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi]: an integral over the quantile function, each tail on its logarithm.

        Parameters
        ----------
        k : 1 or 2
        lo, hi : both ends count
        center : subtracted before the power is taken
        """
        if hi < lo:
            return 0.0
        if math.isinf(hi) and self.tail_index() <= k:
            return math.inf
        decay = 1.0 - k / self.tail_index()
        lower = tail_integral(lambda u: (self.ppf(u) - center) ** k, self.p_below(lo), min(0.5, float(self.cdf(hi))))
        upper = tail_integral(
            lambda v: (self.isf(v) - center) ** k, float(self.sf(hi)), min(0.5, self.p_from(lo)), decay
        )
        return lower + upper

    def describe(self) -> str:
        """Say in a few words what this law is, for example "lognormal, P50 150, P95 900"."""
        p50, p95 = (format_number(float(q)) for q in self.ppf([0.5, 0.95]))
        return f"{self.title()}, P50 {p50}, P95 {p95}"

    def written(self, spec: object, source: str | None = None) -> Self:
        """Return the same law, remembering how it was written and where its numbers come from."""
        return replace(self, spec=spec, source=source if source is not None else self.source)
