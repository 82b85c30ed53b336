"""Tails, plots of them, and figures of data, each counted value by value; intervals by how often they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from distributions.choice import Near, known_of
from distributions.choose import choose_law
from distributions.excess import Excess, _tail_at, find_tail, hill, mean_excess
from distributions.law import LawError
from distributions.steps import Steps
from distributions.tail import Sample, fit_tail
from distributions.tried import Tried

SURE = 1e-4
"""Chance that a test of chance fails by chance."""


def sample_of(values: np.ndarray) -> Sample:
    distinct, counts = np.unique(values, return_counts=True)
    return Sample(distinct, counts)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    """Whole numbers with ties, some of them 0, and a heavy tail."""
    rng = np.random.default_rng(1)
    return np.floor(30 * rng.pareto(2.5, 3_000))


def test_hills_index_is_the_mean_of_logarithms_above_a_value(values: np.ndarray) -> None:
    k, index = hill(sample_of(values))
    ordered = np.sort(values[values > 0])[::-1]
    assert k[0] <= 10 < ordered.size / 6 < k[-1] <= ordered.size / 4
    for n, found in zip(k.astype(int), index, strict=True):
        assert ordered[n - 1] > ordered[n], "no value stands on both sides"
        assert found == pytest.approx(1 / np.mean(np.log(ordered[:n] / ordered[n])))
    assert hill(sample_of(np.arange(20.0)))[0].size == 0, "19 of them are positive"


def test_mean_excesses_are_what_values_have_above_a_threshold(values: np.ndarray) -> None:
    thresholds, excess = mean_excess(sample_of(values))
    assert thresholds[0] == np.median(values)
    assert np.count_nonzero(values > thresholds[-1]) >= 10
    for threshold, found in zip(thresholds, excess, strict=True):
        assert found == pytest.approx(np.mean(values[values > threshold] - threshold))


def test_intervals_of_a_shape_cover_as_often_as_they_say() -> None:
    rng, xi, logs, n = np.random.default_rng(2), 0.3, 300, 1_000
    inside = 0
    for _ in range(logs):
        drawn = stats.genpareto.rvs(xi, size=n, random_state=rng)
        found = _tail_at(sample_of(drawn), 0.5)
        assert found is not None
        assert found.n_above == n // 2
        inside += found.xi_low <= xi <= found.xi_high
    assert abs(inside / logs - 0.95) < -stats.norm.ppf(SURE) * np.sqrt(0.95 * 0.05 / logs)


@pytest.mark.parametrize("at", [None, 0.95, 0.97])
def test_fifty_values_lie_above_a_threshold_that_many_are_equal_to(at: float | None) -> None:
    """Of 2,000 values 46 lie above 100, which 60 are; 106 lie above the next value below."""
    rng = np.random.default_rng(5)
    values = np.r_[rng.integers(10, 100, 1_894), np.repeat(100, 60), 101 + np.floor(40 * rng.pareto(3, 46))]
    tail = fit_tail(sample_of(values.astype(float)), at)
    assert tail.threshold == np.sort(values)[1_893]
    assert tail.share == pytest.approx(106 / 2_000)


def test_without_fifty_values_above_any_there_is_no_tail() -> None:
    values = np.r_[np.full(400, 7.0), np.arange(8.0, 50.0)]
    with pytest.raises(LawError, match="fewer than 50 values lie above the least of them"):
        fit_tail(sample_of(values))
    assert find_tail(sample_of(values)) is None


def test_a_tail_begins_no_further_than_fifty_values_from_the_end() -> None:
    rng = np.random.default_rng(3)
    found = find_tail(sample_of(stats.genpareto.rvs(0.3, size=500, random_state=rng)))
    assert found is not None
    assert found.n_above == 50  # a tenth, and not one less
    assert find_tail(sample_of(rng.random(199))) is None
    index, low, high = found.tail_index
    assert index == pytest.approx(1 / found.tail.excess.xi)
    assert low == pytest.approx(1 / found.xi_high)
    assert high == (pytest.approx(1 / found.xi_low) if found.xi_low > 0 else math.inf)


@pytest.mark.parametrize("n", [99, 100, 199, 200, 500])
def test_what_is_known_of_data_is_counted_from_them(n: int) -> None:
    values = np.sort(np.floor(np.random.default_rng(n).lognormal(3, 1, n)))
    z = 1.0 if n >= 200 else stats.norm.ppf(0.975)
    known = {share: rest for share, *rest in known_of(sample_of(values))}
    shares = [share for share in (0.5, 0.9, 0.95, 0.99) if share == 0.5 or round(n * (1 - share), 9) >= 5]
    assert list(known) == [*shares, None]

    def at(rank: float) -> float:
        return float(values[min(max(math.ceil(rank), 1), n) - 1])

    for share in shares:
        margin = z * math.sqrt(n * share * (1 - share))
        assert known[share] == [at(share * n), at(share * n - margin), at(share * n + margin + 1)]
    error = z * values.std() / math.sqrt(n)
    assert known[None] == pytest.approx([values.mean(), values.mean() - error, values.mean() + error])


def test_how_far_a_law_is_off() -> None:
    assert Near("P50", 200.0, 190.0, 210.0, 230.0).off == pytest.approx(0.15)
    assert Near("P50", 0.0, 0.0, 0.0, 0.0).off == 0.0
    assert Near("P50", 0.0, 0.0, 0.0, 1.0).off == math.inf
    for law, holds in ((189.9, False), (190.1, True), (219.9, True), (220.1, False)):
        assert Near("P50", 200.0, 190.0, 220.0, law).holds == holds
    for law, holds in ((193.9, False), (194.1, True), (205.9, True), (206.1, False)):
        assert Near("P50", 200.0, 200.0, 200.0, law).holds == holds  # three per cent


def test_atoms_are_a_hundredth_of_the_data_and_ten_times_what_stands_around() -> None:
    rng = np.random.default_rng(4)
    values = np.r_[np.floor(rng.lognormal(5, 1, 2_000)), np.repeat([3_000.0, 700.0, 650.0, 100.0], [25, 60, 19, 60])]
    distinct, counts = np.unique(values, return_counts=True)
    expected = {}
    for place, (value, count) in enumerate(zip(distinct.tolist(), counts.tolist(), strict=True)):
        around = [*counts[max(place - 5, 0) : place], *counts[place + 1 : place + 6]]
        if count >= 0.01 * values.size and count >= 10 * np.mean(around):
            expected[value] = count / values.size
    assert 3_000.0 in expected
    assert 700.0 in expected
    assert not {650.0, 100.0} & set(expected), "too few, and no more than around"
    assert dict(choose_law(values).atoms) == expected


def test_a_body_is_the_likeliest_lognormal_that_ends_where_the_tail_begins(values: np.ndarray) -> None:
    sample = sample_of(values[values > 0])
    excess = find_tail(sample)
    assert excess is not None
    law, _ = Tried(sample, True, "tokens", None).lognormal_body(excess)
    threshold, at = excess.tail.threshold, 1 - excess.tail.share
    assert law.ppf([at])[0] == pytest.approx(threshold, rel=1e-4)
    below = values[(values > 0) & (values <= threshold)]

    def loss(sigma: float) -> float:
        mu = math.log(threshold) - sigma * stats.norm.ppf(at)
        return -float(stats.norm.logpdf(np.log(below), mu, sigma).sum())

    found = optimize.minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded")
    sigma = math.log(law.ppf([0.9])[0] / law.ppf([0.1])[0]) / (2 * stats.norm.ppf(0.9))
    assert sigma == pytest.approx(found.x, rel=1e-4)


@pytest.mark.parametrize("n_above", [57, 58, 59])
def test_a_tail_of_whole_numbers_begins_at_its_threshold_however_its_share_is_rounded(n_above: int) -> None:
    """Rounded up, the share is beyond the last value that equals the threshold, and the next one is taken for it."""
    values = np.r_[np.repeat([1.0, 2, 3, 4, 5, 9], [131, 102, 81, 78, 72, 39]), 10 + np.arange(float(n_above))]
    sample = sample_of(values)
    tail = fit_tail(sample, 0.89)
    assert (tail.threshold, round(tail.share * values.size)) == (9, n_above)
    body = Steps(tuple(values.tolist()))
    excess = Excess(tail, n_above, 0.0, 0.0, accepted=True)
    law, written = Tried(sample, True, "count", 1e6).spliced((body, {"data": {"column": "body"}}), excess)
    at = written["splice"]["at"]
    assert law.ppf([at])[0] == 9
    assert at == pytest.approx(1 - n_above / values.size, abs=1e-6)
    assert law.mean() == pytest.approx(values.mean(), rel=0.01)


def test_a_guess_is_a_family_of_its_kind() -> None:
    assert "negative_binomial" in choose_law(np.array([3.0, 4, 9, 2, 30]), whole=True, purpose="count").expression
    assert "poisson" in choose_law(np.array([3.0, 4, 4, 3]), whole=True, purpose="count").expression
    assert "lognormal" in choose_law(np.array([3.0, 4, 9])).expression


@pytest.mark.parametrize(("limits", "end"), [((500.0, 900.0), 500), ((499.0, 900.0), 900)])
def test_a_tail_ends_at_the_least_limit_that_no_value_passes(limits: tuple[float, ...], end: int) -> None:
    values = np.floor(20 * stats.pareto.ppf((np.arange(2_000) + 0.5) / 2_000, 1.5))
    values = np.append(values[values < 500], 500.0)
    choice = choose_law(values, whole=True, limits=limits)
    assert choice.law.ppf([1 - 1e-12])[0] <= end
    assert str(end) in str(choice.expression)
