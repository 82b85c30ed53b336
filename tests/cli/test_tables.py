"""Columns of text."""

from __future__ import annotations

from simulator.show.tables import columns


def test_columns_are_as_wide_as_their_contents_and_the_last_one_wraps() -> None:
    rows = [("faq", "3.00", "a bot that answers questions"), ("long-name", "15.00", "x")]
    assert columns(rows, align="lrl", width=46).splitlines() == [
        "faq         3.00  a bot that answers questions",
        "long-name  15.00  x",
    ]
    assert columns(rows, align="lrl", width=45).splitlines() == [
        "faq         3.00  a bot that answers",
        "                  questions",
        "long-name  15.00  x",
    ]


def test_a_last_column_of_numbers_stands_right() -> None:
    assert columns([("a", "1"), ("b", "12")], align="lr", width=40).splitlines() == ["a   1", "b  12"]


def test_no_rows_are_no_lines() -> None:
    assert columns([], align="ll", width=40) == ""
