"""Caching: gaps against the time to live, prefixes lost earlier, and rates where times are missing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scenarios.calibrating.learn import learn_agents
from scenarios.logs.table import Calls, Rows
from tests.calibrating.making import FAR, Keeper, World


def _cache(calls: Calls) -> dict:  # type: ignore[type-arg]
    cache: dict = learn_agents(calls, Keeper().options).agents["agent"].get("cache", {})  # type: ignore[type-arg]
    return cache


def _binomial(p: float, n: int) -> float:
    return float(np.sqrt(p * (1 - p) / n))


def test_time_to_live_shares_and_losses_are_found() -> None:
    world = World()
    calls = world.log()
    cache = _cache(calls)
    assert cache["ttl_minutes"] == 5
    within, beyond, lost = cache["gap_minutes"]["mixture"]
    n = len(calls) - world.sessions
    tokens = 1.5  # losses are weighted by tokens, whose spread makes them worth fewer than they are
    assert lost["weight"] == pytest.approx(world.lost, abs=FAR * tokens * _binomial(world.lost, n))
    late = world.late * (1 - world.lost)
    assert beyond["weight"] == pytest.approx(late, abs=FAR * tokens * _binomial(world.late, n))
    assert within["weight"] + beyond["weight"] + lost["weight"] == pytest.approx(1, abs=1e-4)
    assert within["law"] <= 5 < beyond["law"]
    assert lost["law"] > 60


def test_what_a_compaction_takes_away_was_not_lost_by_the_cache() -> None:
    world = World(sessions=200, turns=40, limit=9_000, summary=1_500)
    calls = world.log()
    within, beyond, lost = (part["weight"] for part in _cache(calls)["gap_minutes"]["mixture"])
    n = int(np.count_nonzero(~calls["compacted"])) - world.sessions
    assert lost == pytest.approx(world.lost, abs=FAR * 1.5 * _binomial(world.lost, n))
    assert beyond / (within + beyond) == pytest.approx(world.late, abs=FAR * _binomial(world.late, n))


def test_a_prefix_is_kept_up_to_the_very_end_of_its_time() -> None:
    rows = Rows("session", "time", "cached", "written", "output")
    for session in range(30):
        for turn, (minutes, sent) in enumerate([(0, 1_000), (5, 2_000), (10, 3_000), (15.1, 4_000)]):
            found = sent - 1_000 if turn in {1, 2} else 0
            rows.append(f"s{session}", 60.0 * minutes, found, sent - found, 100)
    within, beyond, lost = _cache(rows.finish(dated=False))["gap_minutes"]["mixture"]
    # of tokens half are read, because late turns have the longer prompts; the rest of what is in time is lost
    assert (within["weight"], beyond["weight"], lost["weight"]) == (0.5, 0.25, 0.25)
    assert within["law"] == 5.0
    assert beyond["law"] == pytest.approx(5.1)


def test_a_system_prompt_that_other_sessions_keep_is_read_after_the_time_to_live_too() -> None:
    rows = Rows("session", "time", "cached", "written", "output")
    for session in range(30):
        for turn, (minutes, sent) in enumerate([(0, 1_000), (2, 1_010), (4, 1_020), (24, 1_030)]):
            found = (0, 1_000, 1_010, 80)[turn]
            rows.append(f"s{session}", 60.0 * minutes, found, sent - found, 100)
    within, beyond = _cache(rows.finish(dated=False))["gap_minutes"]["mixture"]
    read = 2_090 / 3_030  # tokens, of those sent before; 2 of 3 gaps are in time
    assert (within["weight"], beyond["weight"]) == (round(read, 5), round(1 - read, 5))


def test_without_times_there_is_a_rate() -> None:
    world = World(timed=False)
    calls = world.log()
    hits = (1 - world.late) * (1 - world.lost)
    rate = _cache(calls)["hit_rate"]
    assert rate == pytest.approx(hits, abs=FAR * 1.5 * _binomial(hits, len(calls) - world.sessions))


def test_what_was_never_cached_has_no_cache() -> None:
    calls = World(sessions=60).log()
    bare = {"fresh": calls.prompt, "cached": calls["cached"] * 0, "written": calls["written"] * 0}
    assert _cache(dataclasses.replace(calls, columns={**calls.columns, **bare})) == {}


def test_what_a_cache_would_have_held_is_enough() -> None:
    calls = World(lost=0.0).log()
    later = np.r_[False, calls["session"][1:] == calls["session"][:-1]]
    held = np.where(later, np.r_[0, calls.prompt[:-1]], 0)
    bare = {"fresh": calls.prompt, "cached": held * 0, "written": held * 0, "readable": held}
    cache = _cache(dataclasses.replace(calls, columns={**calls.columns, **bare}))
    assert [part["weight"] for part in cache["gap_minutes"]["mixture"]] == pytest.approx([0.9, 0.1], abs=0.02)


def test_an_hour_is_told_by_what_was_written_for_one() -> None:
    calls = World().log()
    hourly = dataclasses.replace(calls, columns={**calls.columns, "written_1h": calls["written"]})
    assert _cache(hourly)["ttl_minutes"] == 60


def test_reads_that_times_do_not_explain_are_a_rate() -> None:
    calls = World(late=0.5).log()
    rng = np.random.default_rng(1)
    later = np.r_[False, calls["session"][1:] == calls["session"][:-1]]
    found = np.where(later & (rng.random(later.size) < 0.4), np.r_[0, calls.prompt[:-1]], 0)
    known = {"cached": found, "written": calls.prompt - found}
    learnings = learn_agents(dataclasses.replace(calls, columns={**calls.columns, **known}), Keeper().options)
    rate = learnings.agents["agent"]["cache"]["hit_rate"]
    assert rate == pytest.approx(0.4, abs=FAR * 1.5 * _binomial(0.4, int(later.sum())))


def test_system_prompts_that_first_calls_find_are_counted() -> None:
    world = World()
    calls = world.log()
    first = np.r_[True, calls["session"][1:] != calls["session"][:-1]]
    warm = first & (np.arange(first.size) % 2 == 0)
    cached = np.where(warm, world.system, calls["cached"])
    known = {"cached": cached, "written": calls.prompt - cached}
    cache = _cache(dataclasses.replace(calls, columns={**calls.columns, **known}))
    share = warm.sum() / first.sum()
    assert cache["first_hit_rate"] == pytest.approx(share, rel=0.2)
