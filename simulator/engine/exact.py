"""The exact engine: every session of every trial. The reference for any other."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scenarios.schema import DRIVERS
from simulator.engine.kernels import run_chats, run_trees
from simulator.engine.lanes import Space
from simulator.engine.layout import ITEM_DTYPE, SUM_BLOCK, T_FAULTS, TOTALS, Out
from simulator.engine.plan import NANO, fixed_costs
from simulator.engine.tally import (
    COUNTS,
    CUTS,
    MAX_CALLS,
    MAX_DEPTH,
    N_COST_BINS,
    N_WORST,
    ROWS,
    SESSION_DTYPE,
    TOKEN_KINDS,
    Cell,
    Records,
    SessionTally,
    Tally,
    dearest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulator.engine.layout import Floats, Ints, Table
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

SESSIONS_PER_CALL = 2 * SUM_BLOCK
"""Sessions that a thread simulates before it looks up again: a fraction of a second, so that stopping is prompt."""
SESSIONS_PER_BLOCK = 8 * SESSIONS_PER_CALL
TRIALS_PER_BLOCK = 256
"""At most, so that a block's money stays far below 2^62 units; ``run.py`` chooses the unit for a thousand trials."""
POLL_SECONDS = 0.1
LARGEST_SUM = 2**62


class CostOverflowError(ArithmeticError):
    """A block's cost is not a number or passes 2^62 units of money."""


@dataclass
class Scratch:
    """A thread's working memory: the arrays that its kernel calls fill, and the dearest sessions that it has seen.

    Most cost bins stay empty, and features may be many: so only bins that a block has filled are read and emptied.
    """

    n_features: int
    shape: tuple[int, int, int, int]
    stop: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    worst: Records = field(init=False)
    filled: tuple[Ints | slice, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.worst = np.zeros(N_WORST + 1, SESSION_DTYPE)  # the last one is spare
        self.worst["cost"] = -1.0
        self.space = Space.of(*self.shape)
        self.cost_counts = np.zeros((self.n_features, N_COST_BINS), np.int64)
        self.cost_units = np.zeros((self.n_features, N_COST_BINS), np.int64)
        self.calls_counts = np.zeros(MAX_CALLS + 1, np.int64)
        self.agents_counts = np.zeros(MAX_CALLS + 1, np.int64)
        self.depth_units = np.zeros(MAX_DEPTH + 1, np.int64)
        self.depth_agents = np.zeros(MAX_DEPTH + 1, np.int64)
        self.totals = np.zeros(len(TOTALS), np.int64)
        self.most_calls = self.most_agents = 0
        self.filled = (slice(0),)

    def out(
        self,
        cells: Ints,
        daily: Ints,
        covered: Ints,
        records: Records | None = None,
        trace: Table | None = None,
    ) -> Out:
        """Outputs of the next kernel calls: the trials' rows given, and this thread's own aggregates, emptied."""
        for array in (self.cost_counts, self.cost_units):
            array[self.filled] = 0
        self.filled = (slice(None),)  # until the block is finished
        self.calls_counts[: self.most_calls + 1] = 0
        self.agents_counts[: self.most_agents + 1] = 0
        for counts in (self.depth_units, self.depth_agents, self.totals):
            counts[...] = 0
        return Out(
            cells=cells,
            daily=daily,
            covered=covered,
            cost_counts=self.cost_counts,
            cost_units=self.cost_units,
            calls_counts=self.calls_counts,
            agents_counts=self.agents_counts,
            depth_units=self.depth_units,
            depth_agents=self.depth_agents,
            totals=self.totals,
            extremes=np.array([np.inf, 0.0, 0.0, 0.0]),
            worst=self.worst.copy(),
            records=np.zeros(0, SESSION_DTYPE) if records is None else records,
            trace=trace,
            stop=self.stop,
        )

    def finish(self, out: Out) -> None:
        """Note what a finished block has put into `out`."""
        self.worst = out.worst
        self.most_calls, self.most_agents = int(out.extremes[2]), int(out.extremes[3])
        self.filled = np.nonzero(out.cost_counts)


@dataclass
class Sum:
    """The session aggregates of all finished blocks, whichever thread they come from."""

    session: SessionTally
    held: int = 0

    def __post_init__(self) -> None:
        self.held_units = np.zeros(self.session.cost_counts.shape, np.int64)

    def add(self, out: Out, filled: tuple[Ints | slice, ...]) -> None:
        """Add a finished block, whose cost bins are empty but those `filled`."""
        session = self.session
        least, most, most_calls, most_agents = out.extremes
        calls, agents = slice(int(most_calls) + 1), slice(int(most_agents) + 1)
        session.cost_counts[filled] += out.cost_counts[filled]
        session.calls_counts[calls] += out.calls_counts[calls]
        session.agents_counts[agents] += out.agents_counts[agents]
        session.depth_units += out.depth_units.astype(object)
        session.depth_agents += out.depth_agents
        session.min_cost = min(session.min_cost, float(least))
        session.max_cost = max(session.max_cost, float(most))
        totals = dict(zip(TOTALS, (int(x) for x in out.totals), strict=True))
        for name in COUNTS:
            setattr(session, name, getattr(session, name) + totals[name])
        for reason in CUTS:
            session.cut_by[reason] += totals[f"cut_by_{reason}"]
        for kind in TOKEN_KINDS:
            session.tokens[kind] += totals[kind]
        self._hold(filled, out.cost_units[filled])

    def _hold(self, filled: tuple[Ints | slice, ...], units: Ints) -> None:
        """Add a block's money by bin, in machine integers for as long as they are sure to hold it."""
        money = int(units.sum())
        if self.held + money > LARGEST_SUM:
            self.settle()
        self.held_units[filled] += units
        self.held += money

    def settle(self) -> SessionTally:
        """Bring the session aggregates up to date: money by bin in Python integers."""
        filled = np.nonzero(self.held_units)
        self.session.cost_units[filled] += self.held_units[filled].astype(object)
        self.held_units[filled] = 0
        self.held = 0
        return self.session


def simulate(
    program: Program,
    period: Period,
    seed: int,
    trials: int,
    *,
    unit: float,
    threads: int = 1,
    block: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Tally:
    """Simulate trials 0 .. trials - 1 in full.

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
    frame = program.frame(unit)
    tally = Tally.empty(frame, np.arange(trials, dtype=np.int64), len(DRIVERS))
    block = block or _block_size(period, trials, threads)
    blocks = iter([slice(start, min(start + block, trials)) for start in range(0, trials, block)])
    job = _Job(program, period, seed, tally, 1.0 / unit, blocks, Sum(tally.session))
    scratches = [Scratch(len(frame.features), program.shape, job.stop) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(job.work, scratch) for scratch in scratches]
        try:
            pending = set(workers)
            while pending:
                _, pending = wait(pending, POLL_SECONDS, FIRST_EXCEPTION)
                _report(job, watch)
        except KeyboardInterrupt:
            job.stop[0] = 1
        for worker in workers:
            worker.result()
    _report(job, watch)
    finished = _finished(job, scratches)
    _add_fixed_costs(finished, fixed_costs(program.scenario, unit))
    return finished


def sample_sessions(program: Program, period: Period, seed: int, addresses: Table, unit: float = NANO) -> Records:
    """Simulate single sessions again, by their addresses.

    Parameters
    ----------
    addresses : structured [n] with trial, day (from 0), feature and session
    unit : currency in one unit of money, wide enough for the scenario's fixed costs

    Returns
    -------
    SESSION_DTYPE[n], in the order of the addresses
    """
    return simulate_addresses(program, period, seed, addresses, unit)[0]


def simulate_addresses(
    program: Program, period: Period, seed: int, addresses: Table, unit: float, trace: Table | None = None
) -> tuple[Records, Ints]:
    """Simulate single sessions again; as `sample_sessions`, and with the kernel's totals.

    Parameters
    ----------
    trace : TRACE_DTYPE, takes the events of the one session that is asked for then; its last row is spare
    """
    trials, rows = np.unique(addresses["trial"], return_inverse=True)
    starts = _runs(addresses)
    items = np.zeros(len(starts), ITEM_DTYPE)
    items["row"], items["first"] = rows[starts], addresses["session"][starts]
    items["count"] = np.diff(np.append(starts, len(addresses)))
    for name in ("trial", "day", "feature"):
        items[name] = addresses[name][starts]
    records = np.zeros(len(addresses), SESSION_DTYPE)
    frame = program.frame(unit)
    scratch = Scratch(len(frame.features), program.shape)
    out = scratch.out(*frame.no_money(len(trials)), records, trace)
    levels = period.day_levels(period.driver_levels(seed, trials))
    _run(program, seed, items, levels, scratch, out, 1.0 / frame.unit)
    return records, out.totals


def _runs(addresses: Table) -> Ints:
    """Where runs of sessions begin that follow each other: those of one item, none longer than an item may be."""
    follows = np.diff(addresses["session"]) == 1
    for name in ("trial", "day", "feature"):
        follows &= np.diff(addresses[name]) == 0
    starts = np.flatnonzero(np.append(True, ~follows)[: len(addresses)])
    longest = int(np.diff(np.append(starts, len(addresses))).max(initial=0))
    return starts if longest <= SUM_BLOCK else np.arange(len(addresses), dtype=np.int64)


@dataclass
class _Job:
    """What the workers of one run share."""

    program: Program
    period: Period
    seed: int
    tally: Tally
    per_unit: float
    blocks: Iterator[slice]
    sum: Sum
    stop: Ints = field(default_factory=lambda: np.zeros(1, np.int64))  # kernels look at it, too
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: list[slice] = field(default_factory=list)
    sessions: int = 0
    reported: tuple[int, int] = (0, 0)

    def work(self, scratch: Scratch) -> None:
        """Take blocks of trials until there are none left, or until told to stop."""
        try:
            while not self.stop[0]:
                with self.lock:
                    rows = next(self.blocks, None)
                if rows is None:
                    return
                self._simulate_block(rows, scratch)
        except BaseException:
            self.stop[0] = 1
            raise

    def _simulate_block(self, rows: slice, scratch: Scratch) -> None:
        tally, trial = self.tally, self.tally.trial[rows]
        drivers = self.period.driver_levels(self.seed, trial)
        levels = self.period.day_levels(drivers)
        counts = self.period.counts(self.seed, trial, levels)
        out = scratch.out(tally.cells[rows], tally.daily[rows], tally.covered[rows])
        items = _items(trial, counts)
        for group in _groups(items):
            _run(self.program, self.seed, group, levels, scratch, out, self.per_unit)
            if self.stop[0]:
                return
            with self.lock:
                self.sessions += int(group["count"].sum())
        tally.levels[rows], tally.sessions[rows] = drivers, counts
        scratch.finish(out)
        with self.lock:
            self.sum.add(out, scratch.filled)
            self.done.append(rows)


def _run(
    program: Program, seed: int, items: Table, levels: Floats, scratch: Scratch, out: Out, per_unit: float
) -> None:
    kernel = run_chats if program.is_chat and out.trace is None else run_trees
    kernel(program.plan, np.uint64(seed), items, levels, scratch.space, out, per_unit)
    if out.totals[T_FAULTS]:
        raise CostOverflowError("the cost of a day is not a finite number below 2^62 units of money")


def _items(trial: Ints, counts: Ints) -> Table:
    """The work of a block: one item a trial, day and feature that has sessions."""
    row, day, feature = np.nonzero(counts)
    items = np.zeros(len(row), ITEM_DTYPE)
    items["row"], items["trial"], items["day"], items["feature"] = row, trial[row], day, feature
    items["count"] = counts[row, day, feature]
    return items


def _groups(items: Table) -> Iterator[Table]:
    """The items in order, in runs of about SESSIONS_PER_CALL sessions; long ones are split where sums are rounded."""
    pieces = -(-items["count"] // SUM_BLOCK)
    split = np.repeat(items, pieces)
    part = np.arange(len(split)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    split["first"] = part * SUM_BLOCK
    split["count"] = np.minimum(split["count"] - split["first"], SUM_BLOCK)
    group = np.cumsum(split["count"]) // SESSIONS_PER_CALL
    edges = np.flatnonzero(np.diff(group)) + 1
    yield from (part for part in np.split(split, edges) if len(part))


def _block_size(period: Period, trials: int, threads: int) -> int:
    """Trials to take at a time: enough sessions to forget what a block costs, and some blocks for every thread."""
    sessions = max(1.0, float(period.sessions_per_day.sum()))
    return max(1, min(int(SESSIONS_PER_BLOCK / sessions), trials // (4 * threads), TRIALS_PER_BLOCK))


def _report(job: _Job, watch: Callable[[int, int], None] | None) -> None:
    with job.lock:
        now = (sum(rows.stop - rows.start for rows in job.done), job.sessions)
    before, job.reported = job.reported, now
    if watch is not None and now != before:
        watch(now[0] - before[0], now[1] - before[1])


def _finished(job: _Job, scratches: list[Scratch]) -> Tally:
    """The finished trials' rows, with the session aggregates and the dearest sessions of all threads."""
    tally = job.tally
    rows = np.sort(np.concatenate([np.arange(d.start, d.stop) for d in job.done] or [np.zeros(0, np.int64)]))
    worst = np.concatenate([scratch.worst[:-1] for scratch in scratches])
    return Tally(
        frame=tally.frame,
        **{name: getattr(tally, name)[rows] for name in ROWS},
        session=job.sum.settle(),
        worst=dearest(worst[worst["cost"] >= 0.0]),
    )


def _add_fixed_costs(tally: Tally, fixed: dict[Cell, Ints]) -> None:
    for cell, days in fixed.items():
        column = tally.frame.cells.index(cell)
        tally.cells[:, column] += days.sum()
        if tally.frame.covered_cells[column]:
            tally.covered += days
