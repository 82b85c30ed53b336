"""The public face: every name leads home, and importing it costs next to nothing."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import burncurve
from tests.house.source import ROOT

HEAVY = [
    "numpy",
    "numba",
    "scipy",
    "pandas",
    "matplotlib",
    "pyarrow",
    "pydantic",
    "genai_prices",
    "jinja2",
    "ruamel",
    "rich",
]


@pytest.mark.parametrize("name", burncurve.__all__)
def test_every_public_name_leads_home(name: str) -> None:
    assert getattr(burncurve, name) is not None
    assert name in dir(burncurve)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match=r"burncurve has no rnu; it has .*run"):
        _ = burncurve.rnu


@pytest.mark.parametrize("statement", ["import burncurve", "import simulator.cli"])
def test_importing_is_quick(statement: str) -> None:
    """By what is imported and not by the clock: a busy machine is no reason to fail."""
    code = f"import sys; {statement}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_the_example_runs() -> None:
    assert doctest.testmod(burncurve, optionflags=doctest.ELLIPSIS).failed == 0
    assert len(doctest.DocTestFinder().find(burncurve)[0].examples) >= 3
