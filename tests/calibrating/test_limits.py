"""Limits of contexts: by model where models differ, and one law where one explains all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.calibrate import calibrate
from scenarios.calibrating.compaction import compacted
from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.limits import Stretches, unlike_models
from scenarios.calibrating.sessions import read_sessions
from scenarios.load import load
from scenarios.logs.formats import read_logs
from scenarios.logs.table import Calls, Rows
from simulator.sampled import sample
from tests.calibrating.making import Keeper
from tests.calibrating.products import COMMON, HAIKU, SONNET
from tests.calibrating.roundtrip import write_log
from tests.twin.agreement import gap_in_standard_errors, quantile_fits

SMALL, LARGE = 6_000, 24_000
STEP = 400
"""A turn's message and answer."""

PRODUCT: dict[str, Any] = COMMON | {
    "volume": {"sessions_per_day": 20},
    "agents": {
        "bot": {
            "model": {SONNET: 0.5, HAIKU: 0.5},
            "system_tokens": 1_000,
            "turns": {"lognormal": {"p50": 40, "p95": 120}},
            "message_tokens": {"uniform": {"low": 100, "high": 400}},
            "output_tokens": {"uniform": {"low": 100, "high": 200}},
            "context": {"limit": {HAIKU: SMALL, SONNET: LARGE}, "keep_tokens": 600},
        }
    },
}


def test_sessions_cost_what_they_did_where_models_have_limits_of_their_own(tmp_path: Path) -> None:
    costs = write_log(PRODUCT, 21, tmp_path / "log.jsonl")
    made = calibrate(*read_logs([tmp_path / "log.jsonl"]))
    made.write(tmp_path / "learnt.yaml")
    learnt = load(tmp_path / "learnt.yaml")
    context = learnt.agents["bot"].context
    for model, truth in ((HAIKU, SMALL), (SONNET, LARGE)):
        law = context.limit_of(f"anthropic/{model}")
        assert law is not None
        assert abs(law.mean() - truth) < STEP, model
    ours = sample(learnt, 10_000).sessions["cost"]
    assert gap_in_standard_errors(costs, ours.mean(), ours.size, ours.std()) < 4
    assert quantile_fits(costs, ours, 0.95)
    sources = {one.path: one.source for one in made.learnt if one.title == "limit of the context"}
    for model in (f"anthropic/{HAIKU}", f"anthropic/{SONNET}"):
        said = sources[f"agents.bot.context.limit.{model}"]
        assert f" compactions of {model}, to " in said
        assert "; against the product limit estimate P20 " in said
        assert said.split(", to ")[0] in (tmp_path / "learnt.yaml").read_text()


Limit = Callable[[np.random.Generator], float]


def log(limits: dict[str, Limit], models: list[str], seed: int = 1) -> Calls:
    """A session of each of these models, which has a limit of its own."""
    rng = np.random.default_rng(seed)
    rows = Rows("session", "time", "model", "fresh", "output", "compacted")
    for session, model in enumerate(models):
        limit, prompt = limits[model](rng), 1_000
        for turn in range(int(rng.integers(10, 60))):
            new = int(rng.integers(100, 600))
            cut = prompt + new > limit
            prompt = 1_500 if cut else prompt + new
            rows.append(f"s{session}", float(turn), model, prompt, 100, cut)
    return rows.finish(dated=False)


def at(limit: float) -> Limit:
    return lambda rng: limit


def told_apart(calls: Calls) -> int:
    """How many models have limits of their own."""
    table = read_sessions(calls)
    rows = np.arange(table.turns.call.size)
    found = Stretches.of(table, rows, compacted(table))
    return unlike_models(found, calls["model"][table.turns.call[found.last]]).size


def any_limit(rng: np.random.Generator) -> float:
    return float(rng.lognormal(np.log(6_000), 0.5))


def test_models_whose_sessions_differ_as_chance_makes_them_share_a_law() -> None:
    """Each session has a limit of its own, so that its compactions are alike: 50 logs, each off once in a thousand."""
    one = {"a": any_limit, "b": any_limit}
    assert [told_apart(log(one, ["a", "b"] * 12, seed)) for seed in range(50)] == [0] * 50


@pytest.mark.parametrize(("each", "told"), [(9, 0), (10, 2)])
def test_ten_sessions_of_a_model_are_the_fewest_that_tell_it_apart(each: int, told: int) -> None:
    assert told_apart(log({"a": at(4_000), "b": at(12_000)}, ["a", "b"] * each)) == told


def test_one_that_is_never_compacted_has_its_window_and_one_of_few_sessions_the_law_of_all() -> None:
    calls = log({"a": at(4_000), "b": at(np.inf), "c": at(4_000)}, ["a", "b"] * 30 + ["c"] * 5)
    agent = learn_agents(calls, Keeper().options).agents["agent"]
    assert set(agent["model"]) == {"a", "b", "c"}
    limit = agent["context"]["limit"]
    assert set(limit) == {"a", "c"}
    assert abs(limit["a"] - 4_000) < 600
    assert limit["c"]["mixture"][-1]["law"] == 200_000, "the least window: some sessions outlast all compactions"
