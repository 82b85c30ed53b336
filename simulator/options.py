"""What stands on the command line of a run, read and checked in full before anything is simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.problems import Problem, ScenarioError
from simulator.request import files_read, read_request
from simulator.risk.conditions import Condition, ConditionError, parse_condition
from simulator.tolerance import percentiles_asked

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.schema import Scenario
    from simulator.result import Result
    from simulator.run import Progress


@dataclass(frozen=True)
class RunOptions:
    """A run that can start: every value is of its type and in its range.

    Attributes
    ----------
    scenario : what is simulated
    arguments : keyword arguments of `simulator.run.run`
    conditions : those of ``--fail-if``
    """

    scenario: Scenario
    arguments: Mapping[str, Any]
    conditions: tuple[Condition, ...]

    @classmethod
    def read(
        cls,
        source: str,
        overrides: Sequence[str],
        words: Mapping[str, str | None],
        fail_if: Sequence[str],
    ) -> RunOptions:
        """Read the words of a command line.

        Parameters
        ----------
        source : a file, or a name from the library
        overrides : ``path=value`` pieces
        words : ``budget``, ``trials``, ``seed``, ``threads``, ``engine``, ``tolerance`` and ``points`` as written; None
            where not given
        fail_if : conditions as written

        Raises
        ------
        ScenarioError
            With all that is wrong in the file and on the line together.
        """
        problems: list[Problem] = []
        given = {name: word for name, word in words.items() if word is not None}
        scenario, arguments = read_request(source, overrides, given, problems, prefix="--")
        has_budget = "budget" in given or (scenario is not None and scenario.budget is not None)
        conditions = [_condition(text, has_budget, scenario, problems) for text in fail_if]
        if problems or scenario is None:
            raise ScenarioError(problems)
        return cls(scenario, arguments, tuple(filter(None, conditions)))

    @property
    def inputs(self) -> set[Path]:
        """The files that the scenario was read from."""
        return files_read(self.scenario)

    def simulate(self, progress: Callable[[Progress], None] | None) -> Result:
        """Run it."""
        from simulator.run import run

        named = tuple(condition.metric for condition in self.conditions)
        p99 = 99 in percentiles_asked(self.scenario.limits, named)
        return run(self.scenario, progress=progress, tolerance_p99=p99, **self.arguments)

    def about_trials(self, result: Result) -> list[str]:
        """Why there are so many trials, where nobody asked for just them."""
        from simulator.bounds import default_trials_words
        from simulator.show.tolerance import tolerance_sentence

        if result.tolerance is not None:
            return [tolerance_sentence(result)]
        return [] if "trials" in self.arguments else default_trials_words(result.trials_requested)

    def crossed(self, result: Result, document: Mapping[str, Any]) -> list[str]:
        """A sentence for each limit of the file, and each condition of the line, that the run crossed."""
        from simulator.show.metrics import no_success, violation_words

        money, unit = result.currency, result.facts.unit
        said = [f"limit crossed: {violation_words(one, money, unit)} in `limits:`" for one in result.violations()]
        for condition in self.conditions:
            value = condition.met_by(document)
            if value is not None:
                came_out = no_success(condition.metric, value, unit) or f"{value:.6g}"
                said.append(f"limit crossed: {condition}: it is {came_out}")
        return said


def _condition(text: str, has_budget: bool, scenario: Scenario | None, problems: list[Problem]) -> Condition | None:
    try:
        condition = parse_condition(text, has_budget=has_budget)
        if scenario is not None and condition.metric.startswith(("prices.", "daily.")):
            condition.met_by(_known_beforehand(scenario))
    except ConditionError as error:
        problems.append(Problem(None, None, "--fail-if", str(error), got=text))
        return None
    return condition


def _known_beforehand(scenario: Scenario) -> dict[str, Any]:
    """Where figures of a run's JSON will stand that depend on the scenario: its models, its days."""
    prices = dict.fromkeys(("input", "output", "cached_input", "cache_write"), 0.0)
    days = [0.0] * scenario.period.days
    return {"prices": dict.fromkeys(scenario.models, prices), "daily": dict.fromkeys(("p5", "p50", "p95"), days)}
