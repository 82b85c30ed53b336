"""Threads follow what the process may use, in either kind of control group, at any depth."""

from __future__ import annotations

import pytest

from simulator import processors

PERIOD = "100000"


@pytest.mark.parametrize(
    ("membership", "files", "usable"),
    [
        ("", {}, 8),
        ("0::/", {"cpu.max": f"max {PERIOD}"}, 8),
        ("0::/", {"cpu.max": f"300000 {PERIOD}"}, 3),
        ("0::/", {"cpu.max": f"50000 {PERIOD}"}, 1),
        ("0::/", {"cpu.max": "nonsense"}, 8),
        ("0::/", {"cpu.max": f"9900000 {PERIOD}"}, 8),
        ("0::/a.slice/b", {"a.slice/cpu.max": f"200000 {PERIOD}", "a.slice/b/cpu.max": f"500000 {PERIOD}"}, 2),
        ("0::/a.slice/b", {"a.slice/b/cpu.max": f"500000 {PERIOD}", "cpu.max": f"max {PERIOD}"}, 5),
        ("0::/named/outside", {"cpu.max": f"400000 {PERIOD}"}, 4),
        ("4:memory:/m\n1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": PERIOD}, 8),
        ("1:cpu:/j", {"cpu/j/cpu.cfs_quota_us": "250000\n", "cpu/j/cpu.cfs_period_us": PERIOD}, 2),
        (
            "3:cpu,cpuacct:/j",
            {"cpu,cpuacct/j/cpu.cfs_quota_us": "600000", "cpu,cpuacct/j/cpu.cfs_period_us": PERIOD},
            6,
        ),
        ("2:cpuset:/j", {"cpuset/j/cpu.cfs_quota_us": "100000", "cpuset/j/cpu.cfs_period_us": PERIOD}, 8),
    ],
)
def test_the_tightest_quota_within_the_affinity_counts(tmp_path, monkeypatch, membership, files, usable):
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(processors, "MOUNT", tmp_path / "mount")
    monkeypatch.setattr(processors, "MEMBERSHIP", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text(membership)
    for name, text in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert processors.usable_processors() == usable
