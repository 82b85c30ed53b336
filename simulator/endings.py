"""How a command ends: its exit codes, and the one message where something went wrong."""

from __future__ import annotations

import errno
import sys

DONE, CROSSED, BAD_INPUT, OUR_FAULT, INTERRUPTED = 0, 1, 2, 70, 130

_BAD_INPUT = (
    ("scenarios.problems", "ScenarioError"),
    ("scenarios.catalog", "UnknownModelError"),
    ("scenarios.logs.reading", "LogError"),
    ("simulator.outputs", "OutputError"),
    ("simulator.risk.conditions", "ConditionError"),
)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EBADF, errno.EMFILE, errno.ENFILE}
"""What a system says that has no room or no strength left, whatever the program."""


def ending(error: Exception) -> tuple[int, str]:
    """The exit code and the message of an error that ends a command."""
    if _is_bad_input(error):
        near = getattr(error, "near", ())
        return BAD_INPUT, f"{error}; did you mean {' or '.join(near)}?" if near else str(error)
    if isinstance(error, MemoryError):
        return BAD_INPUT, "there is not enough memory for this; lower --trials, or shorten the period"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        reason = (error.strerror or str(error)).lower()
        return (
            BAD_INPUT,
            f"can't write to {error.filename or 'standard output'}: {reason}; make room, or write elsewhere",
        )
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return OUR_FAULT, (
        f"burncurve failed: {what}. Please report it, with the command and its output under BURNCURVE_DEBUG=1."
    )


def _is_bad_input(error: Exception) -> bool:
    """Whether the user can put it right; modules that were never imported can't have raised."""
    return any(isinstance(error, getattr(sys.modules[home], name)) for home, name in _BAD_INPUT if home in sys.modules)
