"""Fixtures of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calling import MINIMAL, Caller


@pytest.fixture
def burncurve(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The command line, in this process."""
    return Caller(capsys, monkeypatch)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A valid scenario in a file."""
    file = tmp_path / "small.yaml"
    file.write_text(MINIMAL)
    return file
