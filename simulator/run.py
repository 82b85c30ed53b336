"""A scenario in, a Result out: chooses trials, the unit of money and threads, and watches the work."""

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
from simulator.engine.points import Points
from simulator.engines import Progress, Task, Watch, ready_engine
from simulator.processors import usable_processors
from simulator.request import read_request
from simulator.result import Result
from simulator.rush import peak_cost
from simulator.todate import expected_to_date
from simulator.tolerance import MOST, Goal, percentiles_asked, until_sure

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
    trials : simulated periods; by default 10,000; of the exact engine, where that is less, as many as make 3e9 expected
        calls, at least 200. Like all numbers here, it may be text such as "10k". With a tolerance: at most so many, by
        default 100,000
    seed : 0 to 2^64 - 1; the same seed gives the same bits on any number of threads
    budget : in the scenario's currency; replaces the amount of the scenario's budget, what it covers stays
    engine : "auto", "exact" or "hybrid"
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
    n_threads = given.get("threads") or usable_processors()
    try:
        calls, spend = pilot(program, period)
        task = Task(program, period, given["seed"], calls, spend, n_threads, given.get("block"), Watch(progress))
        work = ready_engine(task, given["engine"], given.get("trials"))
        if "tolerance" in given:
            percentiles = (95, 99) if tolerance_p99 else percentiles_asked(scenario.limits)
            maximum = given.get("trials") or MOST
            goal = Goal(given["tolerance"], percentiles, scenario.budget is not None, maximum)
            tally, precision, n_trials = until_sure(work.simulate, goal, work.is_let_through)
        else:
            precision, n_trials = None, given.get("trials") or work.default_trials
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

    interrupted = len(tally.trial) < n_trials or (precision is not None and precision.stopped_by == "user")
    crowd, to_date = None, None
    if not interrupted:
        try:
            crowd = peak_cost(program, period, given["seed"], tally)
            to_date = expected_to_date(task, scenario, prices, tally.frame.unit)
        except KeyboardInterrupt:  # the trials are finished, and are not lost for what stands beside them
            interrupted = True
        except CostOverflowError as error:
            raise cost_overflow(scenario, error) from None
    return Result(
        tally=tally,
        scenario=scenario,
        prices=prices,
        seed=given["seed"],
        engine=work.name,
        engine_reason=work.reason,
        accuracy=work.accuracy.to_dict() if work.accuracy else None,
        trials_requested=n_trials,
        interrupted=interrupted,
        tolerance=precision,
        peak_cost=crowd,
        expected_to_date=to_date,
        seconds=time.perf_counter() - started,
        sampler=sampler_of(scenario),
        sampler_of=sampler_of,
    )
