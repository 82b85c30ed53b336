"""Files arrive whole or not at all, and places are tried before anything is simulated."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from simulator.outputs import OutputError, Wanted, json_text, staged, write_starter


def test_a_stage_moves_its_files_up(tmp_path: Path) -> None:
    with staged(tmp_path / "a" / "b") as stage:
        (stage / "x.txt").write_text("new")
        assert not (tmp_path / "a" / "b" / "x.txt").exists()
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["x.txt"]


def test_a_stage_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("old")

    def half() -> None:
        with staged(tmp_path) as stage:
            (stage / "x.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x.txt", "old")]


def test_trying_a_place_leaves_no_trace(tmp_path: Path) -> None:
    Wanted(tmp_path / "a" / "b", tmp_path / "c" / "r.html", tmp_path / "d.json").check_writable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(folder=Path("/proc/nowhere/out")), "write to /proc/nowhere/out: no such file or directory; choose"),
        (Wanted(folder=Path("/dev/null/out")), "can't write to /dev/null/out: not a directory"),
        (Wanted(report=Path("/proc/nowhere/r.html")), "can't write to /proc/nowhere/r.html"),
        (Wanted(json=Path("/usr")), "/usr is a folder; name a file in it"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(wanted: Wanted, said: str) -> None:
    with pytest.raises(OutputError) as caught:
        wanted.check_writable()
    assert said in str(caught.value)


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out: file exists"):
        Wanted(tmp_path / "out").check_writable()


def test_a_device_is_written_to_and_not_replaced() -> None:
    Wanted(json=Path(os.devnull)).check_writable()
    assert not Path(os.devnull).is_file()


def test_json_has_no_nan() -> None:
    assert json_text({"a": [1.5, None]}) == '{\n  "a": [\n    1.5,\n    null\n  ]\n}\n'
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text({"a": float("nan")})


def test_the_starter_has_todays_date_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "mine.yaml"
    write_starter(file, date(2026, 11, 20))
    assert "\nas_of: 2026-11-20 " in file.read_text()
    file.write_text("mine")
    with pytest.raises(OutputError, match="exists already, and is left as it is"):
        write_starter(file, date(2026, 11, 20))
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(report=Path("mine.yaml")), "never overwritten"),
        (Wanted(json=Path("mine.yml")), "never overwritten"),
        (Wanted(report=Path("out"), json=Path("out")), "written twice"),
    ],
)
def test_an_output_takes_the_place_of_no_scenario_and_no_other_output(wanted: Wanted, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        wanted.check_writable()
