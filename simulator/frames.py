"""Tables of a result for people who explore: pandas DataFrames, made when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.words import DRIVERS
from simulator.engine.tally import CUTS, SESSION_DTYPE, Records, Tally
from simulator.risk.attribution import Component
from simulator.risk.breach import breach_days
from simulator.risk.money import array_in_currency
from simulator.risk.spend import covered_units, spend_units

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pandas import DataFrame


def trials_frame(tally: Tally, budget: float | None) -> DataFrame:
    """One row a trial.

    Columns: ``trial``; ``spend`` in currency; ``covered``, what the budget covers of it, missing without a budget;
    ``spend_without_controls``, where there are controls; ``breach_day`` counted from 1, missing where the budget
    holds; ``sessions``; ``turned_away``; each driver's level by its name; ``days_<event>``, on how many days it was in
    force; ``spend_<feature>``, fixed costs left out.
    """
    import pandas as pd

    unit = tally.frame.unit
    columns: dict[str, Any] = {
        "trial": tally.trial,
        "spend": array_in_currency(spend_units(tally), unit),
        "covered": np.nan if budget is None else array_in_currency(covered_units(tally), unit),
    }
    if tally.frame.thresholds:
        columns["spend_without_controls"] = array_in_currency(tally.free_spend.sum(axis=1), unit)
    columns |= {
        "breach_day": pd.array(_breach_days(tally, budget), dtype="Int64"),
        "sessions": tally.sessions.sum(axis=(1, 2)),
        "turned_away": tally.turned_away,
        **dict(zip(DRIVERS, tally.levels.T, strict=True)),
        **{f"days_{name}": days for name, days in zip(tally.frame.events, tally.event_days.T, strict=True)},
    }
    by_feature = array_in_currency(tally.daily.sum(axis=1), unit)
    columns |= {f"spend_{name}": by_feature[:, f] for f, name in enumerate(tally.frame.features)}
    return pd.DataFrame(columns)


def _breach_days(tally: Tally, budget: float | None) -> list[int | None]:
    if budget is None:
        return [None] * len(tally.trial)
    return [day or None for day in breach_days(tally, budget).tolist()]


def sample_addresses(tally: Tally, n: int, features: Sequence[int] | None = None) -> Records:
    """Addresses of n sessions, evenly spaced over all that were simulated, or over those of some features.

    A systematic sample needs no random number, so that it is the same for everyone, and takes from each trial, day and
    feature its share.

    Returns
    -------
    SESSION_DTYPE[min(n, number of sessions)], all but the address zero
    """
    among = np.ones(tally.sessions.shape[2], np.bool_)
    if features is not None:
        among = np.isin(np.arange(len(among)), features)
    counts = (tally.sessions * among).ravel()
    ends = np.cumsum(counts)
    total = int(ends[-1])
    n = min(max(n, 0), total)
    chosen = (2 * np.arange(n) + 1) * total // (2 * max(n, 1))
    block = np.searchsorted(ends, chosen, side="right")
    records = np.zeros(n, SESSION_DTYPE)
    trial, records["day"], records["feature"] = np.unravel_index(block, tally.sessions.shape)
    records["trial"] = tally.trial[trial]
    records["session"] = chosen - (ends - counts)[block]
    return records


def sessions_frame(records: Records, features: Sequence[str]) -> DataFrame:
    """One row a session, its address first.

    Columns: ``trial``, ``day`` counted from 1, ``feature``, ``session``; ``cost`` in currency; ``calls``; ``agents``,
    the root and validators counted; ``input``, ``cached``, ``written`` and ``output`` tokens; ``success``; ``cut``, and
    as ``cut_by`` what cut it: cost, calls, or limit (the hard one), missing where nothing did; ``held``, whether a cap
    on depth or agents kept a child from starting; ``runs``, the first one and its repeats; ``handed_over`` to a person,
    and ``reviewed`` by one. Cost has the overheads and people in, and fixed costs left out; calls count every request,
    failed and summary ones too; ``input`` is the whole prompt, cached and written included.
    """
    import pandas as pd

    columns: dict[str, Any] = {str(name): records[name] for name in SESSION_DTYPE.names or ()}
    columns["day"] = records["day"] + 1
    columns["feature"] = np.asarray(features, dtype=object)[records["feature"]]
    columns["cut"] = records["cut"] > 0
    columns["cut_by"] = pd.Categorical.from_codes(records["cut"] - 1, CUTS)  # -1 is missing
    return pd.DataFrame(columns)


def attribution_frame(components: Sequence[Component]) -> DataFrame:
    """One row a component: feature, agent, cause, detail, and its mean and tail in currency."""
    return rows_frame(components, Component)


def rows_frame(rows: Sequence[DataclassInstance], kind: type[DataclassInstance]) -> DataFrame:
    """One row each of a kind of record, a column a field; the columns stand even where there are no rows."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows], columns=[column.name for column in fields(kind)])
