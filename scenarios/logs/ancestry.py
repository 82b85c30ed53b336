"""Instances that made no call are no instances of the table: those below them belong to the next one above that did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scenarios.logs.codes import NONE
from scenarios.logs.table import Calls

DEEPEST = 256
"""Instances above one another; more of them are a ring."""


def with_calling_parents(calls: Calls, above: Mapping[str, str | None]) -> Calls:
    """Return the calls with the nearest instance above them that made calls as their parent.

    Parameters
    ----------
    above : by instance the one that started it
    """
    names = calls.names["instance"]
    places = {name: code for code, name in enumerate(names)}
    calling = set(np.unique(calls["instance"]).tolist())
    nearest = np.full(len(names) + 1, NONE, np.int32)
    for code, name in enumerate(names):
        found: str | None = name
        for _ in range(DEEPEST):
            if found is None or places.get(found) in calling:
                break
            found = above.get(found)
        else:
            found = None
        nearest[code] = NONE if found is None else places[found]
    return replace(calls, columns={**calls.columns, "parent": nearest[calls["parent"]]})
