"""Seconds and memory of `burncurve calibrate` on a million calls in the format of LiteLLM, by phase.

    python -m benchmarks.calibrate_speed [CALLS]

Asked: under 60 s and under 1.5 GB on two cores. The whole run is a process of its own; a second one is timed from
within, phase by phase, on the same file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ASKED_S, ASKED_GB = 60.0, 1.5
CALLS = 1_000_000
MEAN_TURNS = 12.0
START = 1_793_577_600  # 2026-11-02
DAYS = 28
IDLE = 0.06
"""Share of the gaps in which somebody goes away for longer than a cache keeps."""

PHASES = (
    ("read", "simulator.log_options", "read_logs"),
    ("bill", "scenarios.calibrate", "make_bill"),
    ("learn, with fit", "scenarios.calibrate", "learn_agents"),
    ("fit", "distributions.choose", "choose_law"),
    ("bootstrap", "scenarios.calibrate", "learn_drivers"),
    ("write", "scenarios.calibrate", "write_draft"),
    ("simulated comparison", "simulator.calibration", "hold_against"),
)
"""What is timed, and where the name stands that leads to it."""


def write_log(file: Path, calls: int, seed: int = 1) -> int:
    """Write sessions of a growing context until there are so many calls, and return how many there are."""
    rng = np.random.default_rng(seed)
    n = 0
    with file.open("w") as out:
        session = 0
        while n < calls:
            turns = min(int(rng.geometric(1 / MEAN_TURNS)), calls - n)
            out.write(_session(rng, session, turns))
            n += turns
            session += 1
    return n


def _session(rng: np.random.Generator, session: int, turns: int) -> str:
    harder = rng.lognormal(0, 0.3)
    output = np.maximum(1, rng.lognormal(5.3, 1.0, turns) * harder).astype(int)
    message = np.maximum(1, rng.lognormal(4.6, 1.1, turns)).astype(int)
    prompt = 4_000 + np.cumsum(message) + np.cumsum(output) - output
    gaps = np.where(rng.random(turns) < IDLE, rng.uniform(400, 4_000, turns), rng.uniform(5, 200, turns))
    times = START + rng.uniform(0, DAYS * 86_400) + np.cumsum(gaps)
    warm = np.r_[False, gaps[1:] < 300]
    cached = np.where(warm, np.r_[0, prompt[:-1]], 0)
    retries = (rng.random(turns) < 0.02).astype(int)
    model = "claude-sonnet-4-6" if session % 4 else "claude-haiku-4-5"
    price = 3e-6 if session % 4 else 1e-6
    spend = price * (0.1 * cached + 1.25 * (prompt - cached) + 5 * output)
    rows = zip(prompt.tolist(), cached.tolist(), output.tolist(), times.tolist(), retries, spend.tolist(), strict=True)
    return "".join(_line(f"{session:x}", turn, model, *row) for turn, row in enumerate(rows))


def _line(
    session: str, turn: int, model: str, prompt: int, cached: int, output: int, at: float, retries: int, spend: float
) -> str:
    begun, ended = _iso(at), _iso(at + output / 60)
    return (
        f'{{"request_id": "chatcmpl-{session}-{turn}", "call_type": "acompletion", '
        f'"api_key": "88dc28d0f030c55ed4ab77ed8faf0981", "spend": {spend:.8f}, "total_tokens": {prompt + output}, '
        f'"prompt_tokens": {prompt}, "completion_tokens": {output}, "startTime": "{begun}", "endTime": "{ended}", '
        f'"model": "{model}", "custom_llm_provider": "anthropic", "user": "default_user_id", '
        f'"metadata": {{"status": "success", "attempted_retries": {retries}, "usage_object": '
        f'{{"cache_read_input_tokens": {cached}, "cache_creation_input_tokens": {prompt - cached}}}}}, '
        f'"cache_hit": "False", "team_id": "support", "end_user": "e{int(session, 16) % 5_000}", '
        f'"session_id": "{session}", "status": "success"}}\n'
    )


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}Z"


def timed_phases(file: Path, out: Path) -> None:
    """Calibrate in this process, and print what each phase took."""
    spent = dict.fromkeys((name for name, *_ in PHASES), 0.0)

    def watched(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*words: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return inner(*words, **more)
            finally:
                spent[name] += time.perf_counter() - begun

        return outer

    for name, module, function in PHASES:
        place = import_module(module)
        setattr(place, function, watched(name, getattr(place, function)))
    from simulator.calibration import calibrate

    begun = time.perf_counter()
    made = calibrate(file)
    made.write(out)
    whole = time.perf_counter() - begun
    assert len(made.calibration.sessions) > 1
    for name, seconds in spent.items():
        print(f"{name:22} {seconds:7.1f} s")
    others = whole - sum(seconds for name, seconds in spent.items() if name != "fit")
    print(f"{'the rest':22} {others:7.1f} s")


def whole_run(file: Path, out: Path) -> tuple[float, float]:
    """Seconds and gigabytes (at the most) of the command in a process of its own."""
    command = Path(sys.executable).with_name("burncurve")
    begun = time.perf_counter()
    process = subprocess.Popen([command, "calibrate", file, "--out", out], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert out.exists()
    return time.perf_counter() - begun, usage.ru_maxrss * 1024 / 1e9


def main(calls: int) -> None:
    """Make the log, run the command, and time its phases."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "spend.jsonl"
        n = write_log(file, calls)
        print(f"{n:,} calls in {file.stat().st_size / 1e6:,.0f} MB of LiteLLM's spend logs, {os.cpu_count()} cores")
        seconds, gigabytes = whole_run(file, folder / "whole.yaml")
        print(f"{'burncurve calibrate':22} {seconds:7.1f} s (asked: {ASKED_S:.0f})")
        print(f"{'peak memory':22} {gigabytes:7.2f} GB (asked: {ASKED_GB})", flush=True)
        timed = [sys.executable, "-m", "benchmarks.calibrate_speed", "phases", file, folder / "phases.yaml"]
        subprocess.run(timed, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["phases"]:
        timed_phases(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
