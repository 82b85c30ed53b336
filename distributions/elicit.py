"""Laws from what people know: a mean and its coefficient of variation (sd / mean), or two or three percentiles.

Two percentiles give a family of two parameters exactly. Three give one of three parameters exactly, and one of two by
least squares on the scale on which the family is a straight line: log value against standard score (lognormal), value
against standard score (normal), and so on; where there is no such scale, on the logarithm of the value. The result is
then the closest law of that family, and does not go through the three points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from distributions.family import Family, ImpossibleError
from distributions.law import LawError, LawProblem
from distributions.metalog import QUANTILES
from distributions.moments import BY_MEAN_CV
from distributions.percentiles import BY_QUANTILES, NEEDS_THREE
from distributions.quantity import format_number


def from_mean_cv(family: type[Family], mean: float, cv: float, **ends: float) -> Family:
    """Law of a family with this mean and coefficient of variation.

    Parameters
    ----------
    family : one of BY_MEAN_CV
    mean, cv : above 0; cv is the standard deviation over the mean
    ends : `low` and `high` of a beta

    Raises
    ------
    LawError
        Where a number is out of range, or no law of the family has such moments.
    """
    problems = [
        LawProblem((name,), f"{name} must be a number above 0", value, "a number above 0")
        for name, value in (("mean", mean), ("cv", cv))
        if not 0.0 < value < math.inf
    ]
    if problems:
        raise LawError(problems)
    return _possible(family, lambda: BY_MEAN_CV[family](mean, cv, **ends))


def from_quantiles(family: type[Family], quantiles: Mapping[str, float], **ends: float) -> Family:
    """Law of a family with these percentiles, exactly or by least squares as the module says.

    Parameters
    ----------
    family : one of BY_QUANTILES
    quantiles : two or three values by names of QUANTILES; the higher percentile has the larger value
    ends : `low` and `high` of a beta

    Raises
    ------
    LawError
        Where percentiles cross, their number does not fit, or no law of the family has them.
    """
    names = sorted(quantiles, key=lambda name: QUANTILES[name])
    values = [quantiles[name] for name in names]
    crossed = [
        LawProblem(
            (b,), f"{b} ({format_number(y)}) must be above {a} ({format_number(x)})", y, f"above {format_number(x)}"
        )
        for (a, x), (b, y) in zip(
            list(zip(names, values, strict=True))[:-1], list(zip(names, values, strict=True))[1:], strict=True
        )
        if not x < y
    ]
    if crossed:
        raise LawError(crossed)
    n_needed = 3 if family in NEEDS_THREE else 2
    if not n_needed <= len(names) <= 3:
        wanted = "three" if n_needed == 3 else "two or three"
        raise LawError([LawProblem((), f"a {family.name} takes {wanted} percentiles; {len(names)} given")])
    p = np.array([QUANTILES[name] for name in names])
    made = _possible(family, lambda: BY_QUANTILES[family](p, np.array(values), **ends))
    return replace(made, stated=tuple(zip(names, values, strict=True)))


def furthest_miss(law: Family) -> float:
    """How far off a law is at worst from the percentiles that it was found from.

    Parameters
    ----------
    law : any family

    Returns
    -------
    float
        Relative to the stated value; to the spread of the stated values where that value is 0. 0 for a law that was not
        found from percentiles.
    """
    if not law.stated:
        return 0.0
    stated = np.array([value for _, value in law.stated])
    fitted = law.ppf([QUANTILES[name] for name, _ in law.stated])
    scale = np.where(stated == 0.0, stated[-1] - stated[0], np.abs(stated))
    return float(np.max(np.abs(fitted - stated) / scale))


def _possible(family: type[Family], make: Callable[[], Family]) -> Family:
    try:
        return make()
    except ImpossibleError as impossible:
        raise LawError([LawProblem((), f"no {family.name.replace('_', ' ')} has these: {impossible}")]) from None
    except LawError as error:
        text = "; ".join(problem.message for problem in error.problems)
        raise LawError([LawProblem((), f"no {family.name.replace('_', ' ')} has these: its {text}")]) from None
