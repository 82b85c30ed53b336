"""Every format is told from every other by its samples, is read, and keeps no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.logs.format import Format
from scenarios.logs.formats import formats, read_logs
from scenarios.logs.reading import LogError

SAMPLES = Path(__file__).parent / "samples"
CALLS = {name: kind for name, kind in formats().items() if kind.gives_calls}
SUMS = {name: kind for name, kind in formats().items() if not kind.gives_calls}


@pytest.mark.parametrize("kind", CALLS.values(), ids=list(CALLS))
def test_samples_are_told_read_and_forgotten(kind: type[Format]) -> None:
    samples = sorted((SAMPLES / kind.name).iterdir())
    assert samples, f"{kind.name} has no sample"
    for sample in samples:
        calls, reading = read_logs([sample])
        assert reading.format == kind.title
        assert len(calls) > 0
        assert "SECRET" not in repr((calls.names, reading))


@pytest.mark.parametrize("kind", SUMS.values(), ids=list(SUMS))
def test_sums_of_many_calls_are_told_and_refused(kind: type[Format]) -> None:
    samples = sorted((SAMPLES / kind.name).iterdir())
    assert samples, f"{kind.name} has no sample"
    for sample in samples:
        with pytest.raises(LogError, match=r"no tails.*--level"):
            read_logs([sample])
