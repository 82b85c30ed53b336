"""Numbers as people write them, and what is said of those that are none."""

from __future__ import annotations

import doctest
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributions import quantity
from distributions.quantity import GREATEST, NUMBER_PATTERN, QuantityError, format_number, parse_number

GOOD = {
    "60k": 60_000.0,
    "60K": 60_000.0,
    "1.5M": 1_500_000.0,
    "2B": 2e9,
    "1e6": 1e6,
    "1E-3": 1e-3,
    "2_400": 2400.0,
    "2_4_0": 240.0,
    "131_072.5": 131_072.5,
    "3%": 0.03,
    "3 %": 0.03,
    "0.5%": 0.005,
    "110%": 1.1,
    "$60,000": 60_000.0,
    "$1.5M": 1_500_000.0,
    "$ 60": 60.0,
    "-$5": -5.0,
    "$-5": -5.0,
    "10,000": 10_000.0,
    "1,234,567": 1_234_567.0,
    "1,234.5": 1234.5,
    "+7": 7.0,
    "-0.25": -0.25,
    ".5": 0.5,
    "5.": 5.0,
    " 42 ": 42.0,
    "007": 7.0,
}

BAD = {
    "": "nothing is written here",
    "  ": "nothing is written here",
    "ten": "'ten' is not a number; write for example",
    "1,00": "a comma that does not split thousands; write 10_000 or 10k",
    "0,5": "a point for decimals",
    "10,0000": "a comma that does not split thousands",
    "1,2345,678": "a comma that does not split thousands",
    ",5": "is not a number",
    "1_": "is not a number",
    "_1": "is not a number",
    "1__0": "is not a number",
    "1.5m": "unknown suffix; k is thousand, M million, B billion",
    "3bn": "unknown suffix",
    "60k%": "both 'k' and '%'",
    "1e3k": "both an exponent and 'k'",
    "1e3%": "both an exponent and '%'",
    "--5": "is not a number",
    "-$-5": "is not a number",
    "1 000": "spaces inside; write 1_000",
    "€60": "names a currency; leave it out here and set `currency`",
    "60 EUR": "names a currency",
    "nan": "not a finite number",
    ".inf": "not a finite number",
    "-Infinity": "not a finite number",
    "1e999": "not a finite number",
    "0x10": "is not a number",
    "1.2.3": "is not a number",
    "60k 70k": "is not a number",
}


@pytest.mark.parametrize(("text", "value"), GOOD.items())
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    assert parse_number(text) == pytest.approx(value, rel=1e-15)
    assert re.search(NUMBER_PATTERN, text)


@pytest.mark.parametrize(("text", "words"), BAD.items())
def test_what_is_no_number_says_why(text: str, words: str) -> None:
    with pytest.raises(QuantityError, match=re.escape(words)):
        parse_number(text)


def test_thousands_are_exact() -> None:
    assert parse_number("0.1k") == 100.0
    assert parse_number("10_000") == parse_number("10,000") == parse_number("10k") == 10_000


@pytest.mark.parametrize("number", [3, 3.0, np.float64(3.0), np.int64(3)])
def test_numbers_are_numbers(number: object) -> None:
    value = parse_number(number)
    assert value == 3.0
    assert type(value) is float


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (True, "true is a truth value"),
        (None, "nothing"),
        ([], "a list is not a number"),
        ({}, "a group of keys is not a number"),
        (math.nan, "not a finite number"),
        (math.inf, "not a finite number"),
        (1j, "complex"),
    ],
)
def test_things_that_are_no_numbers(thing: object, words: str) -> None:
    with pytest.raises(QuantityError, match=words):
        parse_number(thing)


@given(st.floats(-GREATEST, GREATEST))
def test_every_float_reads_back(x: float) -> None:
    assert parse_number(repr(x)) == x


@pytest.mark.parametrize("x", [1.1e100, "-1e101", "1e400"])
def test_numbers_beyond_all_counting_are_refused(x: object) -> None:
    with pytest.raises(QuantityError, match=r"beyond 1e\+100|not a finite number"):
        parse_number(x)


@given(st.text(max_size=12))
def test_any_text_is_a_finite_number_or_a_sentence(text: str) -> None:
    try:
        value = parse_number(text)
    except QuantityError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
    else:
        assert math.isfinite(value)
        assert re.search(NUMBER_PATTERN, text)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (2400.0, "2,400"),
        (1.5e6, "1,500,000"),
        (0.123456, "0.1235"),
        (1.05, "1.05"),
        (123.456, "123.5"),
        (12_345.678, "12,346"),
        (-0.5, "-0.5"),
        (899.9999999, "900"),
        (1e-9, "1e-09"),
        (2.5e18, "2.5e+18"),
        (math.inf, "infinity"),
        (-math.inf, "-infinity"),
        (math.nan, "undefined"),
    ],
)
def test_numbers_are_written_for_people(x: float, text: str) -> None:
    assert format_number(x) == text


def test_the_examples_run() -> None:
    assert doctest.testmod(quantity).failed == 0
