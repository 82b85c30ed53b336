"""Numbers as people write them: `60k`, `1.5M`, `2_400`, `10,000`, `3%`, `$60,000`, `1e6`."""

from __future__ import annotations

import math
import numbers
import re

NUMBER_PATTERN = (
    r"^\s*[+-]?\s*\$?\s*[+-]?"
    r"(\d+(_\d+)*|\d{1,3}(,\d{3})+)?(\.\d*(_\d+)*)?([eE][+-]?\d+)?"
    r"\s*([kKMB]|%)?\s*$"
)
"""A regular expression that every number as text matches; for editors, so it is looser than the parser."""

GREATEST = 1e100
"""No number is larger than this, so that squares, and sums of many, stay finite."""

_SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
_NUMBER = re.compile(
    r"(?P<body>(?:\d+(?:_\d+)*|\d{1,3}(?:,\d{3})+)(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)"
    r"(?P<exponent>[eE][+-]?\d+)?\s*(?P<suffix>[kKMB]?)(?P<percent>%?)"
)
_SIGNED = re.compile(r"(?P<sign>[+-]?)\s*(?P<dollar>\$?)\s*(?P<inner>[+-]?)(?P<rest>.*)", re.DOTALL)


class QuantityError(ValueError):
    """What was written is no number; the text says why and what to write."""


def signed_percent(share: float, places: int = 1) -> str:
    """A difference with its sign, ``+11 %``; what rounds to nothing has none: ``0.0 %``, and not ``-0.0 %``."""
    size = f"{100 * abs(share):.{places}f}"
    sign = "" if not float(size) else "-" if share < 0 else "+"
    return f"{sign}{size} %"


def parse_number(x: object) -> float:
    """Read a number as people write it.

    Parameters
    ----------
    x : a number (but not a truth value), or text: an optional sign and dollar sign; digits, which may be grouped by
        underscores (`2_400`) or, in threes, by commas (`10,000`); a decimal point; an exponent; then `k`, `M` or `B`
        (thousand, million, billion) or `%`

    Returns
    -------
    float, finite and at most GREATEST in size; 3% is 0.03

    Raises
    ------
    QuantityError
        A sentence that says what is wrong and what to write.

    Examples
    --------
    >>> parse_number("1.5M"), parse_number("3%"), parse_number("$60,000")
    (1500000.0, 0.03, 60000.0)
    """
    if isinstance(x, bool):
        raise QuantityError(f"{str(x).lower()} is a truth value, not a number")
    if isinstance(x, numbers.Real):
        return _finite(_as_float(x), x)
    if isinstance(x, str):
        return _finite(_parse_text(x), x)
    raise QuantityError(f"{_kind(x)} is not a number")


def is_percentage(x: object) -> bool:
    """Whether a number is written as a share of a hundred, such as `3%`."""
    return isinstance(x, str) and x.rstrip().endswith("%")


def format_number(x: float) -> str:
    """Write a number the way this module reads it: whole numbers in full, others to four digits, thousands by commas.

    Examples
    --------
    >>> format_number(131072), format_number(0.70001), format_number(899.99999999)
    ('131,072', '0.7', '900')
    """
    if not math.isfinite(x):
        return {math.inf: "infinity", -math.inf: "-infinity"}.get(x, "undefined")
    if abs(x) >= 1e15 or 0 < abs(x) < 1e-4:
        return f"{x:.4g}"
    if x == round(x):
        return f"{x:,.0f}"
    digits = max(0, 3 - math.floor(math.log10(abs(x))))
    text = f"{x:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parse_text(text: str) -> float:
    signed = _SIGNED.fullmatch(text.strip())
    number = _NUMBER.fullmatch(signed["rest"]) if signed else None
    if signed is None or number is None or (signed["sign"] and signed["inner"]):
        raise QuantityError(_what_is_wrong(text.strip()))
    if number["exponent"] and (number["suffix"] or number["percent"]):
        raise QuantityError(f"{text!r} has both an exponent and {number['suffix'] or '%'!r}; keep one of them")
    if number["suffix"] and number["percent"]:
        raise QuantityError(f"{text!r} has both {number['suffix']!r} and '%'; keep one of them")
    plain = float(number["body"].replace("_", "").replace(",", "") + (number["exponent"] or ""))
    size = plain / 100.0 if number["percent"] else plain * _SCALES[number["suffix"]]
    return -size if "-" in (signed["sign"], signed["inner"]) else size


def _what_is_wrong(text: str) -> str:
    """The likeliest slip in a text that is no number, and its remedy."""
    if not text:
        return "nothing is written here; a number is needed"
    if re.fullmatch(r"[+-]?\.?(nan|inf|infinity)", text, re.IGNORECASE):
        return f"{text!r} is not a finite number"
    if re.fullmatch(r"[+-]?\$?\d+(,\d*)+(\.\d*)?[kKMB%]?", text):
        return (
            f"{text!r} has a comma that does not split thousands; write 10_000 or 10k for ten thousand, "
            "and a point for decimals (0.5)"
        )
    if re.fullmatch(r"[+-]?\$?[\d_.,]+\s*(m|b|bn|g|mn|mio)", text, re.IGNORECASE):
        return f"{text!r} has an unknown suffix; k is thousand, M million, B billion"
    if re.match(r"[+-]?\s*[€£¥₹]", text) or re.fullmatch(r"[\d_.,]+\s*([A-Z]{3}|[€£¥₹])", text):
        return f"{text!r} names a currency; leave it out here and set `currency` at the top of the file"
    if re.fullmatch(r"\d{1,3}( \d{3})+", text):
        return f"{text!r} has spaces inside; write {text.replace(' ', '_')}"
    return f"{text!r} is not a number; write for example 2400, 2_400, 60k, 1.5M, 1e6, 3% or $60,000"


def _as_float(x: numbers.Real) -> float:
    try:
        return float(x)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def _finite(value: float, written: object) -> float:
    if not math.isfinite(value):
        raise QuantityError(
            f"{written!r} is not a finite number" if isinstance(written, str) else "not a finite number"
        )
    if abs(value) > GREATEST:
        raise QuantityError(f"{written!r} is beyond {GREATEST:g}, the largest number that is taken")
    return value


def _kind(x: object) -> str:
    """What a thing that is no number is called in a message."""
    if x is None:
        return "nothing (an empty value)"
    if isinstance(x, dict):
        return "a group of keys"
    if isinstance(x, list | tuple):
        return "a list"
    return f"{type(x).__name__} {x!r}"
