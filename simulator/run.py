"""A scenario in, a Result out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from scenarios.load import Source
from scenarios.prices import resolve_prices
from scenarios.problems import Problem, ScenarioError
from simulator.bounds import cost_overflow, pilot
from simulator.engine.again import sample_sessions
from simulator.engine.items import CostOverflowError
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.engines import Progress, Task, ready_engine
from simulator.processors import usable_processors
from simulator.request import read_request
from simulator.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.schema import Scenario
    from simulator.engine.tally import Records
    from simulator.guarding import Sampler

__all__ = ["Progress", "run"]


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
    engine : "auto", "exact" or "hybrid"
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
        task = Task(
            program, period, given["seed"], calls, spend, given.get("trials"),
            given.get("threads") or usable_processors(), given.get("block"), progress,
        )  # fmt: skip
        engine_used = ready_engine(task, given["engine"])
        n_trials = engine_used.trials
        tally = engine_used.simulate(0, n_trials)
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
        engine=engine_used.name,
        engine_reason=engine_used.reason,
        accuracy=None if engine_used.accuracy is None else engine_used.accuracy.to_dict(),
        trials_requested=n_trials,
        interrupted=len(tally.trial) < n_trials,
        seconds=time.perf_counter() - started,
        sampler=sampler_of(scenario),
        sampler_of=sampler_of,
    )
