"""Laws that scipy.stats knows and we do not: any frozen distribution, by name or as the object itself."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from distributions.law import Law, LawError, LawProblem
from distributions.numerics import FloatArray

_DEEP, _DEEPER = 1e-20, 1e-40
_MOST_OUTCOMES = 1 << 22


def is_frozen(thing: object) -> bool:
    """Whether this is a frozen scipy.stats distribution; does not import scipy.stats to find out."""
    return all(hasattr(thing, verb) for verb in ("dist", "ppf", "isf", "cdf", "sf", "support", "args", "kwds"))


def scipy_law(name: str, parameters: Mapping[str, float]) -> ScipyLaw:
    """Law of a scipy.stats distribution by its name there, with its own parameters, `loc` and `scale`.

    Raises
    ------
    LawError
        Where scipy.stats has no such distribution, or its parameters are others or out of range.
    """
    from scipy import stats

    known = sorted(key for key, x in vars(stats).items() if isinstance(x, stats.rv_continuous | stats.rv_discrete))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise LawError(
            [LawProblem(("name",), f"scipy.stats has no distribution {name!r}{hint}", name, ", ".join(known))]
        )
    distribution = getattr(stats, name)
    shapes = distribution.shapes.replace(" ", "").split(",") if distribution.shapes else []
    allowed = [*shapes, "loc"] + ([] if isinstance(distribution, stats.rv_discrete) else ["scale"])
    problems = [
        LawProblem((key,), f"scipy.stats.{name} has no parameter {key!r}", parameters[key], ", ".join(allowed))
        for key in parameters
        if key not in allowed
    ]
    problems += [
        LawProblem((key,), f"scipy.stats.{name} needs {key}", None, ", ".join(allowed))
        for key in shapes
        if key not in parameters
    ]
    if problems:
        raise LawError(problems)
    return from_frozen(distribution(**parameters))


def from_frozen(frozen: Any) -> ScipyLaw:
    """Law of a frozen scipy.stats distribution.

    Raises
    ------
    LawError
        Where its parameters are out of range (scipy says so by NaN).
    """
    keywords = dict(frozen.kwds)
    shapes = frozen.dist.shapes.replace(" ", "").split(",") if frozen.dist.shapes else []
    keywords.update(zip([*shapes, "loc", "scale"], frozen.args, strict=False))
    named = {key: float(x) for key, x in keywords.items()}
    if any(math.isnan(x) for x in frozen.support()) or math.isnan(float(frozen.ppf(0.5))):
        raise LawError([LawProblem((), f"scipy.stats.{frozen.dist.name} does not take these parameters", named)])
    return ScipyLaw(frozen.dist.name, tuple(sorted(named.items())))


@dataclass(frozen=True)
class ScipyLaw(Law):
    """A frozen scipy.stats distribution; its tails are as accurate as scipy's."""

    scipy_name: str
    parameters: tuple[tuple[str, float], ...]

    @cached_property
    def _frozen(self) -> Any:
        from scipy import stats

        return getattr(stats, self.scipy_name)(**dict(self.parameters))

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return hasattr(self._frozen.dist, "pmf") and dict(self.parameters).get("loc", 0.0).is_integer()

    def support(self) -> tuple[float, float]:
        lo, hi = self._frozen.support()
        return (float(lo), float(hi))

    def mean(self) -> float:
        return float(self._frozen.mean())

    def var(self) -> float:
        return float(self._frozen.var()) if math.isfinite(self.mean()) else math.inf

    def tail_index(self) -> float:
        """Power at which the upper tail falls: the slope of log value in log probability, where it has settled."""
        return _settled_index(self._isf)

    def title(self) -> str:
        numbers = ", ".join(f"{name} {x:g}" for name, x in self.parameters)
        return f"scipy.stats.{self.scipy_name}({numbers})"

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi]: summed for counts, else by quadrature."""
        if self.discrete:
            return self._summed(k, lo, hi, center)
        if math.isinf(lo) and _settled_index(lambda p: -self._ppf(p)) <= k:
            return -math.inf if k == 1 else math.inf
        return super().partial_moment(k, lo, hi, center)

    def _summed(self, k: int, lo: float, hi: float, center: float) -> float:
        if math.isinf(hi) and self.tail_index() <= k:
            return math.inf
        first = max(math.ceil(max(lo, float(self.ppf(1e-18)))), self.support()[0])
        last = math.floor(min(hi, float(self.isf(1e-18)), first + _MOST_OUTCOMES))
        outcomes = np.arange(first, last + 1.0)
        return float(np.sum((outcomes - center) ** k * self._frozen.pmf(outcomes)))

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.cdf(x), np.float64)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.sf(x), np.float64)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.ppf(u), np.float64)

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.isf(v), np.float64)


def _settled_index(quantile: Any) -> float:
    """Index of a power tail from three quantiles far out; infinite where the slope still falls: lighter tails."""
    p = np.array([1e-10, _DEEP, _DEEPER])
    with np.errstate(all="ignore"):
        x = np.log(quantile(p))
    slopes = -np.diff(x) / np.diff(np.log(p))
    if not np.all(np.isfinite(slopes)) or slopes[1] <= 0.0 or slopes[1] < 0.97 * slopes[0]:
        return math.inf
    return float(1.0 / slopes[1])
