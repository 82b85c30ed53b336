"""A scenario in, a Result out: chooses trials, the unit of money and threads, and watches the work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.load import Source
from scenarios.prices import resolve_prices
from scenarios.problems import Problem, ScenarioError
from simulator.bounds import cost_overflow, default_trials, money_unit, pilot, refuse_too_large
from simulator.engine.again import sample_sessions
from simulator.engine.exact import simulate
from simulator.engine.items import CostOverflowError
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.engine.points import Points
from simulator.processors import usable_processors
from simulator.request import read_request
from simulator.result import Result
from simulator.tolerance import MOST, Goal, percentiles_asked, until_sure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenarios.schema import Scenario
    from simulator.engine.plan import Program
    from simulator.engine.tally import Records, Tally
    from simulator.guarding import Sampler

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


def run(
    source: Source,
    *,
    trials: int | str | None = None,
    seed: int | str = 1,
    budget: float | str | None = None,
    engine: str = "auto",
    tolerance: float | str | None = None,
    tolerance_p99: bool = False,
    points: str = "sobol",
    overrides: str | Sequence[str] = (),
    threads: int | str | None = None,
    block: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Simulate a scenario's period many times.

    Parameters
    ----------
    source : a YAML file, the name of a library scenario, a mapping, or a Scenario as `load` gives it
    trials : simulated periods; by default as many as make 3e9 expected calls, from 200 to 10,000. Like all numbers
        here, it may be text such as "10k". With a tolerance: at most so many, by default 100,000
    seed : 0 to 2^64 - 1; the same seed gives the same bits on any number of threads
    budget : in the scenario's currency; replaces the amount of the scenario's budget, what it covers stays
    engine : "auto" or "exact"
    tolerance : a share such as 0.01: trials are added until the 95 % interval of the P95 is at most so far to either
        side, of what the budget covers where there is one; of the P99 too where the scenario's limits have one
    tolerance_p99 : the P99 too in any case
    points : "sobol", scrambled Sobol points for what a trial draws once (drivers, events), which say the same with
        fewer trials; or "plain", independent draws
    overrides : "path=value", one or several, that replace values of the scenario, as ``--set`` does
    threads : workers; by default the processors that this process may use
    block : trials that a worker takes at a time; for tests of the promise that it does not matter
    progress : called about ten times a second

    Returns
    -------
    Result; where the run was interrupted (Ctrl-C), of the trials finished by then, with ``interrupted`` set

    Raises
    ------
    ScenarioError
        for anything wrong with the input, all of it at once.
    """
    started = time.perf_counter()
    optional = {"trials": trials, "budget": budget, "threads": threads, "block": block, "progress": progress}
    optional["tolerance"] = tolerance
    asked = {"seed": seed, "engine": engine, "points": points} | {
        name: x for name, x in optional.items() if x is not None
    }
    problems: list[Problem] = []
    scenario, given = read_request(source, overrides, asked, problems)
    if problems or scenario is None:
        raise ScenarioError(problems)
    prices = resolve_prices(scenario)
    program, period = compile_program(scenario, prices), Period.of(scenario, Points(given["points"]))
    try:
        calls, spend = pilot(program, period)
        work = _Work(program, period, given, calls, spend, _Watch(progress))
        if "tolerance" in given:
            percentiles = (95, 99) if tolerance_p99 else percentiles_asked(scenario.limits)
            maximum = given.get("trials") or MOST
            goal = Goal(given["tolerance"], percentiles, scenario.budget is not None, maximum)
            tally, precision, n_trials = until_sure(work.simulate, goal, work.is_let_through)
        else:
            precision, n_trials = None, given.get("trials") or default_trials(calls)
            tally = work.simulate(0, n_trials)
    except CostOverflowError as error:
        raise cost_overflow(scenario, error) from None
    if not len(tally.trial):
        raise KeyboardInterrupt("before the first trial was finished")

    def sampler_of(edited: Scenario) -> Sampler:
        other = program if edited is scenario else compile_program(edited, prices)

        def sampler(addresses: Records) -> Records:
            try:
                crossed = tally.crossed[np.searchsorted(tally.trial, addresses["trial"])]
                return sample_sessions(other, period, given["seed"], addresses, tally.frame.unit, crossed)
            except CostOverflowError as error:
                raise cost_overflow(edited, error) from None

        return sampler

    return Result(
        tally=tally,
        scenario=scenario,
        prices=prices,
        seed=given["seed"],
        engine="exact",
        engine_reason="the exact engine simulates every session of every trial",
        trials_requested=n_trials,
        interrupted=len(tally.trial) < n_trials or (precision is not None and precision.stopped_by == "user"),
        tolerance=precision,
        seconds=time.perf_counter() - started,
        sampler=sampler_of(scenario),
        sampler_of=sampler_of,
    )


@dataclass(frozen=True)
class _Work:
    """Any trials of one run."""

    program: Program
    period: Period
    given: Mapping[str, Any]
    calls: float
    spend: float
    watch: _Watch

    def simulate(self, first: int, count: int) -> Tally:
        """Trials first .. first + count - 1, of a run that goes as far as these and no further yet."""
        self.watch.aim(first + count, self._expected(first + count))
        return simulate(
            self.program,
            self.period,
            self.given["seed"],
            count,
            first=first,
            unit=money_unit(self.spend),
            threads=self.given.get("threads") or usable_processors(),
            block=self.given.get("block"),
            watch=self.watch.see if self.watch.progress else None,
        )

    def is_let_through(self, trials: int) -> bool:
        """Whether a run of so many trials is not too large."""
        try:
            self._expected(trials)
        except ScenarioError:
            return False
        return True

    def _expected(self, trials: int) -> float:
        """Sessions of so many trials; refuses what is too large."""
        return refuse_too_large(self.program, self.period, self.given["seed"], trials, self.calls, self.spend)


@dataclass
class _Watch:
    """What has been done of a run, and of how much: more and more of it where there is a tolerance."""

    progress: Callable[[Progress], None] | None
    trials: int = 0
    expected: float = 0.0
    trials_done: int = 0
    sessions_done: int = 0
    started: float = field(default_factory=time.perf_counter)

    def aim(self, trials: int, expected: float) -> None:
        """Go on until so many trials."""
        self.trials, self.expected = trials, expected

    def see(self, trials: int, sessions: int) -> None:
        """Note what has been finished, and tell it."""
        self.trials_done += trials
        self.sessions_done += sessions
        seconds = time.perf_counter() - self.started
        if self.progress is not None:
            self.progress(Progress(self.trials_done, self.trials, self.sessions_done, self.expected, seconds))
