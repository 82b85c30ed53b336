"""Kinds of start: one where sessions begin alike, more where they do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.starts import divide
from scenarios.logs.table import Calls, Rows
from tests.calibrating.making import Keeper, World, joined


@pytest.mark.parametrize("n", [30, 100, 1_000])
def test_one_hump_is_not_divided(n: int) -> None:
    rng = np.random.default_rng(n)
    divided = sum(divide(rng.normal(size=n)) is not None for _ in range(50))
    assert divided == 0


def test_two_humps_are_divided_between_them() -> None:
    rng = np.random.default_rng(1)
    edge = divide(np.r_[rng.normal(0, 0.3, 100), rng.normal(3, 0.3, 40)])
    assert edge is not None
    assert 0.5 < edge < 2.5


@pytest.mark.parametrize(("n", "divided"), [(29, False), (30, True)])
def test_thirty_sessions_are_the_fewest_that_can_be_two_kinds(n: int, divided: bool) -> None:
    values = np.where(np.arange(n) % 2, 1.0, 9.0) + 0.01 * np.arange(n)
    assert (divide(values) is not None) == divided


@pytest.mark.parametrize(
    ("logged", "names"),
    [
        ([("use", "main")] * 2, ["main"]),
        ([("use", None)] * 2, ["use"]),
        ([(None, None)] * 2, ["agent"]),
        ([("one", "main"), ("two", "main")], ["one", "two"]),
        ([("use", "main"), ("use", "side")], ["main", "side"]),
        ([("one", "main"), ("two", "side")], ["one-main", "two-side"]),
        ([("one", None), ("two", "side")], ["one", "two-side"]),
        ([(None, "main"), ("two", "side")], ["main", "two-side"]),
    ],
)
def test_features_are_named_by_what_tells_them_apart(
    logged: list[tuple[str | None, str | None]], names: list[str]
) -> None:
    rows = Rows("session", "fresh", "output", "feature", "agent")
    for number, (feature, agent) in enumerate(logged):
        rows.append(f"s{number}", 100, 20, feature, agent)
    assert sorted(learn_agents(rows.finish(dated=False), Keeper().options).features) == names


def test_resumed_sessions_are_a_feature_of_their_own() -> None:
    calls = joined(World(sessions=300).log(), World(sessions=100, first=60_000, spread=0.2, seed=2).log())
    learnings = learn_agents(calls, Keeper().options)
    assert learnings.features["agent-fresh"]["share"] == 0.75
    assert learnings.features["agent-resumed"] == {"agent": "agent-resumed", "share": 0.25}
    assert "they begin long" in learnings.comments["features.agent-resumed"]
    assert learnings.agents["agent-resumed"]["first_message_tokens"] > 50_000
    assert np.count_nonzero(learnings.sessions.feature == 1) == 100


def test_kinds_share_laws_that_do_not_differ() -> None:
    keeper = Keeper()
    alike = World(sessions=300).log(), World(sessions=100, first=60_000, seed=2).log()
    agents = learn_agents(joined(*alike), keeper.options).agents
    assert agents["agent-fresh"]["output_tokens"] == agents["agent-resumed"]["output_tokens"]
    unlike = World(sessions=300).log(), World(sessions=100, first=60_000, output=400, seed=2).log()
    agents = learn_agents(joined(*unlike), keeper.options).agents
    assert agents["agent-resumed"]["output_tokens"] > 1.8 * agents["agent-fresh"]["output_tokens"]


def test_sessions_that_begin_beyond_compaction_are_large_and_not_compacted() -> None:
    fresh = World(sessions=200, turns=40, limit=9_000, summary=1_500).log()
    later = World(sessions=60, first=50_000, spread=0.1, seed=2, turns=40, limit=60_000, summary=1_500)
    calls = joined(fresh, later.log())
    agents = learn_agents(calls, Keeper().options).agents
    assert "keep_tokens" in agents["agent-fresh"]["context"]
    assert "keep_tokens" not in agents["agent-large"]["context"]


def test_few_sessions_are_one_kind() -> None:
    calls = joined(World(sessions=12).log(), World(sessions=12, first=60_000, seed=2).log())
    assert set(learn_agents(calls, Keeper().options).agents) == {"agent"}


def test_the_rarest_of_many_features_are_taken_together() -> None:
    rows = Rows("session", "fresh", "output", "feature", "agent")
    for feature in range(20):
        for session in range(30 - feature):
            rows.append(f"{feature}/{session}", 100, 20, f"Use {feature}!", "Ünser Agent")
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    assert len(learnings.features) == 13
    assert learnings.features["use-0"]["share"] == pytest.approx(30 / len(learnings.sessions), abs=1e-4)
    assert learnings.features["other"]["share"] == pytest.approx(sum(range(11, 19)) / len(learnings.sessions), abs=1e-4)


def test_the_rarest_of_many_agents_that_others_start_are_taken_together() -> None:
    rows = Rows("session", "fresh", "output", "agent")
    for session in range(40):
        for agent in range(1 + min(session, 20)):
            rows.append(f"s{session}", 100, 20, f"a{agent}")
    agents = learn_agents(rows.finish(dated=False), Keeper().options).agents
    assert [*agents] == [*(f"a{agent}" for agent in range(13)), "other"]
    assert [one["agent"] for one in agents["a0"]["spawns"]] == [*agents][1:]
    assert agents["a0"]["spawns"][-1]["count"] == pytest.approx(sum(40 - agent for agent in range(13, 21)) / 40)


def test_names_that_become_one_are_kept_apart() -> None:
    rows = Rows("session", "fresh", "output", "feature")
    for number, feature in enumerate(("a b", "a-b", "A B", "日本", "")):
        rows.append(f"s{number}", 100, 20, feature)
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    assert sorted(learnings.features) == ["a-b", "a-b-2", "a-b-3", "agent", "feature"]


def _alone(answer: Callable[[np.ndarray, np.random.Generator], np.ndarray], n: int = 4_000) -> Calls:
    """Calls without sessions, whose answers hang on their prompts as they are told to."""
    rng = np.random.default_rng(7)
    prompts = rng.lognormal(6, 1, n)
    rows = Rows("time", "fresh", "output")
    rows.extend(time=np.arange(float(n)), fresh=prompts.astype(int), output=answer(prompts, rng).astype(int))
    return rows.finish(dated=True)


def test_calls_alone_are_parted_by_size_where_that_tells_of_the_answer() -> None:
    keeper = Keeper()
    made = learn_agents(_alone(lambda prompt, rng: 0.3 * prompt * rng.lognormal(0, 0.3, prompt.size)), keeper.options)
    assert len(made.features) == 8
    assert all(feature["share"] == pytest.approx(1 / 8, abs=0.01) for feature in made.features.values())
    answers = [made.agents[name]["output_tokens"] for name in made.features]
    assert answers == sorted(answers)
    assert answers[-1] > 8 * answers[0]


def test_calls_alone_are_one_kind_where_size_tells_nothing() -> None:
    made = learn_agents(_alone(lambda prompt, rng: rng.lognormal(5, 1, prompt.size)), Keeper().options)
    assert set(made.features) == {"agent"}


def test_too_few_calls_are_not_parted() -> None:
    made = learn_agents(_alone(lambda prompt, rng: 0.3 * prompt, 399), Keeper().options)
    assert set(made.features) == {"agent"}


def test_sessions_that_pass_the_limit_of_others_are_not_compacted() -> None:
    fresh = World(sessions=200, turns=60, limit=20_000, summary=1_500).log()
    wide = World(sessions=60, turns=60, first=15_000, spread=0.1, seed=2).log()
    agents = learn_agents(joined(fresh, wide), Keeper().options).agents
    assert "keep_tokens" in agents["agent-fresh"]["context"]
    assert "keep_tokens" not in agents["agent-resumed"]["context"]
