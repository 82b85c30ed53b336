"""Which engine simulates a period, and why; the progress of either."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.bounds import DEFAULT_TRIALS, MOST_CALLS, default_trials, money_unit, refuse_too_large
from simulator.engine.accuracy import Accuracy, measured
from simulator.engine.exact import simulate
from simulator.engine.hybrid import simulate_hybrid
from simulator.engine.learning.learn import Learner
from simulator.engine.learning.pools import Pools

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.engine.period import Period
    from simulator.engine.plan import Program
    from simulator.engine.tally import Tally

    Watch = Callable[["Progress"], None] | None

EXACT_CALLS = 5e8
"""Expected calls up to which every session is simulated: about what the hybrid engine has to make to learn."""
LEARNING = 0.8
"""Part of a hybrid run's work that is learning, as its progress has it."""
LEARNING_SESSIONS = 1e7
"""Sessions that a hybrid run's work is counted as: it learns from about so many."""
MOST_UNFINISHED = 0.99
"""Share of the work that is said to be done while some is not: more sessions may come than are expected."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    trials_done, trials_total : simulated periods
    sessions_done, sessions_expected : their sessions; many are done before the first trial is
    seconds : since the first session, so that compilation does not count
    """

    trials_done: int
    trials_total: int
    sessions_done: int
    sessions_expected: float
    seconds: float

    @property
    def share(self) -> float:
        """Share of the work that is done; 1 with the last trial and not before."""
        if self.trials_done == self.trials_total:
            return 1.0
        if not self.sessions_expected:
            return self.trials_done / self.trials_total
        return min(self.sessions_done / self.sessions_expected, MOST_UNFINISHED)

    @property
    def sessions_per_second(self) -> float:
        """Pace since the first session."""
        return self.sessions_done / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before there is one."""
        return self.seconds * (1.0 - self.share) / self.share if self.share else None


class Watcher:
    """Tells a caller how far a run has come."""

    def __init__(self, progress: Watch, trials: int, expected: float) -> None:
        self._progress, self._trials, self._expected = progress, trials, expected
        self._done, self._sessions, self._started = 0, 0.0, time.perf_counter()

    def __call__(self, trials: int, sessions: float) -> None:
        """Note what is newly done."""
        self._done += trials
        self._sessions += sessions
        if self._progress is not None:
            seconds = time.perf_counter() - self._started
            self._progress(Progress(self._done, self._trials, round(self._sessions), self._expected, seconds))


@dataclass(frozen=True)
class Engine:
    """An engine that is ready to simulate trials.

    Attributes
    ----------
    name, reason : which one, and why
    trials : as many as were asked for, or the default
    accuracy : the hybrid engine's own error, None of the exact one
    """

    name: str
    reason: str
    trials: int
    accuracy: Accuracy | None
    simulate: Callable[[int, int], Tally]
    """Takes the number of the first trial, and how many; gives fewer where the run was interrupted."""


@dataclass(frozen=True)
class Task:
    """What is to be simulated, and by what means.

    Attributes
    ----------
    calls, spend : expected of a trial
    trials : None for the default
    """

    program: Program
    period: Period
    seed: int
    calls: float
    spend: float
    trials: int | None
    threads: int
    block: int | None = None
    progress: Watch = None

    @property
    def unit(self) -> float:
        """Currency in one unit of money."""
        return money_unit(self.spend)


def ready_engine(task: Task, asked: str) -> Engine:
    """Choose an engine, and let it learn what it needs.

    A function of the scenario and the arguments, never of a clock. The hybrid engine hands over to the exact one where
    it can't hold its tolerance and the work of the exact one is within bounds.

    Parameters
    ----------
    asked : auto, exact or hybrid

    Raises
    ------
    ScenarioError
        where the run is too large
    KeyboardInterrupt
        where the calling thread was interrupted before there was anything to keep
    """
    if asked == "exact":
        return _exact(task, "asked for: it simulates every session of every trial")
    work = task.calls * (task.trials or DEFAULT_TRIALS)
    if asked == "auto" and work <= EXACT_CALLS:
        return _exact(task, f"every session is simulated: about {_rough(work)} calls, no more than learning would take")
    reason = "asked for: it draws the sums of each day's sessions from their learnt laws"
    if asked == "auto":
        reason = f"every session would be about {_rough(work)} calls, so sums of sessions are drawn from their laws"
    return _hybrid(task, reason)


def _exact(task: Task, reason: str) -> Engine:
    trials = task.trials or default_trials(task.calls)
    expected = refuse_too_large(task.program, task.period, task.seed, trials, task.calls, task.spend)
    watch = Watcher(task.progress, trials, expected)

    def run(first: int, count: int) -> Tally:
        return simulate(
            task.program,
            task.period,
            task.seed,
            count,
            unit=task.unit,
            first=first,
            threads=task.threads,
            block=task.block,
            watch=watch,
        )

    return Engine("exact", reason, trials, None, run)


def _hybrid(task: Task, reason: str) -> Engine:
    trials = task.trials or DEFAULT_TRIALS
    refuse_too_large(task.program, task.period, task.seed, trials, task.calls, task.spend, hybrid=True)
    learner = Learner(task.program, task.period, Pools(task.program, task.seed, task.unit, task.threads))
    watch = Watcher(task.progress, trials, LEARNING_SESSIONS)
    learner.learn(lambda share: watch(0, LEARNING * LEARNING_SESSIONS * share))
    accuracy = measured(learner, task.calls, task.threads)
    if not accuracy.holds:
        off = f"the hybrid engine measured an error of {accuracy.worst:.2%} of its own, above {accuracy.tolerance:.1%}"
        if task.calls * (task.trials or default_trials(task.calls)) <= MOST_CALLS:
            return _exact(task, f"{off}, so every session is simulated")
        reason = f"{reason}; {off}, and every session would be too much work"

    def run(first: int, count: int) -> Tally:
        def watch_trials(done: int, _: int) -> None:
            watch(done, (1.0 - LEARNING) * LEARNING_SESSIONS * done / trials)

        return simulate_hybrid(
            learner, count, first=first, threads=task.threads, block=task.block, watch=watch_trials
        )  # fmt: skip

    return Engine("hybrid", reason, trials, accuracy, run)


def _rough(calls: float) -> str:
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if calls >= size:
            return f"{calls / size:,.3g} {name}"
    return f"{calls:,.3g}"
