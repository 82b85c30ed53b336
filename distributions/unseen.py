"""Characters that a reader does not see, or that turn what stands around them: no text of a scenario holds them."""

from __future__ import annotations

import unicodedata

_KINDS = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_MARKS = "\u061c\u200e\u200f"
_LAYOUT = "\n\t"


def unseen(text: str) -> str | None:
    r"""The first control character, or mark that changes the direction of writing, as ``U+202E``; None without one.

    Ends of lines and tabs are none: a text may have several lines.

    Examples
    --------
    >>> unseen("ab\u202ecd"), unseen("two\nlines")
    ('U+202E', None)
    """
    return next((f"U+{ord(letter):04X}" for letter in text if letter not in _LAYOUT and _is_odd(letter)), None)


def _is_odd(letter: str) -> bool:
    return unicodedata.category(letter) in _KINDS or unicodedata.bidirectional(letter) in _TURNING or letter in _MARKS
