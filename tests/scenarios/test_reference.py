"""The language describes itself: the page in docs/ is not stale, and editors accept what loads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scenarios.fields import Section
from scenarios.grammar import ROOT, Slot, homes, slot_at
from scenarios.kinds import Quantity
from scenarios.load import library_names, library_path, read_yaml
from scenarios.reference import json_schema, language_reference
from simulator.engine.tally import MAX_CALLS
from tests.scenarios.test_bad_input import GOOD

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"


@pytest.fixture(scope="module")
def editor() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _plain(text: str) -> Any:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items()}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return strip(read_yaml(text, "a.yaml", None, []))


def test_the_page_is_up_to_date() -> None:
    if os.environ.get("WRITE_DOCS"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(language_reference(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == language_reference(), (
        "docs/language.md is stale: WRITE_DOCS=1 pytest tests/scenarios/test_reference.py writes it anew"
    )


def test_the_page_names_every_key_with_its_meaning() -> None:
    text = language_reference()
    fields = [(section, name, field) for section in _sections() for name, field in section.model_fields.items()]
    assert len(fields) > 120
    for section, name, field in fields:
        assert field.description, (section, name)
        assert field.description.endswith("."), (section, name)
        assert f"| `{name}` |" in text
    assert "| `dispersion` | a number above 0 | size |" in text
    assert "| `failure_rate` | 0 to 1 | probability | `0` |" in text
    assert "| `turns` | a law | count | `1` |" in text


def test_the_page_says_what_a_cache_reads_and_writes_and_how_turns_are_rounded() -> None:
    text = language_reference()
    cache = " ".join(text.split("## `agents.NAME.cache`")[1].split("| key |")[0].split())
    for said in (
        "all that is not read is written, at the `cache_write` price where the model has one",
        "retrieved documents",
        "Leave `cache` out",
    ):
        assert said in cache
    (turns,) = [line for line in text.splitlines() if line.startswith("| `turns` | a law | count")]
    assert "2.3 is 3 turns with a chance of 30 %" in turns


def _sections(slot: Slot = ROOT) -> list[type[Section]]:
    if slot.each is not None:
        return _sections(slot.each)
    if slot.section is None:
        return []
    children = [slot.child(name) for name in slot.section.model_fields]
    return [slot.section, *(inner for child in children if child for inner in _sections(child))]


def test_every_number_has_a_unit() -> None:
    for section in _sections():
        for name in section.model_fields:
            slot = Slot(section=section).child(name)
            while slot is not None and slot.each is not None:
                slot = slot.each
            assert slot is not None
            if isinstance(slot.kind, Quantity):
                assert slot.kind.unit, (section, name)


def test_editors_accept_the_examples(shared: Path, editor: jsonschema.Draft202012Validator) -> None:
    for path in sorted((shared / "examples").glob("*.yaml")):
        assert [error.message for error in editor.iter_errors(_plain(path.read_text()))] == []


def test_editors_accept_the_library_and_the_test_scenario(editor: jsonschema.Draft202012Validator) -> None:
    for text in [GOOD, *(library_path(name).read_text() for name in library_names())]:
        assert [error.message for error in editor.iter_errors(_plain(text))] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: shop", "nam: shop"),
        ("{amount: 30k,", "{amount: 0,"),
        ("{amount: 30k,", "{amount: soon,"),
        ("{hit_rate: 80%}", "{hit_rate: 1.8}"),
        ("overflow: truncate", "overflow: compress"),
        ("trends: {volume: 5%}", "trends: {volumes: 5%}"),
        ("{volume~context: 0.3}", "{volume~contxt: 0.3}"),
        ("{geometric: {mean: 4}}", "{geometrik: {mean: 4}}"),
        ("    output_tokens: 400", "    reasoning_tokens: 400"),
        ("period: 2026-12", "period: December"),
        ("covers: [models, tools]", "covers: [model]"),
    ],
)
def test_editors_refuse_mistakes(old: str, new: str, editor: jsonschema.Draft202012Validator) -> None:
    assert GOOD.count(old) == 1
    assert list(editor.iter_errors(_plain(GOOD.replace(old, new))))


def test_the_page_says_where_every_session_ends() -> None:
    assert f"**A session ends** once it has made {MAX_CALLS:,} model calls" in language_reference()


def test_descriptions_and_units_reach_the_editor() -> None:
    schema = json_schema()
    retry = schema["$defs"]["Retry"]["properties"]
    assert retry["added_tokens"]["unit"] == "tokens"
    assert retry["added_tokens"]["description"].startswith("What every further attempt adds to the prompt")
    assert set(schema["required"]) == {"volume", "agents"}
    assert "$ref" in schema["$defs"]["Agent"]["properties"]["turns"]


def test_the_grammar_knows_where_keys_live() -> None:
    assert homes("max_attempts") == ["agents.retry", "agents.tools"]
    attempts = Slot(kind=Quantity("count", low=1, high=1_000, whole=True))
    assert slot_at(("agents", "any name", "retry", "max_attempts")) == attempts
    assert slot_at(("agents", "any name", "retry", "max_atempts")) is None
    turns = slot_at(("agents", "any name", "turns"))
    assert turns is not None
    assert turns.whole
