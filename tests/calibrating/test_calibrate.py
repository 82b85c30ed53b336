"""From a table of calls to a file that loads, says where it is from, and is quiet about itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scenarios.bills import make_bill
from scenarios.calibrate import Calibration, Options, calibrate
from scenarios.calibrating.draft import Draft, find_path, ordered, write_draft
from scenarios.calibrating.learnings import Learnt, Notes
from scenarios.calibrating.levers import Costs
from scenarios.calibrating.opened import interval, learn_drivers
from scenarios.calibrating.pricing import Models, fit_windows, name_models, price_at_cards
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.volume import Volume
from scenarios.catalog import find_model
from scenarios.inputs import assumed_drivers, count_inputs
from scenarios.lint import lint
from scenarios.load import load, scenario_sha256
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.table import Calls, Rows
from scenarios.prices import resolve_prices
from tests.calibrating.made_up import FIRST_DAY, MODEL, chats, empirical, lognormal

LOG = Path("calls.jsonl.gz")


def calibrated(calls: Calls | None = None, **options: Any) -> Calibration:
    calls = chats() if calls is None else calls
    return calibrate(calls, Reading(files=[LOG]), Options(**{"choose": lognormal, **options}))


def refused(calls: Calls, **options: Any) -> str:
    with pytest.raises(LogError) as caught:
        calibrated(calls, **options)
    return str(caught.value)


@pytest.fixture(scope="module")
def made() -> Calibration:
    return calibrated()


def test_a_cache_of_an_hour_has_its_price_where_that_is_stated_and_no_call_tells() -> None:
    calls = chats(n_days=4, written=1_000)
    five, hour = (calibrated(calls, ttl_minutes=minutes).bill.repriced for minutes in (5.0, 60.0))
    price = find_model(f"anthropic/{MODEL}").on(FIRST_DAY).standard[0].input
    assert price is not None
    assert hour - five == pytest.approx((2 - 1.25) * price * 1_000 * len(calls) / 1e6)


@pytest.mark.parametrize(("lost", "is_told"), [(0.04, False), (0.06, True)])
def test_many_records_that_could_not_be_used_are_weighed(lost: float, is_told: bool) -> None:
    calls, reading = chats(n_days=4), Reading(files=[LOG])
    n = int(lost / (1 - lost) * len(calls))
    reading.skip("prompt is no number", "calls.csv:2", n)
    warnings = calibrate(calls, reading, Options(choose=lognormal)).warnings
    said = f"{n:,} of {n + len(calls):,} records could not be used"
    assert any(warning.startswith(said) for warning in warnings) == is_told


@pytest.mark.parametrize("lost", [0.08, 0.2])
def test_what_makes_all_figures_doubtful_is_noted_first(lost: float) -> None:
    calls, reading = chats(n_days=4), Reading(files=[LOG])
    reading.skip("prompt is no number", "calls.csv:2", int(lost / (1 - lost) * len(calls)))
    notes = calibrate(calls, reading, Options(choose=lognormal)).document["notes"]
    assert ("records could not be used" in notes[0]) == (lost > 0.1)
    twice = replace(calls, columns={name: np.repeat(values, 2) for name, values in calls.columns.items()})
    assert f"{len(calls):,} of {2 * len(calls):,} calls are like another" in calibrated(twice).document["notes"][0]


def test_what_is_written_reads_back_as_it_was_meant(tmp_path):
    made = calibrated(chats(n_users=40), choose=empirical)
    files = made.write(tmp_path / "chat.yaml")
    assert all(file.is_file() for file in files)
    assert len(files) > 2
    scenario = load(tmp_path / "chat.yaml")
    assert {key: value for key, value in scenario.written.items() if key != "name"} == made.plain("chat")
    assert scenario.name == "chat"


def test_values_of_laws_of_data_lie_beside_the_scenario(tmp_path):
    made = calibrated(choose=empirical)
    made.write(tmp_path / "chat.yaml")
    scenario = load(tmp_path / "chat.yaml")
    (agent,) = scenario.agents.values()
    (name,) = (name for name in made.bodies if name.endswith("output_tokens"))
    assert agent.output_tokens.mean() == pytest.approx(made.bodies[name].mean(), rel=1e-9)
    assert sorted(path.name for path in (tmp_path / "chat.laws").iterdir()) == sorted(f"{n}.csv" for n in made.bodies)


@pytest.mark.parametrize("choose", [lognormal, empirical])
@pytest.mark.parametrize("dated", [True, False])
def test_check_is_quiet_about_what_calibration_wrote(choose, dated, tmp_path):
    calibrated(chats(dated=dated), choose=choose).write(tmp_path / "chat.yaml")
    scenario = load(tmp_path / "chat.yaml")
    assert [str(finding) for finding in lint(scenario, resolve_prices(scenario).cards)] == []


def test_check_is_quiet_about_calls_without_sessions(tmp_path):
    rng = np.random.default_rng(1)
    n = 400
    rows = Rows()
    rows.extend(
        model=["gpt-5.5"] * n,
        fresh=rng.integers(50, 3_000, n),
        cached=1_024 * rng.integers(0, 2, n),
        output=rng.integers(5, 700, n),
    )
    made = calibrated(rows.finish(dated=False))
    made.write(tmp_path / "calls.yaml")
    scenario = load(tmp_path / "calls.yaml")
    assert [str(finding) for finding in lint(scenario, resolve_prices(scenario).cards)] == []
    assert set(made.drivers.open.log_sd) <= {"context", "output_tokens", "cache_hit"}


def test_a_driver_that_moves_nothing_in_the_scenario_is_none():
    calls = chats()
    costs = Costs(calls.prompt * 5e-6 + calls["output"] * 25e-6, calls.prompt * 5e-6, calls.prompt * 5e-6)
    log = read_sessions(calls)
    volume = Volume({}, None, 0, "", None)
    cost = np.bincount(log.instances.session[log.instance_of_call], costs.whole)
    law = {"lognormal": {"mu": 0, "sigma": 1}}
    for agent in ({"turns": law, "message_tokens": law}, {"turns": law}):
        drivers = learn_drivers(log, costs, cost, volume, {"chat": agent}, Notes(), seed=1)
        assert set(drivers.section) - {"correlation"} <= set(agent)
        assert drivers.open.implied == pytest.approx(drivers.spread.log_sd)


def test_a_law_has_its_source_and_a_number_its_comment(made):
    text = made.text("chat")
    scenario = made.plain("chat")
    (agent,) = scenario["agents"].values()
    source = agent["output_tokens"]["source"]
    assert source.startswith("measured in calls.jsonl.gz (2026-09-07 to 2026-10-04): ")
    assert source.endswith("sessions; moments")
    line = next(line for line in text.splitlines() if line.lstrip().startswith("system_tokens:"))
    assert "5th percentile" in line


def test_what_was_learnt_counts_as_measured_and_what_nobody_measured_does_not(made, tmp_path):
    made.write(tmp_path / "chat.yaml")
    counts = count_inputs(load(tmp_path / "chat.yaml"))
    assert made.document["drivers"]["correlation"]
    assert counts.stated == 0
    by_hand = load(tmp_path / "chat.yaml", "drivers.turns=0.8 to 1.3")
    pairs = sum("turns" in pair for pair in made.document["drivers"]["correlation"])
    assert count_inputs(by_hand).stated == 1 + pairs
    assert made.document["volume"]["source"].startswith("measured in calls.jsonl.gz (2026-09-07 to 2026-10-04): ")
    assert counts.assumed == 0
    (agent,) = made.document["agents"].values()
    assert counts.measured >= len({"turns", "system_tokens", "message_tokens", "output_tokens"} & set(agent)) > 3


def test_limits_that_are_a_law_have_a_source():
    def limits(limit, *paths):
        learnt = [
            Learnt(f"agents.a.context.{path}", "limit", "tokens", None, None, f"of {path}", 7, 7) for path in paths
        ]
        draft = Draft({"agents": {"a": {"context": {"limit": limit}}}}, {}, {}, learnt, "", "calls.csv")
        return draft.plain("x")["agents"]["a"]["context"]["limit"], draft.text("x")

    law = {"mixture": [{"weight": 0.5, "law": 1_000}, {"weight": 0.5, "law": 2_000}]}
    assert limits(law, "limit")[0]["source"] == "measured in calls.csv: of limit"
    by_model, text = limits({"m/x-1.5": law, "n": 9_000}, "limit.m/x-1.5", "limit.n")
    assert by_model["m/x-1.5"]["source"] == "measured in calls.csv: of limit.m/x-1.5"
    assert re.search(r"n: 9000 +# of limit\.n\n", text)


def test_the_head_says_what_was_read_and_what_was_not_learnt(made):
    head = made.text("chat").split("\ntitle:")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert f"calls.jsonl.gz (2026-09-07 to 2026-10-04): {len(made.sessions.of_call):,} calls of" in head
    assert f"The log repriced: ${made.bill.repriced:,.2f} at list prices." in head
    assert "Not learnt:" in head
    assert _whole(made.unlearnt[0]) in _whole(head.replace("#", ""))
    assert f"and {len(made.unlearnt) - 2} more, which --json has" in head
    assert len(head.splitlines()) <= 20


def test_sentences_of_the_head_are_whole(made):
    long = "the sentence of a warning " + "that goes on and on " * 12 + "to its end"
    head = replace(made, unlearnt=(long,)).text("chat").split("\ntitle:")[0]
    assert _whole(long) in _whole(head.replace("#", ""))
    assert max(map(len, head.splitlines())) <= 120


def _whole(text: str) -> str:
    return " ".join(text.split())


def test_it_looks_ahead_from_the_last_day_of_the_log(made):
    scenario = load(made.plain("chat"))
    assert scenario.as_of == date(2026, 10, 4)
    assert scenario.period.start == date(2026, 11, 1)
    assert scenario.budget is None
    assert "add `budget: 30k`" in made.text("chat")
    assert calibrated(as_of=date(2026, 12, 31)).document["period"] == "2027-01"


def test_sections_come_in_the_order_in_which_people_read(made):
    assert [key for key in made.plain("chat") if key != "difficulty"] == [
        "title", "sources", "notes", "as_of", "period", "volume", "features", "agents", "drivers",
    ]  # fmt: skip
    (agent,) = made.plain("chat")["agents"].values()
    assert list(agent)[:3] == ["model", "system_tokens", "turns"]


def test_a_name_that_is_given_is_the_scenarios(tmp_path):
    calibrated(name="support").write(tmp_path / "other.yaml")
    assert load(tmp_path / "other.yaml").name == "support"


def test_observed_sessions_cost_what_the_scenario_would_charge(made):
    assert made.sessions.cost.sum() == pytest.approx(made.bill.repriced, rel=1e-12)  # no price changed in between
    assert made.sessions.cost.shape == (len(made.sessions),)


def test_the_drivers_leave_the_session_cost_as_open_as_sessions_drawn_again(made):
    drivers = made.drivers
    assert drivers.open.implied == pytest.approx(drivers.spread.log_sd, rel=1e-9)
    assert 0 < drivers.spread.bootstrap < drivers.spread.log_sd
    # turns have a cv of about 0.9 and carry history: the mean of 560 sessions is open by 0.05 to 0.08
    assert 0.04 < drivers.spread.log_sd < 0.1
    scenario = load(made.plain("chat"))
    assert set(scenario.drivers.levels) == {*drivers.open.log_sd, "volume"}
    written = made.document["drivers"]
    assert written["correlation"] == {f"{a}~{b}": rank for (a, b), rank in drivers.open.correlation.items()} != {}
    for name, log_sd in drivers.open.log_sd.items():
        assert np.log(written[name]["p95"] / written[name]["p5"]) / (2 * 1.6448536) == pytest.approx(log_sd, abs=1e-3)
        widened = drivers.open.widened.get(name, 1.0)
        source = made.plain("chat")["drivers"][name]["source"]
        assert ("times as wide" in source) == (abs(widened - 1) >= 0.05)


def test_an_interval_is_that_of_a_driver_whose_effect_has_mean_one():
    for effect in (1.0, 1.8, -0.7):
        low, high = interval(0.2, effect).values()
        log_sd = np.log(high / low) / (2 * 1.6448536)
        middle = np.log(high * low) / 2
        assert log_sd == pytest.approx(0.2, rel=2e-3)
        assert effect * middle + (effect * log_sd) ** 2 / 2 == pytest.approx(0, abs=1e-3)


def test_a_pilot_forecasts_more_widely_than_a_long_log():
    pilot, long = (calibrated(chats(n_days=days, a_day=a_day)).drivers for days, a_day in ((3, 17.0), (28, 150.0)))
    assert pilot.spread.n < 80
    assert pilot.open.implied > 4 * long.open.implied
    assert pilot.volume_sd > 3 * long.volume_sd


def test_the_seed_draws_other_sessions_and_the_same_seed_the_same():
    one, again, other = (calibrated(seed=seed).plain("x")["drivers"] for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_log_without_dates_assumes_a_month_and_says_it():
    made = calibrated(chats(dated=False))
    assert made.document["volume"]["sessions_per_month"] == len(made.sessions)
    assert any("a month is taken to have as many sessions as the log" in text for text in made.assumed)
    assert made.drivers.volume_sd is None
    scenario = load(made.plain("chat"))
    assert scenario.drivers.levels["volume"].ppf([0.95])[0] == pytest.approx(2.1, rel=0.01)
    assert scenario.drivers.levels["volume"].source == "assumed: outside view: nobody measured this"
    assert assumed_drivers(scenario) == ("volume",)
    assert count_inputs(scenario).assumed == 2


def test_what_a_reader_must_know_travels_with_the_scenario(tmp_path):
    made = calibrated(chats(n_days=1, dated=False))
    made.noting(["against 20 sessions: costs are\u200f off."]).write(tmp_path / "made.yaml")
    off, volume, *others = load(tmp_path / "made.yaml").notes
    assert off == "Is off: against 20 sessions: costs are  off."
    assert volume.startswith("Assumed: Volume: the log has no dates, so a month")
    assert {f"Mind: {said}" for said in made.warnings} <= set(others)
    assert {f"Assumed: {said}" for said in made.assumed} <= {volume, *others}


def test_a_note_changes_no_number() -> None:
    plain = calibrated().plain("x")
    notes = {**plain, "notes": ["another"], "volume": {**plain["volume"], "source": "assumed: a guess"}}
    assert scenario_sha256(load(plain)) == scenario_sha256(load(notes))


def test_sessions_a_day_may_be_stated():
    made = calibrated(sessions_per_day=5_000, calls=chats(n_users=40))
    assert made.document["volume"] == {"sessions_per_day": 5_000}
    assert count_inputs(load(made.plain("x"))).assumed == 1  # how sure that is was not said


def test_users_are_learnt_where_they_are_known():
    volume = calibrated(chats(n_users=40)).plain("x")["volume"]
    assert volume["users"] == 40
    assert volume["sessions_per_user_day"] == pytest.approx(0.5, rel=0.1)


def test_long_names_get_an_alias_and_writing_for_an_hour_its_price():
    rows = Rows("model", "written", "written_1h", "output")
    for _ in range(5):
        rows.append("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1_000, 0, 10)
        rows.append("claude-opus-4-7", 1_000, 1_000, 10)
    calls = rows.finish(dated=False)
    bill = make_bill(calls, as_of=date(2026, 11, 9))
    models = name_models(calls, bill, date(2026, 12, 1))
    assert models.section["claude-sonnet-4-5"] == "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert models.section["claude-opus-4-7"] == {"catalog": "anthropic/claude-opus-4-7", "cache_write": 10.0}
    assert models.model_name("", "claude-opus-4-7") == "claude-opus-4-7"
    np.testing.assert_allclose(price_at_cards(calls, models).whole, bill.cost, rtol=1e-12)


def at_a_share_of_list_prices(share: float, apart: float = 0.0) -> Calls:
    """Calls that record what they cost: one share of their list price, the second half of them `apart` from it."""
    calls = chats(n_days=4)
    cost = make_bill(calls, as_of=date(2026, 11, 9)).cost
    paid = cost * np.where(np.arange(cost.size) < cost.size // 2, share, share + apart)
    return replace(calls, columns={**calls.columns, "cost": paid})


def test_one_discount_on_all_calls_is_what_the_scenario_pays(tmp_path):
    calls = at_a_share_of_list_prices(0.85)
    made = calibrated(calls)
    assert made.document["models"] == {"claude-opus-4-7": {"catalog": "anthropic/claude-opus-4-7", "pays": 0.85}}
    assert made.sessions.cost.sum() == pytest.approx(calls["cost"].sum(), rel=1e-3)
    head = made.text("chat").split("\ntitle:")[0]
    assert "The forecast is at what the log says is paid: claude-opus-4-7 at 0.85 of its list price." in head
    assert "the log records all of its calls at 0.85 times that" in made.text("chat")
    made.write(tmp_path / "paid.yaml")
    assert not any("list price" in text for text in made.warnings)
    assert load(tmp_path / "paid.yaml").models["claude-opus-4-7"].pays == 0.85


@pytest.mark.parametrize(
    ("share", "apart", "told"),
    [
        (1.06, 0.0, "1.06 times its list price, 6 % on top; if you pay that, write `pays: 1.06`"),
        (0.01, 0.0, "0.01 times its list price, too little to be taken for a discount"),
        (0.85, -0.3, "no single reason explains it"),
        (-0.5, 0.0, ""),
    ],
)
def test_other_differences_are_told_and_not_written(share, apart, told):
    made = calibrated(at_a_share_of_list_prices(share, apart))
    assert "models" not in made.document
    assert told in made.bill.lines[0].reason


def test_keys_that_have_no_place_come_last():
    assert list(ordered({"odd": 1, "agents": {}, "name": "x"})) == ["name", "agents", "odd"]


def test_names_with_dots_are_found_in_dotted_paths():
    tree = {"agents": {"gpt-5.5": {"spawns": [{"count": 1}], "turns": 2}}}
    assert find_path(tree, "agents.gpt-5.5.turns") == ("agents", "gpt-5.5", "turns")
    assert find_path(tree, "agents.gpt-5.5.spawns.0.count") == ("agents", "gpt-5.5", "spawns", 0, "count")
    assert find_path(tree, "agents.gpt-5.turns") is None


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_log_is_never_written_over(tmp_path):
    log = tmp_path / "calls.csv"
    log.write_text("kept")
    made = calibrate(chats(), Reading(files=[log]), Options(choose=empirical))
    with pytest.raises(LogError, match=r"calls\.csv would be written over .*calls\.csv, which was read"):
        made.write(log)
    inside = tmp_path / "chat.laws" / "calls.csv"
    inside.parent.mkdir()
    inside.write_text("kept")
    made = calibrate(chats(), Reading(files=[inside]), Options(choose=empirical))
    with pytest.raises(LogError, match="would be written over"):
        made.write(tmp_path / "chat.yaml")
    assert log.read_text() == inside.read_text() == "kept"


def test_a_second_calibration_replaces_the_first_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "chat.yaml"
    calibrated(choose=empirical).write(path)
    before = path.read_text()
    calibrated(chats(seed=2), choose=empirical).write(path)
    assert path.read_text() != before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["chat.laws", "chat.yaml"]
    load(path)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "chat.yaml"
    made = calibrated(choose=empirical)
    made.write(path)
    before = path.read_text(), sorted(entry.name for entry in (tmp_path / "chat.laws").iterdir())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(LogError, match="can't be written: no space left on device"):
        write_draft(made._draft, path, [])
    monkeypatch.undo()
    assert (path.read_text(), sorted(entry.name for entry in (tmp_path / "chat.laws").iterdir())) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["chat.laws", "chat.yaml"]


def test_a_scenario_that_cannot_be_replaced_keeps_its_values(tmp_path, monkeypatch):
    path = tmp_path / "chat.yaml"
    calibrated(choose=empirical).write(path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    other = calibrated(chats(seed=2), choose=empirical)

    def refuse(*_: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(LogError, match="can't be written: permission denied"):
        other.write(path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_an_empty_log_is_refused():
    assert refused(Rows().finish(dated=False)) == "the log has no calls to learn from"


def test_a_log_without_tokens_is_refused():
    said = refused(_without_tokens(chats(n_days=2)))
    assert "calls has any tokens: the log does not record them" in said
    assert "--map fresh=FIELD" in said


def _without_tokens(calls: Calls) -> Calls:
    nothing = np.zeros(len(calls), np.int64)
    return Calls({**calls.columns, "fresh": nothing, "output": nothing}, calls.names, calls.tools, calls.dated)


def test_one_session_is_refused():
    calls = chats()
    said = refused(calls.where(calls["session"] == 0))
    assert said.startswith("the log holds one session, and one says nothing about how sessions differ")


def test_free_calls_are_refused():
    calls = chats()
    free = Calls({**calls.columns, "billed": np.zeros(len(calls), bool)}, calls.names, calls.tools, calls.dated)
    assert "all calls of the log are free" in refused(free)


def test_few_sessions_are_warned_of():
    calls = chats()
    made = calibrated(calls.where(calls["session"] < 8))
    assert any(
        text.startswith("8 sessions say little: the mean cost of a session is open by") for text in made.warnings
    )


def test_few_uneven_days_take_the_outside_view_and_say_so():
    def volume(days):
        rows = Rows("session", "time", "model", "fresh", "output")
        for day, n in enumerate(days):
            for one in range(n):
                at = 1_793_577_600 + 86_400 * day + (86_399 * one) // max(n - 1, 1)
                rows.append(f"s{day}-{one}", at, "claude-opus-4-7", 1_000 + 10 * one, 1)
        made = calibrated(rows.finish(dated=True))
        return made.document["drivers"]["volume"], any("outside view" in text for text in made.warnings)

    outside, warned = volume([50, 2])
    assert (outside["p5"], outside["p95"], warned) == (0.477, 2.1, True)
    even, warned = volume([40, 25, 31, 38, 29])
    assert "source" not in even  # which comes with the file's name when it is written
    assert not warned


@pytest.mark.parametrize(("spread", "told"), [(2.5, True), (0.5, False)])
def test_sessions_too_few_and_uneven_for_an_honest_interval_are_warned_of(spread, told):
    rng, rows = np.random.default_rng(1), Rows("session", "model", "fresh", "output")
    for session in range(60):
        rows.append(f"s{session}", "claude-opus-4-7", round(1_000 * rng.lognormal(0, spread)), 1)
    warnings = calibrated(rows.finish(dated=False)).warnings
    assert any("do not show how heavy their tail is" in text for text in warnings) == told


def test_unknown_models_stop_a_calibration_unless_they_are_mapped():
    calls = chats()
    calls.names["model"][0] = "my-own"
    assert "my-own: the price catalogue has no model 'my-own'" in refused(calls)
    made = calibrated(calls, models={"my-own": "openai/gpt-5.5"})
    (agent,) = made.document["agents"].values()
    assert agent["model"] == "openai/gpt-5.5"


def test_all_of_it_is_plain_data(made):
    told = json.loads(json.dumps(made.to_dict()))
    assert told["bill"]["repriced"] == pytest.approx(made.bill.repriced)
    assert {one["path"] for one in told["learnt"]} >= {"volume.sessions_per_day"}


@pytest.mark.parametrize(("longest", "window"), [(190_000, None), (203_526, 203_526), (230_000, 400_000)])
def test_windows_are_widened_to_the_prompts_of_their_own_model(longest, window):
    rows = Rows("model", "fresh")
    for model, prompt in (("big", 1_000), ("big", longest), ("bigger", 900_000)):
        rows.append(model, prompt)
    names = {(None, "big"): "big", (None, "bigger"): "bigger"}
    cards = {
        "big": SimpleNamespace(context_window=200_000, tiers=[None]),
        "bigger": SimpleNamespace(context_window=1_000_000, tiers=[None]),
    }
    models = Models({}, names, cards, {})
    said = fit_windows(models, rows.finish(dated=False))
    assert [each.startswith("big: a prompt of 230,000 tokens") for each in said] == [True] * (longest == 230_000)
    assert models.section == ({"big": {"catalog": "big", "context_window": window}} if window else {})
    assert models.comments.keys() == models.section.keys()
