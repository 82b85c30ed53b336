"""How many processors this process may use: a container's share of a machine, not the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MEMBERSHIP = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")


def usable_processors() -> int:
    """Processors of the process's affinity, within the tightest quota of the control groups that it is in.

    Quotas are those of Linux: ``cpu.max`` in cgroup 2, ``cpu.cfs_quota_us`` in cgroup 1, of the process's own group and
    of all above it. Part of a processor counts as none, but there is always one.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([processors, *_quotas()])))


def _quotas() -> Iterator[float]:
    for root, group in _cpu_groups():
        for folder in (root / group, *(root / group).parents):
            if folder.is_relative_to(root):
                yield from _quota(folder)


def _cpu_groups() -> Iterator[tuple[Path, str]]:
    """Mount and name of every control group of this process that can limit its processors."""
    yield MOUNT, ""  # in a container the names may be those outside
    yield MOUNT / "cpu", ""
    for line in _words(MEMBERSHIP, "\n"):
        _, controllers, group = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            yield MOUNT, group.lstrip("/")
        elif "cpu" in controllers.split(","):
            yield MOUNT / controllers, group.lstrip("/")
            yield MOUNT / "cpu", group.lstrip("/")


def _quota(folder: Path) -> Iterator[float]:
    limits = [*_words(folder / "cpu.max"), *_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")]
    try:
        quota, interval = (float(word) for word in limits)
    except ValueError:  # none, or "max"
        return
    if quota > 0.0 and interval > 0.0:
        yield quota / interval


def _words(path: Path, separator: str | None = None) -> list[str]:
    try:
        return path.read_text().split(separator)
    except (OSError, ValueError):
        return []
