"""Logs as they come: empty, cut off, skewed, doubled, unpriced. Each ends in words, and leaves nothing half-written."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import Caller, Outcome

Row = dict[str, Any]
START = 1_793_577_600
"""2026-11-02."""
TWO_YEARS = 2 * 365 * 86_400


def rows(sessions: int = 40) -> list[Row]:
    """Calls of sessions of a growing context, as a row each."""
    random_ = random.Random(1)
    made: list[Row] = []
    for session in range(sessions):
        prompt, time = 3_000, START + session * 3_600.0
        for turn in range(1 + int(random_.expovariate(0.3))):
            output = int(random_.lognormvariate(5, 0.8)) + 1
            made.append(
                {
                    "time": time, "session": f"s{session}", "id": f"{session}-{turn}", "model": "claude-sonnet-4-6",
                    "fresh": prompt, "output": output, "cost": (prompt * 3 + output * 15) / 1e6,
                }
            )  # fmt: skip
            prompt, time = prompt + output + 100, time + 30
    return made


def lines(some: Iterable[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in some).encode()


ROWS = rows()


def changed(every: int, **fields: Any) -> bytes:
    """The log with some fields of every so manieth row changed."""
    return lines(row | fields if place % every == 0 else row for place, row in enumerate(ROWS))


def without(*fields: str) -> bytes:
    return lines({key: value for key, value in row.items() if key not in fields} for row in ROWS)


@pytest.fixture
def calibrated(tmp_path: Path, burncurve: Caller, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calibrate a log of these bytes, and see that what is there after it is whole, or nothing."""
    monkeypatch.chdir(tmp_path)

    def call(log: bytes, *more: str, name: str = "log.jsonl") -> Outcome:
        Path(name).write_bytes(log)
        found = burncurve("calibrate", name, "--out", "made.yaml", *more)
        left = {path.name for path in tmp_path.iterdir()} - {name}
        if found.code == 0:
            assert "made.yaml" in left
            assert left <= {"made.yaml", "made.laws"}
            assert burncurve("check", "made.yaml").code == 0
        else:
            assert left == set()
            assert found.out == ""
        assert "Traceback" not in found.err
        assert "Warning" not in found.err
        return found

    return call


REFUSED = {
    "no byte": (b"", "log.jsonl is empty: it holds no byte of a log"),
    "a header alone": (b"time,session,model,prompt_tokens,completion_tokens\n", "no call was found in log.jsonl"),
    "one session": (lines(row | {"session": "s"} for row in ROWS), "the log holds one session, and one says nothing"),
    "no tokens": (changed(1, fresh=0, output=0), f"none of the {len(ROWS)} calls has any tokens"),
    "all below zero": (changed(1, fresh=-5), f"{len(ROWS)} times fresh is below zero (first at log.jsonl:1)"),
    "currencies": (
        changed(4, currency="EUR"),
        "the log records costs in several currencies, USD (96 calls), EUR (33 calls)",
    ),
    "a model unknown": (changed(3, model="acme-7b"), "the price catalogue has no model 'acme-7b'"),
    "its remedy": (changed(3, model="acme-7b"), "--model 'acme-7b=PROVIDER/MODEL'"),
    "no model": (
        changed(1, model=None),
        f"{len(ROWS)} of {len(ROWS)} calls name no model, the first in session s0 at",
    ),
    "prose": (b"Dear all,\nplease find it attached\n", "it is neither JSON, nor csv with a header, nor Parquet"),
    "what was seen": (b'{"ts": 1, "words": 3}\n', "it is json with ts, words"),
    "what is needed": (b'{"ts": 1, "words": 3}\n', "--map prompt=COLUMN --map output=COLUMN"),
    "zipped nothing": (gzip.compress(lines(ROWS))[:20], "is cut off before its first record ends"),
}


@pytest.mark.parametrize(("log", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_learnt_from_is_refused_in_words(log: bytes, said: str, calibrated: Any) -> None:
    found = calibrated(log)
    assert found.code == 2
    assert said in found.err


LEARNT = {
    "some below zero": (changed(10, fresh=-5), "fresh is below zero (first at log.jsonl:1,"),
    "some without a session": (changed(5, session=None, id=None), "calls name no session and were taken for sessions"),
    "none with a session": (without("session", "id"), "the log names none, so each call stands for one"),
    "a clock behind": (
        changed(200, time=START - TWO_YEARS),
        "or more away from all others, as a clock that is wrong makes them",
    ),
    "clocks apart": (changed(7, time=START - 100_000), "Read "),
    "every record twice": (lines([*ROWS, *ROWS]), f"{len(ROWS)} records were there twice"),
    "lines that are none": (
        lines(ROWS) + b'{"time": 1, "ses\nno\n',
        "Skipped 2: a line is not JSON (first at log.jsonl:",
    ),
    "some without tokens": (changed(9, fresh=0, output=0, cost=0), "Read "),
}


@pytest.mark.parametrize(("log", "said"), LEARNT.values(), ids=LEARNT.keys())
def test_what_can_be_used_is_used_and_the_rest_is_told(log: bytes, said: str, calibrated: Any) -> None:
    found = calibrated(log)
    assert found.code == 0
    assert said in " ".join(found.out.split())


def test_a_log_that_is_cut_off_is_learnt_from_up_to_the_cut(calibrated: Any) -> None:
    whole = gzip.compress(lines(rows(400)))
    found = calibrated(whole[: len(whole) * 6 // 10], name="log.jsonl.gz")
    assert found.code == 0
    words = " ".join(found.out.split())
    assert "log.jsonl.gz is cut off after line" in words
    read = int(words.partition("Read ")[2].partition(" ")[0].replace(",", ""))
    assert read > 0.5 * len(rows(400))


def test_a_clock_ahead_is_told_and_does_not_move_the_month(calibrated: Any) -> None:
    found = calibrated(changed(200, time=START + TWO_YEARS))
    assert "or more away from all others, as a clock that is wrong" in " ".join(found.out.split())
    assert "period: 2026-12" in Path("made.yaml").read_text()


def test_a_model_that_is_given_a_price_is_billed_at_it(calibrated: Any) -> None:
    found = calibrated(changed(3, model="acme-7b"), "--model", "acme-7b=openai/gpt-4o-mini")
    assert found.code == 0
    line = next(line for line in found.out.splitlines() if line.startswith("acme-7b (as openai/gpt-4o-mini)"))
    assert float(line.partition("$")[2].split()[0]) > 0
