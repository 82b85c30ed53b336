"""Scalars of a run's JSON by name, and limits on them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from scenarios.suggest import nearest

SHORT_NAMES: Mapping[str, str] = {
    "p50": "spend.p50",
    "p95": "spend.p95",
    "p99": "spend.p99",
    "breach_probability": "budget.breach_probability",
}

COST_PER_SUCCESS = "session.cost_per_success"

_SPEND = ("mean", "sd", "p5", "p10", "p50", "p80", "p90", "p95", "p99", "min", "max", "tvar95", "tvar99")
_BUDGET = ("amount", "covered_p95", "breach_probability", "breaching_trials", "expected_overrun_given_breach")
_SESSION = (
    *("success_rate", "cut_rate", "held_rate", "repeat_rate", "handoff_rate", "review_rate"),
    *("cost_per_success", "waste_share", "top1pct_share"),
)

_WITHOUT = ("mean", "p50", "p95", "p99", "covered_p95", "breach_probability")

SETTINGS: tuple[str, ...] = (
    *("seed", "trials", "trials_requested", "sessions_simulated", "period.days"),
    *("worst_trials.trials", "spent.days", "spent.amount"),
)
"""Numbers of a run's JSON that say how it was made or what went in, so that they can be read and not limited."""

METRICS: tuple[str, ...] = (
    *("average_plan", "plan"),
    *(f"spend.{key}" for key in _SPEND),
    *(f"contingency.{key}" for key in ("p80", "p95")),
    *(f"budget.{key}" for key in _BUDGET),
    *(f"budget.breach_day.{key}" for key in ("p10", "p50", "p90")),
    *(f"session.cost.{key}" for key in ("mean", "p50", "p90", "p95", "p99", "p999", "max")),
    *(f"session.calls.{key}" for key in ("mean", "p50", "p95", "p99")),
    *(f"session.tokens.{key}" for key in ("input", "cached", "written", "output")),
    *(f"session.agents.{key}" for key in ("mean", "p50", "p95", "p99")),
    *(f"session.cut_by.{key}" for key in ("cost", "calls", "limit")),
    *(f"session.{key}" for key in _SESSION),
    *(f"controls.without.{key}" for key in _WITHOUT),
    *("controls.breach_reduction.mean", "controls.saving.mean", "controls.saving.se"),
    *(f"{name}.{key}" for name in ("controls.turned_away", "peak_hour") for key in ("mean", "share", "p95_share")),
    *("heaviest_user.p50_share", "heaviest_user.p95_share", "spent.over_expected"),
)
"""Every metric that a limit can name, by its dotted path in a run's JSON; the budget's only where there is one.

Those of controls, users, a peak hour and a period to date are given only where the scenario has such.
"""


# repeat_rate counts runs a session, of which there may be two
_SHARE = re.compile(r".*(_probability|(?<!repeat)_rate|[_.]share|breach_ci\.[01]|\.cut_by\.\w+)")


def is_share(path: str) -> bool:
    """Whether a metric, by its dotted path, lies between 0 and 1."""
    return _SHARE.fullmatch(path) is not None


class MetricError(KeyError):
    """A name that is no metric; says which ones it may have meant."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(name)
        self.name = name
        self.remedy = remedy

    def __str__(self) -> str:
        return f"there is no metric {self.name!r}: {self.remedy}"


class Violation(NamedTuple):
    """A limit that a run crossed: the name as stated, its dotted path, what came out, and what was allowed."""

    name: str
    path: str
    value: float
    limit: float


def metric_path(name: str, *, has_budget: bool) -> str:
    """Dotted path of a metric, from the path itself or a short name; needs no run, so it can be checked before one.

    Raises
    ------
    MetricError
        If there is no such metric, or if it needs a budget and there is none.
    """
    path = SHORT_NAMES.get(name, name)
    if path not in METRICS:
        raise MetricError(name, _suggestion(name))
    if path.startswith("budget.") and not has_budget:
        raise MetricError(name, "the scenario has no budget; state one as `budget:` or with --budget")
    return path


def _suggestion(name: str) -> str:
    if name in SETTINGS:
        return "it says how the run was made, and only what comes out of one can be limited"
    endings = [path for path in METRICS if path.endswith(f".{name}")]
    near = endings[:3] or nearest(name, [*SHORT_NAMES, *METRICS])
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"a metric is one of {', '.join(SHORT_NAMES)}, or a dotted path of the JSON such as session.cost.p99"


def metric_value(values: Mapping[str, Any], name: str) -> float:
    """A metric from the nested values of a run.

    Parameters
    ----------
    values : mapping
        As `Result.to_dict` lays them out, but with nan and inf where the JSON says null.
    name : str
        A dotted path or a short name.

    Returns
    -------
    float
        nan where the run gives no such figure (the breach day where nothing breached, controls where there are none).
    """
    value: Any = values
    path = name if name in SETTINGS else metric_path(name, has_budget=values.get("budget") is not None)
    for key in path.split("."):
        if value is None:
            return math.nan
        value = value[key]
    return math.nan if value is None else float(value)


def where_null(document: Mapping[str, Any], path: str) -> float | None:
    """What a null in a run's JSON stands for: the infinite cost of a success where no session succeeded, else none.

    JSON knows no infinity; so a limit on that cost, which is crossed, would look as if there were no such figure.
    """
    if path == COST_PER_SUCCESS and document["session"]["success_rate"] == 0:
        return math.inf
    return None


def violations(values: Mapping[str, Any], limits: Mapping[str, float]) -> tuple[Violation, ...]:
    """The upper limits that a run crossed, in the order stated; a figure that a run does not give crosses none."""
    return tuple(_crossed(values, limits))


def _crossed(values: Mapping[str, Any], limits: Mapping[str, float]) -> Iterator[Violation]:
    for name, limit in limits.items():
        value = metric_value(values, name)
        if value > limit:
            yield Violation(name, SHORT_NAMES.get(name, name), value, limit)
