"""What stands between the cells of a csv: a comma, a semicolon, a tab or a bar, told by its first lines."""

from __future__ import annotations

import csv
import io
import re

SEPARATORS = ",;\t|"
_LINES = 20
_LOOKED_AT = 1 << 16
_ALIKE = 0.5
"""Share of the first rows that have as many cells as the header, for a sign to be what parts them."""

DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d+\s*", re.ASCII)
"""A number as Europeans write it; with three digits behind it may be a whole one in groups."""


def separator_of(start: bytes) -> str:
    """The sign that parts the header into most cells, where the rows below it have as many; a comma where none does.

    Parameters
    ----------
    start : the beginning of a file; of its last line there may be a part
    """
    text = start[:_LOOKED_AT].decode(errors="replace")
    whole = text[: text.rfind("\n") + 1] or text
    return max(SEPARATORS, key=lambda sign: (_cells(whole, sign), -SEPARATORS.index(sign)))


def _cells(text: str, sign: str) -> int:
    """Cells of the header; none where it or the rows below it are not parted by this sign."""
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign):
            rows += [row] if row else []
            if len(rows) > _LINES:
                break
    except csv.Error:
        pass  # a cell that the end of the text cuts off, or no csv; what stands before tells
    if not rows or len(rows[0]) < 2 or not all(name.strip() for name in rows[0]):
        return 0
    alike = sum(len(row) == len(rows[0]) for row in rows[1:])
    return len(rows[0]) if alike >= _ALIKE * (len(rows) - 1) else 0
