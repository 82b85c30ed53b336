"""Real traces: what is learnt from a random half of the sessions holds for the other half."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from distributions.choose import choose_law
from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.learnings import Learnings
from scenarios.calibrating.sessions import read_sessions
from scenarios.logs.formats import read_logs
from scenarios.logs.table import Calls
from tests.calibrating.making import Keeper

_SPLITS = 20
_LEVELS = (0.5, 0.95, 0.99)


def _calls(shared: Path, name: str) -> Calls:
    path = shared / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return read_logs([path])[0]


def _halves(calls: Calls, seed: int) -> tuple[Calls, Calls]:
    sessions = np.unique(calls["session"])
    chosen = np.random.default_rng(seed).permutation(sessions.size) < sessions.size // 2
    mine = chosen[np.searchsorted(sessions, calls["session"])]
    return calls.where(mine), calls.where(~mine)


def _outputs(learnings: Learnings, keeper: Keeper, seed: int) -> np.ndarray:
    """Outputs of calls of root agents, as the scenario draws them: by turns of a kind, and with difficulty."""
    rng = np.random.default_rng(seed)
    sigma = learnings.difficulty["lognormal"]["sigma"] if learnings.difficulty else 0.0
    drawn = []
    for feature in learnings.features.values():
        agent = learnings.agents[feature["agent"]]
        z = rng.standard_normal(2_000)
        moved: Mapping[str, float] = agent.get("sensitivity", {})
        turns = keeper.values[f"{feature['agent']}.turns"].mean() * np.exp(sigma * moved.get("turns", 0.0) * z)
        n = rng.poisson(turns * feature["share"])
        outputs = rng.choice(_of_kind(keeper, feature["agent"], "output_tokens"), int(n.sum()))
        drawn.append(outputs * np.exp(sigma * moved.get("output_tokens", 0.0) * np.repeat(z, n)))
    return np.concatenate(drawn)


def _of_kind(keeper: Keeper, agent: str, name: str) -> np.ndarray:
    """Values of an agent, or those that its kin share with it."""
    own = keeper.values.get(f"{agent}.{name}")
    return own if own is not None else keeper.values[f"{agent.rsplit('-', 1)[0]}-fresh.{name}"]


def test_outputs_of_coding_calls_are_those_of_the_other_half(shared: Path) -> None:
    calls = _calls(shared, "claude_code_calls.csv.gz")
    main = calls.names["agent"].index("main")
    off = []
    for seed in range(_SPLITS):
        mine, theirs = _halves(calls, seed)
        keeper = Keeper()
        drawn = _outputs(learn_agents(mine, keeper.options), keeper, seed)
        held = theirs["output"][theirs["agent"] == main]
        off.append(np.quantile(drawn, _LEVELS) / np.quantile(held, _LEVELS) - 1)
    assert np.all(np.median(np.abs(off), axis=0) < 0.10)


def test_coding_sessions_begin_in_three_ways(shared: Path) -> None:
    calls = _calls(shared, "claude_code_calls.csv.gz")
    learnings = learn_agents(calls, Keeper().options)
    assert list(learnings.features) == ["main-fresh", "main-resumed", "main-large"]
    assert 1 / 2 < learnings.features["main-fresh"]["share"] < 2 / 3
    fresh = learnings.agents["main-fresh"]
    limits = [(part["law"], part["weight"]) for part in fresh["context"]["limit"]["mixture"]]
    assert sum(share for limit, share in limits if 140_000 < limit < 200_000) > 1 / 2, "that of windows of 200,000"
    assert limits[-1][0] == 1_000_000
    assert fresh["cache"]["ttl_minutes"] == 5
    assert 0.03 < fresh["cache"]["gap_minutes"]["mixture"][1]["weight"] < 0.06
    assert {spawn["agent"] for spawn in fresh["spawns"]} == {"subagent"}


def test_calls_of_support_sessions_are_those_of_the_log(shared: Path) -> None:
    calls = _calls(shared, "taubench_airline_gpt4o_calls.csv.gz")
    keeper = Keeper()
    learnings = learn_agents(calls, keeper.options)
    (name,) = learnings.agents
    rng = np.random.default_rng(1)
    sigma = learnings.difficulty["lognormal"]["sigma"]
    load = sigma * learnings.agents[name].get("sensitivity", {}).get("turns", 0.0)
    turns = rng.choice(keeper.values[f"{name}.turns"], 100_000) * np.exp(load * rng.standard_normal(100_000))
    seen = read_sessions(calls).instances.n_turns
    for level in (0.5, 0.95):
        assert np.quantile(turns, level) == pytest.approx(np.quantile(seen, level), rel=0.10)
    assert learnings.features[name]["success_rate"] == pytest.approx(0.42)


@pytest.mark.parametrize("kind", ["conv", "code"])
def test_outputs_of_production_requests_are_those_of_the_log(shared: Path, kind: str) -> None:
    calls = _calls(shared, f"AzureLLMInferenceTrace_{kind}.csv.gz")
    agents = learn_agents(calls).agents
    assert len(agents) == {"conv": 8, "code": 1}[kind]  # in conversations, prompts tell how long answers are
    assert all({"prompt_tokens", "output_tokens"} <= set(agent) for agent in agents.values())
    law = choose_law(calls["output"].astype(float), whole=True, what="output").law
    assert law.mean() == pytest.approx(calls["output"].mean(), rel=0.05)
    assert law.ppf([0.99])[0] == pytest.approx(np.quantile(calls["output"], 0.99), rel=0.05)
