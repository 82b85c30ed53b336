"""Which pools stand for the sessions of a run, and what follows for the aggregates over single sessions."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.engine.learning.ahead import Key, days_of_prices
from simulator.engine.learning.counted import Mixture
from simulator.engine.learning.laws import PASSED
from simulator.engine.learning.sheet import packed
from simulator.engine.sum_layout import N_FACTORS, SPAN_OCTAVES, STEPS_PER_FACTOR

if TYPE_CHECKING:
    from simulator.engine.layout import Ints, Table
    from simulator.engine.learning.learn import Learner
    from simulator.engine.learning.sheet import Sheet
    from simulator.engine.sum_layout import Learnt
    from simulator.engine.tally import Tally


class Place(NamedTuple):
    """Where sessions stand: a key, one of its points, and a bin of what prices make of their cost."""

    key: Key
    point: int
    factor: int


class Book:
    """Sheets by key, laid out for the cases at hand."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._days, self._n_routes = days_of_prices(learner.program), len(learner.program.plan.cards)
        self._packed: dict[tuple[Key, ...], Learnt] = {}
        self._lock = threading.Lock()
        self.seed, self.unit = learner.pools.seed, learner.pools.unit
        frame = learner.program.frame(self.unit)
        self.columns = [
            np.array([column for column, cell in enumerate(frame.cells) if cell.feature == name], np.int64)
            for name in frame.features
        ]

    def pages(self, cases: Table) -> tuple[Learnt, Ints, list[tuple[Key, Sheet]]]:
        """What was learnt of some cases, the surface of each, and the sheets in their order."""
        n_days = len(self._days)
        codes = (cases["feature"] * self._n_routes + cases["route"]) * n_days + self._days[cases["day"]]
        wanted, surfaces = np.unique(codes, return_inverse=True)
        keys = tuple(
            Key(int(code) // n_days // self._n_routes, int(code) // n_days % self._n_routes, int(code) % n_days)
            for code in wanted
        )
        sheets = [(key, self._learner.sheet(key)) for key in keys]
        with self._lock:
            if keys not in self._packed:
                features = self._learner.program.plan.features["name_hash"]
                self._packed[keys] = packed([sheet for _, sheet in sheets], np.ascontiguousarray(features))
            return self._packed[keys], np.ascontiguousarray(surfaces.astype(np.int64)), sheets


class Served:
    """How many sessions stand where."""

    def __init__(self) -> None:
        self.counts: dict[Place, int] = defaultdict(int)
        self.sheets: dict[Key, Sheet] = {}
        self._by_case: Ints = np.zeros((0, 2), np.int64)
        self._order: list[tuple[Key, int]] = []

    @classmethod
    def of(cls, by_case: Ints, sheets: list[tuple[Key, Sheet]]) -> Served:
        """Read what a kernel has noted of each case."""
        served = cls()
        served._by_case, served.sheets = by_case, dict(sheets)
        served._order = [(key, point) for key, sheet in sheets for point in range(len(sheet.points))]
        return served

    def only(self, wanted: np.ndarray) -> None:
        """Forget cases that are not wanted."""
        self._by_case = self._by_case[wanted[: len(self._by_case)]]

    def add(self, other: Served) -> None:
        """Add the sessions of another set of cases."""
        other.settle()
        for place, count in other.counts.items():
            self.counts[place] += count
        self.sheets.update(other.sheets)

    def settle(self) -> None:
        """Count the sessions of all cases."""
        places, rows = np.unique(self._by_case[:, 0], return_inverse=True)
        sums = np.zeros(len(places), np.int64)
        np.add.at(sums, rows.ravel(), self._by_case[:, 1])
        for place, count in zip(places.tolist(), sums.tolist(), strict=True):
            key, point = self._order[place // N_FACTORS]
            self.counts[Place(key, point, place % N_FACTORS)] += count
        self._by_case = self._by_case[:0]

    def _dearest(self, feature: int, sessions: int) -> float:
        """What the dearest of so many sessions costs where pools are too small to have its like; 0 elsewhere."""
        bases = [sheet.base for key, sheet in self.sheets.items() if key.feature == feature]
        heavy = [base.knots for base in bases if base.tail.is_heavy and sessions]
        return max((float(np.interp(-1.0 / sessions, -PASSED, knots)) for knots in heavy), default=0.0)

    def into(self, tally: Tally) -> None:
        """Set the aggregates over sessions of a tally of the trials that they come from."""
        mixtures: dict[int, Mixture] = defaultdict(Mixture)
        for place in sorted(self.counts):
            if self.counts[place]:
                pool = self.sheets[place.key].points[place.point].counted
                factor = 2.0 ** (place.factor / STEPS_PER_FACTOR - SPAN_OCTAVES)
                mixtures[place.key.feature].add(pool, self.counts[place], factor)
        for feature, mixture in sorted(mixtures.items()):
            sessions = sum(tally.sessions[:, :, feature].sum(axis=1, dtype=np.int64).tolist())
            mixture.most = max(mixture.most, self._dearest(feature, sessions))
            money = sum(tally.daily[:, :, feature].sum(axis=1, dtype=np.int64).tolist())
            mixture.into(tally.session, feature, sessions, money)
