"""What `burncurve calibrate --level` shows: an average day before and after, what was multiplied, what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.show.backtest_words import filled
from simulator.show.tables import columns
from simulator.show.words import apart, count, listing, money

if TYPE_CHECKING:
    from simulator.level import LevelledScenario


_NAMED = 3
"""Models that are named."""


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
    still = off_words(made)
    said += still
    said += [f"Skipped {count(n)} records: {reason}." for reason, n in usage.skipped.items()]
    said.append(
        "Drivers are at their P50. Laws are not touched: sums tell nothing of tails, of models' shares or of growth, "
        "and what the scenario says of them is as good as it was."
    )
    parts = [columns(rows, align="lrrrr", width=width), "\n".join(filled(one, width) for one in said)]
    if file is not None:
        mend = f"mend what is off, as is said above, and level it again; until then every run of {file} says so"
        parts.append(filled(f"Next: {mend if still else f'burncurve run {file}'}", width))
    return "\n\n".join(parts) + "\n"


def off_words(made: LevelledScenario) -> list[str]:
    """What no factor reaches, in sentences."""
    said = [
        f"{gap.what}: still {gap.ratio:.3g} times what the levelled scenario has, and {gap.path} goes no further; "
        "system prompts, turns or the cache are others than the scenario says."
        for gap in made.left
    ]
    return [*said, *filter(None, [_cost_words(made)])]


def _cost_words(made: LevelledScenario) -> str:
    """That the cost stays off, why, and what brings it there; empty where it does not."""
    row = made.cost
    if row is None or not row.observed:
        return ""
    sums, ours, off = money(row.observed, made.currency), money(row.after, made.currency), row.after / row.observed - 1
    told = sorted({bucket.model for bucket in made.usage.buckets if bucket.model})
    theirs = f"the sums name {listing(told[:_NAMED])}{' and others' if len(told) > _NAMED else ''}, " if told else ""
    return (
        f"A day costs {ours} in the levelled scenario and {sums} in the sums, which makes {apart(off)}. No factor of "
        f"these reaches prices: {theirs}the scenario has {listing(made.models[:_NAMED])}. If these are others, write "
        "those that were used into the scenario and level it again; if the bill has discounts, or more than these "
        "calls in it, write what is paid of the list price as `pays`, or a driver "
        f"`price: {row.observed / row.after:.3g}`."
    )


def _number(x: float) -> str:
    return count(round(x)) if abs(x) >= 100 else f"{x:.3g}"
