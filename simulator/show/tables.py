"""Plain-text tables and lists for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simulator.show import words

if TYPE_CHECKING:
    from scenarios.prices import PriceRow


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


def price_list(rows: Sequence[PriceRow], width: int) -> str:
    """Lay out prices, a line a model, tier and stretch of days."""
    head = ("model", "input", "output", "cached", "written", "window", "")
    return columns([head, *map(_price_row, rows)], align="lrrrrrl", width=width)


def _price_row(row: PriceRow) -> tuple[str, ...]:
    prices = (row.input, row.output, row.cached_input, row.cache_write)
    return (row.model, *map(_price, prices), _tokens(row.context_window), ", ".join(_when(row)))


def _tokens(n: int | None) -> str:
    if n is None:
        return "-"
    return f"{n / 1e6:.3g}M" if n >= 1e6 else f"{n / 1e3:.3g}k"


def _price(usd_per_mtok: float | None) -> str:
    """At least two decimals, and as many as the price has."""
    if usd_per_mtok is None:
        return "-"
    return f"{usd_per_mtok:.2f}" if round(usd_per_mtok, 2) == usd_per_mtok else f"{usd_per_mtok:.6g}"


def _when(row: PriceRow) -> Iterator[str]:
    if row.above is not None:
        yield f"prompts > {row.above:,.0f}"
    if row.until is not None:
        yield f"until {words.full_date(row.until)}"
    if row.since is not None:
        yield f"since {words.full_date(row.since)}"


def _padded(cell: str, size: int, side: str) -> str:
    return cell.rjust(size) if side == "r" else cell.ljust(size)
