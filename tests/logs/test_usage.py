"""Aggregates: each kind becomes the one table of usage; given for logs they are refused with the way to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scenarios.level import PerSession, level, scaled
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError
from scenarios.logs.usage.reading import read_usage
from scenarios.logs.usage.table import DAY, Bucket, Usage

SAMPLES = Path(__file__).parent / "samples" / "usage"


def sums(name: str) -> tuple[float | None, ...]:
    usage = read_usage([SAMPLES / name])
    return tuple(usage.total(what) for what in ("fresh", "cached", "written", "output", "requests", "cost"))


def test_openai_input_has_the_cached_tokens_in_it() -> None:
    assert sums("openai_usage.json") == (1_100, 800, 100, 260, 12, None)
    assert sums("openai_costs.json") == (None, None, None, None, None, 1.75)
    both = read_usage([SAMPLES / "openai_usage.json", SAMPLES / "openai_costs.json"])
    assert (both.days, both.prompt, both.total("cost")) == (2, 2_000, 1.75)
    assert both.skipped == {"a result without what it needs: input_tokens is negative": 1}


def test_anthropic_counts_apart_and_pays_in_cents() -> None:
    assert sums("anthropic_usage.json") == (1_500, 200, 150, 500, None, None)
    assert sums("anthropic_costs.json")[-1] == pytest.approx(1.2345, rel=1e-12)


def test_ccusage_by_model() -> None:
    assert sums("ccusage.json") == (30, 600, 70, 40, None, 0.75)
    assert {bucket.model for bucket in read_usage([SAMPLES / "ccusage.json"]).buckets} == {"opus", "haiku"}


def test_focus_by_kind_of_token() -> None:
    usage = read_usage([SAMPLES / "focus.csv"])
    assert sums("focus.csv") == (1_000, 5_000, None, 300, None, 0.5)
    assert usage.currencies == {"EUR"}
    assert usage.skipped == {"a row without what it needs: its unit is Hours and not tokens": 1}


@pytest.mark.parametrize("file", sorted(SAMPLES.iterdir()), ids=lambda file: file.name)
def test_an_aggregate_given_for_logs_is_told(file: Path) -> None:
    with pytest.raises(LogError, match=r"no tails.*--level"):
        read_logs([file])


def test_currencies_are_not_added_up(tmp_path: Path) -> None:
    other = tmp_path / "focus.csv"
    other.write_text((SAMPLES / "focus.csv").read_text().replace("EUR", "USD"))
    with pytest.raises(LogError, match="EUR, USD"):
        read_usage([SAMPLES / "focus.csv", other])
    other.write_text(json.dumps({"data": []}))
    with pytest.raises(LogError, match="no aggregate"):
        read_usage([other])


def test_a_scenario_comes_to_the_level_of_the_sums() -> None:
    document: dict[str, Any] = {"volume": {"sessions_per_day": "1k"}, "drivers": {"output_tokens": "0.8 to 1.2"}}
    usage = Usage((Bucket(0, 10 * DAY, "m", 600, 400, 0, 300, 100_000),), "test")
    got = level(document, usage, PerSession(calls=5, prompt=0.05, cached=0.005, output=0.0075), 1_000.0)
    assert got.edits == {
        "volume.sessions_per_day": 2_000,
        "drivers.output_tokens": "1.6 to 2.4",
        "drivers.cache_hit": 4,
    }
    assert "tails stay the scenario's" in got.said[0]
    again = level(document, usage, PerSession(5, 0.05, 0.02, 0.015), 2_000.0)
    assert not again.edits


def test_sums_that_say_nothing_scale_nothing_and_one_user_is_the_fewest() -> None:
    session = PerSession(calls=5, prompt=100, cached=10, output=20)
    nothing = level({"volume": {"sessions_per_day": 10}}, Usage((Bucket(0, DAY, "m"),), "test"), session, 10.0)
    assert not nothing.edits
    assert nothing.said[1].startswith("Nothing is scaled")
    few = Usage((Bucket(0, DAY, "m", 100, 0, 0, 20, 5),), "test")
    got = level({"volume": {"users": 10, "sessions_per_user_day": 1}}, few, session, 20.0)
    assert got.edits["volume.users"] == 1
    assert not any("Nothing is scaled" in text for text in got.said)


def test_without_requests_tokens_give_the_level() -> None:
    usage = Usage((Bucket(0, DAY, "m", 6_000, 4_000, 0, 300),), "test")
    got = level({"volume": {"sessions_per_day": 10}}, usage, PerSession(5, 500, 200, 15), 10.0)
    assert got.edits == {"volume.sessions_per_day": 20}


def test_what_can_be_scaled_in_place() -> None:
    assert scaled({"p50": 10, "p95": "40"}, 2) == {"p50": 20, "p95": 80}
    assert scaled({"mean": 10, "cv": 0.5}, 3) == {"mean": 30, "cv": 0.5}
    assert scaled({"data": {"file": "x.csv"}}, 2) is None
    assert scaled({"geometric": {"mean": 4}}, 2) == {"geometric": {"mean": 8}}
    assert scaled({"gamma": {"shape": 4, "scale": 2}}, 2) is None
    assert scaled({"exponential": {"scale": 2}}, 2) == {"exponential": {"scale": 4}}
    assert scaled({"mixture": [{"weight": 1, "law": 3}]}, 2) is None
    assert scaled({"mean": 10}, 3) == {"mean": 30}
    assert scaled({"mean": 10, "odd": 1}, 3) is None
    assert scaled({"lognormal": {"mu": 1, "sigma": 0.5}}, 2) == {"lognormal": {"mu": 1.69315, "sigma": 0.5}}
    assert scaled(True, 2) is None
