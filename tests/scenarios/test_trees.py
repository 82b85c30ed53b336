"""Every session ends, and how tall its tree of agents can be is known before it runs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import hard_limits
from scenarios.complete import height, tallest
from scenarios.load import load
from scenarios.problems import Problem, ScenarioError
from scenarios.schema import Scenario
from simulator.engine import tally

ENDLESS = "validators that check each other never end"


def _source(agents: dict[str, dict[str, Any]], **guardrails: int) -> dict[str, Any]:
    feature = {"agent": next(iter(agents))} | ({"guardrails": guardrails} if guardrails else {})
    return {
        "as_of": "2026-11-20",
        "models": {"m": {"input": 1, "output": 2}},
        "volume": {"sessions_per_day": 1},
        "agents": {name: {"model": "m", "output_tokens": 5, **agent} for name, agent in agents.items()},
        "features": {"f": feature},
    }


def _problems(source: dict[str, Any]) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        load(source)
    return caught.value.problems


def _starting(*children: str) -> dict[str, Any]:
    return {"spawns": [{"agent": child, "count": 1} for child in children]}


def _checked(validator: str) -> dict[str, Any]:
    return {"checked_by": {"agent": validator}}


def _names(n: int) -> list[str]:
    return [f"a{number:03}" for number in range(n)]


def _chain(n: int) -> dict[str, dict[str, Any]]:
    names = _names(n)
    return {name: _starting(child) for name, child in pairwise(names)} | {names[-1]: {}}


def _checks(n: int) -> dict[str, dict[str, Any]]:
    names = _names(n)
    return {name: _checked(child) for name, child in pairwise(names)} | {names[-1]: {}}


def _walked(scenario: Scenario, name: str, depth: int, cap: int) -> tuple[int, int]:
    """Most instances from here on, and the deepest level of a child: every way through the tree is walked."""
    agent = scenario.agents[name]
    below = [(child.agent, depth + 1) for child in agent.spawns if depth + 1 <= cap]
    deepest = [depth + 1] * bool(below)
    below += [(agent.checked_by.agent, depth + 1)] if agent.checked_by else []
    ways = [_walked(scenario, other, level, cap) for other, level in below]
    return 1 + max((way[0] for way in ways), default=0), max([*deepest, *(way[1] for way in ways)], default=0)


GRAPHS = st.integers(1, 4).flatmap(
    lambda n: st.lists(
        st.tuples(st.lists(st.integers(0, n - 1), max_size=2), st.none() | st.integers(0, n - 1)),
        min_size=n,
        max_size=n,
    )
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(GRAPHS, st.integers(1, 5))
def test_the_tallest_stack_is_that_of_the_longest_way_or_the_checks_are_endless(
    graph: list[tuple[list[int], int | None]], depth: int
) -> None:
    agents = {
        f"a{number}": _starting(*(f"a{child}" for child in children))
        | ({} if checker is None else _checked(f"a{checker}"))
        for number, (children, checker) in enumerate(graph)
    }
    source = _source(agents, depth=depth)
    if _checks_for_ever(graph):
        assert all(ENDLESS in one.message or "is the agent itself" in one.message for one in _problems(source))
        return
    scenario = load(source)
    stack, deepest = _walked(scenario, "a0", 0, depth)
    assert tallest(scenario, "a0") == stack
    assert height(scenario, "a0", depth) == deepest


def _checks_for_ever(graph: list[tuple[list[int], int | None]]) -> bool:
    for start in range(len(graph)):
        at: int | None = start
        for _ in graph:
            at = graph[at][1] if at is not None else None
        if at is not None:
            return True
    return False


def test_a_tree_without_circles_needs_no_cap() -> None:
    agents = {
        "boss": _starting("hand", "judge") | _checked("judge"),
        "hand": _checked("clerk"),
        "judge": _checked("clerk"),
        "clerk": {},
    }
    scenario = load(_source(agents))
    assert scenario.features["f"].guardrails is None
    assert tallest(scenario, "boss") == 3
    assert height(scenario, "boss") == 1
    # what a validator starts stands below it
    lower = load(_source(agents | {"clerk": _starting("pen"), "pen": {}}))
    assert (tallest(lower, "boss"), height(lower, "boss")) == (4, 3)


def test_the_default_depth_bounds_an_agent_that_starts_itself() -> None:
    scenario = load(_source({"boss": _starting("boss") | _checked("judge"), "judge": {}}))
    assert tallest(scenario, "boss") == 1 + 3 + 1


def test_features_that_share_a_root_are_sized_for_the_deeper() -> None:
    source = _source({"boss": _starting("boss")}, depth=7)
    source["features"] = {"f": {**source["features"]["f"], "share": 1}, "g": {"agent": "boss", "share": 1}}
    assert tallest(load(source), "boss") == 8


def test_a_circle_through_a_check_needs_a_depth_which_ends_it() -> None:
    agents = {"coder": _checked("judge"), "judge": _starting("coder")}
    (problem,) = _problems(_source(agents))
    assert problem.path == "features.f"
    assert "needs a `depth`: its agents start each other in a circle, coder -> judge -> coder" in problem.message
    # levels: coder 0, judge 1, coder 2, judge 3, coder 4, and a judge below, which starts nobody
    assert tallest(load(_source(agents, depth=4)), "coder") == 6


def test_without_features_the_remedy_is_a_feature() -> None:
    source = _source({"a": _starting("b"), "b": _starting("a")})
    del source["features"]
    (problem,) = _problems(source)
    assert problem.path == "agents"
    assert "write a feature with `guardrails: {depth: 3}`" in (problem.hint or "")


def test_a_circle_of_checks_is_refused_whatever_the_depth() -> None:
    agents = {"boss": _starting("a"), "a": _checked("b"), "b": _checked("c"), "c": _checked("a")}
    (problem,) = _problems(_source(agents, depth=2))
    assert problem.path == "agents.a.checked_by.agent"
    assert ENDLESS in problem.message
    assert "no `depth` ends validators" in (problem.hint or "")


def test_a_tree_may_be_so_high_and_no_higher() -> None:
    assert height(load(_source(_chain(65))), "a000") == 64
    (problem,) = _problems(_source(_chain(66)))
    assert problem.path == "features.f"
    assert "has children down to level 65" in problem.message
    assert "a065 is started" in problem.message
    assert "write `guardrails: {depth: 64}`" in (problem.hint or "")
    assert tallest(load(_source(_chain(66), depth=64)), "a000") == 65


def test_validators_stack_so_high_and_no_higher() -> None:
    assert tallest(load(_source(_checks(200))), "a000") == 200
    (problem,) = _problems(_source(_checks(201)))
    assert "has up to 201 instances that wait for each other" in problem.message
    sprawling = _checks(137)
    sprawling["a000"] |= _starting("a000")
    (problem,) = _problems(_source(sprawling, depth=64))
    assert (problem.path, problem.got) == ("features.f.guardrails", "201")


def test_a_layered_tree_is_walked_once_a_level() -> None:
    """There are 2^59 ways from top to bottom."""
    names = _names(120)
    layers = [names[number : number + 2] for number in range(0, 120, 2)]
    agents = {name: _starting(*below) for above, below in pairwise(layers) for name in above}
    scenario = load(_source(agents | {name: {} for name in layers[-1]}))
    assert (height(scenario, "a000"), tallest(scenario, "a000")) == (59, 60)


def test_a_circle_without_a_depth_has_no_height() -> None:
    scenario = load(_source({"a": _starting("a")}))
    with pytest.raises(ValueError, match="below a start or check each other in a circle"):
        height(scenario, "a")


def test_the_hard_limits_are_those_of_the_engine() -> None:
    assert (hard_limits.MAX_CALLS, hard_limits.MAX_DEPTH) == (tally.MAX_CALLS, tally.MAX_DEPTH)
