"""Laws made of laws: truncation (a condition), clip (limits), mixtures, and bodies with another tail."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from distributions.blends import Blend, Mixture, Piece, Splice
from distributions.families import Constant
from distributions.law import Law, LawError, LawProblem, Segment
from distributions.numerics import FloatArray
from distributions.quantity import format_number
from distributions.steps import Steps

_DUST = 4.0 * np.finfo(np.float64).eps


def mixture(components: Sequence[tuple[float, Law]]) -> Law:
    """Law that is each of the given ones with a probability in proportion to its weight.

    Raises
    ------
    LawError
        Where there is no component, or a weight is negative, not finite, or all are 0.
    """
    problems = [
        LawProblem((i, "weight"), "a weight must be at least 0 and finite", weight, "a number at least 0")
        for i, (weight, _) in enumerate(components)
        if not (0.0 <= weight < math.inf)
    ]
    total = math.fsum(weight for weight, _ in components)
    if not problems and not total > 0.0:
        problems = [LawProblem((), "the weights of a mixture sum to 0; at least one must be above 0")]
    if problems:
        raise LawError(problems)
    pieces = tuple(Piece(weight / total, law) for weight, law in components if weight > 0.0)
    return pieces[0].law if len(pieces) == 1 else Mixture(pieces)


def splice(body: Law, at: float, tail: Law) -> Law:
    """Law of `body` up to its quantile `at`, and above it that quantile plus a draw of `tail`.

    Raises
    ------
    LawError
        Where `at` is not strictly between 0 and 1, or the tail can be negative (it holds the excess over the quantile).
    """
    problems = []
    if not 0.0 < at < 1.0:
        problems.append(
            LawProblem(("at",), "at must lie between 0 and 1, without the ends", at, "a share such as 0.95")
        )
    if tail.support()[0] < 0.0:
        message = "a tail is the excess over the body's quantile, so it can't be negative"
        problems.append(LawProblem(("tail",), message, tail.describe(), "a law from 0 up, such as {gpd: {xi, scale}}"))
    if problems:
        raise LawError(problems)
    threshold = float(body.ppf(at))
    return Splice((Piece(at, truncate(body, -math.inf, threshold)), Piece(1.0 - at, tail, threshold)))


def truncate(law: Law, lo: float, hi: float) -> Law:
    """Law under the condition that its value lies in [lo, hi], both ends included.

    Raises
    ------
    LawError
        Where lo is not below hi, or the law never lies there.
    """
    if not lo <= hi:
        raise LawError([LawProblem((), "the least value of a truncation is above its greatest", [lo, hi])])
    if not law.mass(lo, hi) > 0.0:
        where = f"[{format_number(lo)}, {format_number(hi)}]"
        raise LawError([LawProblem((), f"nothing is left: {law.describe()} never lies in {where}", [lo, hi])])
    support = law.support()
    if lo <= support[0] and support[1] <= hi:
        return law
    return _truncate(law, lo, hi)


def clip(law: Law, lo: float, hi: float) -> Law:
    """Law of max(lo, min(hi, X)): values outside move to the nearer limit.

    Raises
    ------
    LawError
        Where lo is above hi.
    """
    if not lo <= hi:
        raise LawError([LawProblem(("min",), "min is above max", lo, f"at most {format_number(hi)}")])
    if isinstance(law, Clipped):
        inner_lo, inner_hi = law.clip
        law, lo, hi = law.law, min(max(lo, inner_lo), hi), max(min(hi, inner_hi), lo)
    support = law.support()
    if lo <= support[0] and support[1] <= hi:
        return law
    if lo == hi or hi <= support[0] or support[1] <= lo:
        return Constant(min(max(support[0], lo), hi))
    return Clipped(law, lo, hi)


@dataclass(frozen=True)
class Truncated(Law):
    """A simple law under the condition that it lies in [lo, hi]; made by `truncate`."""

    law: Law
    lo: float
    hi: float

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return self.law.discrete

    def parts(self) -> tuple[Law, ...]:
        """Return the law under the condition."""
        return (self.law,)

    def support(self) -> tuple[float, float]:
        lo, hi = self.law.support()
        lo, hi = max(lo, self.lo), min(hi, self.hi)
        return (float(np.ceil(lo)), float(np.floor(hi))) if self.discrete else (lo, hi)

    def tail_index(self) -> float:
        return self.law.tail_index() if math.isinf(self.hi) else math.inf

    def title(self) -> str:
        lo, hi = format_number(self.lo), format_number(self.hi)
        return f"{self.law.title()} truncated to [{lo}, {hi}]"

    def mean(self) -> float:
        """Return the expectation; between limits so close that the integral rounds away, it is at one of them."""
        return min(max(super().mean(), self.lo), self.hi)

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi], from the law that is truncated."""
        return self.law.partial_moment(k, max(lo, self.lo), min(hi, self.hi), center) / self._mass

    @cached_property
    def _mass(self) -> float:
        return self.law.mass(self.lo, self.hi)

    @cached_property
    def _outside(self) -> tuple[float, float]:
        return self.law.p_below(self.lo), float(self.law.sf(self.hi))

    def _cdf(self, x: FloatArray) -> FloatArray:
        below, above = self._outside
        inner = self.law.cdf(x)
        lower, upper = (inner - below) / self._mass, 1.0 - (self.law.sf(x) - above) / self._mass
        return np.clip(np.where(inner <= 0.5, lower, upper), 0.0, 1.0)

    def _sf(self, x: FloatArray) -> FloatArray:
        below, above = self._outside
        inner = self.law.sf(x)
        upper, lower = (inner - above) / self._mass, 1.0 - (self.law.cdf(x) - below) / self._mass
        return np.clip(np.where(inner <= 0.5, upper, lower), 0.0, 1.0)

    def _ppf(self, u: FloatArray) -> FloatArray:
        u = u * (1.0 - self._slack)
        return self._at(u, 1.0 - u)

    def _isf(self, v: FloatArray) -> FloatArray:
        v = v * (1.0 + self._slack)
        return self._at(1.0 - v, v)

    @property
    def _slack(self) -> float:
        """So much rounding must not push a count that is met exactly to the next one."""
        return _DUST if self.discrete else 0.0

    def _at(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Value with u of this law's probability below and v above it, counted in the tail that it lies in."""
        below, above = self._outside
        lower = (below + u * self._mass) * (1.0 - self._slack)
        upper = (above + v * self._mass) * (1.0 + self._slack)
        return np.where(lower <= upper, self.law.ppf(np.minimum(lower, 1.0)), self.law.isf(np.minimum(upper, 1.0)))


@dataclass(frozen=True)
class Clipped(Law):
    """A law whose values outside [lo, hi] move to the nearer limit; made by `clip`."""

    law: Law
    lo: float
    hi: float

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return self.law.discrete and all(x == round(x) for x in self.clip if math.isfinite(x))

    @property
    def measured(self) -> bool:
        """Whether its numbers come from somewhere."""
        return super().measured or self.law.measured

    @property
    def clip(self) -> tuple[float, float]:
        """The limits."""
        return (self.lo, self.hi)

    def segments(self) -> tuple[Segment, ...]:
        """Parts of the law without its limits."""
        return self.law.segments()

    def unclipped(self) -> Law:
        """Return the same law without a clip: an atom at each limit that is reached, and what lies between."""
        low, middle, high = self._shares
        pieces = [Piece(low, Constant(self.lo))] if low > 0.0 else []
        pieces += [Piece(middle, truncate(self.law, *self._between))] if middle > 0.0 else []
        pieces += [Piece(high, Constant(self.hi))] if high > 0.0 else []
        return pieces[0].law if len(pieces) == 1 else Splice(tuple(pieces))

    def parts(self) -> tuple[Law, ...]:
        """Return the law without its limits."""
        return (self.law,)

    def support(self) -> tuple[float, float]:
        lo, hi = self.law.support()
        return (min(max(lo, self.lo), self.hi), max(min(hi, self.hi), self.lo))

    def tail_index(self) -> float:
        return self.law.tail_index() if math.isinf(self.hi) else math.inf

    def title(self) -> str:
        return self.law.title()

    def describe(self) -> str:
        """Say what the law is and where it is cut."""
        limits = [f"at least {format_number(self.lo)}"] if math.isfinite(self.lo) else []
        limits += [f"at most {format_number(self.hi)}"] if math.isfinite(self.hi) else []
        return ", ".join([self.law.describe(), *limits])

    def p_below(self, x: float) -> float:
        """P(X < x)."""
        if x <= self.lo:
            return 0.0
        return 1.0 if x > self.hi else self.law.p_below(x)

    def p_from(self, x: float) -> float:
        """P(X >= x)."""
        if x <= self.lo:
            return 1.0
        return 0.0 if x > self.hi else self.law.p_from(x)

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi]: the atoms at the limits, and the law between them."""
        low, _, high = self._shares
        atoms = math.fsum(
            share * (limit - center) ** k
            for share, limit in ((low, self.lo), (high, self.hi))
            if share > 0.0 and lo <= limit <= hi
        )
        first, last = self._between
        return atoms + self.law.partial_moment(k, max(lo, first), min(hi, last), center)

    @property
    def _between(self) -> tuple[float, float]:
        """Least and greatest value strictly inside the limits."""
        first = math.nextafter(self.lo, math.inf) if math.isfinite(self.lo) else self.lo
        last = math.nextafter(self.hi, -math.inf) if math.isfinite(self.hi) else self.hi
        return first, last

    @cached_property
    def _shares(self) -> tuple[float, float, float]:
        """Probability at the lower limit, between, and at the upper limit."""
        low = float(self.law.cdf(self.lo)) if math.isfinite(self.lo) else 0.0
        high = self.law.p_from(self.hi) if math.isfinite(self.hi) else 0.0
        return low, self.law.mass(*self._between), high

    def _cdf(self, x: FloatArray) -> FloatArray:
        return self.law.cdf(x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return self.law.sf(x)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.clip(self.law.ppf(u), self.lo, self.hi)

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.clip(self.law.isf(v), self.lo, self.hi)


def _truncate(law: Law, lo: float, hi: float) -> Law:
    """Truncate a law that has something inside and something outside: pieces one by one, so that none keeps a kink."""
    if isinstance(law, Clipped):
        return truncate(law.unclipped(), lo, hi)
    if isinstance(law, Truncated):
        return Truncated(law.law, max(lo, law.lo), min(hi, law.hi))
    if isinstance(law, Steps):
        return law.within(lo, hi)
    if not isinstance(law, Blend):
        return Truncated(law, lo, hi)
    inside = [(weight * law.mass(lo - offset, hi - offset), law, offset) for weight, law, offset in law.pieces]
    total = math.fsum(mass for mass, _, _ in inside)
    pieces = tuple(
        Piece(mass / total, truncate(part, lo - offset, hi - offset), offset)
        for mass, part, offset in inside
        if mass > 0.0
    )
    return replace(law, pieces=pieces)
