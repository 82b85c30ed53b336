"""Conditions under which a run fails, as people write them: ``breach_probability>5%``, ``session.cost.p99 >= $60``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from distributions.quantity import QuantityError, parse_number
from simulator.risk.metrics import METRICS, SHORT_NAMES, MetricError, is_share, metric_path, where_null

# Scalars whose path depends on the scenario, and the ends of intervals: no table can hold them before there is a run.
_BY_SCENARIO = re.compile(
    r"prices\..+\.(input|output|cached_input|cache_write)|daily\.p(5|50|95)\.\d+|attribution\.\d+\.(mean|tail)"
    r"|session\.depth\.\d+\.(agents|cost_share)"
    r"|guardrails\.\d+\.(cut_rate|held_rate|saving_per_success_lost|cost_per_success(_without)?)"
    r"|guardrails\.\d+\.(saving|successes_lost)\.(mean|se|ci\.[01])"
    r"|controls\.each\.\d+\.(threshold|at|delay_days|crossed_rate|acted_rate|acts_day\.p(10|50|90)|leak\.(mean|p95))"
    r"|controls\.(saving|breach_reduction)\.ci\.[01]|controls\.without\.breach_ci\.[01]"
    r"|by_(feature|week|month)\.\d+\.(mean|p50|p95|tail)|spent\.expected\.(mean|p5|p50|p95)"
    r"|worst_trials\.differences\.\d+\.(worst|overall|worst_days|overall_days|strength|se)|accuracy\.\w+"
    r"|spend\.ci\.p(50|95|99)\.[01]|budget\.breach_ci\.[01]"
)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class ConditionError(ValueError):
    """A condition that can't be read or names no metric; the message says what would be right."""


@dataclass(frozen=True)
class Condition:
    """What must not be so of a run.

    Attributes
    ----------
    metric : as written: a dotted path into the JSON of a run, or a short name
    operator : one of ``> >= < <=``
    value : what the metric is held against
    """

    metric: str
    operator: str
    value: float

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.value:.15g}"

    def met_by(self, document: Mapping[str, object]) -> float | None:
        """The metric's value where the condition is met, else None; a figure that the run does not give meets none.

        The cost of a success where no session succeeded is a figure, and infinite.

        Raises
        ------
        ConditionError
            If the path leads to no number of this run, such as the price of a model that it does not have.
        """
        path = SHORT_NAMES.get(self.metric, self.metric)
        value = _follow(document, path, self.metric)
        value = where_null(document, path) if value is None else value
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConditionError(f'"{self.metric}" is no number of this run')
        return float(value) if not math.isnan(value) and _OPERATORS[self.operator](value, self.value) else None


_IN_LOWER = {name.lower(): name for name in (*METRICS, *SHORT_NAMES)}


def parse_condition(text: str, *, has_budget: bool) -> Condition:
    """Read a condition, before there is a run to hold it against.

    Raises
    ------
    ConditionError
        If it has no operator (a shell takes an unquoted ``>`` for itself), no number, no metric that a run gives, or a
        value that the metric can't pass.
    """
    match = re.fullmatch(r"\s*([^<>=\s]+)\s*([<>]=?)\s*([^<>=]*?)\s*", text)
    if match is None:
        raise ConditionError(_unreadable(text))
    metric, sign, written = match.groups()
    metric = _IN_LOWER.get(metric.lower(), metric)  # P95 is how everybody writes it
    path = _path(metric, has_budget)
    try:
        value = parse_number(written)
    except QuantityError as error:
        raise ConditionError(f'"{text}" needs a number after {sign}: {error}') from error
    if is_share(path) and not 0 <= value <= 1:
        raise ConditionError(f'"{text}": {metric} lies between 0 and 1; write 5 % as 0.05 or 5%')
    return Condition(metric, sign, value)


def _path(metric: str, has_budget: bool) -> str:
    if _BY_SCENARIO.fullmatch(metric):
        if metric.startswith("budget.") and not has_budget:
            raise ConditionError(f'"{metric}" needs a budget: state one as `budget:` or with --budget')
        return metric
    try:
        return metric_path(metric, has_budget=has_budget)
    except MetricError as error:
        raise ConditionError(str(error)) from error


def _unreadable(text: str) -> str:
    if re.search(r"[<>=]", text):
        return f'"{text}" is not METRIC>VALUE; the operator is one of > >= < <='
    return (
        f'"{text}" has no operator: the shell took the > for itself, as a file to write to. '
        f'Quote the condition: --fail-if "{text.strip() or "p95"}>VALUE"'
    )


def _follow(node: object, path: str, metric: str) -> object:
    """Walk down a metric's path; models' names hold dots themselves, so the longest key that fits goes first."""
    if not path or node is None:
        return node
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        key, rest = ".".join(parts[:n]), ".".join(parts[n:])
        if isinstance(node, Mapping) and key in node:
            return _follow(node[key], rest, metric)
        if isinstance(node, list) and n == 1 and key.isdigit() and int(key) < len(node):
            return _follow(node[int(key)], rest, metric)
    raise ConditionError(f'"{metric}" is no number of this run')
