"""The page about replays: its commands and its Python run."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from scenarios.load import library_names
from simulator.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    burncurve (replay .*?)(?: +#.*)?$", PAGE, re.MULTILINE)
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(command, monkeypatch, capsys):
    words = shlex.split(command)
    if words[1] not in library_names():
        pytest.skip(f"the library has no {words[1]}")
    if words[1] != "faq":
        words += ["--set", "volume.sessions_per_day=20"]
    monkeypatch.setattr(sys, "argv", ["burncurve", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert ("SPEND" if "--month" in words else "WHY") in capsys.readouterr().out


def test_its_python_runs():
    assert len(CODE) == 3
    space = {}
    for code in CODE:
        exec(code, space)
    assert space["again"].cost == space["worst"].cost


def test_it_names_every_option(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["burncurve", "replay", "--help"])
    with pytest.raises(SystemExit):
        main()
    options = set(re.findall(r"^ +(?:-\w, )?(--[a-z]+)", capsys.readouterr().out, re.MULTILINE)) - {
        "--help",
        "--threads",
    }
    assert options
    assert {option for option in options if f"`{option} " not in PAGE and f"`{option}`" not in PAGE} - {
        "--set"
    } == set()
