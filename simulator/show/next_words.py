"""What to do after a calibration: run the scenario, or mend it where it is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simulator.judged import COST, OFF, SPEND

if TYPE_CHECKING:
    from simulator.backtest import Backtest


def next_words(tested: Sequence[Backtest], file: str, report: str | None = None) -> str:
    """The command that runs the scenario in `file`; where it is off, what may mend it. `report` is its page."""
    off = [one for one in tested if one.verdict == OFF]
    if not off:
        return f"burncurve run {file}"
    look = f"{report} shows" if report else "--report FILE draws"
    return " ".join(
        [
            f"{file} IS OFF, and every run of it says so: rest no budget on it.",
            f"{look} each law against its data, and what sessions cost; what was assumed may be why.",
            *_remedies(off),
            "Whether any of these helps, the log does not tell: calibrate again and see.",
        ]
    )


def _remedies(off: Sequence[Backtest]) -> Iterator[str]:
    """What may help, by what is off; none is sure to."""
    names = {one.name for each in off for one in each.quantities if one.verdict == OFF}
    narrow = any(each.coverage is not None and each.coverage.off for each in off)
    if COST in names or narrow:
        yield (
            "Where a log has sessions of several kinds, --where FIELD=VALUE takes one kind, and --feature-from FIELD "
            "tells them apart; where it has few sessions, a longer one has more."
        )
    if narrow:
        yield "Wider `drivers`, written into the file, make it less sure."
    if SPEND in names:
        yield "--since DAY leaves out days unlike those to come, and --sessions-per-day states how many sessions come."
