"""The source of the packages, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("distributions", "scenarios", "simulator")


@dataclass(frozen=True)
class Source:
    """One file of the house, or a snippet that stands for one."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[str]:
        """Dotted names of all that is imported when the code runs, at the top or inside functions."""
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def attributes(self) -> Iterator[str]:
        """Dotted names as they are used: ``np.random.default_rng``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield ast.unparse(node)

    def calls(self) -> Iterator[str]:
        """Names of the functions that are called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield child
            yield from _running(child)


def sources() -> list[Source]:
    """All files of the three packages, and the public face."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    files.append(ROOT / "burncurve.py")
    return [Source(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in files]
