"""What the trust line says of inputs and prices, and what it warns of."""

from __future__ import annotations

from scenarios.inputs import InputCounts
from simulator.result import Result
from simulator.show.screen import screen
from simulator.show.sketch import stated_laws
from simulator.show.story import laws_title
from simulator.show.trust import inputs_counted


def test_cited_inputs_are_no_measured_ones(scenario_result: Result) -> None:
    assert "0 inputs measured, 1 cited, 14 stated, 7 defaults" in screen(scenario_result)
    assert (
        inputs_counted(InputCounts(measured=1, cited=0, stated=2, default=1)) == "1 input measured, 2 stated, 1 default"
    )


def test_the_laws_title_counts_data_and_citations_apart(scenario_result: Result) -> None:
    assert scenario_result.scenario is not None
    title = laws_title(stated_laws(scenario_result.scenario))
    assert title == "The forecast stands on 6 laws, none of them on data, 1 cited from a source"
