"""Difficulty: loads from covariances, and laws that give the marginals back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.lengths import Lengths
from scenarios.calibrating.means import chance_of_log_means
from scenarios.calibrating.unmixing import unmix
from scenarios.logs.formats import read_logs
from tests.calibrating.making import FAR, Keeper, World, near
from tests.calibrating.products import COMMON, DAYS, SONNET
from tests.calibrating.roundtrip import write_log

NAMES = "turns", "output_tokens", "message_tokens"


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


@pytest.mark.parametrize("loads", [(0.4, 0.3, 0.5, 0.5), (-0.4, 0.3, 0.5, 0.0), (0.4, 0.3, 0.5, -0.4)])
def test_loads_are_found(loads: tuple[float, float, float, float]) -> None:
    world = World(sessions=2_000, turns=24, loads=loads[:3], first_load=loads[3], spread=0.6)
    learnings = learn_agents(world.log(), Keeper().options)
    sigma = learnings.difficulty["lognormal"]["sigma"]
    found = learnings.agents["agent"]["sensitivity"]
    for name, truth in zip(NAMES, loads[:3], strict=True):
        error = np.sqrt(2 / world.sessions) * max(np.abs(loads))  # of a load, sessions being many and their means sharp
        assert found[name] * sigma == pytest.approx(truth, abs=FAR * error), name
    truth, error = covariance_of_firsts(world)
    assert near(found["first_message_tokens"] * sigma, truth, error)


def test_a_bond_of_what_sessions_begin_with_and_their_length_is_found() -> None:
    """Neither differs by more than chance: laws of both have their spread. Of two loads the product is known."""
    world = World(sessions=2_000, turns=24, first=8_000, loads=(0.4, 0.0, 0.0), first_load=0.8, spread=0.3)
    learnings = learn_agents(world.log(), Keeper().options)
    sigma, found = learnings.difficulty["lognormal"]["sigma"], learnings.agents["agent"]["sensitivity"]
    assert set(found) == {"turns", "first_message_tokens"}
    truth, error = covariance_of_firsts(world)
    ours = found["turns"] * found["first_message_tokens"] * sigma**2
    assert near(ours, 0.4 * truth, 0.4 * error + truth * np.sqrt(0.4**2 / world.sessions))


def covariance_of_firsts(world: World) -> tuple[float, float]:
    """Of what sessions begin with beyond the least 5 %, relative to its mean, and their difficulty; and its error."""
    u = np.random.default_rng(5).standard_normal((2, 400_000))
    begins = np.exp(world.spread * u[0] + world.first_load * u[1])
    begins = np.maximum(begins - np.quantile(begins, 0.05), 0)
    product = begins / begins.mean() * u[1]
    return float(product.mean()), float(product.std() / np.sqrt(world.sessions))


def test_what_sessions_have_in_common_is_no_chance() -> None:
    """Few turns and much in common: taken for chance, it would leave two thirds of its variance."""
    calls = World(sessions=2_000, turns=8, loads=(0.0, 0.8, 0.0), spread=0.4).log()
    calls["output"][::500] = 0  # an answer of nothing is one
    sigma = learn_agents(calls, Keeper().options).difficulty["lognormal"]["sigma"]
    assert sigma == pytest.approx(0.8, abs=FAR * np.sqrt((0.8**2 + 0.4**2 / 8) ** 2 / (2 * 0.8**2) / 1_500))


def test_failures_go_with_what_else_is_difficult(tmp_path: Path) -> None:
    """And the rate that is written is the one that was simulated: that of an attempt at a difficulty of 1.

    Of all requests more fail, because the turns of difficult sessions are asked again more often.
    """
    rate, load, turns = 0.1, 0.5, 20
    agent = {
        "model": SONNET, "system_tokens": 2_000, "turns": turns,
        "message_tokens": {"lognormal": {"mu": 4.6, "sigma": 0.5}},
        "output_tokens": {"lognormal": {"mu": 5.4, "sigma": 0.5}},
        "retry": {"failure_rate": rate, "quality_share": 0.5, "max_attempts": 12, "on_exhausted": "continue"},
        "sensitivity": {"failure_rate": 1, "output_tokens": 0.5, "turns": 0, "message_tokens": 0},
    }  # fmt: skip
    document = COMMON | {
        "volume": {"sessions_per_day": 25}, "features": {"ask": {"agent": "bot"}}, "agents": {"bot": agent},
        "difficulty": {"lognormal": {"mu": 0, "sigma": load}},
    }  # fmt: skip
    file = tmp_path / "calls.jsonl"
    sessions = write_log(document, DAYS, file).size
    learnings = learn_agents(read_logs([file])[0], Keeper().options)
    agent, sigma = learnings.agents["bot"], learnings.difficulty["lognormal"]["sigma"]
    error = np.sqrt(2 / sessions) * load
    for name, truth in (("failure_rate", load), ("output_tokens", load / 2)):
        assert agent["sensitivity"][name] * sigma == pytest.approx(truth, abs=FAR * error), name
    first = rate * np.exp(load**2 / 2)
    spread = (np.exp(load**2) - 1) / sessions + (1 - first) / (turns * sessions * first)
    assert agent["retry"]["failure_rate"] == pytest.approx(rate, rel=FAR * np.hypot(np.sqrt(spread), load * error))


@pytest.mark.parametrize(("turns", "fewest"), [(12, 5), (3, 2)])
def test_whole_prompts_of_a_session_go_together(turns: int, fewest: int, tmp_path: Path) -> None:
    """Sessions that ask about one document each: prompts go up and down, but not far from those of their session."""
    load, spread = 0.7, 0.3
    agent = {
        "model": SONNET, "turns": turns, "prompt_tokens": {"lognormal": {"mu": 8.0, "sigma": spread}},
        "output_tokens": {"lognormal": {"mu": 5.4, "sigma": 0.5}}, "sensitivity": {"prompt_tokens": 1},
    }  # fmt: skip
    document = COMMON | {
        "volume": {"sessions_per_day": 25}, "features": {"ask": {"agent": "bot"}}, "agents": {"bot": agent},
        "difficulty": {"lognormal": {"mu": 0, "sigma": load}},
    }  # fmt: skip
    file, keeper = tmp_path / "calls.jsonl", Keeper()
    sessions = write_log(document, DAYS, file).size
    learnings = learn_agents(read_logs([file])[0], keeper.options)
    error = np.sqrt((load**2 + spread**2 / turns) ** 2 / (2 * load**2) / sessions)
    assert learnings.difficulty["lognormal"]["sigma"] == pytest.approx(load, abs=FAR * error)
    assert learnings.agents["bot"]["sensitivity"] == {"prompt_tokens": 1}
    prompts = np.log(keeper.values["bot.prompt_tokens"])
    assert np.median(prompts) == pytest.approx(8.0, abs=FAR * load / np.sqrt(sessions))
    assert f"{fewest} turns and more" in next(one.source for one in learnings.learnt if one.path == "difficulty")


def test_the_laws_written_are_those_at_a_difficulty_of_one() -> None:
    keeper = Keeper()
    world = World(sessions=2_000, turns=16, loads=(0.4, 0.3, 0.5), spread=0.6)
    learn_agents(world.log(), keeper.options)
    outputs = keeper.values["agent.output_tokens"]
    error = np.sqrt(2 / world.sessions) * 0.5
    assert np.median(outputs) == pytest.approx(world.output * np.exp(-0.18), rel=FAR * error)
    assert np.log(outputs[outputs > 0]).std() == pytest.approx(world.spread, rel=FAR * error)


@pytest.mark.parametrize("seed", range(1, 7))
def test_sessions_that_differ_by_chance_only_have_no_difficulty(seed: int) -> None:
    """Whatever the tail: were one log of a hundred given one, six would be without with a chance of 94 %."""
    world = World(sessions=100, turns=(12, 3)[seed % 2], spread=(0.5, 1.0, 1.5)[seed % 3], seed=seed)
    learnings = learn_agents(world.log(), Keeper().options)
    assert learnings.difficulty is None
    assert "sensitivity" not in learnings.agents["agent"]
    assert any(sentence.startswith("Difficulty") for sentence in learnings.unlearnt)


def test_no_more_than_a_few_sessions_say_nothing() -> None:
    assert learn_agents(World(sessions=20, loads=(0.4, 0.4, 0.4)).log(), Keeper().options).difficulty is None


def lengths(rng: np.random.Generator, load: float, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths at a difficulty of one, of geometric turns; difficulty; and lengths with it."""
    at_one, u = rng.geometric(1 / 6, n).astype(float), rng.standard_normal(n)
    return at_one, u, np.maximum(1, np.floor(at_one * np.exp(load * u) + rng.random(n))).astype(int)


def test_lengths_say_how_difficult_the_sessions_are_that_have_them() -> None:
    _, u, turns = lengths(np.random.default_rng(1), 0.4, 20_000)
    mean, variance = Lengths(turns, 0.4).difficulty()
    for some in (turns <= 2, (turns > 4) & (turns <= 8), turns > 8, turns > 20):
        n = np.count_nonzero(some)
        assert near(mean[some].mean(), u[some].mean(), u[some].std() / np.sqrt(n))
        spread = mean[some].var() + variance[some].mean()
        assert near(spread, u[some].var(), np.sqrt(2 / n) * u[some].var())


def test_lengths_without_difficulty_give_lengths_back() -> None:
    rng = np.random.default_rng(2)
    n = 20_000
    _, u, turns = lengths(rng, 0.4, n)
    again = np.floor(Lengths(turns, 0.4).at_one() * np.exp(0.4 * rng.permutation(u)) + rng.random(n))
    for few in (3, 6, 12, 25, 40):
        share = (turns > few).mean()
        assert near((again > few).mean(), share, np.sqrt(2 * share * (1 - share) / n))


def test_logarithms_of_means_lie_too_low_and_scatter() -> None:
    """Of gamma values both are known: those of a gamma mean are the digamma and trigamma of n times the shape."""
    from scipy.special import polygamma, psi

    shape, sizes = 0.5, np.array([5, 20, 100, 1_000])
    values = np.random.default_rng(3).gamma(shape, 1, 100_000)
    low, variance = chance_of_log_means(values, sizes)
    truth = polygamma(1, shape * sizes)
    np.testing.assert_allclose(low, np.log(shape * sizes) - psi(shape * sizes), atol=FAR * np.sqrt(truth[0] / 1_000))
    np.testing.assert_allclose(variance, truth, rtol=FAR * np.sqrt((2 + 3) / 1_000))  # five values: a kurtosis of 6
