"""Columns of one data file that are drawn as if they had never stood in one row."""

from __future__ import annotations

from collections.abc import Iterator

from distributions.data import Data
from distributions.law import Law
from scenarios.finding import Finding
from scenarios.problems import Path, dotted
from scenarios.schema import Scenario
from scenarios.walk import leaves


def lint_data(scenario: Scenario) -> Iterator[Finding]:
    """Data files from which several laws of one agent are read."""
    for name, agent in scenario.agents.items():
        readers: dict[tuple[str, int], list[Path]] = {}
        for leaf in leaves(agent, ("agents", name)):
            for path, law in leaf.laws:
                for table in dict.fromkeys(_tables(law)):
                    readers.setdefault(table, []).append(path)
        for (file, _), paths in readers.items():
            if len(paths) > 1:
                yield Finding(dotted(paths[-1]), "note", _torn(file, paths[:-1], scenario.unit))


def _tables(law: Law) -> Iterator[tuple[str, int]]:
    """The files that a law reads: each by its name and its number of rows, as two folders may hold one name."""
    if isinstance(law, Data):
        yield law.file, law.n_values
        return
    for part in law.parts():
        yield from _tables(part)


def _torn(file: str, others: list[Path], unit: str) -> str:
    so = "so does" if len(others) == 1 else "so do"
    return (
        f"reads a column of {file}, and {so} {', '.join(map(dotted, others))}; each is drawn by itself, so that what "
        f"stood in one row no longer comes together, and the tail of a {unit} is off (on one public trace the P99 came "
        "out 23 % too high); hold the simulated `session.cost.p99` against what the rows cost"
    )
