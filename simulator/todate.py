"""What was expected of the days that are a fact by now: the scenario simulated from its first day to that one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.exact import simulate
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.risk.replicates import replicates
from simulator.risk.spend import Spend
from simulator.risk.todate import Expected

if TYPE_CHECKING:
    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario
    from simulator.engines import Task

MOST_TRIALS, LEAST_TRIALS = 400, 32
CALLS = 2e8
"""The work that this may take."""


def expected_to_date(task: Task, scenario: Scenario, prices: PriceBook, unit: float) -> Expected | None:
    """What the budget covers of the days to date, over trials that know nothing of the fact; None without a fact.

    Parameters
    ----------
    task : of the run; its expected calls, with CALLS, decide how many trials there are
    unit : currency in one unit of money
    """
    if scenario.spent is None:
        return None
    days = (scenario.spent.through - scenario.period.start).days + 1
    unknowing = scenario.model_copy(update={"spent": None})
    whole = Period.of(unknowing, task.period.points)
    past = replace(whole, busyness=np.where(np.arange(whole.days) < days, whole.busyness, 0.0))
    trials = int(min(MOST_TRIALS, max(LEAST_TRIALS, CALLS / max(task.calls, 1.0))))
    tally = simulate(compile_program(unknowing, prices), past, task.seed, trials, unit=unit, threads=task.threads)
    if not len(tally.trial):
        return None
    spend = Spend(tally.covered[:, :days].sum(axis=1), unit, replicates(tally))
    return Expected(spend.mean, spend.quantile(0.05), spend.p50, spend.p95)
