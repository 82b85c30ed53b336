from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter

import pytest

from scenarios.prices import price_data_date
from simulator.result import Result
from simulator.show import words
from simulator.show.reading import read
from simulator.show.report import render
from tests.show import synthetic
from tests.show.conftest import StatePage
from tests.show.pages import Tag, page, rows

NASTY = "<script>alert('x')</script>&\"`{{ 7*7 }}"


def money(amount: float) -> str:
    return words.money(amount)


# One file, and nothing else


def test_a_report_asks_for_nothing_outside_itself(html: str, report: Tag) -> None:
    loading = {"src", "href", "action", "srcset", "poster", "background", "formaction"}
    asked = [value for tag in report.all() for key, value in tag.attributes.items() if key in loading]
    assert [value for value in asked if not value.startswith("#")] == []
    assert re.findall(r"url\((?!#)", html) == []
    assert "@import" not in html
    assert "://" not in html
    assert len(html.encode()) < 2_000_000


def test_its_policy_names_its_script_and_allows_nothing_else(report: Tag) -> None:
    policy = next(tag.attributes["content"] for tag in report.all("meta") if "http-equiv" in tag.attributes)
    data, script = report.all("script")
    assert data.attributes["type"] == "application/json"
    digest = hashlib.sha256(script.source.encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_references_meet_one(html: str, report: Tag) -> None:
    ids = Counter(tag.attributes["id"] for tag in report.all() if "id" in tag.attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    wanted = set(re.findall(r'(?:href="#|url\(#)([^")]+)', html))
    assert wanted
    assert wanted <= ids.keys()


def test_every_picture_says_in_words_what_it_shows(report: Tag) -> None:
    for figure in report.all("figure"):
        drawings = figure.all("svg")
        assert len(drawings) == 2
        assert all(drawing.attributes["aria-label"] for drawing in drawings)


# Text of a scenario


def test_text_from_a_scenario_is_text() -> None:
    short = NASTY[:60]
    agent = {
        "model": short,
        "turns": {"geometric": {"mean": 4}, "source": NASTY},
        "output_tokens": {"p50": 250, "p95": 1_200, "source": NASTY},
        "tools": {short: {"calls_per_turn": {"poisson": {"mean": 0.9}}}},
    }
    result = synthetic.with_scenario(
        synthetic.tally(trials=50, agents=(short, "other")),
        name=short,
        title=NASTY,
        story=NASTY,
        sources=[NASTY],
        unit=short,
        models={short: {"input": 1, "output": 2}},
        agents={short: agent},
        features={short: {"agent": short}},
        fixed_costs={"monthly": {short: 5}},
    )
    html = render(result)
    tree = page(html)
    assert len(tree.all("script")) == 2
    assert not any("alert" in script.source for script in tree.all("script"))
    assert "<script>alert" not in html
    assert tree.one("h1").text == NASTY
    assert tree.one("section", id="assumptions").text.count(NASTY) >= 4
    assert "49" not in tree.one("h1").text


def test_an_address_in_a_source_is_not_a_link() -> None:
    html = render(synthetic.with_scenario(synthetic.tally(trials=50), sources=["https://example.org/paper"]))
    assert "https://example.org/paper" in html
    assert page(html).all("a") == []


# Its numbers are the result's


def test_the_verdict_comes_first_in_words(scenario_result: Result, report: Tag) -> None:
    risk = scenario_result.budget
    assert risk is not None
    verdict = report.one(class_="verdict")
    said = words.over_budget(risk.breaching, risk.trials, risk.amount)
    assert report.one("p", class_="sentence").text == said
    assert words.percent(risk.probability) in said
    assert report.one(class_="badge").text == scenario_result.verdict().word
    assert verdict.text.index(said) < verdict.text.index(money(scenario_result.covered.p95))


def test_the_table_of_the_period(scenario_result: Result, report: Tag) -> None:
    table = {row[0]: row[1:] for row in rows(report.one("table", id="period-table"))}
    spend = scenario_result.spend
    for k in (5, 10, 50, 80, 90, 95, 99):
        amount, interval = table["P50, the median" if k == 50 else f"P{k}"]
        low, high = spend.ci(k / 100)
        assert amount in {words.money(spend.quantile(k / 100), digits=n) for n in (3, 4)}
        assert interval in {f"{words.money(low, digits=n)} to {words.money(high, digits=n)}" for n in (3, 4)}
    assert table["mean"][0] == money(spend.mean)
    assert table["mean of the worst 5 %"][0] == money(spend.tvar(0.95))
    assert table["most"][0] == money(spend.max)


@pytest.mark.parametrize("spread", [0.28, 0.02, 0.0])
def test_no_quantile_stands_on_the_end_of_its_own_interval(spread: float) -> None:
    result = synthetic.result(synthetic.tally(trials=10_000, spread=spread))
    for name, amount, interval in rows(page(render(result)).one("table", id="period-table")):
        if interval:
            low, high, point = (float(x.lstrip("$").replace(",", "")) for x in [*interval.split(" to "), amount])
            assert low < point < high if spread else low == point == high, name


def test_the_table_of_sessions_stands_apart(scenario_result: Result, report: Tag) -> None:
    table = dict(rows(report.one("table", id="session-table")))
    cost = scenario_result.session.cost
    assert table["P99"] == money(cost.p99)
    assert table["mean cost"] == money(cost.mean)
    assert table["the dearest of all"] == money(cost.max)
    assert table["successful"] == words.percent(scenario_result.session.success_rate)
    assert table["carried by the dearest 1 %"] == words.percent(scenario_result.session.top1pct_share)
    assert not {row[0] for row in rows(report.one("table", id="period-table"))} & {"mean cost", "P99.9"}


def test_next_to_all_is_not_all() -> None:
    made = synthetic.tally(trials=50)
    made.session.sessions, made.session.successes = 100_000, 99_968
    table = dict(rows(page(render(synthetic.result(made))).one("table", id="session-table")))
    assert table["successful"] == "99.968 %"


def test_what_went_wrong_is_not_said_to_have_bought_nothing(html: str, report: Tag) -> None:
    facts = report.one("header").one("dl", class_="facts")
    said = dict(zip((tag.text for tag in facts.all("dt")), (tag.text for tag in facts.all("dd")), strict=True))
    assert re.fullmatch(
        r"\$[\d.,]+ goes to retries and the 10 % of sessions that failed\. "
        r"A retry counts in full here, even where the failed attempt before it was free\.",
        said["Went wrong"],
    )
    assert "bought nothing" not in html.lower()


def test_the_error_of_the_chance_stands_under_the_verdict(scenario_result: Result, report: Tag) -> None:
    risk = scenario_result.budget
    assert risk is not None
    said = report.one(class_="verdict").one("p", class_="error").text
    interval = words.percent_range(*risk.ci)
    assert said == f"2,000 simulated months put the chance at {interval} (95 % interval; simulation error alone)."


@pytest.mark.parametrize("state", ["no budget", "never breached", "always breached", "one trial"])
def test_a_chance_that_is_a_bound_has_no_error_beside_it(state: str, state_page: StatePage) -> None:
    assert page(state_page(state)[1]).all("p", class_="error") == []


def test_attribution_adds_up_in_money_and_in_percent(scenario_result: Result, report: Tag) -> None:
    table = next(t for t in report.one("section", id="parts").all("table"))
    *parts, total = rows(table)
    assert sum(int(row[2].removesuffix(" %")) for row in parts) == 100
    assert sum(int(row[4].removesuffix(" %")) for row in parts) == 100
    assert total[1:] == [
        money(scenario_result.spend.mean), "100 %", money(scenario_result.spend.tvar(0.95)), "100 %"
    ]  # fmt: skip


def test_what_certainty_takes(scenario_result: Result, report: Tag) -> None:
    table = report.one("section", id="budget").all("table")[0]
    body = {row[0]: row[1:] for row in rows(table)}
    covered = scenario_result.covered
    for k in (80, 90, 95, 99):
        amount, change, over = body[f"{k} %"]
        assert amount == money(covered.quantile(k / 100))
        assert change == words.money_change(words.round_to(covered.quantile(k / 100)) - 100_000)
        assert over == words.percent(scenario_result.breach_probability(covered.quantile(k / 100)))
    held = words.percent(1 - scenario_result.breach_probability())
    assert body[f"{held}, the budget"][0] == "$100,000"


def test_the_ladder_rises(scenario_result: Result, report: Tag) -> None:
    amounts = [float(tag.text.replace("$", "").replace(",", "")) for tag in report.one("dl", class_="ladder").all("dd")]
    assert amounts == sorted(amounts)
    assert 100_000 in amounts
    assert words.round_to(scenario_result.average_plan) in amounts


def test_every_assumption_is_there(scenario_result: Result, report: Tag) -> None:
    said = report.one("section", id="assumptions")
    laws = said.all(class_="law")
    assert [law.one("h4").text for law in laws] == [
        "volume", "context", "turns", "message_tokens", "output_tokens", "tools.search.calls_per_turn"
    ]  # fmt: skip
    assert all(law.all("path", class_="shape") for law in laws)
    for text in (
        "Cited: our logs of May",
        "agents.chat.system_tokens exactly 2,000",
        "Rank correlation of volume and context size: 0.4.",
        "Context size grows by 8 % a month.",
        "in December 2026: 11,100 on Mondays to Fridays and Sundays, 3,330 on Saturdays, before drivers; at the mean",
        "By weekday: sat 0.3, the others 1, scaled to mean 1: 10,000 a day is the mean of a week.",
        "platform $4,000 each month, by the day",
        "labels $900 1 Dec 2026",
        "anthropic/claude-sonnet-4-6 $3 $15 $0.30 $3.75 genai-prices",
        f"as the catalogue of {words.full_date(price_data_date())} has them",
        "a study of 2026",
    ):
        assert text in said.text
    assert "first day" not in said.text
    counts = [int(tag.text) for tag in said.one(class_="counts").all("b")]
    assert len(counts) == 4
    assert sum(counts) > 0
    assert "every default" in said.one("pre").text


def test_how_to_get_the_same_numbers_again(scenario_result: Result, report: Tag) -> None:
    said = report.one("section", id="reproduce").text
    for text in ("--seed 1", "--trials 2000", scenario_result.facts.sha256, scenario_result.facts.prices_sha256):
        assert text in said
    assert f"burncurve {scenario_result.version}" in said


def test_the_embedded_trials_are_plain_numbers(report: Tag, scenario_result: Result) -> None:
    data = json.loads(report.all("script")[0].source)
    assert data["trials"] == scenario_result.trials_done
    assert data["budget"] == 100_000
    assert len(data["gaps"]) == data["trials"] - 1


# What is odd


@pytest.mark.parametrize("state", synthetic.STATES)
def test_every_state_makes_a_page(state: str, state_page: StatePage) -> None:
    _, html = state_page(state)
    tree = page(html)
    assert len(html.encode()) < 2_000_000
    assert tree.one("p", class_="sentence").text
    assert {"burn", "budget", "parts", "sessions", "days", "percentiles", "assumptions", "reproduce"} <= {
        tag.attributes.get("id") for tag in tree.all("section")
    }
    assert not re.search(r"\b(nan|inf|None(?! of)|Undefined)\b", tree.one("main").text)


def test_without_a_budget_averages_stand_in_its_place(state_page: StatePage) -> None:
    result, html = state_page("no budget")
    tree = page(html)
    assert tree.all("input") == []
    assert tree.all("script") == []
    section = tree.one("section", id="budget").text
    assert "against averages" in section
    gap = words.round_to(result.spend.p95) - words.round_to(result.average_plan)
    assert words.money_change(gap) in section
    assert tree.one(class_="badge").text == "FORECAST"


def test_never_is_not_said_of_what_was_not_seen(state_page: StatePage) -> None:
    said = page(state_page("never breached")[1]).one("main").text
    assert "Less than 1 in 60 chance" in said
    assert not re.search(r"\b0 % chance|\(0 %\)", said)


def test_few_trials_judge_no_budget(state_page: StatePage) -> None:
    tree = page(state_page("one trial")[1])
    assert tree.one(class_="badge").text == "TOO FEW TRIALS"
    assert "Too few trials" in tree.one("p", class_="sentence").text
    assert tree.all("script") == []


@pytest.mark.parametrize(
    ("state", "head", "text"),
    [
        ("interrupted", "Interrupted.", "This rests on 200 of 10,000 months"),
        ("nothing shared uncertain", "Nothing shared is uncertain.", "drivers: typical"),
        ("a limit crossed", "Limit crossed.", "over the limit of $5.00"),
    ],
)
def test_banners(state: str, head: str, text: str, state_page: StatePage) -> None:
    banners = [tag.text for tag in page(state_page(state)[1]).all("p", class_="banner")]
    assert len([banner for banner in banners if banner.startswith(head) and text in banner]) == 1


def test_a_plain_run_has_no_banner(report: Tag) -> None:
    assert report.all("p", class_="banner") == []


def test_what_the_budget_leaves_out_is_said(state_page: StatePage) -> None:
    result, html = state_page("a part covered")
    tree = page(html)
    table = tree.one("table", id="period-table")
    assert "covered" in [head.text for head in table.all("th")]
    row = next(row for row in rows(table) if row[0] == "P95")
    assert row[1] == money(result.spend.p95)
    assert row[3] == money(result.covered.p95)
    assert read(result).partial
    labels = [tag.text for tag in tree.one("dl", class_="ladder").all("dt")]
    assert [label for label in labels if "all spend" not in label] == ["Budget", "Covered by the budget, P95"]


@pytest.mark.parametrize(("budget", "kind"), [(1e6, "holds"), (130_000.0, "risk"), (50_000.0, "breaks")])
def test_the_tile_of_the_budget_alarms_only_with_the_verdict(budget: float, kind: str) -> None:
    tree = page(render(synthetic.result(budget=budget)))
    assert kind in tree.one(class_="badge").attributes["class"].split()
    assert kind in tree.one("div", class_="budget").attributes["class"].split()


def test_other_currencies_are_written_everywhere(state_page: StatePage) -> None:
    said = page(state_page("another currency")[1]).one("main").text
    assert "the PLN 100,000 budget" in said
    assert "one dollar is PLN 3.60" in said
    dollars = re.findall(r"\$[\d.,]+", said)
    assert set(dollars) <= {"$3", "$15", "$0.30", "$3.75", "$"}
