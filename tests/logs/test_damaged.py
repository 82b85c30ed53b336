"""Files that are cut off, damaged, or no logs at all: what can be read is used, and each loss is told."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError

N = 20_000
_RANDOM = random.Random(4)
ROWS = [
    {"request_id": f"r{i}", "timestamp": 1_793_610_000 + i, "prompt_tokens": _RANDOM.randrange(1, 10**6),
     "completion_tokens": i % 300}
    for i in range(N)
]  # fmt: skip
JSON_LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
SHAPES = {
    "line": JSON_LINES,
    "record": json.dumps({"data": ROWS}).encode(),
    "csv": "\n".join([",".join(ROWS[0]), *(",".join(map(str, row.values())) for row in ROWS), ""]).encode(),
}


def _spoilt(zipped: bytes) -> bytes:
    middle = len(zipped) // 2
    return zipped[:middle] + bytes(255 - byte for byte in zipped[middle : middle + 400]) + zipped[middle + 400 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "spoilt": lambda text: _spoilt(gzip.compress(text)),
    "one bit": lambda text: (zipped := gzip.compress(text, 0))[:-9] + bytes([zipped[-9] ^ 1]) + zipped[-8:],
    "its checksum": lambda text: (zipped := gzip.compress(text))[:-8] + bytes([zipped[-8] ^ 1]) + zipped[-7:],
    "its size": lambda text: gzip.compress(text)[:-1] + b"\xff",
}
"""From a text to what is left of it gzipped."""


@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_before_a_cut_is_used_and_said_to_be(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.gz"
    zipped = gzip.compress(SHAPES[shape])
    path.write_bytes(zipped[: len(zipped) // 2])
    calls, reading = read_logs([path], format="columns")
    assert 0.3 * N < len(calls) < 0.7 * N
    assert calls["fresh"].tolist() == [row["prompt_tokens"] for row in ROWS[: len(calls)]]
    (cut,) = reading.cuts
    unit = "line" if shape == "csv" else shape
    assert f"calls.gz is cut off after {unit} {reading.lines + (shape == 'csv'):,}: what stands before is used" in cut
    assert not reading.skipped


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_damaged_is_refused(damage: str, shape: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.gz"
    path.write_bytes(DAMAGES[damage](SHAPES[shape]))
    with pytest.raises(LogError, match=r"calls.gz is damaged, and nothing that it holds can be trusted: .*gzip -t"):
        read_logs([path], format="columns")


def test_what_follows_a_whole_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.gz"
    path.write_bytes(gzip.compress(JSON_LINES) + b"and more")
    calls, reading = read_logs([path], format="columns")
    assert len(calls) == N
    assert reading.cuts[0].startswith("calls.gz is followed by something else after line 20,000: what stands before is")


NOTHING = {
    "cut in its first bytes": (gzip.compress(JSON_LINES)[:20], "is cut off before its first record ends"),
    "spoilt in its first bytes": (
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 500,
        "is damaged, and nothing that it holds can be trusted",
    ),
    "named so": (random.Random(2).randbytes(5_000), "it is no text, and no gzip, as its name says"),
    "a zip archive": (b"PK\3\4" + bytes(90), "it is a zip archive or a workbook, which has to be unpacked"),
    "blank": (b"\n \n\n", "it is blank"),
}


@pytest.mark.parametrize(("written", "said"), NOTHING.values(), ids=NOTHING.keys())
def test_a_file_of_which_nothing_can_be_read_is_refused_by_what_it_is(
    written: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "calls.jsonl.gz"
    path.write_bytes(written)
    with pytest.raises(LogError) as told:
        read_logs([path])
    assert said in str(told.value)


@pytest.mark.parametrize("name", ["columns", "litellm"])
def test_a_file_of_which_nothing_can_be_read_does_not_take_the_others_with_it(name: str, tmp_path: Path) -> None:
    sample = Path(__file__).parent / "samples" / name
    for file in sample.glob("*.jsonl"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    expected, _ = read_logs([tmp_path])
    (tmp_path / "z.jsonl.gz").write_bytes(NOTHING["cut in its first bytes"][0])
    (tmp_path / "empty.jsonl").touch()
    calls, reading = read_logs([tmp_path])
    assert len(calls) == len(expected)
    assert [cut.partition(":")[0] for cut in reading.cuts] == ["z.jsonl.gz is cut off before its first line ends"]


@pytest.mark.parametrize("name", ["auto", "columns", "litellm", "langfuse", "helicone"])
def test_bytes_at_random_are_no_csv(name: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    random_ = random.Random(1)
    for commas in (0, 500):
        path.write_bytes(random_.randbytes(3_000) + b"a,b,c" * commas)
        with pytest.raises(LogError, match="no text"):
            read_logs([path], format=name)
    path.write_bytes(b"\xfe,\xfd\x81,\xfc\n" + random_.randbytes(900))
    with pytest.raises(LogError, match="no text"):
        read_logs([path], format=name)


def test_a_format_that_does_not_fit_is_told_with_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("when,words\n1,2\n")
    with pytest.raises(LogError) as told:
        read_logs([path], format="litellm")
    assert "--format litellm needs columns startTime, prompt_tokens" in str(told.value)
    assert "calls.csv is csv with when, words" in str(told.value)


@pytest.mark.parametrize("name", ["auto", "columns", "litellm", "langfuse", "helicone", "azure-trace"])
@pytest.mark.parametrize("shape", ["line", "csv"])
def test_lines_that_end_with_cr_alone_are_told_whatever_the_format(name: str, shape: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.txt"
    path.write_bytes(SHAPES[shape][:20_000].replace(b"\n", b"\r"))
    with pytest.raises(LogError, match="CR alone"):
        read_logs([path], format=name)
