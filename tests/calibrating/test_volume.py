"""Days, weekdays, dispersion, growth and users from made-up logs whose truth is known."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from distributions.families import Lognormal
from distributions.notation import parse_law
from scenarios.calibrating.days import Days, count_days, dispersion, growth, weekday_means
from scenarios.calibrating.learnings import Notes, Sessions
from scenarios.calibrating.users import learn_users, without_chance
from scenarios.calibrating.volume import Volume, learn_volume, trend_words
from scenarios.load import load
from scenarios.schema import DRIVERS
from simulator.engine.period import Period
from simulator.engine.points import Points

MONDAY = date(2026, 9, 7)
SECOND = 86_400.0
PLAIN = {
    "name": "x",
    "as_of": "2026-11-01",
    "period": "2026-12",
    "models": {"m": {"input": 1, "output": 1}},
    "agents": {"a": {"model": "m", "output_tokens": 1}},
}
FOLLOW = r"volume: \{(\w+): ([\d.]+)\} and trends: \{volume: ([\d.]+%)\}"
FIRST = (MONDAY.toordinal() - date(1970, 1, 1).toordinal()) * SECOND


def sessions_at(start: np.ndarray, user: np.ndarray | None = None) -> Sessions:
    n = start.size
    whole, real = np.zeros(n, np.int64), np.zeros(n)
    codes = np.arange(n, dtype=np.int32)
    user = np.full(n, -1, np.int32) if user is None else user
    return Sessions(codes, whole, start, whole + 1, whole + 1, whole + 1, *[real] * 5, codes * 0, ("all",), user, real)


def starts_of(counts: np.ndarray, rng: np.random.Generator, hours: tuple[float, float] = (0, 24)) -> np.ndarray:
    """So many sessions on each day from MONDAY on, at any time within some hours."""
    day = np.repeat(np.arange(counts.size), counts)
    return FIRST + day * SECOND + 3600 * rng.uniform(*hours, day.size)


def negative_binomial(mean: np.ndarray | float, size: float, n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(np.asarray(mean) * rng.gamma(size, 1 / size, n))


def test_days_are_counted_in_utc_and_those_without_sessions_too():
    days = count_days(FIRST + np.array([0.0, 86_399.0, 86_400.0, 3 * 86_400.0]))
    assert (days.first, days.counts.tolist(), days.cut) == (MONDAY, [2, 1, 0, 1], 0)
    assert days.weekday.tolist() == [0, 1, 2, 3]


def test_days_that_the_log_holds_in_part_are_left_out():
    rng = np.random.default_rng(1)
    starts = starts_of(np.full(10, 500), rng)
    days = count_days(starts[(starts > FIRST + 0.6 * SECOND) & (starts < FIRST + 9.5 * SECOND)])
    assert (len(days), days.cut) == (8, 2)
    assert days.first == date(2026, 9, 8)


def test_the_shortest_log_with_a_day_between_its_ends_can_have_them_cut() -> None:
    hours = np.arange(0.0, 24.0, 0.1)
    first, between, last = hours[hours > 12], hours, hours[hours < 12]
    starts = FIRST + 3_600 * np.r_[first, 24 + between, 48 + last]
    days = count_days(starts)
    assert (days.first, len(days), days.cut) == (date(2026, 9, 8), 1, 2)
    silent = FIRST + 3_600 * np.r_[first, 24 + between, 72 + between, 96 + last]  # a day without any in the middle
    days = count_days(silent)
    assert (days.counts.tolist(), days.cut) == ([240, 0, 240], 2)
    assert count_days(FIRST + 3_600 * np.r_[first, 24 + last]).cut == 0


def test_office_hours_are_no_reason_to_leave_a_day_out():
    starts = starts_of(np.full(10, 500), np.random.default_rng(2), hours=(9, 17))
    starts = np.append(starts, [starts.min() - 60 - 2 * SECOND * 0, starts.max() + 60])
    assert len(count_days(starts)) == 10


def test_weekdays_come_out_within_four_standard_errors():
    rng = np.random.default_rng(3)
    truth = np.array([1.3, 1.2, 1.2, 1.1, 1.0, 0.7, 0.5])
    counts = rng.poisson(400 * np.tile(truth, 12))
    means, share = weekday_means(Days(MONDAY, counts, 0))
    assert np.all(np.abs(means - truth) < 4 * np.sqrt(truth / (400 * 12)))
    assert share > 0.99


def test_weekdays_that_chance_makes_are_drawn_to_one_or_left_out():
    rng = np.random.default_rng(4)
    shares = [weekday_means(Days(MONDAY, rng.poisson(50, 28), 0))[1] for _ in range(400)]
    # Without any difference the ratio seen / noise is F(6, many): above 1 in less than half, above 2.2 in 5 %.
    kept = np.mean(np.array(shares) > 0.55)
    assert kept < 0.1
    assert np.mean(np.array(shares) == 0) > 0.4


def test_days_that_differ_for_other_reasons_make_no_weekdays() -> None:
    """The noise of weekdays is that of days, and not of chance alone: without any difference half are left out."""
    rng = np.random.default_rng(16)
    logs = 400
    shares = [weekday_means(Days(MONDAY, negative_binomial(300, 5.0, 56, rng), 0))[1] for _ in range(logs)]
    half = stats.f.cdf(1.0, 6, 49)  # of the ratio of seen to noise
    assert abs(np.mean(np.array(shares) == 0) - half) < 4 * np.sqrt(half * (1 - half) / logs)


def test_weekdays_need_three_weeks():
    rng = np.random.default_rng(5)
    truth = np.tile([1.3, 1.2, 1.2, 1.1, 1.0, 0.7, 0.5], 3)
    for n, known in ((21, True), (20, False)):
        notes = Notes()
        volume = learn_volume(sessions_at(starts_of(rng.poisson(300 * truth[:n]), rng)), True, notes)
        assert ("weekdays" in volume.section) == known
        assert any("they need 3 whole weeks, and the log has 20" in text for text in notes.unlearnt) == (not known)


def test_a_log_that_ends_before_the_weekend_has_the_mean_of_a_week():
    rng = np.random.default_rng(6)
    truth = np.tile([1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0], 4)[:26]  # ends on a Friday
    volume = learn_volume(sessions_at(starts_of(rng.poisson(1_000 * truth), rng)), True, Notes())
    error = np.sqrt(1_400 / 3.7) * 5 / 7 / np.sqrt(5)
    assert abs(volume.section["sessions_per_day"] - 1_000) < 4 * error


def test_dispersion_is_recovered_and_its_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(7)
    truth, n, logs = 8.0, 60, 200
    found = []
    for _ in range(logs):
        counts = negative_binomial(200, truth, n, rng)
        flat = np.full(n, counts.mean())
        found.append(dispersion(Days(MONDAY, counts, 0), flat, np.zeros(n, np.int64)))
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert abs(covered - 0.9) < 4 * np.sqrt(0.09 / logs)
    size = np.median([one.size for one in found])
    spread = np.sqrt(2 / n)  # of the log of a gamma shape of this size, about
    assert abs(np.log(size / truth)) < 4 * spread * np.sqrt(np.pi / 2 / logs)


def test_pure_chance_is_called_poisson_in_nineteen_logs_of_twenty():
    rng = np.random.default_rng(8)
    logs, n = 200, 30
    called = 0
    for _ in range(logs):
        counts = rng.poisson(100, n)
        one = dispersion(Days(MONDAY, counts, 0), np.full(n, counts.mean()), np.zeros(n, np.int64))
        called += one.size is None
    assert called >= stats.binom.ppf(1e-4, logs, 0.95)


def test_growth_is_found_with_its_error():
    rng = np.random.default_rng(9)
    mean = 200 * np.exp(0.01 * (np.arange(90) - 44.5))
    slopes, sure = zip(
        *[growth(Days(MONDAY, negative_binomial(mean, 20, 90, rng), 0), np.full(90, 200.0), 20.0) for _ in range(100)],
        strict=True,
    )
    error = np.sqrt((1 / 200 + 1 / 20) / (90**3 / 12))
    assert abs(np.mean(slopes) - 0.01) < 4 * error / 10
    assert np.mean(sure) == pytest.approx(0.01 / error, rel=0.1)


def test_growth_is_written_as_a_comment_and_only_where_it_is_sure():
    rng = np.random.default_rng(10)
    for slope in (0.0, 0.02):
        notes = Notes()
        counts = rng.poisson(300 * np.exp(slope * np.arange(40)))
        volume = learn_volume(sessions_at(starts_of(counts, rng)), True, notes)
        said = trend_words(volume, volume.section, date(2026, 12, 1))
        assert bool(volume.trend) == bool(said) == bool(slope) == any("changed by +" in text for text in notes.warnings)
        assert "trends" not in volume.section


@pytest.mark.parametrize("by_user", [False, True])
def test_a_trend_that_is_followed_as_the_comment_says_comes_to_what_the_growth_comes_to(by_user: bool) -> None:
    slope, n = 0.02, 35
    counts = np.rint(4_000 * np.exp(slope * np.arange(n))).astype(int)
    volume = learn_volume(sessions_at(starts_of(counts, np.random.default_rng(1))), True, Notes())
    rate = volume.section["sessions_per_day"] / 1_000
    section = {"users": 1_000, "sessions_per_user_day": rate} if by_user else volume.section
    first = date(2026, 12, 1)
    said = re.fullmatch(FOLLOW, trend_words(volume, section, first))
    assert said is not None
    key, level, monthly = said.groups()
    followed = load({**PLAIN, "volume": {**section, key: float(level)}, "trends": {"volume": monthly}})
    grown = 4_000 * np.exp(slope * ((first - MONDAY).days + np.arange(31)))
    period = Period.of(followed, Points("plain"))
    month = (period.growth[:, DRIVERS.index("volume")] * period.busyness).sum() * followed.volume.daily_level(first)
    assert month == pytest.approx(grown.sum(), rel=3 * 5e-4)  # three numbers of four digits


def test_the_error_of_the_mean_day_is_what_repeated_logs_show():
    rng = np.random.default_rng(11)
    n, size, logs = 40, 10.0, 300
    means, told = [], []
    for _ in range(logs):
        counts = negative_binomial(150, size, n, rng)
        volume = learn_volume(sessions_at(starts_of(counts, rng)), True, Notes())
        means.append(np.log(volume.section["sessions_per_day"]))
        told.append(volume.log_sd)
    seen = np.std(means)
    assert abs(np.median(told) / seen - 1) < 4 / np.sqrt(2 * logs)
    assert seen == pytest.approx(np.sqrt((1 / 150 + 1 / size) / n), rel=4 / np.sqrt(2 * logs))


def test_a_log_without_dates_makes_a_month_and_says_so():
    notes = Notes()
    volume = learn_volume(sessions_at(np.zeros(340)), False, notes)
    assert volume.section == {"sessions_per_month": 340}
    assert volume.log_sd is None
    assert_outside_view(volume)
    assert any("a month is taken to have as many sessions as the log, 340" in text for text in notes.assumed)


def test_an_hour_of_one_day_is_called_what_it_is():
    notes = Notes()
    volume = learn_volume(sessions_at(FIRST + np.linspace(0, 3_600, 500)), True, notes)
    assert volume.section == {"sessions_per_day": 500}
    assert notes.assumed == []
    assert notes.warnings[0].startswith("volume: the log covers 1.0 hours of one day, and the scenario takes what they")
    assert volume.log_sd is None
    assert_outside_view(volume)
    assert any("the log has one day" in text for text in notes.unlearnt)


def test_what_the_user_says_comes_before_the_log():
    notes = Notes()
    volume = learn_volume(sessions_at(np.zeros(340)), False, notes, sessions_per_day=2_500)
    assert volume.section == {"sessions_per_day": 2_500}
    assert notes.assumed[0].startswith("volume: 2,500 sessions a day, as stated; how sure that is was not said")
    assert '"2000 to 3250"' in notes.assumed[0]
    assert_outside_view(volume)


def assert_outside_view(volume: Volume) -> None:
    """Where no day was counted, the driver is that of `drivers: typical`, and says that nobody measured it."""
    driver, typical = parse_law(volume.driver), Lognormal(0, 0.45)
    np.testing.assert_allclose(driver.ppf([0.05, 0.5, 0.95]), typical.ppf([0.05, 0.5, 0.95]), rtol=2e-3)
    assert volume.why.startswith("outside view: nobody measured this")


def test_a_range_of_sessions_a_day_is_what_months_lie_in():
    notes = Notes()
    volume = learn_volume(sessions_at(np.zeros(340)), False, notes, sessions_per_day=(200, 500))
    daily = volume.section["sessions_per_day"] * parse_law(volume.driver).ppf([0.05, 0.95])
    np.testing.assert_allclose(daily, [200, 500], rtol=2e-3)
    assert volume.section["sessions_per_day"] == pytest.approx(np.sqrt(200 * 500), rel=1e-3)
    assert notes.assumed == ["volume: 200 to 500 sessions a day, as stated"]


def test_counted_days_say_themselves_how_far_they_differ():
    counts = np.random.default_rng(3).poisson(300, 14)
    volume = learn_volume(sessions_at(starts_of(counts, np.random.default_rng(1))), True, Notes())
    assert volume.log_sd is not None
    assert volume.freedom == 13
    assert volume.driver == ""


def test_sessions_that_were_held_back_are_counted():
    rng = np.random.default_rng(12)
    counts = rng.poisson(300, 14)
    whole, half = (
        learn_volume(sessions_at(starts_of(counts, np.random.default_rng(1))), True, Notes(), kept=kept).section
        for kept in (1.0, 0.5)
    )
    assert half["sessions_per_day"] == pytest.approx(2 * whole["sessions_per_day"], rel=1e-3)


def choose(values, **_):
    return SimpleNamespace(
        expression={"lognormal": {"mean": float(values.mean()), "cv": 1.0}}, quality="fits", body=None
    )


def log_of_users(n_users: int, mean: float, rng: np.random.Generator, n_days: int = 30) -> Sessions:
    counts = rng.poisson(mean * n_days * rng.gamma(2, 0.5, n_users))
    user = np.repeat(np.arange(n_users, dtype=np.int32), counts)
    return sessions_at(FIRST + rng.uniform(0, n_days * SECOND, user.size), user)


def test_users_take_the_place_of_sessions_a_day():
    sessions = log_of_users(80, 2.0, np.random.default_rng(13))
    notes = Notes()
    volume = learn_volume(sessions, True, notes)
    section = learn_users(sessions, volume, notes, choose)
    assert "sessions_per_day" not in section
    assert section["users"] == np.unique(sessions.user).size
    mean = section["sessions_per_user_day"]["lognormal"]["mean"]
    assert section["users"] * mean == pytest.approx(volume.section["sessions_per_day"], rel=0.02)
    assert "30 days" in next(one.source for one in notes.learnt if one.path == "volume.sessions_per_user_day")


@pytest.mark.parametrize(
    ("n_users", "mean", "why"), [(12, 2.0, "too few for a law"), (80, 0.05, "too few to tell habit from chance")]
)
def test_too_few_users_are_not_made_a_law_of(n_users, mean, why):
    sessions = log_of_users(n_users, mean, np.random.default_rng(14))
    notes = Notes()
    volume = learn_volume(sessions, True, notes)
    assert learn_users(sessions, volume, notes, choose) == volume.section
    assert any(why in text for text in notes.unlearnt)


def habits_of(shape, rng, users=400, mean=7.0):
    """Spread of users' habits relative to their mean, from counts of which chance makes one of 0.38 by itself."""
    habits = without_chance(rng.poisson(mean * rng.gamma(shape, 1 / shape, users)))
    return habits.std() / habits.mean()


def test_users_differ_by_habit_and_not_by_chance():
    rng, logs = np.random.default_rng(15), 30
    uneven = [habits_of(2.0, rng) for _ in range(logs)]
    assert abs(np.mean(uneven) - np.sqrt(0.5)) < 4 * np.std(uneven) / np.sqrt(logs)
    alike = [habits_of(1e9, rng) > 1e-9 for _ in range(logs)]
    assert np.mean(alike) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / logs)
