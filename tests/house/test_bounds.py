"""The kernels with bounds checks: an index out of range reads rubbish in a normal run, and raises here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.house.source import ROOT

EVERYTHING = ROOT / "tests" / "house" / "everything.yaml"
RUN = f"""
import burncurve as bc, json
result = bc.run({str(EVERYTHING)!r}, trials=6, threads=2)
print(json.dumps({{"causes": sorted({{c.cause for c in result.components()}}), "sampled": len(result.sessions(50))}}))
"""


def test_no_kernel_reads_out_of_bounds(tmp_path: Path) -> None:
    slowly = {"NUMBA_OPT": "0", "PYTHONWARNINGS": "ignore"}  # compiling is most of it, and such code is not cached
    env = os.environ | slowly | {"NUMBA_BOUNDSCHECK": "1", "BURNCURVE_CACHE": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", RUN], cwd=ROOT, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["sampled"] == 50
    causes = "compaction fixed history message output overheads reasoning retries retrieval system"
    assert " ".join(said["causes"]) == causes, "the scenario no longer walks through everything"
