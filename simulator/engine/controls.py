"""Controls of a block of trials: when covered spend passes their thresholds, and from which day on they act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from simulator.engine.layout import Ints
    from simulator.engine.tally import Frame


class Controls:
    """The state of all controls, day by day: `acting` says what acts on a day, `close` ends it.

    Parameters
    ----------
    frame : of the tally; its one-time costs are left out
    trials : how many
    """

    def __init__(self, frame: Frame, trials: int) -> None:
        self._thresholds = np.array([threshold.units for threshold in frame.thresholds], np.int64)
        self._delays = np.array([threshold.delay_days for threshold in frame.thresholds], np.int64)
        self._left_out = frame.one_time_daily
        self._spent = np.zeros(trials, np.int64)
        self.crossed = np.zeros((trials, len(self._thresholds)), np.int64)

    def acting(self, day: int) -> npt.NDArray[np.bool_]:
        """bool[T, K]: which controls act on a day, counted from 0."""
        return acting_on(self.crossed, self._delays, day)

    def close(self, day: int, covered: Ints) -> None:
        """End a day.

        Parameters
        ----------
        covered : int64[T], what the budget covers of its spend, in units
        """
        self._spent += covered - self._left_out[day]
        passed = (self._spent[:, None] > self._thresholds) & (self.crossed == 0)
        self.crossed[passed] = day + 1


def acting_on(crossed: Ints, delays: Ints, day: int) -> npt.NDArray[np.bool_]:
    """bool[T, K]: which controls act on a day, counted from 0.

    Parameters
    ----------
    crossed : int64[T, K], as in ``Tally``: counted from 1, 0 where it never happened
    delays : int64[K]
    """
    return (crossed > 0) & (day >= crossed + delays)
