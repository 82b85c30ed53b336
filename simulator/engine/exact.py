"""The exact engine: every session of every trial. The reference for any other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.schema import DRIVERS
from simulator.engine.blocks import Blocks
from simulator.engine.conditions import Conditions
from simulator.engine.controls import Controls
from simulator.engine.items import items_of, run_items
from simulator.engine.memory import Scratch, Sum
from simulator.engine.plan import fixed_costs
from simulator.engine.tally import Tally, dearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.engine.conditions import Cases
    from simulator.engine.layout import Ints, Out
    from simulator.engine.period import Period
    from simulator.engine.plan import Program
    from simulator.engine.tally import Cell

    Bools = npt.NDArray[np.bool_]

SESSIONS_PER_BLOCK = 1 << 20
TRIALS_PER_BLOCK = 256
"""At most, so that a block's money stays far below 2^62 units; ``run.py`` chooses the unit for a thousand trials."""


def simulate(
    program: Program,
    period: Period,
    seed: int,
    trials: int,
    *,
    unit: float,
    first: int = 0,
    threads: int = 1,
    block: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Tally:
    """Simulate trials first .. first + trials - 1 in full.

    Parameters
    ----------
    unit : currency in one unit of money of the tally
    threads : workers; the result does not depend on it
    block : trials that a worker takes at a time; the result does not depend on it either
    watch : called from the calling thread with (trials, sessions) newly finished, about ten times a second

    Returns
    -------
    Tally of all trials; of the finished ones, so fewer, where the calling thread was interrupted (KeyboardInterrupt).

    Raises
    ------
    CostOverflowError
        where a cost is not finite or passes 2^62 units.
    """
    frame = replace(program.frame(unit), points=period.points.kind)
    tally = Tally.empty(frame, np.arange(first, first + trials, dtype=np.int64), len(DRIVERS))
    add_fixed_costs(tally, fixed_costs(program.scenario, unit))
    blocks = Blocks(trials, block or _block_size(period, trials, threads))
    job = _Job(program, period, seed, tally, 1.0 / unit, blocks, Sum(tally.session), tally.covered[0].copy())
    scratches = [Scratch(len(frame.features), program.shape, blocks.stop) for _ in range(threads)]
    blocks.run([partial(job.simulate, scratch) for scratch in scratches], lambda: _report(job, watch))
    return _finished(job, scratches)


@dataclass
class _Job:
    """What the workers of one run share."""

    program: Program
    period: Period
    seed: int
    tally: Tally
    per_unit: float
    blocks: Blocks
    sum: Sum
    fixed_covered: Ints  # int64[D]
    sessions: int = 0
    reported: tuple[int, int] = (0, 0)

    def simulate(self, scratch: Scratch, rows: slice) -> None:
        """Simulate a block of trials."""
        tally, conditions = self.tally, Conditions.of(self.period, self.seed, self.tally.trial[rows])
        out = scratch.out(tally.cells[rows], tally.daily[rows], tally.covered[rows])
        acted = self._simulate_days(rows, conditions, scratch, out)
        tally.levels[rows], tally.event_days[rows] = conditions.drivers, conditions.event_days
        tally.heaviest[rows] = conditions.heaviest
        if self.blocks.stop[0]:
            return
        scratch.finish(out)
        if tally.frame.thresholds:
            self._set_free(rows, conditions, acted, scratch)
        if self.blocks.stop[0]:
            return
        with self.blocks.lock:
            self.sum.add(out, scratch.filled)
            self.blocks.done.append(rows)

    def _simulate_days(self, rows: slice, conditions: Conditions, scratch: Scratch, out: Out) -> Bools:
        """Simulate the sessions of a block; gives bool[T, D], the days on which any control acts."""
        tally, days = self.tally, slice(self.period.first_day, self.period.days)
        n, acted = len(conditions.trial), np.zeros(tally.covered[rows].shape, np.bool_)
        if not tally.frame.thresholds:
            self._serve(rows, days, conditions.cases(days), scratch, out)
            return acted
        controls = Controls(tally.frame, n)
        for day in range(days.start):
            controls.close(day, tally.covered[rows, day])
        for day in range(days.start, days.stop):
            acting = controls.acting(day)
            acted[:, day] = acting.any(axis=1)
            self._serve(rows, slice(day, day + 1), conditions.cases(slice(day, day + 1), acting), scratch, out)
            if self.blocks.stop[0]:
                break
            controls.close(day, tally.covered[rows, day])
        tally.crossed[rows] = controls.crossed
        return acted

    def _serve(self, rows: slice, days: slice, cases: Cases, scratch: Scratch, out: Out) -> None:
        self.tally.sessions[rows, days] = cases.counts
        self.tally.peak[rows] += cases.beyond.sum(axis=1)
        self._run(cases, scratch, out)

    def _run(self, cases: Cases, scratch: Scratch, out: Out) -> None:
        for items, numbers in items_of(self.program, self.period, self.seed, cases):
            run_items(self.program, self.seed, items, numbers, cases.levels, scratch, out, self.per_unit)
            if self.blocks.stop[0]:
                return
            with self.blocks.lock:
                self.sessions += int(items["count"].sum())

    def _set_free(self, rows: slice, conditions: Conditions, acted: Bools, scratch: Scratch) -> None:
        """What the same trials spend without controls: sessions are simulated again where any control acts."""
        tally, days = self.tally, slice(self.period.first_day, self.period.days)
        frame, program = tally.frame, self.program
        free = Scratch(len(frame.features), program.shape, self.blocks.stop, scratch.space)
        out = free.out(*frame.no_money(len(conditions.trial)))
        cases = conditions.cases(days, where=acted[:, days])
        self._run(cases, free, out)
        spend = np.where(acted, out.daily.sum(axis=2), tally.daily[rows].sum(axis=2)) + frame.fixed_daily
        covered = np.where(acted, out.covered + self.fixed_covered, tally.covered[rows])
        tally.free_spend[rows], tally.free_covered[rows] = spend, covered
        fewer = np.maximum(cases.counts - tally.sessions[rows, days], 0)
        tally.turned_away[rows] = fewer.sum(axis=(1, 2), where=acted[:, days, None])


def _block_size(period: Period, trials: int, threads: int) -> int:
    """Trials to take at a time: enough sessions to forget what a block costs, and some blocks for every thread."""
    sessions = max(1.0, float(period.expected_sessions.sum()))
    return max(1, min(int(SESSIONS_PER_BLOCK / sessions), trials // (4 * threads), TRIALS_PER_BLOCK))


def _report(job: _Job, watch: Callable[[int, int], None] | None) -> None:
    now = (job.blocks.trials_done, job.sessions)
    before, job.reported = job.reported, now
    if watch is not None and now != before:
        watch(now[0] - before[0], now[1] - before[1])


def _finished(job: _Job, scratches: list[Scratch]) -> Tally:
    """The finished trials' rows, with the session aggregates and the dearest sessions of all threads."""
    worst = np.concatenate([scratch.worst[:-1] for scratch in scratches])
    return Tally(
        frame=job.tally.frame,
        **job.blocks.finished(job.tally),
        session=job.sum.settle(),
        worst=dearest(worst[worst["cost"] >= 0.0]),
    )


def add_fixed_costs(tally: Tally, fixed: dict[Cell, Ints]) -> None:
    """Charge every trial with the fixed costs by day, and with what the period to date has cost."""
    for cell, days in fixed.items():
        column = tally.frame.cells.index(cell)
        tally.cells[:, column] += days.sum()
        if tally.frame.covered_cells[column]:
            tally.covered += days
