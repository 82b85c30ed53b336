"""The limits of a scenario against the metrics of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.problems import Fault, Problem
from simulator.risk.metrics import MetricError, is_share, metric_path

if TYPE_CHECKING:
    from scenarios.schema import Scenario


def limit_problems(scenario: Scenario, has_budget: bool) -> list[Problem]:
    """What is wrong with the ``limits:`` of a scenario, which only a run's JSON can tell."""
    faults = []
    for metric, limit in scenario.limits.items():
        try:
            path = metric_path(metric, has_budget=has_budget)
        except MetricError as error:
            faults.append(Fault(("limits", metric), "is no metric of this run", hint=error.remedy))
            continue
        if limit > 1.0 and is_share(path):
            faults.append(Fault(("limits", metric), "lies between 0 and 1", got=limit, hint="write 5 % as 0.05 or 5%"))
    return scenario.error(faults).problems
