"""What the trust line says of inputs and prices, and what it warns of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scenarios.inputs import InputCounts
from scenarios.prices import STALE_DAYS, price_data_date, resolve_prices
from simulator.result import Result
from simulator.show import words
from simulator.show.screen import screen
from simulator.show.sketch import stated_laws
from simulator.show.story import laws_title
from simulator.show.trust import inputs_counted, prices_dated
from tests.show import synthetic


def test_cited_inputs_are_no_measured_ones(scenario_result: Result) -> None:
    assert "0 inputs measured, 1 cited, 14 stated, 7 defaults" in screen(scenario_result)
    assert (
        inputs_counted(InputCounts(measured=1, cited=0, stated=2, default=1)) == "1 input measured, 2 stated, 1 default"
    )


def test_the_laws_title_counts_data_and_citations_apart(scenario_result: Result) -> None:
    assert scenario_result.scenario is not None
    title = laws_title(stated_laws(scenario_result.scenario))
    assert title == "The forecast stands on 6 laws, none of them on data, 1 cited from a source"


OWN: dict[str, Any] = {"input": 1, "output": 2}
LISTED: dict[str, Any] = {"catalog": "anthropic/claude-sonnet-4-6"}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"it": LISTED}, "prices of DAY"),
        ({"it": LISTED | {"input": 1}}, "own prices and prices of DAY"),
        ({"it": LISTED | {"long_context": {"above": 100_000, "input": 9}}}, "own prices and prices of DAY"),
        ({"it": OWN, "other": LISTED}, "own prices and prices of DAY"),
        ({"it": LISTED | OWN | {"cached_input": 0.1, "cache_write": 1}}, "own prices"),
        ({"it": OWN}, "own prices"),
    ],
)
def test_prices_are_dated_by_their_data(models: dict[str, Any], said: str) -> None:
    agents = {"chat": {"model": "it", "output_tokens": 100}}
    book = resolve_prices(synthetic.scenario(models=models, agents=agents))
    assert prices_dated(book) == said.replace("DAY", words.full_date(price_data_date()))


def test_old_price_data_are_said_to_be_old() -> None:
    day = price_data_date()
    young, old = (day + timedelta(days=STALE_DAYS + more) for more in (0, 1))
    late = {"period": f"{old.year + 1}-01", "fixed_costs": {}}
    assert "before as_of" not in screen(synthetic.with_scenario(as_of=young.isoformat(), **late))
    result = synthetic.with_scenario(as_of=old.isoformat(), **late)
    assert f"prices of {words.full_date(day)}, 61 days before as_of" in " ".join(screen(result).split())
    assert any("may have changed since" in note for note in result.prices.notes)  # type: ignore[union-attr]
