"""Files of a run: each arrives whole under its name, or not at all."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    """

    folder: Path | None = None
    report: Path | None = None
    json: Path | None = None

    def check_writable(self) -> None:
        """Try every place before anything is simulated, and leave no trace of it.

        Raises
        ------
        OutputError
            If a place can't be written to.
        """
        if self.folder is not None:
            _try_folder(self.folder, self.folder)
        if self.report is not None and self.report == self.json:
            raise OutputError(f"{self.report} would be written twice; give the report and the numbers a file each")
        for file in filter(None, (self.report, self.json)):
            if file.suffix in (".yaml", ".yml"):
                raise OutputError(
                    f"{file} is named as a scenario is, and scenarios are never overwritten; end it otherwise"
                )
            if file.is_dir():
                raise OutputError(f"{file} is a folder; name a file in it")
            if not _is_device(file):
                _try_folder(file.parent, file)

    def write(self, result: Result, document: Mapping[str, Any]) -> list[Path]:
        """Write all that is wanted.

        Returns
        -------
        list of Path
            What was written, the report first.
        """
        written: list[Path] = []
        if self.report is not None:
            _write_text(self.report, _report(result))
            written.append(self.report)
        if self.folder is not None:
            with staged(self.folder) as stage:
                _fill(stage, result)
            written.append(self.folder)
        if self.json is not None:
            _write_text(self.json, json_text(document))
            written.append(self.json)
        return written


def json_text(document: Mapping[str, Any]) -> str:
    """The JSON of a run as it is written: indented, ASCII, no NaN, a line's end at the end."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def temporary_report(name: str) -> Path:
    """A place for a report that is only to be looked at."""
    return Path(tempfile.mkdtemp(prefix="burncurve-")) / f"{name}.html"


def write_starter(file: Path, today: date) -> None:
    """Write a commented scenario to start from, with the prices of today.

    Raises
    ------
    OutputError
        If the file exists, which is never overwritten, or can't be written.
    """
    text = (files("scenarios") / "starter.yaml").read_text(encoding="utf-8").replace("AS_OF", today.isoformat())
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise OutputError(f"{file} exists already, and is left as it is; choose another name") from error
    except OSError as error:
        raise _unwritable(file, error) from error


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, made if need be; its files move up when the block ends well."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".burncurve-", dir=folder) as name:
        yield Path(name)
        for file in sorted(Path(name).iterdir()):
            file.replace(folder / file.name)


def _fill(folder: Path, result: Result) -> None:
    result.save(folder)
    (folder / "report.html").write_text(_report(result), encoding="utf-8")
    for name in PLOTS:
        getattr(result.plot, name)().savefig(folder / f"{name}.png", dpi=150)


def _report(result: Result) -> str:
    from simulator.show.report import render

    return render(result)


def _write_text(file: Path, text: str) -> None:
    if _is_device(file):
        file.write_text(text, encoding="utf-8")
        return
    with staged(file.parent) as stage:
        (stage / file.name).write_text(text, encoding="utf-8")


def _is_device(file: Path) -> bool:
    """Such as /dev/null or a pipe, which must be written to and not replaced."""
    return file.exists() and not file.is_file() and not file.is_dir()


def _try_folder(folder: Path, named: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        with staged(folder):
            pass
    except OSError as error:
        raise _unwritable(named, error) from error
    finally:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()


def _unwritable(named: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"can't write to {named}: {reason}; choose a place that you can write to")
