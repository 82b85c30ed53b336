"""Sobol points beside plain draws: by how much they cut the variance of a period's quantiles.

A run costs minutes and its variance takes hundreds of them, so this is measured on a surrogate: the drivers, trends and
events of a coding assistant, of which spend is a smooth function by the day. What luck leaves (the days' numbers of
sessions, when incidents start and how long they last) is drawn plainly, as a run does it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distributions.counting import gamma_levels, poisson_counts
from distributions.law import Law
from distributions.streams import name_hash, period_uniforms
from scenarios.laws import law
from scenarios.risks import Drivers as Stated
from scenarios.words import DRIVERS
from simulator.engine.drivers import Drivers
from simulator.engine.points import Points, PointsKind

Floats = npt.NDArray[np.float64]

TRIALS, SEEDS, DAYS = 10_000, 200, 31
QUANTILES = (0.50, 0.95, 0.99)
MOST_STARTS = 8

STATED = Stated.model_validate(
    {
        "volume": "0.7 to 1.6",
        "output_tokens": {"pert": {"low": 0.9, "mode": 1.0, "high": 1.6}},
        "failure_rate": {"lognormal": {"p10": 0.7, "p90": 2.0}},
        "context": {"uniform": {"low": 1.0, "high": 1.5}},
        "correlation": {"volume~failure_rate": 0.4},
    }
)
SPIKE, STORM_DAYS = law({"p50": 2, "p95": 5}), law({"geometric": {"mean": 1.5}})
MONTHS = np.arange(DAYS) / 31
SHARES = {"output": 0.25, "context": 0.35, "other": 0.40}
"""Of the cost of a session with all drivers at 1."""
FAILURE_RATE, FIXED, DISPERSION = 0.05, 0.15, 20


def measure(seeds: int = SEEDS) -> list[tuple[str, str, str]]:
    """Rows of (what, measured, asked for)."""
    plain, sobol = (np.array([quantiles(kind, seed) for seed in range(seeds)]) for kind in ("plain", "sobol"))
    off = np.abs(plain.mean(axis=0) - sobol.mean(axis=0)) / np.sqrt((plain.var(axis=0) + sobol.var(axis=0)) / seeds)
    if off.max() > 5:
        raise RuntimeError(f"the two kinds of points disagree, by {off} standard errors")
    ratios = plain.var(axis=0) / sobol.var(axis=0)
    wanted = {0.95: "at least 2"}
    return [
        (f"variance of P{100 * p:.0f}, plain draws over Sobol points", f"{ratio:.1f}", wanted.get(p, ""))
        for p, ratio in zip(QUANTILES, ratios, strict=True)
    ]


def quantiles(kind: PointsKind, seed: int, trials: int = TRIALS) -> Floats:
    """P50, P95 and P99 of the surrogate's spend."""
    spend = np.sort(surrogate(Points(kind), seed, np.arange(trials)))
    return spend[[int(np.ceil(p * trials)) - 1 for p in QUANTILES]]


def surrogate(points: Points, seed: int, trial: npt.NDArray[np.int64]) -> Floats:
    """float64[T]: spend of each trial, 1 where nothing is uncertain and no event comes."""
    drawn = dict(zip(DRIVERS, Drivers.of(STATED, points).levels(seed, trial).T[:, :, None], strict=True))
    volume = drawn["volume"] * 1.15**MONTHS * _spike(points, seed, trial)
    storm = _in_force(points, seed, trial, "retry-storm", 1.2, STORM_DAYS)
    outage = _in_force(points, seed, trial, "outage", 0.4)
    failures = np.minimum(0.9, FAILURE_RATE * drawn["failure_rate"] * np.where(storm, 8.0, 1.0))
    tokens = SHARES["output"] * drawn["output_tokens"] + SHARES["context"] * drawn["context"] * 1.08**MONTHS
    cost = (tokens + SHARES["other"]) * (1 + failures + failures**2) * np.where(outage, 0.4, 1.0)
    rise = _uniform(points, seed, trial, "event:price-rise:happens") < 0.15
    price = np.where(rise & (np.arange(DAYS) >= 14), 1.25, 1.0)
    return FIXED + (volume * _luck(seed, trial) * cost * price).sum(axis=1) / DAYS


def _uniform(points: Points, seed: int, trial: npt.NDArray[np.int64], purpose: str) -> Floats:
    return points.uniforms(seed, purpose, trial)[:, None]


def _spike(points: Points, seed: int, trial: npt.NDArray[np.int64]) -> Floats:
    happens = _uniform(points, seed, trial, "event:launch-spike:happens") < 0.6
    days = (np.arange(DAYS) >= 9) & (np.arange(DAYS) < 13)
    return np.where(happens & days, SPIKE.ppf(_uniform(points, seed, trial, "event:launch-spike:volume")), 1.0)


def _in_force(
    points: Points, seed: int, trial: npt.NDArray[np.int64], event: str, per_month: float, lasts: Law | None = None
) -> npt.NDArray[np.bool_]:
    """bool[T, D]: whether any occurrence of an event at a rate is in force."""
    starts = poisson_counts(points.uniforms(seed, f"event:{event}:starts", trial), np.full(len(trial), per_month))
    in_force = np.zeros((len(trial), DAYS), np.bool_)
    for number in range(MOST_STARTS):
        first, length = (
            period_uniforms(seed, name_hash(f"{event}:{what}"), trial, 0, number)[:, None] for what in ("day", "days")
        )
        since = np.arange(DAYS) - np.floor(first * DAYS)
        last = 1.0 if lasts is None else lasts.ppf(length)
        in_force |= (number < starts[:, None]) & (since >= 0) & (since < last)
    return in_force


def _luck(seed: int, trial: npt.NDArray[np.int64]) -> Floats:
    """float64[T, 1]: sessions of the period beside what is expected of it; the days' own luck, taken together."""
    luck: Floats = gamma_levels(period_uniforms(seed, name_hash("dispersion"), trial, 0, 0), DISPERSION * DAYS)
    return luck[:, None]
