"""The hybrid engine: trial by trial what the exact one sees, but a day's sessions are one draw of their sum.

Conditions, counts and controls are those of the exact engine to the bit; only what the sessions of a trial, day,
feature and kind cost together is drawn, from what was learnt of such sums (``learning/``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from scenarios.schema import DRIVERS
from simulator.engine.blocks import Blocks
from simulator.engine.conditions import Conditions
from simulator.engine.controls import Controls
from simulator.engine.exact import add_fixed_costs
from simulator.engine.items import CostOverflowError
from simulator.engine.learning.served import Book, Served
from simulator.engine.plan import fixed_costs
from simulator.engine.sums import sum_sessions
from simulator.engine.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from simulator.engine.conditions import Cases
    from simulator.engine.layout import Ints
    from simulator.engine.learning.learn import Learner

    Bools = npt.NDArray[np.bool_]

MOST_MONEY_BYTES = 1 << 24
"""Of a block's money by trial, day and cell."""
TRIALS_PER_BLOCK = 64
OVERFLOW = "the cost of a day is not a finite number below 2^62 units of money"


def simulate_hybrid(
    learner: Learner,
    trials: int,
    *,
    first: int = 0,
    threads: int = 1,
    block: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Tally:
    """Simulate trials first .. first + trials - 1.

    Parameters
    ----------
    learner : what was learnt of the scenario, at the seed and in the unit of money of the run
    threads : workers; the result does not depend on it
    block : trials that a worker takes at a time; the result does not depend on it either
    watch : called from the calling thread with (trials, sessions) newly finished, about ten times a second

    Returns
    -------
    Tally of all trials; of the finished ones, so fewer, where the calling thread was interrupted (KeyboardInterrupt).
    Its aggregates over single sessions are those of the pools, weighted by what they stand for; its `worst` is empty,
    for a session of a pool has no address in any trial.

    Raises
    ------
    CostOverflowError
        where a cost is not finite or passes 2^62 units.
    """
    frame = replace(learner.program.frame(learner.pools.unit), points=learner.period.points.kind)
    tally = Tally.empty(frame, np.arange(first, first + trials, dtype=np.int64), len(DRIVERS))
    add_fixed_costs(tally, fixed_costs(learner.program.scenario, frame.unit))
    blocks = Blocks(trials, block or _block_size(tally, trials, threads))
    job = _Job(learner, tally, Book(learner), blocks, tally.covered[:1].sum(axis=0))
    blocks.run([job.simulate] * threads, lambda: _report(job, watch))
    return _finished(job)


@dataclass
class _Job:
    """What the workers of one run share."""

    learner: Learner
    tally: Tally
    book: Book
    blocks: Blocks
    fixed_covered: Ints  # int64[D]
    served: Served = field(default_factory=Served)
    reported: int = 0

    def simulate(self, rows: slice) -> None:
        """Simulate a block of trials."""
        served = _Block(self, rows).simulate()
        with self.blocks.lock:
            self.served.add(served)
            self.blocks.done.append(rows)


class _Block:
    """A block of trials: rows of the tally, and their money by day and cell."""

    def __init__(self, job: _Job, rows: slice) -> None:
        self._job, self._rows, self._tally = job, rows, job.tally
        period, trial = job.learner.period, job.tally.trial[rows]
        self._conditions = Conditions.of(period, job.learner.pools.seed, trial)
        self._days = slice(period.first_day, period.days)
        frame = job.tally.frame
        self._covers = frame.covered_cells
        self._money = np.zeros((len(trial), period.days, len(frame.cells)), np.int64)
        self._acted = np.zeros(self._money.shape[:2], np.bool_)

    def simulate(self) -> Served:
        """Fill the rows of the tally; gives which pools the sessions are like."""
        tally, rows, conditions = self._tally, self._rows, self._conditions
        cases = conditions.cases(self._days)
        free = draw_money(self._job.book, cases, self._money)
        counts = cases.counts.copy()
        beyond, served = cases.beyond.copy(), Served()
        if tally.frame.thresholds:
            tally.free_spend[rows] = self._money.sum(axis=2) + tally.frame.fixed_daily
            tally.free_covered[rows] = self._covered() + self._job.fixed_covered
            self._control(counts, beyond, served)
            fewer = np.maximum(cases.counts - counts, 0)
            tally.turned_away[rows] = fewer.sum(axis=(1, 2))
        free.only(~self._acted[cases.table["row"], cases.table["day"]])
        served.add(free)
        tally.levels[rows], tally.event_days[rows] = conditions.drivers, conditions.event_days
        tally.heaviest[rows] = conditions.heaviest
        tally.sessions[rows, self._days] = counts
        tally.peak[rows] = beyond.sum(axis=1)
        tally.cells[rows] += self._money.sum(axis=1)
        tally.covered[rows] += self._covered()
        for feature, columns in enumerate(self._job.book.columns):
            tally.daily[rows, :, feature] = self._money[:, :, columns].sum(axis=2)
        return served

    def _covered(self) -> Ints:
        covered: Ints = self._money[:, :, self._covers].sum(axis=2)
        return covered

    def _control(self, counts: Ints, beyond: Ints, served: Served) -> None:
        """Draw again the days on which controls act, one after the other; `counts` and `beyond` become theirs."""
        first, fixed = self._days.start, self._job.fixed_covered
        controls = Controls(self._tally.frame, len(self._money))
        for day in range(self._days.stop):
            acting = controls.acting(day)
            where = np.asarray(acting.any(axis=1))
            if day >= first and where.any():
                cases = self._conditions.cases(slice(day, day + 1), acting, where.reshape(-1, 1))
                self._acted[where, day] = True
                self._money[where, day] = 0
                served.add(draw_money(self._job.book, cases, self._money))
                counts[where, day - first] = cases.counts[where, 0]
                beyond[where, day - first] = cases.beyond[where, 0]
            controls.close(day, self._money[:, day, self._covers].sum(axis=1) + fixed[day])
        self._tally.crossed[self._rows] = controls.crossed


def draw_money(book: Book, cases: Cases, money: Ints, *, chance: bool = True) -> Served:
    """Add what some cases cost to int64[T, D, C]; their means where there is to be no chance."""
    table = cases.table
    served, faults = np.zeros((len(table), 2), np.int64), np.zeros(1, np.int64)
    if not len(table):
        return Served()
    learnt, surfaces, sheets = book.pages(table)
    at, shares = np.zeros(len(DRIVERS)), np.zeros(learnt.shares.shape[1])
    seed, per_unit = np.uint64(book.seed), 1.0 / book.unit
    sum_sessions(
        learnt, seed, table, surfaces, cases.levels, per_unit, chance, at, shares, money, served, faults
    )  # fmt: skip
    if faults[0]:
        raise CostOverflowError(OVERFLOW)
    return Served.of(served, sheets)


def _block_size(tally: Tally, trials: int, threads: int) -> int:
    per_trial = 8 * tally.covered.shape[1] * len(tally.frame.cells)
    return max(1, min(int(MOST_MONEY_BYTES // per_trial), trials // (4 * threads), TRIALS_PER_BLOCK))


def _report(job: _Job, watch: Callable[[int, int], None] | None) -> None:
    now = job.blocks.trials_done
    before, job.reported = job.reported, now
    if watch is not None and now != before:
        watch(now - before, 0)


def _finished(job: _Job) -> Tally:
    finished = Tally(frame=job.tally.frame, **job.blocks.finished(job.tally), session=job.tally.session)
    job.served.into(finished)
    return finished
