"""How far a run has come, where someone watches: a bar, or now and then a line of text."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from simulator.show.words import count

if TYPE_CHECKING:
    from scenarios.logs.reading import ReadingProgress, Watch
    from simulator.run import Progress

    Phase = Callable[[str], None]

SECONDS_A_LINE = 10.0
"""Between lines, where there is no bar."""

Shown = Callable[["Progress"], None]


@contextlib.contextmanager
def shown_progress(watched: bool, plain: bool, say: Callable[[str], None]) -> Iterator[Shown | None]:
    """What shows the progress of a run as long as the block lasts; None where nobody watches.

    Parameters
    ----------
    watched : whether standard error is a terminal
    plain : whether it takes, or its user wants, nothing but text
    say : prints a line of text
    """
    if not watched:
        yield None
    elif plain:
        yield lines(say)
    else:
        with _bar() as shown:
            yield shown


def lines(say: Callable[[str], None]) -> Shown:
    """Say how far a run has come, a line every ten seconds: nothing for a run that is over before."""
    due = SECONDS_A_LINE

    def shown(progress: Progress) -> None:
        nonlocal due
        if progress.seconds >= due:
            due = progress.seconds + SECONDS_A_LINE
            say(f"{math.floor(100 * progress.share)} % · {_pace(progress)}")

    return shown


@contextlib.contextmanager
def _bar() -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = BarColumn(), TextColumn("{task.percentage:.0f} %"), TextColumn("{task.fields[pace]}")
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, pace="getting ready")

        def shown(progress: Progress) -> None:
            bar.update(task, total=1.0, completed=progress.share, pace=_pace(progress))

        yield shown


def _pace(progress: Progress) -> str:
    left = f" · {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
    return f"{count(round(progress.sessions_per_second, -3))} sessions a second{left}"


@contextlib.contextmanager
def shown_reading(
    watched: bool, plain: bool, say: Callable[[str], None]
) -> Iterator[tuple[Watch | None, Phase | None]]:
    """What shows how far the reading of logs has come, and what is done then; the arguments are those of a run."""
    if not watched:
        yield None, None
    elif plain:
        yield None, say
    else:
        with _reading_bar() as shown:
            yield shown


@contextlib.contextmanager
def _reading_bar() -> Iterator[tuple[Watch, Phase]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = BarColumn(), TextColumn("{task.percentage:.0f} %"), TextColumn("{task.fields[pace]}")
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, pace="opening the logs")

        def watch(progress: ReadingProgress) -> None:
            pace = f"{count(progress.lines)} lines read"
            bar.update(task, total=max(progress.total_bytes, 1), completed=progress.done_bytes, pace=pace)

        def phase(name: str) -> None:
            bar.reset(task, total=None, pace=name)

        yield watch, phase
