"""What stands on the command line of a run, read and checked in full before anything is simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributions.quantity import QuantityError, parse_number
from scenarios.load import load
from scenarios.problems import Problem, ScenarioError
from simulator.limits import limit_problems
from simulator.risk.conditions import Condition, ConditionError, parse_condition

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from simulator.result import Result
    from simulator.run import Progress

ENGINES = ("auto", "exact")


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
        numbers: Mapping[str, str | None],
        engine: str,
        fail_if: Sequence[str],
    ) -> RunOptions:
        """Read the words of a command line.

        Parameters
        ----------
        source : a file, or a name from the library
        overrides : ``path=value`` pieces
        numbers : ``budget``, ``trials``, ``seed`` and ``threads`` as written; None where not given
        engine : a name
        fail_if : conditions as written

        Raises
        ------
        ScenarioError
            With all that is wrong in the file and on the line together.
        """
        problems: list[Problem] = []
        given = {name: _number(name, text, problems) for name, text in numbers.items() if text is not None}
        if engine not in ENGINES:
            problems.append(_bad_engine(engine))
        scenario = _load(source, overrides, problems)
        has_budget = "budget" in given or (scenario is not None and scenario.budget is not None)
        conditions = [_condition(text, has_budget, problems) for text in fail_if]
        problems += limit_problems(scenario, has_budget) if scenario is not None else []
        if problems or scenario is None:
            raise ScenarioError(problems)
        return cls(scenario, {"engine": engine, **given}, tuple(filter(None, conditions)))

    def simulate(self, progress: Callable[[Progress], None] | None) -> Result:
        """Run it."""
        from simulator.run import run

        return run(self.scenario, progress=progress, **self.arguments)

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


def _number(name: str, text: str, problems: list[Problem]) -> float | int | None:
    least, what = {
        "budget": (None, "a budget is a number above 0, such as 30k"),
        "trials": (1, "the number of trials is a whole number from 1, such as 10k"),
        "seed": (0, "a seed is a whole number from 0 to 2^64 - 1"),
        "threads": (1, "the number of threads is a whole number from 1"),
    }[name]
    try:
        # A seed may have more digits than a float holds.
        number = int(text) if text.isascii() and text.isdigit() else parse_number(text)
    except QuantityError:
        number = float("nan")
    if least is None and number > 0:
        return float(number)
    if least is not None and number >= least and number == int(number) and number < 2**64:
        return int(number)
    problems.append(Problem(None, None, f"--{name}", what, got=text or '""'))
    return None


def _bad_engine(engine: str) -> Problem:
    message = "the hybrid engine does not exist yet" if engine == "hybrid" else "there is no such engine"
    return Problem(None, None, "--engine", message, got=engine or '""', allowed=" or ".join(ENGINES))


def _load(source: str, overrides: Sequence[str], problems: list[Problem]) -> Scenario | None:
    try:
        return load(source, overrides)
    except ScenarioError as error:
        problems += error.problems
        return None


def _condition(text: str, has_budget: bool, problems: list[Problem]) -> Condition | None:
    try:
        return parse_condition(text, has_budget=has_budget)
    except ConditionError as error:
        problems.append(Problem(None, None, "--fail-if", str(error)))
        return None
