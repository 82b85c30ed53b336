"""Fixtures of the simulator's own rooms."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tests.simulator.events import stand_in


@pytest.fixture
def traced_by_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's tracer is one that knows no more of a session than its record."""
    module = ModuleType("simulator.engine.replay")
    module.trace_session = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "simulator.engine.replay", module)
