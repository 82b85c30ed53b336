"""Where scenarios come from: files, folders, and the library that ships with the package."""

from __future__ import annotations

import os
from pathlib import Path

from scenarios.problems import Problem, ScenarioError
from scenarios.suggest import did_you_mean

LIBRARY = Path(__file__).resolve().parent / "library"
LARGEST_FILE_BYTES = 300_000
_SUFFIXES = {".yaml", ".yml"}


def library_names() -> list[str]:
    """Names of the scenarios that ship with the package, sorted."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def library_path(name: str) -> Path:
    """The file of a library scenario.

    Raises
    ------
    KeyError
        Where the library has no such name.
    """
    if name not in library_names():
        raise KeyError(name)
    return LIBRARY / f"{name}.yaml"


def find(source: str | Path, folder: Path | None = None) -> Path:
    """The file that a name or a path means.

    Parameters
    ----------
    source : str or Path
        A path, or the name of a library scenario; a file of that name comes first.
    folder : Path, optional
        Where relative paths start; default: the working directory.

    Raises
    ------
    ScenarioError
        Where neither a file nor a library scenario has the name; says what comes near.
    """
    path = (folder or Path()) / source
    try:
        path = (folder or Path()) / Path(source).expanduser()
        if path.exists() and not (path.is_dir() and str(source) in library_names()):
            return path
    except (OSError, ValueError, RuntimeError):
        pass  # a name that no file can have, or a home that is nobody's; said below
    if str(source) in library_names():
        return library_path(str(source))
    raise ScenarioError([_not_found(str(source), path)])


def read_text(path: Path) -> str:
    """The text of a scenario file.

    Raises
    ------
    ScenarioError
        Folders, unreadable, huge and binary files.
    """
    if path.is_dir():
        inside = ", ".join(sorted(child.name for child in path.iterdir() if child.suffix in _SUFFIXES)[:8])
        raise _unreadable(path, "is a folder, not a scenario", f"it holds {inside}" if inside else None)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror or error}") from None
    if len(raw) > LARGEST_FILE_BYTES:
        hint = "large data belong in a file of their own: {data: {file: ..., column: ...}}"
        raise _unreadable(path, f"is too long; a scenario has at most {LARGEST_FILE_BYTES:,} bytes", hint)
    return decode(raw, str(path))


def decode(raw: bytes, file: str) -> str:
    """UTF-8 text, or a ScenarioError that says that it is none."""
    if b"\0" in raw:
        raise _unreadable(file, "is not a text file; a scenario is YAML in UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ScenarioError([Problem(file, line, "", "is not a text in UTF-8; save it as UTF-8")]) from None


def _unreadable(path: Path | str, message: str, hint: str | None = None) -> ScenarioError:
    return ScenarioError([Problem(str(path), None, "", message, hint=hint)])


def _not_found(name: str, path: Path) -> Problem:
    library = library_names()
    try:
        beside = [entry.name for entry in path.parent.iterdir() if entry.suffix in _SUFFIXES]
    except (OSError, ValueError):
        beside = []
    folder = "" if path.parent == Path() else f"{path.parent}{os.sep}"
    hint = did_you_mean(name, library) or did_you_mean(path.name, beside)
    here = f"; {folder or 'this folder'} holds {', '.join(sorted(beside)[:8])}" if beside else ""
    allowed = f"a file, or a library scenario: {', '.join(library)}{here}"
    file = name if name.isprintable() else repr(name)
    return Problem(file, None, "", "is no file and no scenario of the library", None, allowed, hint)
