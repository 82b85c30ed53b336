"""Fields of a log that tell its sessions apart: by their values sessions cost more unlike amounts than chance makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from scenarios.calibrating.clocks import without_strays
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.starts import FEWEST_SESSIONS, MOST_GROUPS
from scenarios.logs.column_names import KNOWN
from scenarios.logs.reading import LogError
from simulator.judged import Floats, Ints
from simulator.observed import observed_sessions

if TYPE_CHECKING:
    from scenarios.logs.reading import Reading
    from scenarios.logs.table import Calls
    from scenarios.schema import Scenario
    from simulator.log_options import ReadOptions

CHANCE, TELLS = 0.05, 0.05
"""How seldom chance alone makes means of logarithms of costs so unlike, and which share of their variance that is."""

MEANINGS = {"model": "the model that they begin with", "tier": "the tier of service that they begin in"}
"""Columns of the table of calls that may tell sessions apart."""

_ELSEWHERE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "LiteLLM spend logs": {"model": ("model",)},
    "Langfuse observations": {"model": ("providedModelName", "provided_model_name", "model")},
    "Helicone requests": {"model": ("response_model", "request_model")},
    "OpenTelemetry traces (OTLP-JSON)": {"model": ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")},
}
"""By format the fields that these columns are read from; those of mapped columns are what they are mapped to."""

_MAPPED = "mapped columns"


@dataclass(frozen=True)
class Telling:
    """A field by which sessions cost unlike amounts.

    Attributes
    ----------
    field : as the log calls it
    meaning : what it says of a session
    explained : share of the variance of the logarithms of session costs
    """

    field: str
    meaning: str
    explained: float


def fields_that_tell(
    logs: Sequence[str | Path], options: ReadOptions, reading: Reading, calls: Calls, scenario: Scenario
) -> tuple[Telling, ...]:
    """The fields of a log that tell its sessions apart, the one that explains most first.

    Each is tried as `--feature-from` would read it. Where that was asked for already, no other can be.
    """
    if options.feature_from is not None:
        return ()
    told = (
        _tried(logs, options, names, MEANINGS[column], scenario)
        for column, names in _candidates(options, reading)
        if np.unique(calls[column]).size > 1
    )
    return tuple(sorted(filter(None, told), key=lambda one: -one.explained))


def _candidates(options: ReadOptions, reading: Reading) -> Iterator[tuple[str, Sequence[str]]]:
    for column in MEANINGS:
        if reading.format == _MAPPED:
            yield column, [options.columns[column]] if column in options.columns else KNOWN[column].split()
        else:
            yield column, _ELSEWHERE.get(reading.format, {}).get(column, ())


def _tried(
    logs: Sequence[str | Path], options: ReadOptions, names: Sequence[str], meaning: str, scenario: Scenario
) -> Telling | None:
    """What the first of these fields tells that the log has."""
    for name in names:
        try:
            calls, _ = dataclasses.replace(options, feature_from=name).read(logs)
        except LogError:
            continue
        calls, _ = without_strays(calls)
        observed, _ = observed_sessions(scenario, calls, options.models)
        log = read_sessions(calls)
        assert observed.cost is not None
        share = explained(observed.cost, np.asarray(calls["feature"][log.instances.first[log.roots]], np.int64))
        return Telling(name, meaning, share) if share >= TELLS else None
    return None


def explained(cost: Floats, group: Ints) -> float:
    """The share of the variance of the logarithms of costs that groups explain; 0 where chance may make as much.

    An F test. Groups of fewer than 15 sessions, and those beyond the 12 largest, are one more.
    """
    cost, group = cost[cost > 0], group[cost > 0]
    values, of, n = np.unique(group, return_inverse=True, return_counts=True)
    if not values.size:
        return 0.0
    large = np.argsort(-n, kind="stable")[:MOST_GROUPS]
    place = np.full(values.size, MOST_GROUPS)
    kept = large[n[large] >= FEWEST_SESSIONS]
    place[kept] = np.arange(kept.size)
    logs, of = np.log(cost), np.unique(place[of], return_inverse=True)[1]
    size = np.bincount(of)
    free, k = logs.size - size.size, size.size - 1
    total = float(((logs - logs.mean()) ** 2).sum())
    between = float((size * (np.bincount(of, logs) / size - logs.mean()) ** 2).sum())
    if kept.size < 2 or free < 1 or total <= 0.0:
        return 0.0
    ratio = between / k / max((total - between) / free, 1e-300)
    return between / total if fdtrc(k, free, ratio) < CHANCE else 0.0
