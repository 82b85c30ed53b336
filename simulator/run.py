"""A scenario in, a Result out: chooses trials, the unit of money and threads, and watches the work."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from simulator.processors import usable_processors
from simulator.request import read_request
from simulator.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.schema import Scenario
    from simulator.engine.tally import Records
    from simulator.guarding import Sampler

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


def run(
    source: Source,
    *,
    trials: int | str | None = None,
    seed: int | str = 1,
    budget: float | str | None = None,
    engine: str = "auto",
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
        here, it may be text such as "10k"
    seed : 0 to 2^64 - 1; the same seed gives the same bits on any number of threads
    budget : in the scenario's currency; replaces the amount of the scenario's budget, what it covers stays
    engine : "auto" or "exact"
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
    asked = {"seed": seed, "engine": engine} | {name: x for name, x in optional.items() if x is not None}
    problems: list[Problem] = []
    scenario, given = read_request(source, overrides, asked, problems)
    if problems or scenario is None:
        raise ScenarioError(problems)
    prices = resolve_prices(scenario)
    program, period = compile_program(scenario, prices), Period.of(scenario)
    try:
        calls, spend = pilot(program, period)
        n_trials = given.get("trials") or default_trials(calls)
        expected = refuse_too_large(program, period, given["seed"], n_trials, calls, spend)
        tally = simulate(
            program,
            period,
            given["seed"],
            n_trials,
            unit=money_unit(spend),
            threads=given.get("threads") or usable_processors(),
            block=given.get("block"),
            watch=_watch(progress, n_trials, expected),
        )
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
        interrupted=len(tally.trial) < n_trials,
        seconds=time.perf_counter() - started,
        sampler=sampler_of(scenario),
        sampler_of=sampler_of,
    )


def _watch(
    progress: Callable[[Progress], None] | None, n_trials: int, expected: float
) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    done, started = [0, 0], time.perf_counter()

    def watch(trials: int, sessions: int) -> None:
        done[0] += trials
        done[1] += sessions
        progress(Progress(done[0], n_trials, done[1], expected, time.perf_counter() - started))

    return watch
