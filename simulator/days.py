"""Days of a log against days of the scenario: what a day spends, what weekdays do, how often its interval holds.

Numbers of sessions are those of a run: volume, weekdays, dispersion, users. What they cost is drawn from sessions that
were simulated already; of very many only the sum is drawn, as a normal value.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distributions.streams import name_hash, period_uniforms
from scenarios.calibrating.days import SECONDS_A_DAY, count_days
from scenarios.risks import Drivers
from scenarios.words import WEEKDAYS
from simulator.engine.conditions import Conditions
from simulator.engine.period import Period
from simulator.engine.points import Points
from simulator.judged import SPEND, Quantity, Sample, judge
from simulator.sampled import bare

if TYPE_CHECKING:
    from datetime import date

    from scenarios.calibrating.learnings import Sessions
    from scenarios.schema import Scenario
    from simulator.engine.tally import Records

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_DAYS, WEEKS_OF_WEEKDAYS = 14, 3
LEVEL = 0.90
TRIALS, FEWEST_TRIALS, ROOM = 200, 50, 20_000_000
SUMMED = 2_000
"""Sessions of a day and feature of which more are drawn as one sum."""
Z_OF_SEVEN = 2.690
"""Normal quantile at 1 - 0.05 / 2 / 7: one chance in twenty that any of seven weekdays leaves its band."""
MATERIAL = 0.10
_COST, _SUM, _OPEN = (name_hash(f"backtest:day:{what}") for what in ("cost", "sum", "open"))


@dataclass(frozen=True)
class Weekday:
    """A weekday's spend over that of the mean day.

    Attributes
    ----------
    band : how far chance takes the observed one
    off : whether they differ by more than that and a tenth of the mean day
    """

    name: str
    observed: float
    simulated: float
    band: float

    @property
    def off(self) -> bool:
        """Whether they differ by more than chance makes, and by more than a tenth of the mean day."""
        return abs(self.simulated - self.observed) > max(self.band, MATERIAL)


@dataclass(frozen=True)
class Days:
    """What came of holding days against days.

    Attributes
    ----------
    first, n : the whole days of the log
    cut : days at its ends that it does not hold whole
    spend : a day's spend, simulated against observed; None where the days are too few
    inside : share of the days within the 90 % interval of their weekday, drivers counted; None likewise
    weekdays : where there are three weeks of them
    """

    first: date
    n: int
    cut: int
    level: float
    spend: Quantity | None
    inside: float | None
    weekdays: tuple[Weekday, ...]


def compare_days(
    scenario: Scenario,
    observed: Sessions,
    simulated: Records,
    open_sd: float,
    share: float,
    seed: int,
    fitted_sessions: int | None = None,
) -> Days:
    """Hold the days of a dated log against those of the scenario.

    Parameters
    ----------
    observed : with their costs
    simulated : sessions of the scenario, drivers at 1
    open_sd : log standard deviation of a session's mean cost that drivers leave open
    share : of all sessions of those days that the observed ones are, were all of these dated
    fitted_sessions : how many others of the same days the scenario was learnt from
    """
    assert observed.cost is not None
    known = np.isfinite(observed.start)
    found = count_days(observed.start[known])
    if len(found) < FEWEST_DAYS:
        return Days(found.first, len(found), found.cut, LEVEL, None, None, ())
    day = np.floor_divide(observed.start[known], SECONDS_A_DAY).astype(np.int64)
    day -= np.datetime64(found.first, "D").astype(np.int64)
    whole = (day >= 0) & (day < len(found))
    spent: Floats = np.bincount(day[whole], observed.cost[known][whole], len(found)).astype(np.float64)
    seen = share * float(known.mean())
    plain, volume = (_period(scenario, found.first, len(found), seen, kept) for kept in (False, True))
    trials = _trials(plain)
    usual = _spend(plain, simulated, trials, 0.0, seed)
    fitted_days = max(1, round(len(found) * fitted_sessions / len(observed))) if fitted_sessions else None
    spend = judge(
        SPEND, scenario.currency, Sample(spent), usual.ravel(), simulated_sessions=usual.size,
        fitted_sessions=fitted_days,  # a day of the log was parted: what was learnt of it has chance of its own
    )  # fmt: skip
    inside = _inside(spent, _spend(volume, simulated, trials, open_sd, seed + 1), found.weekday)
    weekdays = _weekdays(spent, usual, found.weekday) if len(found) >= WEEKS_OF_WEEKDAYS * 7 else ()
    return Days(found.first, len(found), found.cut, LEVEL, spend, inside, weekdays)


def _period(scenario: Scenario, first: date, n: int, share: float, with_volume: bool) -> Period:
    """The calendar of the log's days: no events, no trends, no rollout; of the drivers that of volume or none."""
    volume = scenario.volume.model_copy(update={"peak_hour": None, "rollout": {}})
    features = {name: one.model_copy(update={"rollout": {}}) for name, one in scenario.features.items()}
    span = scenario.period.model_copy(update={"start": first, "days": n})
    kept = Drivers.model_construct(volume=scenario.drivers.volume) if with_volume else Drivers()
    # A month's sessions are those of the month that the scenario is of, not of that of the log.
    daily = {"sessions_per_day": volume.daily_level(scenario.period.start), "sessions_per_month": None}
    volume = volume if volume.users is not None else volume.model_copy(update=daily)
    changed = {"volume": volume, "features": features, "period": span, "drivers": kept}
    made = Period.of(bare(scenario).model_copy(update=changed), Points("plain"))
    return dataclasses.replace(made, busyness=made.busyness * share)


def _trials(period: Period) -> int:
    drawn = float(np.minimum(period.expected_sessions, SUMMED).sum())
    return int(min(max(ROOM / max(drawn, 1.0), FEWEST_TRIALS), TRIALS))


def _spend(period: Period, simulated: Records, trials: int, open_sd: float, seed: int) -> Floats:
    """float64[T, D], what each day spends."""
    days = slice(0, period.days)
    conditions = Conditions.of(period, seed, np.arange(trials))
    counts = conditions.counts(conditions.levels(days), days)
    spend = np.zeros(counts.shape[:2])
    for feature in range(counts.shape[2]):
        pool = simulated["cost"][simulated["feature"] == feature]
        if pool.size:
            spend += _costs(counts[:, :, feature], pool, seed, feature)
    if open_sd:
        from scipy.special import ndtri

        u = period_uniforms(seed, _OPEN, np.arange(trials), 0, 0)
        spend *= np.exp(open_sd * ndtri(u) - open_sd**2 / 2)[:, None]
    return spend


def _costs(counts: Ints, pool: Floats, seed: int, feature: int) -> Floats:
    """Sums of as many costs of a pool as counts say, drawn with replacement."""
    from scipy.special import ndtri

    flat, cells = counts.ravel(), np.arange(counts.size)
    few = np.where(flat <= SUMMED, flat, 0)
    cell = np.repeat(cells, few)
    within = np.arange(cell.size) - np.repeat(np.cumsum(few) - few, few)
    u = period_uniforms(seed, _COST, cell, feature, within)
    sums = np.bincount(cell, pool[np.minimum((u * pool.size).astype(np.int64), pool.size - 1)], counts.size)
    z = ndtri(period_uniforms(seed, _SUM, cells, feature, 0))
    many = np.maximum(flat * pool.mean() + np.sqrt(flat) * pool.std() * z, 0.0)
    found: Floats = np.where(flat <= SUMMED, sums, many).reshape(counts.shape)
    return found


def _inside(spent: Floats, simulated: Floats, weekday: Ints) -> float:
    tail = (1.0 - LEVEL) / 2.0
    inside = 0
    for day in np.unique(weekday):
        low, high = np.quantile(simulated[:, weekday == day], [tail, 1.0 - tail])
        here = spent[weekday == day]
        inside += int(((low <= here) & (here <= high)).sum())
    return inside / spent.size


def _weekdays(spent: Floats, simulated: Floats, weekday: Ints) -> tuple[Weekday, ...]:
    n = np.bincount(weekday, minlength=7)
    here = np.bincount(weekday, spent, 7) / n
    there = np.bincount(weekday, simulated.mean(axis=0), 7) / n
    if not here.any() or not there.any():
        return ()
    level = here.mean()
    scatter = np.sqrt(((spent - here[weekday]) ** 2).sum() / (spent.size - 7)) / level
    band = Z_OF_SEVEN * scatter * np.sqrt((1.0 - 1.0 / 7.0) / n)
    rows = zip(WEEKDAYS, here / level, there / there.mean(), band, strict=True)
    return tuple(Weekday(name, float(a), float(b), float(c)) for name, a, b, c in rows)
