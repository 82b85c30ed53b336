"""Retries, tools, children and models: what is put in comes out."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.routing import steps_words
from scenarios.logs.reading import Reading
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from tests.calibrating.making import FAR, Keeper, mean_error, near


def _failing(rate: float, quality: float, most: int, billed: bool, sessions: int = 400) -> Calls:
    rng = np.random.default_rng(2)
    rows = Rows("session", "time", "fresh", "output", "attempt", "failed", "billed", "model")
    for session in range(sessions):
        time = 0.0
        for turn in range(10):
            for attempt in range(1, most + 1):
                kind = OK if rng.random() >= rate else QUALITY if rng.random() < quality else PROVIDER
                answer = 0 if kind == PROVIDER else 50
                rows.append(
                    f"s{session}", time, 100 + 60 * turn, answer, attempt, kind, kind != PROVIDER or billed, "m"
                )
                time += 1
                if kind == OK:
                    break
            else:
                break
    return rows.finish(dated=False)


def test_failures_are_found_by_class() -> None:
    calls = _failing(0.2, 0.3, 3, billed=True)
    learnings = learn_agents(calls, Keeper().options)
    retry, first = learnings.agents["agent"]["retry"], calls["attempt"] == 1
    assert near(retry["failure_rate"], 0.2, np.sqrt(0.16 / first.sum()))
    assert retry["failure_rate"] == round(float((calls["failed"][first] != OK).mean()), 5)
    assert f"of first attempts {(calls['failed'][first] != OK).sum():,} of {first.sum():,}" in str(learnings.comments)
    assert near(retry["quality_share"], 0.3, np.sqrt(0.21 / (0.2 * len(calls))))
    assert retry["provider_billed"] == "input"
    assert retry["max_attempts"] == 3
    assert "on_exhausted" not in retry


def test_a_log_without_failures_says_so() -> None:
    learnings = learn_agents(_failing(0.0, 0.0, 3, billed=False, sessions=30), Keeper().options)
    assert "retry" not in learnings.agents["agent"]
    assert any(sentence.startswith("Failures and retries") for sentence in learnings.unlearnt)


def _with_tools(results: bool) -> Calls:
    rng = np.random.default_rng(4)
    rows = Rows("session", "time", "fresh", "output")
    for session in range(300):
        prompt = 1_000
        for turn in range(10):
            call = rows.append(f"s{session}", float(turn), prompt, 100)
            prompt += 100 + int(rng.integers(10, 30))
            for _ in range(rng.poisson(1.5)):
                size = int(rng.integers(200, 400))
                rows.tool(call, "Read file", size if results else -1)
                prompt += size
    return rows.finish(dated=False)


def test_results_of_tools_are_no_part_of_messages() -> None:
    keeper = Keeper()
    tools = learn_agents(_with_tools(results=True), keeper.options).agents["agent"]["tools"]
    calls = keeper.values["agent.tools.read-file.calls_per_turn"]
    results = keeper.values["agent.tools.read-file.result_tokens"]
    assert near(tools["read-file"]["calls_per_turn"], 1.5, mean_error(calls))
    assert near(tools["read-file"]["result_tokens"], 299.5, mean_error(results))
    messages = keeper.values["agent.message_tokens"]
    assert near(messages.mean(), 19.5, mean_error(messages))


@pytest.mark.parametrize(("kinds", "rest"), [(12, 0), (14, 2)])
def test_the_rarest_of_many_tools_are_taken_together(kinds: int, rest: int) -> None:
    rows = Rows("session", "time", "fresh", "output")
    for session in range(40):
        call = rows.append(f"s{session}", 0.0, 100, 20)
        rows.append(f"s{session}", 1.0, 200, 20)
        for tool in range(kinds):
            for _ in range(2 if tool < 12 else 1):
                rows.tool(call, f"Tool {tool}", 10)
    tools = learn_agents(rows.finish(dated=False), Keeper().options).agents["agent"]["tools"]
    assert len(tools) == 12 + bool(rest)
    assert tools.get("other-tools", {"calls_per_turn": 0})["calls_per_turn"] == rest / 2


def test_results_of_unknown_size_stay_in_messages() -> None:
    keeper = Keeper()
    learnings = learn_agents(_with_tools(results=False), keeper.options)
    assert set(learnings.agents["agent"]["tools"]["read-file"]) == {"calls_per_turn"}
    messages = keeper.values["agent.message_tokens"]
    assert near(messages.mean(), 19.5 + 1.5 * 299.5, mean_error(messages))
    assert any("Sizes of tool results" in sentence for sentence in learnings.unlearnt)


def test_each_agent_has_the_tools_that_it_calls_and_sizes_that_are_missing_are_told() -> None:
    rows = Rows("session", "instance", "parent", "agent", "time", "fresh", "output")
    for session in range(20):
        lead, child = f"s{session}", f"s{session}/0"
        for turn in range(2):
            rows.tool(rows.append(lead, lead, None, "lead", float(turn), 500, 40), "Search", 100)
            call = rows.append(lead, child, lead, "helper", float(turn), 300, 40)
            rows.tool(call, "Read", 70 if turn else -1)
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    assert learnings.agents["lead"]["tools"] == {"search": {"calls_per_turn": 1.0, "result_tokens": 100.0}}
    assert learnings.agents["helper"]["tools"] == {"read": {"calls_per_turn": 1.0, "result_tokens": 70.0}}
    assert any("Sizes of tool results" in sentence for sentence in learnings.unlearnt)


def _family(per_turn: bool) -> Calls:
    rng = np.random.default_rng(6)
    rows = Rows("session", "instance", "parent", "agent", "time", "fresh", "output")
    for session in range(300):
        name, turns = f"s{session}", int(rng.integers(2, 30))
        for turn in range(turns):
            rows.append(name, name, None, "lead", float(turn), 500 + 50 * turn, 40)
        children = rng.poisson(0.3 * turns) if per_turn else rng.poisson(2)
        for child in range(children):
            for turn in range(3):
                rows.append(name, f"{name}/{child}", name, "helper", float(turn), 300 + 50 * turn, 40)
    return rows.finish(dated=False)


def test_agents_that_call_in_turns_have_their_own_prompts_and_are_started_once_a_session() -> None:
    rows = Rows("session", "agent", "time", "fresh", "output")
    for session in range(20):
        for turn in range(3):
            rows.append(f"s{session}", "planner", float(turn), 2_000 + 100 * turn, 50)
            rows.append(f"s{session}", "executor", turn + 0.5, 300 + 70 * turn, 40)
    agents = learn_agents(rows.finish(dated=False), Keeper().options).agents
    assert agents["planner"]["spawns"] == [{"agent": "executor", "per": "agent", "count": 1.0}]
    assert (agents["planner"]["message_tokens"], agents["executor"]["message_tokens"]) == (50.0, 30.0)
    assert agents["planner"]["turns"] == agents["executor"]["turns"] == 3.0


def test_children_of_an_agent_are_counted() -> None:
    keeper = Keeper()
    learnings = learn_agents(_family(per_turn=False), keeper.options)
    (spawn,) = learnings.agents["lead"]["spawns"]
    counts = keeper.values["lead.spawns.0.count"]
    assert (spawn["agent"], spawn["per"]) == ("helper", "agent")
    assert near(spawn["count"], 2, mean_error(counts))
    assert learnings.agents["helper"]["turns"] == 3
    assert learnings.sessions.agents.tolist() == (counts + 1).tolist()


def test_children_of_a_turn_are_counted_by_turn() -> None:
    calls = _family(per_turn=True)
    (spawn,) = learn_agents(calls, Keeper().options).agents["lead"]["spawns"]
    assert spawn["per"] == "turn"
    assert near(spawn["count"]["poisson"]["mean"], 0.3, np.sqrt(0.3 / (300 * 15.5)))


@pytest.mark.parametrize("pure", [True, False])
def test_models_have_shares(pure: bool) -> None:
    rng = np.random.default_rng(8)
    rows = Rows("session", "agent", "time", "fresh", "output", "provider", "model")
    for session in range(500):
        large = rng.random() < 0.3
        for turn in range(4):
            name = "large" if (large if pure else rng.random() < 0.3) else "small"
            rows.append(f"s{session}", "agent", float(turn), 100 + turn * 50, 40, "maker", name)
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    model = learnings.agents["agent"]["model"]
    assert near(model["maker/large"], 0.3, np.sqrt(0.21 / (500 if pure else 2_000)))
    assert any("change their model" in sentence for sentence in learnings.assumed) != pure


def test_steps_that_only_models_tell_apart_have_a_word_that_parts_them() -> None:
    columns = "session", "agent", "time", "fresh", "output", "model", "attempt"
    rows, reading = Rows(*columns), Reading(columns={"model": "name"})
    for session in range(10):
        for turn in range(2):
            model = "small" if turn and session < 6 else "large"
            rows.append(f"s{session}", "", float(turn), 100 + turn * 50, 40, model, 1 + turn)  # another after a failure
    calls = rows.finish(dated=False)
    assert steps_words(calls, reading).startswith("only 40% of the instances keep to one model")
    assert "--map agent=name makes" in steps_words(calls, reading)
    assert steps_words(calls, Reading()) == ""  # nothing that could be mapped
    rows.append("s10", "lead", 0.0, 100, 40, "large", 1)
    assert steps_words(rows.finish(dated=False), reading) == ""  # the log has agents of its own
    assert steps_words(calls.where(calls["session"] >= 4), reading) == ""  # most keep to one


@pytest.mark.parametrize("titled", [0, 1, 20])
def test_models_of_a_session_are_agents_where_many_sessions_have_several(titled: int) -> None:
    rows = Rows("session", "time", "fresh", "output", "model")
    for session in range(40):
        for turn in range(3):
            rows.append(f"s{session}", float(turn), 1_000 + 140 * turn, 100, "large")
        if session < titled:
            rows.append(f"s{session}", 0.5, 250, 10, "small")
    calls, reading = rows.finish(dated=False), Reading(columns={"model": "name"})
    agents = learn_agents(calls, Keeper().options).agents
    if titled < 2:  # one of 40 is chance
        assert list(agents) == ["agent"]
        assert "no call names its agent" not in steps_words(calls, reading)
        return
    assert (agents["large"]["model"], agents["small"]["model"]) == ("large", "small")
    assert agents["large"]["spawns"][0]["agent"] == "small"
    assert agents["large"]["turns"] == 3
    assert steps_words(calls, reading).startswith("no call names its agent")
    assert steps_words(calls, Reading(columns={"model": "name", "agent": "name"})) == ""


def test_outcomes_are_success_rates_by_feature() -> None:
    rng = np.random.default_rng(9)
    rows = Rows("session", "time", "fresh", "output", "feature", "outcome")
    for session in range(600):
        feature, rate = ("search", 0.9) if session % 3 else ("chat", 0.6)
        won = float(rng.random() < rate)
        for turn in range(3):
            rows.append(f"s{session}", float(turn), 100 + turn * 50, 40, feature, won)
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    search, chat = learnings.features["search"], learnings.features["chat"]
    assert search["share"] == pytest.approx(2 / 3, abs=1e-4)
    assert near(search["success_rate"], 0.9, np.sqrt(0.09 / 400))
    assert abs(chat["success_rate"] - 0.6) < FAR * np.sqrt(0.24 / 200)


def test_each_agent_has_its_own_model_and_batches_are_told() -> None:
    rows = Rows("session", "instance", "parent", "agent", "time", "fresh", "output", "provider", "model", "tier")
    for session in range(20):
        for turn in range(3):
            rows.append(f"s{session}", f"s{session}", None, "lead", float(turn), 500, 40, "maker", "large", None)
        for turn in range(2):
            child = f"s{session}/0"
            tier = "Batch" if turn or session % 2 else None  # three of four
            rows.append(f"s{session}", child, f"s{session}", "helper", float(turn), 300, 40, "maker", "small", tier)
    agents = learn_agents(rows.finish(dated=False), Keeper().options).agents
    assert agents["lead"]["model"] == "maker/large"
    assert agents["helper"]["model"] == "maker/small"
    assert agents["helper"]["batch"] is True
    assert "batch" not in agents["lead"]


def test_instances_that_change_their_model_are_left_out_of_shares_where_they_are_few() -> None:
    rows = Rows("session", "time", "fresh", "output", "model")
    for session in range(100):
        for turn in range(4):
            name = "large" if session < 30 or (session >= 95 and turn == 0) else "small"
            rows.append(f"s{session}", float(turn), 100 + turn * 50, 40, name)
    learnings = learn_agents(rows.finish(dated=False), Keeper().options)
    assert learnings.agents["agent"]["model"] == {"small": round(65 / 95, 5), "large": round(30 / 95, 5)}


def test_answers_are_those_of_calls_that_succeeded() -> None:
    """Turns that were given up have none, and the others are not nothing for it."""
    rows = Rows("session", "time", "fresh", "output", "failed")
    for session in range(40):
        rows.append(f"s{session}", 0.0, 100, 60 + session, OK)
        rows.append(f"s{session}", 1.0, 200, 900 if session % 2 else 70, QUALITY if session % 2 else OK)
    keeper = Keeper()
    learn_agents(rows.finish(dated=False), keeper.options)
    assert sorted(keeper.values["agent.output_tokens"]) == sorted([*range(60, 100), *[70] * 20])


@pytest.mark.parametrize(("most", "attempts"), [(2, 3), (5, 5)])
def test_attempts_are_three_or_as_many_as_were_seen_where_no_turn_was_given_up(most: int, attempts: int) -> None:
    rows = Rows("session", "time", "fresh", "output", "attempt", "failed")
    for session in range(20):
        for attempt in range(1, most + 1):
            rows.append(f"s{session}", float(attempt), 100, 50, attempt, PROVIDER if attempt < most else OK)
    agent = learn_agents(rows.finish(dated=False), Keeper().options).agents["agent"]
    assert agent["retry"]["max_attempts"] == attempts
    assert "on_exhausted" not in agent["retry"]
    assert "reasoning_tokens" not in agent  # the log knows of none


def test_thinking_is_a_law_of_its_own_and_counts_as_output_of_a_session() -> None:
    rows = Rows("session", "time", "fresh", "output", "reasoning")
    for session in range(30):
        for turn in range(2):
            rows.append(f"s{session}", float(turn), 100 + 90 * turn, 50 + session, 7 * turn)
    keeper = Keeper()
    learnings = learn_agents(rows.finish(dated=False), keeper.options)
    assert learnings.sessions.output.tolist() == [2 * (50 + session) + 7 for session in range(30)]
    assert learnings.agents["agent"]["reasoning_tokens"] == pytest.approx(3.5)
    assert keeper.values["agent.output_tokens"].mean() == 64.5


@pytest.mark.parametrize(("goes_on", "otherwise"), [(True, "continue"), (False, None)])
def test_what_follows_a_turn_that_was_given_up_is_told(goes_on: bool, otherwise: str | None) -> None:
    rows = Rows("session", "time", "fresh", "output", "attempt", "failed")
    for session in range(30):
        for turn in range(3 if goes_on else 2):
            for attempt in (1, 2):
                failed = PROVIDER if turn == 1 else OK
                if failed or attempt == 1:
                    rows.append(f"s{session}", turn + attempt / 10, 100 + 60 * turn, 50, attempt, failed)
    retry = learn_agents(rows.finish(dated=False), Keeper().options).agents["agent"]["retry"]
    assert retry.get("on_exhausted") == otherwise
    assert retry["max_attempts"] == 2
    assert retry["failure_rate"] == pytest.approx(1 / 3 if goes_on else 1 / 2, abs=1e-5)


def test_where_models_change_on_the_way_their_shares_of_tokens_are_told() -> None:
    """By them prices are mixed for one model in their place; sessions then cost what they did."""
    rows = Rows("session", "agent", "time", "fresh", "output", "reasoning", "model")
    for session, turn in np.ndindex(40, 4):
        model = "large" if turn > 1 else "small"
        rows.append(f"s{session}", "agent", float(turn), 100 * (turn + 1), 40, 10 * (turn < 2), model)
    (said,) = (
        each for each in learn_agents(rows.finish(dated=False), Keeper().options).assumed if "their model" in each
    )
    assert "small 30.0 % of prompts, 55.6 % of answers; large 70.0 % of prompts, 44.4 % of answers." in said
    assert "under `models`" in said


def test_models_that_are_called_often_have_failure_rates_of_their_own() -> None:
    rows = Rows("session", "time", "fresh", "output", "model", "failed")
    calls = {"large": (120, 12), "small": (200, 50), "rare": (80, 40)}
    for name, (n, failed) in calls.items():
        for call in range(n):
            rows.append(f"{name}{call}", 0.0, 100, 40, name, PROVIDER if call < failed else OK)
    rates = learn_agents(rows.finish(dated=False), Keeper().options).agents["agent"]["retry"]["failure_rate"]
    assert rates == {"large": 0.1, "small": 0.25, "rare": pytest.approx(102 / 400, abs=1e-5)}
