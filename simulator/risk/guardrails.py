"""What guardrails buy and what they cost: the same sessions with and without them, and the errors of the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from simulator.engine.tally import CUT_BY_CALLS, CUT_BY_COST, CUT_BY_LIMIT, FloatArray, IntArray, Records
from simulator.risk.quantiles import LEVEL


@dataclass(frozen=True)
class Estimate:
    """A mean of a period with its standard error and 95 % interval, in which one period differs from the next."""

    mean: float
    se: float
    ci: tuple[float, float]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Estimate:
        """The inverse of `dataclasses.asdict`, after a way through JSON."""
        return cls(values["mean"], values["se"], tuple(values["ci"]))


@dataclass(frozen=True)
class GuardrailEffect:
    """What the guardrails of one feature do: sessions as they are, against the same ones without.

    Money is in currency and leaves fixed costs out. Figures that the sample does not give are nan.

    Attributes
    ----------
    feature : its name
    lifted : the guardrails that are compared with none, by name, as stated
    kept : caps that hold on both sides, by name: a default, or a depth without which a tree would not end
    sampled, cut, held, compared : sessions looked at; of them cut by a guardrail, and held (a child did not start); of
        these two, those that were simulated again without
    cut_rate, held_rate : shares of the sampled sessions
    saving : of a period; below 0 where what follows a cut costs more than the rest of the session would have
    successes_lost : of a period
    saving_per_success_lost : nan where no success is lost
    cost_per_success, cost_per_success_without : with the guardrails and without; inf where nothing succeeds
    past_limit : sessions that without guardrails ended at the hard limit on calls, so that the saving is understated
    """

    feature: str
    lifted: Mapping[str, float]
    kept: Mapping[str, float]
    sampled: int
    cut: int
    held: int
    compared: int
    cut_rate: float
    held_rate: float
    saving: Estimate
    successes_lost: Estimate
    saving_per_success_lost: float
    cost_per_success: float
    cost_per_success_without: float
    past_limit: int

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GuardrailEffect:
        """The inverse of `dataclasses.asdict`, after a way through JSON."""
        estimates = {name: Estimate.from_dict(values[name]) for name in ("saving", "successes_lost")}
        return cls(**{**values, **estimates})


@dataclass(frozen=True)
class Comparison:
    """Sessions of one feature with guardrails, and some of those that they touched without.

    Attributes
    ----------
    trials : int64[T], all trials of the run, those without a session in the sample too
    sessions : mean sessions of a period
    sampled : SESSION_DTYPE[n], an evenly spaced sample of the feature's sessions, as they are
    touched : bool[n], whether a guardrail may have made a session another
    again : int64[m], places in `sampled` of the touched ones that were simulated without: all, or an evenly spaced part
    without : SESSION_DTYPE[m], these
    """

    trials: IntArray
    sessions: float
    sampled: Records
    touched: npt.NDArray[np.bool_]
    again: IntArray
    without: Records

    def change(self, column: str) -> FloatArray:
        """float64[m], by how much lifting the guardrails raises a column of the touched sessions."""
        before = self.sampled[column][self.again].astype(np.float64)
        return self.without[column].astype(np.float64) - before


def guardrail_effect(
    feature: str, lifted: Mapping[str, float], kept: Mapping[str, float], compared: Comparison
) -> GuardrailEffect:
    """The effect of a feature's guardrails, from sessions of common random numbers."""
    sampled, n = compared.sampled, len(compared.sampled)
    cut, held = int(cut_by_guardrail(sampled).sum()), int(sampled["held"].sum())
    saving, lost = (_mean_change(compared, compared.change(column)) for column in ("cost", "success"))
    cost, successes = (_mean(sampled[column]) * compared.sessions for column in ("cost", "success"))
    return GuardrailEffect(
        feature=feature,
        lifted=lifted,
        kept=kept,
        sampled=n,
        cut=cut,
        held=held,
        compared=len(compared.again),
        cut_rate=cut / n if n else math.nan,
        held_rate=held / n if n else math.nan,
        saving=saving,
        successes_lost=lost,
        saving_per_success_lost=saving.mean / lost.mean if lost.mean > 0 else math.nan,
        cost_per_success=_per_success(cost, successes),
        cost_per_success_without=_per_success(cost + saving.mean, successes + lost.mean),
        past_limit=int((compared.without["cut"] == CUT_BY_LIMIT).sum()),
    )


def cut_by_guardrail(records: Records) -> npt.NDArray[np.bool_]:
    """Which sessions a guardrail cut; the hard limit on calls is none."""
    cut: npt.NDArray[np.bool_] = np.isin(records["cut"], (CUT_BY_COST, CUT_BY_CALLS))
    return cut


def _mean_change(compared: Comparison, change: FloatArray) -> Estimate:
    """A period's mean of a change, and its error by trial, or by session where there is one trial alone.

    Of n sessions K are touched, and m of these are simulated again; their mean change d stands for the other touched
    ones. Linearised, a trial contributes w (d K_t + K/m * sum over its m_t of (change - d)) with w sessions of the run
    a session of the sample, and the spread of that over the trials has all in it: the sample, the part of it that was
    simulated again, and what trials don't share (two-phase sampling: Särndal, Swensson and Wretman 1992, chapter 9).
    """
    n, touched, m = len(compared.sampled), int(compared.touched.sum()), len(change)
    if not n:
        return Estimate(math.nan, math.nan, (math.nan, math.nan))
    if not touched:
        return Estimate(0.0, 0.0, (0.0, 0.0))
    typical = float(change.mean())
    parts = typical * compared.touched.astype(np.float64)
    parts[compared.again] += touched / m * (change - typical)
    mean = compared.sessions * touched / n * typical
    periods = len(compared.trials)
    if periods > 1:
        clusters = np.searchsorted(compared.trials, compared.sampled["trial"])
        parts = np.bincount(clusters, parts, periods).astype(np.float64)
    se = _error_of_sum(parts) * compared.sessions / n
    half = se * float(stdtrit(max(1, len(parts) - 1), (1 + LEVEL) / 2))
    return Estimate(mean, se, (mean - half, mean + half))


def _error_of_sum(parts: FloatArray) -> float:
    """Standard error of the sum of independent parts of one law."""
    return math.sqrt(len(parts)) * float(parts.std(ddof=1)) if len(parts) > 1 else math.nan


def _mean(values: npt.ArrayLike) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()) if len(array) else math.nan


def _per_success(cost: float, successes: float) -> float:
    if successes > 0:
        return cost / successes
    return math.nan if math.isnan(successes) else math.inf
