"""Difficulty: loads from covariances, and laws that give the marginals back."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.unmixing import unmix
from tests.calibrating.making import FAR, Keeper, World


@pytest.mark.parametrize(("load", "tilt"), [(0.3, 0.0), (0.6, 0.5)])
def test_unmixed_values_give_their_distribution_back(load: float, tilt: float) -> None:
    rng = np.random.default_rng(1)
    n = 40_000
    values = np.round(rng.lognormal(5, 1, n) * np.exp(load * rng.normal(tilt, 1, n)))
    again = np.sort(unmix(values, load, tilt) * np.exp(load * rng.normal(tilt, 1, n)))
    for q in (0.05, 0.5, 0.95, 0.99):
        below = np.searchsorted(again, np.quantile(values, q)) / n
        assert abs(below - q) < FAR * np.sqrt(2 * q * (1 - q) / n), q


def test_what_moves_nothing_is_left_as_it_is() -> None:
    values = np.array([0.0, 3.0, 0.0, 5.0])
    assert np.array_equal(unmix(values, 0.0, 0.0), values)
    assert np.all(unmix(values, 0.4, 0.0)[[0, 2]] == 0)


@pytest.mark.parametrize("loads", [(0.4, 0.3, 0.5), (-0.4, 0.3, 0.5)])
def test_loads_are_found(loads: tuple[float, float, float]) -> None:
    world = World(sessions=2_000, turns=24, loads=loads, spread=0.6)
    learnings = learn_agents(world.log(), Keeper().options)
    sigma = learnings.difficulty["lognormal"]["sigma"]
    found = learnings.agents["agent"]["sensitivity"]
    for name, truth in zip(("turns", "output_tokens", "message_tokens"), loads, strict=True):
        error = np.sqrt(2 / world.sessions) * max(np.abs(loads))  # of a load, sessions being many and their means sharp
        assert found.get(name, 0.0) * sigma == pytest.approx(truth, abs=FAR * error), name


def test_the_laws_written_are_those_at_a_difficulty_of_one() -> None:
    keeper = Keeper()
    world = World(sessions=2_000, turns=16, loads=(0.4, 0.3, 0.5), spread=0.6)
    learn_agents(world.log(), keeper.options)
    outputs = keeper.values["agent.output_tokens"]
    error = np.sqrt(2 / world.sessions) * 0.5
    assert np.median(outputs) == pytest.approx(world.output * np.exp(-0.18), rel=FAR * error)
    assert np.log(outputs[outputs > 0]).std() == pytest.approx(world.spread, rel=FAR * error)


def test_sessions_that_differ_by_chance_only_have_no_difficulty() -> None:
    learnings = learn_agents(World().log(), Keeper().options)
    assert learnings.difficulty is None
    assert "sensitivity" not in learnings.agents["agent"]
    assert any(sentence.startswith("Difficulty") for sentence in learnings.unlearnt)


def test_no_more_than_a_few_sessions_say_nothing() -> None:
    assert learn_agents(World(sessions=20, loads=(0.4, 0.4, 0.4)).log(), Keeper().options).difficulty is None
