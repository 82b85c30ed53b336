"""The only way to compile: decorators, cache rule, and the intrinsics that numba lacks.

numba's on-disk cache notices an edit to the file that holds a kernel, but not an edit to a jitted function in *another*
file that the kernel calls: the stale machine code is loaded without a word. So kernels are cached in a folder of their
own, named by a hash of every source that kernels are made of; an edit anywhere starts a fresh one.

The folder is handed to numba while a kernel is being decorated and at no other time: the caches of a host program that
also uses numba stay where they are.

Functions are never compiled with ``parallel=True``: threads are Python threads that call ``nogil`` kernels, which keeps
the result of a block independent of how many there are. ``fastmath`` is off, because it reorders sums and loses NaN.
"""

import hashlib
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import numba
import numpy as np
import platformdirs
from llvmlite import binding, ir
from numba.extending import intrinsic

from distributions.compiling import Pipeline, at_once, only_linked

Function = TypeVar("Function", bound=Callable[..., Any])

FOUR = 4
"""Places that :func:`write_four` writes: a vector of half the width that large processors have."""

N_FOLDERS_KEPT = 6
"""Folders of earlier source states left in the cache: enough for a few branches and checkouts side by side."""

_njit: Any = numba.njit  # numba's own types stop at the dispatcher; ours go on to the function inside
_config: Any = numba.config

_KERNEL_SOURCES = ("distributions/*.py", "simulator/engine/*.py")

# Nothing compiled here allocates, so reference counting is left out of the machine code: every array that a function
# takes from a tuple would be counted atomically, which made the session kernel five times slower.
_FLAGS = {"nogil": True, "error_model": "numpy", "_nrt": False, "pipeline_class": Pipeline}

# Python never calls a device function, and machine code for that would be a third of all compiling.
_NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def device(function: Function) -> Function:
    """Compile a function that only kernels call.

    It is compiled into its callers and cached with them, never on its own. It can't allocate: no new arrays, no copies.
    """
    compiled: Function = only_linked(_njit(**_FLAGS, **_NO_WRAPPERS)(function))
    return compiled


def inlined(function: Function) -> Function:
    """Compile like :func:`device`, and copy the machine code into every caller.

    For the innermost loop: a plan is a tuple of a hundred words, and each call would hand it over on the stack.
    """
    compiled: Function = only_linked(_njit(forceinline=True, **_FLAGS, **_NO_WRAPPERS)(function))
    return compiled


def kernel(function: Function, interleaved: bool = True) -> Function:
    """Compile an entry point that Python calls with arrays and scalars.

    It fills arrays that it is given and can't allocate any. It releases the global interpreter lock and is cached on
    disk under :func:`cache_directory`; where no folder can be written it is compiled anew in each process.
    """
    folder = cache_directory()
    if folder is None:
        compiled: Function = at_once(_njit(**_FLAGS)(function), interleaved)
        return compiled
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(folder)
    try:
        compiled = at_once(_njit(cache=True, **_FLAGS)(function), interleaved)
    finally:
        _config.CACHE_DIR = before
    return compiled


def kernel_of_short_loops(function: Function) -> Function:
    """Compile like :func:`kernel`, for loops of a dozen vectors: each step is one vector, not four interleaved ones."""
    return kernel(function, interleaved=False)


@lru_cache(maxsize=1)
def cache_directory() -> Path | None:
    """Give the folder that holds compiled kernels.

    Returns
    -------
    Path or None
        ``BURNCURVE_CACHE``, else the user's cache folder, else a private folder under the system's temporary one;
        inside it the folder of these sources, which exists and can be written. None where no such folder can be had.
    """
    key = _source_key(Path(__file__).resolve().parent.parent)
    for root, private in _cache_roots():
        folder = root / f"kernels-{key}"
        if _usable(root, folder, private):
            _prune(root, keep=folder)
            return folder
    return None


def _cache_roots() -> Iterator[tuple[Path, bool]]:
    """Give the candidates in order, each with whether others could have put it there before us."""
    named = os.environ.get("BURNCURVE_CACHE")
    if named:
        yield Path(named).expanduser().absolute(), False
    yield Path(platformdirs.user_cache_dir("burncurve", appauthor=False)), False
    user = getattr(os, "getuid", lambda: "user")()
    yield Path(tempfile.gettempdir()) / f"burncurve-{user}", True


def _usable(root: Path, folder: Path, private: bool) -> bool:
    """Make `folder`, and try it: an unwritable or missing home, a full disk or a file in the way all say no."""
    if not root.is_absolute():  # a user without a home directory leaves "~" unexpanded
        return False
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if private and not _ours_alone(root):
            return False
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
        os.utime(folder)  # the folders used last are the ones that pruning keeps
    except OSError:
        return False
    return True


def _ours_alone(root: Path) -> bool:
    """Tell whether nobody else can write into a folder: numba unpickles what it finds there."""
    if not hasattr(os, "getuid"):
        return True
    status = root.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022


def _prune(root: Path, keep: Path) -> None:
    """Remove the folders of earlier sources, all but the few used last."""
    try:
        folders = [path for path in root.glob("kernels-*") if path != keep and path.is_dir()]
        folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:  # another process prunes at the same time
        return
    for path in folders[N_FOLDERS_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _source_key(root: Path) -> str:
    """Hash what machine code depends on: sources, compilers, processor, numba's switches."""
    digest = hashlib.blake2b(digest_size=10)
    switches = [getattr(_config, name) for name in ("BOUNDSCHECK", "OPT", "DEBUGINFO_DEFAULT")]
    processor = (platform.machine(), binding.get_host_cpu_name())
    digest.update(repr((numba.__version__, llvmlite.__version__, platform.python_version())).encode())
    digest.update(repr((processor, switches)).encode())
    for pattern in _KERNEL_SOURCES:
        for path in sorted(root.glob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def _float_bits(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return numba.uint64(numba.float64), generate


def _bits_float(typing_context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return numba.float64(numba.uint64), generate


def _write_four(typing_context: Any, words: Any, first: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        four, number = ir.VectorType(ir.IntType(64), FOUR), ir.IntType(32)
        nothing, all_first = ir.Constant(four, ir.Undefined), ir.Constant(ir.VectorType(number, FOUR), None)
        alone = builder.insert_element(nothing, arguments[2], number(0))
        copies = builder.shuffle_vector(alone, nothing, all_first)
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), four.as_pointer())
        builder.store(copies, place, align=8)
        return context.get_dummy_value()

    return numba.void(words, numba.uint64, numba.uint64), generate


float_bits: Callable[[float], np.uint64] = cast("Any", intrinsic(_float_bits))
"""Give the IEEE 754 bit pattern of a float64 (in compiled code only)."""

bits_float: Callable[[np.uint64], np.float64] = cast("Any", intrinsic(_bits_float))
"""Give the float64 of an IEEE 754 bit pattern (in compiled code only)."""

write_four: Callable[[Any, np.uint64, np.uint64], None] = cast("Any", intrinsic(_write_four))
"""Write a word to the four places of an array of words from a place on, at one stroke (in compiled code only)."""
