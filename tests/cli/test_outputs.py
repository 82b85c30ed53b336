"""Files arrive whole or not at all, and places are tried before anything is simulated."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from simulator.outputs import OutputError, Wanted, json_text, staged, write_starter
from tests.cli.calling import Caller
from tests.cli.months import result


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
        (Wanted(report=Path("r" * 300)), "file name too long"),
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
    write_starter(str(file), date(2026, 11, 20))
    assert "\nas_of: 2026-11-20 " in file.read_text()
    file.write_text("mine")
    with pytest.raises(OutputError, match="exists already, and is left as it is"):
        write_starter(str(file), date(2026, 11, 20))
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(report=Path("mine.yaml")), "never overwritten"),
        (Wanted(json=Path("mine.yml")), "never overwritten"),
        (Wanted(json=Path("MINE.YML")), "never overwritten"),
        (Wanted(report=Path("out"), json=Path("out")), "written twice"),
        (Wanted(report=Path("out"), json=Path("in/../out").absolute()), "written twice"),
        (Wanted(folder=Path("out/in"), report=Path("out")), "out would be written twice, for out/in too"),
        (Wanted(folder=Path("out"), json=Path("out")), "written twice"),
    ],
)
def test_an_output_takes_the_place_of_no_scenario_and_no_other_output(wanted: Wanted, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        wanted.check_writable()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("", None, None), '--out names no place: it is ""; name a folder'),
        (("-", None, None), '--out names no place: it is "-"; name a folder'),
        ((None, " ", None), '--report names no place: it is " "; name a file'),
        ((None, "-", None), '--report names no place: it is "-"; name a file'),
        ((None, None, ""), '--json names no place: it is ""; name a file, or - for standard output'),
    ],
)
def test_a_word_that_names_no_place(words: tuple[str | None, str | None, str | None], said: str) -> None:
    with pytest.raises(OutputError) as caught:
        Wanted.read(*words)
    assert said in str(caught.value)


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_a_scenario_of_any_name_is_never_overwritten(
    option: str, burncurve: Caller, small: Path, tmp_path: Path
) -> None:
    base, top, link = tmp_path / "base.txt", tmp_path / "top", tmp_path / "link"
    base.write_text(small.read_text())
    top.write_text("extends: base.txt\nbudget: 20\n")
    link.symlink_to(top)
    for file in (base, top, link):
        before = file.read_text()
        outcome = burncurve("run", top, "--trials", 2, option, file)
        assert outcome.code == 2
        assert f"{file} is what the scenario is read from" in outcome.err
        assert file.read_text() == before


@pytest.mark.parametrize("name", ["", " ", "-"])
def test_a_starter_needs_a_name(name: str, burncurve: Caller) -> None:
    outcome = burncurve("new", name)
    assert (outcome.code, outcome.err) == (2, f'FILE names no place: it is "{name}"; name a file, such as mine.yaml\n')


def test_a_name_for_an_open_stream_is_never_replaced(tmp_path: Path) -> None:
    """/dev/stdout of a shell that sent it into a file is a regular file, in a folder that root may write to."""
    script = "import pathlib; from simulator.outputs import Wanted; Wanted(json=pathlib.Path('/dev/stdout')).{}"
    with (tmp_path / "log").open("w") as log:
        run = subprocess.run(
            [sys.executable, "-c", script.format("check_writable()")], stdout=log, stderr=subprocess.PIPE, text=True
        )
    assert "OutputError: /dev/stdout is a stream of this process" in run.stderr
    assert Path("/dev/stdout").is_symlink()


def test_links_go_on_leading_to_their_file(tmp_path: Path) -> None:
    (tmp_path / "latest.html").symlink_to(tmp_path / "kept" / "r.html")
    wanted = Wanted(report=tmp_path / "latest.html")
    wanted.check_writable()
    assert list(wanted.write(result(), {})) == [tmp_path / "latest.html"]
    assert (tmp_path / "latest.html").is_symlink()
    assert "</html>" in (tmp_path / "kept" / "r.html").read_text(encoding="utf-8")


def test_a_stage_moves_all_of_its_files_or_none(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()

    def over_a_folder() -> None:
        with staged(tmp_path) as stage:
            (stage / "a.txt").write_text("new")
            (stage / "b.txt").write_text("new")

    with pytest.raises(IsADirectoryError, match=r"b\.txt in it is a folder"):
        over_a_folder()
    assert [p.name for p in tmp_path.iterdir()] == ["b.txt"]


def test_a_temporary_page_stays_in_its_folder() -> None:
    page = Wanted().with_page("../a b/ü").page
    assert page is not None
    assert page.name == "..-a-b-ü.html"
    page.parent.rmdir()
    assert Wanted(folder=Path("out")).with_page("x").page == Path("out/report.html")


@pytest.mark.parametrize("option", ["--out", "--report", "--json"])
def test_a_disk_that_fills_up_is_named_and_keeps_nothing_half_written(
    option: str, burncurve: Caller, small: Path, tmp_path: Path
) -> None:
    """As `ulimit -f` has it, after the first 2,048 bytes of a file; what was simulated is shown all the same."""
    assert burncurve("run", small, "--trials", 5).code == 0  # so that no kernel is left to be written into its cache
    place = tmp_path / "full" / "x"
    outcome = within_a_small_disk("run", small, "--trials", 5, option, place)
    assert outcome.returncode == 2, outcome.stderr
    assert outcome.stderr == f"can't write to {place}: file too large; make room, or choose another place\n"
    assert "Trust" in outcome.stdout
    assert [p for p in (tmp_path / "full").rglob("*") if p.is_file()] == []


def test_a_starter_that_does_not_fit_is_not_left_half_written(tmp_path: Path) -> None:
    outcome = within_a_small_disk("new", tmp_path / "mine.yaml", kilobytes=0)
    assert outcome.returncode == 2
    assert "mine.yaml: file too large; make room" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def within_a_small_disk(*words: object, kilobytes: int = 2) -> subprocess.CompletedProcess[str]:
    command = f'ulimit -f {kilobytes}; exec "$@"'
    burncurve = str(Path(sys.executable).with_name("burncurve"))
    return subprocess.run(["bash", "-c", command, "bash", burncurve, *map(str, words)], capture_output=True, text=True)
