"""Files of a run: each arrives whole under its name, or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.result import Result

PLOTS = ("burn_fan", "daily", "s_curve", "session_cost", "attribution", "laws")


class OutputError(Exception):
    """A place that can't be written to; the message names it and the reason."""


@dataclass(frozen=True)
class Wanted:
    """Where the files of a run shall go.

    Attributes
    ----------
    folder : gets result.json, trials.parquet, report.html, a PNG a plot, and what `load_result` needs
    report : the report alone, one HTML file
    json : the numbers alone
    json_to_stdout : whether they go to standard output, in place of the screen
    """

    folder: Path | None = None
    report: Path | None = None
    json: Path | None = None
    json_to_stdout: bool = False

    @classmethod
    def read(cls, out: str | None, report: str | None, json: str | None) -> Wanted:
        """Read the words of a command line; ``-`` means standard output, which takes no folder and no page.

        Raises
        ------
        OutputError
            Where a word names no place.
        """
        return cls(
            None if out is None else _named("--out", out, "name a folder, such as --out out"),
            None if report is None else _named("--report", report, "name a file, such as --report report.html"),
            None if json in {None, "-"} else _named("--json", str(json), "name a file, or - for standard output"),
            json_to_stdout=json == "-",
        )

    def with_page(self, name: str) -> Wanted:
        """The same with a report to look at: a temporary one, named after the scenario, where none was wanted."""
        if self.report is not None or self.folder is not None:
            return self
        with _naming("the folder of temporary files"):
            home = Path(tempfile.mkdtemp(prefix="burncurve-"))
        return replace(self, report=home / (re.sub(r"[^\w.-]", "-", name) + ".html"))

    @property
    def page(self) -> Path | None:
        """The report."""
        return self.folder / "report.html" if self.report is None and self.folder is not None else self.report

    def check_writable(self, inputs: Iterable[Path] = ()) -> None:
        """Try every place before anything is simulated, and leave no trace of it.

        Parameters
        ----------
        inputs : what the scenario was read from, which is never overwritten

        Raises
        ------
        OutputError
            If a place can't be written to.
        """
        if self.folder is not None:
            _try_folder(self.folder, self.folder)
        files = [file for file in (self.report, self.json) if file is not None]
        for file in files:
            with _naming(file):
                _refuse_name(file, {_real(read) for read in inputs})
                if not _is_device(file):
                    _try_folder(_real(file).parent, file)
        _refuse_twice(files, [] if self.folder is None else [self.folder])

    def write(self, result: Result, document: Mapping[str, Any]) -> Iterator[Path]:
        """Write all that is wanted, the report first.

        Yields
        ------
        Path
            What was written, as soon as it is.

        Raises
        ------
        OutputError
            If a place can't be written to after all; nothing is left there half-written.
        """
        if self.report is not None:
            _write_text(self.report, _report(result))
            yield self.report
        if self.folder is not None:
            with _naming(self.folder), staged(self.folder) as stage:
                _fill(stage, result)
            yield self.folder
        yield from self.write_numbers(document)

    def write_numbers(self, document: Mapping[str, Any]) -> Iterator[Path]:
        """The same of the numbers alone."""
        if self.json is not None:
            _write_text(self.json, json_text(document))
            yield self.json

    def write_page(self, page: str) -> Iterator[Path]:
        """Write a page that was made already as the report, where one is wanted, and give its place."""
        if self.report is not None:
            _write_text(self.report, page)
            yield self.report


def json_text(document: Mapping[str, Any]) -> str:
    """The JSON of a run as it is written: indented, ASCII, no NaN, a line's end at the end."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def write_starter(name: str, today: date) -> None:
    """Write a commented scenario to start from, with the prices of today.

    Raises
    ------
    OutputError
        If the name is none, if the file exists, which is never overwritten, or if it can't be written.
    """
    file = _named("FILE", name, "name a file, such as mine.yaml")
    text = (files("scenarios") / "starter.yaml").read_text(encoding="utf-8").replace("AS_OF", today.isoformat())
    with _naming(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError as error:
            raise OutputError(f"{file} exists already, and is left as it is; choose another name") from error
        except BaseException:  # a full disk, or Ctrl-C
            file.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, made if need be; its files move up when the block ends well."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".burncurve-", dir=folder) as name:
        yield Path(name)
        files = sorted(Path(name).iterdir())
        for file in files:  # before the first of them moves, so that all do or none
            if (folder / file.name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{file.name} in it is a folder")
        for file in files:
            file.replace(folder / file.name)


def _fill(folder: Path, result: Result) -> None:
    result.save(folder)
    (folder / "report.html").write_text(_report(result), encoding="utf-8")
    for name in PLOTS if result.controls is None else (*PLOTS, "controls"):
        getattr(result.plot, name)().savefig(folder / f"{name}.png", dpi=150)


def _report(result: Result) -> str:
    from simulator.show.report import render

    return render(result)


def _write_text(file: Path, text: str) -> None:
    with _naming(file):
        if _is_device(file):
            file.write_text(text, encoding="utf-8")
            return
        with staged(_real(file).parent) as stage:
            (stage / _real(file).name).write_text(text, encoding="utf-8")


def _is_device(file: Path) -> bool:
    """Such as /dev/null or a pipe, which must be written to and not replaced."""
    return file.exists() and not file.is_file() and not file.is_dir()


def _real(file: Path) -> Path:
    """Where links lead: what stands there is written anew, and the links stay."""
    return Path(os.path.realpath(file))


def _refuse_name(file: Path, inputs: Container[Path]) -> None:
    if file.suffix.lower() in (".yaml", ".yml"):
        raise OutputError(f"{file} is named as a scenario is, and scenarios are never overwritten; end it otherwise")
    if _real(file) in inputs:
        raise OutputError(f"{file} is what the scenario is read from, and is never overwritten; name another file")
    if file.is_dir():
        raise OutputError(f"{file} is a folder; name a file in it")
    # Such as /dev/stdout sent into a file: to put a file in its place would break the name for everyone.
    if file.is_file() and file.absolute().is_relative_to("/dev"):
        raise OutputError(f"{file} is a stream of this process; name the file itself, or use --json -")


def _refuse_twice(files: Sequence[Path], folders: Sequence[Path]) -> None:
    for i, file in enumerate(files):
        for other in (*files[:i], *files[i + 1 :], *folders):
            if _real(other).is_relative_to(_real(file)) and not _is_device(file):
                raise OutputError(f"{file} would be written twice, for {other} too; give each a place of its own")


def _try_folder(folder: Path, named: Path) -> None:
    with _naming(named):
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        try:
            with staged(folder):
                pass
        finally:
            for place in missing:
                with contextlib.suppress(OSError):
                    place.rmdir()


@contextlib.contextmanager
def _naming(place: Path | str) -> Iterator[None]:
    """Turn what the system says of a place into a sentence that names it."""
    try:
        yield
    except OSError as error:
        raise OutputError(unwritable(str(place), error)) from error


def unwritable(place: str, error: OSError) -> str:
    """A sentence: what can't be written to, why, and what to do."""
    reason = (error.strerror or str(error)).lower()
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    remedy = "make room, or choose another place" if full else "choose a place that you can write to"
    return f"can't write to {place}: {reason}; {remedy}"


def _named(option: str, word: str, remedy: str) -> Path:
    if not word.strip() or word == "-":
        raise OutputError(f'{option} names no place: it is "{word}"; {remedy}')
    return Path(word)
