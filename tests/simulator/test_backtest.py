"""A scenario held against logs that it made itself, and against others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from scenarios.load import load
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls, Rows
from scenarios.schema import Scenario
from simulator import calibration, sampled
from simulator.backtest import Backtest, backtest
from simulator.judged import COST, FIGURES, MATCH, OFF, SPEND, TOO_FEW, Sample, judge
from simulator.observed import observed_sessions, split
from simulator.sampled import Sampled, bare, predicted_means, sample
from simulator.show.next_words import next_words

MODEL = {"house": {"input": 3, "output": 15, "cached_input": 0.3}}
SURE = 1e-4
"""Chance that a test of chance fails by chance."""


def scenario(agent: dict[str, Any], **sections: Any) -> Scenario:
    return load(
        {
            "name": "made",
            "as_of": "2026-11-01",
            "period": "2026-12",
            "models": MODEL,
            "volume": {"sessions_per_day": 10},
            "features": {"chat": {"agent": "chat"}},
            "agents": {"chat": {"model": "house", **agent}},
            **sections,
        }
    )


CHAT = {
    "system_tokens": 1000,
    "turns": {"geometric": {"mean": 4}},
    "message_tokens": {"lognormal": {"mean": 200, "cv": 1}},
    "output_tokens": {"lognormal": {"mean": 400, "cv": 1}},
}


def log_of(simulated: Sampled, outputs: float = 1.0) -> Calls:
    """The simulated calls as a log of them."""
    calls = simulated.calls
    rows = Rows()
    fresh = calls.prompt - calls.cached - calls.written
    rows.extend(
        session=[f"s{number}" for number in calls.session.tolist()],
        time=np.arange(len(calls), dtype=float),
        model=["house"] * len(calls),
        fresh=fresh,
        cached=calls.cached,
        written=calls.written,
        output=np.rint(calls.output * outputs).astype(np.int64),
        reasoning=calls.reasoning,
    )
    return rows.finish(dated=False)


def test_constants_have_a_closed_form() -> None:
    made = scenario({"system_tokens": 1000, "turns": 3, "message_tokens": 50, "output_tokens": 100})
    drawn = sample(made, 7)
    assert drawn.calls.prompt.reshape(7, 3).tolist() == [[1050, 1200, 1350]] * 7
    assert drawn.calls.output.tolist() == [100] * 21
    assert drawn.first_prompt.tolist() == [1050] * 7
    assert drawn.sessions["cost"] == pytest.approx(np.full(7, (3600 * 3 + 300 * 15) / 1e6))


@pytest.mark.parametrize("name", ["faq", "coding-agent", "research-assistant"])
def test_calls_add_up_to_their_sessions(name: str) -> None:
    drawn = sample(load(name), 200)
    calls, n = drawn.calls, len(drawn.sessions)
    for column, told in (("prompt", "input"), ("cached", "cached"), ("written", "written")):
        sums = np.bincount(calls.session, getattr(calls, column), n)
        assert sums.tolist() == drawn.sessions[told].tolist()
    spoken = np.bincount(calls.session, calls.output + calls.reasoning, n)
    assert spoken.tolist() == drawn.sessions["output"].tolist()
    assert np.bincount(calls.session, minlength=n).tolist() == drawn.sessions["calls"].tolist()
    pairs = np.unique(np.stack([calls.session, calls.instance]), axis=1)
    assert np.bincount(pairs[0], minlength=n).tolist() == drawn.sessions["agents"].tolist()


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample(load("coding-agent"), 150)
    monkeypatch.setattr(sampled, "ROOM", 64)
    pieces = sample(load("coding-agent"), 150)
    assert pieces.sessions.tobytes() == whole.sessions.tobytes()
    assert pieces.calls.prompt.tolist() == whole.calls.prompt.tolist()
    assert pieces.calls.session.tolist() == whole.calls.session.tolist()


def test_features_keep_their_shares() -> None:
    made = load("support-agent")
    drawn = sample(made, 999)
    shares = np.array([feature.share for feature in made.features.values()])
    counts = np.bincount(drawn.sessions["feature"], minlength=shares.size)
    assert np.abs(counts - 999 * shares / shares.sum()).max() < 1


def test_what_a_period_adds_is_left_out() -> None:
    made = scenario(
        CHAT,
        drivers={"output_tokens": "2 to 4"},
        events={"storm": {"per_month": 30, "days": 5, "multiplies": {"turns": 5}}},
        trends={"price": 0.5},
    )
    assert sample(made, 300).sessions.tobytes() == sample(scenario(CHAT), 300).sessions.tobytes()
    assert not bare(made).drivers.levels


def test_figures_of_the_same_law_are_seldom_off_and_of_another_nearly_always() -> None:
    n, rounds = 300, 200
    rng = np.random.default_rng(11)
    simulated = rng.lognormal(0, 1, 20_000)
    same = [Sample(rng.lognormal(0, 1, n)) for _ in range(rounds)]
    found = [judge("x", "tokens", one, simulated, simulated_sessions=20_000) for one in same]
    off = sum(one.verdict == OFF for one in found)
    assert off <= stats.binom.ppf(1 - SURE, rounds, 0.05)
    others = [judge("x", "tokens", one, 1.5 * simulated, simulated_sessions=20_000) for one in same[:40]]
    assert sum(one.verdict == OFF for one in others) >= 36


def test_the_band_is_the_sampling_error_of_the_figure() -> None:
    """Closed forms of the mean and of a uniform law's quantiles; a session of equal calls counts as one value."""
    values = (np.arange(500) + 0.5) / 5
    alone = judge("x", "tokens", Sample(values), values, simulated_sessions=10**12).figures
    assert alone["mean"].width == pytest.approx(
        2 * 2.6383 * values.std(ddof=1) / np.sqrt(500) / values.mean(), rel=1e-6
    )
    error = 2.6383 * np.sqrt(0.9 * 0.1 / 499)
    assert (alone["p90"].low, alone["p90"].high) == pytest.approx((100 * (0.9 - error), 100 * (0.9 + error)), abs=0.2)
    repeated = Sample(np.repeat(values, 9), np.repeat(np.arange(500), 9))
    clustered = judge("x", "tokens", repeated, values, simulated_sessions=10**12).figures
    for figure in ("p50", "p95", "mean"):
        assert clustered[figure].width == pytest.approx(alone[figure].width, rel=0.02)
    half = judge("x", "tokens", Sample(values), values, simulated_sessions=500).figures
    assert half["mean"].width == pytest.approx(np.sqrt(2) * alone["mean"].width)


def test_few_sessions_are_said_to_be_few() -> None:
    rng = np.random.default_rng(4)
    found = judge("x", "tokens", Sample(rng.lognormal(0, 2, 12)), rng.lognormal(0, 2, 5000), simulated_sessions=5000)
    assert found.figures["p99"].verdict == TOO_FEW
    assert found.verdict == TOO_FEW


def test_a_whole_number_more_or_less_is_no_difference() -> None:
    found = judge("x", "count", Sample(np.full(50, 2.0)), np.full(50, 3.0), simulated_sessions=50, whole=True)
    assert {found.figures[figure].verdict for figure in FIGURES if figure != "mean"} == {MATCH}
    assert found.figures["mean"].verdict == OFF


@pytest.fixture(scope="module")
def chat() -> Scenario:
    return scenario(CHAT)


@pytest.fixture(scope="module")
def own_log(chat: Scenario) -> Sampled:
    return sample(chat, 600, seed=77)


@pytest.fixture(scope="module")
def same(chat: Scenario, own_log: Sampled) -> Backtest:
    """Against its own log."""
    return backtest(chat, log_of(own_log))


@pytest.fixture(scope="module")
def longer(chat: Scenario, own_log: Sampled) -> Backtest:
    """Against one of longer outputs."""
    return backtest(chat, log_of(own_log, outputs=1.3))


def test_a_scenario_matches_its_own_log(chat: Scenario, own_log: Sampled, same: Backtest) -> None:
    tested = same
    assert [one.name for one in tested.quantities if one.verdict == OFF] == []
    assert tested.quantity("cost per session").verdict == MATCH
    assert "Session costs match: P50 " in tested.words
    observed, _ = observed_sessions(chat, log_of(own_log), {})
    assert np.sort(observed.cost) == pytest.approx(np.sort(own_log.sessions["cost"]))
    names = ["output per call", "prompt per call", "calls per session", "tokens per session", "cost per session"]
    assert [one.name for one in tested.quantities] == names  # of agents each has one
    spread, costs = tested.spread, tested.costs
    assert spread is not None
    assert costs is not None
    assert spread.distance < 2 * spread.expected
    assert spread.distance == pytest.approx(stats.ks_2samp(*costs).statistic)
    limit = stats.kstwobign.ppf(0.95) / np.sqrt(600)
    assert spread.expected == pytest.approx(limit, rel=1e-3)
    places = [(np.mean(costs[1] < one) + np.mean(costs[1] <= one)) / 2 for one in costs[0]]
    assert spread.shares == pytest.approx(np.histogram(places, 10, (0, 1))[0] / 600)


def test_twenty_times_what_was_observed_is_simulated_within_bounds(
    chat: Scenario, own_log: Sampled, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = log_of(own_log)
    few = calls.where(calls["session"] < 30)
    for bounds, expected in (((20, 10_000), 600), ((700, 10_000), 700), ((20, 500), 500)):
        for name, bound in zip(("FEWEST", "MOST"), bounds, strict=True):
            monkeypatch.setattr(f"simulator.backtest.{name}", bound)
        assert backtest(chat, few).simulated_sessions == expected


def test_a_log_of_longer_outputs_is_off(longer: Backtest) -> None:
    tested = longer
    assert tested.verdict == tested.quantity("cost per session").verdict == OFF
    assert str(tested).startswith("IS OFF   simulated session costs differ from the observed ones")
    assert "outputs of calls" in headline_of(tested)
    outputs = tested.quantity("output per call")
    assert outputs.figures["mean"].verdict == OFF
    assert outputs.figures["mean"].difference == pytest.approx(1 / 1.3 - 1, abs=outputs.figures["mean"].width / 2)
    assert "Outputs of calls are " in tested.words
    assert "too low" in tested.words


def headline_of(tested: Backtest) -> str:
    return " ".join(str(tested).partition("\n\n")[0].split())


def test_the_verdict_is_on_money_and_names_what_else_is_off(same: Backtest, longer: Backtest) -> None:
    outputs = longer.quantity("output per call")
    calls_off = replace(same, quantities=(outputs, *same.quantities[1:]))
    assert calls_off.verdict == calls_off.to_dict()["verdict"] == MATCH
    like = "are like the observed ones"
    assert headline_of(calls_off) == (
        f"MATCHES simulated session costs {like}, as far as these can tell; outputs of calls are off."
    )
    days_off = replace(same, quantities=(*same.quantities, replace(outputs, name=SPEND)))
    assert days_off.verdict == OFF
    assert headline_of(days_off) == (
        "IS OFF simulated costs of days differ from the observed ones by more than chance makes, though session costs "
        f"{like}."
    )


def test_what_is_off_is_not_to_be_run_but_mended(same: Backtest, longer: Backtest) -> None:
    assert same.coverage is not None
    spend = replace(longer.quantity(COST), name=SPEND)
    cases = {
        "--where FIELD=VALUE": longer,
        "--since DAY": replace(same, quantities=(*same.quantities, spend)),
        "Wider `drivers`": replace(same, coverage=replace(same.coverage, inside=0.0)),
    }
    assert next_words([same], "made.yaml") == "burncurve run made.yaml"
    for remedy, tested in cases.items():
        said = next_words([same, tested], "made.yaml", "made.html")
        assert said.startswith("made.yaml IS OFF, and every run of it says so: rest no budget on it. made.html shows ")
        assert remedy in said
    billed = next_words([same.billed("the bill is apart: repriced $2, recorded $1 (+100 %)")], "made.yaml", "made.html")
    assert "--invoice says what was paid in truth" in billed
    assert "made.html shows" not in billed  # the laws are right
    assert "--since" not in next_words([longer], "made.yaml")
    assert "--where" not in next_words([cases["--since DAY"]], "made.yaml")


def test_sums_are_held_against_the_interval_that_is_predicted_for_them(
    chat: Scenario, own_log: Sampled, same: Backtest
) -> None:
    low, high = np.quantile(predicted_means(chat, 100, 500), [0.05, 0.95])
    coverage = same.coverage
    assert coverage is not None
    assert (coverage.low, coverage.high) == pytest.approx((low, high))
    rng = np.random.default_rng(1)
    means = rng.choice(own_log.sessions["cost"], (20_000, 100)).mean(axis=1)
    inside = np.mean((low <= means) & (means <= high))
    error = np.sqrt(inside * (1 - inside) / coverage.sets)
    assert coverage.inside == pytest.approx(inside, abs=-stats.norm.ppf(SURE) * error)


def test_a_scenario_that_is_too_sure_of_sums_is_off_and_one_that_is_too_unsure_is_said_to_be(same: Backtest) -> None:
    """Costs in pairs: a law of sessions that is right, and sums that vary more than it makes them."""
    assert same.coverage is not None
    assert not same.coverage.off
    wide = replace(same, coverage=replace(same.coverage, high=20 * same.coverage.low))
    assert wide.verdict == MATCH
    assert headline_of(wide).endswith("; what it has for sums of sessions is wider than it needs to be.")
    narrow = replace(same, coverage=replace(same.coverage, inside=same.coverage.least - 0.01))
    assert narrow.verdict == OFF
    assert headline_of(narrow).startswith("IS OFF the scenario is surer than it should be: of sums of 100 sessions ")
    assert (
        "interval, which is too narrow for them, though simulated session costs are like the observed ones."
        in headline_of(narrow)
    )


def test_intervals_cover_what_they_promise(chat: Scenario) -> None:
    """Means of sets of the very sessions: nine of ten lie inside; the scenario's drivers widen the interval."""
    means = predicted_means(chat, 100, 2_000)
    low, high = np.quantile(means, [0.05, 0.95])
    fresh = predicted_means(chat, 100, 2_000, seed=2)
    inside = int(((low <= fresh) & (fresh <= high)).sum())
    # both ends are themselves quantiles of 2,000 means: their coverage varies as that of new ones does
    error = np.sqrt(2 * 0.9 * 0.1 / 2_000)
    assert inside / 2_000 == pytest.approx(0.9, abs=-stats.norm.ppf(SURE) * error)
    exact = chat_sd(chat) / 10
    assert means.std() == pytest.approx(exact, rel=0.1)
    wide = scenario(CHAT, drivers={"output_tokens": "0.5 to 2"})
    assert predicted_means(wide, 100, 500).std() > 1.5 * means.std()
    assert predicted_means(scenario(CHAT, drivers={"volume": "0.5 to 2", "price": "0.5 to 2"}), 100, 50).tolist() == (
        predicted_means(chat, 100, 50).tolist()
    )


def chat_sd(chat: Scenario) -> float:
    return float(sample(chat, 20_000, seed=5).sessions["cost"].std())


def test_a_model_that_the_scenario_lacks_is_refused_with_a_remedy() -> None:
    models = {**MODEL, "other": {"input": 1, "output": 2}}
    made = scenario(CHAT, models=models)
    rows = Rows("session", "model", "fresh", "output")
    rows.append("a", "mystery-9", 10, 10)
    calls = rows.finish(dated=False)
    with pytest.raises(LogError, match=r"no model for mystery-9 .* house, other; .*--model 'mystery-9=house'"):
        backtest(made, calls)
    for rate, currency in ((1.0, "USD"), (0.8, "EUR")):
        made = scenario(CHAT, models=models, currency=currency, usd_rate=rate)
        observed, _ = observed_sessions(made, calls, {"*": "other"})
        assert observed.cost is not None
        assert observed.cost.tolist() == pytest.approx([rate * 30e-6])


def test_a_log_is_split_by_sessions_and_by_the_seed(own_log: Sampled) -> None:
    calls = log_of(own_log)
    kept, held = split(calls, 0.5, seed=1)
    assert len(kept) + len(held) == len(calls)
    assert not set(kept["session"].tolist()) & set(held["session"].tolist())
    n = len(set(held["session"].tolist()))
    assert abs(n - 300) < -stats.norm.ppf(SURE) * np.sqrt(600 * 0.25)
    assert split(calls, 0.5, seed=1)[1]["fresh"].tolist() == held["fresh"].tolist()
    assert split(calls, 0.5, seed=2)[1]["fresh"].tolist() != held["fresh"].tolist()


def test_a_holdout_scales_volume_by_the_sessions_that_it_got(own_log: Sampled, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, asked = log_of(own_log), []
    monkeypatch.setattr(calibration, "learn", lambda kept, reading, options: asked.append((kept, options.kept)))
    monkeypatch.setattr(calibration, "loaded", lambda part: part)
    monkeypatch.setattr(calibration, "hold_against", lambda made, held, **words: asked.append((held, words)))
    request = calibration.CalibrateRequest.read(["calls.csv"], None, {"holdout": 0.3, "seed": 1})
    request._forecast(calls, None, 1.0, None)
    (kept, share_kept), (held, words) = asked
    n_kept, n_held = (len(set(part["session"].tolist())) for part in (kept, held))
    assert n_held != 180  # chance gave another share than 0.3 of 600
    assert share_kept == pytest.approx(n_kept / 600)
    assert words["share"] == pytest.approx(n_held / 600)
    assert words["fitted_sessions"] == n_kept
