"""Bootstrap, its coverage, and drivers that make what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scenarios.calibrating.bootstrap import (
    MOST_GROUPS,
    REPLICATES,
    Spread,
    bootstrap_weights,
    log_ratios,
    spread_of_mean,
    t_factor,
)
from scenarios.calibrating.excesses import fitted_means
from scenarios.calibrating.levers import Costs, levers_of
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.uncertainty import Lever, open_drivers
from scenarios.logs.table import Calls, Rows


def test_sessions_are_drawn_as_poisson_with_mean_one():
    weights = bootstrap_weights(1_000, seed=3)
    n = weights.size
    assert abs(weights.mean() - 1) < 4 / np.sqrt(n)
    assert abs(weights.var() - 1) < 4 * np.sqrt(3 / n)  # the fourth central moment is 4
    assert abs((weights == 0).mean() - np.exp(-1)) < 4 * np.sqrt(np.exp(-1) * (1 - np.exp(-1)) / n)


def test_draws_have_addresses():
    few, many = bootstrap_weights(50, seed=1), bootstrap_weights(500, seed=1)
    np.testing.assert_array_equal(few, many[:, :50])
    assert not np.array_equal(few, bootstrap_weights(50, seed=2))


def test_the_bootstrap_is_the_coefficient_of_variation_over_root_n():
    rng = np.random.default_rng(1)
    costs = rng.gamma(4, 1, 2_000)
    drawn = log_ratios(bootstrap_weights(2_000, seed=1), costs, np.ones(2_000)).std(ddof=1)
    assert abs(drawn / (0.5 / np.sqrt(2_000)) - 1) < 4 * np.sqrt(1 / (2 * REPLICATES) + 1 / (2 * 2_000) * 1.5)


def test_a_ratio_of_all_sessions_once_is_that_of_the_log():
    rng = np.random.default_rng(3)
    above, below = rng.gamma(2, 3, 60), rng.gamma(2, 1, 60)
    weights = np.vstack([np.ones(60), bootstrap_weights(60, seed=1, replicates=20)])
    ratios = log_ratios(weights, above, below)
    assert ratios[0] == pytest.approx(0, abs=1e-12)
    expected = [np.log((row @ above) / (row @ below) / (above.sum() / below.sum())) for row in weights]
    np.testing.assert_allclose(ratios, expected, atol=1e-12)
    spread = spread_of_mean(above, weights)
    assert spread.bootstrap == pytest.approx(np.std([np.log(row @ above / row.sum()) for row in weights], ddof=1))


@pytest.mark.parametrize("n", [20, 50, 400])
def test_where_nothing_else_is_wider_the_mean_is_open_as_that_of_a_lognormal_law(n):
    """Half of the sessions cost e times the others: above the median lies one half, and no tail."""
    spread = spread_of_mean(np.where(np.arange(n) % 2, 1.0, np.e), bootstrap_weights(n, seed=1))
    factor = stats.t.ppf(0.95, n // 2 - 1) / stats.norm.ppf(0.95)
    assert spread.upper == pytest.approx(0.5)
    assert spread.log_sd == pytest.approx(factor * np.sqrt(0.5**2 / n + 0.5**4 / (2 * (n - 1))))


def test_groups_of_sessions_change_no_variance():
    rng = np.random.default_rng(2)
    n = 12 * MOST_GROUPS
    costs = rng.gamma(1, 1, n)
    weights = bootstrap_weights(n, seed=1)
    assert weights.shape == (REPLICATES, MOST_GROUPS)
    drawn = log_ratios(weights, costs, np.ones(n)).std(ddof=1)
    assert abs(drawn * np.sqrt(n) - 1) < 4 / np.sqrt(2 * REPLICATES)


@pytest.mark.parametrize("n", [50, 200, 1_000])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_intervals_of_the_mean_cost_cover_nine_times_in_ten(sigma, n):
    """Over 600 logs of each kind it is 0.89 to 0.94; here fewer are held to 0.90."""
    rng = np.random.default_rng(int(1_000 * sigma) + n)
    logs = 200 if n < 1_000 else 80
    weights = bootstrap_weights(n, seed=1)
    truth, covered = sigma**2 / 2, 0
    for _ in range(logs):
        costs = np.exp(sigma * rng.standard_normal(n))
        reach = stats.norm.ppf(0.95) * spread_of_mean(costs, weights).log_sd
        covered += abs(np.log(costs.mean()) - truth) <= reach
    assert abs(covered / logs - 0.9) < 3 * np.sqrt(0.9 * 0.1 / logs)


def test_what_no_interval_of_few_sessions_covers_is_said():
    """Sessions whose cost grows as the square of their lognormal length: fifty of them do not show their tail."""
    rng = np.random.default_rng(9)
    logs, n, sigma = 150, 50, 1.3
    weights = bootstrap_weights(n, seed=1)
    truth = np.log(np.exp(sigma**2 / 2) + np.exp(2 * sigma**2))
    said, covered = 0, 0
    for _ in range(logs):
        length = np.exp(sigma * rng.standard_normal(n))
        spread = spread_of_mean(length + length**2, weights)
        covered += abs(np.log((length + length**2).mean()) - truth) <= stats.norm.ppf(0.95) * spread.log_sd
        said += spread.is_too_sure
    assert covered / logs < 0.9 - 3 * np.sqrt(0.9 * 0.1 / logs)
    assert said / logs > 0.95
    even = [spread_of_mean(np.exp(0.5 * rng.standard_normal(n)), weights).is_too_sure for _ in range(20)]
    assert not any(even)


@pytest.mark.parametrize("xi", [-0.2, 0.0, 0.4])
def test_tails_have_the_mean_of_the_law_that_made_them(xi):
    rng = np.random.default_rng(10)
    k, sets = 4_000, 20
    values = np.sort(stats.genpareto.rvs(xi, size=(sets, k), random_state=rng), axis=1)
    means = np.array([fitted_means(one, np.ones((1, k)))[0] for one in values])
    # The likeliest mean 1 / (1 - xi) has a variance of (1 + xi)^2 / (1 - xi)^4 + ..., by the delta method (Smith 1987).
    gradient = np.array([1 / (1 - xi) ** 2, 1 / (1 - xi)])
    inverse = (1 + xi) * np.array([[1 + xi, -1], [-1, 2]])
    error = np.sqrt(gradient @ inverse @ gradient / (sets * k))
    assert abs(means.mean() - 1 / (1 - xi)) < 4 * error


def test_a_plain_bootstrap_of_fifty_is_too_sure_and_ours_is_wider():
    rng = np.random.default_rng(5)
    weights = bootstrap_weights(50, seed=1)
    spreads = [spread_of_mean(np.exp(1.5 * rng.standard_normal(50)), weights) for _ in range(100)]
    assert np.mean([one.log_sd / one.bootstrap for one in spreads]) > 1.2
    assert all(one.log_sd > one.bootstrap for one in spreads)


def levers(n: int, rng: np.random.Generator) -> tuple[list[Lever], np.ndarray]:
    """Sessions of turns that each cost their tokens: long sessions are wordy, so the two effects do not add up."""
    turns = np.ceil(rng.lognormal(1.5, 1.0, n))
    tokens = turns * rng.lognormal(0, 0.6, n) * turns**0.5
    found = [
        Lever("turns", turns, np.ones(n), 1.0, "turns"),
        Lever("output_tokens", tokens, turns, 1.0, "tokens"),
        Lever("failure_rate", np.full(n, 0.001), np.ones(n), 0.001, "failures"),
    ]
    return found, tokens


def test_drivers_together_make_what_sessions_drawn_again_say():
    rng = np.random.default_rng(6)
    for n in (50, 500, 5_000):
        found, cost = levers(n, rng)
        weights = bootstrap_weights(n, seed=1)
        spread = spread_of_mean(cost, weights)
        left = open_drivers(found, spread, weights)
        assert left.implied == pytest.approx(spread.log_sd, rel=1e-9)
        assert set(left.log_sd) == {"turns", "output_tokens"}
        assert left.left_out == ("failure_rate",)
        # What they make, by drawing them: normal scores with the rank correlation that is written.
        rank = left.correlation.get(("turns", "output_tokens"), 0.0)
        normal = rng.multivariate_normal(
            [0, 0], [[1, 2 * np.sin(np.pi / 6 * rank)], [2 * np.sin(np.pi / 6 * rank), 1]], 40_000
        )
        drawn = normal @ np.array([left.log_sd["turns"], left.log_sd["output_tokens"]])
        assert drawn.std() == pytest.approx(spread.log_sd, rel=4 / np.sqrt(80_000))


def test_the_driver_that_moves_the_cost_most_is_widened_and_drivers_go_together_as_sessions_have_it():
    rng = np.random.default_rng(11)
    found, cost = levers(400, rng)
    never = Lever("fanout", np.zeros(400), np.ones(400), 1.0, "children")
    weights = bootstrap_weights(400, seed=1)
    spread = spread_of_mean(cost, weights)
    left = open_drivers([*found, never], spread, weights)
    ratios = {one.driver: log_ratios(weights, one.above, one.below) for one in found}
    own = {name: t_factor(399) * ratios[name].std(ddof=1) for name in left.log_sd}
    rank = stats.spearmanr(ratios["turns"], ratios["output_tokens"]).statistic
    assert left.correlation == {("turns", "output_tokens"): round(rank, 2)}
    widest = max(own, key=lambda name: left.effect[name] * own[name])
    assert left.log_sd == {name: own[name] if name != widest else pytest.approx(left.log_sd[widest]) for name in own}
    assert left.widened == {widest: pytest.approx(left.log_sd[widest] / own[widest])}
    assert left.log_sd[widest] > 1.1 * own[widest]


def test_drivers_that_would_make_more_are_all_narrowed_and_of_those_that_hardly_matter_one_is_left():
    rng = np.random.default_rng(12)
    found, _ = levers(400, rng)
    weights = bootstrap_weights(400, seed=1)
    own = {one.driver: t_factor(399) * log_ratios(weights, one.above, one.below).std(ddof=1) for one in found[:2]}
    left = open_drivers(found, Spread(0.03, 0.03, 400, 1.0), weights)
    narrowed = [left.log_sd[name] / own[name] for name in own]
    assert left.implied == pytest.approx(0.03)
    assert narrowed == pytest.approx([narrowed[0]] * 2)
    assert narrowed[0] < 1
    little = [
        Lever(one.driver, one.above, one.below, effect, one.what)
        for one, effect in zip(found, (0.01, 0.02, 0.0), strict=True)
    ]
    left = open_drivers(little, Spread(0.03, 0.03, 400, 1.0), weights)
    assert (set(left.log_sd), left.left_out) == ({"output_tokens"}, ("turns",))
    assert left.implied == pytest.approx(0.03)


def test_a_pilot_leaves_more_open_than_a_long_log():
    rng = np.random.default_rng(7)
    width = {}
    for n in (50, 50_000):
        found, cost = levers(n, rng)
        weights = bootstrap_weights(n, seed=1)
        width[n] = open_drivers(found, spread_of_mean(cost, weights), weights).implied
    assert width[50] > 10 * width[50_000]


def test_a_cost_that_is_known_leaves_no_driver():
    n = 200
    weights = bootstrap_weights(n, seed=1)
    known = [Lever("turns", np.ones(n), np.ones(n), 1.0, "turns")]
    assert open_drivers(known, spread_of_mean(np.full(n, 2.0), weights), weights).log_sd == {}


# -- effects -----------------------------------------------------------------------------------------------------------

INPUT, OUTPUT = 5e-6, 25e-6


def growing(sessions: list[tuple[int, float, float]], system: int = 2_000) -> tuple[Calls, np.ndarray, np.ndarray]:
    """Sessions of (turns, message, output): prompts repeat all that came before."""
    rows = Rows("session", "time", "fresh", "output")
    for number, (turns, message, output) in enumerate(sessions):
        for k in range(turns):
            rows.append(f"s{number}", 60.0 * k, round(system + (k + 1) * message + k * output), round(output))
    calls = rows.finish(dated=False)
    prompt, output = calls.prompt * INPUT, calls["output"] * OUTPUT
    return calls, prompt + output, prompt


def bill_of(sessions: list[tuple[float, float, float]], system: int = 2_000) -> float:
    """The same in closed form, turns as a real number."""
    total = 0.0
    for n, message, output in sessions:
        total += INPUT * (n * system + message * n * (n + 1) / 2 + output * n * (n - 1) / 2) + OUTPUT * n * output
    return total


def test_effects_are_the_derivatives_of_the_bill():
    rng = np.random.default_rng(8)
    sessions = [(int(n), 0.0, 300.0) for n in (4, 5)]  # the shortest first prompt is the system prompt alone
    sessions += [
        (int(n), float(m), 300.0) for n, m in zip(rng.integers(10, 60, 50), rng.integers(50, 900, 50), strict=True)
    ]
    calls, whole, prompt = growing(sessions)
    found = {
        one.driver: one for one in levers_of(read_sessions(calls), Costs(whole, prompt, whole), whole_prompts=False)
    }
    base, step = bill_of(sessions), 1e-4
    assert base == pytest.approx(whole.sum())

    def effect(column: int) -> float:
        moved = [tuple(v * (1 + step) if i == column else v for i, v in enumerate(row)) for row in sessions]
        return (bill_of(moved) / base - 1) / step

    assert found["message_tokens"].effect == pytest.approx(effect(1), rel=1e-3)
    assert found["output_tokens"].effect == pytest.approx(effect(2), rel=1e-3)
    # One more turn costs a little more than the last two on the average: one of 20 to 50 turns makes 2 to 5 %.
    assert found["turns"].effect == pytest.approx(effect(0), rel=0.05)
    assert found["turns"].above.sum() / found["turns"].below.sum() == pytest.approx(len(calls) / len(sessions))


def test_what_was_read_from_the_cache_counts_against_the_bill():
    rows = Rows("session", "time", "fresh", "cached", "output")
    for k in range(40):
        rows.append(f"s{k // 4}", 60.0 * (k % 4), 500, 4_500, 100)
    calls = rows.finish(dated=False)
    cost = 500 * 5.0 + 4_500 * 0.5 + 100 * 25.0
    whole, prompt, uncached = (np.full(40, value) for value in (cost, cost - 2_500, 5_000 * 5.0 + 2_500))
    found = {
        one.driver: one for one in levers_of(read_sessions(calls), Costs(whole, prompt, uncached), whole_prompts=False)
    }
    assert found["cache_hit"].effect == pytest.approx(-4_500 * 4.5 / cost)
    assert found["cache_hit"].above.sum() / found["cache_hit"].below.sum() == pytest.approx(0.9)


def test_calls_without_sessions_move_with_their_prompts():
    rows = Rows("fresh", "output")
    for k in range(30):
        rows.append(1_000 + k, 100)
    calls = rows.finish(dated=False)
    prompt = calls.prompt * INPUT
    whole = prompt + calls["output"] * OUTPUT
    found = {
        one.driver: one for one in levers_of(read_sessions(calls), Costs(whole, prompt, whole), whole_prompts=True)
    }
    assert set(found) == {"context", "output_tokens"}
    assert found["context"].effect == pytest.approx(prompt.sum() / whole.sum())
