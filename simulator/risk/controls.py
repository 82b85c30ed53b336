"""What controls do: the same trials with and without them, and never a saving without the sessions turned away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from simulator.engine.tally import IntArray, Tally, Threshold
from simulator.risk.breach import Breach, DayQuantiles, breach_of, day_quantiles, days_of_breach, share_interval
from simulator.risk.guardrails import Estimate
from simulator.risk.money import array_in_currency, exact_mean, in_currency
from simulator.risk.quantiles import LEVEL, quantile_of_sorted
from simulator.risk.replicates import replicates
from simulator.risk.spend import Spend, spend_units


@dataclass(frozen=True)
class TurnedAway:
    """Sessions that did not come because of controls.

    Attributes
    ----------
    mean : of a trial
    share : of all sessions that would have come, over all trials
    p95_share : the share of a trial's sessions that 95 % of the trials do not pass
    """

    mean: float
    share: float
    p95_share: float


@dataclass(frozen=True)
class Reduction:
    """By how much a chance is lower with controls than without, and its 95 % interval, paired by trial."""

    mean: float
    ci: tuple[float, float]


@dataclass(frozen=True)
class Leak:
    """Covered spend beyond a control's threshold by the time it acts, among the trials in which it does; currency."""

    mean: float
    p95: float


@dataclass(frozen=True)
class Action:
    """What one control did.

    Attributes
    ----------
    threshold : the covered spend, one-time costs left out, above which it is to act; in currency
    at : the same as a share of the budget; None without one
    delay_days : how many days it takes to act, on top of the rest of the day
    crossed_rate : share of the trials that pass the threshold
    acted_rate : share of the trials in which there is a day left for it to act on
    day : from which day on it acts; None where it never does
    leak : None where it never acts
    """

    threshold: float
    at: float | None
    delay_days: int
    crossed_rate: float
    acted_rate: float
    day: DayQuantiles | None
    leak: Leak | None


@dataclass(frozen=True)
class Controls:
    """The same trials with no control ever acting, beside those that were simulated.

    Attributes
    ----------
    spend, covered : without controls
    breach : risk of the budget without controls; None without a budget
    reduction : of the chance that the budget breaks; None without a budget
    saving : mean spend without controls less that with them, paired by trial
    turned_away : what the saving costs
    actions : one a control, in the order written
    """

    spend: Spend
    covered: Spend
    breach: Breach | None
    reduction: Reduction | None
    saving: Estimate
    turned_away: TurnedAway
    actions: tuple[Action, ...]


def controls(tally: Tally, budget: float | None) -> Controls | None:
    """What the controls of a scenario do; None without any."""
    unit = tally.frame.unit
    if not tally.frame.thresholds:
        return None
    return Controls(
        spend=Spend(tally.free_spend.sum(axis=1), unit, replicates(tally)),
        covered=Spend(tally.free_covered.sum(axis=1), unit, replicates(tally)),
        breach=None if budget is None else breach_of(tally.free_covered, unit, budget, replicates(tally)),
        reduction=None if budget is None else _reduction(tally, budget),
        saving=_saving(tally),
        turned_away=_turned_away(tally),
        actions=tuple(_actions(tally, budget)),
    )


def reduction_interval(lost: int, won: int, trials: int) -> tuple[float, float]:
    """Interval of p - q, where `lost` of the trials break without controls alone, and `won` with them alone.

    The two shares get intervals at half the risk each, so that the promise is kept whatever ties them together. The
    price is a tenth of the width where, as is usual, controls break nothing that held.

    Examples
    --------
    >>> [round(end, 4) for end in reduction_interval(100, 0, 1_000)]
    [0.0757, 0.1235]
    """
    half = (1 + LEVEL) / 2
    first, second = share_interval(lost, trials, half), share_interval(won, trials, half)
    return first[0] - second[1], first[1] - second[0]


def _reduction(tally: Tally, budget: float) -> Reduction:
    free, held = (days_of_breach(days, tally.frame.unit, budget) > 0 for days in (tally.free_covered, tally.covered))
    lost, won, trials = int((free & ~held).sum()), int((held & ~free).sum()), len(free)
    return Reduction((lost - won) / trials, reduction_interval(lost, won, trials))


def _saving(tally: Tally) -> Estimate:
    saved = tally.free_spend.sum(axis=1) - spend_units(tally)
    n, mean = len(saved), in_currency(exact_mean(saved), tally.frame.unit)
    if n < 2:
        return Estimate(mean, math.nan, (math.nan, math.nan))
    se = float(array_in_currency(saved, tally.frame.unit).std(ddof=1)) / math.sqrt(n)
    half = se * float(stdtrit(n - 1, (1 + LEVEL) / 2))
    return Estimate(mean, se, (mean - half, mean + half))


def _turned_away(tally: Tally) -> TurnedAway:
    away = tally.turned_away
    wanted = away + tally.sessions.sum(axis=(1, 2))
    p95 = quantile_of_sorted(np.sort(away / np.maximum(wanted, 1)), 0.95)
    return TurnedAway(float(away.mean()), float(away.sum() / max(1, wanted.sum())), p95)


def _actions(tally: Tally, budget: float | None) -> Iterator[Action]:
    frame, trials = tally.frame, len(tally.trial)
    so_far = np.cumsum(tally.covered, axis=1)
    if len(frame.one_time_daily):
        so_far -= np.cumsum(frame.one_time_daily)
    for threshold, crossed in zip(frame.thresholds, tally.crossed.T, strict=True):
        first = np.where(crossed > 0, crossed + 1 + threshold.delay_days, 0)
        acts = (first > 0) & (first <= len(frame.dates))
        amount = in_currency(threshold.units, frame.unit)
        yield Action(
            threshold=amount,
            at=None if budget is None else amount / budget,
            delay_days=threshold.delay_days,
            crossed_rate=int((crossed > 0).sum()) / trials,
            acted_rate=int(acts.sum()) / trials,
            day=day_quantiles(first[acts]) if acts.any() else None,
            leak=_leak(so_far[acts, first[acts] - 2], threshold, frame.unit) if acts.any() else None,
        )


def _leak(so_far: IntArray, threshold: Threshold, unit: float) -> Leak:
    """Of spend at the end of the last day on which the control did not act yet."""
    beyond = Spend(so_far - threshold.units, unit)
    return Leak(beyond.mean, beyond.p95)
