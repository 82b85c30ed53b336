"""Guardrails against none: what is lifted, which sessions are simulated again, and that nothing else differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.load import load
from scenarios.schema import Scenario
from simulator import guarding
from simulator.engine.tally import CUT_BY_COST, CUT_BY_LIMIT, MAX_CALLS, SESSION_DTYPE, Tally
from simulator.guarding import guardrail_effects, lifted_guardrails, starts_in_circles, without_guardrails
from simulator.result import Result, load_result
from simulator.run import run
from tests.risk.tallies import N_DRIVERS, frame
from tests.simulator.test_result import make_result
from tests.twin.worlds import PLAIN

ALL = {"cost": 25, "calls": 400, "agents": 40, "depth": 3}


def agent(*children: str, **more: Any) -> dict[str, Any]:
    spawns = [{"agent": name, "count": 0.4, "result_tokens": 50} for name in children]
    return {"model": "plain", "output_tokens": 100, "turns": 2, "spawns": spawns} | more


def scenario(agents: Mapping[str, Any], more: Mapping[str, Any] = {}, /, **guardrails: Any) -> Scenario:
    build = {"share": 1, "agent": next(iter(agents))} | ({"guardrails": guardrails} if guardrails else {}) | dict(more)
    return load(
        {
            "name": "guarded",
            "as_of": "2026-11-20",
            "period": {"start": "2026-12-01", "days": 2},
            "volume": {"sessions_per_day": 200},
            "models": {"plain": PLAIN},
            "agents": {**agents, "chat": agent()},
            "features": {"ask": {"share": 3, "agent": "chat"}, "build": build},
        }
    )


TREE = {"planner": agent("executor"), "executor": agent("helper"), "helper": agent()}
ITSELF = {"planner": agent("executor"), "executor": agent("executor")}
EACH_OTHER = {"planner": agent("executor"), "executor": agent("planner")}


# What is lifted


def test_all_stated_guardrails_of_a_tree_that_ends_by_itself_are_lifted() -> None:
    stated = scenario(TREE, **ALL)
    plans = lifted_guardrails(stated)
    assert list(plans) == ["build"]
    assert (plans["build"].guardrails, plans["build"].kept) == (ALL, {})
    bare = without_guardrails(stated).features["build"].guardrails
    assert bare is not None
    assert set(dict(bare).values()) == {None}
    assert without_guardrails(stated).model_copy(update={"features": stated.features}) == stated
    assert without_guardrails(stated).features["ask"] == stated.features["ask"]


@pytest.mark.parametrize("agents", [ITSELF, EACH_OTHER])
def test_depth_stays_where_it_is_what_ends_the_tree(agents: Mapping[str, Any]) -> None:
    plan = lifted_guardrails(scenario(agents, **ALL))["build"]
    assert dict(plan.guardrails) == {"cost": 25, "calls": 400, "agents": 40}
    assert dict(plan.kept) == {"depth": 3}


def test_a_cap_that_is_filled_in_stays() -> None:
    plan = lifted_guardrails(scenario(ITSELF, cost=25))["build"]
    assert (dict(plan.guardrails), dict(plan.kept)) == ({"cost": 25}, {"agents": 50, "depth": 3})
    assert lifted_guardrails(scenario(ITSELF)) == {}
    assert lifted_guardrails(scenario(ITSELF, depth=5)) == {}


def test_a_validator_may_close_a_circle() -> None:
    checked = {"planner": agent(checked_by={"agent": "critic"}), "critic": agent("planner")}
    drawn = scenario(TREE, cost=1).model_copy(update={"agents": load_agents(checked)})
    assert starts_in_circles(drawn, "planner")
    assert not starts_in_circles(scenario(TREE, cost=1), "planner")


def load_agents(agents: Mapping[str, Any]) -> dict[str, Any]:
    """Agents that may stand in a circle which a file would be refused for."""
    plain = scenario({"planner": agent(), "critic": agent()}).agents
    made = dict(plain)
    for name, values in agents.items():
        full = scenario({"planner": agent(), "critic": agent(), "one": values | {"checked_by": None}}).agents["one"]
        check = values.get("checked_by")
        made[name] = full.model_copy(update={"checked_by": type("Check", (), check)() if check else None})
    return made


# Which sessions are simulated again

TRIALS = 20


def tally(a_day: int = 30, calls: int = 4) -> Tally:
    made = Tally.empty(frame(features=("ask", "build"), days=2), np.arange(TRIALS), N_DRIVERS)
    made.sessions[:] = a_day
    made.session.sessions = int(made.sessions.sum())
    made.session.calls_counts[calls] = made.session.cost_counts[1, 0] = made.session.sessions
    made.session.min_cost = 0.0
    return made


class Fake:
    """A sampler that cuts every fifth session of `build` and holds every seventh; and what it was asked for."""

    def __init__(self, calls: int = 4, calls_without: int = 40) -> None:
        self.asked: list[np.ndarray] = []
        self.asked_without: list[np.ndarray] = []
        self.calls, self.calls_without = calls, calls_without

    def touched(self, at: np.ndarray) -> np.ndarray:
        return (at["feature"] == 1) & ((at["session"] % 5 == 0) | (at["session"] % 7 == 0))

    def sampler(self, addresses: np.ndarray) -> np.ndarray:
        self.asked.append(addresses)
        made = addresses.copy()
        cut = (made["feature"] == 1) & (made["session"] % 5 == 0)
        made["cost"], made["calls"] = 1.0, self.calls
        made["cut"], made["success"] = CUT_BY_COST * cut, ~cut
        made["held"] = (made["feature"] == 1) & (made["session"] % 7 == 0)
        return made

    def without(self, bare: Scenario) -> Callable[[np.ndarray], np.ndarray]:
        assert lifted_guardrails(bare) == {}

        def sampler(addresses: np.ndarray) -> np.ndarray:
            self.asked_without.append(addresses)
            made = addresses.copy()
            number = (7_919 * made["session"] + 311 * made["trial"] + 173 * made["day"]) % 101
            made["cost"], made["calls"], made["success"] = 1.0 + number, self.calls_without, True
            return made

        return sampler


def test_only_touched_sessions_of_guarded_features_are_simulated_again() -> None:
    fake = Fake()
    (told,) = guardrail_effects(tally(), scenario(TREE, **ALL), fake.sampler, fake.without) or ()
    assert all((asked["feature"] == 1).all() for asked in fake.asked)
    assert all(fake.touched(asked).all() for asked in fake.asked_without)
    for asked in (*fake.asked, *fake.asked_without):
        assert not any(asked[name].any() for name in SESSION_DTYPE.names or () if name in ("cost", "cut", "held"))
    touched = [s for s in range(30) if s % 5 == 0 or s % 7 == 0]
    again = np.concatenate(fake.asked_without[1:])
    saved = (7_919 * again["session"] + 311 * again["trial"] + 173 * again["day"]) % 101
    assert (told.feature, told.sampled, told.compared) == ("build", TRIALS * 60, TRIALS * 2 * len(touched))
    assert (told.cut, told.held) == (TRIALS * 2 * 6, TRIALS * 2 * 5)
    assert told.saving.mean == pytest.approx(saved.sum() / TRIALS)
    assert told.successes_lost.mean == pytest.approx(2 * 6)
    assert told.successes_lost.se == 0  # in all trials alike


def test_sessions_that_only_kept_caps_held_are_left_alone() -> None:
    fake = Fake()
    (told,) = guardrail_effects(tally(), scenario(ITSELF, cost=25), fake.sampler, fake.without) or ()
    assert all((asked["session"] % 5 == 0).all() for asked in fake.asked_without)
    assert told.compared == told.cut > 0


def test_without_guardrails_nothing_is_simulated() -> None:
    fake = Fake()
    assert guardrail_effects(tally(), scenario(TREE), fake.sampler, fake.without) is None
    assert fake.asked == []


def test_how_many_is_a_function_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "FEWEST", 500)
    monkeypatch.setattr(guarding, "FIRST", 16)
    monkeypatch.setattr(guarding, "ONE_IN", 20)
    for calls, allowance, sampled in ((4, 10**6, 1_000), (4, 2_400, 600), (40, 2_400, 60), (400, 2_400, 16)):
        monkeypatch.setattr(guarding, "FEWEST_CALLS", allowance)
        fake = Fake(calls)
        (told,) = guardrail_effects(tally(500, calls=0), scenario(TREE, **ALL), fake.sampler, fake.without) or ()
        assert told.sampled == sampled


def test_dear_sessions_are_compared_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "FEWEST_CALLS", 6_000)
    monkeypatch.setattr(guarding, "FIRST", 16)
    whole, part = (
        (guardrail_effects(tally(), scenario(TREE, **ALL), fake.sampler, fake.without) or ())[0]
        for fake in (Fake(calls_without=1), Fake(calls_without=100))
    )
    assert (whole.compared, part.compared) == (whole.sampled * 10 // 30, 60)
    assert abs(whole.saving.mean - part.saving.mean) < 4 * part.saving.se


def test_no_sessions_at_all_give_no_figures() -> None:
    fake = Fake()
    (told,) = guardrail_effects(tally(0), scenario(TREE, **ALL), fake.sampler, fake.without) or ()
    assert (told.sampled, told.compared) == (0, 0)


# A result


def guarded_result() -> tuple[Result, Fake]:
    fake, stated = Fake(), scenario(TREE, **ALL)
    made = tally()
    known = make_result(made)
    result = Result(
        made,
        stated,
        None,
        facts=known.facts,
        seed=7,
        engine="exact",
        engine_reason="",
        trials_requested=TRIALS,
        interrupted=False,
        seconds=1.0,
        sampler=fake.sampler,
        sampler_of=fake.without,
    )
    return result, fake


def test_a_result_simulates_them_once_and_only_when_asked() -> None:
    result, fake = guarded_result()
    assert fake.asked == []
    assert result.metric("p95") == 0
    assert fake.asked == []
    first = result.guardrails
    asked = len(fake.asked)
    assert result.guardrails is first
    assert len(fake.asked) == asked > 0


def test_the_json_has_them(tmp_path: Path) -> None:
    result, _ = guarded_result()
    (told,) = result.to_dict()["guardrails"]
    assert told["feature"] == "build"
    assert told["lifted"] == {name: float(cap) for name, cap in ALL.items()}
    assert told["saving"]["ci"] == list(result.guardrails[0].saving.ci)  # type: ignore[index]
    assert make_result().to_dict()["guardrails"] is None
    again = load_result(result.save(tmp_path))
    assert again.guardrails == result.guardrails
    assert again.to_dict() == result.to_dict()
    assert load_result(make_result().save(tmp_path)).guardrails is None


# Real sessions


CRAFT = agent(retry={"failure_rate": 0.3, "quality_share": 0.5, "max_attempts": 2}, turns={"geometric": {"mean": 3}})
FRAIL = {"planner": agent("executor", turns=3), "executor": agent("helper"), "helper": CRAFT}
HOPEFUL = {"success_rate": 0.8, "on_failure": {"repeat": 0.5, "handoff": {"rate": 0.5, "cost": 0.002}}}
"""What may change with a cut: failures, repeats, people who take over."""


def guarded(**caps: Any) -> Scenario:
    """Trees that fail now and then, under these caps."""
    return scenario(FRAIL, HOPEFUL, **caps)


def two_runs(**caps: Any) -> tuple[Result, Result]:
    """The same periods under these caps and without them, each in full."""
    return tuple(run(guarded(**guards), trials=30, seed=3, threads=1) for guards in (caps, {}))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "caps",
    [
        {"cost": 0.004},
        {"calls": 8},
        {"cost": 0.005, "calls": 12},
        {"agents": 3},
        {"depth": 1},
        {"agents": 4, "depth": 1},
        {"cost": 0.004, "calls": 12, "agents": 4, "depth": 1},
    ],
    ids="+".join,
)
def test_saved_and_lost_are_the_difference_of_two_whole_runs(caps: dict[str, Any]) -> None:
    capped, bare = two_runs(**caps)
    (told,) = capped.guardrails or ()
    build = capped.tally.frame.features.index("build")
    spent, won = ([by(result) for result in (bare, capped)] for by in (lambda r: money(r, build), successes))
    assert told.sampled == capped.tally.sessions[:, :, build].sum()  # none is left out
    assert 0.02 * told.sampled < told.compared < told.sampled
    assert (told.cut > 0, told.held > 0) == ("cost" in caps or "calls" in caps, "agents" in caps or "depth" in caps)
    assert told.saving.mean * 30 == pytest.approx(spent[0] - spent[1], rel=1e-9)
    assert told.successes_lost.mean * 30 == pytest.approx(won[0] - won[1], rel=1e-9)
    assert won[0] > won[1] or told.held  # agents that never start can't fail
    assert told.cost_per_success == pytest.approx(spent[1] / successes(capped, build), rel=1e-9)
    assert told.cost_per_success_without == pytest.approx(spent[0] / successes(bare, build), rel=1e-9)


def money(result: Result, feature: int) -> float:
    """What the sessions of a feature cost in all trials, each to the unit."""
    return float(sum(result.tally.session.cost_units[feature].tolist()) * result.tally.frame.unit)


def successes(result: Result, feature: int | None = None) -> int:
    """Sessions that succeeded in all trials."""
    if feature is None:
        return result.tally.session.successes
    sessions = result.sessions(10**6)
    return int(sessions["success"][sessions["feature"] == result.tally.frame.features[feature]].sum())


def test_a_real_run_has_them() -> None:
    one, other = (run(scenario(TREE, depth=1, cost=25), trials=12, threads=threads) for threads in (1, 2))
    (told,) = one.guardrails or ()
    assert told.sampled == one.tally.sessions[:, :, 1].sum()
    assert one.to_dict()["guardrails"] == other.to_dict()["guardrails"]
    assert run(scenario(TREE), trials=12, threads=1).guardrails is None


def test_untouched_sessions_are_the_same_without_guardrails() -> None:
    capped, bare = two_runs(agents=2, calls=9)
    one, other = (result.sessions(10**6) for result in (capped, bare))
    build = one["feature"] == "build"
    touched = one["held"] | one["cut"]
    assert 0 < touched.sum() < build.sum()
    assert one[~touched].equals(other[~touched])
    assert not (one[touched]["calls"].to_numpy() == other[touched]["calls"].to_numpy()).all()


def test_what_ends_at_the_hard_limit_without_guardrails_is_said() -> None:
    fake = Fake(calls_without=MAX_CALLS)

    def without(bare: Scenario) -> Callable[[np.ndarray], np.ndarray]:
        inner = fake.without(bare)

        def endless(addresses: np.ndarray) -> np.ndarray:
            made = inner(addresses)
            made["cut"] = CUT_BY_LIMIT
            return made

        return endless

    (told,) = guardrail_effects(tally(), scenario(TREE, **ALL), fake.sampler, without) or ()
    assert told.past_limit == told.compared > 0
