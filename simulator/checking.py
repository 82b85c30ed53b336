"""What can be said of a scenario without running it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.inputs import count_inputs
from scenarios.lint import lint, session_cost_tail_index
from scenarios.load import load
from scenarios.prices import price_faults, resolve_prices
from scenarios.problems import Problem, ScenarioError
from scenarios.resolved import resolved_yaml
from simulator.leaks import leaks
from simulator.limits import limit_problems
from simulator.show import words
from simulator.show.scenario_words import expected_words
from simulator.show.tables import columns
from simulator.show.trust import inputs_counted, prices_dated

if TYPE_CHECKING:
    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario


def check_text(source: str, overrides: Sequence[str], width: int) -> str:
    """Say that a scenario is valid, and what is worth a second look in it.

    Raises
    ------
    ScenarioError
        With every problem, if it is not valid.
    """
    scenario, prices = _checked(source, overrides)
    looked = [*lint(scenario, prices.cards), *leaks(scenario, prices)]
    sections = [
        _summary(scenario, prices, width),
        *_listed("Worth a second look:", [(one.path, one.message) for one in looked], width),
        *_listed("On prices:", [("", note) for note in prices.notes], width),
        _tail(scenario, prices, width),
    ]
    return "\n\n".join(sections)


def resolved_text(source: str, overrides: Sequence[str]) -> str:
    """The scenario with every default and price, and each law's mean, P95 and maximum, as YAML."""
    scenario, prices = _checked(source, overrides)
    return resolved_yaml(scenario, prices.cards)


def _checked(source: str, overrides: Sequence[str]) -> tuple[Scenario, PriceBook]:
    try:
        scenario = load(source, overrides)
    except ScenarioError as error:
        raise ScenarioError(error.beyond(_refused(error.draft) if error.draft else [])) from None
    problems = _refused(scenario)
    if problems:
        raise ScenarioError(problems)
    return scenario, resolve_prices(scenario)


def _refused(scenario: Scenario) -> list[Problem]:
    """What is wrong with limits and models, which no section can tell by itself."""
    return limit_problems(scenario, scenario.budget is not None) + scenario.error(price_faults(scenario)).problems


def _summary(scenario: Scenario, prices: PriceBook, width: int) -> str:
    counted = inputs_counted(count_inputs(scenario))
    period = words.period_name(scenario.period.start, scenario.period.days)
    about = f"{period} · {counted} · {prices_dated(prices)}"
    lines = [*textwrap.wrap(about, width), *textwrap.wrap(expected_words(scenario), width)]
    return "\n".join([f"{scenario.name} is valid.", *lines])


def _listed(heading: str, rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    if rows:
        body = columns([row if row[0] else row[1:] for row in rows], align="ll" if rows[0][0] else "l", width=width - 4)
        yield "\n".join([heading, textwrap.indent(body, "    ")])


def _tail(scenario: Scenario, prices: PriceBook, width: int) -> str:
    index, why = session_cost_tail_index(scenario, prices.cards)
    if math.isinf(index):
        return f"The cost of a {scenario.unit} has no power tail: all its moments are finite."
    return "\n".join(textwrap.wrap(f"The cost of a {scenario.unit} has a tail of index {index:.3g}. {why}", width))
