from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from simulator.result import Result
from simulator.risk.breach import DayQuantiles
from simulator.show import story, words
from simulator.show.parts import LONGEST_LABEL, MOST_PARTS, parts, shortened
from simulator.show.reading import Reading, read, session_curve
from tests.show import synthetic


@pytest.fixture(scope="module")
def reading(result: Result) -> Reading:
    return read(result)


def of(state: str) -> Reading:
    return read(synthetic.STATES[state]())


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("never breached", "None of 200 simulated months breaks the $1,000,000 budget"),
        ("always breached", "All 200 simulated months break the $10,000 budget, half of them by "),
        ("no budget", "Half of all months end above $"),
        ("one trial", "One simulated month spends $"),
        ("zero spend", "Nothing is spent in December 2026"),
    ],
)
def test_titles_of_the_burn_fan(state: str, said: str) -> None:
    assert story.burn_fan_title(of(state)).startswith(said)


def test_the_title_of_a_budget_that_sometimes_breaks(reading: Reading, result: Result) -> None:
    assert result.budget is not None
    assert result.budget.day is not None
    odds = words.odds(result.breach_probability())
    when = words.day_word(result.dates[result.budget.day.p50 - 1], weekday=False)
    assert story.burn_fan_title(reading) == f"{odds} months break the $100,000 budget, half of them by {when}"


@pytest.mark.parametrize(
    ("probability", "verb"),
    [(1 / 6, "1 in 6 months breaks"), (2 / 3, "2 in 3 months break"), (0.99, "99 in 100 months")],
)
def test_one_breaks_and_several_break(probability: float, verb: str, reading: Reading) -> None:
    assert reading.breach is not None
    changed = replace(reading, breach=replace(reading.breach, probability=probability))
    assert story.burn_fan_title(changed).startswith(verb)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            "never breached",
            "The $1,000,000 budget holds in more than 98.3 % of months; 95 % certainty takes no more than $",
        ),
        ("always breached", "The $10,000 budget holds in less than 1.7 % of months; 95 % certainty takes $"),
        ("no budget", "To be 95 % sure, plan $"),
        ("one trial", "The $100,000 budget holds in the one month simulated"),
        ("zero spend", "Every month costs nothing"),
    ],
)
def test_titles_of_the_s_curve(state: str, said: str) -> None:
    assert story.s_curve_title(of(state)).startswith(said)


def test_without_a_budget_the_difference_is_that_of_the_figures_shown() -> None:
    reading = of("no budget")
    gap = words.round_to(reading.held.p95) - words.round_to(reading.average_plan)
    assert f"{reading.money(gap)} more than a spreadsheet of averages says" in story.s_curve_title(reading)


def test_held_and_broken_add_up_to_100_percent() -> None:
    for n in range(1, 2_000):
        held, broken = words.percent(n / 2_000), words.percent(1 - n / 2_000)
        assert float(held.removesuffix(" %")) + float(broken.removesuffix(" %")) == pytest.approx(100, abs=1e-9)


def test_breaks_of_one_day_are_dated_by_it(reading: Reading) -> None:
    assert reading.breach is not None
    last = len(reading.dates)
    for p10, p50, p90, said in ((3, 3, 3, "3 Dec"), (20, last, last, "31 Dec")):
        breach = replace(reading.breach, day=DayQuantiles(p10, p50, p90))
        assert story.burn_fan_title(replace(reading, breach=breach)).endswith(f"budget, mostly on {said}")


def test_what_a_budget_covers_is_said_of_every_picture_that_shows_no_more() -> None:
    partly = of("a part covered")
    assert partly.covers == "models and tools"
    for how in (story.burn_fan_reading, story.s_curve_reading, story.daily_reading):
        assert "the budget covers (models and tools)" in how(partly)
        assert "covers" not in how(of("never breached"))
    assert story.daily_title(partly).startswith("A typical day's covered spend is $")
    assert story.daily_title(of("never breached")).startswith("A typical day costs $")


def test_both_bars_of_a_day_are_explained() -> None:
    reading = of("never breached")
    said = story.daily_reading(reading)
    assert f"dark bar holds half of {reading.trials:,} simulated months" in said
    assert said.endswith("the light one 9 in 10.")


@pytest.mark.parametrize(
    ("state", "said"), [("a part covered", "that of the dearest day, "), ("never breached", "the dearest day, ")]
)
def test_the_dearest_day_is_called_a_day(state: str, said: str) -> None:
    reading = of(state)
    assert said not in story.daily_title(reading), "days that are alike differ by chance"
    launch = {k: np.where(np.arange(line.size) == 9, 1.5 * line, line) for k, line in reading.by_day.items()}
    title = story.daily_title(replace(reading, by_day=launch))
    assert f"; {said}Thu 10 Dec, " in title
    assert re.search(r" Dec, (is|costs) \$[\d,]+$", title)
    few = replace(reading, by_day=launch, trials=5)
    assert said not in story.daily_title(few)


# What went wrong


def test_sessions_that_failed_are_counted_beside_their_money(reading: Reading) -> None:
    assert story.waste_words(reading).endswith(" goes to retries and the 10 % of sessions that failed")
    all_good = replace(reading, sessions=replace(reading.sessions, success_rate=1.0))
    assert story.waste_words(all_good).endswith(" goes to retries")
    no_retries = replace(reading, parts=tuple(part for part in reading.parts if part.cause != "retries"))
    assert story.waste_words(no_retries).endswith(" goes to the 10 % of sessions that failed")
    assert story.waste_note(no_retries) == ""
    assert story.waste_words(replace(reading, waste=0.0)) == ""


def test_the_share_of_the_dearest_is_not_rounded_onto_all(reading: Reading) -> None:
    most = replace(reading, sessions=replace(reading.sessions, top1pct_share=0.9968))
    assert "carry 99.68 % of" in story.session_title(most)


# Parts


def test_parts_sum_to_spend_and_their_percents_to_100(reading: Reading, result: Result) -> None:
    rows = parts(reading)
    assert sum(row.mean for row in rows) == pytest.approx(result.spend.mean, rel=1e-12)
    assert sum(row.tail for row in rows) == pytest.approx(result.spend.tvar(0.95), rel=1e-12)
    assert sum(row.typical for row in rows) == 100
    assert sum(row.worst for row in rows) == 100
    assert [row.mean for row in rows[:-1]] == sorted((row.mean for row in rows[:-1]), reverse=True)


@pytest.mark.parametrize("seed", range(2, 10))
def test_percents_add_up_whatever_the_parts(seed: int) -> None:
    rows = parts(read(synthetic.result(synthetic.tally(trials=40, seed=seed))))
    assert sum(row.typical for row in rows) == sum(row.worst for row in rows) == 100


def test_few_rows_name_who_and_the_rest_stands_together(reading: Reading) -> None:
    rows = parts(reading)
    assert len(rows) == MOST_PARTS + 1
    assert rows[-1].label == "everything else"
    assert any(row.label.startswith("history re-sent by ") for row in rows)
    assert "overheads" in [row.label for row in rows]


def test_many_agents_are_counted_and_not_listed() -> None:
    labels = [row.label for row in parts(of("forty agents"))]
    assert any(label.endswith("by 40 agents") for label in labels)
    assert max(map(len, labels)) < 80


def test_one_agent_needs_no_name() -> None:
    rows = parts(read(synthetic.result(synthetic.tally(trials=50, agents=("bot",)))))
    assert not [row.label for row in rows if "bot" in row.label]


def labels(agents: tuple[str, ...], **facts: tuple[str, ...]) -> set[str]:
    """What messages and outputs of these agents are called."""
    reading = read(synthetic.result(synthetic.tally(trials=50, agents=agents), **facts))
    told = tuple(part for part in reading.parts if part.cause in {"message", "output"})
    return {row.label for row in parts(replace(reading, parts=told))}


def test_whole_prompts_and_call_fees_are_called_so() -> None:
    assert labels(("bot",)) == {"new messages", "answers written"}
    assert labels(("bot",), whole_prompts=("bot",), call_fees=("bot",)) == {"whole prompts", "answers and call fees"}


def test_agents_of_either_kind_have_rows_of_their_own() -> None:
    assert labels(("planner", "executor"), whole_prompts=("planner",), call_fees=("executor",)) == {
        "whole prompts of planner",
        "new messages of executor",
        "answers written by planner",
        "answers and call fees by executor",
    }


def test_the_title_names_the_part_that_weighs_most_in_bad_months(reading: Reading) -> None:
    first = max(parts(reading), key=lambda row: row.worst)
    title = story.attribution_title(reading)
    assert title.lower().startswith(first.label)
    assert f"{first.typical} % of spend, {first.worst} % in the worst months" in title


@pytest.mark.parametrize(
    ("name", "most", "said"), [("short", 10, "short"), ("abcdefghij", 7, "abc…hij"), ("abcdefghij", 6, "ab…hij")]
)
def test_long_names_are_cut_in_the_middle(name: str, most: int, said: str) -> None:
    assert shortened(name, most) == said


# Sessions


def test_session_titles(reading: Reading, result: Result) -> None:
    share = words.percent(result.session.top1pct_share, 0)
    assert story.session_title(reading) == f"The dearest 1 % of sessions carry {share} of what sessions cost"
    assert story.session_title(of("zero spend")) == "Every session costs nothing"


def test_the_session_curve_shares_out_all_sessions_and_all_money(reading: Reading, result: Result) -> None:
    edges, sessions, money = session_curve(reading)
    assert sessions.sum() == pytest.approx(1)
    assert money.sum() == pytest.approx(1)
    assert (np.diff(edges) > 0).all()
    middle = np.sqrt(edges[:-1] * edges[1:])
    assert (sessions * middle).sum() == pytest.approx(result.session.cost.mean, rel=0.02)


def test_a_year_is_a_year() -> None:
    reading = of("a year")
    assert reading.noun == "year"
    assert reading.name == "1 Dec 2026 to 30 Nov 2027"
    assert read(synthetic.result(synthetic.tally(trials=5))).noun == "month"


def test_the_reading_of_a_reading_is_itself(reading: Reading) -> None:
    assert read(reading) is reading


def test_the_fan_starts_at_nothing_and_ends_at_the_quantiles(reading: Reading, result: Result) -> None:
    for k in (5, 50, 95):
        assert reading.fan[k][0] == 0
        assert reading.fan[k][-1] == result.spend.quantile(k / 100)
        assert (reading.fan[k][1:] == result.daily[f"p{k}"]).all()


def test_agents_that_hardly_take_part_go_unsaid() -> None:
    reading = read(synthetic.result(synthetic.tally(trials=50, agents=("planner", "executor", "critic"))))
    message = [part for part in reading.parts if part.cause == "message"]
    costs = dict(zip(("planner", "executor", "critic"), (60.0, 39.0, 1.0), strict=True))

    def label(**changed: float) -> str:
        told = tuple(replace(part, mean=(costs | changed)[part.agent or ""]) for part in message)
        return parts(replace(reading, parts=told))[0].label

    assert label() == "new messages of planner and executor"
    assert label(critic=3.0) == "new messages of planner, executor and critic"


def test_three_names_without_room_are_two_and_another() -> None:
    names = ("planner", "executor", "verifications")
    reading = read(synthetic.result(synthetic.tally(trials=50, agents=names)))
    costs = dict(zip(names, (50.0, 40.0, 10.0), strict=True))
    told = tuple(replace(p, mean=costs[p.agent or ""]) for p in reading.parts if p.cause == "message")
    label = parts(replace(reading, parts=told))[0].label
    assert label == "new messages of planner, executor and 1 other"
    assert len(label) <= LONGEST_LABEL
