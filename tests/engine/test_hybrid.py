"""The hybrid engine against mathematics, and against the exact engine under the same conditions."""

from __future__ import annotations

import _thread

import numpy as np
import pytest

from simulator.engine.hybrid import simulate_hybrid
from simulator.engine.tally import ROWS
from tests.engine.sums import both, learner_of
from tests.twin.agreement import kolmogorov_bound, kolmogorov_distance
from tests.twin.variants import EVERYTHING
from tests.twin.worlds import one_agent

SURE = {"prompt_tokens": 1_000, "output_tokens": 200}  # a session of 0.6 cents, without any chance
WILD = {"system_tokens": 500, "turns": {"geometric": {"mean": 3}}, "message_tokens": {"p50": 100, "p95": 900}}
DRIVEN = {"volume": "0.6 to 1.7", "price": "0.8 to 1.5", "output_tokens": "0.8 to 1.4"}
WEEK = {"start": "2026-12-01", "days": 7}


def spends(tally):
    return tally.cells.sum(axis=1) * tally.frame.unit


def errors_of_the_mean(ours, theirs, own_error):
    """Distance of two means over the same trials, in errors: of what chance does to both, and the engine's own."""
    apart = ours - theirs
    chance = apart.std() / np.sqrt(apart.size)
    return abs(apart.mean()) / np.hypot(chance, own_error * theirs.mean())


def variance_and_error(sample):
    """The variance of a sample and the standard error of that, by the fourth moment."""
    squares = (sample - sample.mean()) ** 2
    return squares.mean(), squares.std() / np.sqrt(sample.size)


def test_sessions_without_chance_cost_what_they_cost_in_every_trial():
    spec = one_agent(SURE, period=WEEK, drivers={"volume": "0.6 to 1.7", "price": "0.8 to 1.5"}, budget=300)
    ours, theirs, _ = both(spec, 200)
    assert ours.frame.points == theirs.frame.points == "sobol"
    for name in ("levels", "sessions", "event_days", "crossed", "turned_away", "peak"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    for name in ("cells", "daily", "covered"):
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=0), name
    assert ours.session.sessions == theirs.session.sessions


def test_controls_cross_and_act_on_the_same_days_where_sessions_have_no_chance():
    controls = [{"at": "50%", "multiplies": {"volume": 0.5}}, {"at": "80%", "stop": True, "delay_days": 1}]
    spec = one_agent(SURE, period=WEEK, drivers={"volume": "0.6 to 1.7"}, budget=150, controls=controls)
    ours, theirs, _ = both(spec, 200)
    assert (theirs.crossed[:, 1] > 0).any()
    for name in ("sessions", "crossed", "turned_away"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    for name in ("free_spend", "free_covered", "cells"):
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=0), name


def test_a_driver_moves_every_trial_as_it_does_where_all_is_simulated():
    spec = one_agent(SURE, period=WEEK, drivers={"output_tokens": "0.5 to 2"}, trends={"output_tokens": 0.3})
    ours, theirs, _ = both(spec, 300)
    assert spends(theirs).max() > 2 * spends(theirs).min()
    assert np.abs(spends(ours) / spends(theirs) - 1).max() < 0.003  # tokens are whole, the surface is smooth


def test_single_sessions_are_counted_once_where_controls_act():
    controls = [{"at": "50%", "multiplies": {"output_tokens": 0.2}}]
    spec = one_agent(SURE, period=WEEK, drivers={"volume": "0.6 to 1.7"}, budget=150, controls=controls)
    ours, theirs, _ = both(spec, 100)
    assert (theirs.crossed > 0).any()
    for kind in ("input", "output"):
        assert ours.session.tokens[kind] == pytest.approx(theirs.session.tokens[kind], rel=0.005), kind


def test_what_people_cost_by_chance_does_not_move_what_models_cost():
    review = {"agent": "chat", "human_review": {"rate": 0.05, "cost": 5}}
    spec = one_agent(SURE, features={"ask": review}, budget={"amount": 100, "covers": ["models"]})
    ours, theirs, _ = both(spec, 1_000)
    (mine, chance), (full, _) = (variance_and_error(tally.covered.sum(axis=1) * 1.0) for tally in (ours, theirs))
    assert abs(mine - full) < 4 * np.sqrt(2) * chance + 0.02 * full


@pytest.mark.parametrize("sessions", [20, 150, 5_000])
def test_the_sum_of_many_sessions_has_the_law_of_such_sums(sessions):
    spec = one_agent(WILD | {"output_tokens": {"p50": 200, "p95": 900}}, volume={"sessions_per_day": sessions})
    ours, theirs, own_error = both(spec, 4_000)
    assert errors_of_the_mean(spends(ours), spends(theirs), own_error) < 4
    per_session = [spends(tally) / np.maximum(tally.sessions.sum(axis=(1, 2)), 1) for tally in (ours, theirs)]
    variance, chance = zip(*(variance_and_error(sample) for sample in per_session), strict=True)
    assert abs(variance[0] - variance[1]) < 4 * np.hypot(*chance) + 2 * own_error * variance[1]
    shift = own_error * per_session[1].mean() / per_session[1].std() / np.sqrt(2 * np.pi)
    assert kolmogorov_distance(*per_session) < kolmogorov_bound(4_000, 4_000) + 4 * shift


def test_a_period_of_everything_is_the_same_to_both():
    spec = EVERYTHING | {"volume": {"sessions_per_day": 400, "dispersion": 8}, "period": WEEK}
    spec |= {"drivers": EVERYTHING["drivers"] | DRIVEN, "budget": {"amount": 500, "covers": ["models", "tools"]}}
    ours, theirs, own_error = both(spec, 1_000)
    assert errors_of_the_mean(spends(ours), spends(theirs), own_error) < 4
    assert errors_of_the_mean(ours.covered.sum(axis=1), theirs.covered.sum(axis=1), own_error) < 4
    spread = [spends(tally).std() for tally in (ours, theirs)]
    assert abs(spread[0] / spread[1] - 1) < 4 * np.sqrt(2 / 1_000) + 4 * own_error


def test_events_on_a_share_of_sessions_and_busy_hours():
    spec = one_agent(
        WILD | {"retry": {"failure_rate": 0.05, "max_attempts": 4, "quality_share": 1.0}, "output_tokens": 200},
        period=WEEK,
        volume={"sessions_per_day": 3_000, "peak_hour": {"share": 0.5, "capacity": 500, "failure_factor": 6}},
        events={"long": {"date": "2026-12-03", "days": 2, "share": 0.1, "multiplies": {"turns": 5}}},
        drivers={"volume": "0.7 to 1.4", "failure_rate": "0.7 to 1.5"},
    )
    ours, theirs, own_error = both(spec, 400)
    assert np.array_equal(ours.peak, theirs.peak)
    assert errors_of_the_mean(spends(ours), spends(theirs), own_error) < 4
    days = [tally.daily.sum(axis=2).mean(axis=0) for tally in (ours, theirs)]
    assert np.allclose(days[0], days[1], rtol=0.02)
    assert days[0][2] > 1.2 * days[0][1]


def test_an_infinite_variance_leaves_the_middle_and_the_tail_where_they_are():
    heavy = {"system_tokens": 500, "message_tokens": 100, "output_tokens": {"lomax": {"alpha": 1.5, "scale": 400}}}
    spec = one_agent(heavy, period=WEEK, volume={"sessions_per_day": 2_000}, drivers={"output_tokens": "0.8 to 1.3"})
    ours, theirs, _ = both(spec, 4_000)
    for p, tolerance in ((0.5, 0.01), (0.95, 0.03)):
        apart = np.quantile(spends(ours), p) / np.quantile(spends(theirs), p) - 1
        assert abs(apart) < tolerance, p
    ranks = np.sort(spends(theirs))
    reach = 4 * np.sqrt(0.01 * 0.99 * 4_000 * 2)
    assert ranks[round(3_960 - reach)] < np.quantile(spends(ours), 0.99) < ranks[round(min(3_960 + reach, 3_999))]


@pytest.fixture(scope="module")
def everything():
    spec = EVERYTHING | {"volume": {"sessions_per_day": 300}, "period": WEEK, "budget": 60}
    spec |= {"controls": [{"at": "60%", "multiplies": {"volume": 0.5}}], "drivers": EVERYTHING["drivers"] | DRIVEN}
    learner = learner_of(spec)
    return spec, learner, simulate_hybrid(learner, 97)


@pytest.mark.parametrize(("threads", "block"), [(2, None), (1, 1), (3, 13)])
def test_threads_and_blocks_do_not_show(everything, threads, block):
    spec, _, reference = everything
    again = simulate_hybrid(learner_of(spec, threads=threads), 97, threads=threads, block=block)
    for name in ROWS:
        assert np.array_equal(getattr(again, name), getattr(reference, name), equal_nan=name == "heaviest"), name
    for name in ("cost_counts", "cost_units", "calls_counts", "tokens", "successes", "waste_units"):
        assert np.array_equal(getattr(again.session, name), getattr(reference.session, name)), name


def test_more_trials_begin_with_the_same_ones_and_later_ones_can_be_added(everything):
    _, learner, reference = everything
    later = simulate_hybrid(learner, 23, first=97)
    longer = simulate_hybrid(learner, 120)
    assert np.array_equal(longer.cells, np.concatenate([reference.cells, later.cells]))


def test_cells_days_and_sessions_sum_to_the_same_integers(everything):
    _, _, tally = everything
    assert np.array_equal(tally.cells.sum(axis=1), tally.daily.sum(axis=(1, 2)) + tally.frame.fixed_daily.sum())
    assert np.array_equal(tally.cells[:, tally.frame.covered_cells].sum(axis=1), tally.covered.sum(axis=1))
    assert tally.session.sessions == tally.sessions.sum() == tally.session.cost_counts.sum()
    assert tally.session.sessions == tally.session.calls_counts.sum()
    assert int(tally.session.cost_units.sum()) == int(tally.daily.sum()) == int(tally.session.depth_units.sum())
    assert not len(tally.worst)


def test_single_sessions_look_like_those_of_the_exact_engine():
    spec = one_agent(WILD | {"output_tokens": {"p50": 200, "p95": 900}}, drivers=DRIVEN, period=WEEK)
    ours, theirs, _ = both(spec, 100)
    for name in ("cost_counts", "calls_counts"):
        shares = [np.cumsum(getattr(tally.session, name).ravel()) / tally.session.sessions for tally in (ours, theirs)]
        assert np.abs(shares[0] - shares[1]).max() < 0.01, name
    for kind, count in theirs.session.tokens.items():
        assert ours.session.tokens[kind] == pytest.approx(count, rel=0.01), kind


def test_an_interrupted_run_keeps_its_finished_trials(everything):
    _, learner, reference = everything
    done = []

    def stop(trials, _):
        done.append(trials)
        if len(done) == 1:
            _thread.interrupt_main()

    kept = simulate_hybrid(learner, 20_000, block=1, watch=stop)
    assert 0 < len(kept.trial) < 20_000
    both_have = min(len(kept.trial), 97)
    assert np.array_equal(kept.cells[:both_have], reference.cells[:both_have])
    assert kept.session.sessions == kept.sessions.sum()
