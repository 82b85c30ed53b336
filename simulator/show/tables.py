"""Plain-text tables and lists for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], *, align: str, width: int, gap: int = 2) -> str:
    """Lay rows out in columns as wide as their contents; the last one takes what is left and wraps.

    Parameters
    ----------
    rows : sequence of rows
        As many cells each as `align` has letters.
    align : str
        ``l`` or ``r`` a column.
    width : int
        Characters of a line; a last column that is left fewer than 20 gets 20.
    gap : int
        Spaces between columns.
    """
    sizes = [max((len(row[i]) for row in rows), default=0) for i in range(len(align) - 1)]
    left = sum(sizes) + gap * len(sizes)
    lines: list[str] = []
    for row in rows:
        cells = [_padded(cell, size, side) for cell, size, side in zip(row, sizes, align, strict=False)]
        wrapped = textwrap.wrap(row[-1], max(20, width - left), break_on_hyphens=False) or [""]
        if align[-1] == "r":
            wrapped = [line.rjust(max((len(other[-1]) for other in rows), default=0)) for line in wrapped]
        head = (" " * gap).join([*cells, wrapped[0]])
        lines += [head.rstrip(), *(" " * left + line for line in wrapped[1:])]
    return "\n".join(lines)


def _padded(cell: str, size: int, side: str) -> str:
    return cell.rjust(size) if side == "r" else cell.ljust(size)
