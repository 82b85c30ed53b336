"""Whose fault a failed request is, by the status or the kind of error that a log tells."""

from __future__ import annotations

import re

from scenarios.logs.table import PROVIDER, QUALITY

_PROVIDER = re.compile(
    r"rate.?limit|too.?many.?requests|throttl|overload|time.?d?.?out|deadline|unavailable|internal.?server|"
    r"internal.?error|server.?error|connection|bad.?gateway|exhausted|quota|capacity",
    re.IGNORECASE,
)
_REFUSED = {408, 409, 425, 429}


def fault(error: str) -> int:
    """PROVIDER for a status of 429 or 5xx, time-outs and their like, which are not billed; QUALITY for all else."""
    if error.isdigit():
        return PROVIDER if int(error) in _REFUSED or int(error) >= 500 else QUALITY
    return PROVIDER if _PROVIDER.search(error) else QUALITY
