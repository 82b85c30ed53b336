"""A result: names, JSON, tables, and the way to disk and back."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simulator.result
from scenarios.words import DRIVERS
from simulator.document import plain
from simulator.engine.tally import SESSION_DTYPE, Cell, Spent, Tally, Threshold
from simulator.facts import Facts
from simulator.frames import sample_addresses
from simulator.result import Result, load_result
from simulator.risk.metrics import METRICS, SETTINGS
from simulator.risk.todate import Expected
from simulator.store import FORMAT, StoreError
from tests.risk.tallies import Book, Session, frame

CELLS = (
    Cell("chat", "bot", "output"),
    Cell("build", "planner", "tools", "search"),
    Cell("build", "planner", "tools", "read"),
    Cell("build", "planner", "handoff"),
    Cell(None, None, "fixed", "platform"),
)
TRIALS = 60
BUDGET = 650_000.0


def make_tally() -> Tally:
    rng = np.random.default_rng(4)
    shape = frame(CELLS, ("chat", "build"), days=5, fixed_daily=[10**12] * 5, uncovered=("handoff",))
    book = Book(shape, range(3, 3 + TRIALS), fixed_cell=4)
    for _ in range(1_500):
        feature = int(rng.integers(2))
        costs = (np.exp(rng.normal(29.5, 1.2, 4)) * ([1, 0, 0, 0] if feature == 0 else [0, 1, 1, 0.2])).astype(int)
        trial, day = int(rng.integers(3, 3 + TRIALS)), int(rng.integers(5))
        units = (*costs.tolist(), 0)
        tokens = tuple(rng.integers(1, 9_000, 4).tolist())
        outcome = bool(rng.random() < 0.9), bool(rng.random() < 0.02)
        book.sessions.append(
            Session(trial, day, feature, units, int(rng.geometric(0.3)), tokens, *outcome, units[0] // 9)
        )
    tally = book.tally()
    tally.levels = rng.lognormal(0.0, 0.3, tally.levels.shape)
    return tally


def make_facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "name": "coding-agent",
        "title": "Coding <b>assistant</b> & friends",
        "sha256": "ab" * 32,
        "unit": "ticket",
        "currency": "EUR",
        "budget": BUDGET,
        "covers": ("models", "tools", "overheads", "fixed", "one_time"),
        "limits": {"breach_probability": 0.25, "p95": 1e9},
        "plan": 62_000.0,
        "average_plan": 55_000.0,
        "prices": {
            "cheap": {
                "model": "cheap",
                "input": 0.4,
                "output": 1.2,
                "cached_input": 0.04,
                "cache_write": 0.5,
                "source": "own price",
            }
        },
        "prices_sha256": "cd" * 32,
    }
    return Facts(**(values | changes))


def make_result(tally: Tally | None = None, facts: Facts | None = None, **changes: Any) -> Result:
    values: dict[str, Any] = {
        "seed": 7,
        "engine": "exact",
        "engine_reason": "every session is simulated",
        "trials_requested": TRIALS,
        "interrupted": False,
        "seconds": 1.5,
        "version": "0.1.0",
    }
    made = tally or make_tally()
    return Result(made, None, None, facts=facts or make_facts(), **(values | changes))


@pytest.fixture(scope="module")
def result() -> Result:
    return make_result()


# DESIGN section 8, key by key
SPEND = ("mean", "sd", "p5", "p10", "p50", "p80", "p90", "p95", "p99", "min", "max", "tvar95", "tvar99")
BREACH = ("amount", "covered_p95", "breach_probability", "breach_ci", "expected_overrun_given_breach")
LAYOUT: dict[str, Any] = {
    "scenario": {"name": 0, "sha256": 0},
    **dict.fromkeys(("seed", "trials", "engine", "sessions_simulated", "currency", "version", "prices_sha256"), 0),
    "prices": {"cheap": dict.fromkeys(("input", "output", "cached_input", "cache_write", "source"), 0)},
    "spend": {
        **dict.fromkeys(SPEND, 0),
        "ci": {"p50": 0, "p95": 0, "p99": 0},
    },
    "average_plan": 0,
    "contingency": {"p80": 0, "p95": 0},
    "budget": {
        **dict.fromkeys(BREACH, 0),
        "breach_day": {"p10": 0, "p50": 0, "p90": 0},
    },
    "daily": {"p5": 0, "p50": 0, "p95": 0},
    "session": {
        "cost": dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "p999", "max"), 0),
        "calls": dict.fromkeys(("mean", "p50", "p95", "p99"), 0),
        "tokens": dict.fromkeys(("input", "cached", "written", "output"), 0),
        "agents": dict.fromkeys(("mean", "p50", "p95", "p99"), 0),
        "depth": 0,
        "cut_by": dict.fromkeys(("cost", "calls", "limit"), 0),
        **dict.fromkeys(("held_rate", "repeat_rate", "handoff_rate", "review_rate"), 0),
        **dict.fromkeys(("success_rate", "cut_rate", "cost_per_success", "waste_share", "top1pct_share"), 0),
    },
    "attribution": 0,
    "guardrails": 0,
    **dict.fromkeys(("by_feature", "by_week", "by_month", "accuracy"), 0),
    "worst_trials": {"trials": 0, "differences": 0},
    **dict.fromkeys(("controls", "spent", "heaviest_user", "peak_hour"), 0),
}

# What stands there where a scenario has controls, users, a peak hour and a period to date
LAYOUT_OF_ALL: dict[str, Any] = {
    "controls": {
        "without": dict.fromkeys(("mean", "p50", "p95", "p99", "covered_p95", "breach_probability", "breach_ci"), 0),
        "breach_reduction": {"mean": 0, "ci": 0},
        "saving": {"mean": 0, "se": 0, "ci": 0},
        "turned_away": {"mean": 0, "share": 0, "p95_share": 0},
        "each": 0,
    },
    "spent": {
        **dict.fromkeys(("through", "days", "amount", "over_expected"), 0),
        "expected": dict.fromkeys(("mean", "p5", "p50", "p95"), 0),
    },
    "heaviest_user": {"p50_share": 0, "p95_share": 0},
    "peak_hour": {"mean": 0, "share": 0, "p95_share": 0},
}


def missing(layout: dict[str, Any], values: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, below in layout.items():
        if key not in values:
            yield f"{path}{key}"
        elif isinstance(below, dict):
            yield from missing(below, values[key], f"{path}{key}.")


def test_the_json_has_every_key_of_the_design(result: Result) -> None:
    values = result.to_dict()
    assert list(missing(LAYOUT, values)) == []
    assert {"feature", "agent", "cause", "detail", "mean", "tail"} == set(values["attribution"][0])
    assert [set(level) for level in values["session"]["depth"]] == [{"depth", "agents", "cost_share"}]
    assert [len(line) for line in values["daily"].values()] == [5, 5, 5]
    assert [len(ends) for ends in (*values["spend"]["ci"].values(), values["budget"]["breach_ci"])] == [2, 2, 2, 2]


def test_the_attribution_of_the_json_tells_tools_and_fixed_costs_apart(result: Result) -> None:
    parts = result.to_dict()["attribution"]
    details = {(part["cause"], part["detail"]) for part in parts}
    assert details == {
        *(("tools", "search"), ("tools", "read"), ("fixed", "platform"), ("output", None), ("handoff", None))
    }
    assert math.fsum(part["mean"] for part in parts) == pytest.approx(result.spend.mean, rel=1e-15)
    assert math.fsum(part["tail"] for part in parts) == pytest.approx(result.spend.tvar(0.95), rel=1e-15)


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(values, dict):
        for key, below in values.items():
            yield from leaves(below, (*path, key))
    else:
        yield ".".join(path), values


@pytest.fixture(scope="module")
def whole() -> Result:
    """With all that a period may have: events, controls, users, a busy hour, and days that are a fact."""
    tally = make_tally()
    rng = np.random.default_rng(9)
    days = tally.covered.shape[1]
    tally.frame = replace(
        tally.frame,
        events=("storm", "spike"),
        thresholds=(Threshold(4 * 10**14, 0), Threshold(6 * 10**14, 1)),
        spent=Spent(2, 5 * 10**14),
    )
    tally.event_days = rng.integers(0, 3, (TRIALS, 2))
    tally.free_spend = tally.daily.sum(axis=2) * 2
    tally.free_covered = tally.covered * 2
    tally.crossed = rng.integers(0, days + 1, (TRIALS, 2))
    tally.turned_away = rng.integers(0, 20, TRIALS)
    tally.heaviest = rng.random(TRIALS)
    tally.peak = rng.integers(0, 5, TRIALS)
    expected = Expected(mean=450_000.0, p5=300_000.0, p50=440_000.0, p95=610_000.0)
    accuracy = {"rms_error": 0.0016, "held_out_levels": 24}
    return make_result(tally, engine="hybrid", expected_to_date=expected, accuracy=accuracy)


def test_the_metrics_are_the_numbers_of_the_json(result: Result, whole: Result) -> None:
    numbers = {path: value for path, value in leaves(whole.to_dict()) if type(value) in (int, float)}
    stated = {path for path in numbers if path.startswith(("prices.", "limits.", "accuracy.", "spent.expected."))}
    assert numbers.keys() - stated == {*METRICS, *SETTINGS}
    assert all(whole.metric(path) == value for path, value in numbers.items() if path in METRICS)
    optional = {path for path in METRICS if path.startswith(("controls.", "heaviest_user.", "peak_hour.", "spent."))}
    assert {path for path in METRICS if math.isnan(result.metric(path))} == optional


def test_the_json_of_a_whole_period(whole: Result) -> None:
    values = whole.to_dict()
    assert list(missing(LAYOUT, values)) == list(missing(LAYOUT_OF_ALL, values)) == []
    assert set(values["controls"]["each"][0]) == {
        *("threshold", "at", "delay_days", "crossed_rate", "acted_rate", "acts_day", "acts_date", "leak")
    }
    assert set(values["by_week"][0]) == {"name", "first", "last", "mean", "p50", "p95", "tail"}
    assert set(values["by_feature"][0]) == {"feature", "mean", "p50", "p95", "tail"}
    assert values["accuracy"] == {"rms_error": 0.0016, "held_out_levels": 24}
    assert values["spent"]["through"] == "2026-12-02"
    assert [line[0] for line in values["daily"].values()] == [None, None, None]
    json.dumps(values, allow_nan=False)


def test_days_of_the_json_are_dates_as_well(whole: Result) -> None:
    values = whole.to_dict()
    for numbers, dates in (
        (values["budget"]["breach_day"], values["budget"]["breach_date"]),
        (values["controls"]["each"][0]["acts_day"], values["controls"]["each"][0]["acts_date"]),
    ):
        assert dates == {key: whole.dates[number - 1].isoformat() for key, number in numbers.items()}
    never = make_result(facts=make_facts(budget=1e12)).to_dict()["budget"]
    assert never["breach_date"] == {"p10": None, "p50": None, "p90": None}


def test_tables_of_a_whole_period(whole: Result) -> None:
    assert list(whole.by_week.columns) == ["name", "first", "last", "mean", "p50", "p95", "tail"]
    assert whole.by_month["name"].tolist() == ["to date", "2026-12"]
    assert whole.by_feature["feature"].tolist()[:2] == ["chat", "build"]
    assert whole.by_feature["feature"].isna().tolist() == [False, False, True]
    assert whole.by_feature["mean"].sum() == pytest.approx(whole.spend.mean)
    columns = list(whole.trials.columns)
    assert columns[:5] == ["trial", "spend", "covered", "spend_without_controls", "breach_day"]
    assert columns[-4:] == ["days_storm", "days_spike", "spend_chat", "spend_build"]
    assert whole.controls is not None
    assert whole.trials["spend_without_controls"].tolist() == whole.controls.spend.samples.tolist()
    assert whole.trials["days_spike"].tolist() == whole.tally.event_days[:, 1].tolist()


def test_a_whole_period_survives_the_way_to_disk(whole: Result, tmp_path: Path) -> None:
    import pandas as pd

    again = load_result(whole.save(tmp_path))
    assert again.to_dict() == whole.to_dict()
    assert (again.accuracy, again.expected_to_date) == (whole.accuracy, whole.expected_to_date)
    pd.testing.assert_frame_equal(again.trials, whole.trials)
    pd.testing.assert_frame_equal(again.by_week, whole.by_week)


def test_without_controls_there_is_no_picture_of_them(result: Result, whole: Result) -> None:
    assert whole.plot.controls(narrow=True).axes
    with pytest.raises(ValueError, match="the scenario has no controls"):
        result.plot.controls()


def of_type(values: Any) -> Iterator[type]:
    if isinstance(values, dict):
        for below in values.values():
            yield from of_type(below)
    elif isinstance(values, list):
        for below in values:
            yield from of_type(below)
    else:
        yield type(values)


def test_the_json_is_plain(result: Result) -> None:
    values = result.to_dict()
    assert set(of_type(values)) <= {str, int, float, bool, type(None)}
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    values["spend"]["mean"] = "spoilt"
    assert result.to_dict()["spend"]["mean"] == result.spend.mean


def test_what_is_no_number_is_null() -> None:
    assert plain({1: (math.nan, np.float64(math.inf), np.int64(3), [np.array([1.5, -math.inf])])}) == {
        "1": [None, None, 3, [[1.5, None]]]
    }


def test_the_parts_of_the_json_agree(result: Result) -> None:
    values = result.to_dict()
    spend, budget = values["spend"], values["budget"]
    assert math.fsum(row["mean"] for row in values["attribution"]) == pytest.approx(spend["mean"], rel=1e-14)
    assert math.fsum(row["tail"] for row in values["attribution"]) == pytest.approx(spend["tvar95"], rel=1e-14)
    assert [line[-1] for line in values["daily"].values()] == [spend["p5"], spend["p50"], spend["p95"]]
    assert 0 < budget["breach_probability"] < 1
    assert budget["covered_p95"] < spend["p95"]
    assert values["contingency"]["p95"] == budget["covered_p95"] - BUDGET
    assert budget["breach_probability"] == result.breach_probability() == result.breach_probability(BUDGET)
    assert {row["feature"] for row in values["attribution"] if row["cause"] == "fixed"} == {None}


def test_without_a_budget_contingency_is_on_top_of_the_average_plan() -> None:
    free = make_result(facts=make_facts(budget=None, covers=(), limits={}))
    values = free.to_dict()
    assert values["budget"] is None
    assert values["contingency"]["p80"] == free.spend.quantile(0.80) - 55_000.0
    assert free.verdict().word is None
    assert free.breach_probability(0.01) == 1.0
    with pytest.raises(ValueError, match="coding-agent has no budget: say which amount"):
        free.breach_probability()


def test_a_budget_that_always_holds_has_nulls_for_what_did_not_happen() -> None:
    safe = make_result(facts=make_facts(budget=1e12)).to_dict()["budget"]
    assert safe["breach_probability"] == 0.0
    assert safe["expected_overrun_given_breach"] is None
    assert safe["breach_day"] == {"p10": None, "p50": None, "p90": None}


def test_the_verdict_reads_the_files_own_limits(result: Result) -> None:
    p = result.breach_probability()
    assert result.verdict().word == "AT RISK"
    strict = make_result(facts=make_facts(limits={"breach_probability": p / 2, "p50": 1.0}))
    assert strict.verdict().word == "LIKELY TO BREAK"
    assert [crossed.name for crossed in strict.verdict().violations] == ["breach_probability", "p50"]
    assert strict.violations({"p50": 1e12}) == ()


# Tables


def test_a_budget_is_asked_for_as_people_write_it(result: Result) -> None:
    assert result.breach_probability("650k") == result.breach_probability(BUDGET) == result.breach_probability()
    assert result.breach("$650,000") == result.breach()


@pytest.mark.parametrize("amount", [math.nan, math.inf, -3, 0, "lots", "3%", True, [1.0]])
def test_what_is_no_budget_is_never_safe(result: Result, amount: Any) -> None:
    for asked in (result.breach, result.breach_probability):
        with pytest.raises(ValueError, match="a budget is a number above 0, such as 30k; got"):
            asked(amount)


@pytest.mark.parametrize("count", [-3, 2.5, math.nan, None, "few"])
def test_how_many_is_a_whole_number(result: Result, count: Any) -> None:
    for asked in (result.sessions, result.worst):
        with pytest.raises(ValueError, match="how many is a whole number from 0, such as 10k; got"):
            asked(count)


def test_the_table_of_trials(result: Result) -> None:
    trials = result.trials
    assert list(trials.columns) == [
        *("trial", "spend", "covered", "breach_day", "sessions", "turned_away"),
        *DRIVERS,
        *("spend_chat", "spend_build"),
    ]
    assert trials["trial"].tolist() == list(range(3, 3 + TRIALS))
    assert trials["spend"].tolist() == result.spend.samples.tolist()
    assert trials["sessions"].sum() == 1_500
    assert trials[list(DRIVERS)].to_numpy().tolist() == result.tally.levels.tolist()
    assert int(trials["breach_day"].notna().sum()) == result.breach().breaching
    fixed = 5 * 1_000.0
    assert (trials["spend_chat"] + trials["spend_build"] + fixed).to_numpy() == pytest.approx(result.spend.samples)


def test_covered_spend_is_what_breaks_the_budget(result: Result) -> None:
    trials = result.trials
    assert trials["covered"].tolist() == result.covered.samples.tolist()
    assert (trials["covered"] < trials["spend"]).any()
    assert ((trials["covered"] > BUDGET) == trials["breach_day"].notna()).all()
    assert make_result(facts=make_facts(budget=None, covers=(), limits={})).trials["covered"].isna().all()


def test_breach_days_of_trials_are_counted_from_one_and_missing_where_the_budget_holds(result: Result) -> None:
    covered = np.cumsum(result.tally.covered, axis=1) / 1e9
    expected = [next((d + 1 for d, spent in enumerate(row) if spent > BUDGET), None) for row in covered]
    days = result.trials["breach_day"]
    assert [None if missed else int(day) for day, missed in zip(days, days.isna(), strict=True)] == expected
    assert None in expected
    assert len(set(expected)) > 2


def test_the_table_of_attribution_tells_tools_apart(result: Result) -> None:
    table = result.attribution
    assert list(table.columns) == ["feature", "agent", "cause", "detail", "mean", "tail"]
    assert set(table.loc[table["cause"] == "tools", "detail"]) == {"search", "read"}
    assert table["mean"].sum() == pytest.approx(result.spend.mean)


def test_the_worst_sessions_have_addresses(result: Result) -> None:
    worst = result.worst(4)
    records = result.tally.worst[:4]
    assert list(worst.columns) == [*(SESSION_DTYPE.names or ()), "cut_by"]
    assert worst["cost"].is_monotonic_decreasing
    assert worst["cost"][0] == result.session.cost.max
    assert worst["day"].tolist() == (records["day"] + 1).tolist()
    assert worst["feature"].tolist() == [("chat", "build")[f] for f in records["feature"]]
    assert len(result.worst(10**6)) == len(result.worst("10k")) == 100
    assert len(result.worst(0)) == 0


def test_sampled_sessions_are_spread_evenly_over_all_that_were_simulated(result: Result) -> None:
    tally = result.tally
    every = sample_addresses(tally, 10**6)
    assert len(every) == 1_500
    counts = np.zeros_like(tally.sessions)
    np.add.at(counts, (every["trial"] - 3, every["day"], every["feature"]), 1)
    assert (counts == tally.sessions).all()
    places = every[["trial", "day", "feature", "session"]].tolist()
    assert len(set(places)) == 1_500
    assert places == sorted(places)
    assert all(tally.sessions[t - 3, d, f] > s >= 0 for t, d, f, s in places)
    few = sample_addresses(tally, 150)[["trial", "day", "feature", "session"]].tolist()
    assert few == places[5::10]
    assert len(sample_addresses(tally, 0)) == 0


def test_sampled_sessions_are_simulated_anew() -> None:
    def sampler(addresses: Any) -> Any:
        records = addresses.copy()
        records["cost"] = 10 * addresses["session"]
        return records

    sessions = make_result(sampler=sampler).sessions(20)
    assert len(sessions) == 20
    assert (sessions["cost"] == 10 * sessions["session"]).all()
    assert sessions["day"].between(1, 5).all()
    assert set(sessions["feature"]) == {"chat", "build"}


# Disk


def test_a_saved_result_gives_the_same_risk(result: Result, tmp_path: Path) -> None:
    import pandas as pd

    home = result.save(tmp_path / "deep" / "run")
    assert sorted(file.name for file in home.iterdir()) == ["result.json", "tally.npz", "trials.parquet"]
    again = load_result(home)
    assert again.to_dict() == result.to_dict() == json.loads((home / "result.json").read_text())
    assert (again.seconds, again.facts) == (result.seconds, result.facts)
    pd.testing.assert_frame_equal(again.trials, result.trials)
    pd.testing.assert_frame_equal(again.worst(100), result.worst(100))
    pd.testing.assert_frame_equal(pd.read_parquet(home / "trials.parquet"), result.trials)
    again.tally.merge(make_empty(again.tally))


def make_empty(tally: Tally) -> Tally:
    return Tally.empty(tally.frame, np.array([10**6]), 12)


def test_amounts_beyond_64_bits_survive_the_way_to_disk(tmp_path: Path) -> None:
    tally = make_tally()
    tally.session.cost_units[tally.session.cost_counts > 0] += 2**70
    tally.session.waste_units += 2**80
    tally.session.tokens["input"] += 2**90
    saved = make_result(tally)
    again = load_result(saved.save(tmp_path))
    assert again.session == saved.session
    assert (again.tally.session.cost_units == tally.session.cost_units).all()


def test_a_loaded_result_says_that_it_holds_no_sessions(result: Result, tmp_path: Path) -> None:
    again = load_result(result.save(tmp_path))
    with pytest.raises(ValueError, match="a loaded result holds no sessions: run coding-agent again with seed 7"):
        again.sessions(3)


def test_a_file_that_fails_leaves_the_old_one(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result.save(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(simulator.result, "trials_frame", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        result.save(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == before.keys()
    assert (tmp_path / "trials.parquet").read_bytes() == before["trials.parquet"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "holds no saved result: there is no tally.npz in it"),
        (b"", "is not a result that can be read here"),
        (b"PK\x03\x04 not really", "is not a result that can be read here"),
        (b"just text", "is not a result that can be read here"),
    ],
)
def test_what_is_no_saved_result_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "tally.npz").write_bytes(content)
    with pytest.raises(StoreError, match=words) as error:
        load_result(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_another_format_is_told(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result.save(tmp_path)
    monkeypatch.setattr("simulator.store.FORMAT", FORMAT + 1)
    with pytest.raises(StoreError, match=f"its format is {FORMAT}, this version reads {FORMAT + 1}; run it again"):
        load_result(tmp_path)


# Show


def test_a_notebook_sees_a_table_and_a_picture(result: Result) -> None:
    html = result._repr_html_()
    assert "<table>" in html
    assert "data:image/png;base64," in html
    assert "Coding &lt;b&gt;assistant&lt;/b&gt; &amp; friends" in html
    assert "€650,000" in html


@pytest.mark.parametrize("name", ["burn_fan", "s_curve", "daily", "session_cost", "attribution"])
def test_every_figure_is_a_method_of_plot(result: Result, name: str) -> None:
    figure = getattr(result.plot, name)(narrow=True)
    assert figure.axes


def test_a_result_says_what_it_is(result: Result) -> None:
    assert repr(result).startswith("Result(coding-agent: P50 ")
    assert repr(result).endswith("60 trials, exact, seed 7)")


def test_a_result_needs_a_scenario_or_facts() -> None:
    with pytest.raises(TypeError, match="needs a scenario and its prices, or the facts of both"):
        Result(
            make_tally(),
            None,
            None,
            seed=1,
            engine="exact",
            engine_reason="",
            trials_requested=1,
            interrupted=False,
            seconds=0.0,
        )


def test_a_result_costs_no_heavy_import() -> None:
    heavy = ("pandas", "matplotlib", "numba", "scipy.stats", "pyarrow", "genai_prices", "jinja2", "ruamel")
    program = f"import sys, simulator.result; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_trial_without_sessions_still_gives_its_json() -> None:
    quiet = Tally.empty(frame(CELLS, ("chat", "build"), days=5), np.array([0]), 12)
    result = make_result(quiet, trials_requested=1, sampler=lambda records: records)
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert values["spend"]["p95"] == 0.0
    assert values["spend"]["sd"] is None
    assert values["session"]["cost"]["mean"] is None
    assert values["budget"]["breach_ci"] == [0.0, pytest.approx(0.95)]
    assert math.isnan(result.metric("session.cost.p99"))
    assert len(result.sessions(10)) == len(result.worst(5)) == 0
