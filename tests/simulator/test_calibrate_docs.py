"""The page on calibration: its commands and its Python run, and it names all formats and options."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from scenarios.logs.formats import formats
from simulator.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "calibrate.md").read_text(encoding="utf-8")
GROUPS = re.findall(r"(?:^    burncurve .*\n)+", PAGE, re.MULTILINE)
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "docs" / "samples" / "desk-calls.csv.gz", tmp_path)
    shutil.copy(ROOT / "tests" / "logs" / "samples" / "usage" / "openai_usage.json", tmp_path)


@pytest.mark.parametrize("group", GROUPS, ids=[" ".join(group.split()[1:3]) for group in GROUPS])
def test_its_commands_run(group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for line in group.splitlines():
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with contextlib.suppress(SystemExit):  # bad input prints nothing here
            main()
        assert len(capsys.readouterr().out.splitlines()) > 1, line


def test_its_python_runs() -> None:
    space: dict[str, Any] = {}
    for code in CODE:
        exec(code, space)
    assert space["made"].calibration.bill.repriced == pytest.approx(11.12, abs=0.01)
    assert space["tested"].days.n == 14


def test_it_names_every_format_and_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert [name for name, kind in formats().items() if kind.gives_calls and f"`{name}`" not in PAGE] == []
    monkeypatch.setattr(sys, "argv", ["burncurve", "calibrate", "--help"])
    with pytest.raises(SystemExit):
        main()
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--holdout-"}
    assert sorted(option for option in options if option not in PAGE) == []
