"""Days of a log against days of the scenario: made by the scenario itself, twice as many, too few."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from scipy import stats

from scenarios.load import load
from scenarios.logs.table import Calls, Rows
from scenarios.schema import Scenario
from simulator.backtest import Backtest, backtest
from simulator.judged import MATCH, OFF, SPEND
from simulator.sampled import sample

SURE = 1e-4
DAY = 86_400.0
START = datetime(2026, 9, 7, tzinfo=UTC).timestamp()
"""A Monday."""
LEVEL = 40
WORKING = {"sat": 0.3, "sun": 0.3}


def scenario(**sections: Any) -> Scenario:
    return load(
        {
            "name": "made",
            "as_of": "2026-11-01",
            "period": "2026-12",
            "models": {"house": {"input": 3, "output": 15}},
            "volume": {"sessions_per_day": LEVEL, "dispersion": 20, "weekdays": WORKING},
            "agents": {"chat": {"model": "house", "turns": {"geometric": {"mean": 4}}, "output_tokens": 300}},
            **sections,
        }
    )


def log_of(made: Scenario, n_days: int, level: float = LEVEL, weekdays: dict[str, float] | None = None) -> Calls:
    """A log of whole days: negative-binomial counts, sessions of the scenario, spread over each day."""
    rng = np.random.default_rng(8)
    weights = np.ones(7)
    weights[5:] = [(weekdays or WORKING).get(name, 1.0) for name in ("sat", "sun")]
    means = level * (weights / weights.mean())[np.arange(n_days) % 7]
    counts = rng.poisson(means * rng.gamma(20, 1 / 20, n_days))
    drawn = sample(made, int(counts.sum()), seed=77)
    day = np.repeat(np.arange(n_days), counts)
    begin = START + day * DAY + np.concatenate([np.linspace(0, DAY - 3600, n) for n in counts])
    calls = drawn.calls
    order = rng.permutation(day.size)  # sessions of one kind come on all days
    first = np.searchsorted(calls.session, np.arange(day.size))
    rows = Rows()
    rows.extend(
        session=[f"s{number}" for number in calls.session.tolist()],
        time=begin[order][calls.session] + np.arange(len(calls)) - first[calls.session],
        model=["house"] * len(calls),
        fresh=calls.prompt,
        output=calls.output,
    )
    return rows.finish(dated=True)


def held(made: Scenario, *log: Any, **words: Any) -> Backtest:
    return backtest(made, log_of(made, *log), sessions=20_000, **words)


def test_days_of_the_scenario_itself_match() -> None:
    n = 56
    tested = held(scenario(), n)
    assert tested.quantity(SPEND).verdict == MATCH
    assert tested.quantity(SPEND).observed == n
    days = tested.days
    assert days is not None
    assert (days.n, days.cut) == (n, 0)
    assert days.inside is not None
    low, high = (stats.binom.ppf(p, n, 0.9) / n for p in (SURE, 1 - SURE))
    assert low <= days.inside <= high
    assert [one.name for one in days.weekdays if one.off] == []
    weekend = 0.3 / (5.6 / 7)
    assert [one.simulated for one in days.weekdays[5:]] == pytest.approx([weekend] * 2, rel=0.05)
    assert "Costs of days match" in tested.words
    assert "Weekdays are like the observed ones." in str(tested)
    assert tested.to_dict()["days"]["n"] == n


def test_twice_the_volume_is_seen() -> None:
    tested = held(scenario(), 56, 2 * LEVEL)
    spend = tested.quantity(SPEND)
    assert spend.verdict == OFF
    assert spend.figures["mean"].difference == pytest.approx(-0.5, abs=spend.figures["mean"].width / 2)
    assert tested.quantity("cost per session").figures["mean"].verdict == MATCH
    assert tested.verdict == OFF
    assert "costs of days" in str(tested).partition("\n\n")[0]
    assert "Costs of days are " in tested.words
    assert tested.days is not None
    assert tested.days.inside is not None
    assert tested.days.inside < stats.binom.ppf(SURE, 56, 0.9) / 56


def test_a_driver_of_volume_widens_the_interval_of_days_alone() -> None:
    made = scenario(drivers={"volume": "0.4 to 2.5"})
    tested = held(made, 56, 1.7 * LEVEL)
    assert tested.days is not None
    assert tested.days.inside is not None
    assert tested.days.inside > 0.9
    assert tested.quantity(SPEND).verdict == OFF


def test_a_share_of_the_sessions_is_held_against_as_much_of_the_volume() -> None:
    assert held(scenario(), 56, LEVEL / 2, share=0.5).quantity(SPEND).verdict == MATCH


def test_days_learnt_from_other_sessions_of_them_have_the_chance_of_both_parts() -> None:
    tested, forecast = held(scenario(), 28), held(scenario(), 28, fitted_sessions=1)
    alone, both = (one.quantity(SPEND).figures["mean"].width for one in (tested, forecast))
    n = tested.quantity(SPEND).simulated
    assert both / alone == pytest.approx(np.sqrt((1 + 28 / n + 28) / (1 + 28 / n)))


def at(log: Calls, time: Any) -> Calls:
    return dataclasses.replace(log, columns={**log.columns, "time": time})


def test_a_clock_that_is_wrong_makes_no_days() -> None:
    made = scenario()
    log = log_of(made, 28)
    time = log["time"].copy()
    time[log["session"] == 5] = 4e9
    tested = backtest(made, at(log, time), sessions=20_000)
    assert tested.days is not None
    assert (tested.days.n, tested.days.first.isoformat()) == (28, "2026-09-07")
    assert any("as a clock that is wrong makes them, are not used" in note for note in tested.notes)


def test_sessions_without_a_date_are_sessions_of_these_days() -> None:
    made = scenario()
    log = log_of(made, 56)
    time = np.where(log["session"] % 2 == 0, np.nan, log["time"])
    tested = backtest(made, at(log, time), sessions=20_000)
    assert tested.quantity(SPEND).verdict == MATCH
    assert tested.quantity(SPEND).figures["mean"].difference == pytest.approx(0, abs=0.1)


def test_weekdays_that_are_others_are_named() -> None:
    tested = held(scenario(), 56, LEVEL, {"sat": 1.0, "sun": 1.0})
    assert tested.days is not None
    assert {"sat", "sun"} <= {one.name for one in tested.days.weekdays if one.off}
    assert "and Sunday 1." in " ".join(str(tested).split())


def test_few_days_say_so_and_undated_logs_nothing() -> None:
    tested = held(scenario(), 9)
    assert SPEND not in [one.name for one in tested.quantities]
    assert "the log holds 9 whole days, too few to tell" in " ".join(str(tested).split())
    assert held(scenario(), 9, share=None).days is None


def test_many_sessions_are_summed_as_their_sum_is_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = scenario()
    log = log_of(made, 28)
    one_by_one = backtest(made, log, sessions=20_000).quantity(SPEND)
    monkeypatch.setattr("simulator.days.SUMMED", 0)
    summed = backtest(made, log, sessions=20_000).quantity(SPEND)
    for figure in ("p50", "p95", "mean"):
        assert summed.figures[figure].simulated == pytest.approx(one_by_one.figures[figure].simulated, rel=0.03)
