"""`make bench`: every figure that the project names, measured here and now."""

from __future__ import annotations

import platform

from benchmarks import coding, engine, hybrid, points, process


def main() -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(f"{'':50}{'measured':>26}{'asked for':>16}")
    # Processes come first: the peak memory of one counts what its parent has at the time.
    for measure in (process.measure, engine.measure, coding.measure, hybrid.measure, points.measure):
        for what, measured, wanted in measure():
            print(f"{what:50}{measured:>26}{wanted:>16}", flush=True)


if __name__ == "__main__":
    main()
