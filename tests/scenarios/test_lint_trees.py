"""What deserves a second look where agents start each other: growth against what is worked out by hand, and caps."""

from __future__ import annotations

import math
from typing import Any

import pytest

from scenarios.lint_trees import Levels, mean_offspring
from scenarios.load import load
from tests.scenarios.test_lint import CHILD, _changed, _findings


def _offspring(agent: dict[str, Any], levels: Levels | None = None, **others: dict[str, Any]) -> dict[str, float]:
    changes = [(f"agents.chat.{key}", value) for key, value in agent.items()]
    changes += [(f"agents.{name}", CHILD | other) for name, other in others.items()]
    scenario = load(_changed(*changes, ("features.ask.guardrails", {"depth": 3})))
    return dict(mean_offspring(scenario.agents["chat"], levels or Levels()))


def _spawn(count: Any, per: str = "turn", agent: str = "chat") -> list[dict[str, Any]]:
    return [{"agent": agent, "count": count, "per": per}]


def test_offspring_count_every_turn_or_once() -> None:
    assert _offspring({"spawns": _spawn(0.2)}) == pytest.approx({"chat": 4 * 0.2})
    assert _offspring({"spawns": _spawn(0.2, per="agent")}) == pytest.approx({"chat": 0.2})
    both = [*_spawn(0.2), *_spawn(0.5, "agent"), *_spawn(3, "turn", "hand")]
    assert _offspring({"spawns": both}, hand={}) == pytest.approx({"chat": 0.8 + 0.5, "hand": 12})


def test_turns_are_rounded_by_chance_and_at_least_one() -> None:
    # 1 with a chance of 1/2, else on average 2.5: rounding by chance moves no mean but that of draws below 1
    turns = {"mixture": [{"weight": 0.5, "law": 0.2}, {"weight": 0.5, "law": 2.5}]}
    assert _offspring({"turns": turns, "spawns": _spawn(1)}) == pytest.approx({"chat": 0.5 * 1 + 0.5 * 2.5})
    halved = _offspring({"turns": turns, "spawns": _spawn(1)}, Levels(turns=0.5))
    assert halved == pytest.approx({"chat": 0.5 * 1 + 0.5 * 1.25})
    assert _offspring({"turns": turns, "spawns": _spawn(1)}, Levels(turns=0)) == pytest.approx({"chat": 1})


def test_drivers_and_difficulty_multiply() -> None:
    agent = {"turns": 4, "spawns": _spawn(0.2), "sensitivity": {"turns": 0.5}}
    levels = Levels(fanout=3, turns=2, difficulty=9)
    assert _offspring(agent, levels) == pytest.approx({"chat": 4 * 2 * 3 * 0.2 * 3})


@pytest.mark.parametrize(
    ("rate", "loops", "runs"), [(0, 2, 1), (0.5, 2, 1 + 0.5 + 0.25), (0.9, 1, 1.9), (1, 3, 4), ("10%", 1, 1.1)]
)
def test_what_is_rejected_starts_its_children_anew(rate: Any, loops: int, runs: float) -> None:
    for every, checks in (("session", 1), ("turn", 4)):
        check = {"agent": "judge", "every": every, "reject_rate": rate, "max_loops": loops}
        agent = {"turns": 4, "spawns": [*_spawn(0.2), *_spawn(0.5, "agent", "hand")], "checked_by": check}
        found = _offspring(agent, hand={}, judge={"message_tokens": "from_agent"})
        assert found == pytest.approx({"chat": runs * 0.8, "hand": runs * 0.5, "judge": runs * checks})


def _starting(*changes: tuple[str, Any]) -> list[tuple[str, str, str]]:
    return [one for one in _findings(*changes) if " on average" in one[2]]


def _sprawl(count: Any, per: str = "turn", *more: tuple[str, Any]) -> list[tuple[str, str, str]]:
    return _starting(("agents.chat.spawns", _spawn(count, per)), *more)


def test_mean_offspring_of_one_or_more_names_what_bounds_it() -> None:
    ((path, severity, message),) = _sprawl(0.25)
    assert (path, severity) == ("features.ask", "warning")
    assert message == (
        "each chat starts 1 more of itself on average over its turns: the tree does not die out by itself, and only "
        "this ends it: `agents` 50, `depth` 3, the hard limit of 100,000 calls"
    )
    assert "starts 1.5 more" in _sprawl(1.5, "agent")[0][2]
    assert "`cost` 2.5" in _sprawl(0.3, "turn", ("features.ask.guardrails", {"cost": 2.5}))[0][2]


def test_mean_offspring_close_to_one_spreads_widely() -> None:
    assert _sprawl(0.2) == []  # a mean of 0.8
    ((path, severity, message),) = _sprawl(0.225)
    assert (path, severity) == ("features.ask", "note")
    # 1 / (1 - 0.9) instances, and a standard deviation of sqrt(0.9 / 0.1^3) = 30 for Poisson offspring
    assert "each chat starts 0.9 more of itself on average over its turns, which is close to 1" in message
    assert "about 10 instances with a standard deviation of about 3 times that" in message
    assert _sprawl(0.99, "agent")[0][1] == "note"


def test_a_circle_grows_by_its_spectral_radius() -> None:
    hand = CHILD | {"spawns": _spawn(2, "agent")}
    changes = [("agents.hand", hand), ("features.ask.guardrails", {"depth": 6})]
    ((_, severity, message),) = _starting(*changes, ("agents.chat.spawns", _spawn(0.25, "turn", "hand")))
    assert severity == "warning"
    # the square root of 4 x 0.25 x 2
    assert "chat and hand start each other, 1.41 more on average from one generation to the next" in message
    assert "`depth` 6" in message
    # [[0.8, 1], [0.5, 0]] has the values 0.4 - sqrt(0.66) and 0.4 + sqrt(0.66)
    half = ("agents.hand", CHILD | {"spawns": _spawn(0.5, "agent")})
    ((_, _, message),) = _starting(
        changes[1], half, ("agents.chat.spawns", [*_spawn(0.2), *_spawn(0.25, "turn", "hand")])
    )
    assert f"{0.4 + math.sqrt(0.66):.3g} more on average" in message
    # children outside the circle bring no growth, however many
    assert _starting(*changes, ("agents.chat.spawns", _spawn(0.01, "turn", "hand"))) == []
    calm = [("agents.hand", CHILD), ("agents.chat.spawns", _spawn(9, "turn", "hand"))]
    assert _starting(*calm) == []


def test_the_fastest_of_several_circles_is_named() -> None:
    hand = CHILD | {"spawns": _spawn(1.2, "agent", "hand")}
    spawns = [*_spawn(0.05), *_spawn(1, "agent", "hand")]
    ((_, _, message),) = _starting(("agents.hand", hand), ("agents.chat.spawns", spawns))
    assert message.startswith("each hand starts 1.2 more of itself")


def test_a_validator_stands_in_a_circle_too() -> None:
    judge = CHILD | {"message_tokens": "from_agent", "spawns": _spawn(0.5, "agent")}
    check = {"agent": "judge", "every": "turn", "reject_rate": 0.5, "max_loops": 1}
    changes = [("agents.judge", judge), ("agents.chat.checked_by", check), ("features.ask.guardrails", {"depth": 6})]
    ((_, severity, message),) = _starting(*changes)
    # 4 turns of 1.5 runs each are checked, and each check starts half a chat: the square root of 3
    assert (severity, f"{math.sqrt(3):.3g} more" in message) == ("warning", True)


@pytest.mark.parametrize(
    ("change", "path", "when"),
    [
        ((), "", ""),
        (("drivers.fanout", {"uniform": {"low": 1, "high": 6}}), "drivers.fanout", "where it is 5.75, its P95, each"),
        (("drivers.turns", {"uniform": {"low": 1, "high": 6}}), "drivers.turns", "where it is 5.75, its P95"),
        (("drivers.fanout", {"uniform": {"low": 1, "high": 3}}), "", ""),
        (("trends.fanout", 5), "trends.fanout", "at the end of the period, when it is 6.202 times as high"),
        (
            ("events", {"storm": {"date": "2026-12-10", "days": 1, "multiplies": {"fanout": 8}}}),
            "events.storm",
            "while storm is in force, each chat starts 1.6 more",
        ),
        (("events", {"storm": {"date": "2026-12-10", "days": 1, "multiplies": {"volume": 8}}}), "", ""),
    ],
)
def test_what_makes_the_offspring_many_only_now_and_then(change: tuple[str, Any], path: str, when: str) -> None:
    found = _sprawl(0.05, "turn", *([change] if change else []))
    assert [(one[0], one[1]) for one in found] == ([(path, "note")] if path else [])
    assert all(one[2].startswith(when) for one in found)


def test_drivers_count_at_their_mean() -> None:
    ((path, severity, message),) = _sprawl(0.1, "turn", ("drivers.fanout", {"weibull": {"mean": 3, "cv": 2}}))
    assert (path, severity) == ("features.ask", "warning")
    assert "each chat starts 1.2 more" in message


def test_difficult_sessions_may_grow_where_others_do_not() -> None:
    changes = [
        ("difficulty", {"uniform": {"low": 0.1, "high": 1.9}}),
        ("agents.chat.sensitivity", {"turns": 1}),
        ("unit", "task"),
    ]
    ((path, severity, message),) = _sprawl(0.15, "turn", *changes)
    assert (path, severity) == ("difficulty", "note")
    assert message.startswith("in tasks of difficulty 1.81, its P95, each chat starts 1.09 more")


SPAWNS = ("agents.chat.spawns", _spawn(0.01, "turn", "hand"))
HAND = ("agents.hand", CHILD)
JUDGE = ("agents.judge", CHILD | {"message_tokens": "from_agent"})
SHELL = {"calls_per_turn": {"poisson": {"mean": 1}}}
SURE = ("agents.chat.retry", {"failure_rate": 0})
CASCADE = {"cascade": ["m", "n"]}
N = ("models.n", {"input": 2, "output": 9, "cached_input": 0.1})


def _guards(**caps: Any) -> tuple[str, Any]:
    return ("features.ask.guardrails", caps)


def _check(**more: Any) -> tuple[str, Any]:
    return ("agents.chat.checked_by", {"agent": "judge"} | more)


@pytest.mark.parametrize(
    ("changes", "path", "severity", "words"),
    [
        # caps on trees
        ([_guards(agents=9)], "features.ask.guardrails.agents", "note", "no agent of a session starts others"),
        ([_guards(depth=2)], "features.ask.guardrails.depth", "note", "no agent of a session starts others"),
        ([SPAWNS, HAND, _guards(agents=1)], "features.ask.guardrails.agents", "warning", "lets no child start"),
        ([SPAWNS, HAND, _guards(depth=2)], "features.ask.guardrails.depth", "note", "stand on level 1 at most"),
        # caps on sessions
        (
            [("agents.chat.turns", {"uniform": {"low": 2, "high": 18}}), _guards(calls=10)],
            "features.ask.guardrails.calls",
            "warning",
            "chat typically takes 10 turns, so that most sessions are cut",
        ),
        ([_guards(calls=100_000)], "features.ask.guardrails.calls", "note", "is cut at 100,000 calls anyway"),
        # 900 cached at 0.1, 100 fresh at 1 and 100 written at 5 dollars a million
        ([_guards(cost=0.00069)], "features.ask.guardrails.cost", "warning", "typically costs 0.00069, so that most"),
        # the same with 9,000 fresh in place of 100
        (
            [("agents.chat.first_message_tokens", {"p50": 9_000, "p95": 20_000}), _guards(cost=0.00959)],
            "features.ask.guardrails.cost",
            "warning",
            "typically costs 0.00959, so that most",
        ),
        # difficulty
        ([("difficulty", {"p50": 1, "p95": 3})], "difficulty", "warning", "no agent has a `sensitivity` to it"),
        (
            [("difficulty", {"p50": 1, "p95": 3}), SURE, ("agents.chat.sensitivity", {"failure_rate": 1})],
            "agents.chat.sensitivity.failure_rate",
            "note",
            "no call fails without a `failure_rate`",
        ),
        (
            [
                ("difficulty", {"p50": 1, "p95": 3}),
                ("agents.chat", CHILD | {"sensitivity": {"turns": 1, "message_tokens": 1}}),
            ],
            "agents.chat.sensitivity.message_tokens",
            "note",
            "moves nothing: there are no messages",
        ),
        (
            [
                ("difficulty", {"p50": 1, "p95": 3}),
                ("agents.chat", CHILD | {"prompt_tokens": {"p50": 600, "p95": 900}}),
                ("agents.chat.sensitivity", {"turns": 1, "message_tokens": 1}),
            ],
            "agents.chat.sensitivity.message_tokens",
            "note",
            "there are no messages beside `prompt_tokens`",
        ),
        # cascades
        ([N, ("agents.chat.model", CASCADE)], "agents.chat.model.escalate_rate", "warning", "is 0: n is never called"),
        (
            [N, ("agents.chat.model", CASCADE | {"escalate_rate": 1})],
            "agents.chat.model.escalate_rate",
            "warning",
            "is 1: n is called in every turn, and m too",
        ),
        # tools and children
        ([("agents.chat.tools", {"t": SHELL})], "agents.chat.tools.t", "note", "it has no `fee`, and no result"),
        (
            [("agents.chat.tools", {"t": SHELL | {"result_tokens": 9, "failure_rate": 0.1}})],
            "agents.chat.tools.t.failure_rate",
            "note",
            "what costs again is the fee, of which there is none",
        ),
        (
            [("agents.chat.tools", {"t": SHELL | {"fee": 9, "failure_rate": 0.1, "max_attempts": 1}})],
            "agents.chat.tools.t.failure_rate",
            "note",
            "what costs again is the fee, with `max_attempts` above 1",
        ),
        (
            [
                ("agents.chat", CHILD | {"prompt_tokens": {"p50": 600, "p95": 900}}),
                ("agents.chat.tools", {"t": SHELL | {"result_tokens": 9}}),
            ],
            "agents.chat.tools.t",
            "note",
            "no result that its prompts have room for, with `prompt_tokens`",
        ),
        (
            [HAND, ("agents.chat.spawns", _spawn(0, "turn", "hand"))],
            "agents.chat.spawns.0.count",
            "note",
            "is 0: it starts no hand",
        ),
        # validators
        ([JUDGE, _check(max_loops=2)], "agents.chat.checked_by.max_loops", "note", "without a `reject_rate`"),
        (
            [JUDGE, _check(reject_rate=1, max_loops=2)],
            "agents.chat.checked_by.reject_rate",
            "warning",
            "the work is always done 3 times",
        ),
        (
            [("agents.judge", CHILD), _check()],
            "agents.judge.message_tokens",
            "note",
            "checks chat unread; `from_agent`",
        ),
        # what follows a failure
        (
            [SURE, ("features.ask.on_failure", {"repeat": 0.5})],
            "features.ask.on_failure",
            "warning",
            "`success_rate` is 1, no agent can fail and no guardrail cuts",
        ),
        (
            [
                ("agents.chat.retry", {"failure_rate": 0.1, "on_exhausted": "continue"}),
                ("features.ask.on_failure", {"handoff": {"rate": 0.1, "cost": 9}}),
                ("features.ask.success_rate", {"m": 1}),
            ],
            "features.ask.on_failure",
            "warning",
            "never applies",
        ),
    ],
)
def test_findings(changes: list[tuple[str, Any]], path: str, severity: str, words: str) -> None:
    found = _findings(*changes)
    assert [one[:2] for one in found] == [(path, severity)], found
    assert words in found[0][2]


REPEAT = ("features.ask.on_failure", {"repeat": 0.5})


@pytest.mark.parametrize(
    "changes",
    [
        [SPAWNS, HAND, _guards(depth=1, agents=2, calls=400, cost=9)],
        [("agents.chat.spawns", _spawn(0.01)), _guards(depth=64)],
        [("agents.chat.turns", {"uniform": {"low": 2, "high": 18}}), _guards(calls=11)],
        [_guards(cost=0.0007)],
        [("difficulty", {"p50": 1, "p95": 3}), ("agents.chat.sensitivity", {"turns": 0.5})],
        [("difficulty", {"p50": 1, "p95": 3}), ("agents.chat.sensitivity", {"message_tokens": 0.5})],
        [
            ("difficulty", {"p50": 1, "p95": 3}),
            ("agents.chat", CHILD | {"first_message_tokens": {"p50": 600, "p95": 900}}),
            ("agents.chat.sensitivity", {"message_tokens": 0.5}),
        ],
        [JUDGE, ("agents.judge", CHILD | {"first_message_tokens": {"p50": 600, "p95": 900}}), _check()],
        [N, ("agents.chat.model", CASCADE | {"escalate_rate": 0.2})],
        [("agents.chat.tools", {"t": SHELL | {"fee": 0.1, "failure_rate": 0.1}})],
        [JUDGE, _check(reject_rate=0.1, max_loops=2)],
        [JUDGE, _check()],
        [("agents.judge", CHILD | {"prompt_tokens": {"p50": 600, "p95": 900}}), _check()],
        [REPEAT],  # calls fail
        [SURE, REPEAT, ("features.ask.success_rate", 0.9)],
        [SURE, REPEAT, ("agents.chat.context", {"overflow": "fail", "limit": 9_000})],
        [SURE, REPEAT, _guards(calls=90)],
        [SURE, REPEAT, SPAWNS, ("agents.hand", CHILD | {"retry": {"failure_rate": 0.1}})],
    ],
)
def test_what_is_as_it_should_be(changes: list[tuple[str, Any]]) -> None:
    assert _findings(*changes) == []
