"""One law for some data, in the language of scenarios: chosen by its quantiles and its mean, not by distance alone.

A law that wins by Kolmogorov's distance can double the mean and miss the P99 by half, and both are what a budget is
made of. So a family may stand for data only where its P50, P90, P95, P99 and mean do, each within what so many values
leave open, or 3 % where they leave less, and where Kolmogorov's distance is one that chance explains, or 2 %. Of the
families that pass, the one with the least AIC; else a lognormal body with a generalised Pareto tail; else the data
themselves, with such a tail above where they have one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from distributions.compose import clip, mixture, splice, truncate
from distributions.data import MOST_STEPS, equal_shares
from distributions.excess import Excess, find_tail, hill, mean_excess
from distributions.families import FAMILIES, Constant, Lognormal
from distributions.fit import Fitted, fit_all, grouped
from distributions.law import Law, LawError, LawProblem
from distributions.likeliest import LIKELIEST, NotFittedError
from distributions.limited import LIMITED, fit_below, fit_piled
from distributions.numerics import FloatArray
from distributions.quantity import GREATEST, format_number, signed_percent
from distributions.steps import Steps
from distributions.tail import Sample

Purpose = Literal["tokens", "count", "minutes", "share"]

QUANTILES = (0.5, 0.9, 0.95, 0.99)
FLOOR = 0.03
"""What a quantile or the mean of a law may be off however many the data are."""

NEAREST = 0.02
"""Kolmogorov's distance that is no matter however many the data are."""

CHANCE = 0.95
"""Root of n times the distance that a family with fitted parameters has by chance: the 95th percentile is 0.9 of a
lognormal, 1.1 of an exponential (Lilliefors 1967, 1969)."""

FEW = 20
"""Values below which a law is a guess."""

PILE = 0.005
"""Share of the data that, at their greatest value, is a limit and no tail."""

LEAST_CUT = 1e-4
"""Share of a law above a limit from which on a truncation is worth its words; else a `max` says the same."""

FURTHER = 10.0
"""Times the largest value: where a tail that has no mean, or no variance, ends if nobody states a limit."""

MANY = 200
"""Values from which on the data can stand for themselves, so that a law has to come nearer to replace them."""

_Z = 1.959963984540054, 1.0
"""Standard errors that a quantile or the mean may be off: of fewer than `MANY` values, and of more."""

_CONTINUOUS = ("lognormal", "gamma", "weibull", "exponential", "lomax", "genpareto", "burr", "pareto")
_COUNTS = ("poisson", "negative_binomial", "geometric", "binomial", "zipf")
_DIGITS = 6


@dataclass(frozen=True)
class Near:
    """A quantile or the mean of the data, what its sampling error leaves open, and what a law has.

    Attributes
    ----------
    name : P50 ... or mean
    data, low, high : the data's, and what its sampling error leaves open: 95 %, of many values 68 %
    law : the law's
    """

    name: str
    data: float
    low: float
    high: float
    law: float

    @property
    def holds(self) -> bool:
        """Whether the law's is one that the data leave open, or within `FLOOR` of theirs."""
        slack = FLOOR * abs(self.data)
        return min(self.low, self.data - slack) <= self.law <= max(self.high, self.data + slack)

    @property
    def off(self) -> float:
        """Relative difference."""
        return self.law / self.data - 1.0 if self.data else (0.0 if self.law == self.data else math.inf)


@dataclass(frozen=True)
class Choice:
    """A law for some data.

    Attributes
    ----------
    expression : in the language of scenarios; a law of data has the column "body", to be renamed with its file
    body : values for that file, at most 4,096; None where the expression needs none
    law : what the expression means
    n : values
    candidates, refused : families by rising AIC; why the others can't be
    near : quantiles and mean of data and law
    tail : where the data have one
    atoms : values that many of the data are exactly, with their shares
    truncated_at : a limit that no value passes, where many stand at it
    warnings : sentences
    quality : one line: what it is, and how near
    sample : the data
    few : the one of the warnings that says that there are too few values for a P99; empty where there are enough
    """

    expression: Any
    body: FloatArray | None
    law: Law
    n: int
    candidates: tuple[Fitted, ...]
    refused: Mapping[str, str]
    near: tuple[Near, ...]
    tail: Excess | None
    atoms: tuple[tuple[float, float], ...]
    truncated_at: float | None
    warnings: tuple[str, ...]
    quality: str
    sample: Sample
    few: str = ""

    @cached_property
    def hill(self) -> tuple[FloatArray, FloatArray]:
        """Hill's estimates of the tail index by number of values used; see `excess.hill`."""
        return hill(self.sample)

    @cached_property
    def mean_excess(self) -> tuple[FloatArray, FloatArray]:
        """Mean excess by threshold; see `excess.mean_excess`."""
        return mean_excess(self.sample)


def choose_law(
    values: FloatArray,
    *,
    whole: bool = False,
    limits: Sequence[float] = (),
    what: str = "the data",
    purpose: Purpose = "tokens",
) -> Choice:
    """Choose one law for some data.

    Parameters
    ----------
    values : float64[n], at least one; finite, none below zero
    whole : whether every value is a whole number that counts something
    limits : values that can't be passed, such as a context window; the least at or above all values ends the tail
    what : name of the data, for warnings
    purpose : what they are: counts may be discrete families, shares end at 1

    Raises
    ------
    LawError
        Where there are no values, or some are negative or not finite.

    Examples
    --------
    >>> choose_law(np.full(30, 7.0)).expression
    7
    """
    sample = _sample(values, what)
    if purpose == "share" and sample.values[-1] > 1.0:
        message = f"{what} has shares above 1, such as {format_number(float(sample.values[-1]))}"
        raise LawError([LawProblem((), message)])
    return _Chooser(sample, whole, limits, what, purpose).choice()


def near(sample: Sample, law: Law) -> tuple[Near, ...]:
    """Quantiles and mean of data and law; a quantile with fewer than five values beyond it is left out, P50 never."""
    return _compared(_known(sample), law)


def _known(sample: Sample) -> list[tuple[float | None, float, float, float]]:
    """Share (None for the mean), value, and what its sampling error leaves open, low and high."""
    n = int(np.sum(sample.counts))
    z = _Z[n >= MANY]
    upto = np.cumsum(sample.counts)

    def at(rank: float) -> float:
        return float(sample.values[np.searchsorted(upto, min(max(math.ceil(rank), 1), n))])

    found: list[tuple[float | None, float, float, float]] = []
    for share in QUANTILES:
        if share > 0.5 and n * (1.0 - share) < 5.0:
            continue
        margin = z * math.sqrt(n * share * (1.0 - share))
        found.append((share, at(share * n), at(share * n - margin), at(share * n + margin + 1)))
    mean = float(sample.counts @ sample.values) / n
    margin = z * math.sqrt(float(sample.counts @ (sample.values - mean) ** 2)) / n
    return [*found, (None, mean, mean - margin, mean + margin)]


def _compared(known: list[tuple[float | None, float, float, float]], law: Law) -> tuple[Near, ...]:
    return tuple(
        Near("mean", data, low, high, law.mean())
        if share is None
        else Near(f"P{100 * share:g}", data, low, high, float(law.ppf([share])[0]))
        for share, data, low, high in known
    )


def _sample(values: FloatArray, what: str) -> Sample:
    values = np.asarray(values, float)
    wrong = ""
    if not values.size:
        wrong = f"{what} has no values"
    elif not np.all(np.abs(values) <= GREATEST):
        wrong = f"{what} has values that are not finite"
    elif values.min() < 0:
        wrong = f"{what} has values below zero, such as {format_number(float(values.min()))}"
    if wrong:
        raise LawError([LawProblem((), wrong)])
    distinct, counts = np.unique(values, return_counts=True)
    return Sample(distinct, counts.astype(np.int64))


def _number(x: float) -> float | int:
    """A number as a scenario writes it: six significant digits."""
    rounded = float(f"{x:.{_DIGITS}g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


class _Chooser:
    """Goes through the rule for one sample."""

    def __init__(self, sample: Sample, whole: bool, limits: Sequence[float], what: str, purpose: Purpose) -> None:
        self.sample, self.whole, self.what, self.purpose = sample, whole, what, purpose
        self.n = int(np.sum(sample.counts))
        self.largest = float(sample.values[-1])
        beyond = [limit for limit in limits if limit >= self.largest] + ([1.0] if purpose == "share" else [])
        self.limit = min(beyond, default=None)
        self.known = _known(sample)
        self.warnings: list[str] = []
        self.candidates: list[Fitted] = []
        self.refused: dict[str, str] = {}

    def choice(self) -> Choice:
        if self.sample.values.size == 1:
            return self._constant()
        if self.n < FEW:
            self.warnings.append(f"{self.what}: a law of {self.n} values is a guess")
        elif self.n < 100:
            self.warnings.append(f"{self.what}: the P99 rests on fewer than 1 of {self.n} values, and is a guess")
        elif self.n < 500:
            self.warnings.append(f"{self.what}: fewer than 5 of {self.n} values lie above the P99, which is a guess")
        few = self.warnings[-1] if self.warnings else ""
        atoms = tuple(self._atoms())
        pile = self.largest if self._piled() else None
        excess = None if pile is not None else find_tail(self.sample)
        law, expression, body, name = self._best(pile is not None, excess)
        tail = excess if "gpd" in str(expression) else None
        if tail is not None:
            self._about_tail(tail)
        found = near(self.sample, law)
        return Choice(
            expression, body, law, self.n, tuple(self.candidates), self.refused, found, tail, atoms, pile,
            tuple(self.warnings), self._quality(name, found), self.sample, few,
        )  # fmt: skip

    # what is tried, in this order

    def _best(self, piled: bool, excess: Excess | None) -> tuple[Law, Any, FloatArray | None, str]:
        zeros = float(self.sample.counts[0]) / self.n if self.sample.values[0] == 0.0 else 0.0
        if self.n < FEW:
            law, expression, name = self._guess()
            return law, expression, None, name
        if not piled:
            for law, expression, name in self._families(zeros):
                if self._holds(law):
                    return law, expression, None, name
        for law, expression, name in self._cut(piled):
            if self._holds(law):
                return law, expression, None, name
        if excess is not None and not zeros:
            law, expression = self._spliced(self._lognormal_body(excess), excess)
            if self._holds(law):
                return law, expression, None, "lognormal body with a Pareto tail"
        body = equal_shares(self.sample, MOST_STEPS)
        plain: Any = {"data": {"column": "body"}}
        steps = Steps(tuple(body.tolist()))
        if excess is None:
            return steps, plain, body, "the data themselves"
        law, expression = self._spliced((steps, plain), excess)
        if self._holds(law):
            return law, expression, body, "the data themselves, with a Pareto tail"
        self.warnings.append(
            f"{self.what}: no tail keeps its quantiles and mean, so nothing lies above the largest value"
        )
        return steps, plain, body, "the data themselves"

    def _families(self, zeros: float) -> Iterator[tuple[Law, Any, str]]:
        names = [
            name for name in LIKELIEST if self.whole or not FAMILIES[name].of(**FAMILIES[name].examples[0]).discrete
        ]
        self.candidates, self.refused = fit_all(self.sample, names)
        taken = {"count": (*_COUNTS, *_CONTINUOUS) if self.whole else _CONTINUOUS, "share": ("beta", "uniform")}.get(
            self.purpose, _CONTINUOUS
        )
        for fit in self.candidates:
            if fit.family in taken and fit.ks <= max(NEAREST, CHANCE / math.sqrt(self.n)):
                yield self._limited(*_written(fit))
        if 0.0 < zeros < 1.0 and self.sample.values.size > 2:
            rest = Sample(self.sample.values[1:], self.sample.counts[1:])
            for fit in fit_all(rest, taken)[0]:
                if fit.ks > max(NEAREST, CHANCE / math.sqrt(self.n * (1.0 - zeros))):
                    continue
                law, expression, name = _written(fit)
                weight = _number(zeros)
                both = {"mixture": [{"weight": weight, "law": 0}, {"weight": _number(1 - weight), "law": expression}]}
                whole = mixture([(weight, Constant(0.0)), (_number(1 - weight), law)])
                yield self._limited(whole, both, f"{100 * zeros:.3g} % zeros, else {name}")

    def _cut(self, piled: bool) -> Iterator[tuple[Law, Any, str]]:
        """Families by conditional likelihood: of values that pile up at their greatest, or that a limit ends."""
        top = self.largest if piled else self.limit
        if top is None or self.sample.values.size < 3 or self.sample.values[0] <= 0.0:
            return
        sample = grouped(self.sample)
        for family in LIMITED:
            try:
                found = fit_piled(family, sample) if piled else fit_below(family, sample, top)
            except NotFittedError as error:
                self.refused[f"{family} up to {format_number(top)}"] = str(error)
                continue
            parameters = {name: _number(value) for name, value in found.items()}
            law, end = FAMILIES[family].of(**parameters), _number(top)
            if piled:
                yield (
                    clip(law, -math.inf, end),
                    {family: parameters, "max": end},
                    f"{family} that piles up at its limit",
                )
            elif law.sf(top) > LEAST_CUT:
                written = {family: parameters, "truncate": [None, end]}
                yield truncate(law, -math.inf, end), written, f"{family} truncated at its limit"

    def _guess(self) -> tuple[Law, Any, str]:
        """A law for very few values: the likeliest family that two numbers give."""
        for name in ("negative_binomial", "poisson") if self.purpose == "count" and self.whole else ("lognormal",):
            fits, _ = fit_all(self.sample, [name])
            if fits:
                return self._limited(*_written(fits[0]))
        values = tuple(np.repeat(self.sample.values, self.sample.counts).tolist())
        mean = float(np.mean(values))
        return Constant(_number(mean)), _number(mean), "their mean"

    def _lognormal_body(self, excess: Excess) -> tuple[Law, Any]:
        """The likeliest lognormal whose quantile at the tail's start is the threshold: one unknown is left."""
        from scipy import optimize
        from scipy.special import ndtri

        below = self.sample.values <= excess.tail.threshold
        logs, counts = np.log(self.sample.values[below]), self.sample.counts[below]
        at = _number(1.0 - excess.tail.share)
        z, edge = float(ndtri(at)), math.log(excess.tail.threshold)

        def loss(log_sigma: float) -> float:
            sigma = math.exp(log_sigma)
            score = (logs - (edge - sigma * z)) / sigma
            return float(counts @ (0.5 * score**2 + math.log(sigma)))

        found = optimize.minimize_scalar(loss, bounds=(-7.0, 2.2), method="bounded", options={"xatol": 1e-8})
        sigma = _number(math.exp(float(found.x)))
        mu = _number(edge - sigma * z)
        return Lognormal(mu, sigma), {"lognormal": {"mu": mu, "sigma": sigma}}

    def _spliced(self, body: tuple[Law, Any], excess: Excess) -> tuple[Law, Any]:
        law, expression = body
        at = _number(1.0 - excess.tail.share)
        xi, scale = _number(excess.tail.excess.xi), _number(excess.tail.excess.scale)
        tail = FAMILIES["genpareto"].of(xi=xi, scale=scale)
        spliced = splice(law, at, tail)
        written = {"splice": {"body": expression, "at": at, "tail": {"gpd": {"xi": xi, "scale": scale}}}}
        whole, all_of_it, _ = self._limited(spliced, written, "")
        return whole, all_of_it

    # what holds of all of them

    def _limited(self, law: Law, expression: Any, name: str) -> tuple[Law, Any, str]:
        """The law with the limit that it can't pass, or an end where it would have no mean or no variance."""
        top = self.limit
        if top is None and law.tail_index() <= 2.0:
            top = _number(FURTHER * self.largest)
        if top is None or law.support()[1] <= top:
            return law, expression, name
        return clip(law, -math.inf, _number(top)), {**expression, "max": _number(top)}, name

    def _holds(self, law: Law) -> bool:
        return math.isfinite(law.mean()) and all(each.holds for each in _compared(self.known, law))

    def _constant(self) -> Choice:
        value = _number(self.largest)
        if self.n < FEW:
            self.warnings.append(f"{self.what}: {self.n} equal values make no law; there may be others")
        elif not value:
            self.warnings.append(f"{self.what}: all {self.n:,} values are 0, as where a field was never filled in")
        law = Constant(float(value))
        quality = f"always {format_number(float(value))}"
        return Choice(
            value, None, law, self.n, (), {}, near(self.sample, law), None, ((self.largest, 1.0),), None,
            tuple(self.warnings), quality, self.sample,
        )  # fmt: skip

    def _atoms(self) -> Iterator[tuple[float, float]]:
        """Values that hold far more of the data than their neighbours do: 1 % and ten times as many as those around."""
        counts = self.sample.counts
        if self.n < 100:
            return
        upto = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(counts.size)
        low, high = np.maximum(places - 5, 0), np.minimum(places + 6, counts.size)
        around = (upto[high] - upto[low] - counts) / np.maximum(high - low - 1, 1)
        for at in np.flatnonzero((counts >= 0.01 * self.n) & (counts >= 10.0 * around)).tolist():
            yield float(self.sample.values[at]), float(counts[at]) / self.n

    def _piled(self) -> bool:
        """Whether values stand at their greatest as at a limit: more than a tail would have there."""
        at_top = int(self.sample.counts[-1])
        return self.purpose != "count" and at_top >= 5 and at_top >= PILE * self.n

    def _about_tail(self, excess: Excess) -> None:
        index, low, high = excess.tail_index
        if not excess.accepted:
            self.warnings.append(f"{self.what}: nothing above any quantile is quite like a Pareto tail; P95 is taken")
        if low <= 1.0:
            self.warnings.append(
                f"{self.what}: the tail may be so heavy that it has no mean (index {index:.2g}, {low:.2g} to "
                f"{format_number(high)}); what it can cost is set by its `max`"
            )

    def _quality(self, name: str, found: Sequence[Near]) -> str:
        said = ", ".join(f"{each.name} {signed_percent(each.off)}" for each in found if math.isfinite(each.off))
        return f"{name}; against the data {said}" if said else name


def _written(fit: Fitted) -> tuple[Law, Any, str]:
    """A fit with its parameters as a scenario writes them, and the law that those make."""
    parameters = {name: _number(value) for name, value in fit.parameters.items()}
    return FAMILIES[fit.family].of(**parameters), {fit.family: parameters}, fit.family.replace("_", " ")
