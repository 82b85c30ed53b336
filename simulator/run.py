"""A scenario in, a Result out: chooses trials, the unit of money and threads, and watches the work."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from scenarios.problems import Problem, ScenarioError
from scenarios.schema import Budget, Scenario
from simulator.engine.exact import CostOverflowError, sample_sessions, simulate
from simulator.engine.period import VOLUME, Period
from simulator.engine.plan import NANO, Program, compile_program, unsupported
from simulator.engine.tally import SESSION_DTYPE, Records
from simulator.limits import limit_problems
from simulator.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


ENGINES = ("auto", "exact")
DEFAULT_TRIALS = 10_000
LEAST_TRIALS = 200
EXPECTED_CALLS = 3e9
"""The work of a run whose number of trials is not given."""
MOST_CALLS = 1e12
"""The work that a run takes on at all: most of a day on two processors."""

PILOT_TRIALS, PILOT_SESSIONS = 64, 32
PILOT_SEED = 0
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Progress:
    """How far a run has come. Times in seconds; `seconds_left` is None until the pace is known."""

    trials_done: int
    trials_total: int
    sessions_done: int
    seconds: float

    @property
    def sessions_per_second(self) -> float:
        """Pace since the start, compilation included."""
        return self.sessions_done / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far."""
        if not self.trials_done:
            return None
        return self.seconds * (self.trials_total - self.trials_done) / self.trials_done


def run(
    source: str | Path | Mapping[str, Any] | Scenario,
    *,
    trials: int | None = None,
    seed: int = 1,
    budget: float | None = None,
    engine: str = "auto",
    overrides: Sequence[str] = (),
    threads: int | None = None,
    block: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Simulate a scenario's period many times.

    Parameters
    ----------
    source : a YAML file, the name of a library scenario, a mapping, or a Scenario
    trials : simulated periods; by default as many as make 3e9 expected calls, from 200 to 10,000
    seed : 0 to 2^64 - 1; the same seed gives the same bits on any number of threads
    budget : in the scenario's currency; replaces the amount of the scenario's budget, what it covers stays
    engine : "auto" or "exact"
    overrides : "path=value" pieces that replace values of the scenario, as ``--set`` does
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
    scenario = source if isinstance(source, Scenario) else load(source, overrides)
    if budget is not None:
        scenario = _with_budget(scenario, budget)
    _check_arguments(trials, seed, engine, threads)
    _refuse(scenario)
    prices = resolve_prices(scenario)
    program, period = compile_program(scenario, prices), Period.of(scenario)
    try:
        calls, spend = pilot(program, period)
        n_trials = trials or default_trials(calls)
        _refuse_endless(calls, n_trials)
        watch = _watch(progress, n_trials, started)
        threads = threads or usable_processors()
        tally = simulate(
            program, period, seed, n_trials, unit=money_unit(spend), threads=threads, block=block, watch=watch
        )
        if not len(tally.trial):
            raise KeyboardInterrupt  # before the first trial was finished: there is nothing to report
    except CostOverflowError as error:
        hint = "look for a token law, a price or a volume that is far too large"
        raise ScenarioError([Problem(None, None, "agents", str(error), hint=hint)]) from None

    def sampler(addresses: Records) -> Records:
        return sample_sessions(program, period, seed, addresses)

    return Result(
        tally=tally,
        scenario=scenario,
        prices=prices,
        seed=seed,
        engine="exact",
        engine_reason="the exact engine simulates every session of every trial",
        trials_requested=n_trials,
        interrupted=len(tally.trial) < n_trials,
        seconds=time.perf_counter() - started,
        sampler=sampler,
    )


def pilot(program: Program, period: Period) -> tuple[float, float]:
    """Expected (calls, spend of the sessions) of a period, from a few sessions of a few trials at a seed of its own.

    A function of the scenario alone, so that what is chosen by it is the same on every machine.
    """
    trial = np.arange(PILOT_TRIALS, dtype=np.int64)
    levels = period.day_levels(period.driver_levels(PILOT_SEED, trial))
    sessions = float((period.sessions_per_day[None, :] * levels[:, :, VOLUME]).sum(axis=1).mean())
    calls = spend = 0.0
    for feature, share in enumerate(period.shares):
        addresses = np.zeros(PILOT_TRIALS * PILOT_SESSIONS, SESSION_DTYPE)
        addresses["trial"] = np.repeat(trial, PILOT_SESSIONS)
        addresses["session"] = np.tile(np.arange(PILOT_SESSIONS), PILOT_TRIALS)
        addresses["day"] = np.arange(len(addresses)) % len(period.sessions_per_day)
        addresses["feature"] = feature
        records = sample_sessions(program, period, PILOT_SEED, addresses)
        calls += sessions * share * float(records["calls"].mean())
        spend += sessions * share * float(records["cost"].mean())
    return calls, spend


def default_trials(calls: float) -> int:
    """Trials that make EXPECTED_CALLS at so many calls a period, within bounds."""
    return int(min(DEFAULT_TRIALS, max(LEAST_TRIALS, EXPECTED_CALLS / max(calls, 1.0))))


def money_unit(spend: float) -> float:
    """Currency in one integer unit of money: a nano where a thousand times the expected spend stays below 2^62 of them.

    Beyond that the least power of ten for which it does.
    """
    room = 1000.0 * max(spend, 1.0) / 2.0**62
    return NANO if room <= NANO else 10.0 ** math.ceil(math.log10(room))


def usable_processors() -> int:
    """Processors that this process may use: its affinity, within the quota of its control group."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, interval = CGROUP_QUOTA.read_text().split()
    except (OSError, ValueError):
        return processors
    return processors if quota == "max" else max(1, min(processors, int(quota) // int(interval)))


def _with_budget(scenario: Scenario, amount: float) -> Scenario:
    if not (math.isfinite(amount) and amount > 0.0):
        raise ScenarioError([Problem(None, None, "--budget", "a budget is a number above 0", got=str(amount))])
    budget = scenario.budget.model_copy(update={"amount": amount}) if scenario.budget else Budget(amount=amount)
    return scenario.model_copy(update={"budget": budget})


def _check_arguments(trials: int | None, seed: int, engine: str, threads: int | None) -> None:
    checks = (
        ("--trials", trials, trials is None or trials >= 1, "the number of trials is 1 or more"),
        ("--seed", seed, 0 <= seed < 2**64, "a seed is a whole number from 0 to 2^64 - 1"),
        ("--threads", threads, threads is None or threads >= 1, "the number of threads is 1 or more"),
        ("--engine", engine, engine in ENGINES, f"the engines are {' and '.join(ENGINES)}"),
    )
    problems = [Problem(None, None, option, message, got=str(got)) for option, got, fine, message in checks if not fine]
    if problems:
        raise ScenarioError(problems)


def _refuse(scenario: Scenario) -> None:
    """Raise what is wrong with the scenario that only a run can tell."""
    problems = limit_problems(scenario, scenario.budget is not None)
    for path, what in unsupported(scenario):
        problems.append(
            Problem(None, None, path, f"a run can't simulate {what} yet", hint="leave it out to run the rest")
        )
    if problems:
        raise ScenarioError(problems)


def _refuse_endless(calls: float, trials: int) -> None:
    """Raise where the work would take days: a slip of the keyboard more often than a wish."""
    if calls * trials > MOST_CALLS:
        message = f"this run would simulate {calls * trials:.2g} model calls; {MOST_CALLS:.0e} are let through"
        hint = "lower the volume or --trials"
        raise ScenarioError([Problem(None, None, "volume", message, hint=hint)])


def _watch(
    progress: Callable[[Progress], None] | None, n_trials: int, started: float
) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    done = [0, 0]

    def watch(trials: int, sessions: int) -> None:
        done[0] += trials
        done[1] += sessions
        progress(Progress(done[0], n_trials, done[1], time.perf_counter() - started))

    return watch
