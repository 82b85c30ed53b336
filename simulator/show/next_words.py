"""What to do after a calibration: run the scenario, or mend it where it is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from simulator.judged import COST, OFF, SPEND
from simulator.show.words import percent

if TYPE_CHECKING:
    from simulator.backtest import Backtest
    from simulator.telling import Telling


def next_words(
    tested: Sequence[Backtest], file: str, report: str | None = None, telling: Sequence[Telling] = ()
) -> str:
    """The command that runs the scenario in `file`; where it is off, what may mend it.

    `report` is its page, `telling` what tells the sessions of the log apart.
    """
    if all(one.verdict != OFF for one in tested):
        return f"burncurve run {file}"
    said = [f"{file} IS OFF, and every run of it says so: rest no budget on it."]
    if any(one.bill for one in tested):
        said += _bill_remedies()
    if off := [one for one in tested if one.simulated == OFF]:
        look = f"{report} shows" if report else "--report FILE draws"
        said.append(f"{look} each law against its data, and what sessions cost; what was assumed may be why.")
        said += [*_telling_words(telling), *_remedies(off, kinds=not telling)]
    return " ".join([*said, "Whether any of these helps, the log does not tell: calibrate again and see."])


def _bill_remedies() -> Iterator[str]:
    """What may help where the bill is apart."""
    yield (
        "What the log records, or the invoice, is not what list prices make of its calls, and the forecast is at list "
        "prices. --map mends how counts and costs are read, --model which prices hold, and --invoice says what was "
        "paid in truth, whatever is recorded. Who does pay a share of list prices writes `pays` under `models`, and "
        "takes the note out of the file."
    )


def _telling_words(telling: Sequence[Telling]) -> Iterator[str]:
    """The option that tells sessions apart which cost unlike amounts."""
    for place, one in enumerate(telling):
        yield (
            f"Sessions cost unlike amounts by {one.meaning}, which explains {percent(one.explained, 0)} of how the "
            f"logarithms of their costs vary: {'or ' if place else ''}--feature-from {one.field} tells them apart."
        )


def _remedies(off: Sequence[Backtest], *, kinds: bool) -> Iterator[str]:
    """What may help, by what is off; none is sure to. `kinds`: it is not known what tells those of sessions apart."""
    names = {one.name for each in off for one in each.quantities if one.verdict == OFF}
    narrow = any(each.coverage is not None and each.coverage.off for each in off)
    if kinds and (COST in names or narrow):
        yield (
            "Where a log has sessions of several kinds, --where FIELD=VALUE takes one kind, and --feature-from FIELD "
            "tells them apart; where it has few sessions, a longer one has more."
        )
    if narrow:
        yield "Wider `drivers`, written into the file, make it less sure."
    if SPEND in names:
        yield "--since DAY leaves out days unlike those to come, and --sessions-per-day states how many sessions come."
