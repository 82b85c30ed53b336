"""What is asked of a run: a scenario and arguments, read and checked in full before anything is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios.load import Source, load
from scenarios.prices import price_faults
from scenarios.problems import Problem, ScenarioError
from scenarios.schema import Budget, Scenario
from simulator.arguments import read_arguments
from simulator.limits import limit_problems


def read_request(
    source: Source,
    overrides: str | Sequence[str],
    given: Mapping[str, object],
    problems: list[Problem],
    prefix: str = "",
) -> tuple[Scenario | None, dict[str, Any]]:
    """Read a request, and note all that is wrong with it.

    Parameters
    ----------
    source, overrides : as `scenarios.load.load` takes them
    given : arguments, see `simulator.arguments.read_arguments`
    problems : takes what is wrong, of the scenario and the arguments together
    prefix : stands before the names of arguments in it

    Returns
    -------
    tuple of Scenario or None, and dict
        The scenario with the budget that was asked for; the arguments that are right.
    """
    arguments = read_arguments(given, problems, prefix)
    try:
        scenario = _loaded(source, overrides)
    except ScenarioError as error:
        problems += error.beyond(_refused(error.draft, given) if error.draft else [])
        return None, arguments
    if "budget" in arguments:
        scenario = _with_budget(scenario, arguments["budget"])
    problems += _refused(scenario, given)
    return scenario, arguments


def files_read(scenario: Scenario) -> set[Path]:
    """The files that a scenario was read from."""
    places = {} if scenario.written is None else scenario.written.places
    return {Path(file) for file, line in places.values() if file is not None and line is not None}


def _refused(scenario: Scenario, given: Mapping[str, object]) -> list[Problem]:
    """What keeps a scenario of valid sections from being run: limits and prices."""
    limits = limit_problems(scenario, has_budget="budget" in given or scenario.budget is not None)
    return [*limits, *scenario.error(price_faults(scenario)).problems]


def _loaded(source: Source, overrides: str | Sequence[str]) -> Scenario:
    if isinstance(source, Scenario) and source.written is not None and not overrides:
        return source
    return load(source, overrides)


def _with_budget(scenario: Scenario, amount: float) -> Scenario:
    budget = scenario.budget.model_copy(update={"amount": amount}) if scenario.budget else Budget(amount=amount)
    return scenario.model_copy(update={"budget": budget})
