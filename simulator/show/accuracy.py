"""How well the hybrid engine knows its own months, in words: an error of the engine, apart from simulation error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simulator.show import words

MAIN = "rms_error"
MEANINGS: Mapping[str, str] = {
    MAIN: "of a trial's conditional mean, as root mean square over trials",
    "p95_error": "of a trial's conditional mean, in 95 % of trials",
    "base_error": "of the base level, which all trials share",
    "exact_error": "of mean spend against exact trials of the same numbers",
}
"""The errors that the engine may report, as shares of spend; others are said by their own names."""

BESIDES: Mapping[str, str] = {
    "exact_standard_error": "That comparison has a standard error of {}.",
    "exact_trials": "It rests on {} exact trials.",
    "levels": "The cost of a day was learnt at {} levels of the drivers.",
    "pool_sessions": "For that, {} sessions were simulated.",
}
"""What stands beside the errors."""


def accuracy_words(accuracy: Mapping[str, float] | None, noun: str) -> str:
    """The engine's own error in a few words; empty where every session was simulated."""
    if not accuracy or MAIN not in accuracy:
        return ""
    return f"engine error ±{_share(accuracy[MAIN])} of a {noun}'s spend"


def accuracy_sentences(accuracy: Mapping[str, float] | None) -> Iterator[str]:
    """All that the engine measured of itself, a sentence each."""
    for name, value in (accuracy or {}).items():
        said = MEANINGS.get(name)
        if said is not None:
            yield f"The engine's own error is {_share(value)} {said}."
        elif name in BESIDES:
            yield BESIDES[name].format(_share(value) if name.endswith("_error") else words.about(value))
        elif name.endswith("_error"):
            yield f"The engine's {name.replace('_', ' ')} is {_share(value)}."
        else:
            yield f"{name.replace('_', ' ').capitalize()}: {words.about(value)}."


def _share(error: float) -> str:
    return words.percent(words.round_to(error, 2))
