"""One law for some data: their quantiles and mean, in the language of scenarios, and a word where it can't know."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distributions.choice import FLOOR, Choice
from distributions.choose import choose_law
from distributions.excess import ACCEPTED, find_tail, hill, mean_excess
from distributions.fit import distances, fit_family
from distributions.law import LawError
from distributions.notation import parse_law
from distributions.tail import Sample, most_likely
from distributions.tried import FURTHER, NEAREST


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def as_read(choice: Choice, folder: Path) -> Any:
    """The law that a scenario reads where the choice is written into it, its values in a file beside it."""
    expression = choice.expression
    if choice.body is not None:
        (folder / "body.csv").write_text("body\n" + "\n".join(map(repr, choice.body.tolist())) + "\n")
        expression = with_file(expression)
    return parse_law(expression, folder)


def with_file(expression: Any) -> Any:
    if isinstance(expression, dict):
        return {k: {**v, "file": "body.csv"} if k == "data" else with_file(v) for k, v in expression.items()}
    return expression


SAMPLES = {
    "lognormal": lambda r: r.lognormal(6, 1, 5_000),
    "gamma": lambda r: r.gamma(2.0, 300.0, 5_000),
    "lomax": lambda r: 1_500 * r.pareto(1.9, 5_000),
    "two humps": lambda r: np.where(r.random(5_000) < 0.4, r.normal(100, 5, 5_000), r.lognormal(8, 0.5, 5_000)),
    "counts": lambda r: r.negative_binomial(0.5, 0.2, 5_000).astype(float),
    "zeros": lambda r: np.where(r.random(5_000) < 0.6, 0.0, np.round(r.lognormal(5, 1, 5_000))),
    "capped": lambda r: np.minimum(np.round(r.lognormal(8, 1, 5_000)), 8_192),
    "few": lambda r: np.round(r.lognormal(6, 1, 50)),
    "very few": lambda r: np.round(r.lognormal(6, 1, 5)),
    "many": lambda r: np.round(np.where(r.random(60_000) < 0.3, r.gamma(9, 20, 60_000), 900 * r.pareto(2.2, 60_000))),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_expression_means_the_law(name: str, tmp_path: Path) -> None:
    choice = choose_law(
        SAMPLES[name](rng(1)),
        whole=name in {"counts", "zeros", "capped", "few"},
        purpose="count" if name == "counts" else "tokens",
    )
    read = as_read(choice, tmp_path)
    u = np.concatenate([np.linspace(0.001, 0.999, 997), [0.9999, 1 - 1e-6]])
    np.testing.assert_allclose(read.ppf(u), choice.law.ppf(u), rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in SAMPLES if "few" not in name])
def test_quantiles_and_mean_are_those_of_the_data(name: str) -> None:
    values = SAMPLES[name](rng(2))
    choice = choose_law(values, whole=name == "counts", purpose="count" if name == "counts" else "tokens")
    for near in choice.near:
        share = 0.5 if near.name == "mean" else float(near.name[1:]) / 100
        if near.name == "mean":
            assert near.data == pytest.approx(values.mean(), rel=1e-12)
            error = values.std() / math.sqrt(values.size)
        else:
            assert near.data == np.quantile(values, share, method="inverted_cdf")
            error = float(np.std([np.quantile(rng(k).choice(values, values.size), share) for k in range(200)]))
        step = 1.0 if name == "counts" and near.name != "mean" else 0.0
        assert abs(near.law - near.data) <= max(FLOOR * near.data, 2.0 * error, step) + 1e-9, near


def test_what_two_humps_are_is_left_to_the_data_and_not_to_the_family_of_best_distance() -> None:
    choice = choose_law(SAMPLES["two humps"](rng(3)))
    assert choice.body is not None
    assert choice.candidates[0].law.mean() != pytest.approx(choice.near[-1].data, rel=0.05)
    assert choice.law.mean() == pytest.approx(choice.near[-1].data, rel=0.01)


def test_a_true_family_of_many_values_is_found() -> None:
    for name, values, whole, purpose in (
        ("lognormal", rng(4).lognormal(6, 1, 200_000), False, "tokens"),
        ("weibull", 900 * rng(4).weibull(0.6, 200_000), False, "tokens"),
        ("poisson", rng(4).poisson(1.3, 200_000).astype(float), True, "count"),
        ("geometric", rng(4).geometric(0.25, 200_000).astype(float), True, "count"),
    ):
        assert list(choose_law(values, whole=whole, purpose=purpose).expression) == [name]


def test_no_law_passes_a_limit() -> None:
    values = 1_500 * rng(5).pareto(1.3, 3_000)
    limit = 1.2 * values.max()
    law = choose_law(values, limits=(limit, 10 * limit, 0.5 * values.max())).law
    assert law.support()[1] == pytest.approx(limit, rel=1e-5)


def test_a_tail_without_variance_ends_somewhere_and_one_without_mean_is_warned_of() -> None:
    values = 1_500 * rng(6).pareto(0.9, 3_000)
    choice = choose_law(values, what="tokens of a call")
    assert choice.law.support()[1] == pytest.approx(FURTHER * values.max(), rel=1e-5)
    assert math.isfinite(choice.law.mean())
    if choice.tail is not None:
        assert any("no mean" in warning and warning.startswith("tokens of a call") for warning in choice.warnings)


def test_values_that_pile_up_at_their_greatest_have_no_tail_beyond_it() -> None:
    values = SAMPLES["capped"](rng(7))
    choice = choose_law(values, whole=True)
    assert choice.truncated_at == 8_192
    assert choice.law.support()[1] == 8_192
    assert choice.tail is None
    assert choice.atoms == ((8_192.0, pytest.approx(np.mean(values == 8_192))),)


def test_where_a_group_was_cut_off_is_no_limit_that_values_pile_up_at() -> None:
    values = np.repeat(np.arange(1_084.0, 1_190.0), 22)
    assert choose_law(values, limits=(values[-1],)).truncated_at is None
    values[-4 * 22 :] = values[-1]
    assert choose_law(values, limits=(values[-1],)).truncated_at == values[-1]


@pytest.mark.parametrize("at_top", [1, 700])
def test_a_family_cut_at_a_limit_is_refused_where_its_shape_is_another(at_top: int) -> None:
    """All its quantiles from P50 on may hold, since so narrow a range leaves them within 3 %."""
    r = rng(3)
    values = np.concatenate([r.uniform(235, 255, 250), r.uniform(370, 396, 2_000), np.full(at_top, 396.0)])
    choice = choose_law(values, limits=(396.0,))
    assert distances(choice.law, choice.sample)[0] <= NEAREST
    assert choice.body is not None


def test_an_atom_inside_is_found() -> None:
    r = rng(8)
    values = np.where(r.random(5_000) < 0.05, 217.0, np.round(r.lognormal(6, 1, 5_000)))
    (atom,) = choose_law(values, whole=True).atoms
    assert atom == (217.0, pytest.approx(np.mean(values == 217)))


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (5, "5 values is a guess"),
        (50, "the P99 rests on fewer than 1 of 50 values"),
        (300, "fewer than 5 of 300 values lie above the P99"),
    ],
)
def test_too_few_for_a_quantile_is_said(n: int, said: str) -> None:
    (warning,) = choose_law(rng(9).lognormal(6, 1, n), what="messages").warnings
    assert warning.startswith("messages")
    assert said in warning


def test_equal_values_are_a_number() -> None:
    choice = choose_law(np.full(40, 2_500.0), whole=True)
    assert choice.expression == 2_500
    assert isinstance(choice.expression, int)
    assert not choice.warnings
    assert "no law" in choose_law(np.array([7.0])).warnings[0]
    nothing = choose_law(np.zeros(30))
    assert nothing.expression == 0
    assert "all 30 values are 0" in nothing.warnings[0]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "no values"),
        ([1.0, math.nan], "not finite"),
        ([1.0, math.inf], "not finite"),
        ([1.0, -2.0], "below zero, such as -2"),
    ],
)
def test_bad_values_are_refused(values: list[float], why: str) -> None:
    with pytest.raises(LawError, match=f"outputs has values.*{why}|outputs has {why}"):
        choose_law(np.array(values), what="outputs")


# Tails


def sample_of(values: Any) -> Sample:
    distinct, counts = np.unique(values, return_counts=True)
    return Sample(distinct, counts)


def gpd(r: np.random.Generator, xi: float, n: int) -> Any:
    u = r.random(n)
    return -np.log(u) if xi == 0 else (u**-xi - 1.0) / xi


def test_the_accepted_distance_is_the_95th_percentile_of_true_tails() -> None:
    """Over shapes: between 92 % and 98 % of true tails are nearer."""
    for xi in (-0.2, 0.0, 0.5):
        near = []
        for seed in range(400):
            x = np.sort(gpd(rng(seed), xi, 200))
            law = most_likely(x, np.ones(200)).cdf(x)
            steps = np.arange(201) / 200
            near.append(max((steps[:-1] - law).max(), (law - steps[1:]).max()) * math.sqrt(200) <= ACCEPTED)
        assert 0.92 <= np.mean(near) <= 0.985, xi


@pytest.mark.parametrize("xi", [0.1, 0.45, 0.8])
def test_the_interval_of_the_shape_covers_it_as_often_as_it_says(xi: float) -> None:
    """95 % of 300 tails, within 3.5 binomial standard errors and 1.5 % for an error that is asymptotic."""
    covered = 0
    for seed in range(300):
        r = rng(1_000 + seed)
        values = np.concatenate([r.random(3_600), 1.0 + gpd(r, xi, 400)])  # the tail begins at P90 exactly
        found = find_tail(sample_of(values))
        assert found is not None
        covered += found.xi_low <= xi <= found.xi_high
    assert abs(covered / 300 - 0.95) < 3.5 * math.sqrt(0.95 * 0.05 / 300) + 0.015


def test_the_threshold_moves_up_to_where_the_tail_begins() -> None:
    r = rng(11)
    body = r.uniform(0, 100, 38_800)  # to P97, flat; a tail above
    found = find_tail(sample_of(np.concatenate([body, 100 + 50 * gpd(r, 0.4, 1_200)])))
    assert found is not None
    assert found.accepted
    assert 0.96 <= 1 - found.tail.share <= 0.985
    assert found.tail_index[0] == pytest.approx(1 / found.tail.excess.xi)
    assert found.tail_index[1] == pytest.approx(1 / found.xi_high)


def test_hill_finds_the_index_of_a_power_and_the_mean_excess_its_slope() -> None:
    values = (1.0 - rng(12).random(50_000)) ** (-1 / 2.5)
    k, index = hill(sample_of(values))
    np.testing.assert_allclose(index[k > 500], 2.5, atol=4.5 * 2.5 / math.sqrt(500))
    assert np.all(np.diff(k) > 0)
    threshold, excess = mean_excess(sample_of(values))
    low = threshold < 3
    np.testing.assert_allclose(excess[low], threshold[low] / 1.5, rtol=0.15)  # E[X - u | X > u] = u / (alpha - 1)


def test_few_values_have_no_tail() -> None:
    assert find_tail(sample_of(rng(13).pareto(1.5, 150))) is None
    assert hill(sample_of(rng(13).pareto(1.5, 15)))[0].size == 0


# Real data


def column(file: Path, name: str) -> Any:
    with gzip.open(file, "rt") as text:
        header = text.readline().strip().split(",")
        at = header.index(name)
        return np.array([float(cell) for line in text if (cell := line.rstrip("\n").split(",")[at])])


REAL = {
    "conv": ("AzureLLMInferenceTrace_conv.csv.gz", "GeneratedTokens"),
    "code": ("AzureLLMInferenceTrace_code.csv.gz", "GeneratedTokens"),
    "coding": ("claude_code_calls.csv.gz", "out"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_outputs_have_their_quantiles_within_5_percent(name: str, shared: Path) -> None:
    file, field = REAL[name]
    values = column(shared / "data" / file, field)
    law = choose_law(values, whole=True).law
    for share in (0.5, 0.95, 0.99):
        assert law.ppf([share])[0] == pytest.approx(np.quantile(values, share), rel=0.05)
    assert law.mean() == pytest.approx(values.mean(), rel=0.05)


@pytest.mark.parametrize("name", REAL)
def test_half_of_real_data_has_the_p99_of_the_other_half(name: str, shared: Path) -> None:
    """Within 10 %, as FACTS.md measured it for a lognormal body with a tail; plain lognormals do not."""
    file, field = REAL[name]
    values = rng(14).permutation(column(shared / "data" / file, field))
    half, other = values[::2], np.quantile(values[1::2], 0.99)
    assert choose_law(half, whole=True).law.ppf([0.99])[0] == pytest.approx(other, rel=0.10)
    if name != "conv":
        plain = fit_family("lognormal", sample_of(half[half > 0])).law
        assert plain.ppf([0.99])[0] != pytest.approx(other, rel=0.10)


@pytest.mark.parametrize("seed", range(1, 7))
def test_rates_keep_their_sum_however_uneven(seed: int) -> None:
    """Chance leaves the mean of thirty open by half where one of them makes half of all."""
    rates = np.append(rng(seed).lognormal(0, 0.6, 29), 30.0)
    assert choose_law(rates, purpose="rate").law.mean() == pytest.approx(rates.mean(), rel=FLOOR)


def test_a_family_whose_quantiles_hold_is_refused_where_its_shape_is_another() -> None:
    """Two humps of 150 values: P50 and P90 of an exponential may be theirs by chance, its distribution is not."""
    r = rng(15)
    values = np.concatenate([r.normal(700, 20, 80), r.normal(1_900, 60, 70)])
    choice = choose_law(values)
    assert choice.body is not None
    assert min(fit.ks for fit in choice.candidates if fit.family in {"lognormal", "gamma", "exponential"}) > 0.1
