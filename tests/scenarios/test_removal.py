"""What null removes, and whose name a scenario has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.load import ScenarioError, load, read_yaml, scenario_sha256
from scenarios.problems import dotted
from scenarios.schema import Scenario

EVERYTHING = Path(__file__).resolve().parents[1] / "house" / "everything.yaml"
MORE = """
controls: [{at: 80%, stop: true}, {at: 90%, stop: true}]
events: {surge: {date: 2026-12-24, days: 2, multiplies: {volume: 2}}}
"""
LEAST = """\
as_of: 2026-11-20
volume: {sessions_per_day: 10}
agents:
  chat: {model: m/x, turns: {geometric: {mean: 4}}, output_tokens: {p50: 250, p95: 1_200}}
"""


def _file(folder: Path, text: str, name: str = "a.yaml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def _paths(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key and item of a scenario as written."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield (*path, str(key))
        yield from _paths(value, (*path, str(key)))


def _left(scenario: Scenario, path: tuple[str, ...]) -> set[tuple[str, ...]] | str:
    """The keys and items that are left after null at a path, or what is said against it."""
    try:
        return set(_paths(load(scenario, f"{dotted(path)}=null").written))
    except ScenarioError as error:
        return str(error)


def test_null_removes_whatever_stands_anywhere_but_what_is_required() -> None:
    scenario = load(read_yaml(EVERYTHING.read_text(encoding="utf-8") + MORE, "everything.yaml", None, []))
    before = set(_paths(scenario.written))
    left = {path: _left(scenario, path) for path in before}
    required = {path[-1] for path, said in left.items() if "is required, and can't be removed" in said}
    assert required >= {"volume", "agents", "model", "amount", "after"}
    assert [said for said in left.values() if isinstance(said, str) and "not nothing" in said] == []
    removed = {path: paths for path, paths in left.items() if isinstance(paths, set)}
    assert len(removed) > 60
    assert [path for path, paths in removed.items() if len(paths) >= len(before)] == []
    assert [path for path, paths in removed.items() if path in paths and not path[-1].isdigit()] == []


@pytest.mark.parametrize("name", [name for name in Scenario.model_fields if f"{name}:" not in LEAST])
def test_null_for_what_is_not_there_changes_nothing(name: str, tmp_path: Path) -> None:
    scenario = load(_file(tmp_path, LEAST, "scenario.yaml"))
    assert scenario_sha256(load(scenario, f"{name}=null")) == scenario_sha256(scenario)


@pytest.mark.parametrize("path", ["agents.chat.cache.hit_rate", "fixed_costs.monthly", "budget.covers", "value"])
def test_null_deep_in_what_is_not_there_makes_nothing(path: str, tmp_path: Path) -> None:
    scenario = load(_file(tmp_path, LEAST))
    assert load(scenario, f"{path}=null").written == scenario.written


def test_null_in_what_extends_removes_or_changes_nothing(tmp_path: Path) -> None:
    _file(tmp_path, LEAST + "budget: 30k\n", "b.yaml")
    scenario = load(_file(tmp_path, "extends: b.yaml\nbudget: null\ntrends: null\n"))
    assert (scenario.budget, scenario.trends) == (None, {})
    with pytest.raises(ScenarioError, match=r"trendz(.|\n)*did you mean trends"):
        load(_file(tmp_path, "extends: b.yaml\ntrendz: null\n"))


def test_a_file_has_a_name_of_its_own_whatever_it_extends(tmp_path: Path) -> None:
    """Two scenarios of one name could not be told apart in a report of both."""
    _file(tmp_path, "name: base\n" + LEAST, "b.yaml")
    assert load(tmp_path / "b.yaml").name == "base"
    assert load(_file(tmp_path, "extends: b.yaml\n", "winter.yaml")).name == "winter"
    assert load(_file(tmp_path, "extends: b.yaml\nname: mine\n", "winter.yaml")).name == "mine"
    assert load({"extends": str(tmp_path / "b.yaml")}).name == "base"
