"""What is said of one period: each sentence of a known story, and days that add up and fit the line."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import burncurve as bc
from simulator.chronicle import Stretch
from simulator.risk.trial import Rank
from simulator.show.month_notes import Note, notes
from simulator.show.month_screen import HEADINGS, screen
from simulator.show.month_words import above
from simulator.show.words import money
from tests.simulator.periods import STORY, TRIALS, story
from tests.twin.worlds import one_agent, scenario

QUARTER = {
    "period": "2026-Q4",
    "volume": {"sessions_per_day": 300, "rollout": {"2026-10-05": "10%", "2026-10-20": "100%"}},
    "budget": {"amount": 40, "covers": ["models"]},
    "fixed_costs": {},
    "unit": "ticket",
}
MONEY = r"\$[\d,]+(?:\.\d+)?"


def happened(told):
    return {str(day): "; ".join(map(str, found)) for day, found in enumerate(told, 1) if found}


def days_of(text):
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("DAYS"))
    return lines[start : lines.index("", start)]


def test_what_happened_stands_on_its_day():
    told = {day: re.sub(r"[\d,]{5,} ", "N ", text) for day, text in happened(notes(story())).items()}
    assert told == {
        "2": "glitch, this day only: failure rate times 2.5, in 10 % of sessions",
        "3": "one-time cost set up: $20",
        "5": "launch spike starts, to Sun 6 Dec: volume times 3; N past the peak",
        "6": "passes 50 % of the budget, one-time costs left out; N past the peak",
        "7": "launch spike is over",
        "8": "the 50 % control acts: volume times 0.5; N turned away",
        "9": "N turned away",
        "10": "price rise starts, to the end: prices times 2; N turned away",
        "11": "THE BUDGET BREAKS; N turned away",
        "12": "N turned away",
    }


def test_a_period_to_date_is_told_as_a_fact():
    replay = story("p50", spent={"through": "2026-12-05", "amount": 127})
    told = happened(notes(replay))
    assert told["5"] == "spent to date, a fact; passes 50 % of the budget, one-time costs left out"
    assert told["6"].startswith("launch spike goes on: volume times 3")
    assert next(iter(told)) == "5"
    table = days_of(str(replay))
    assert re.fullmatch(r"1 to 5 Dec +\$127 +\$127 +81 % +spent to date, a fact; passes 50 % of", table[1])
    assert "No glitch or quake from Sun 6 Dec on." in replay.words["events"]


def test_spend_is_told_beside_the_other_trials_and_the_budget():
    said = " ".join(story().words["spend"])
    cheaper = np.mean(story().result.spend.samples < story().spend)
    assert f"This period spends $183: dearer than {100 * cheaper:.0f} % of 20 simulated periods, 1x the median" in said
    assert re.search(rf" {MONEY} of it is covered\. The \$156 budget breaks on Fri 11 Dec \(day 11 of 12\), and ", said)
    assert f"and is {money(story().result.covered.samples[story().row] - 156)} over by the end;" in said
    assert "of the 20 periods that break it, half do by Fri 11 Dec." in said
    sessions = int(story().result.tally.sessions[story().row].sum())
    assert f"It has {sessions:,} sessions, 1x the median period's, at $0.00111 each, 1x the median (fixed" in said


def test_the_dearest_and_the_median_are_called_so():
    assert ": the dearest of 20 simulated periods, 1.01x the median" in story("worst").words["spend"][0]
    assert story("p50").words["spend"][0].endswith(" of 20 simulated periods, and so the median period.")


def test_a_budget_that_holds():
    replay = story("p50", budget={"amount": 300, "covers": ["models", "one_time", "fixed"]}, controls=[])
    assert replay.words["spend"][1] == f"The $300 budget holds, with {money(300 - replay.spend)} to spare."
    assert "brakes" not in replay.words
    assert "BUDGET" not in str(replay)


def test_without_a_budget_nothing_is_said_of_one():
    replay = story("p50", budget=None, controls=[])
    assert "budget" not in str(replay)


def test_one_trial_is_beside_no_other():
    replay = bc.replay(STORY, month="p95", trials=1)
    assert "it is the only one of its run." in replay.words["spend"][0]
    assert "money" not in replay.words
    assert replay.words["drivers"][0].endswith("x (as in all periods).")


def test_an_interrupted_run_is_called_so():
    replay = story()
    replay.result.interrupted = True
    try:
        from simulator.show.month_words import paragraphs

        assert paragraphs(replay)["spend"][1] == "The run was interrupted: 20 were asked for."
        assert f"--month {replay.trial} --trials 20" in str(replay)
    finally:
        replay.result.interrupted = False


def test_drivers_come_with_how_rare_they_are():
    replay = story()
    level = replay.result.tally.levels[:, 4]
    own = level[replay.row]
    said = replay.words["drivers"][0]
    side = "above" if (level < own).sum() >= (level > own).sum() else "below"
    share = 100 * max((level < own).sum(), (level > own).sum()) / TRIALS
    assert said == f"Beside the plan: context size {own:.2g}x ({side} {share:.0f} % of periods)."


def test_the_driver_that_stands_furthest_from_the_plan_comes_first():
    drivers = {"context": "0.99 to 1.01", "turns": "0.2 to 0.3", "price": "2 to 2.5", "misses": "1.1 to 1.2"}
    replay = story("p50", drivers=drivers | {"cache_hit": "0.999 to 1.001"}, trends={"context": 0.1})
    said = replay.words["drivers"][0]
    assert said.startswith("Beside the plan, before growth: turns 0.2")
    order = [said.index(name) for name in ("turns", "prices", "unsuccessful outcomes", "context size")]
    assert order == sorted(order)
    assert "cache" not in said


@pytest.mark.parametrize(
    ("rank", "said"),
    [
        (Rank(15, 4, 20), "above 75 % of periods"),
        (Rank(4, 15, 20), "below 75 % of periods"),
        (Rank(19, 0, 20), "the highest of 20"),
        (Rank(0, 19, 20), "the lowest of 20"),
        (Rank(0, 0, 20), "as in all periods"),
    ],
)
def test_ranks_in_words(rank, said):
    assert above(rank, story()) == said


def test_events_are_told_with_what_their_days_spent():
    glitch, spike, rise, absent, peak = story().words["events"]
    days = story().days["spend"]
    assert glitch.startswith("Glitch on 2 Dec: failure rate times 2.5, in 10 % of sessions (on in all periods). $11")
    assert re.match(r"Launch spike from 5 to 6 Dec: volume times 3 \(on in all periods\)\. ", spike)
    assert spike.endswith(f"). {money(days[4:6].sum())} was spent on those 2 days, 1x the median of the same days.")
    assert rise.startswith("Price rise from 10 Dec on: prices times 2 (on in all periods). ")
    assert f" {money(days[9:].sum())} was spent on those 3 days" in rise
    assert absent == "No quake."
    beyond = int(story().result.tally.peak[story().row])
    assert peak == f"{beyond:,} sessions came beyond the busiest hour's capacity, failing 2 times as often."


def test_an_event_of_one_trial_in_a_few_stands_beside_the_others():
    spike = {"date": "2026-12-05", "days": 2, "multiplies": {"volume": 3}, "probability": 0.25}
    replay = story("worst", events={"spike": spike}, controls=[])
    on = int((replay.result.tally.event_days[:, 0] > 0).sum())
    (said,) = replay.words["events"][:1]
    assert f"(on in {100 * on / TRIALS:.0f} % of periods). " in said
    assert re.search(r" was spent on those 2 days, 2\.[89]x the median of the same days\.$", said)
    calm = story("0" if replay.trial else "1", events={"spike": spike | {"probability": 1e-9}}, controls=[])
    assert calm.words["events"] == ["None happened: no spike."]


def test_controls_are_told_with_what_leaks_and_whom_they_turn_away():
    replay = story()
    passed, after = replay.words["brakes"]
    leak = replay.chronicle.brakes[0].leak
    assert passed == (
        "Spend passes 50 % of the budget, one-time costs left out, on Sun 6 Dec: from Tue 8 Dec on, 1 day late, "
        f"volume times 0.5; {money(leak)} has leaked past it by then."
    )
    tally, row = replay.result.tally, replay.row
    away, came = int(tally.turned_away[row]), int(tally.sessions[row].sum())
    free = tally.free_spend[row].sum() * 1e-9
    assert after == (
        f"{away:,} sessions ({100 * away / (away + came):.1f} %) were turned away; without controls it would have "
        f"spent {money(free)} and broken the budget on Thu 10 Dec."
    )


def test_a_control_may_come_too_late_or_never():
    late = story("p50", controls=[{"at": 0.5, "multiplies": {"volume": 0.5}, "delay_days": 9}], budget=156)
    assert late.words["brakes"] == [
        "Spend passes 50 % of the budget, one-time costs left out, on Sun 6 Dec, too late for its control to act."
    ]
    never = story("p50", controls=[{"at": 3, "stop": True}], budget=156)
    assert never.words["brakes"] == ["No control was crossed."]


def test_a_control_that_turns_nobody_away():
    replay = story("p50", controls=[{"at": 0.5, "route": {"dear": "cheap"}}], budget=156)
    passed, after = replay.words["brakes"]
    assert ": from Mon 7 Dec on, calls of dear go to cheap; " in passed
    assert after.startswith("No sessions were turned away; without controls it would have spent $")


def test_the_money_is_told_by_whose_and_what_for():
    agents = {
        "a": {"model": "dear", "prompt_tokens": 0, "output_tokens": 10},
        "b": {"model": "dear", "prompt_tokens": 0, "output_tokens": 20},
    }
    spec = scenario(
        agents,
        models={"dear": {"input": 0, "output": 1_000}},
        volume={"sessions_per_day": 1_000},
        period={"start": "2026-12-01", "days": 2},
        drivers={"output_tokens": "0.5 to 2", "human_review": "0.5 to 2"},
        features={
            "x": {"agent": "a", "share": 1},
            "y": {"agent": "b", "share": 3, "human_review": {"rate": 0.3, "cost": 0.05}},
        },
    )
    replay = bc.replay(spec, month="worst", trials=12)
    (said,) = replay.words["money"]
    tally, row = replay.result.tally, replay.row
    gaps = dict(zip(tally.frame.cells, (tally.cells[row] - tally.cells.mean(axis=0)) * 1e-9, strict=True))
    named = {
        "answers written by a": next(v for c, v in gaps.items() if (c.feature, c.cause) == ("x", "output")),
        "answers written by b": next(v for c, v in gaps.items() if (c.feature, c.cause) == ("y", "output")),
        "people reviewing in y": next(v for c, v in gaps.items() if c.cause == "human_review"),
    }
    for name, change in named.items():
        shown = re.search(rf"{name} ([+-])\$(\d+(?:\.\d+)?)", said)
        assert float(shown[1] + shown[2]) == pytest.approx(change, rel=0.01), name
    assert re.match(rf"It spends {MONEY} more than the mean period \({MONEY}\): ", said)
    cheap = bc.replay(spec, month="p1", trials=12)
    assert re.match(rf"It spends {MONEY} less than the mean period", cheap.words["money"][0])


def test_prices_that_change_by_date_are_told_on_that_day():
    agent = {"model": "google/gemini-3.6-flash", "prompt_tokens": 1_000, "output_tokens": 100}
    period = {"start": "2026-12-30", "days": 4}
    replay = bc.replay(one_agent(agent, models={}, volume={"sessions_per_day": 20}, period=period), month=0, trials=2)
    model = "google/gemini-3.6-flash"
    assert happened(notes(replay)) == {
        "3": f"new prices of {model}: input $0.75 to $1.5, output $3.75 to $7.5 a million"
    }
    assert not happened(notes(story("p50", events={}, controls=[], volume={"sessions_per_day": 9}, fixed_costs={})))


def test_an_event_that_changes_while_it_is_on_goes_on():
    replay = story()
    first, second = (
        Stretch("launch-spike", 4, 4, True, False, {"volume": 3.0}),
        Stretch("launch-spike", 5, 5, False, True, {"volume": 2.46}),
    )
    known = replay.chronicle.stretches
    replay.chronicle.stretches = (first, second)
    try:
        told = happened(notes(replay))
    finally:
        replay.chronicle.stretches = known
    assert told["5"].startswith("launch spike, this day only: volume times 3")
    assert told["6"].startswith("launch spike goes on: volume times 2.5")


# -- the screen ----------------------------------------------------------------------------------------


def test_the_screen_has_its_parts_in_order():
    text = str(story())
    heads = [line.split()[0] for line in text.splitlines() if re.match(r"[A-Z]{3,} ", line)]
    assert heads == [head for head in HEADINGS if head != "DEAREST" or len(story().dearest)]
    assert text.startswith(
        f"A known story: 1 Dec 2026 to 12 Dec 2026, trial {story().trial} of 20, the P95 of spend, seed 3"
    )
    assert str(story("worst")).startswith(
        f"A known story: 1 Dec 2026 to 12 Dec 2026, trial {story('worst').trial} of 20, the dearest, seed 3"
    )
    assert str(story(3)).startswith("A known story: 1 Dec 2026 to 12 Dec 2026, trial 3 of 20, seed 3")


@pytest.mark.parametrize("width", [60, 72, 80, 100])
@pytest.mark.parametrize("more", [{}, QUARTER, {"budget": None, "controls": []}])
def test_lines_fit(width, more):
    lines = screen(story("p50", **more), width).splitlines()
    assert [line for line in lines if len(line) > width and "burncurve replay" not in line] == []


def test_a_narrow_screen_explains_only_what_it_shows():
    replay = story("p50", **QUARTER)
    assert "times and each: tickets, and what one of them costs, beside the median of all quarters" in flat(replay, 100)
    for width in (60, 72):
        text, head = flat(replay, width), days_of(screen(replay, width))[0]
        assert ("each" in head) == ("costs, beside the median of all" in text)
    assert "each: what one costs" in flat(story("p50"), 76)


def flat(replay, width):
    return " ".join(screen(replay, width).split())


def test_every_day_of_a_short_period_has_a_line_and_they_add_up():
    replay = story()
    rows = [line for line in days_of(str(replay)) if re.match(r"[A-Z][a-z]{2} \d", line)]
    assert len(rows) == 12
    cells = [
        re.match(rf"\w+ \d+ \w+ +([\d,]+) +\S+ +({MONEY}) +({MONEY}) +(\d+) % +(\S+)", row).groups() for row in rows
    ]
    days = replay.days
    for (sessions, spend, so_far, share, _), day in zip(cells, days.itertuples(), strict=True):
        assert int(sessions.replace(",", "")) == day.sessions
        assert float(spend[1:]) == pytest.approx(day.spend, rel=5e-3)
        assert float(so_far[1:]) == pytest.approx(day.so_far, rel=5e-4)
        assert abs(int(share) - 100 * day.of_budget) <= 1
    exact = re.search(r"^SUM +\$([\d.]+): what the days", str(replay), re.MULTILINE)[1]
    assert float(exact) == replay.spend


def test_days_of_a_long_period_on_which_nothing_happens_stand_by_the_week():
    replay = story("p50", **QUARTER)
    rows = days_of(str(replay))
    named = [re.split(r"  +", row)[0] for row in rows[1:] if row[0] != " "]
    assert named[:8] == [
        "1 to 4 Oct",
        "Mon 5 Oct",
        "6 to 11 Oct",
        "12 to 18 Oct",
        "Mon 19 Oct",
        "Tue 20 Oct",
        "21 to 25 Oct",
        "26 Oct to 1 Nov",
    ]
    weeks = {re.split(r"  +", row)[0]: re.split(r"  +", row)[1] for row in rows[1:] if row[0] != " "}
    october = replay.days.set_index("date")["sessions"]["2026-10-12":"2026-10-18"].sum()
    assert weeks["12 to 18 Oct"] == f"{october:,}"
    counted = [int(count.replace(",", "")) for count in weeks.values()]
    assert sum(counted) == replay.days["sessions"].sum()
    in_full = days_of(screen(replay, 100, everything=True))
    assert sum(bool(re.match(r"[A-Z][a-z]{2} \d+ ", row)) for row in in_full) == 92


def test_weeks_add_up_those_turned_away():
    replay = story("p50", **QUARTER)
    row = next(row for row in days_of(str(replay)) if row.startswith("21 to 27 Dec"))
    away = replay.days.set_index("date")["turned_away"]["2026-12-21":"2026-12-27"].sum()
    assert row.endswith(f"{away:,} turned away")


@pytest.mark.parametrize("driver", ["volume", "price"])
def test_the_multiples_are_those_beside_the_median_trial(driver):
    replay = story("worst", drivers={driver: "0.4 to 2.5"}, controls=[])
    tally, row = replay.result.tally, replay.row
    came = tally.sessions[:, 0, 0]
    each = tally.daily[:, 0, 0] / came
    shown = re.search(r"^Tue 1 Dec +\S+ +([\d.]+)x .* ([\d.]+)x", str(replay), re.MULTILINE)
    assert float(shown[1]) == pytest.approx(came[row] / np.median(came), rel=0.05)
    assert float(shown[2]) == pytest.approx(each[row] / np.median(each), rel=0.05)
    assert float(shown[1 if driver == "volume" else 2]) > 1.2


@pytest.mark.parametrize(("covered", "said"), [(0.996, "99 %"), (1.0, "100 %"), (1.004, "101 %"), (1.2, "120 %")])
def test_a_share_stays_on_its_side_of_the_budget(covered, said):
    replay = story()
    known = replay.chronicle.covered_so_far
    replay.chronicle.__dict__["covered_so_far"] = np.full(12, covered * 156)
    try:
        assert f" {said} " in days_of(str(replay))[1]
    finally:
        replay.chronicle.__dict__["covered_so_far"] = known


def test_the_commands_show_the_same_again():
    replay = story(3)
    again = re.search(r"^AGAIN +(.*)$", str(replay), re.MULTILINE)[1]
    assert again == "burncurve replay story.yaml --month 3 --trials 20 --seed 3"
    told = bc.replay(STORY, month=int(replay.result.tally.worst["trial"][0]), trials=TRIALS, seed=3)
    first = told.dearest[0]
    place = f"--trial {told.trial} --day {first['day'] + 1} --session {first['session']} --seed 3"
    assert str(told).splitlines()[-1].strip() == f"burncurve replay story.yaml {place}"
    assert "The dearest session of this period, $0.002, call by call:" in str(told)


def test_notes_are_counted_or_not():
    assert str(Note("turned away", count=1_234)) == "1,234 turned away"
    assert str(replace(Note("x"), once=False)) == "x"
