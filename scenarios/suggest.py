"""Did you mean: the known names that look most like an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that are close enough to `name` to be meant by it, the closest first.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What could have been meant; names longer than the word still match by what they share with it.
    most : int
        At most so many.

    Examples
    --------
    >>> nearest("max_atempts", ["max_attempts", "fallback"])
    ['max_attempts']
    """
    scored = [(_likeness(name, other), other) for other in dict.fromkeys(known)]
    return [other for score, other in sorted(scored, key=lambda pair: -pair[0]) if score >= 0.6][:most]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A sentence for a hint, or None where nothing comes near."""
    names = nearest(name, known)
    return f"did you mean {' or '.join(names)}?" if names else None


def _likeness(name: str, other: str) -> float:
    """How alike two names are, 0 to 1; case and the choice of ``_``, ``-`` or a space make no difference."""
    left, right = _plain(name), _plain(other)
    if left == right:
        return 1.0
    if len(left) >= 4 and (left in right.split(" ") or right in left.split(" ")):
        return 0.9
    return SequenceMatcher(None, left[:100], right[:100]).ratio()


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ").replace("/", " ").strip()
