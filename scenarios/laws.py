"""A law by itself, as a scenario would hold it: to look at what a key means before it is written."""

from __future__ import annotations

from pathlib import Path

from distributions.law import Law, LawError
from distributions.notation import parse_law
from scenarios.problems import Problem, ScenarioError, dotted, shown


def law(spec: object, base: str | Path = ".", *, allow_infinite_mean: bool = False) -> Law:
    """Read a law as the language writes it.

    Parameters
    ----------
    spec : a number; text (`60k`, `0.7 to 1.5`); a mapping (`{"p50": 150, "p95": 900}`); a law; or a frozen scipy.stats
        distribution
    base : folder that data files are relative to
    allow_infinite_mean : accept a law whose mean is infinite; else it needs a `max`

    Raises
    ------
    ScenarioError
        With everything that is wrong, each with its path inside `spec`.

    Examples
    --------
    >>> law({"p50": 150, "p95": 900}).describe()
    'lognormal, P50 150, P95 900'
    """
    if not isinstance(base, str | Path):
        raise ScenarioError([Problem(None, None, "base", "is no folder", shown(base), "a path")])
    try:
        return parse_law(spec, Path(base), allow_infinite_mean=allow_infinite_mean)
    except LawError as error:
        problems = [
            Problem(None, None, dotted(("law", *p.path)), p.message, None if p.got is None else shown(p.got), p.allowed)
            for p in error.problems
        ]
        raise ScenarioError(problems) from None
