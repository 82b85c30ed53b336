"""Pools of sessions, simulated at driver levels of one's choice by the kernels of the exact engine.

A pool is made of groups of sessions at addresses of their own. The same group at two driver levels holds the same
sessions, so what the levels change is seen at once, and what chance does cancels.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simulator.engine.items import NO_NUMBERS, run_items
from simulator.engine.layout import ITEM_DTYPE
from simulator.engine.learning.counted import Counted
from simulator.engine.memory import Scratch
from simulator.engine.tally import SESSION_DTYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simulator.engine.layout import Floats, Ints, Out, Plan
    from simulator.engine.plan import Program

GROUP = 8192
"""Sessions of a group."""
FIRST_TRIAL = 2**62
"""Groups have the addresses of trials that no run can reach."""
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Wanted:
    """Groups of sessions of a feature at a route, on a day of given prices, at driver levels float64[12]."""

    feature: int
    route: int
    day: int
    levels: Floats
    groups: range

    @property
    def sessions(self) -> int:
        """How many there are."""
        return GROUP * len(self.groups)


@dataclass
class Pool:
    """What was simulated.

    Attributes
    ----------
    costs : float64[G, GROUP], of each session, in currency
    calls : int32[G, GROUP]
    cells : int64[G, C], money of a group by cell of the tally, in units
    counted : aggregates over the sessions
    """

    wanted: Wanted
    costs: Floats
    calls: npt.NDArray[np.int32]
    cells: Ints
    counted: Counted


@dataclass
class Pools:
    """Simulates pools.

    Attributes
    ----------
    unit : currency in one unit of money
    threads : workers; results do not depend on them
    calls, sessions : simulated so far
    """

    program: Program
    seed: int
    unit: float
    threads: int = 1
    calls: int = 0
    sessions: int = 0

    def simulate(self, wanted: Sequence[Wanted], watch: Callable[[int], None] | None = None) -> list[Pool]:
        """Simulate some pools.

        Parameters
        ----------
        watch : called from the calling thread with sessions newly finished

        Raises
        ------
        CostOverflowError
            where a cost is no number that can be counted
        KeyboardInterrupt
            where the calling thread was interrupted
        """
        job = _Job(self, [self._empty(one) for one in wanted])
        with ThreadPoolExecutor(self.threads) as executor:
            workers = [executor.submit(job.work) for _ in range(self.threads)]
            try:
                pending = set(workers)
                while pending:
                    _, pending = wait(pending, POLL_SECONDS, FIRST_EXCEPTION)
                    self._report(job, watch)
            except KeyboardInterrupt:
                job.stop[0] = 1
                raise
            for worker in workers:
                worker.result()
        self._report(job, watch)
        self.calls += sum(int(pool.calls.sum(dtype=np.int64)) for pool in job.pools)
        return job.pools

    def _report(self, job: _Job, watch: Callable[[int], None] | None) -> None:
        new = job.finished - job.reported
        job.reported += new
        self.sessions += new * GROUP
        if watch is not None and new:
            watch(new * GROUP)

    def _empty(self, wanted: Wanted) -> Pool:
        n, cells = len(wanted.groups), len(self.frame_cells)
        costs, calls = np.zeros((n, GROUP)), np.zeros((n, GROUP), np.int32)
        return Pool(wanted, costs, calls, np.zeros((n, cells), np.int64), Counted.nothing())

    @cached_property
    def frame_cells(self) -> tuple[object, ...]:
        """The tally's cells."""
        return self.program.frame(self.unit).cells

    def plan_on(self, day: int) -> Plan:
        """The plan, with the prices of one day on all days."""
        plan = self.program.plan
        cards = np.ascontiguousarray(np.broadcast_to(plan.cards[:, :, day : day + 1], plan.cards.shape))
        return plan._replace(cards=cards)


@dataclass
class _Job:
    """What the workers of one call share."""

    pools_of: Pools
    pools: list[Pool]
    stop: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    lock: threading.Lock = field(default_factory=threading.Lock)
    finished: int = 0
    reported: int = 0

    def __post_init__(self) -> None:
        self.tasks: Iterator[tuple[Pool, int]] = iter(
            [(pool, place) for pool in self.pools for place in range(len(pool.wanted.groups))]
        )
        days = {pool.wanted.day for pool in self.pools}
        self.plans = {day: self.pools_of.plan_on(day) for day in days}

    def work(self) -> None:
        """Take groups until there are none left, or until told to stop."""
        frame = self.pools_of.program.frame(self.pools_of.unit)
        scratch = Scratch(len(frame.features), self.pools_of.program.shape, self.stop)
        records = np.zeros(GROUP, SESSION_DTYPE)
        money = frame.no_money(1)
        try:
            while not self.stop[0]:
                with self.lock:
                    task = next(self.tasks, None)
                if task is None:
                    return
                for array in money:
                    array[...] = 0
                self._simulate(*task, scratch, scratch.out(*money, records))
        except BaseException:
            self.stop[0] = 1
            raise

    def _simulate(self, pool: Pool, place: int, scratch: Scratch, out: Out) -> None:
        wanted, program = pool.wanted, self.pools_of.program
        item = np.zeros(1, ITEM_DTYPE)
        item["trial"], item["feature"] = FIRST_TRIAL + wanted.groups[place], wanted.feature
        item["route"], item["count"], item["chosen"] = wanted.route, GROUP, -1
        at_prices = replace(program, plan=self.plans[wanted.day])
        levels = np.ascontiguousarray(wanted.levels[None, :])
        run_items(at_prices, self.pools_of.seed, item, NO_NUMBERS, levels, scratch, out, 1.0 / self.pools_of.unit)
        if self.stop[0]:
            return
        scratch.finish(out)
        pool.costs[place], pool.calls[place] = out.records["cost"], out.records["calls"]
        pool.cells[place] = out.cells[0]
        counted = Counted.of(out, wanted.feature)
        with self.lock:
            pool.counted = pool.counted + counted
            self.finished += 1
