"""What DESIGN section 2 asks for and a run refuses by name so far: the twin has it already."""

from __future__ import annotations

import pytest

from scenarios.problems import ScenarioError
from simulator.run import run
from tests.twin.coming import COMING
from tests.twin.sides import LANDED


@pytest.mark.skipif(LANDED, reason="a run simulates it")
@pytest.mark.parametrize("name", COMING)
def test_a_run_refuses_by_name_what_it_can_not_simulate(name):
    with pytest.raises(ScenarioError, match="can't simulate"):
        run(COMING[name], trials=1)
