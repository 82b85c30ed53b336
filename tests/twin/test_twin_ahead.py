"""What DESIGN section 2 asks for and a run refuses by name so far: the twin has it already.

Each is held against mathematics here, so that the twin is no guess when the kernel comes to be compared with it. A
refusal that no longer comes moves its variant to `VARIANTS`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.load import load
from scenarios.problems import ScenarioError
from simulator.run import run
from tests.engine.facts import standard_errors_off
from tests.twin.test_twin import twin_side
from tests.twin.variants import NOT_YET

# A session of STEADY on `dear`: E[prompts] = 4 * (900 + 100) + 12 * 300, E[output] = 800.
INPUT, OUTPUT = 7_600, 800


@pytest.fixture(scope="module")
def twins():
    return {name: twin_side(load(spec), 2_000) for name, (_, _, spec) in NOT_YET.items()}


@pytest.mark.parametrize("name", NOT_YET)
def test_a_run_refuses_by_name_what_it_can_not_simulate(name):
    with pytest.raises(ScenarioError) as caught:
        run(NOT_YET[name][2], trials=1)
    assert NOT_YET[name][0] in str(caught.value)


@pytest.mark.parametrize("name", NOT_YET)
def test_the_twin_charges_it_to_its_cause(twins, name):
    cause = NOT_YET[name][1]
    cells = {key[2]: money.mean() for key, money in twins[name].cells.items()}
    assert min(cells.values()) > 0
    assert cause is None or cause in cells


def test_half_price_in_batch(twins):
    cost = (INPUT * 3 + OUTPUT * 15) / 1e6 / 2
    assert standard_errors_off(twins["batch"].columns["cost"], cost) < 4


def test_a_cascade_bills_both_models(twins):
    calls = twins["cascade"].columns["calls"]
    begun = 1 / (1 - 0.75 * (1 - 0.3**3))
    assert standard_errors_off(calls, begun * (1 + 0.3) * (1 + 0.3 + 0.09)) < 4


def test_tools_are_called_as_often_as_their_law_says(twins):
    columns, cells, _ = twins["tools"]
    fees = 4 * 1.2 * (1.4 * 0.005 + 0.5 * (1 + 0.5 + 0.25) * 0.05)
    assert standard_errors_off(cells["chat", "chat", "tools"], fees) < 4
    # A result is sent in every later turn: as a message in the next, as history after that.
    result = 1.4 * 1.2 * 300
    assert standard_errors_off(columns["input"], INPUT + 12 * result) < 4
    assert standard_errors_off(cells["chat", "chat", "message"], (4 * 100 + 3 * result) * 3 / 1e6) < 4


def test_children_are_as_many_as_a_branching_process_has(twins):
    agents = twins["spawns"].columns["agents"]
    assert agents.max() == 9
    assert agents.mean() > 1 + 1.5


def test_a_validator_sends_back_as_often_as_it_may(twins):
    runs = (1 - 0.4**3) / 0.6
    assert standard_errors_off(twins["validator of the agent"].columns["agents"], 2 * runs) < 4
    assert standard_errors_off(twins["validator of the agent"].columns["calls"], 5 * runs) < 4
    assert standard_errors_off(twins["validator of every turn"].columns["calls"], 4 * 2 * 1.4) < 4


@pytest.mark.parametrize(("name", "last"), [("a cap on calls", 4), ("a cap on cost", 5)])
def test_guardrails_cut_after_the_call_that_reaches_them(twins, name, last):
    # The n-th call sends 1,000 + 300 (n - 1) tokens and gets 200: four cost 2.94 cents, five 3.9.
    columns = twins[name].columns
    assert columns["calls"].max() == last
    assert standard_errors_off(columns["calls"], 4 * (1 - 0.75**last)) < 4
    assert standard_errors_off(columns["success"], 1 - 0.75 ** (last - 1)) < 4


def test_repeats_are_at_most_two_and_people_take_over_what_is_left(twins):
    side = twins["repeats and handoff"]
    again = 0.9 * 0.8
    assert standard_errors_off(side.columns["calls"], 4 * (1 + again + again**2)) < 4
    lost = 0.9 * 0.2 * (1 + again) + 0.9 * again**2
    assert standard_errors_off(side.columns["success"], 1 - lost) < 4
    assert standard_errors_off(side.cells["ask", "chat", "handoff"], lost * 0.3 * 13.5) < 4


def test_reviews_cost_a_persons_time(twins):
    sigma = math.log(2) / 1.6448536
    minutes = 4 * math.exp(sigma**2 / 2)
    money = twins["human review"].cells["ask", "chat", "human_review"]
    assert standard_errors_off(money, 0.9 * minutes / 60 * 75) < 4
    assert np.mean(money > 0) == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / money.size))
