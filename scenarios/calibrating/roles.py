"""Which instances of the log become which agent of the scenario."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.sessions import Log

_LONGEST = 30
"""Letters: two of them, a start and a number are a name that a scenario takes."""


@dataclass(frozen=True)
class Role:
    """One agent of the scenario.

    Attributes
    ----------
    name : in the scenario
    kin : roles of one kin are the same agent of the log, split by how its sessions begin
    start : that, where it is split; else empty
    instances : which they are
    turns : rows of all their turns, those of one instance together and in order
    is_root : whether sessions begin with it
    """

    name: str
    kin: str
    start: str
    instances: Mask
    turns: Ints
    is_root: bool

    @property
    def path(self) -> str:
        """Where it stands in the scenario."""
        return f"agents.{self.name}"


def role(log: Log, kin: str, start: str, instances: Mask, is_root: bool) -> Role:
    """A role of instances, with their turns."""
    name = f"{kin}-{start}" if start else kin
    return Role(name, kin, start, instances, np.flatnonzero(instances[log.turns.instance]), is_root)


def plain_name(name: str, otherwise: str) -> str:
    """A logged name as the scenario may write it: lower case, words joined by hyphens."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST].strip("-")
    return words if words and words[0].isalpha() else f"{otherwise}-{words}".strip("-")


def n_sessions(log: Log, rows: Ints) -> int:
    """Of how many sessions some turns are."""
    return int(np.unique(log.instances.session[log.turns.instance[rows]]).size)
