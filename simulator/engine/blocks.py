"""Blocks of trials that threads take one after the other, until there are none left or the work is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.engine.tally import ROWS

if TYPE_CHECKING:
    from simulator.engine.layout import Ints
    from simulator.engine.tally import Tally

POLL_SECONDS = 0.1


@dataclass
class Blocks:
    """The trials of a run, a block of rows at a time.

    Attributes
    ----------
    trials, size : how many there are, and how many a thread takes at a time
    stop : int64[1], not 0 where the work is to be given up; kernels look at it, too
    done : the blocks that are finished; whoever finishes one puts it here, under the lock
    """

    trials: int
    size: int
    stop: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: list[slice] = field(default_factory=list)

    def __post_init__(self) -> None:
        starts = range(0, self.trials, self.size)
        self._left = iter([slice(start, min(start + self.size, self.trials)) for start in starts])

    def run(self, workers: Sequence[Callable[[slice], None]], report: Callable[[], None]) -> None:
        """Have each worker simulate blocks in a thread of its own; an interruption ends the work and is not raised.

        Parameters
        ----------
        report : called in the calling thread, about ten times a second and at the end
        """
        with ThreadPoolExecutor(len(workers)) as pool:
            running = [pool.submit(self._work, worker) for worker in workers]
            try:
                pending = set(running)
                while pending:
                    _, pending = wait(pending, POLL_SECONDS, FIRST_EXCEPTION)
                    report()
            except KeyboardInterrupt:
                self.stop[0] = 1
            for one in running:
                one.result()
        report()

    def _work(self, worker: Callable[[slice], None]) -> None:
        try:
            while not self.stop[0]:
                with self.lock:
                    rows = next(self._left, None)
                if rows is None:
                    return
                worker(rows)
        except BaseException:
            self.stop[0] = 1
            raise

    @property
    def trials_done(self) -> int:
        """Trials of the finished blocks."""
        with self.lock:
            return sum(rows.stop - rows.start for rows in self.done)

    def finished(self, tally: Tally) -> dict[str, Any]:
        """The arrays of a tally by name, of the finished trials alone and in their order."""
        rows = np.sort(np.concatenate([np.arange(d.start, d.stop) for d in self.done] or [np.zeros(0, np.int64)]))
        return {name: getattr(tally, name)[rows] for name in ROWS}
