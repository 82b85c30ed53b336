"""Tools that a log tells as records of their own: each goes to the last call before it in its session or instance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scenarios.logs.codes import NONE, Codes
from scenarios.logs.reading import Reading
from scenarios.logs.table import TOOL_DTYPE, Calls

_MANY = "uses of tools without a call before them"


class Uses:
    """Collects uses of tools, and gives them to calls when these are known.

    Parameters
    ----------
    of : column by whose names the uses are told apart: session or instance
    """

    def __init__(self, of: str = "session") -> None:
        self.of = of
        self._used: list[tuple[str | None, float, str, bool]] = []

    def add(self, owner: str | None, time: float, tool: str, failed: bool) -> None:
        """Add one, at its time in seconds."""
        self._used.append((owner, time, tool, failed))

    def given_to(self, calls: Calls, reading: Reading) -> Calls:
        """Return calls with these tools; those that no call comes before are counted as ignored."""
        if not self._used:
            return calls
        places = {name: code for code, name in enumerate(calls.names[self.of])}
        codes = Codes()
        codes.codes(calls.names["tool"])
        order = np.lexsort((calls["time"], calls[self.of]))
        owners, times = calls[self.of][order], calls["time"][order]
        first = np.searchsorted(owners, np.arange(len(places) + 1))
        tools = []
        for owner, time, tool, failed in self._used:
            code = places.get(owner, NONE) if owner else NONE
            lo, hi = (first[code], first[code + 1]) if code != NONE else (0, 0)
            at = lo + np.searchsorted(times[lo:hi], time, side="right") - 1
            if at < lo or hi == lo:
                reading.ignore(_MANY)
                continue
            tools.append((order[at], codes.code(tool), NONE, failed))
        every = np.concatenate([calls.tools, np.array(tools, TOOL_DTYPE)])
        every = every[np.argsort(every["call"], kind="stable")]
        return replace(calls, tools=every, names={**calls.names, "tool": codes.names()})
