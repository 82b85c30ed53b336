"""Real traces: what is learnt of how their sessions are made; whether it forecasts is for `test_real_splits`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.sessions import read_sessions
from scenarios.logs.formats import read_logs
from scenarios.logs.table import Calls
from tests.calibrating.making import Keeper


def _calls(shared: Path, name: str) -> Calls:
    path = shared / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return read_logs([path])[0]


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


@pytest.mark.parametrize(("kind", "sizes"), [("conv", 8), ("code", 1)])
def test_prompts_tell_how_long_answers_are_in_conversations_alone(shared: Path, kind: str, sizes: int) -> None:
    agents = learn_agents(_calls(shared, f"AzureLLMInferenceTrace_{kind}.csv.gz"), Keeper().options).agents
    assert len(agents) == sizes
    assert all({"prompt_tokens", "output_tokens"} <= set(agent) for agent in agents.values())
