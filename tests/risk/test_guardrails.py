"""Guardrails against none: counted by hand, and intervals that cover."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from simulator.engine.tally import CUT_BY_CALLS, CUT_BY_COST, CUT_BY_LIMIT, SESSION_DTYPE
from simulator.risk.guardrails import Comparison, GuardrailEffect, guardrail_effect


def records(n: int, **columns: object) -> np.ndarray:
    made = np.zeros(n, SESSION_DTYPE)
    for name, values in columns.items():
        made[name] = values
    return made


def world(seed: int, trials: int = 40, mean: float = 60.0, again_one_in: int = 1) -> tuple[Comparison, float, float]:
    """Sessions of trials that differ in volume and in how often they run away; and the true saving and loss a trial.

    One session in ten, more or fewer by the trial's level, is cut at 5; without that it costs 5 plus an exponential of
    mean 8, and succeeds with probability 0.6.
    """
    rng = np.random.default_rng(seed)
    level = rng.lognormal(-0.02, 0.2, trials)
    counts = rng.poisson(mean * level)
    trial = np.repeat(np.arange(trials), counts)
    n = len(trial)
    cut = rng.random(n) < np.minimum(1, 0.1 * level[trial])
    sampled = records(
        n, trial=trial, cost=np.where(cut, 5.0, 1.0), success=~cut & (rng.random(n) < 0.9), cut=CUT_BY_COST * cut
    )
    more = rng.exponential(8.0, n)
    again = np.flatnonzero(cut)[::again_one_in]
    without = sampled[again].copy()
    without["cost"] += more[again]
    without["success"] = rng.random(len(again)) < 0.6
    without["cut"] = 0
    cuts = mean * 0.1 * math.exp(0.04)  # E[level^2] of this lognormal is exp(0.04); min(1, .) never binds
    return Comparison(np.arange(trials), n / trials, sampled, cut, again, without), 8 * cuts, 0.6 * cuts


def effect(compared: Comparison) -> GuardrailEffect:
    return guardrail_effect("build", {"cost": 5.0}, {"depth": 3}, compared)


def test_the_change_of_all_touched_sessions_is_counted_one_by_one() -> None:
    compared, _, _ = world(1)
    told, trials = effect(compared), 40
    before = {int(place): compared.sampled[place] for place in compared.again}
    saved = sum(
        float(now["cost"]) - float(before[int(p)]["cost"])
        for p, now in zip(compared.again, compared.without, strict=True)
    )
    lost = sum(
        int(now["success"]) - int(before[int(p)]["success"])
        for p, now in zip(compared.again, compared.without, strict=True)
    )
    assert told.saving.mean == pytest.approx(saved / trials, rel=1e-12)
    assert told.successes_lost.mean == pytest.approx(lost / trials, rel=1e-12)
    assert told.saving_per_success_lost == pytest.approx(saved / lost, rel=1e-12)
    assert (told.cut, told.held, told.compared) == (len(before), 0, len(before))
    assert told.cut_rate == len(before) / told.sampled
    cost, successes = compared.sampled["cost"].sum(), compared.sampled["success"].sum()
    assert told.cost_per_success == pytest.approx(cost / successes, rel=1e-12)
    assert told.cost_per_success_without == pytest.approx((cost + saved) / (successes + lost), rel=1e-12)


def test_its_error_is_that_of_the_trials() -> None:
    compared, _, _ = world(2)
    by_trial = np.zeros(40)
    np.add.at(by_trial, compared.sampled["trial"][compared.again], compared.change("cost"))
    told = effect(compared)
    assert told.saving.se == pytest.approx(by_trial.std(ddof=1) / math.sqrt(40), rel=1e-12)
    low, high = told.saving.ci
    assert (low + high) / 2 == pytest.approx(told.saving.mean)
    assert (high - low) / 2 == pytest.approx(2.0227 * told.saving.se, rel=1e-4)  # Student's t of 39 degrees


@pytest.mark.parametrize("again_one_in", [1, 7])
def test_intervals_cover_as_often_as_they_say(again_one_in: int) -> None:
    """Of 1,000 runs 950 are expected, within 4 binomial standard deviations."""
    runs = 1_000
    inside = np.zeros(2)
    for seed in range(runs):
        compared, saving, lost = world(seed, again_one_in=again_one_in)
        told = effect(compared)
        inside += [
            estimate.ci[0] <= truth <= estimate.ci[1]
            for estimate, truth in ((told.saving, saving), (told.successes_lost, lost))
        ]
    assert (inside >= 0.95 * runs - 28).all()
    assert (inside <= 0.95 * runs + 28).all()


def test_a_part_of_the_touched_stands_for_all_and_is_less_sure() -> None:
    whole, part = (effect(world(5, trials=200, again_one_in=one_in)[0]) for one_in in (1, 10))
    assert part.compared == math.ceil(whole.compared / 10)
    assert part.saving.se > whole.saving.se
    assert abs(part.saving.mean - whole.saving.mean) < 4 * part.saving.se


def test_one_trial_is_judged_by_its_sessions() -> None:
    compared, _, _ = world(6, trials=1, mean=4_000.0)
    told = effect(compared)
    assert 0 < told.saving.se < told.saving.mean
    change = np.zeros(told.sampled)
    change[compared.again] = compared.change("cost")
    assert told.saving.se == pytest.approx(change.std(ddof=1) * math.sqrt(told.sampled), rel=1e-12)


def test_what_no_guardrail_touched_saves_and_loses_nothing() -> None:
    sampled = records(100, cost=1.0, success=True, trial=np.arange(100) % 10)
    nothing = Comparison(
        np.arange(10), 500.0, sampled, np.zeros(100, np.bool_), np.zeros(0, np.int64), sampled[:0].copy()
    )
    told = effect(nothing)
    assert (told.saving.mean, told.saving.ci, told.successes_lost.mean) == (0, (0, 0), 0)
    assert math.isnan(told.saving_per_success_lost)
    assert told.cost_per_success == told.cost_per_success_without == 1.0


def test_of_no_sessions_there_is_no_figure() -> None:
    empty = records(0)
    told = effect(Comparison(np.arange(3), 0.0, empty, np.zeros(0, np.bool_), np.zeros(0, np.int64), empty))
    assert all(math.isnan(value) for value in (told.cut_rate, told.saving.mean, told.cost_per_success))


def test_a_cut_after_which_people_take_over_may_cost_more_than_it_saves() -> None:
    sampled = records(4, trial=np.arange(4), cost=20.0, cut=CUT_BY_CALLS)
    without = sampled.copy()
    without["cost"], without["cut"], without["success"] = 8.0, 0, True
    told = effect(Comparison(np.arange(4), 1.0, sampled, np.ones(4, np.bool_), np.arange(4), without))
    assert (told.saving.mean, told.successes_lost.mean) == (-12.0, 1.0)
    assert (told.cost_per_success, told.cost_per_success_without) == (math.inf, 8.0)


def test_sessions_that_end_at_the_hard_limit_are_counted() -> None:
    compared, _, _ = world(8)
    assert effect(compared).past_limit == 0
    compared.without["cut"][:3] = CUT_BY_LIMIT
    assert effect(compared).past_limit == 3


def test_the_hard_limit_is_no_guardrail() -> None:
    sampled = records(4, trial=np.arange(4), cost=20.0, cut=CUT_BY_LIMIT)
    assert effect(Comparison(np.arange(4), 1.0, sampled, np.zeros(4, np.bool_), np.zeros(0, int), sampled[:0])).cut == 0


def test_an_effect_survives_json() -> None:
    told = effect(world(9)[0])
    assert GuardrailEffect.from_dict(json.loads(json.dumps(asdict(told)))) == told
