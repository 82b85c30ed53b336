"""What `burncurve calibrate --level` shows: an average day before and after, what was multiplied, what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.show.backtest_words import filled
from simulator.show.tables import columns
from simulator.show.words import apart, count

if TYPE_CHECKING:
    from simulator.level import LevelledScenario


def level_screen(made: LevelledScenario, width: int, file: str | None = None) -> str:
    """All of it as text; `file` is where the scenario was written."""
    usage = made.usage
    rows = [("An average day", "sums", "scenario", "levelled", "")]
    for row in made.rows:
        off = apart(row.after / row.observed - 1, 1) if row.observed else ""
        told = "not told" if row.observed is None else _number(row.observed)
        rows.append((row.what, told, _number(row.before), _number(row.after), off))
    said = [*made.levelled.said]
    if other := usage.currencies - {made.currency}:
        said.append(f"Costs are in {', '.join(sorted(other))} and the scenario in {made.currency}: not compared.")
    said += [
        f"{gap.what}: still {gap.ratio:.3g} times what the levelled scenario has, and {gap.path} goes no further; "
        "system prompts, turns or the cache are others than the scenario says."
        for gap in made.left
    ]
    said += [f"Skipped {count(n)} records: {reason}." for reason, n in usage.skipped.items()]
    said.append(
        "Drivers are at their P50. Laws are not touched: sums tell nothing of tails, of models' shares or of growth, "
        "and what the scenario says of them is as good as it was."
    )
    parts = [columns(rows, align="lrrrr", width=width), "\n".join(filled(one, width) for one in said)]
    if file is not None:
        parts.append(f"Next: burncurve run {file}")
    return "\n\n".join(parts) + "\n"


def _number(x: float) -> str:
    return count(round(x)) if abs(x) >= 100 else f"{x:.3g}"
