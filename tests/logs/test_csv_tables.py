"""Tables cut by the block are those that Python's csv reads row by row, in every line and message."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.logs import csv_tables
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import Reading
from scenarios.logs.separators import separator_of
from scenarios.logs.source import Source

HEADERS = (b"", b"a\n", b"a,b\n")
"""By number of columns."""

CELLS = (b"1", b"", b"two words", b'"t, u"', b'"a\nb"', b'"q""q"', b'""', b'"""x"""', b'"\r\n"', b"\xc3\xa9t\xc3\xa9")
ODD = (b'5"', b'"5"6', b'"', b"a\rb", b"\r", b"\0", b" ", b"\xff", b"\xe2\x82", b"\xef\xbb\xbf", b'"a" ')


class Found(NamedTuple):
    header: list[str]
    rows: list[tuple[int, list[str]]]
    told: Counter[str]
    lines: int
    cuts: tuple[str, ...] = ()


def by_block(path: Path, block: int = 1 << 20) -> Found:
    reading, headers = Reading(), list[list[str]]()

    def all_of(header: Sequence[str]) -> Sequence[int]:
        headers.append(list(header))
        return range(len(header))

    with patch.object(csv_tables, "_BLOCK", block):
        tables = list(csv_tables.csv_tables(Source(path, reading), all_of))
    rows = [(line, cells) for table in tables for line, *cells in zip(table.lines, *table.columns, strict=True)]
    told = Counter({skipped.reason: skipped.count for skipped in reading.skipped.values()})
    return Found(headers[0], rows, told, reading.lines, tuple(reading.cuts))


def by_row(text: bytes) -> Found:
    """The twin: every line by Python's csv, from where the last row ended."""
    lines = list(io.StringIO(text.decode("utf-8-sig", "replace"), newline="\n"))
    reader = csv.reader(lines, strict=True)
    header, rows, told = next(reader), list[tuple[int, list[str]]](), Counter[str]()
    at = reader.line_num
    while at < len(lines):
        reader, start, row = csv.reader(lines[at:], strict=True), at, list[str]()
        try:
            row = next(reader)
        except csv.Error as error:
            at = start + reader.line_num
            behind = [line for line in lines[start + 1 : at] if line.endswith("\n")]
            if at - start > 4 and between_rows(behind, len(header)):
                told[csv_tables.STRAY] += 1
                at = start + 1
                continue
            closed = "end of data" not in str(error)
            told["a row is no csv: something follows the quote that closes a cell" if closed
                 else "a quoted cell is never closed: the rest is missing"] += 1  # fmt: skip
            continue
        at = start + reader.line_num
        if at - start > 4 and between_rows(lines[start + 1 : at - 1], len(header)):
            told[csv_tables.STRAY] += at - start
        elif len(row) == len(header):
            rows.append((start + 1, row))
        elif row:
            told[f"a line has {len(row)} cells and not {len(header)}"] += 1
    return Found(header, rows, told, len(rows) + told.total())


def between_rows(lines: Sequence[str], width: int) -> bool:
    """Whether a quote is stray: more than half of the lines behind it are rows."""
    return width > 1 and 2 * sum(line.count(",") == width - 1 for line in lines) > len(lines)


def rows_of(width: int, cells: Sequence[bytes], most: int) -> st.SearchStrategy[bytes]:
    row = st.lists(st.sampled_from(cells), min_size=width, max_size=width).map(b",".join)
    end = st.sampled_from([b"\n", b"\r\n"])
    return st.builds(lambda rows, end: b"".join(row + end for row in rows), st.lists(row, max_size=most), end)


def files(width: int) -> st.SearchStrategy[bytes]:
    """Ordinary rows with odd ones, and such as are too long or cut off, among them."""
    plain, odd = rows_of(width, CELLS, 6), rows_of(width, CELLS + ODD, 2)
    other = st.lists(st.sampled_from((*CELLS, *ODD, b",", b"\n")), max_size=3).map(b"".join)
    bare = rows_of(width, CELLS[:3], 8)
    return st.tuples(st.just(HEADERS[width]), plain, odd, bare, other, plain, odd, bare, other).map(b"".join)


@given(st.sampled_from([1, 2]).flatmap(files), st.sampled_from([1, 7, 40, 1 << 20]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_those_of_pythons_csv(tmp_path: Path, text: bytes, block: int) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(text)
    assert by_block(path, block) == by_row(text)


def test_rows_of_ordinary_files_are_never_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(b"\xef\xbb\xbf" + HEADERS[2] + b'1,"x, ""y""\n\xc3\xa9"\n2,\n' * 100)
    with patch.object(csv, "reader", wraps=csv.reader) as by:
        found = by_block(path)
    assert (found.header, found.lines, len(found.rows), found.told) == (["a", "b"], 200, 200, Counter())
    assert found.rows[2] == (5, ["1", 'x, "y"\né'])
    assert sum("strict" in call.kwargs for call in by.call_args_list) == 2  # the header, and nothing at the end


@pytest.mark.parametrize("block", [1, 1 << 20])
@pytest.mark.parametrize("cell", [b'"' + b"x" * 100 + b'"', b"x" * 100, b'"' + b"x" * 100])
def test_cells_that_are_too_long_are_told(tmp_path: Path, cell: bytes, block: int) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(HEADERS[2] + b"1,2\n" + cell + b",4\n5,6\n")
    with patch.object(csv_tables, "LONGEST_CELL", 60), patch.object(csv_tables, "_MOST", 60):
        found = by_block(path, block)
    assert [row for _, row in found.rows] == [["1", "2"], ["5", "6"]]
    assert (list(found.told), found.lines) == (["a cell is longer than 0 MiB"], 3)


def test_a_line_that_no_memory_holds_is_taken_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(HEADERS[2] + b"1,2\n" + b"x" * 1_000 + b"\n5,6\n7\n")
    with patch.object(csv_tables, "LONGEST_ROW", 100), patch.object(csv_tables, "_MOST", 90):
        found = by_block(path, 16)
    assert [row for _, row in found.rows] == [["1", "2"], ["5", "6"]]
    assert found.rows[1][0] == 4


@pytest.mark.parametrize("block", [1 << 14, 1 << 20])
@pytest.mark.parametrize("first", [b"0,x\n", b'5",x\n'])
def test_a_broken_end_leaves_the_rows_before_it(tmp_path: Path, first: bytes, block: int) -> None:
    text = HEADERS[2] + first + b"".join(b"%d,x\n" % i for i in range(9_999))
    path = tmp_path / "some.csv.gz"
    path.write_bytes(gzip.compress(text + b"7")[:-8])
    found = by_block(path, block)
    assert found.rows == by_row(text).rows
    (cut,) = found.cuts
    assert cut.startswith("some.csv.gz is cut off after line 10,001")


@pytest.mark.parametrize("block", [7, 1 << 20])
@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_cells_may_be_parted_by_other_signs(sign: str, block: int, tmp_path: Path) -> None:
    text = 'a,b,c\n1,"two, parts",3\n4,"line\nbreak",é\n7,8\n"q""q",,9\n'
    path = tmp_path / "some.csv"
    path.write_text(text.replace(",", sign))
    found, twin = by_block(path, block), by_row(text.encode())
    assert found.rows == [(line, [cell.replace(",", sign) for cell in row]) for line, row in twin.rows]
    assert (found.header, found.told, found.lines) == (twin.header, twin.told, twin.lines)


@pytest.mark.parametrize(
    ("start", "sign"),
    [
        (b"a,b;c\n1,2;3\n", ","),
        (b"a;b\n0,5;1,5\n", ";"),
        (b"a, b\tc, d\te\n1\t2\t3\n", "\t"),
        (b"a;b;c,d\n1,2\n3,4\n", ","),
        (b'a;b\n"1;1";2\n3;"cut o', ";"),
        (b"alone\n1;2\n", ","),
        (b"", ","),
    ],
)
def test_what_parts_cells_is_told_by_the_first_lines(start: bytes, sign: str) -> None:
    assert separator_of(start) == sign


@pytest.mark.parametrize("block", [1 << 20, 64])
@pytest.mark.parametrize("message", ["", "words, and words\n" * 30])
def test_rows_between_two_stray_quotes_are_not_swallowed_unseen(message: str, block: int, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    lines = [f'{10 + i},1,"{message}"' for i in range(60)]

    def read() -> tuple[int, dict[str, int], int]:
        path.write_text("\n".join(["prompt_tokens,completion_tokens,note", *lines]) + "\n")
        with patch.object(csv_tables, "_BLOCK", block):
            calls, reading = read_logs([path])
        return len(calls), {why: one.count for why, one in reading.skipped.items()}, reading.lines

    assert read() == (60, {}, 60)
    if not message:
        lines[20], lines[40] = '30,1,"a', '50,1,b"'
        lines[21:40] = [line.replace('""', "x") for line in lines[21:40]]
        assert read() == (39, {csv_tables.STRAY: 21}, 60)


@pytest.mark.parametrize("block", [1 << 20, 64])
@pytest.mark.parametrize("last", ["", '90,1,"closed, and no row"\n'])
def test_rows_behind_a_quote_that_is_never_closed_are_read(last: str, block: int, tmp_path: Path) -> None:
    path, rows = tmp_path / "calls.csv", [f"{10 + i},1,x\n" for i in range(60)]
    rows[20] = '30,1,"x\n'
    path.write_text("".join(["prompt_tokens,completion_tokens,note\n", *rows, last]))
    with patch.object(csv_tables, "_BLOCK", block):
        calls, reading = read_logs([path])
    assert {why: one.count for why, one in reading.skipped.items()} == {csv_tables.STRAY: 1}
    assert reading.skipped[csv_tables.STRAY].examples == ["calls.csv:22"]
    assert sorted(calls["fresh"].tolist()) == sorted({*range(10, 70), *([90] if last else [])} - {30})
    assert reading.lines == 60 + bool(last)
