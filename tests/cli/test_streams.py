"""Streams that are closed, full or read by nobody, and terminals that want nothing but text."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import cli_terminal
from simulator.endings import ending
from simulator.progress import lines
from simulator.run import Progress

BURNCURVE = Path(sys.executable).with_name("burncurve")


def in_a_shell(command: str, *words: object) -> subprocess.CompletedProcess[str]:
    """`"$@"` in the command is burncurve with the words."""
    arguments = ["bash", "-c", f"set -o pipefail; {command}", "bash", BURNCURVE, *map(str, words)]
    return subprocess.run(arguments, capture_output=True, text=True)


@pytest.mark.parametrize("words", [["run", "small", "--trials", 5], ["run", "small", "--json", "-"], ["--help"]])
def test_a_closed_standard_output_is_refused_before_anything_is_done(words: list[object], small: Path) -> None:
    outcome = in_a_shell('"$@" >&-', *[small if word == "small" else word for word in words])
    assert outcome.returncode == 2
    assert outcome.stderr == "standard output is closed; send it somewhere, if only to /dev/null\n"


def test_with_every_stream_closed_it_ends_quietly(small: Path) -> None:
    outcome = in_a_shell('"$@" <&- >&- 2>&-', "run", small)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (2, "", "")


def test_a_closed_standard_error_puts_nothing_where_it_does_not_belong(small: Path, tmp_path: Path) -> None:
    outcome = in_a_shell('"$@" 2>&-', "run", small, "--trials", 5, "--json", "-", "--report", tmp_path / "r.html")
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("{")
    assert outcome.stdout.endswith("}\n")
    assert (tmp_path / "r.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize("words", [["run", "small", "--trials", 5], ["list"], ["schema"], ["--help"]])
def test_a_full_disk_behind_standard_output_is_named(words: list[object], small: Path) -> None:
    outcome = in_a_shell('"$@" >/dev/full', *[small if word == "small" else word for word in words])
    said = "can't write to standard output: no space left on device; make room, or write elsewhere\n"
    assert (outcome.returncode, outcome.stderr) == (2, said)


@pytest.mark.parametrize("words", [["run", "small", "--trials", 5], ["schema"], ["prices"], ["--help"]])
def test_a_reader_that_leaves_at_once_hears_no_complaint(words: list[object], small: Path) -> None:
    outcome = in_a_shell('"$@" | true', *[small if word == "small" else word for word in words])
    assert outcome.returncode in {0, 1}
    assert "Traceback" not in outcome.stderr
    assert "Broken" not in outcome.stderr


@pytest.mark.parametrize("env", [{"TERM": "dumb", "NO_COLOR": ""}, {"TERM": "xterm", "NO_COLOR": "1"}])
def test_a_plain_terminal_gets_nothing_but_text(env: dict[str, str], small: Path) -> None:
    reader, terminal = pty.openpty()
    for words in (["run", str(small), "--trials", "40"], ["run", str(small), "--trails"], ["list"], ["--help"]):
        subprocess.run([BURNCURVE, *words], stdout=terminal, stderr=terminal, env=os.environ | env, check=False)
    os.close(terminal)
    seen = b""
    while chunk := _read(reader):
        seen += chunk
    os.close(reader)
    text = seen.decode().replace("\r\n", "\n")
    assert {letter for letter in text if not letter.isprintable()} == {"\n"}
    assert "Trust" in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the other end is closed
        return b""


def test_progress_without_a_bar_is_a_line_every_ten_seconds() -> None:
    said: list[str] = []
    shown = lines(said.append)
    for seconds in (1.0, 9.0, 10.0, 15.0, 20.5):
        shown(Progress(0, 3, int(seconds) * 1_000_000, 1e8, seconds))
    assert said == [
        "10 % · 1 million sessions a second · 90 s left",
        "20 % · 976,000 sessions a second · 82 s left",
    ]


def test_what_the_machine_lacks_is_no_fault_of_ours() -> None:
    assert ending(MemoryError())[0] == 2
    code, said = ending(OSError(28, "No space left on device", "/cache/kernels.nbi"))
    assert (code, said.split(";")[0]) == (2, "can't write to /cache/kernels.nbi: no space left on device")
    assert ending(FileNotFoundError(2, "No such file or directory", "template"))[0] == 70


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_written_is_said_below_the_screen(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(cli_terminal, "say", seen.append)
    monkeypatch.setattr(cli_terminal, "note", seen.append)
    written = ["wrote a"]
    with contextlib.suppress(OSError), cli_terminal.below(lambda: "The screen", written):
        written.append("wrote b")
        if fails:
            raise OSError
    assert seen == ["The screen", "wrote a", "wrote b"]


def test_what_was_written_is_said_where_it_comes_to_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(cli_terminal, "note", seen.append)
    with contextlib.suppress(KeyboardInterrupt), cli_terminal.noted_at_least(["wrote a"]):
        raise KeyboardInterrupt
    with cli_terminal.noted_at_least(["wrote b"]):
        pass
    assert seen == ["wrote a"]
