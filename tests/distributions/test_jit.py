"""Compiled code is cached where it may be, found again, and never stale."""

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core.types.functions import BaseFunction

from distributions import jit

ROOT = Path(__file__).resolve().parents[2]
KERNEL = """
import numpy as np
from distributions.jit import kernel
from distributions.probe_device import answer

@kernel
def fill(out):
    out[0] = answer()
"""
REPORT = """
import json, sys
{before}
from distributions import jit
from distributions.probe_kernel import fill
import numpy as np
out = np.zeros(1)
fill(out)
folder = jit.cache_directory()
hits = sum(fill.stats.cache_hits.values())
print(json.dumps({{"answer": out[0], "folder": folder and str(folder), "hits": hits}}))
"""


@pytest.fixture
def house(tmp_path):
    """A copy of the room of numbers with a kernel whose answer stands in another file."""
    room = tmp_path / "house" / "distributions"
    room.mkdir(parents=True)
    for name in ("__init__.py", "jit.py", "compiling.py"):
        shutil.copy(ROOT / "distributions" / name, room)
    (room / "probe_kernel.py").write_text(KERNEL)
    write_answer(room.parent, 1)
    return room.parent


def write_answer(house, value):
    text = f"from distributions.jit import device\n\n@device\ndef answer():\n    return {value}.0\n"
    (house / "distributions" / "probe_device.py").write_text(text)


def ask(house, before="", **environment):
    """Run the kernel in a process of its own."""
    inherited = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REPORT.format(before=before)],
        env={**inherited, "PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        cwd=house,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def blocked(tmp_path):
    """A path under which nothing can be made, not even by root: its parent is a file."""
    file = tmp_path / "file"
    file.write_text("")
    return file / "below"


def test_edit_of_another_file_is_never_stale(house, tmp_path):
    cache = tmp_path / "cache"
    first = ask(house, BURNCURVE_CACHE=str(cache))
    write_answer(house, 2)
    second = ask(house, BURNCURVE_CACHE=str(cache))
    write_answer(house, 1)
    third = ask(house, BURNCURVE_CACHE=str(cache))
    assert [run["answer"] for run in (first, second, third)] == [1.0, 2.0, 1.0]
    assert [run["hits"] for run in (first, second, third)] == [0, 0, 1]
    assert first["folder"] == third["folder"] != second["folder"]
    assert Path(first["folder"]).parent == cache


def test_bounds_checks_are_cached_apart(house, tmp_path):
    cache = str(tmp_path / "cache")
    plain, checked = (ask(house, BURNCURVE_CACHE=cache, NUMBA_BOUNDSCHECK=flag) for flag in "01")
    assert plain["folder"] != checked["folder"]


def test_users_cache_folder_is_the_default(house, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    answer = ask(house, HOME=str(home), XDG_CACHE_HOME=str(home / "cache"))
    assert Path(answer["folder"]).is_relative_to(home)


@pytest.mark.parametrize("variable", ["HOME", "BURNCURVE_CACHE"])
def test_unwritable_place_gives_way_to_a_private_temporary_folder(house, tmp_path, variable):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    places = {"HOME": str(blocked(tmp_path)), variable: str(blocked(tmp_path)), "TMPDIR": str(temporary)}
    answer = ask(house, **places)
    assert answer["answer"] == 1.0
    assert Path(answer["folder"]).is_relative_to(temporary)
    assert Path(answer["folder"]).parent.stat().st_mode & 0o077 == 0


def test_nowhere_to_write_compiles_without_a_cache(house, tmp_path):
    nowhere = blocked(tmp_path)
    before = f"import tempfile; tempfile.tempdir = {str(nowhere)!r}"
    answer = ask(house, before=before, HOME=str(nowhere))
    assert answer == {"answer": 1.0, "folder": None, "hits": 0}


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs the owner and mode of a folder")
def test_temporary_folder_that_others_can_write_is_not_trusted(house, tmp_path):
    temporary = tmp_path / "temporary"
    planted = temporary / f"burncurve-{os.getuid()}"
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    answer = ask(house, HOME=str(blocked(tmp_path)), TMPDIR=str(temporary))
    assert answer["folder"] is None


def test_old_folders_are_removed_and_the_last_used_are_kept(house, tmp_path):
    cache = tmp_path / "cache"
    for age in range(jit.N_FOLDERS_KEPT + 4):
        old = cache / f"kernels-{age:02}"
        old.mkdir(parents=True)
        os.utime(old, (1e9 - age, 1e9 - age))
    (cache / "something else").mkdir()
    folder = Path(ask(house, BURNCURVE_CACHE=str(cache))["folder"])
    kept = {f"kernels-{age:02}" for age in range(jit.N_FOLDERS_KEPT)}
    assert {path.name for path in cache.iterdir()} == kept | {folder.name, "something else"}


def test_numba_caches_of_a_host_program_stay_where_they_are():
    before = numba.config.CACHE_DIR
    jit.kernel(lambda out: None)
    assert before == numba.config.CACHE_DIR
    assert before != str(jit.cache_directory())


class Given(NamedTuple):
    out: Any
    extra: Any


@jit.inlined
def add_extra(given, wanted):
    if given.extra is not None:
        given.out[0] += given.extra[0]
    if wanted:
        given.out[0] += given.nothing_of_this_name


@jit.kernel
def fill_given(given):
    given.out[0] = 1.0
    add_extra(given, False)


def test_what_types_rule_out_is_not_even_typed():
    """Neither the element of None nor the field that isn't there stands in the way."""
    out = np.zeros(1)
    fill_given(Given(out, None))
    assert out[0] == 1.0
    fill_given(Given(out, np.ones(1)))
    assert out[0] == 2.0


@jit.kernel
def fill_wrongly(out):
    out[0] = min(out[0], "a word")


def test_compiling_leaves_the_process_as_it_was_even_where_it_fails():
    before = BaseFunction.get_call_type
    assert gc.isenabled()
    with pytest.raises(numba.TypingError):
        fill_wrongly(np.zeros(1))
    assert gc.isenabled()
    assert BaseFunction.get_call_type is before


@jit.kernel
def fill_bits(x, out):
    for i in range(out.size):
        out[i] = jit.float_bits(x[i])


@jit.kernel
def fill_floats(bits, out):
    for i in range(out.size):
        out[i] = jit.bits_float(bits[i])


def test_bit_pattern_of_a_float():
    x = np.array([0.0, -0.0, 1.0, 0.5, 2.0**-1074, np.inf, np.pi])
    out = np.empty(x.size, dtype=np.uint64)
    fill_bits(x, out)
    assert out.tolist() == x.view(np.uint64).tolist()
    back = np.empty(x.size)
    fill_floats(out, back)
    assert back.tolist() == x.tolist()
    assert np.array_equal(np.signbit(back), np.signbit(x))
