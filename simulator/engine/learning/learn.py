"""Learning what a session costs: which pools are simulated, and what is made of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scenarios.tails import feature_tail
from simulator.engine.layout import CALL_CAUSES, L_PRICE, L_VOLUME
from simulator.engine.learning.ahead import Ahead, Key
from simulator.engine.learning.axes import Axes, price_bends
from simulator.engine.learning.design import candidates, chosen
from simulator.engine.learning.laws import FEW_DEAREST, Tail
from simulator.engine.learning.measure import Base
from simulator.engine.learning.pools import GROUP, Pools, Wanted
from simulator.engine.learning.sheet import Sheet
from simulator.engine.tally import MAX_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.engine.layout import Floats, Ints
    from simulator.engine.learning.measure import Point
    from simulator.engine.learning.pools import Pool
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

    Watch = Callable[[float], None] | None

PILOT = range(2)
BASE_ERROR = 0.00125
"""Relative error that the mean at the base levels may have, where the work allows it; all features together."""
KEY_ERROR, KEY_SHARE = 0.0025, 0.01
"""The same of one key alone, where its part of the spend is so much at least."""
MOST_GROUPS, LEAST_GROUPS = 1024, 4
MOST_CALLS = 1e9
"""Model and tool calls of the sessions at base levels; those at other levels may make as many once more."""
POINTS = (0, 8, 16, 26, 36, 48, 72, 84, 96)
"""Levels that a surface of so many axes is laid through, beside its base level; the last number is for more axes."""
POINT_ERROR, RARE = 0.0025, 3.0
"""Relative error of a level's mean beside that of the base level, by chance; and how much larger it may be at levels
that are met once in a while. Both grow as a key's part of the spend falls."""
FIRST_GROUPS, MOST_POINT_GROUPS = 2, 96
"""Groups of a level that show how many it needs."""
POOLS_AT_ONCE = 16
"""Pools of levels that are in memory together."""
FEWEST = 0.4
"""Part of them that a surface of little spend has."""
HELD_OUT, HELD_OUT_SHARE = 6, 0.05
"""Levels that a surface is tried at and not laid through, where its part of the spend is so much at least."""


@dataclass
class Learner:
    """All that was learnt of a scenario.

    Attributes
    ----------
    shares : of the spend, roughly, by key
    """

    program: Program
    period: Period
    pools: Pools
    sheets: dict[Key, Sheet] = field(default_factory=dict)
    bases: dict[Key, Base] = field(default_factory=dict)
    shares: dict[Key, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def learn(self, watch: Callable[[float], None] | None = None) -> None:
        """Learn all that the first trials are about to meet.

        Parameters
        ----------
        watch : called from the calling thread with the share of the work that is newly done
        """
        pilots = self._pilots()
        costs = np.array([pilot.costs.mean() for pilot in pilots])
        covers = self.program.frame(self.pools.unit).covered_cells
        covered = np.array([_part(pilot.cells, covers) for pilot in pilots]) * costs
        self.ahead = Ahead.of(self.program, self.period, self.pools.seed, costs, covered)
        groups = list(self.ahead.groups())
        total = max(float(self.ahead.spend.sum()), 1e-300)
        self.shares = {key: float(self.ahead.spend[rows].sum()) / total for key, rows in groups}
        self._measure_bases(groups, self._base_groups(groups, pilots), _part_of(watch, 0.5))
        for key, rows in groups:
            self._lay(key, rows, _part_of(watch, 0.5 / len(groups)))

    def sheet(self, key: Key) -> Sheet:
        """What was learnt of a key; what the first trials had none of is learnt when it is met."""
        with self.lock:
            if key not in self.sheets:
                alike = [(self.shares[other], other) for other in self.shares if other.feature == key.feature]
                rows = np.flatnonzero((self.ahead.keys == np.array(max(alike)[1])).all(axis=1))
                self._measure_bases([(key, rows)], {key: LEAST_GROUPS})
                self._lay(key, rows)
            return self.sheets[key]

    def _pilots(self) -> list[Pool]:
        """A few sessions of each feature, at the drivers as written."""
        features, day = range(len(self.program.plan.features)), self.period.first_day
        return self.pools.simulate([Wanted(feature, 0, day, np.ones(12), PILOT) for feature in features])

    def _measure_bases(self, keys: list[tuple[Key, Ints]], sizes: dict[Key, int], watch: Watch = None) -> None:
        wanted = [
            Wanted(key.feature, key.route, key.day, self._base_levels(key, rows), range(sizes[key]))
            for key, rows in keys
        ]
        for (key, _), pool in zip(keys, self._simulate(wanted, watch), strict=True):
            self.bases[key] = Base.of(pool, self._columns(key.feature), self._tail(key.feature, pool))

    def _simulate(self, wanted: list[Wanted], watch: Watch) -> list[Pool]:
        total = sum(one.sessions for one in wanted)
        return self.pools.simulate(wanted, None if watch is None else lambda sessions: watch(sessions / total))

    def _base_levels(self, key: Key, rows: Ints) -> Floats:
        """The middle of what a key meets."""
        weights = self._weights(rows)
        logs = np.log(np.maximum(self.ahead.levels[rows], 1e-9))
        levels: Floats = np.exp((weights[:, None] * logs).sum(axis=0) / weights.sum())
        levels[L_VOLUME] = 1.0
        if not price_bends(self.program.plan, key.feature):
            levels[L_PRICE] = 1.0
        return levels

    def _weights(self, rows: Ints) -> Floats:
        spend = self.ahead.spend[rows]
        return spend if spend.sum() > 0.0 else np.ones(len(rows))

    def _base_groups(self, keys: list[tuple[Key, Ints]], pilots: list[Pool]) -> dict[Key, int]:
        """Groups of each key's base level: the least work that makes the error of them all BASE_ERROR."""
        features, spend = [key.feature for key, _ in keys], np.array([self.shares[key] for key, _ in keys])
        means = np.array([max(float(pilots[f].costs.mean()), 1e-300) for f in features])
        cv = np.array([float(_clipped(pilots[f].costs).std()) for f in features]) / means
        calls = np.array([max(float(pilots[f].calls.mean()), 1.0) for f in features])
        sessions = spend * cv / np.sqrt(calls) * (spend * cv * np.sqrt(calls)).sum() / BASE_ERROR**2
        sessions = np.maximum(sessions, np.where(spend >= KEY_SHARE, (cv / KEY_ERROR) ** 2, 0.0))
        sessions *= min(1.0, MOST_CALLS / max(float((sessions * calls).sum()), 1.0))
        groups = np.clip(np.ceil(sessions / GROUP), LEAST_GROUPS, MOST_GROUPS).astype(np.int64).tolist()
        return {key: size for (key, _), size in zip(keys, groups, strict=True)}

    def _lay(self, key: Key, rows: Ints, watch: Watch = None) -> None:
        """Choose levels of a key, simulate them, and lay a surface through them."""
        axes, levels, rare, n_points = self._design(key, rows)
        base = self.bases[key]
        sizes = [FIRST_GROUPS] * (len(levels) - 1)
        points = self._points(key, levels[1:], sizes, _part_of(watch, 0.2))
        more = self._more_groups(key, points, rare[1:])
        again = [place for place, size in enumerate(more) if size > FIRST_GROUPS]
        larger = self._points(key, levels[1:][again], [more[place] for place in again], _part_of(watch, 0.8))
        for place, point in zip(again, larger, strict=True):
            points[place] = point
        points = [base.own_point(), *points]
        priced, covered = self._priced(key.feature), self._covered(key.feature)
        self.sheets[key] = Sheet.of(base, axes, points[:n_points], points[n_points:], priced, covered)

    def _points(self, key: Key, levels: Floats, sizes: list[int], watch: Watch) -> list[Point]:
        """Measure levels in so many groups each, at the addresses of other groups from one to the next."""
        base, start, wanted = self.bases[key], 0, []
        for level, size in zip(levels, sizes, strict=True):
            n = min(size, len(base.pool.wanted.groups))
            start = start if start + n <= len(base.pool.wanted.groups) else 0
            wanted.append(Wanted(key.feature, key.route, key.day, level, range(start, start + n)))
            start += n
        points: list[Point] = []
        total = max(sum(one.sessions for one in wanted), 1)
        for first in range(0, len(wanted), POOLS_AT_ONCE):
            some = wanted[first : first + POOLS_AT_ONCE]
            part = sum(one.sessions for one in some) / total
            points += [base.point(pool) for pool in self._simulate(some, _part_of(watch, part))]
        return points

    def _more_groups(self, key: Key, points: list[Point], rare: list[bool]) -> list[int]:
        """Groups that each level needs to be as sure as it should be, as far as the work allows it."""
        target = POINT_ERROR / np.sqrt(max(self.shares.get(key, 0.0), 1e-6))
        allowed = np.where(rare, RARE * target, target)
        needed = FIRST_GROUPS * np.array([point.noise for point in points]) / allowed**2
        calls = GROUP * needed * np.array([point.calls for point in points])
        part = min(1.0, max(self.shares.get(key, 0.0), 0.01) * MOST_CALLS / max(float(calls.sum()), 1.0))
        return [int(min(np.ceil(part * size), MOST_POINT_GROUPS)) for size in needed]

    def _design(self, key: Key, rows: Ints) -> tuple[Axes, Floats, list[bool], int]:
        """Axes; levels to simulate, the base level first, and which are rare; how many the surface is laid through."""
        levels, weights = self.ahead.levels[rows], self._weights(rows)
        axes = Axes.of(self.program.plan, key.feature, levels, weights)
        base = self.bases[key].pool.wanted.levels[None, :].copy()
        if not len(axes.drivers):
            return axes, base, [False], 1
        places = axes.places(levels)
        order = np.lexsort(places.T)
        some, importance = candidates(places[order], weights[order])
        some = order[some]
        share = self.shares.get(key, 0.0)
        count = round(POINTS[min(len(axes.drivers), len(POINTS) - 1)] * min(1.0, max(FEWEST, 2.0 * np.sqrt(share))))
        picked = chosen(places[some], importance, axes.reach, axes.places(base), count)
        tried = _spaced(int((importance == 1.0).sum()), HELD_OUT) if share >= HELD_OUT_SHARE else []
        rare = [False, *(importance[[*picked, *tried]] < 1.0).tolist()]
        own = levels[some[[*picked, *tried]]].copy()
        own[:, L_VOLUME] = 1.0
        if not price_bends(self.program.plan, key.feature):
            own[:, L_PRICE] = 1.0
        return axes, np.concatenate([base, own]), rare, 1 + len(picked)

    def _columns(self, feature: int) -> Ints:
        frame = self.program.frame(self.pools.unit)
        name = frame.features[feature]
        return np.array([column for column, cell in enumerate(frame.cells) if cell.feature == name], np.int64)

    def _priced(self, feature: int) -> np.ndarray:
        cells, columns = self.program.frame(self.pools.unit).cells, self._columns(feature)
        outside = not price_bends(self.program.plan, feature)
        return np.array([outside and cells[column].cause in CALL_CAUSES for column in columns], np.bool_)

    def _covered(self, feature: int) -> np.ndarray:
        covered: np.ndarray = self.program.frame(self.pools.unit).covered_cells[self._columns(feature)]
        return covered

    def _tail(self, feature: int, pool: Pool) -> Tail:
        """The tail of a feature's costs; a session is cut at the latest when it has made MAX_CALLS calls."""
        scenario = self.program.scenario
        index = feature_tail(scenario, list(scenario.features)[feature]).index
        dearest = pool.costs >= np.partition(pool.costs, -FEW_DEAREST, axis=None)[-FEW_DEAREST]
        costs, calls = pool.costs[dearest], np.maximum(pool.calls[dearest], 1)
        return Tail(index, float(np.median(costs / calls)) * MAX_CALLS)


def _part_of(watch: Watch, part: float) -> Watch:
    """A watch of a part of the work."""
    return None if watch is None else lambda share: watch(part * share)


def _part(cells: Ints, covers: np.ndarray) -> float:
    total = float(cells.sum())
    return float(cells[:, covers].sum()) / total if total > 0.0 else 0.0


def _clipped(costs: Floats) -> Floats:
    """Costs without the last 1 in 1,000, which say little of a law whose variance may not be there."""
    return np.minimum(costs, np.quantile(costs, 0.999))


def _spaced(n: int, count: int) -> list[int]:
    return [int(n * (i + 0.5) / count) for i in range(min(n, count))]
