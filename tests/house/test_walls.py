"""Walls between rooms: import contracts, and habits that import contracts can't express.

Every rule is shown a snippet that breaks it, because a wall that stops nobody is a drawing of a wall.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.house.source import ROOT, Source, sources

LONGEST_FILE = 600


def test_import_contracts_hold() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@dataclass(frozen=True)
class Rule:
    """What no file may do but the ones named; folders end with a slash."""

    name: str
    finds: Callable[[Source], Iterator[str]]
    breaks_it: str
    only: tuple[str, ...] = ()
    within: str = ""

    def applies_to(self, source: Source) -> bool:
        return source.path.startswith(self.within) and not any(
            source.path == place or (place.endswith("/") and source.path.startswith(place)) for place in self.only
        )


def importing(*modules: str) -> Callable[[Source], Iterator[str]]:
    def finds(source: Source) -> Iterator[str]:
        for name in source.imports:
            if any(name == module or name.startswith(f"{module}.") for module in modules):
                yield f"imports {name}"

    return finds


def making_randomness(source: Source) -> Iterator[str]:
    yield from importing("random", "secrets", "uuid", "numpy.random")(source)
    for name in source.attributes:
        if name.startswith(("np.random", "numpy.random")) or name.endswith((".rvs", ".urandom")):
            yield f"uses {name}"


def printing(source: Source) -> Iterator[str]:
    doors = ("sys.stdout.", "sys.stderr.", "typer.", "warnings.warn", "logging.")
    for name in source.calls:
        if name in ("print", "input") or name.startswith(doors):
            yield f"calls {name}"


def touching_the_world(source: Source) -> Iterator[str]:
    yield from importing("os", "pathlib", "io", "sys", "time", "json", "pickle", "tempfile", "logging")(source)
    for name in source.calls:
        if name in ("open", "print") or name.endswith((".today", ".now", ".read_text", ".write_text")):
            yield f"calls {name}"


def reaching_into_another_file(source: Source) -> Iterator[str]:
    for name in source.imports:
        parts = name.split(".")
        first_party = parts[0] in ("distributions", "scenarios", "simulator", "burncurve", "tests")
        if first_party and any(part.startswith("_") and not part.startswith("__") for part in parts):
            yield f"imports {name}"


def promising(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if any(word in line for word in ("TODO", "FIXME", "XXX", "HACK")):
            yield f"line {number}: {line.strip()}"


def too_long(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"has {lines} lines: it has taken in a second idea"


RULES = (
    Rule(
        "only jit.py compiles, and compiling.py says how",
        importing("numba", "llvmlite"),
        "from numba import njit",
        ("distributions/jit.py", "distributions/compiling.py"),
    ),
    Rule(
        "only streams.py makes randomness",
        making_randomness,
        "import numpy as np\nx = np.random.default_rng(1)",
        ("distributions/streams.py",),
    ),
    Rule("only load.py touches YAML", importing("ruamel", "yaml"), "import ruamel.yaml", ("scenarios/load.py",)),
    Rule(
        "only show/ draws",
        importing("matplotlib"),
        "def f():\n    from matplotlib import pyplot",
        ("simulator/show/",),
    ),
    Rule(
        "only the command line prints, and of it cli_terminal.py",  # of print itself, ruff sees to the second half
        printing,
        "import sys\nsys.stdout.write('x')",
        tuple(f"simulator/cli{room}.py" for room in ("", "_logs", "_options", "_runs", "_terminal")),
    ),
    Rule("the engine sees no file, no clock, no screen", touching_the_world, "import time", (), "simulator/engine/"),
    Rule("kernels see no schema", importing("scenarios"), "import scenarios.schema", (), "simulator/engine/kernels"),
    Rule("laws see no scenario", importing("pydantic", "genai_prices"), "import pydantic", (), "distributions/"),
    Rule("private names stay in their file", reaching_into_another_file, "from scenarios.load import _lines"),
    Rule("nothing is promised", promising, "# TODO later"),
    Rule(f"no file is longer than {LONGEST_FILE} lines", too_long, "\n" * (LONGEST_FILE + 1)),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_holds(rule: Rule) -> None:
    looked_at = [source for source in sources() if rule.applies_to(source)]
    assert [f"{source.path} {what}" for source in looked_at for what in rule.finds(source)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule_bites(rule: Rule) -> None:
    offender = Source(f"{rule.within}new.py", rule.breaks_it)
    assert rule.applies_to(offender)
    assert list(rule.finds(offender))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_those_exempt_exist(rule: Rule) -> None:
    assert all((ROOT / place).exists() for place in rule.only)
