"""What the sessions of a block of trials meet, day by day: how many come, at which driver levels, on which routes.

Pure functions of seed and trial, and of the controls that act: everything that engines have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distributions.counting import gamma_levels, poisson_counts
from distributions.streams import name_hash, period_uniforms
from scenarios.schema import DRIVERS
from simulator.engine.events import Incidents
from simulator.engine.layout import CASE_DTYPE, L_FAILURE, L_VOLUME
from simulator.engine.users import activity

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints, Table
    from simulator.engine.period import Period

    Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cases:
    """Sessions by what hits them.

    Attributes
    ----------
    table : CASE_DTYPE[n], by trial, day, feature and kind; of kinds that no session can be of there are none
    levels : float64[L, 12], driver levels that it points to
    chances : float64[C, P], of a session to be hit by each cause that hits only some
    counts : int64[T, days, F], sessions of all kinds
    beyond : int64[T, days], those of them beyond the capacity of the busiest hour
    """

    table: Table
    levels: Floats
    chances: Floats
    counts: Ints
    beyond: Ints


@dataclass(frozen=True)
class Conditions:
    """A block of trials before any of its sessions.

    Attributes
    ----------
    trial : int64[T]
    drivers : float64[T, 12], the trials' draws
    daily : float64[T], expected sessions of a day of mean weekday factor at the start
    heaviest : float64[T], share of them that the most active user has; nan without users
    incidents : the events
    """

    period: Period
    seed: int
    trial: Ints
    drivers: Floats
    daily: Floats
    heaviest: Floats
    incidents: Incidents

    @classmethod
    def of(cls, period: Period, seed: int, trial: Ints) -> Conditions:
        """Draw what a block of trials shares."""
        scenario, volume = period.scenario, period.scenario.volume
        if volume.users is not None and volume.sessions_per_user_day is not None:
            daily, most = activity(volume.sessions_per_user_day, int(volume.users), seed, trial)
            heaviest = np.divide(most, daily, out=np.zeros(len(trial)), where=daily > 0.0)
        else:
            daily = np.full(len(trial), volume.daily_level(scenario.period.start))
            heaviest = np.full(len(trial), np.nan)
        bits = dict(period.routes.events)
        incidents = Incidents.of(scenario.events, bits, scenario.period, period.points, seed, trial)
        return cls(period, seed, trial, period.driver_levels(seed, trial), daily, heaviest, incidents)

    @property
    def event_days(self) -> Ints:
        """int64[T, E], simulated days on which each event is in force."""
        days: Ints = self.incidents.in_force[:, self.period.first_day :].sum(axis=1, dtype=np.int64)
        return days

    def levels(self, days: slice, acting: Bools | None = None) -> Floats:
        """float64[T, days, 12]: driver levels of the sessions that all events and controls hit alike."""
        levels = self.drivers[:, None, :] * self.period.growth[None, days] * self.incidents.factors[:, days]
        if acting is not None:
            levels *= np.where(by_day(acting)[:, :, :, None], self.period.control_factors, 1.0).prod(axis=2)
        return levels

    def means(self, levels: Floats, days: slice) -> Floats:
        """float64[T, days, F]: expected sessions at driver levels, before a day's own chance."""
        sessions = self.daily[:, None] * self.period.busyness[days] * levels[:, :, L_VOLUME]
        return sessions[:, :, None] * self.period.shares[days]

    @cached_property
    def _wildness(self) -> Floats:
        """float64[T, D]: gamma levels of the days, 1 without a dispersion."""
        dispersion, n_days = self.period.scenario.volume.dispersion, self.period.days
        if dispersion is None:
            return np.ones((len(self.trial), n_days))
        return gamma_levels(self._uniforms("dispersion", slice(0, n_days)).ravel(), dispersion).reshape(-1, n_days)

    def counts(self, levels: Floats, days: slice, acting: Bools | None = None) -> Ints:
        """int64[T, days, F]: how many sessions come."""
        means = self.means(levels, days) * self._wildness[:, days, None]
        if acting is not None:
            means *= np.where((by_day(acting) & self.period.stops).any(axis=2), 0.0, 1.0)[:, :, None]
        counts = [
            poisson_counts(self._uniforms(f"sessions:{name}", days), means[:, :, place])
            for place, name in enumerate(self.period.scenario.features)
        ]
        return np.stack(counts, axis=-1)

    def cases(
        self, days: slice, acting: Bools | None = None, where: Bools | None = None, *, empty: bool = False
    ) -> Cases:
        """Sort the sessions of some days by what hits them.

        Parameters
        ----------
        days : of the period, without a step
        acting : bool[T, K] or bool[T, days, K], the controls that act on these days; none where it is left out
        where : bool[T, days], the only trials and days that are wanted
        empty : whether cases are wanted whatever number of sessions they have, which is not asked for then
        """
        levels = self.levels(days, acting)
        n_features, peak = self.period.shares.shape[1], self.period.scenario.volume.peak_hour
        if empty and peak is None:
            counts = np.ones((*levels.shape[:2], n_features), np.int64)
        else:
            counts = self.counts(levels, days, acting)
        chances, beyond = self._chances(days, counts)
        wanted = np.ones(beyond.shape, np.bool_) if where is None else where
        kinds, rows = [], [levels.reshape(-1, levels.shape[-1])]
        for kind in _kinds(chances):
            case, own = self._kind(kind, days, acting, counts if not empty else np.ones_like(counts), chances, wanted)
            case["count"] = counts[case["row"], case["day"] - days.start, case["feature"]]
            if kind and len(case):
                case["level"] = sum(map(len, rows)) + np.arange(len(case))
                rows.append(rows[0][case["chance"]] * own[case["row"], case["day"] - days.start])
            kinds.append(case)
        table = np.concatenate(kinds)
        order = np.lexsort([table["kind"], table["feature"], table["day"], table["row"]])
        flat = chances.reshape(beyond.size, len(self.period.causes))
        return Cases(table[order], np.concatenate(rows), flat, counts, beyond)

    def _kind(
        self, kind: int, days: slice, acting: Bools | None, counts: Ints, chances: Floats, wanted: Bools
    ) -> tuple[Table, Floats]:
        """Cases of one kind, and float64[T, days, 12], what its causes make of the driver levels."""
        hit = [bool(kind >> place & 1) for place in range(len(self.period.causes))]
        p = np.where(hit, chances, 1.0 - chances).prod(axis=-1)
        row, day, feature = np.nonzero((counts > 0) & ((p > 0.0) & wanted)[:, :, None])
        case = np.zeros(len(row), CASE_DTYPE)
        case["row"], case["trial"], case["day"], case["feature"] = row, self.trial[row], day + days.start, feature
        case["chance"] = case["level"] = row * p.shape[1] + day
        case["kind"], case["probability"] = kind, p[row, day]
        case["route"] = self._routes(kind, days, acting)[row, day]
        return case, self._factors(kind, days) if kind else np.ones(1)

    def _chances(self, days: slice, counts: Ints) -> tuple[Floats, Ints]:
        """float64[T, days, P], how likely each cause hits a session; int64[T, days], sessions beyond the capacity."""
        shape = counts.shape[:2]
        chances, peak = np.zeros((*shape, len(self.period.causes))), self.period.scenario.volume.peak_hour
        for place, (name, event) in enumerate(self.period.partial.items()):
            chances[:, :, place] = event.share * self.incidents.partial[name].in_force[:, days]
        if peak is None:
            return chances, np.zeros(shape, np.int64)
        sessions = counts.sum(axis=-1)
        beyond = np.maximum(0.0, peak.share * sessions - peak.capacity)
        chances[:, :, -1] = np.divide(beyond, sessions, out=np.zeros(shape), where=sessions > 0)
        return chances, np.rint(beyond).astype(np.int64)

    def _factors(self, kind: int, days: slice) -> Floats:
        peak = self.period.scenario.volume.peak_hour
        factors = np.ones((len(self.trial), self.period.busyness[days].shape[0], len(DRIVERS)))
        for place, name in enumerate(self.period.partial):
            if kind >> place & 1:
                for driver, by in self.incidents.partial[name].factors.items():
                    factors[:, :, DRIVERS.index(driver)] *= by[:, days]
        if peak is not None and kind >> len(self.period.partial) & 1:
            factors[:, :, L_FAILURE] *= peak.failure_factor
        return factors

    def _routes(self, kind: int, days: slice, acting: Bools | None) -> Ints:
        """int64[T, days]: rows of the plan's routes."""
        routes = self.period.routes
        bits = self.incidents.routing[:, days].copy()
        for place, name in enumerate(self.period.partial):
            if kind >> place & 1 and name in routes.events:
                bits |= np.int64(1) << routes.events[name]
        if acting is not None:
            for place, bit in routes.controls.items():
                bits |= by_day(acting)[:, :, place].astype(np.int64) << bit
        return routes.row_of[bits]

    def _uniforms(self, purpose: str, days: slice) -> Floats:
        """float64[T, days]."""
        n_days = days.stop - days.start
        trials = np.repeat(self.trial, n_days)
        numbers = np.tile(np.arange(days.start, days.stop), len(self.trial))
        zeros = np.zeros(len(trials), np.uint64)
        drawn = period_uniforms(
            np.uint64(self.seed), name_hash(purpose), trials.astype(np.uint64), numbers.astype(np.uint64), zeros
        )
        return drawn.reshape(len(self.trial), n_days)


def by_day(acting: Bools) -> Bools:
    """bool[T, 1 or days, K], of what acts on all days alike or on each."""
    return acting[:, None, :] if acting.ndim == 2 else acting


def _kinds(chances: Floats) -> list[int]:
    """The kinds that a session may be of, as causes hit it: all that those of some trial and day can make together."""
    bits = np.int64(1) << np.arange(chances.shape[-1], dtype=np.int64)
    kinds = {0}
    for together in np.unique(((chances > 0.0) * bits).sum(axis=-1)).tolist():
        kind = together
        while kind:
            kinds.add(kind)
            kind = (kind - 1) & together
    return sorted(kinds)
