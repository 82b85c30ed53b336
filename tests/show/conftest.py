"""Results made by hand, once for all tests of pictures and pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from simulator.result import Result
from simulator.show.report import render
from tests.show import synthetic
from tests.show.pages import Tag, page

StatePage = Callable[[str], tuple[Result, str]]


@pytest.fixture(scope="session")
def result() -> Result:
    """A month with a budget that breaks in some of 2,000 trials."""
    return synthetic.result()


@pytest.fixture(scope="session")
def scenario_result() -> Result:
    """The same with a scenario and its prices."""
    return synthetic.with_scenario()


@pytest.fixture(scope="session")
def html(scenario_result: Result) -> str:
    return render(scenario_result)


@pytest.fixture(scope="session")
def report(html: str) -> Tag:
    return page(html)


@pytest.fixture(scope="session")
def state_page() -> StatePage:
    """The result and the report of a state, made once."""

    @cache
    def made(state: str) -> tuple[Result, str]:
        result = synthetic.STATES[state]()
        return result, render(result)

    return made
