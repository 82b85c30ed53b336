from __future__ import annotations

import math
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.show import words


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "$0"),
        (0.000568, "$0.000568"),
        (0.5, "$0.50"),
        (0.0413, "$0.0413"),
        (0.99961, "$1.00"),
        (4.2, "$4.20"),
        (12.34, "$12.30"),
        (50.02, "$50"),
        (99.96, "$100"),
        (123.4, "$123"),
        (999.6, "$1,000"),
        (83_812, "$83,800"),
        (108_800, "$109,000"),
        (1_234_567, "$1,230,000"),
        (2_345_000_000, "$2.34 billion"),
        (7.5e12, "$7.5 trillion"),
        (-1_249, "-$1,250"),
        (math.inf, "$∞"),
    ],
)
def test_money_has_three_significant_digits(amount: float, said: str) -> None:
    assert words.money(amount) == said


@pytest.mark.parametrize(
    ("amount", "digits", "said"),
    [
        (1_136.2, 4, "$1,136"),
        (83_812, 4, "$83,810"),
        (123.44, 4, "$123.40"),
        (4.2061, 4, "$4.206"),
        (0.0413449, 5, "$0.041345"),
        (2_345_600_000, 4, "$2.346 billion"),
    ],
)
def test_money_with_more_digits_where_three_say_too_little(amount: float, digits: int, said: str) -> None:
    assert words.money(amount, digits=digits) == said


@pytest.mark.parametrize(
    ("currency", "said"), [("USD", "$1,230"), ("EUR", "€1,230"), ("JPY", "¥1,230"), ("PLN", "PLN 1,230")]
)
def test_money_in_other_currencies(currency: str, said: str) -> None:
    assert words.money(1_234, currency) == said
    assert words.money(-1_234, currency) == f"-{said}"


@given(st.floats(min_value=1e-9, max_value=9.9e8))
def test_money_is_within_half_a_unit_of_the_third_digit(amount: float) -> None:
    said = float(words.money(amount).removeprefix("$").replace(",", ""))
    assert abs(said - amount) <= 0.5 * 10 ** (math.floor(math.log10(amount)) - 2) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("amount", "said"),
    [(100_000, "$100,000"), (123_456, "$123,456"), (0.05, "$0.05"), (0.000568, "$0.000568"), (13.5, "$13.50")],
)
def test_what_was_stated_is_said_as_stated(amount: float, said: str) -> None:
    assert words.money_stated(amount) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "$0"), (0.05, "$0.05"), (12, "$12"), (4.2, "$4.20"), (999.6, "$1k"), (1_250_000, "$1.25M"), (-3_000, "-$3k")],
)
def test_short_money(amount: float, said: str) -> None:
    assert words.money_short(amount) == said


@pytest.mark.parametrize(
    ("amount", "short", "stated"),
    [
        (1e300, "$1.00e300", "$1.00e300"),
        (1.2345678e17, "$1.23e17", "$1.2345678e17"),
        (-2e20, "-$2.00e20", "-$2.00e20"),
        (1.5e-300, "$1.50e-300", "$1.50e-300"),
        (9.9e14, "$990 trillion", "$990,000,000,000,000"),
        (sys.float_info.max, "$1.80e308", "$1.79769313e308"),
    ],
)
def test_money_of_absurd_size_is_short(amount: float, short: str, stated: str) -> None:
    assert words.money(amount) == short
    assert words.money_short(amount) == short.replace(" trillion", "T")
    assert words.money_stated(amount) == stated


@pytest.mark.parametrize(("change", "said"), [(9_000, "+$9,000"), (-1_234, "-$1,230"), (0, "±$0")])
def test_a_change_has_its_sign(change: float, said: str) -> None:
    assert words.money_change(change) == said


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.165, "16.5 %"),
        (0.05, "5 %"),
        (0.0004, "0.04 %"),
        (0.000667, "0.07 %"),
        (0.9935, "99.35 %"),
        (1.2346, "123.5 %"),
        (1.5, "150 %"),
        (0.0123, "1.2 %"),
        (0.00004, "0.004 %"),
        (0.9998, "99.98 %"),
        (0.99999, "99.999 %"),
    ],
)
def test_percent(p: float, said: str) -> None:
    assert words.percent(p) == said


@pytest.mark.parametrize(
    ("p", "said"), [(0.0, "0 %"), (0.2, "20 %"), (0.237, "24 %"), (0.996, "99.6 %"), (0.004, "0.4 %"), (1.0, "100 %")]
)
def test_whole_percents_keep_off_nothing_and_all(p: float, said: str) -> None:
    assert words.percent(p, 0) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0718, 0.0822, "7.2 to 8.2 %"),
        (0.07, 0.1, "7 to 10 %"),
        (0.00003, 0.0004, "0.003 to 0.04 %"),
        (0.98, 0.99998, "98 to 99.998 %"),
    ],
)
def test_a_range_of_shares_says_percent_once(low: float, high: float, said: str) -> None:
    assert words.percent_range(low, high) == said


@pytest.mark.parametrize(
    ("parts", "decimals", "said"),
    [
        ([1, 1, 1], 0, [34, 33, 33]),
        ([1, 2, 3.3], 1, [15.9, 31.7, 52.4]),
        ([0, 0], 0, [0, 0]),
        ([], 0, []),
        ([7], 0, [100]),
        ([0.4, 0.4, 99.2], 0, [1, 0, 99]),
    ],
)
def test_hundred_by_cases(parts: list[float], decimals: int, said: list[float]) -> None:
    assert words.hundred(parts, decimals) == said


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60), st.integers(0, 2))
def test_percentages_add_up_to_100_and_stay_within_a_unit(parts: list[float], decimals: int) -> None:
    said = words.hundred(parts, decimals)
    total = math.fsum(parts)
    if total == 0:
        assert not any(said)
        return
    assert sum(round(x * 10**decimals) for x in said) == 100 * 10**decimals
    assert all(abs(s - 100 * part / total) < 10**-decimals + 1e-9 for s, part in zip(said, parts, strict=True))


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0, "none"),
        (1, "certain"),
        (0.165, "1 in 6"),
        (0.28, "3 in 10"),
        (0.45, "9 in 20"),
        (0.5, "1 in 2"),
        (0.667, "2 in 3"),
        (0.93, "13 in 14"),
        (0.99, "99 in 100"),
        (0.05, "1 in 20"),
        (0.03, "1 in 33"),
        (0.0004, "1 in 2,500"),
        (0.9996, "2,499 in 2,500"),
    ],
)
def test_odds(p: float, said: str) -> None:
    assert words.odds(p) == said


@pytest.mark.parametrize(
    ("hits", "trials", "said", "share"),
    [
        (1_650, 10_000, "1 in 6", "16.5 %"),
        (0, 10_000, "less than 1 in 3,000", "less than 0.03 %"),
        (10_000, 10_000, "more than 2,999 in 3,000", "more than 99.97 %"),
        (0, 200, "less than 1 in 60", "less than 1.7 %"),
        (200, 200, "more than 59 in 60", "more than 98.3 %"),
        (0, 50, "less than 1 in 17", "less than 6 %"),
        (0, 700, "less than 1 in 230", "less than 0.44 %"),
        (0, 5, "less than 1 in 2", "less than 50 %"),
        (0, 10, "less than 1 in 3", "less than 30 %"),
        (0, 1, "anybody's guess", "unknown"),
        (1, 1, "anybody's guess", "unknown"),
        (2, 4, "anybody's guess", "unknown"),
        (2, 5, "2 in 5", "40 %"),
        (1, 10_000, "1 in 10,000", "0.01 %"),
    ],
)
def test_what_was_never_seen_is_not_impossible(hits: int, trials: int, said: str, share: str) -> None:
    assert words.odds_of(hits, trials) == said
    assert words.percent_of(hits, trials) == share


@pytest.mark.parametrize("trials", [*range(5, 400), 500, 700, 1_000, 1_500, 2_500, 10_000, 54_321, 1_000_000])
def test_odds_and_percent_of_what_was_never_seen_agree(trials: int) -> None:
    n = int(words.odds_of(0, trials).removeprefix("less than 1 in ").replace(",", ""))
    percent = float(words.percent_of(0, trials).removeprefix("less than ").removesuffix(" %"))
    bound = 1 - 0.05 ** (1 / trials)
    assert 1 / n >= bound * (1 - 1e-12)
    assert percent / 100 >= bound * (1 - 1e-12)
    assert abs(percent * n / 100 - 1) < 0.12
    held = float(words.percent_of(trials, trials).removeprefix("more than ").removesuffix(" %"))
    assert held + percent == pytest.approx(100, abs=1e-9)


@pytest.mark.parametrize("trials", [5, 50, 1_000, 10_000, 100_000])
def test_odds_and_percent_of_one_line_agree(trials: int) -> None:
    for hits in range(1, trials, 1 + trials // 5_000):
        of, n = (int(part) for part in words.odds_of(hits, trials).replace(",", "").split(" in "))
        percent = float(words.percent_of(hits, trials).removesuffix(" %"))
        rare, said = min((of / n, percent / 100), (1 - of / n, 1 - percent / 100))
        assert 0.8 < rare / said < 1.25, (hits, trials)


def test_the_verdict_as_a_sentence() -> None:
    assert words.over_budget(1_650, 10_000, 100_000) == "1 in 6 chance of going over the $100,000 budget (16.5 %)."
    assert words.over_budget(0, 10_000, 5).startswith("Less than 1 in 3,000 chance of going over the $5 budget (less")
    assert words.over_budget(0, 1, 5) == "Too few trials (1) to say whether the $5 budget holds."


@pytest.mark.parametrize(
    ("p95", "said"),
    [
        (108_800, "To be 95 % sure of holding it, budget $109,000 (+$9,000)."),
        (100_100, "That is what 95 % certainty takes: $100,000."),
        (96_040, "95 % certainty takes $96,000: $4,000 to spare."),
    ],
)
def test_contingency_is_the_difference_of_what_is_shown(p95: float, said: str) -> None:
    assert words.to_be_sure(p95, 100_000) == said


@pytest.mark.parametrize(
    ("start", "days", "noun", "name"),
    [
        (date(2026, 12, 1), 31, "month", "December 2026"),
        (date(2026, 10, 1), 92, "quarter", "Q4 2026"),
        (date(2027, 1, 1), 365, "year", "2027"),
        (date(2026, 12, 7), 7, "week", "7 Dec 2026 to 13 Dec 2026"),
        (date(2026, 12, 7), 1, "day", "7 Dec 2026"),
        (date(2026, 12, 2), 30, "period", "2 Dec 2026 to 31 Dec 2026"),
        (date(2026, 11, 1), 92, "quarter", "1 Nov 2026 to 31 Jan 2027"),
    ],
)
def test_periods(start: date, days: int, noun: str, name: str) -> None:
    assert (words.period_noun(start, days), words.period_name(start, days)) == (noun, name)


@pytest.mark.parametrize(("days", "said"), [(0, "19 Dec"), (12, "19 to 31 Dec"), (15, "19 Dec 2026 to 3 Jan 2027")])
def test_day_ranges(days: int, said: str) -> None:
    first = date(2026, 12, 19)
    assert words.day_range(first, first + timedelta(days=days)) == said


def test_days() -> None:
    assert words.day_range(date(2026, 11, 28), date(2026, 12, 3)) == "28 Nov to 3 Dec"
    assert words.day_word(date(2026, 12, 28)) == "Mon 28 Dec"
    assert words.full_date(date(2026, 11, 20)) == "20 Nov 2026"


@pytest.mark.parametrize(
    ("cause", "agents", "details", "said"),
    [
        ("history", ("planner", "executor"), (), "history re-sent by planner and executor"),
        ("tools", ("planner",), ("search",), "tool search of planner"),
        ("tools", ("planner",), ("search", "read", "2 others"), "tools search, read and 2 others of planner"),
        ("fixed", (), ("platform",), "fixed costs: platform"),
        ("tools", (), (), "tools"),
        ("human_review", (), (), "people reviewing"),
        ("fixed", (), (), "fixed costs"),
        ("something_new", (), (), "something new"),
    ],
)
def test_causes(cause: str, agents: tuple[str, ...], details: tuple[str, ...], said: str) -> None:
    assert words.cause_words(cause, agents, details) == said


@pytest.mark.parametrize(
    ("unit", "n", "said"),
    [
        ("session", 2, "sessions"),
        ("query", 2, "queries"),
        ("ticket", 1, "ticket"),
        ("batch", 0, "batches"),
        ("day", 3, "days"),
    ],
)
def test_plurals(unit: str, n: float, said: str) -> None:
    assert words.plural(unit, n) == said


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0"), (10_000, "10,000"), (1_234_567, "1.23 million"), (3e9, "3 billion"), (1e20, "1.00e20")]
)
def test_counts(n: float, said: str) -> None:
    assert words.count(n) == said


def test_small_words() -> None:
    assert words.times(1.72) == "1.7x"
    assert [words.times(factor) for factor in (0.984, 1.0, 1.045)] == ["0.98x", "1x", "1.04x"]
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"
    assert words.listing([]) == ""


@pytest.mark.parametrize(
    ("difference", "places", "said"),
    [
        (0.111, 0, "+11 %"),
        (-0.034, 0, "-3 %"),
        (-0.0004, 1, "0.0 %"),
        (0.0004, 1, "0.0 %"),
        (-0.004, 0, "0 %"),
        (-0.0, 0, "0 %"),
        (-0.104, 0, "-10 %"),
        (math.inf, 0, "from 0"),
    ],
)
def test_a_difference_of_nothing_has_no_sign(difference: float, places: int, said: str) -> None:
    assert words.apart(difference, places) == said


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "$0"), (0.004, "< $0.01"), (1e-9, "< $0.01"), (0.006, "$0.01"), (12.345, "$12.35")]
)
def test_a_bill_is_to_the_cent_and_less_is_not_nothing(amount: float, said: str) -> None:
    assert words.cents(amount) == said
