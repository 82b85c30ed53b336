"""How likely a budget breaks, when, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from simulator.engine.tally import IntArray, Tally
from simulator.risk.money import array_in_currency, exact_mean, in_currency
from simulator.risk.quantiles import LEVEL, quantile_of_sorted
from simulator.risk.replicates import replicates, width_ratio
from simulator.risk.spend import covered_units


@dataclass(frozen=True)
class DayQuantiles:
    """Quantiles of the day (counted from 1) on which something happens, among the trials in which it does."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True)
class Breach:
    """The risk of spending more than a budget on what the budget covers.

    Attributes
    ----------
    amount : the budget, in currency
    trials, breaching : how many trials there are, and how many of them break the budget
    probability : breaching / trials; 0 of n trials means "less than 1 in n/3" and not "never"
    ci : 95 % confidence interval of the probability, see `share_interval`
    expected_overrun : mean excess of the trials that break it, in currency; None where none does
    day : when it breaks; None where no trial does
    """

    amount: float
    trials: int
    breaching: int
    probability: float
    ci: tuple[float, float]
    expected_overrun: float | None
    day: DayQuantiles | None


def breach(tally: Tally, amount: float) -> Breach:
    """The breach risk of a budget of `amount` in the scenario's currency."""
    return breach_of(tally.covered, tally.frame.unit, amount, replicates(tally))


def breach_of(covered: IntArray, unit: float, amount: float, replicate: IntArray | None) -> Breach:
    """The same of covered spend by trial and day, int64[T, D] in units; `replicate` is that of each trial."""
    days = days_of_breach(covered, unit, amount)
    broken = days > 0
    trials, breaching = len(days), int(np.count_nonzero(broken))
    spent = covered.sum(axis=1)[broken]
    return Breach(
        amount=amount,
        trials=trials,
        breaching=breaching,
        probability=breaching / trials,
        ci=share_interval(breaching, trials, width=width_ratio(broken, replicate, LEVEL)),
        expected_overrun=in_currency(exact_mean(spent), unit) - amount if breaching else None,
        day=day_quantiles(days[broken]) if breaching else None,
    )


def breach_probability(tally: Tally, amount: float) -> float:
    """Share of the trials in which covered spend is above `amount`, in the scenario's currency."""
    spent = array_in_currency(covered_units(tally), tally.frame.unit)
    return int(np.count_nonzero(spent > amount)) / len(spent)


def breach_days(tally: Tally, amount: float) -> IntArray:
    """Day (counted from 1) on which each trial's covered spend first passes `amount`; 0 where the budget holds.

    Returns
    -------
    int64[T]
    """
    return days_of_breach(tally.covered, tally.frame.unit, amount)


def days_of_breach(covered: IntArray, unit: float, amount: float) -> IntArray:
    """The same of covered spend by trial and day, int64[T, D] in units."""
    over = array_in_currency(np.cumsum(covered, axis=1), unit) > amount
    return np.where(over[:, -1], over.argmax(axis=1) + 1, 0)


def share_interval(hits: int, trials: int, level: float = LEVEL, width: float = 1.0) -> tuple[float, float]:
    """Confidence interval of a probability from `hits` in `trials` (Clopper-Pearson).

    Wilson's is shorter, but for the rare breaches that matter most it covers as little as 0.85 where it promises 0.95;
    this one keeps the promise.  With no hits, or nothing but hits, only one side is unknown and has the whole of
    1 - level to itself: no breach in n trials gives [0, 3/n], the rule of three.  The price is a coverage of 0.925 to
    0.95 for probabilities between 3/n and 3.7/n, and nowhere else.

    Where trials are not independent, `width` is how many times as far as these the ends lie from the share, see
    `simulator.risk.replicates.width_ratio`.

    Examples
    --------
    >>> [round(end, 6) for end in share_interval(0, 10_000)]
    [0.0, 0.0003]
    >>> [round(end, 4) for end in share_interval(50, 1_000)]
    [0.0373, 0.0654]
    """
    tail = 1 - level if hits in (0, trials) else (1 - level) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    share = hits / trials
    return max(share - width * (share - low), 0.0), min(share + width * (high - share), 1.0)


def day_quantiles(days: IntArray) -> DayQuantiles:
    """Quantiles of day numbers, one a trial, at least one."""
    ordered = np.sort(days)
    return DayQuantiles(*(int(quantile_of_sorted(ordered, p)) for p in (0.10, 0.50, 0.90)))
