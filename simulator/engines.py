"""Which engine simulates a period, and why; what either has done so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from scenarios.problems import ScenarioError
from simulator.bounds import DEFAULT_TRIALS, default_trials, money_unit, refuse_too_large
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

EXACT_CALLS = 5e8
"""Expected calls up to which every session is simulated: about what the hybrid engine makes to learn from."""
LEARNING, SESSIONS = 0.8, 1e7
"""Part of a hybrid run that is learning, and the sessions as which all of its work is counted while it goes on."""
MOST_UNFINISHED = 0.99
"""Share of the work that is said to be done while some is not: more sessions may come than are expected."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    trials_done, trials_total : simulated periods; with a tolerance the total grows as more of them are asked for
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


@dataclass
class Watch:
    """What has been done of a run, and of how much: more and more of it where there is a tolerance."""

    progress: Callable[[Progress], None] | None
    trials: int = 0
    expected: float = 0.0
    trials_done: int = 0
    sessions_done: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    def aim(self, trials: int, expected: float) -> None:
        """Go on until so many trials."""
        self.trials, self.expected = trials, expected

    def see(self, trials: int, sessions: float) -> None:
        """Note what has been finished, and tell it."""
        self.trials_done += trials
        self.sessions_done += sessions
        seconds = time.perf_counter() - self.started
        if self.progress is not None:
            done = round(self.sessions_done)
            self.progress(Progress(self.trials_done, self.trials, done, self.expected, seconds))


@dataclass(frozen=True)
class Task:
    """What is to be simulated, and by what means.

    Attributes
    ----------
    calls, spend : expected of a trial
    """

    program: Program
    period: Period
    seed: int
    calls: float
    spend: float
    threads: int
    block: int | None
    watch: Watch

    @property
    def unit(self) -> float:
        """Currency in one unit of money."""
        return money_unit(self.spend)

    def expected(self, trials: int, *, hybrid: bool) -> float:
        """Sessions of so many trials; refuses what is too large."""
        return refuse_too_large(
            self.program, self.period, self.seed, trials, self.calls, self.spend, hybrid=hybrid
        )  # fmt: skip

    def is_let_through(self, trials: int, *, hybrid: bool) -> bool:
        """Whether a run of so many trials is not too large."""
        try:
            self.expected(trials, hybrid=hybrid)
        except ScenarioError:
            return False
        return True


class Engine(Protocol):
    """An engine that is ready to simulate trials."""

    @property
    def name(self) -> str:
        """Which one."""

    @property
    def reason(self) -> str:
        """Why this one."""

    @property
    def default_trials(self) -> int:
        """Trials where nobody says how many."""

    @property
    def accuracy(self) -> Accuracy | None:
        """The hybrid engine's own error."""

    def simulate(self, first: int, count: int) -> Tally:
        """Trials first .. first + count - 1, of a run that goes as far as these and no further yet."""

    def is_let_through(self, trials: int) -> bool:
        """Whether a run of so many trials is not too large."""


@dataclass(frozen=True)
class Exact:
    """Every session of every trial."""

    task: Task
    reason: str
    name: str = "exact"
    accuracy: None = None

    @property
    def default_trials(self) -> int:
        """As many as make a usual amount of work."""
        return default_trials(self.task.calls)

    def simulate(self, first: int, count: int) -> Tally:
        """Trials first .. first + count - 1, of a run that goes as far as these and no further yet."""
        task = self.task
        task.watch.aim(first + count, task.expected(first + count, hybrid=False))
        return simulate(
            task.program,
            task.period,
            task.seed,
            count,
            first=first,
            unit=task.unit,
            threads=task.threads,
            block=task.block,
            watch=task.watch.see if task.watch.progress else None,
        )

    def is_let_through(self, trials: int) -> bool:
        """Whether a run of so many trials is not too large."""
        return self.task.is_let_through(trials, hybrid=False)


@dataclass(frozen=True)
class Hybrid:
    """Sums of sessions, from what was learnt of them."""

    task: Task
    reason: str
    learner: Learner
    accuracy: Accuracy
    name: str = "hybrid"
    default_trials: int = DEFAULT_TRIALS

    def simulate(self, first: int, count: int) -> Tally:
        """Trials first .. first + count - 1, of a run that goes as far as these and no further yet."""
        task = self.task
        task.expected(first + count, hybrid=True)
        task.watch.aim(first + count, SESSIONS)

        def see(trials: int, _: int) -> None:
            task.watch.see(trials, (1.0 - LEARNING) * SESSIONS * trials / (first + count))

        return simulate_hybrid(
            self.learner, count, first=first, threads=task.threads, block=task.block, watch=see
        )  # fmt: skip

    def is_let_through(self, trials: int) -> bool:
        """Whether a run of so many trials is not too large."""
        return self.task.is_let_through(trials, hybrid=True)


def ready_engine(task: Task, asked: str, trials: int | None) -> Engine:
    """Choose an engine, and let it learn what it needs.

    A function of the scenario and the arguments, never of a clock. The hybrid engine hands over to the exact one where
    it can't hold its tolerance, and the work of the exact one is let through.

    Parameters
    ----------
    asked : auto, exact or hybrid
    trials : None where nobody says how many

    Raises
    ------
    ScenarioError
        where the run is too large
    KeyboardInterrupt
        where the calling thread was interrupted before there was anything to keep
    """
    if asked == "exact":
        return Exact(task, "asked for; it simulates every session of every trial")
    if asked == "auto" and task.calls * (trials or DEFAULT_TRIALS) <= EXACT_CALLS:
        return Exact(task, "it simulates every session, which is little work here")
    reason = "asked for; it draws what a day's sessions cost together from the law of such sums"
    if asked == "auto":
        each = f"about {_rough(task.calls)} calls a trial are too many to simulate each"
        reason = f"{each}, so it draws what a day's sessions cost together"
    task.expected(trials or DEFAULT_TRIALS, hybrid=True)
    return _learnt(task, reason, trials)


def _learnt(task: Task, reason: str, trials: int | None) -> Engine:
    learner = Learner(task.program, task.period, Pools(task.program, task.seed, task.unit, task.threads))
    task.watch.aim(trials or DEFAULT_TRIALS, SESSIONS)
    learner.learn(lambda share: task.watch.see(0, LEARNING * SESSIONS * share))
    accuracy = measured(learner, task.calls, task.threads)
    if accuracy.holds:
        return Hybrid(task, reason, learner, accuracy)
    off = f"the hybrid engine found itself off by {accuracy.worst:.2%}, and {accuracy.tolerance:.1%} is what it may be"
    exact = Exact(task, f"{off}: so every session is simulated")
    if exact.is_let_through(trials or exact.default_trials):
        return exact
    return Hybrid(task, f"{reason}; {off}, but to simulate every session is too much work", learner, accuracy)


def _rough(calls: float) -> str:
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if calls >= size:
            return f"{calls / size:,.3g} {name}"
    return f"{calls:,.3g}"
