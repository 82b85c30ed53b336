"""Fields of a log that tell its sessions apart: by their values sessions cost more unlike amounts than chance makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scenarios.calibrating.clocks import without_strays
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.starts import FEWEST_SESSIONS, MOST_GROUPS
from scenarios.calibrating.variance import variance_between
from scenarios.logs.column_names import KNOWN, well_known
from scenarios.logs.heads import columns_of, head_of
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.source import Source
from simulator.judged import Floats, Ints
from simulator.observed import observed_sessions

if TYPE_CHECKING:
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
    "coding-agent trace (kv-cache-tester)": {"model": ("model",)},
    "OpenTelemetry traces (OTLP-JSON)": {"model": ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")},
}
"""By format the fields that these columns are read from; those of mapped columns are what they are mapped to."""

_MOST_TOLD = 2
_MAPPED = "mapped columns"
_MOST_OTHERS = 8
"""Columns that no field is read from, and that are tried too: the log is read once for each."""
_SAME = 0.95
"""Share of the sessions in which such a column has but one value, or it is of calls and names no kind of sessions."""


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
    told = [
        _tried(logs, options, names, MEANINGS[column], scenario)
        for column, names in _candidates(options, reading)
        if np.unique(calls[column]).size > 1
    ]
    told += [_tried(logs, options, [name], f"their {name}", scenario, _SAME) for name in _others(options, reading)]
    return tuple(sorted(filter(None, told), key=lambda one: -one.explained)[:_MOST_TOLD])


def _candidates(options: ReadOptions, reading: Reading) -> Iterator[tuple[str, Sequence[str]]]:
    for column in MEANINGS:
        if reading.format == _MAPPED:
            yield column, [options.columns[column]] if column in options.columns else KNOWN[column].split()
        else:
            yield column, _ELSEWHERE.get(reading.format, {}).get(column, ())


def _others(options: ReadOptions, reading: Reading) -> Sequence[str]:
    """Columns of a mapped file that nothing is read from."""
    if reading.format != _MAPPED or not reading.files:
        return ()
    columns = columns_of(head_of(Source(reading.files[0], Reading(files=reading.files))))
    read = {*well_known(columns).values(), *options.columns.values()}
    return [name for name in columns if name not in read][:_MOST_OTHERS]


def _tried(
    logs: Sequence[str | Path],
    options: ReadOptions,
    names: Sequence[str],
    meaning: str,
    scenario: Scenario,
    same: float = 0.0,
) -> Telling | None:
    """What the first of these fields tells that the log has, if it is the same in this share of the sessions."""
    for name in names:
        try:
            calls, _ = dataclasses.replace(options, feature_from=name).read(logs)
            calls, _ = without_strays(calls)
            observed, _ = observed_sessions(scenario, calls, options.models)
        except LogError:
            continue
        log = read_sessions(calls)
        assert observed.cost is not None
        feature = np.asarray(calls["feature"], np.int64)
        first = feature[log.instances.first[log.roots]]
        alike = np.bincount(observed.of_call, feature != first[observed.of_call], len(observed)) == 0
        share = explained(observed.cost, first) if alike.mean() >= same else 0.0
        return Telling(name, meaning, share) if share >= TELLS else None
    return None


def explained(cost: Floats, group: Ints) -> float:
    """The share of the variance of the logarithms of costs that groups explain; 0 where chance may make as much.

    Groups of fewer than 15 sessions, and those beyond the 12 largest, are one more.
    """
    cost, group = cost[cost > 0], group[cost > 0]
    values, of, n = np.unique(group, return_inverse=True, return_counts=True)
    if not values.size:
        return 0.0
    large = np.argsort(-n, kind="stable")[:MOST_GROUPS]
    place = np.full(values.size, MOST_GROUPS)
    kept = large[n[large] >= FEWEST_SESSIONS]
    place[kept] = np.arange(kept.size)
    if kept.size < 2:
        return 0.0
    found = variance_between(np.log(cost), np.unique(place[of], return_inverse=True)[1])
    return found.share if found.chance < CHANCE else 0.0
