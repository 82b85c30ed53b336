"""What run() chooses and refuses, and what becomes of a run that is stopped."""

from __future__ import annotations

import _thread
import copy

import numpy as np
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from scenarios.problems import ScenarioError
from scenarios.schema import DRIVERS
from simulator import bounds
from simulator.bounds import default_trials, money_unit, pilot
from simulator.engine import layout
from simulator.engine.exact import simulate
from simulator.engine.items import CostOverflowError
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.run import Progress, run

SPEC = {
    "name": "small",
    "as_of": "2026-11-20",
    "period": "2026-12",
    "models": {"m": {"input": 3, "output": 15, "cached_input": 0.3, "cache_write": 3.75}},
    "volume": {"sessions_per_day": 100},
    "agents": {
        "chat": {
            "model": "m",
            "system_tokens": 500,
            "turns": {"geometric": {"mean": 3}},
            "message_tokens": {"p50": 100, "p95": 500},
            "output_tokens": {"p50": 100, "p95": 500},
        }
    },
    "drivers": {"volume": "0.7 to 1.5"},
}


def edited(**changes):
    return copy.deepcopy(SPEC) | changes


def test_levels_stand_where_the_kernels_look_for_them():
    names = {
        "turns": layout.L_TURNS,
        "message_tokens": layout.L_MESSAGE,
        "output_tokens": layout.L_OUTPUT,
        "context": layout.L_CONTEXT,
        "fanout": layout.L_FANOUT,
        "failure_rate": layout.L_FAILURE,
        "cache_hit": layout.L_CACHE_HIT,
        "misses": layout.L_MISSES,
        "price": layout.L_PRICE,
    }
    assert {name: DRIVERS.index(name) for name in names} == names


@pytest.mark.parametrize(
    ("calls", "trials"), [(0.0, 10_000), (1e5, 10_000), (3e5, 10_000), (1e6, 3_000), (1.5e7, 200), (1e12, 200)]
)
def test_default_trials_make_three_billion_calls_within_bounds(calls, trials):
    assert default_trials(calls) == trials


@pytest.mark.parametrize(("spend", "unit"), [(0.0, NANO), (4.6e6, NANO), (4.7e6, 1e-8), (4.7e7, 1e-7), (1e12, 1e-3)])
def test_the_unit_of_money_leaves_room_for_a_thousand_times_the_expected_spend(spend, unit):
    assert money_unit(spend) == pytest.approx(unit, rel=1e-12)
    assert 1000 * spend / money_unit(spend) < 2**62


def test_the_pilot_expects_what_the_run_does():
    scenario = load(SPEC)
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    calls, spend = pilot(program, period)
    tally = simulate(program, period, 1, 400, unit=NANO)
    n_pilot = bounds.PILOT_TRIALS * bounds.PILOT_SESSIONS
    # 64 volume levels and 2,048 sessions: their relative standard errors, added, four times.
    volume, turns = tally.sessions.sum(axis=(1, 2)), np.repeat(np.arange(len(tally.session.calls_counts)), 1)
    counts = tally.session.calls_counts
    mean = (turns * counts).sum() / counts.sum()
    sd = np.sqrt((turns**2 * counts).sum() / counts.sum() - mean**2)
    tolerance = 4 * (volume.std() / volume.mean() / 8 + sd / mean / np.sqrt(n_pilot))
    assert calls == pytest.approx(mean * volume.mean(), rel=tolerance)
    spends = tally.cells.sum(axis=1) * NANO
    assert spend == pytest.approx(spends.mean(), rel=3 * tolerance)


class Interrupter:
    """Presses Ctrl-C once, as soon as a trial is finished."""

    def __init__(self):
        self.seen, self.pressed = [], False

    def __call__(self, progress, *_):
        self.seen.append(progress)
        if (progress if isinstance(progress, int) else progress.trials_done) and not self.pressed:
            self.pressed = True
            _thread.interrupt_main()


def test_an_interrupted_run_keeps_its_finished_trials_as_they_would_have_been():
    scenario = load(edited(volume={"sessions_per_day": 4_000}))
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    part = simulate(program, period, 1, 4_000, unit=NANO, threads=2, block=1, watch=Interrupter())
    assert 0 < len(part.trial) < 4_000
    whole = simulate(program, period, 1, int(part.trial.max()) + 1, unit=NANO, threads=2)
    assert np.array_equal(part.cells, whole.cells[part.trial])
    assert np.array_equal(part.sessions, whole.sessions[part.trial])
    assert part.session.sessions == part.sessions.sum()
    assert int(part.session.cost_units.sum()) == pytest.approx(int(part.daily.sum()), abs=part.session.sessions)
    assert set(part.worst["trial"]) <= set(part.trial)


@pytest.mark.parametrize("engine", ["exact", "hybrid"])
def test_a_result_says_that_it_was_interrupted(engine):
    watcher = Interrupter()
    result = run(edited(volume={"sessions_per_day": 4_000}), trials=4_000, block=1, progress=watcher, engine=engine)
    done = watcher.seen
    assert result.interrupted
    assert 0 < result.trials_done < result.trials_requested == 4_000
    assert [p.trials_done for p in done] == sorted(p.trials_done for p in done)
    assert done[-1].trials_done == result.trials_done


def test_progress_ends_where_the_run_does():
    last = []
    result = run(SPEC, trials=50, progress=last.append)
    assert (last[-1].trials_done, last[-1].trials_total) == (50, 50)
    assert last[-1].sessions_done == result.tally.sessions.sum()
    assert last[-1].seconds_left == 0.0


def test_progress_is_known_before_the_first_trial_is_finished():
    seen = []
    result = run(edited(volume={"sessions_per_day": 200_000}), trials=2, threads=1, progress=seen.append)
    early = [p for p in seen if not p.trials_done]
    assert early
    first, both = (float(result.tally.sessions[:n].sum()) for n in (1, 2))
    assert all(0 < p.share <= 1.01 * first / both and p.seconds_left > 0 for p in early)
    assert early[0].sessions_expected == pytest.approx(result.tally.session.sessions, rel=0.01)


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (Progress(0, 2, 0, 100.0, 0.1), 0.0),
        (Progress(0, 2, 25, 100.0, 1.0), 0.25),
        (Progress(1, 2, 130, 100.0, 1.0), 0.99),
        (Progress(2, 2, 90, 100.0, 1.0), 1.0),
        (Progress(1, 2, 0, 0.0, 1.0), 0.5),
    ],
)
def test_progress_is_the_share_of_the_sessions(progress, share):
    assert progress.share == share
    assert progress.seconds_left == (progress.seconds * (1 - share) / share if share else None)


def test_a_cost_beyond_all_counting_is_a_fault_and_not_a_number():
    scenario = load(edited(models={"m": {"input": 1e90, "output": 1e90}}))
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    with pytest.raises(CostOverflowError, match="2\\^62"):
        simulate(program, period, 1, 2, unit=NANO)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"trials": 0}, "trials"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"threads": 0}, "threads"),
        ({"engine": "warp"}, "engine"),
        ({"budget": 0.0}, "budget"),
        ({"budget": float("nan")}, "budget"),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(arguments, words):
    with pytest.raises(ScenarioError, match=words):
        run(SPEC, **arguments)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": {"m": {"input": 1e90, "output": 1e90}}}, "2\\^62 units of money"),
        ({"volume": {"sessions_per_day": 1e15}}, "model calls"),
        ({"volume": {"sessions_per_day": 1e90}}, "model calls"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(changes, words):
    with pytest.raises(ScenarioError, match=words):
        run(edited(**changes), trials=3)


def test_a_limit_on_a_share_is_a_share():
    with pytest.raises(ScenarioError, match=r"write 5 % as 0\.05 or 5%"):
        run(edited(limits={"breach_probability": 5}, budget=100), trials=3)


def test_a_run_interrupted_before_its_first_trial_has_nothing_to_report():
    def press(*_):
        _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        run(edited(volume={"sessions_per_day": 2e6}), trials=2, progress=press)


def test_seed_zero_is_a_seed():
    assert run(SPEC, trials=3, seed=0).seed == 0


def test_a_limit_on_no_metric_is_refused_before_anything_is_simulated():
    seen = []
    with pytest.raises(ScenarioError, match="is no metric of this run"):
        run(edited(limits={"p96": 100}), trials=50, progress=seen.append)
    assert not seen
