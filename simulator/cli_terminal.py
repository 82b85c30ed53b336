"""What the command line prints, and where; the only file that prints."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from simulator.endings import BAD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDEST = 100
LAST_STREAM = 2
"""Standard input, output and error are 0, 1 and 2."""


def prepare_streams() -> None:
    """Make sure that there is somewhere to print, before anything is done that nobody would see."""
    output_closed = sys.stdout is None
    # Else the next file to be opened would get the number of a closed stream, and with it what is printed there.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STREAM:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115  (a descriptor, for as long as we live)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if output_closed:
        note("standard output is closed; send it somewhere, if only to /dev/null")
        sys.exit(BAD_INPUT)


def say(text: str) -> None:
    """Write to standard output; a reader that has gone away is no error."""
    try:
        print(text.removesuffix("\n"), flush=True)
    except BrokenPipeError:
        drop_unwritten()


def drop_unwritten() -> None:
    """Give up what standard output did not take, or Python tries again at its end and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Write to standard error, where that can be written to."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def below(screen: Callable[[], str], written: list[str]) -> Iterator[None]:
    """Show a screen, even where writing fails, and below it what was written."""
    try:
        yield
    finally:
        say(screen())
        noted(written)


@contextlib.contextmanager
def noted_at_least(written: list[str]) -> Iterator[None]:
    """Say what was written where it comes to no screen."""
    try:
        yield
    except BaseException:
        noted(written)
        raise


def noted(lines: list[str]) -> None:
    """Write each to standard error."""
    for line in lines:
        note(line)


@contextlib.contextmanager
def noting_interruption() -> Iterator[None]:
    """Say how far it came before an interruption ends it."""
    try:
        yield
    except KeyboardInterrupt as error:
        note(f"interrupted {error}".rstrip())
        raise


def width() -> int:
    """The terminal's, at most what reads well; where there is no terminal, just that."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)


def plain() -> bool:
    """Whether the terminal takes, or its user wants, nothing but text."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
