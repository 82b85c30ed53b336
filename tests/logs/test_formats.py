"""Every format is told from every other by its samples, is read, and keeps no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.logs.format import Format
from scenarios.logs.formats import formats, read_logs

SAMPLES = Path(__file__).parent / "samples"
CALLS = {name: kind for name, kind in formats().items() if getattr(kind, "gives", "calls") == "calls"}


@pytest.mark.parametrize("kind", CALLS.values(), ids=list(CALLS))
def test_samples_are_told_read_and_forgotten(kind: type[Format]) -> None:
    samples = sorted((SAMPLES / kind.name).iterdir())
    assert samples, f"{kind.name} has no sample"
    for sample in samples:
        calls, reading = read_logs([sample])
        assert reading.format == kind.title
        assert len(calls) > 0
        assert "SECRET" not in repr((calls.names, reading))
