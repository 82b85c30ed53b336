"""Call the command line as a user does, in this process or in one of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.cli import main

MINIMAL = """\
name: small
as_of: 2026-11-20
period: 2026-12
budget: 300
volume: {sessions_per_day: 100}
agents:
  chat:
    model: anthropic/claude-sonnet-4-6
    system_tokens: 2_000
    turns: {geometric: {mean: 4}}
    message_tokens: {p50: 150, p95: 900}
    output_tokens: {p50: 250, p95: 1_200}
drivers: {volume: 0.7 to 1.5}
"""
"""A valid scenario that takes a moment to run."""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Caller:
    """Calls `main` in this process."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: object) -> Outcome:
        self.monkeypatch.setattr(sys, "argv", ["burncurve", *map(str, words)])
        self.capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        captured = self.capsys.readouterr()
        return Outcome(code, captured.out, captured.err)


def in_a_process(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Call the installed command."""
    command = Path(sys.executable).with_name("burncurve")
    return subprocess.run([command, *map(str, words)], capture_output=True, text=True, **options)  # type: ignore[call-overload]
