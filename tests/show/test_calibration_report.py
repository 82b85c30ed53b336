"""The report of a calibration: what a sceptic must find on it, drawn from a log made for the purpose."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distributions.choice import Choice
from distributions.choose import choose_law
from distributions.tail import Sample
from scenarios.calibrating.learnings import Learnt
from simulator.calibration import Calibrated, calibrate
from simulator.show.calibration_report import _index, _law, _rivals, render
from simulator.show.calibration_screen import bill_text
from simulator.show.plot_fits import MOST_POINTS, MOST_STEPS, distribution, law_against_data, quantiles_of
from simulator.show.plot_heaviness import heaviness
from tests.show.pages import Tag, page, rows

NASTY = "<b>gpt</b>"


def log(file: Path, sessions: int = 240, seed: int = 1) -> Path:
    """A chat of some turns a session, over three weeks; costs as recorded are 2 % above list prices."""
    r = np.random.default_rng(seed)
    with file.open("w") as lines:
        for session in range(sessions):
            start = 1_793_000_000 + 7_500 * session
            history = 0
            for turn in range(int(r.geometric(0.25))):
                prompt, output = 900 + history + int(r.lognormal(5, 1)), int(r.lognormal(5.5, 0.9)) + 1
                cost = 1.02 * (3.0 * prompt + 15.0 * output) / 1e6
                row = {
                    "timestamp": start + 60 * turn, "session_id": f"s{session}", "model": "claude-sonnet-4-6",
                    "prompt_tokens": prompt, "completion_tokens": output, "cost": cost, "user_id": f"u{session % 50}",
                }  # fmt: skip
                lines.write(json.dumps(row) + "\n")
                history += prompt - 900 - history + output
        lines.write("no JSON\n")
    return file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    return calibrate(log(tmp_path_factory.mktemp("logs") / "calls.jsonl"), holdout=0.5, name=NASTY)


@pytest.fixture(scope="module")
def html(made: Calibrated) -> str:
    return render(made, "support.yaml")


@pytest.fixture(scope="module")
def report(html: str) -> Tag:
    return page(html)


def lawless(made: Calibrated, **changes: Any) -> Calibrated:
    """Changed, and without the laws, which take long to draw."""
    return replace(made, calibration=replace(made.calibration, learnt=(), **changes))


def test_sections_stand_in_the_order_of_a_sceptics_questions(report: Tag) -> None:
    ids = [tag.attributes["id"] for tag in report.all("section")]
    assert ids == ["bill", "costs", "tests", "open", "laws", "unlearnt", "reading"]


def test_the_bill_comes_with_what_was_recorded_and_how_far_apart(report: Tag, made: Calibrated) -> None:
    (line,) = made.calibration.bill.lines
    text = report.one(id="bill-table").text
    assert "claude-sonnet-4-6" in text
    assert "-2.0 %" in text
    assert line.repriced_there / line.recorded == pytest.approx(1 / 1.02)
    assert f"${line.repriced:,.2f}" in text
    assert f"${line.recorded:,.2f}" in text


def test_a_bill_of_several_models_is_summed(made: Calibrated) -> None:
    bill = made.calibration.bill
    table = page(render(lawless(made, bill=replace(bill, lines=bill.lines * 2)), "a.yaml")).one(id="bill-table")
    assert f"in all {2 * bill.lines[0].calls:,} ${2 * bill.repriced:,.2f}" in table.text
    assert [row.children[0].text for row in table.all("tr", class_="strong")] == ["in all"]
    assert "-2.0 %" in table.all("tr", class_="strong")[0].text
    assert bill_text(replace(bill, lines=bill.lines * 2), 100).splitlines()[-1].split("  ")[-1].strip() == "-2.0 %"


def test_the_headline_says_what_is_off(made: Calibrated) -> None:
    apart = "the bill is apart: repriced $2, recorded $1 (+100 %)"
    billed = replace(lawless(made), in_sample=made.in_sample.billed(apart), held_out=None)
    head = page(render(billed, "a.yaml"))
    assert head.one(class_="badge").text == "IS OFF"
    assert "The bill is apart: repriced $2, recorded $1 (+100 %); " in head.text
    assert "Simulated session costs against" not in head.text


def test_a_bill_without_recorded_costs_has_no_columns_for_them(made: Calibrated) -> None:
    (line,) = made.calibration.bill.lines
    unrecorded = replace(line, recorded=0.0, recorded_calls=0, repriced_there=0.0, reason="")
    report = page(render(lawless(made, bill=replace(made.calibration.bill, lines=(unrecorded,))), "a.yaml"))
    heads = [head.text for head in report.one(id="bill-table").all("th")]
    assert heads == ["Model", "calls", "repriced", "prompt tokens", "output tokens"]
    (row,) = rows(report.one(id="bill-table"))
    assert len(row) == len(heads)
    assert "records no cost" in report.one(id="bill").text


def test_a_scenario_without_a_name_has_that_of_its_file(made: Calibrated) -> None:
    unnamed = {key: value for key, value in made.calibration.document.items() if key != "name"}
    html = render(lawless(made, document=unnamed), "logs/support.yaml")
    assert "<span>support</span>" in html
    assert NASTY.replace("<", "&lt;").replace(">", "&gt;") not in html


def test_every_law_of_more_than_one_value_is_drawn_wide_and_narrow(report: Tag, made: Calibrated) -> None:
    drawn = {
        law.path for law in made.calibration.learnt if law.choice is not None and law.choice.sample.values.size > 1
    }
    shown = {
        tag.attributes["id"].removeprefix("law-")
        for tag in report.all("div")
        if tag.attributes.get("id", "").startswith("law-")
    }
    assert shown <= drawn
    assert {"turns", "message_tokens", "output_tokens"} <= {path.rsplit(".", 1)[-1] for path in shown}
    for path in shown:
        assert len(report.one(id=f"law-{path}").all("svg")) in {2, 4}


def test_held_out_sessions_come_first_and_figures_are_those_of_the_backtest(report: Tag, made: Calibrated) -> None:
    assert made.held_out is not None
    tables = [tag.attributes["id"] for tag in report.one(id="tests").all("table")]
    assert tables == ["held-table", "own-table"]
    p50 = made.held_out.quantity("cost per session").figures["p50"]
    assert (
        f"{100 * p50.difference:+.1f}" in report.one(id="held-table").text
        or f"{100 * p50.difference:+.0f}" in report.one(id="held-table").text
    )


def test_what_was_skipped_assumed_and_not_learnt_is_told(report: Tag, made: Calibrated) -> None:
    assert "Skipped 1" in report.one(id="reading").text
    text = report.one(id="unlearnt").text.replace("\N{NO-BREAK SPACE}", " ")
    for sentence in (*made.calibration.unlearnt, *made.calibration.assumed):
        assert sentence[:60] in text


def test_the_page_needs_nothing_else_and_escapes_what_a_log_says(html: str) -> None:
    assert "<b>gpt</b>" not in html
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html)
    assert "default-src 'none'" in html
    assert "<script" not in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert len(html) < 2_000_000


def test_quantiles_of_many_values_are_few_points_with_both_ends() -> None:
    values = np.sort(np.random.default_rng(1).lognormal(6, 1, 20_000))
    curve = quantiles_of(Sample(values, np.ones(values.size, np.int64)))
    assert curve.shares.size <= MOST_POINTS
    assert (curve.values[0], curve.values[-1]) == (values[0], values[-1])
    np.testing.assert_allclose(curve.shares, (np.searchsorted(values, curve.values) + 0.5) / values.size)


@pytest.fixture(scope="module")
def choice() -> Choice:
    """A law for a power tail."""
    return choose_law(900 * np.random.default_rng(2).pareto(2.0, 3_000) + 50, what="tokens")


def of_values(choice: Choice, values: np.ndarray) -> Choice:
    """The same as if it had been made for these values."""
    return replace(choice, sample=Sample(values, np.ones(values.size, np.int64)))


@pytest.mark.parametrize("narrow", [False, True])
def test_pictures_show_the_law_and_the_data(narrow: bool, choice: Choice) -> None:
    figure = law_against_data(choice.sample, choice.law, "tokens", 0.95, narrow)
    left, right = figure.axes
    law, data = left.lines[0], left.lines[1]
    at = np.searchsorted(law.get_xdata(), 0.0)
    assert law.get_ydata()[at] == pytest.approx(choice.law.ppf([0.5])[0], rel=0.05)
    assert data.get_ydata()[-1] == choice.sample.values[-1]
    shares = right.lines[1].get_ydata()
    assert shares.max() <= 0.2
    assert shares.min() == pytest.approx(1 / 3_000)


@pytest.mark.parametrize("narrow", [False, True])
def test_names_of_quantiles_do_not_touch(narrow: bool, choice: Choice) -> None:
    spread = of_values(choice, np.exp(np.linspace(0.1, 9.0, 20_000)))
    figure = law_against_data(spread.sample, choice.law, "tokens", None, narrow)
    figure.draw_without_rendering()
    labels = figure.axes[0].get_xticklabels()
    assert {"P50", "P99", "P1"} <= {label.get_text() for label in labels}
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    assert all(left.x1 + 0.05 * figure.dpi < right.x0 for left, right in pairwise(boxes))


def mean_order_statistics(n: int) -> np.ndarray:
    """What the order statistics of n exponentials of mean 1 are on average (Renyi): sums of 1/n, 1/(n - 1), ..., 1."""
    return np.cumsum(1.0 / np.arange(n, 0, -1))


def test_hills_estimate_of_values_that_lie_like_a_power_is_its_index(choice: Choice) -> None:
    """Log spacings of a power of index a are exponential with mean 1/a, so every k gives a exactly."""
    exact = of_values(choice, 40 * np.exp(mean_order_statistics(2_000) / 1.7))
    axes = heaviness(exact, "tokens").axes[0]
    k, index = axes.lines[0].get_xdata(), axes.lines[0].get_ydata()
    assert k.size > 50
    np.testing.assert_allclose(index, 1.7, rtol=1e-9)
    edges = axes.collections[0].get_paths()[0].vertices
    for at, error in zip(k, 1.959964 * 1.7 / np.sqrt(k), strict=True):
        band = edges[np.isclose(edges[:, 0], at), 1]
        np.testing.assert_allclose((band.min(), band.max()), (1.7 - error, 1.7 + error), rtol=1e-3)
    assert choice.tail is not None
    ((dot,),) = [line.get_xydata().tolist() for line in axes.lines[1:]]
    assert dot == [choice.tail.n_above, choice.tail.tail_index[0]]
    bar = axes.collections[1].get_segments()[0]
    assert bar[:, 1].tolist() == [choice.tail.tail_index[1], min(choice.tail.tail_index[2], axes.get_ylim()[1])]


@pytest.mark.parametrize("narrow", [False, True])
def test_mean_excesses_are_level_for_an_exponential_and_rise_for_a_power(narrow: bool, choice: Choice) -> None:
    """Above any of them the others lie as those of a smaller sample do: 250 above, or u / (a - 1)."""
    level = heaviness(of_values(choice, 250 * mean_order_statistics(2_000)), "tokens", narrow).axes[1]
    np.testing.assert_allclose(level.lines[0].get_ydata(), 250.0, rtol=1e-9)
    low, high = level.get_ylim()
    assert high / low > 10
    left = np.arange(2_000, 0, -1)
    power = 40 * np.cumprod(left / (left - 1 / 3.0))
    rising = heaviness(of_values(choice, power), "tokens", narrow).axes[1]
    thresholds, excess = rising.lines[0].get_xdata(), rising.lines[0].get_ydata()
    assert thresholds.size == 100
    np.testing.assert_allclose(excess, thresholds / (3.0 - 1), rtol=1e-9)
    assert {axis.get_scale() for axis in (rising.xaxis, rising.yaxis)} == {"log"}


def test_the_band_of_few_sessions_is_kolmogorovs() -> None:
    r = np.random.default_rng(3)
    figure = distribution(r.lognormal(0, 1, 100), r.lognormal(0, 1, 5_000), "cost of a session", "USD")
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    for edge in (0.505 - 0.136, 0.505 + 0.136):  # of the 51st of 100 sessions
        assert np.isclose(band, edge).any()
    assert (band.min(), band.max()) == (0, 1)
    assert figure.axes[0].lines[1].get_ydata()[50] == pytest.approx(0.505)


def test_many_sessions_are_drawn_with_few_points() -> None:
    seen = np.sort(np.random.default_rng(4).lognormal(0, 1, 9_000))
    lines = distribution(seen, seen, "cost of a session", "USD").axes[0].lines
    for line in lines:
        values, shares = line.get_xdata(), line.get_ydata()
        assert values.size == MOST_STEPS
        assert (values[0], values[-1]) == (seen[0], seen[-1])
        np.testing.assert_allclose(shares, (np.searchsorted(seen, values) + 0.5) / seen.size)


@pytest.mark.parametrize("values", [np.linspace(3.0, 4.9, 400), np.arange(376.0, 397.0).repeat(100)])
def test_ticks_tell_neighbours_apart(values: np.ndarray) -> None:
    choice = choose_law(values, what="gaps", purpose="tokens")
    figure = law_against_data(choice.sample, choice.law, "minutes", None, False)
    figure.draw_without_rendering()
    labels = [tick.get_text() for tick in figure.axes[1].get_xticklabels() if tick.get_text()]
    assert len(labels) == len(set(labels)) > 1


def test_what_was_tried_has_what_was_taken_in_it_and_no_rank_for_percentiles() -> None:
    r = np.random.default_rng(3)
    values = np.where(r.random(2_000) < 0.6, 0.0, np.maximum(np.round(r.lognormal(6, 0.8, 2_000)), 1.0))
    for data, taken in ((values, "% zeros, else lognormal"), (np.round(r.normal(5_000, 900, 3_000)), "")):
        choice = choose_law(data, whole=True)
        rows = _rivals(choice)
        ranks = [row[1] for row in rows]
        assert ranks[0] == "0"
        if taken:
            assert [row[0] for row in rows if row[0].endswith("(taken)")] == [f"{choice.quality.split(';')[0]} (taken)"]
            assert taken in choice.quality
        else:
            assert rows[-1][:2] == ("metalog", "by percentiles")
        gaps = [float(rank.replace(",", "")) for rank in ranks if rank != "by percentiles"]
        assert gaps == sorted(gaps)


def test_a_law_of_two_values_is_told_by_their_shares_and_not_drawn() -> None:
    choice = choose_law(np.repeat([0.0, 1.0], [90, 30]), whole=True, purpose="count")
    view = _law(Learnt("agents.a.calls", "calls", "count", choice.expression, choice, "", 120, 9))
    assert view is not None
    assert view.picture is None
    assert view.tail == "0: 75 % of the values, 75 % of the law; 1: 25 % of the values, 25 % of the law."


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ((1.44, 0.94, 2.6), "tail index 1.4, 0.94 to 2.6"),
        ((3.7, 2.2, np.inf), "tail index 3.7, 2.2 at least"),
        ((np.inf, 4.2, np.inf), "lighter than any power as it seems, tail index 4.2 at least"),
        ((np.inf, np.inf, np.inf), "lighter than any power"),
    ],
)
def test_a_tail_index_that_is_infinite_is_said_in_words(index: tuple[float, float, float], said: str) -> None:
    assert _index(*index) == said
