"""The source of the packages, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
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

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Dotted names of all that is imported when the code runs, at the top or inside functions."""
        found: list[str] = []
        for node in _running(self.tree):
            if isinstance(node, ast.Import):
                found += (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found += (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        return tuple(found)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Dotted names as they are used: ``np.random.default_rng``."""
        return tuple(ast.unparse(node) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """Names of the functions that are called."""
        return tuple(ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield child
            yield from _running(child)


@cache
def sources() -> tuple[Source, ...]:
    """All files of the three packages, and the public face; read and parsed once."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    files.append(ROOT / "burncurve.py")
    return tuple(Source(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")) for file in files)
