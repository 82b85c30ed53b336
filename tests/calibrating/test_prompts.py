"""Prompts taken apart: what is put in comes out."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.logs.table import Calls, Rows
from tests.calibrating.making import FAR, Keeper, World, joined, mean_error, near


def test_parts_of_growing_prompts_are_found() -> None:
    keeper = Keeper()
    world = World()
    agent = learn_agents(world.log(), keeper.options).agents["agent"]
    assert agent["context"] == {"carry": pytest.approx(1, abs=1e-3)}
    first = keeper.values["agent.first_message_tokens"] + agent["system_tokens"]
    assert near(first.mean(), world.system + world.first, mean_error(first))
    assert world.system <= agent["system_tokens"] <= world.system + world.first
    for name, truth in (("message_tokens", world.message), ("output_tokens", world.output)):
        values = keeper.values[f"agent.{name}"]
        assert near(values.mean(), truth, mean_error(values)), name
    turns = keeper.values["agent.turns"]
    assert near(turns.mean(), world.turns * np.exp(0.4**2 / 2), mean_error(turns))


def test_what_is_carried_is_the_share_at_which_histories_sum_to_what_was_logged() -> None:
    """Few sessions begin below what all have in common; what these lack there seems not to be carried."""
    rows = Rows("session", "time", "fresh", "output")
    turns, new, output = 10, 50, 100
    for session in range(100):
        prompt = 500 if session < 4 else 1_000
        for turn in range(turns):
            rows.append(f"s{session}", float(turn), prompt, output)
            prompt += new + output
    agent = learn_agents(rows.finish(dated=False), Keeper().options).agents["agent"]
    history = sum((turn - 1) * new + turn * output for turn in range(1, turns))
    assert agent["system_tokens"] == 1_000
    assert agent["context"]["carry"] == round(1 - 4 * 500 * (turns - 1) / (100 * history), 4)


@pytest.mark.parametrize("carry", [0.3, 0.6])
def test_a_share_that_is_carried_is_found(carry: float) -> None:
    keeper = Keeper()
    world = World(carry=carry, sessions=1_000, spread=0.9, message=50)
    agent = learn_agents(world.log(), keeper.options).agents["agent"]
    messages = keeper.values["agent.message_tokens"]
    cv = np.sqrt(np.exp(world.spread**2) - 1)
    noise = cv * np.sqrt(world.message**2 * (1 + (1 - carry) ** 2) + world.first**2 / world.turns)
    error = noise / (cv * world.output) / np.sqrt(keeper.values["agent.output_tokens"].size)
    assert near(agent["context"]["carry"], carry, error)
    assert near(messages.mean(), world.message, mean_error(messages) + error * world.output)


def test_messages_are_found_turn_by_turn_where_half_of_all_is_carried() -> None:
    """Three of 41 sessions begin with no message, so that the system prompt is known, and all else follows."""
    rng, keeper = np.random.default_rng(4), Keeper()
    rows = Rows("session", "time", "fresh", "output")
    for session in range(41):
        history, pending = 0, 0 if session < 3 else 40
        for turn in range(10):
            output = int(rng.integers(200, 900)) * 2
            rows.append(f"s{session}", float(turn), 1_000 + history + pending, output)
            history += (pending + output) // 2
            pending = 40
    agent = learn_agents(rows.finish(dated=False), keeper.options).agents["agent"]
    noise = 20 * np.sqrt(3 / 369)  # of the steps: three of them follow no message
    error = noise / (1_400 / np.sqrt(12)) / np.sqrt(369)
    assert near(agent["context"]["carry"], 0.5, error)
    messages = keeper.values["agent.message_tokens"]
    np.testing.assert_allclose(messages, 40, atol=FAR * error * 1_800 + 20 / 2**5)


@pytest.mark.parametrize("turns", [8, 40])
def test_prompts_that_grow_whatever_was_answered_have_messages_alone_in_them(turns: int) -> None:
    rng, keeper = np.random.default_rng(turns), Keeper()
    rows = Rows("session", "time", "fresh", "output")
    answers = rng.integers(100, 900, (20, turns))
    for session, turn in np.ndindex(20, turns):
        rows.append(f"s{session}", float(turn), 500 + 60 * turn, int(answers[session, turn]))
    learnings = learn_agents(rows.finish(dated=False), keeper.options)
    assert learnings.agents["agent"]["context"] == {"carry": 1, "carry_output": 0}
    assert np.all(keeper.values["agent.message_tokens"] == 60)
    assert not any("prompts bring" in sentence for sentence in learnings.assumed)


def test_a_compaction_without_a_call_is_a_truncation_where_it_happens() -> None:
    keeper = Keeper()
    world = World(limit=9_000, summary=1_500, turns=40)
    log = world.log()
    agent = learn_agents(log, keeper.options).agents["agent"]
    context = agent["context"]
    step = world.message + world.output
    assert "overflow" not in context
    assert abs(context["limit"] - world.limit) < step
    n = int(np.count_nonzero(log["compacted"]))
    left = world.system + world.summary - agent["system_tokens"]
    messages = keeper.values["agent.message_tokens"]
    longer = messages.var() / messages.mean()  # a message that does not fit is longer than most, by so much at most
    assert n > 100
    assert abs(context["keep_tokens"] - left - longer / 2) <= longer / 2 + FAR * messages.std() / np.sqrt(n)
    assert messages.max() < 10 * world.message, "what a compaction leaves is no message"


def test_stretches_of_a_wider_window_have_a_limit_of_their_own() -> None:
    narrow, wide = World(limit=9_000, sessions=300, turns=40), World(limit=20_000, sessions=100, turns=40, seed=2)
    log = joined(narrow.log(), wide.log())
    context = learn_agents(log, Keeper().options).agents["agent"]["context"]
    limits = {part["law"]: part["weight"] for part in context["limit"]["mixture"]}
    step = narrow.message + narrow.output
    share = sum(weight for limit, weight in limits.items() if limit < 12_000)
    assert share == pytest.approx(1 - outlasting(stretches(log), 12_000), abs=1 / 16), "half a group of eight"
    assert context["limit"]["mixture"][-1]["law"] == pytest.approx(20_000, abs=3 * step)


def stretches(log: Calls) -> list[tuple[float, float, bool]]:
    """First and longest prompt between compactions, and whether one ended it; prompts only grow between them."""
    found: list[tuple[float, float, bool]] = []
    for row, prompt in enumerate(log.prompt.astype(float)):
        follows = row > 0 and log["session"][row] == log["session"][row - 1]
        if follows and not log["compacted"][row]:
            found[-1] = found[-1][0], prompt, False
            continue
        if follows:
            found[-1] = *found[-1][:2], True
        found.append((prompt, prompt, False))
    return found


def outlasting(found: list[tuple[float, float, bool]], prompt: float) -> float:
    """Share of stretches that would pass a prompt, by the product limit, one compaction after the other."""
    left = 1.0
    for end in sorted({longest for _, longest, ended in found if ended and longest < prompt}):
        dying = sum(ended and longest == end for _, longest, ended in found)
        left *= 1 - dying / sum(begins <= end <= longest for begins, longest, _ in found)
    return left


def test_a_summary_that_the_log_shows_is_taken_as_it_is() -> None:
    rows = Rows("session", "time", "fresh", "output", "summary", "compacted")
    for session in range(40):
        for turn in range(20):
            if turn == 10:
                rows.append(f"s{session}", turn - 0.5, 100_000, 3_000, True, False)
            prompt = 10_000 + 9_000 * turn if turn < 10 else 15_000 + 1_000 * (turn - 10)
            rows.append(f"s{session}", float(turn), prompt, 200, False, turn == 10)
    keeper = Keeper()
    agent = learn_agents(rows.finish(dated=False), keeper.options).agents["agent"]
    assert agent["context"]["summary_tokens"] == 3_000
    sizes, n = np.unique(keeper.values["agent.message_tokens"], return_counts=True)
    after = 15_000 - agent["system_tokens"] - 3_000  # what else the prompt after a compaction has
    assert dict(zip(sizes, n, strict=True)) == {1_000 - 200: 9 * 40, after: 40, 9_000 - 200: 9 * 40}


def test_calls_without_sessions_have_whole_prompts() -> None:
    rng = np.random.default_rng(3)
    rows = Rows("time", "fresh", "cached", "output")
    prompts = rng.lognormal(6, 1, 3_000).astype(int)
    rows.extend(
        time=np.arange(3_000.0),
        fresh=prompts - prompts // 4,
        cached=prompts // 4,
        output=rng.permutation(prompts) // 10,
    )
    keeper = Keeper()
    learnings = learn_agents(rows.finish(dated=True), keeper.options)
    agent = learnings.agents["agent"]
    assert not any("do not build on each other" in sentence for sentence in learnings.assumed)
    assert np.array_equal(np.sort(keeper.values["agent.prompt_tokens"]), np.sort(prompts))
    assert agent["cached_share"] == pytest.approx((prompts // 4).sum() / prompts.sum(), abs=1e-4)
    assert not {"turns", "system_tokens", "message_tokens", "context", "cache"} & set(agent)


def test_prompts_that_do_not_build_on_each_other_are_whole_ones() -> None:
    rng = np.random.default_rng(3)
    rows = Rows("session", "time", "fresh", "output")
    for call in range(2_000):
        rows.append(f"s{call // 5}", float(call), int(rng.lognormal(7, 0.5)), 10)
    keeper = Keeper()
    learnings = learn_agents(rows.finish(dated=False), keeper.options)
    agent = learnings.agents["agent"]
    assert agent["turns"] == 5
    assert "prompt_tokens" in agent
    assert any("do not build on each other" in sentence for sentence in learnings.assumed)


def test_what_a_session_opens_with_is_its_first_message() -> None:
    rng = np.random.default_rng(5)
    rows = Rows("session", "time", "fresh", "output")
    for session in range(200):
        prompt = 1_000 + rng.poisson(50)
        for turn in range(12):
            rows.append(f"s{session}", float(turn), prompt, 100)
            prompt += 100 + (20_000 if turn == 0 else int(rng.integers(50, 150)))
    keeper = Keeper()
    learnings = learn_agents(rows.finish(dated=False), keeper.options)
    assert keeper.values["agent.first_message_tokens"].mean() == pytest.approx(20_120, abs=50)
    assert keeper.values["agent.message_tokens"].mean() == pytest.approx(99.5, abs=FAR * 29 / np.sqrt(2_000))
    assert any("its first 2 prompts" in sentence for sentence in learnings.assumed)


def test_a_cap_on_answers_is_recognised() -> None:
    rng = np.random.default_rng(3)
    rows = Rows("time", "fresh", "output")
    output = np.minimum(rng.lognormal(6, 1, 2_000).astype(int), 1_024)
    rows.extend(time=np.arange(2_000.0), fresh=np.full(2_000, 50), output=output)
    keeper = Keeper()
    assert learn_agents(rows.finish(dated=True), keeper.options).agents["agent"]["max_output_tokens"] == 1_024
    assert keeper.limits["agent.output_tokens"] == (1_024.0,)
