"""Which part of a log is read: by day and by field, in every format; and what is said where nothing is left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from scenarios.logs.field_names import unknown_fields
from scenarios.logs.format import Head
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import BEYOND, UNWANTED, LogError, ignored_words
from scenarios.logs.table import Calls
from simulator.log_options import ReadOptions

SAMPLES = Path(__file__).parent / "samples"
FIELDS = {
    "azure-trace": ("ContextTokens", "400"),
    "claude-code": ("gitBranch", "checkout-form"),
    "claude-code-events": ("service.name", "claude-code"),
    "codex": ("git.branch", "checkout-form"),
    "coding-trace": ("agent", "main"),
    "columns": ("session_id", "s1"),
    "helicone": ("request_properties.Helicone-Session-Id", "s1"),
    "langfuse": ("user_id", "u1"),
    "litellm": ("team_id", "support"),
    "otlp": ("service.name", "helpdesk"),
    "tau-bench": ("trial", "0"),
}
"""By format a field of its sample, and a value that it has there."""


def sample(name: str) -> Path:
    return SAMPLES / name / {"columns": "calls.jsonl", "otlp": "genai.jsonl"}.get(name, "")


def read(name: str, **options: object) -> Calls:
    return read_logs([sample(name)], **options)[0]  # type: ignore[arg-type]  # as read_logs takes them


@pytest.fixture(scope="module", params=FIELDS)
def whole(request: pytest.FixtureRequest) -> tuple[str, Calls]:
    return request.param, read(request.param)


def test_the_days_before_and_the_days_after_are_all_days(whole: tuple[str, Calls]) -> None:
    name, calls = whole
    if not calls.dated:
        with pytest.raises(LogError, match="--since and --until need dates, and this log has none"):
            read(name, since=date(2026, 1, 1))
        return
    first, last = (datetime.fromtimestamp(end, UTC).date() for end in (calls["time"].min(), calls["time"].max()))
    inside, reading = read_logs([sample(name)], since=first, until=last)
    assert len(inside) == len(calls)
    assert BEYOND not in reading.ignored
    kept = {"since": first + timedelta(days=1)}, {"until": first}
    days = np.floor(calls["time"] / 86_400) - first.toordinal() + date(1970, 1, 1).toordinal()
    for options, expected in zip(kept, (int((days >= 1).sum()), int((days <= 0).sum())), strict=True):
        if expected:
            some, reading = read_logs([sample(name)], **options)  # type: ignore[arg-type]
            assert (len(some), reading.ignored.get(BEYOND, 0)) == (expected, len(calls) - expected)
        else:
            with pytest.raises(LogError, match="before --since or after --until"):
                read(name, **options)


def test_records_that_say_so_are_kept(whole: tuple[str, Calls]) -> None:
    name, calls = whole
    kept = read(name, where=[FIELDS[name]])
    assert 0 < len(kept) <= len(calls)
    with pytest.raises(LogError) as refused:
        read(name, where=[(FIELDS[name][0], "nobody")])
    assert "has a field" not in str(refused.value)


def test_a_field_that_no_record_has_is_named_with_those_that_there_are(whole: tuple[str, Calls]) -> None:
    name, _ = whole
    field, _ = FIELDS[name]
    with pytest.raises(LogError, match=r"no_such_field.* (They have|It has): ") as refused:
        read(name, where=[("no_such_field", "x")])
    assert field in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert "MUST-NOT-STAY" not in str(refused.value)


def test_a_feature_that_no_field_names_is_told_with_the_fields_that_there_are() -> None:
    with pytest.raises(
        LogError, match=r"no call has a field 'request_tag' .*; did you mean request_tags\? They have: "
    ):
        read("litellm", feature_from="request_tag")


@pytest.mark.parametrize("name", ["langfuse", "helicone"])
def test_a_feature_that_no_field_names_is_not_told_by_another_field(name: str) -> None:
    with pytest.raises(LogError, match="no call has a field 'no_such_field'"):
        read(name, feature_from="no_such_field")


def test_names_are_told_and_texts_are_not() -> None:
    record = {
        "team": "SECRET", "messages": [{"SECRET": 1}], "a text as a SECRET key": 1, "tags": ["SECRET"],
        "metadata": {"tenant": "SECRET", "deep": {"er": {"SECRET": 1}}}, "metadata_json": '{"SECRET": 1}',
    }  # fmt: skip
    head = Head(Path("x"), "json", (record,), tuple(record))
    said = unknown_fields([head], ["teem", "team"])
    assert said.startswith("no record that was looked at has a field 'teem'; did you mean team?")
    assert said.endswith("They have: team, tags, metadata.tenant, metadata_json")
    assert unknown_fields([head], ["team", "metadata.tenant", "metadata_json.any"]) == ""


def test_what_is_left_out_is_said_in_words() -> None:
    assert ignored_words(UNWANTED, 1) == "--where leaves 1 record out"
    assert ignored_words(BEYOND, 1_200) == "1,200 calls are before --since or after --until"
    assert ignored_words("pings", 2) == "2 records are no calls: pings"


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(LogError, match="--since: 2026-11-02 is after --until 2026-11-01, so that no day is left"):
        ReadOptions.of({"since": "2026-11-02", "until": "2026-11-01"}, "--")
    assert ReadOptions.of({"since": "2026-11-01", "until": "2026-11-01"}).since == date(2026, 11, 1)
