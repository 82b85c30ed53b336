"""Data to the likeliest law of each family, with how near it comes: likelihood, AIC, Kolmogorov and Anderson distances.

Fits are by maximum likelihood, of whole numbers by that of what rounds to them, so that all families have one measure.
`metalog` goes through the data's percentiles and not to its greatest likelihood, so that it has no rank among the
others and stands behind them. A million values are a few thousand distinct ones, or as many groups of neighbours, so
that a fit takes milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from distributions.densities import log_chances, log_density
from distributions.families import FAMILIES
from distributions.law import Law, LawError
from distributions.likeliest import LIKELIEST, NotFittedError
from distributions.numerics import FloatArray
from distributions.rounded import likeliest_rounded, log_rounded
from distributions.tail import Sample

THROUGH_PERCENTILES = ("metalog",)
"""Families that are not fitted by likelihood."""

GROUPS = 4_096
"""Distinct values that a likelihood is summed over; of more, neighbours are put together at their mean."""


@dataclass(frozen=True)
class Fitted:
    """The likeliest law of one family.

    Attributes
    ----------
    family : its name
    parameters : by name, as a scenario writes them
    law : with these parameters
    log_likelihood : sum of the logarithms of the chances of all values, or of their densities where some are no whole
        numbers
    aic : Akaike's criterion: twice the number of parameters less twice the log-likelihood
    ks : greatest distance of the distribution functions; a step that a continuous law passes through is none
    ad : Anderson and Darling's A^2 over n: the squared distance over u (1 - u), so that both tails weigh
    """

    family: str
    parameters: Mapping[str, float]
    law: Law
    log_likelihood: float
    aic: float
    ks: float
    ad: float

    @property
    def ranked(self) -> bool:
        """Whether it is of greatest likelihood, so that its AIC says something beside those of others."""
        return self.family not in THROUGH_PERCENTILES


def fit_family(name: str, sample: Sample, *, rounds: bool = True) -> Fitted:
    """Likeliest law of one family.

    Parameters
    ----------
    name : of a family
    sample : distinct values in rising order, and how often each was seen
    rounds : whether values that are all whole numbers stand for what rounds to them; not so of shares

    Raises
    ------
    NotFittedError
        Where the family can't have made the values, or its likelihood has no maximum.

    Examples
    --------
    >>> fit_family("exponential", Sample(np.array([1.0, 3.0]), np.array([1, 1]))).parameters
    {'mean': 2.0}
    """
    return _fitted(name, grouped(sample), rounds and is_whole(sample))


def is_whole(sample: Sample) -> bool:
    """Whether all values are whole numbers."""
    return bool(np.all(sample.values == np.round(sample.values)))


def _fitted(name: str, groups: Sample, rounded: bool) -> Fitted:
    rounded = rounded and not FAMILIES[name].of(**FAMILIES[name].examples[0]).discrete
    likeliest = partial(likeliest_rounded, name) if rounded else LIKELIEST[name]
    try:
        parameters = likeliest(groups.values, groups.counts / np.sum(groups.counts))
        parameters = {key: float(value) for key, value in parameters.items()}
        law = FAMILIES[name].of(**parameters)
    except LawError as error:
        raise NotFittedError(f"its likeliest parameters are none that it may have: {error}") from None
    if rounded:
        logs = log_rounded(law, groups.values)
    else:
        logs = log_chances(law, groups.values) if law.discrete else log_density(law, name, parameters, groups.values)
    likelihood = float(groups.counts @ logs)
    if not math.isfinite(likelihood):
        raise NotFittedError("some values can't come from it")
    ks, ad = distances(law, groups)
    return Fitted(name, parameters, law, likelihood, 2.0 * len(parameters) - 2.0 * likelihood, ks, ad)


def fit_all(sample: Sample, families: Sequence[str], *, rounds: bool = True) -> tuple[list[Fitted], dict[str, str]]:
    """Likeliest law of each of several families, by rising AIC, and why the others have none; see `fit_family`."""
    fitted: list[Fitted] = []
    refused: dict[str, str] = {}
    groups, rounded = grouped(sample), rounds and is_whole(sample)
    for name in families:
        try:
            fitted.append(_fitted(name, groups, rounded))
        except NotFittedError as error:
            refused[name] = str(error)
    return by_aic(fitted), refused


def by_aic(fits: Iterable[Fitted]) -> list[Fitted]:
    """Sort fits by rising AIC, those that have no rank behind all others."""
    return sorted(fits, key=lambda fit: (not fit.ranked, fit.aic))


def grouped(sample: Sample, most: int = GROUPS) -> Sample:
    """The sample with at most so many distinct values: the largest as they are, below them neighbours as their mean."""
    if sample.values.size <= most:
        return sample
    kept = most // 4
    body, counts = sample.values[:-kept], sample.counts[:-kept]
    upto = np.cumsum(counts)
    group = (upto - 1) * (most - kept) // upto[-1]
    sums, sizes = np.bincount(group, weights=counts * body), np.bincount(group, weights=counts)
    seen = sizes > 0
    values = np.concatenate([sums[seen] / sizes[seen], sample.values[-kept:]])
    return Sample(values, np.concatenate([sizes[seen].astype(np.int64), sample.counts[-kept:]]))


def distances(law: Law, sample: Sample) -> tuple[float, float]:
    """Distances between the distribution functions of a law and of a sample, as `Fitted.ks` and `Fitted.ad`."""
    through = np.cumsum(sample.counts) / np.sum(sample.counts)
    below = through - sample.counts / np.sum(sample.counts)
    share = law.cdf(sample.values)
    if law.discrete:
        ks = float(np.max(np.abs(share - through)))
        middle = (share + law.cdf(sample.values - 1.0)) / 2
    else:
        ks = float(max(np.max(below - share), np.max(share - through), 0.0))
        middle = share
    return ks, _anderson(np.clip(middle, 1e-15, 1.0 - 1e-15), through)


def _anderson(u: FloatArray, through: FloatArray) -> float:
    """Integral of (c - u)^2 / (u (1 - u)) over u, the law's share, from 0 to 1; c is the share of the values there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first = -np.log1p(-u[0]) - u[0]
        last = -1.0 - np.log(u[-1]) + u[-1]
        c = through[:-1]
        inside = c**2 * np.log(u[1:] / u[:-1]) - (1.0 - c) ** 2 * (np.log1p(-u[1:]) - np.log1p(-u[:-1])) - np.diff(u)
    return float(first + last + np.sum(inside))
