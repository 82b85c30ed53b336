"""Laws that may stand for some data, as a scenario writes them: families, families at a limit, bodies with tails."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from distributions.compose import clip, mixture, splice, truncate
from distributions.excess import Excess
from distributions.families import FAMILIES, Constant, Lognormal
from distributions.fit import Fitted, by_aic, distances, fit_all, grouped, is_whole
from distributions.law import Law
from distributions.likeliest import LIKELIEST, NotFittedError
from distributions.limited import LIMITED, fit_below, fit_piled
from distributions.quantity import format_number
from distributions.tail import Sample

Purpose = Literal["tokens", "count", "minutes", "share", "rate"]

NEAREST = 0.02
"""Kolmogorov's distance that is no matter however many the data are."""

CHANCE = 0.95
"""Root of n times the distance that a family with fitted parameters has by chance: the 95th percentile is 0.9 of a
lognormal, 1.1 of an exponential (Lilliefors 1967, 1969)."""

LEAST_CUT = 1e-4
"""Share of a law above a limit from which on a truncation is worth its words; else a `max` says the same."""

FURTHER = 10.0
"""Times the largest value: where a tail that has no mean, or no variance, ends if nobody states a limit."""

_CONTINUOUS = ("lognormal", "gamma", "weibull", "exponential", "lomax", "genpareto", "burr", "pareto")
_COUNTS = ("poisson", "negative_binomial", "geometric", "binomial", "zipf")
_DIGITS = 6
_HALF = 0.5  # what lies below rounds to zero


class Tried:
    """Laws for one sample, in the order in which they are tried.

    Attributes
    ----------
    limit : value that can't be passed, or None
    candidates, refused : families by rising AIC, those of no rank last, and why the others can't be; known once
        families were tried
    """

    def __init__(self, sample: Sample, whole: bool, purpose: Purpose, limit: float | None) -> None:
        self.sample, self.whole, self.purpose, self.limit = sample, whole, purpose, limit
        self.n = int(np.sum(sample.counts))
        self.largest = float(sample.values[-1])
        self.candidates: list[Fitted] = []
        self.refused: dict[str, str] = {}

    def families(self, zeros: float) -> Iterator[tuple[Law, Any, str]]:
        """Families that chance could part from the data, by rising AIC; then zeros mixed with families of the rest."""
        names = [
            name for name in LIKELIEST if self.whole or not FAMILIES[name].of(**FAMILIES[name].examples[0]).discrete
        ]
        rounds = self.purpose != "share"
        self.candidates, self.refused = fit_all(self.sample, names, rounds=rounds)
        taken = {"count": (*_COUNTS, *_CONTINUOUS) if self.whole else _CONTINUOUS, "share": ("beta", "uniform")}.get(
            self.purpose, _CONTINUOUS
        )
        for fit in self.candidates:
            if fit.family in taken and _chance_explains(fit.ks, self.n):
                yield self._limited(*_written(fit))
        if 0.0 < zeros < 1.0 and self.sample.values.size > 2:
            yield from self._zeros_else(zeros, taken, rounds)

    def _zeros_else(self, zeros: float, taken: Sequence[str], rounds: bool) -> Iterator[tuple[Law, Any, str]]:
        """Zeros mixed with families of the rest, which are candidates from now on."""
        rest = Sample(self.sample.values[1:], self.sample.counts[1:])
        fits = [(fit, zeros_else(fit, self.sample, rounds)) for fit in fit_all(rest, taken, rounds=rounds)[0]]
        self.candidates = by_aic([*self.candidates, *(both for _, both in fits)])
        weight = number(zeros)
        for fit, both in fits:
            if not _chance_explains(fit.ks, self.n * (1.0 - zeros)):
                continue
            _, expression, _ = _written(fit)
            written = {"mixture": [{"weight": weight, "law": 0}, {"weight": number(1 - weight), "law": expression}]}
            yield self._limited(both.law, written, both.family)

    def cut(self, piled: bool) -> Iterator[tuple[Law, Any, str]]:
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
            parameters = {name: number(value) for name, value in found.items()}
            law, end = FAMILIES[family].of(**parameters), number(top)
            written: dict[str, Any]
            if piled:
                cut, written, how = clip(law, -math.inf, end), {family: parameters, "max": end}, "that piles up"
            elif law.sf(top) > LEAST_CUT:
                written = {family: parameters, "truncate": [None, end]}
                cut, how = truncate(law, -math.inf, end), "truncated"
            else:
                continue
            if _chance_explains(distances(cut, sample)[0], self.n):
                yield cut, written, f"{family} {how} at its limit"

    def guess(self) -> tuple[Law, Any, str]:
        """A law for very few values: the likeliest family that two numbers give."""
        for name in ("negative_binomial", "poisson") if self.purpose == "count" and self.whole else ("lognormal",):
            fits, _ = fit_all(self.sample, [name], rounds=False)
            if fits:
                return self._limited(*_written(fits[0]))
        values = tuple(np.repeat(self.sample.values, self.sample.counts).tolist())
        mean = float(np.mean(values))
        return Constant(number(mean)), number(mean), "their mean"

    def lognormal_body(self, excess: Excess) -> tuple[Law, Any]:
        """The likeliest lognormal whose quantile at the tail's start is the threshold: one unknown is left."""
        from scipy import optimize
        from scipy.special import ndtri

        below = self.sample.values <= excess.tail.threshold
        logs, counts = np.log(self.sample.values[below]), self.sample.counts[below]
        at = _share_up_to(excess)
        z, edge = float(ndtri(at)), math.log(excess.tail.threshold)

        def loss(log_sigma: float) -> float:
            sigma = math.exp(log_sigma)
            score = (logs - (edge - sigma * z)) / sigma
            return float(counts @ (0.5 * score**2 + math.log(sigma)))

        found = optimize.minimize_scalar(loss, bounds=(-7.0, 2.2), method="bounded", options={"xatol": 1e-8})
        sigma = number(math.exp(float(found.x)))
        mu = number(edge - sigma * z)
        return Lognormal(mu, sigma), {"lognormal": {"mu": mu, "sigma": sigma}}

    def spliced(self, body: tuple[Law, Any], excess: Excess) -> tuple[Law, Any]:
        """A body with a tail above it."""
        law, expression = body
        at = _share_up_to(excess)
        xi, scale = number(excess.tail.excess.xi), number(excess.tail.excess.scale)
        tail = FAMILIES["genpareto"].of(xi=xi, scale=scale)
        spliced = splice(law, at, tail)
        written = {"splice": {"body": expression, "at": at, "tail": {"gpd": {"xi": xi, "scale": scale}}}}
        whole, all_of_it, _ = self._limited(spliced, written, "")
        return whole, all_of_it

    def _limited(self, law: Law, expression: Any, name: str) -> tuple[Law, Any, str]:
        """The law with the limit that it can't pass, or an end where it would have no mean or no variance."""
        top = self.limit
        if top is None and law.tail_index() <= 2.0:
            top = number(FURTHER * self.largest)
        if top is None or law.support()[1] <= top:
            return law, expression, name
        return clip(law, -math.inf, number(top)), {**expression, "max": number(top)}, name


def zeros_else(fit: Fitted, sample: Sample, rounds: bool) -> Fitted:
    """What a family of the values above zero is as a family of all, with the share of zeros one parameter more.

    Parameters
    ----------
    fit : of the values above zero
    sample : all of them, the first zero
    rounds : as it was fitted
    """
    law, _, name = _written(fit)
    zeros = float(sample.counts[0]) / float(np.sum(sample.counts))
    share = number(zeros)
    both = mixture([(share, Constant(0.0)), (number(1 - share), law)])
    n_rest = float(np.sum(sample.counts[1:]))
    below = float(law.cdf(_HALF)) if rounds and is_whole(sample) else float(law.cdf(0.0))
    at_zero = float(sample.counts[0]) * math.log(zeros + (1.0 - zeros) * below)
    likelihood = fit.log_likelihood + n_rest * math.log1p(-zeros) + at_zero
    ks, ad = distances(both, grouped(sample))
    parameters = {"zeros": zeros, **fit.parameters}
    title = f"{100 * zeros:.3g} % zeros, else {name}"
    return Fitted(title, parameters, both, likelihood, 2.0 * len(parameters) - 2.0 * likelihood, ks, ad)


def _share_up_to(excess: Excess) -> float | int:
    """The share up to a tail as it is written: rounded up, a tail of whole numbers would begin at the next one."""
    return number(math.floor((1.0 - excess.tail.share) * 10.0**_DIGITS) / 10.0**_DIGITS)


def _chance_explains(ks: float, n: float) -> bool:
    """Whether Kolmogorov's distance from `n` values is one that a right family has, or no matter."""
    return ks <= max(NEAREST, CHANCE / math.sqrt(n))


def number(x: float) -> float | int:
    """A number as a scenario writes it: six significant digits."""
    rounded = float(f"{x:.{_DIGITS}g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


def _written(fit: Fitted) -> tuple[Law, Any, str]:
    """A fit with its parameters as a scenario writes them, and the law that those make."""
    parameters = {name: number(value) for name, value in fit.parameters.items()}
    return FAMILIES[fit.family].of(**parameters), {fit.family: parameters}, fit.family.replace("_", " ")
