"""Whole processes: peak memory against the number of sessions, and how long the command line takes to answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("burncurve")
EXAMPLE = Path(__file__).resolve().parents[2] / "shared" / "examples" / "coding-agent.yaml"
LARGE_RUN = """
from benchmarks.chat import Engine, DAYS, SESSIONS_PER_DAY
import sys
Engine().run(int(sys.argv[1]) // (DAYS * SESSIONS_PER_DAY), threads=2)
"""


def measure(sessions: int = 100_000_000) -> list[tuple[str, str, str]]:
    """Rows of (what, measured, asked for)."""
    few = peak_megabytes([sys.executable, "-c", LARGE_RUN, str(sessions // 100)])
    many = peak_megabytes([sys.executable, "-c", LARGE_RUN, str(sessions)])
    faq = [str(COMMAND), "run", "faq", "--trials", "40"]
    coding = [str(COMMAND), "run", "coding-agent", "--trials", "2"]
    with tempfile.TemporaryDirectory() as cache:
        cold_tree = seconds(coding, {"BURNCURVE_CACHE": cache})
    with tempfile.TemporaryDirectory() as cache:
        cold = seconds(faq, {"BURNCURVE_CACHE": cache})
        warm = statistics.median(seconds(faq, {"BURNCURVE_CACHE": cache}) for _ in range(5))
    whole = [str(COMMAND), "run", "faq"]
    default = min(seconds(whole) for _ in range(3))  # the first one may compile
    month = [str(COMMAND), "run", str(EXAMPLE), "--engine", "hybrid", "--trials", "10k", "--set", "limits={}"]
    example = []
    if EXAMPLE.exists():
        seconds(month)  # which may compile
        took, memory = f"{seconds(month):.1f} s", f"{peak_megabytes(month):.0f} MB"
        example = [("coding-agent.yaml, 10,000 trials, warm", f"{took}, {memory}", "20 s, 800 MB")]
    shown = statistics.median(seconds([str(COMMAND), "--help"]) for _ in range(5))
    return [
        (f"peak memory, {sessions // 100:,} sessions", f"{few:.0f} MB", ""),
        (f"peak memory, {sessions:,} sessions", f"{many:.0f} MB", "below 400 MB"),
        ("burncurve run faq, 10,000 trials, warm", f"{default:.2f} s", "below 5 s"),
        *example,
        ("burncurve --help", f"{shown:.2f} s", "below 0.5 s"),
        ("burncurve run faq --trials 40, warm", f"{warm:.2f} s", "below 2.5 s"),
        ("burncurve run faq --trials 40, cold, compiling", f"{cold:.1f} s", "below 20 s"),
        ("burncurve run coding-agent --trials 2, cold, compiling", f"{cold_tree:.1f} s", "below 20 s"),
    ]


def seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=os.environ | (environment or {}))
    return time.perf_counter() - start


def peak_megabytes(command: list[str]) -> float:
    """Largest resident size of one run, by the operating system's account."""
    silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    scale = 1 if sys.platform == "darwin" else 1024
    return float(usage.ru_maxrss * scale / 1e6)
