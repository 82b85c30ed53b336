"""The tail index of a session's cost follows from its laws by algebra."""

from __future__ import annotations

import math
from typing import Any

import pytest

from scenarios.load import load
from scenarios.tails import session_cost_tail_index

HEAVY = {"lomax": {"alpha": 1.9, "scale": 4}}
HEAVIER = {"pareto": {"min": 1, "alpha": 1.2}}
FAILING = {"limit": "9k", "overflow": "fail"}
LIGHT = {"p50": 100, "p95": 900}
MIXED = {"mixture": [{"weight": 0.9, "law": LIGHT}, {"weight": 0.1, "law": HEAVY}]}
SPLICED = {"splice": {"body": LIGHT, "at": 0.95, "tail": {"gpd": {"xi": 0.5, "scale": 300}}}}


def _index(agent: dict[str, Any] | None = None, **more: Any) -> tuple[float, str]:
    source = {
        "models": {"m": {"input": 1, "output": 2}},
        "volume": {"sessions_per_day": 1},
        "agents": {"chat": {"model": "m", "output_tokens": LIGHT, **(agent or {})}},
    }
    return session_cost_tail_index(load(source | more))


def test_light_laws_make_a_light_tail() -> None:
    assert _index({"turns": {"geometric": {"mean": 4}}, "message_tokens": LIGHT}) == (math.inf, "")


@pytest.mark.parametrize(
    ("agent", "index", "path"),
    [
        # carried context makes cost quadratic in the number of turns, whatever is carried
        ({"turns": HEAVY}, 0.95, "agents.chat.turns"),
        ({"turns": HEAVY, "output_tokens": 0, "message_tokens": LIGHT}, 0.95, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"carry": 0}, "retrieved_tokens": LIGHT}, 1.9, "agents.chat.turns"),
        (
            {"turns": HEAVY, "context": {"carry": 0, "carry_retrieved": True}, "retrieved_tokens": LIGHT},
            0.95,
            "agents.chat.turns",
        ),
        ({"turns": HEAVY, "output_tokens": 0}, 1.9, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"carry_output": 0}}, 1.9, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"carry_output": 0}, "message_tokens": LIGHT}, 0.95, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"carry": 0, "carry_output": 0.5}}, 0.95, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"limit": "100k"}}, 1.9, "agents.chat.turns"),
        ({"turns": HEAVY, "context": {"limit": {"m": "100k"}}}, 1.9, "agents.chat.turns"),
        ({"turns": HEAVY, "prompt_tokens": LIGHT}, 1.9, "agents.chat.turns"),
        # a bound makes any law harmless
        ({"turns": HEAVY | {"max": 200}}, math.inf, ""),
        ({"turns": HEAVY | {"truncate": [1, 200]}}, math.inf, ""),
        # tokens enter in proportion, and the heaviest decides
        ({"message_tokens": HEAVY}, 1.9, "agents.chat.message_tokens"),
        ({"first_message_tokens": HEAVY}, 1.9, "agents.chat.first_message_tokens"),
        ({"first_message_tokens": HEAVY, "context": {"limit": "9k", "overflow": "fail"}}, math.inf, ""),
        # what was there from the beginning makes no prompt longer than the one before
        ({"turns": HEAVY, "output_tokens": 0, "first_message_tokens": LIGHT}, 1.9, "agents.chat.turns"),
        ({"system_tokens": HEAVY, "message_tokens": HEAVIER}, 1.2, "agents.chat.message_tokens"),
        ({"retrieved_tokens": HEAVY}, 1.9, "agents.chat.retrieved_tokens"),
        ({"reasoning_tokens": HEAVY, "max_output_tokens": 900}, 1.9, "agents.chat.reasoning_tokens"),
        ({"output_tokens": HEAVY}, 1.9, "agents.chat.output_tokens"),
        ({"output_tokens": HEAVY, "max_output_tokens": 900}, math.inf, ""),
        ({"prompt_tokens": HEAVY}, 1.9, "agents.chat.prompt_tokens"),
        (
            {"message_tokens": {"mixture": [{"weight": 0.9, "law": LIGHT}, {"weight": 0.1, "law": HEAVY}]}},
            1.9,
            "agents.chat.message_tokens",
        ),
        ({"message_tokens": SPLICED}, 2.0, "agents.chat.message_tokens"),
        # over the limit an agent that fails sends nothing; one that truncates sends the message as it is
        ({"message_tokens": HEAVY, "context": {"limit": "9k", "overflow": "fail"}}, math.inf, ""),
        ({"message_tokens": HEAVY, "context": {"limit": "9k"}}, 1.9, "agents.chat.message_tokens"),
        # tools
        ({"tools": {"t": {"calls_per_turn": HEAVY, "fee": 0.1}}}, 1.9, "agents.chat.tools.t.calls_per_turn"),
        ({"tools": {"t": {"calls_per_turn": HEAVY, "result_tokens": 9}}}, 1.9, "agents.chat.tools.t.calls_per_turn"),
        ({"tools": {"t": {"calls_per_turn": HEAVY}}}, math.inf, ""),
        ({"tools": {"t": {"calls_per_turn": 0, "result_tokens": HEAVY}}}, math.inf, ""),
        ({"tools": {"t": {"calls_per_turn": HEAVY, "result_tokens": HEAVY}}, "prompt_tokens": LIGHT}, math.inf, ""),
        (
            {"tools": {"t": {"calls_per_turn": 1, "result_tokens": HEAVY}}, "context": FAILING},
            math.inf,
            "",
        ),
        ({"tools": {"t": {"calls_per_turn": 1, "result_tokens": HEAVIER}}}, 1.2, "agents.chat.tools.t.result_tokens"),
        # children
        ({"spawns": [{"agent": "chat", "count": HEAVY}]}, math.inf, ""),
    ],
)
def test_one_agent(agent: dict[str, Any], index: float, path: str) -> None:
    found, why = _index(agent)
    assert found == pytest.approx(index)
    assert (f"It comes from {path} (" in why) if path else why == ""


def _two(count: Any, child: dict[str, Any], **feature: Any) -> tuple[float, str]:
    agents = {
        "boss": {"model": "m", "output_tokens": 5, "spawns": [{"agent": "hand", "count": count}]},
        "hand": {"model": "m", "output_tokens": LIGHT, **child},
    }
    return _index(agents=agents, features={"f": {"agent": "boss", **feature}})


def test_children_bring_their_own_tail_and_that_of_their_number() -> None:
    assert _two(2, {"message_tokens": HEAVIER})[0] == pytest.approx(1.2)
    assert _two(2, {"turns": HEAVY})[0] == pytest.approx(0.95)
    index, why = _two(HEAVY, {})
    assert index == pytest.approx(1.9)
    assert "agents.boss.spawns.0.count" in why
    assert _two(HEAVY, {}, guardrails={"agents": 50})[0] == math.inf


def test_results_of_children_are_in_their_parents_prompt() -> None:
    def parent(count: float, **more: Any) -> float:
        spawns = [{"agent": "hand", "count": count, "result_tokens": HEAVY}]
        agents = {
            "boss": {"model": "m", "output_tokens": 5, "spawns": spawns, **more},
            "hand": {"model": "m", "output_tokens": LIGHT},
        }
        return _index(agents=agents)[0]

    assert parent(2) == pytest.approx(1.9)
    assert parent(0) == math.inf
    assert parent(2, context=FAILING) == math.inf
    assert parent(2, prompt_tokens=LIGHT) == math.inf


def test_children_that_never_start_bring_no_tail() -> None:
    assert _two(0, {"message_tokens": HEAVIER})[0] == math.inf
    # boss 0, hand 1, deep 2: only a depth of 2 lets the heavy one start
    agents = {
        "boss": {"model": "m", "output_tokens": 5, "spawns": [{"agent": "hand", "count": 1}]},
        "hand": {"model": "m", "output_tokens": 5, "spawns": [{"agent": "deep", "count": 1, "result_tokens": HEAVIER}]},
        "deep": {"model": "m", "output_tokens": HEAVY},
    }
    for depth, index in ((1, math.inf), (2, 1.2)):
        assert _index(agents=agents, features={"f": {"agent": "boss", "guardrails": {"depth": depth}}})[0] == index


def test_guardrails_end_what_turns_begin() -> None:
    assert _index({"turns": HEAVY}, features={"f": {"agent": "chat", "guardrails": {"calls": 100}}})[0] == math.inf
    assert _index({"turns": HEAVY}, features={"f": {"agent": "chat", "guardrails": {"cost": 3}}})[0] == math.inf
    heavy = _index({"message_tokens": HEAVY}, features={"f": {"agent": "chat", "guardrails": {"cost": 3}}})
    assert heavy[0] == pytest.approx(1.9)


def test_difficulty_enters_with_the_sum_of_its_powers() -> None:
    hard = {"lomax": {"alpha": 6, "scale": 5}}
    sensitive = {"turns": {"geometric": {"mean": 3}}, "sensitivity": {"turns": 0.5, "output_tokens": 1}}
    index, why = _index(sensitive, difficulty=hard)
    assert index == pytest.approx(6 / (2 * 0.5 + 1))
    assert "difficulty (" in why
    limited = _index({**sensitive, "context": {"limit": 9_000}}, difficulty=hard)
    assert limited[0] == pytest.approx(6 / 1.5)
    capped = _index({**sensitive, "max_output_tokens": 500}, difficulty=hard)
    assert capped[0] == pytest.approx(6 / 1.0)
    assert _index({}, difficulty=hard)[0] == math.inf


@pytest.mark.parametrize(
    ("moved", "power"),
    [
        ({"message_tokens": 0.5}, 0.5),
        ({"message_tokens": 0.5, "turns": 1}, 2 * 1 + 0.5),
        # a message and an output are added up, so that the harder of them decides
        ({"message_tokens": 0.5, "output_tokens": 0.75}, 0.75),
        ({"message_tokens": 2, "output_tokens": 0.75}, 2),
        ({"message_tokens": 0.5, "first_message_tokens": 1.5}, 1.5),
        ({"message_tokens": 0.5, "first_message_tokens": 0}, 0.5),
    ],
)
def test_difficulty_enters_by_the_messages_too(moved: dict[str, float], power: float) -> None:
    chat = {"turns": 3, "message_tokens": LIGHT, "first_message_tokens": LIGHT, "sensitivity": moved}
    assert _index(chat, difficulty=HARD)[0] == pytest.approx(6 / power)
    if "output_tokens" not in moved:
        assert _index({**chat, "context": FAILING}, difficulty=HARD)[0] == pytest.approx(
            6 / moved["turns"] if "turns" in moved else math.inf
        )


@pytest.mark.parametrize(
    ("moved", "power"),
    [({"prompt_tokens": 0.5}, 0.5), ({"prompt_tokens": 2, "output_tokens": 0.75}, 2), ({"turns": 1}, 1)],
)
def test_difficulty_enters_by_whole_prompts(moved: dict[str, float], power: float) -> None:
    chat = {"turns": 3, "prompt_tokens": LIGHT, "sensitivity": moved}
    assert _index(chat, difficulty=HARD)[0] == pytest.approx(6 / power)


HARD = {"lomax": {"alpha": 6, "scale": 5}}


@pytest.mark.parametrize(
    ("every", "reads", "judge", "power"),
    [
        # the agent's own power: the square of its turns, times its output
        ("session", False, {}, 2 * 0.5 + 1),
        ("session", True, {}, 2 * 0.5 + 1),
        # all outputs at once, repeated with the history of the validator's own turns
        ("session", True, {"turns": 3, "sensitivity": {"turns": 2}}, 0.5 + 1 + 2 * 2),
        ("session", False, {"turns": 3, "sensitivity": {"turns": 2}}, 2 * 2),
        # one output at a time, as often as there are turns
        ("turn", True, {"turns": 3, "sensitivity": {"turns": 2}}, 0.5 + 1 + 2 * 2),
        ("turn", False, {"turns": 3, "sensitivity": {"turns": 2}}, 0.5 + 2 * 2),
        ("turn", True, {"turns": 3, "sensitivity": {"turns": 2}, "context": {"limit": "9k"}}, 0.5 + 1 + 2),
        ("turn", True, {"turns": 3, "sensitivity": {"turns": 2}, "context": FAILING}, 0.5 + 2),
        # what it reads may be harder still
        ("session", True, {"sensitivity": {"message_tokens": 1}}, 0.5 + 1 + 1),
        # its own output may be what is longest
        ("session", True, {"sensitivity": {"turns": 2, "output_tokens": 3}}, 2 * 2 + 3),
    ],
)
def test_what_a_validator_reads_has_the_difficulty_of_whoever_wrote_it(
    every: str, reads: bool, judge: dict[str, Any], power: float
) -> None:
    chat = {"model": "m", "output_tokens": LIGHT, "turns": 4, "sensitivity": {"turns": 0.5, "output_tokens": 1}}
    message = "from_agent" if reads else 50
    agents = {
        "chat": {**chat, "checked_by": {"agent": "judge", "every": every}},
        "judge": {"model": "m", "message_tokens": message, "output_tokens": 5, **judge},
    }
    assert _index(agents=agents, difficulty=HARD)[0] == pytest.approx(6 / power)


def test_generations_multiply_the_difficulty_down_to_the_depth() -> None:
    """Each of 3 generations has as many children as its parent has turns; the cap on agents ends that."""
    agents = {
        "boss": {
            "model": "m",
            "output_tokens": LIGHT,
            "turns": 4,
            "spawns": [{"agent": "boss", "count": 0.1}, {"agent": "hand", "count": 0.1}],
            "sensitivity": {"turns": 1},
        },
        "hand": {"model": "m", "output_tokens": 5, "spawns": [{"agent": "boss", "count": 0.1}]},
    }

    def index(**guardrails: Any) -> float:
        return _index(agents=agents, difficulty=HARD, features={"f": {"agent": "boss", "guardrails": guardrails}})[0]

    # agents has a default of 50 where one starts itself
    assert index(depth=3) == pytest.approx(6 / 2)
    del agents["boss"]["spawns"][0]
    # boss, hand, boss, hand: turns, and at the third level the square of turns
    assert index(depth=3) == pytest.approx(6 / (1 + 2))
    assert index(depth=4) == pytest.approx(6 / (1 + 1 + 2))
    assert index(depth=4, agents=9) == pytest.approx(6 / 2)
    assert index(depth=4, calls=90) == math.inf


def test_people_and_validators_and_features() -> None:
    review = {"rate": 0.1, "minutes": HEAVY, "hourly_rate": 60}
    assert _index(features={"f": {"agent": "chat", "human_review": review}})[0] == pytest.approx(1.9)
    handoff = {"handoff": {"rate": 0.1, "cost": HEAVIER}}
    index, why = _index(features={"f": {"agent": "chat", "on_failure": handoff, "human_review": review}})
    assert index == pytest.approx(1.2)
    assert "features.f.on_failure.handoff.cost" in why
    checked = {"chat": {"model": "m", "output_tokens": 5, "checked_by": {"agent": "judge", "reject_rate": 0.5}}}
    judge = {"judge": {"model": "m", "output_tokens": HEAVY, "message_tokens": "from_agent"}}
    assert _index(agents=checked | judge)[0] == pytest.approx(1.9)
    two = {"a": {"agent": "chat", "share": 1}, "b": {"agent": "other", "share": 0}}
    other = {"chat": {"model": "m", "output_tokens": 5}, "other": {"model": "m", "output_tokens": HEAVY}}
    assert _index(agents=other, features=two)[0] == math.inf


def test_the_words_say_what_is_infinite_and_what_to_do() -> None:
    assert "its mean is infinite" in _index({"turns": HEAVY})[1]
    assert "square of the turns" in _index({"turns": HEAVY})[1]
    assert "its variance is infinite" in _index({"message_tokens": HEAVY})[1]
    assert "infinite" not in _index({"message_tokens": {"lomax": {"alpha": 2.5, "scale": 4}}})[1]


def test_a_catalogue_window_bounds_prompts_and_the_words_say_where() -> None:
    source = {
        "as_of": "2026-11-20",
        "volume": {"sessions_per_day": 1},
        "agents": {"chat": {"model": "anthropic/claude-sonnet-4-6", "turns": HEAVY, "output_tokens": LIGHT}},
    }
    index, why = session_cost_tail_index(load(source))
    assert index == pytest.approx(1.9)
    assert "until the prompt reaches 1,000,000 tokens" in why


def test_a_drawn_limit_is_at_most_the_window_and_a_stated_one_is_not() -> None:
    def why(limit: Any) -> str:
        agent = {"model": "m", "turns": HEAVY, "output_tokens": LIGHT, "context": {"limit": limit}}
        model = {"input": 3.0, "output": 15.0, "context_window": 200_000}
        source = {"volume": {"sessions_per_day": 1}, "models": {"m": model}, "agents": {"chat": agent}}
        return session_cost_tail_index(load(source))[1]

    assert "until the prompt reaches 200,000 tokens" in why({"uniform": {"low": 100_000, "high": 900_000}})
    assert "until the prompt reaches 150,000 tokens" in why({"uniform": {"low": 100_000, "high": 150_000}})
    assert "until the prompt reaches 900,000 tokens" in why(900_000)


def test_sprawl_with_a_deep_bound_is_searched_once_a_level() -> None:
    spawns = [{"agent": "chat", "count": 0.1}, {"agent": "chat", "count": 0.2}]
    feature = {"f": {"agent": "chat", "guardrails": {"depth": 64, "agents": 10}}}
    assert _index({"spawns": spawns, "message_tokens": HEAVY}, features=feature)[0] == pytest.approx(1.9)
