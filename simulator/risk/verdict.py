"""One word on a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.risk.metrics import SHORT_NAMES, Violation

Word = Literal["HOLDS", "AT RISK", "LIKELY TO BREAK", "TOO FEW TRIALS", "IS OFF"]

FEWEST = 5
"""Trials below which the 95 % interval of a chance is wider than half of all there is, so that they judge nothing."""

HOLDS_BELOW = 0.05
AT_RISK_UP_TO = 0.25


@dataclass(frozen=True)
class Verdict:
    """One word on a run, and what it rests on.

    Attributes
    ----------
    word : None where there is neither a budget nor a limit to hold, nor anything off
    probability : breach probability; None without a budget
    violations : the file's own limits that were crossed
    """

    word: Word | None
    probability: float | None
    violations: tuple[Violation, ...]


def verdict(
    probability: float | None,
    limits: Mapping[str, float],
    crossed: Sequence[Violation],
    trials: int,
    *,
    off: bool = False,
) -> Verdict:
    """The verdict on a run.

    HOLDS while a breach is less likely than 5 %, AT RISK up to 25 %, LIKELY TO BREAK above.  A limit that the file
    sets on the breach probability stands in place of the 25 % (and of the 5 %, where it is stricter still), so that
    LIKELY TO BREAK is what ends a run with exit code 1.  Nothing HOLDS that crosses any other of the file's limits.
    Fewer than 5 trials judge nothing: TOO FEW TRIALS. A scenario that failed its own backtest IS OFF where it would
    hold, or have no word: bad news of it stays bad, and good news is none.

    Parameters
    ----------
    probability : float or None
        Breach probability; None without a budget.
    limits : mapping
        Upper limits by metric name.
    crossed : sequence of Violation
        Those that were crossed.
    trials : int
        How many there were.
    off : bool
        Whether the scenario was found off by the log or the sums that it stands for.
    """
    word = _budget_word(probability, _breach_limit(limits))
    if crossed and word in (None, "HOLDS"):
        word = "AT RISK"
    if word is None and limits:
        word = "HOLDS"
    if word is not None and trials < FEWEST:
        word = "TOO FEW TRIALS"
    if off and word in (None, "HOLDS"):
        word = "IS OFF"
    return Verdict(word, probability, tuple(crossed))


def _breach_limit(limits: Mapping[str, float]) -> float:
    stated = [limit for name, limit in limits.items() if SHORT_NAMES.get(name, name) == "budget.breach_probability"]
    return min(stated, default=AT_RISK_UP_TO)


def _budget_word(probability: float | None, limit: float) -> Word | None:
    if probability is None:
        return None
    if probability > limit:
        return "LIKELY TO BREAK"
    return "HOLDS" if probability < HOLDS_BELOW else "AT RISK"
