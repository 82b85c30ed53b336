"""What is allowed and still worth a second look."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from scenarios.lint import lint, nothing_shared_is_uncertain
from scenarios.load import load
from scenarios.prices import resolve_prices

CLEAN: dict[str, Any] = {
    "as_of": "2026-11-20",
    "period": "2026-12",
    "budget": 1_000,
    "models": {"m": {"input": 1, "output": 5, "cached_input": 0.1, "cache_write": 1.25}},
    "volume": {"sessions_per_day": 10},
    "features": {"ask": {"agent": "chat"}},
    "agents": {
        "chat": {
            "model": "m",
            "system_tokens": 900,
            "turns": {"geometric": {"mean": 4}},
            "message_tokens": {"p50": 100, "p95": 900},
            "output_tokens": {"p50": 100, "p95": 900},
            "cache": {"hit_rate": 0.8},
            "retry": {"failure_rate": 0.02, "max_attempts": 3, "fallback": {"after": 1, "model": "m"}},
        }
    },
    "drivers": {"volume": "0.7 to 1.5"},
    "fixed_costs": {"one_time": {"labels": {"amount": 10, "date": "2026-12-31"}}},
}


def _changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    source = copy.deepcopy(CLEAN)
    for path, value in changes:
        *above, last = path.split(".")
        node = source
        for key in above:
            node = node.setdefault(key, {})
        node[last] = value
    return source


def _findings(*changes: tuple[str, Any]) -> list[tuple[str, str, str]]:
    scenario = load(_changed(*changes))
    return [(one.path, one.severity, one.message) for one in lint(scenario, resolve_prices(scenario).cards)]


def test_a_clean_scenario_has_no_findings() -> None:
    assert _findings() == []


HEAVY = {"lomax": {"alpha": 1.5, "scale": 300}}
CHILD = {"model": "m", "output_tokens": {"p50": 100, "p95": 900}}


@pytest.mark.parametrize(
    ("changes", "path", "severity", "words"),
    [
        ([("agents.chat.turns", 4)], "agents.chat.turns", "note", "is exactly 4 in every session"),
        ([("unit", "ticket"), ("agents.chat.turns", 4)], "agents.chat.turns", "note", "every ticket"),
        ([("agents.chat.output_tokens", 250)], "agents.chat.output_tokens", "note", "is exactly 250 in every turn"),
        ([("drivers", {})], "drivers", "warning", "nothing that sessions share is uncertain"),
        ([("drivers", {"volume": 1.2})], "drivers", "warning", "`drivers: typical`"),
        ([("agents.chat.cache", {"hit_rate": 0.15})], "agents.chat.cache", "warning", "only from 21.7 %"),
        ([("agents.chat.message_tokens", HEAVY)], "agents.chat.message_tokens", "note", "makes the variance"),
        ([("agents.chat.turns", HEAVY)], "agents.chat.turns", "warning", "makes the mean of a session's cost infinite"),
        (
            [("agents.chat.message_tokens", {"normal": {"mean": 100, "sd": 50}})],
            "agents.chat.message_tokens",
            "warning",
            "falls below 0 in 2.3 % of draws",
        ),
        ([("agents.lost", CHILD)], "agents.lost", "warning", "no feature, agent or check ever starts it"),
        ([("models.lost", {"input": 1, "output": 1})], "models.lost", "note", "no agent uses it"),
        (
            [("features", {"ask": {"agent": "chat", "share": 1}, "b": {"agent": "chat", "share": 0}})],
            "features.b.share",
            "note",
            "nobody uses this feature",
        ),
        (
            [("fixed_costs.one_time.labels.date", "2027-01-01")],
            "fixed_costs.one_time.labels",
            "warning",
            "outside 2026-12-01 to 2026-12-31, and is not charged",
        ),
        (
            [("agents.chat.retry.fallback.after", 3)],
            "agents.chat.retry.fallback",
            "warning",
            "never serves: it takes over after 3 of 3 attempts",
        ),
        (
            [("agents.chat.retry", {"max_attempts": 5})],
            "agents.chat.retry.max_attempts",
            "note",
            "no call fails without a `failure_rate`",
        ),
        # laws cut where they mostly lie, or far from what was stated
        (
            [("agents.chat.output_tokens", {"p50": 400, "p95": 900, "max": 256})],
            "agents.chat.output_tokens",
            "warning",
            "has a `max` of 256 and, without it, a P50 of 400: 81.7 % of draws are exactly the `max`",
        ),
        (
            [("agents.chat.output_tokens", {"p50": 400, "p95": 900, "min": 2_000})],
            "agents.chat.output_tokens",
            "warning",
            "of draws are exactly the `min`",
        ),
        (
            [("agents.chat.turns", {"geometric": {"mean": 4}, "max": 1})],
            "agents.chat.turns",
            "warning",
            "is always 1: its limits leave nothing else",
        ),
        (
            [("drivers.volume", {"p50": 1, "p95": 2, "max": 0.5})],
            "drivers.volume",
            "warning",
            "has a `max` of 0.5",
        ),
        (
            [("agents.chat.output_tokens", {"p50": 100, "p95": 900, "p99": 1_000})],
            "agents.chat.output_tokens",
            "warning",
            "states P50 100, P95 900, P99 1,000, and the nearest lognormal has 111.1, 628.6, 1,289 there",
        ),
        (
            [
                (
                    "agents.chat.output_tokens",
                    {"mixture": [{"weight": 1, "law": {"gamma": {"p10": 9, "p50": 99, "p95": 300}}}]},
                )
            ],
            "agents.chat.output_tokens",
            "note",
            "the nearest gamma has",
        ),
        ([("agents.chat.turns", 0)], "agents.chat.turns", "note", "is 0, which counts as 1"),
        (
            [("agents.chat.turns", {"poisson": {"mean": 1.2}})],
            "agents.chat.turns",
            "note",
            "falls below 1 in 30 % of draws, which count as 1, so that the mean is 1.501 and not 1.2",
        ),
        ([("drivers.volume", "7 to 15")], "drivers.volume", "warning", "multiplies by 10.25 in the typical case"),
        # prompts that do not fit, caches that save nothing
        (
            [("agents.chat.system_tokens", 9_000), ("agents.chat.context", {"limit": 8_000})],
            "agents.chat.system_tokens",
            "warning",
            "is typically 9,000 tokens, more than the 8,000 tokens of `context.limit`: no prompt ever fits",
        ),
        (
            [("agents.chat.system_tokens", 9_000), ("models.m.context_window", 8_192)],
            "agents.chat.system_tokens",
            "warning",
            "more than the 8,192 tokens of the context window of m",
        ),
        (
            [("agents.chat.message_tokens", {"p50": 9_000, "p95": 20_000}), ("models.m.context_window", 9_800)],
            "agents.chat.message_tokens",
            "warning",
            "makes a first prompt of typically 9,900 tokens, more than the 9,800 tokens",
        ),
        (
            [("agents.chat.first_message_tokens", {"p50": 9_000, "p95": 20_000}), ("models.m.context_window", 9_800)],
            "agents.chat.first_message_tokens",
            "warning",
            "makes a first prompt of typically 9,900 tokens, more than the 9,800 tokens",
        ),
        (
            [("agents.chat.first_message_tokens", 40_000)],
            "agents.chat.first_message_tokens",
            "note",
            "is exactly 40,000 in every session",
        ),
        (
            [("agents.chat.context.limit", 9_000), ("models.m.context_window", 8_192)],
            "agents.chat.context.limit",
            "warning",
            "is above the context window of m, 8,192 tokens",
        ),
        (
            [
                ("agents.chat.context.limit", {"uniform": {"low": 8_000, "high": 10_000}}),
                ("models.m.context_window", 8_192),
            ],
            "agents.chat.context.limit",
            "warning",
            "is typically above the context window of m, 8,192 tokens, which is the limit then",
        ),
        (
            [("agents.chat.context.limit", {"m": 9_000}), ("models.m.context_window", 8_192)],
            "agents.chat.context.limit.m",
            "warning",
            "is above the context window of m, 8,192 tokens: prompts between are never cut",
        ),
        (
            [("agents.chat.system_tokens", 9_000), ("agents.chat.context", {"limit": {"m": 8_000}})],
            "agents.chat.system_tokens",
            "warning",
            "is typically 9,000 tokens, more than the 8,000 tokens of `context.limit` for m: no prompt ever fits",
        ),
        (
            [("agents.chat.context", {"limit": 2_000, "overflow": "compact", "summary_tokens": 1_200})],
            "agents.chat.context.summary_tokens",
            "warning",
            "no compaction makes a prompt fit",
        ),
        (
            [("models.m.context_window", 500), ("agents.chat", CHILD | {"prompt_tokens": {"p50": 600, "p95": 900}})],
            "agents.chat.prompt_tokens",
            "warning",
            "is typically 600 tokens, more than the 500 tokens",
        ),
        (
            [("agents.chat.max_output_tokens", 64)],
            "agents.chat.max_output_tokens",
            "warning",
            "is below the typical output of 100 tokens",
        ),
        (
            [("models.m", {"input": 1, "output": 5})],
            "agents.chat.cache",
            "note",
            "saves nothing: m has no lower price for cached input",
        ),
        (
            [
                ("models.m", {"input": 1, "output": 5}),
                ("agents.chat", CHILD | {"prompt_tokens": {"p50": 600, "p95": 900}, "cached_share": 0.5}),
            ],
            "agents.chat.cached_share",
            "note",
            "saves nothing",
        ),
        # what has nothing to act on
        (
            [("agents.chat.retry", {"failure_rate": {"m": 0}, "max_attempts": 3})],
            "agents.chat.retry.max_attempts",
            "note",
            "no call fails without a `failure_rate`",
        ),
        (
            [("agents.chat.retry", {"fallback": {"after": 1, "model": "m"}})],
            "agents.chat.retry.fallback",
            "note",
            "has nothing to do",
        ),
        (
            [("agents.chat.tools", {"shell": {"calls_per_turn": {"poisson": {"mean": 1}}, "max_attempts": 2}})],
            "agents.chat.tools.shell.max_attempts",
            "note",
            "has nothing to do",
        ),
        ([("agents.chat.sensitivity", {"turns": 0.5})], "agents.chat.sensitivity", "note", "there is no `difficulty`"),
        ([("models.m.long_context", {"above": 9_000})], "models.m.long_context", "note", "changes no price"),
        # times and speeds
        ([("trends", {"volume": 15})], "trends.volume", "warning", "grows by 1,500 % a month"),
        ([("volume.dispersion", 0.05)], "volume.dispersion", "warning", "4.47 times their mean"),
        ([("as_of", "2027-01-01")], "period", "note", "ended on 2026-12-31, before `as_of` (2027-01-01)"),
        ([("as_of", "2031-01-01"), ("period", "2031-02")], "as_of", "note", "the day of the price data"),
        (
            [("models.spare", {"input": 1, "output": 1}), ("controls", [{"at": 1, "route": {"spare": "m"}}])],
            "controls.0.route",
            "warning",
            "reroutes spare, which no agent uses",
        ),
    ],
)
def test_findings(changes: list[tuple[str, Any]], path: str, severity: str, words: str) -> None:
    found = [one for one in _findings(*changes) if one[0] == path]
    assert len(found) == 1, found
    assert found[0][1] == severity
    assert words in found[0][2]


def _columns(agent: dict[str, Any], other: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """What is said of laws of two agents; data files stand in the current folder, as values have none of their own."""
    for name in ("calls.csv", "more.csv"):
        Path(name).write_text("prompt,answer\n" + "".join(f"{100 + i},{40 + i}\n" for i in range(200)))
    source = _changed(
        *((f"agents.chat.{field}", law) for field, law in agent.items()),
        *([("agents.other", CHILD | other), ("features.more", {"agent": "other"})] if other else []),
    )
    scenario = load(source)
    found = lint(scenario, resolve_prices(scenario).cards)
    return [(one.path, one.message) for one in found if "column" in one.message]


def _data(column: str, file: str = "calls.csv", **more: Any) -> dict[str, Any]:
    return {"data": {"file": file, "column": column, **more}}


def test_columns_of_one_file_are_torn_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prompts, answers = _data("prompt"), _data("answer", tail="gpd")
    ((path, message),) = _columns({"message_tokens": prompts, "output_tokens": answers})
    assert path == "agents.chat.output_tokens"
    assert message.startswith("reads a column of calls.csv, and so does agents.chat.message_tokens; each is drawn by")
    mixed = {"mixture": [{"weight": 0.9, "law": answers}, {"weight": 0.1, "law": 900}]}
    assert len(_columns({"message_tokens": prompts | {"max": 150}, "output_tokens": mixed})) == 1


def test_columns_of_two_files_or_agents_were_never_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prompts, answers = _data("prompt"), _data("answer")
    assert _columns({"message_tokens": prompts, "output_tokens": _data("answer", "more.csv")}) == []
    assert _columns({"message_tokens": prompts}, {"output_tokens": answers}) == []
    twice = {"mixture": [{"weight": 0.5, "law": prompts}, {"weight": 0.5, "law": answers}]}
    assert _columns({"message_tokens": twice}) == []


def test_the_break_even_of_the_write_premium() -> None:
    # (1.25 - 1) / (1.25 - 0.1) = 0.2174: writes cost a quarter more, reads save nine tenths
    assert _findings(("agents.chat.cache", {"hit_rate": 0.2175})) == []
    assert len(_findings(("agents.chat.cache", {"hit_rate": 0.2173}))) == 1
    # four turns, of which one is cold: 3/4 of the hit rate counts
    assert len(_findings(("agents.chat.cache", {"hit_rate": 0.28, "first_hit_rate": 0}))) == 1
    assert _findings(("agents.chat.cache", {"hit_rate": 0.30, "first_hit_rate": 0})) == []
    free = {"input": 1, "output": 5, "cached_input": 0.1}
    assert _findings(("models.m", free), ("agents.chat.cache", {"hit_rate": 0.01})) == []


@pytest.mark.parametrize(
    ("changes", "certain"),
    [
        ([("drivers", {})], True),
        ([("drivers", {"volume": 2})], True),
        ([("drivers", "typical")], False),
        ([("drivers", {}), ("volume", {"users": 9, "sessions_per_user_day": 2})], True),
        ([("drivers", {}), ("volume", {"users": 9, "sessions_per_user_day": "1 to 9"})], False),
        (
            [
                ("drivers", {}),
                ("events", {"e": {"date": "2026-12-10", "probability": 0, "multiplies": {"price": "1 to 2"}}}),
            ],
            True,
        ),
        (
            [
                ("drivers", {}),
                ("events", {"e": {"date": "2026-12-10", "days": "2 to 4", "route": {"m": "n"}}}),
                ("models.n", {"input": 2, "output": 9}),
            ],
            False,
        ),
        ([("drivers", {}), ("events", {"e": {"date": "2026-12-10", "multiplies": {"volume": 2}}})], True),
        ([("drivers", {}), ("events", {"e": {"date": "2026-12-10", "multiplies": {"volume": "1 to 2"}}})], False),
        ([("drivers", {}), ("events", {"e": {"per_month": 1, "multiplies": {"volume": 2}}})], False),
        (
            [
                ("drivers", {}),
                ("events", {"e": {"date": "2026-12-10", "probability": 0.4, "multiplies": {"price": 2}}}),
            ],
            False,
        ),
    ],
)
def test_what_counts_as_shared_and_uncertain(changes: list[tuple[str, Any]], certain: bool) -> None:
    assert nothing_shared_is_uncertain(load(_changed(*changes))) is certain


def test_the_examples_are_understood(shared: Any) -> None:
    scenario = load(shared / "examples" / "coding-agent.yaml")
    found = {one.path for one in lint(scenario, resolve_prices(scenario).cards)}
    unread = {"value", "features.assist.value_per_success", "features.build.value_per_success"}
    # the tool that reads files fails 1 time in 20, which costs nothing without a fee
    free = "agents.planner.tools.read.failure_rate"
    assert found == {"agents.validator.output_tokens", "events.runaway-agent", free} | unread
