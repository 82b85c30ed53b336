"""The logs repriced: what the recorded calls cost at the list prices of their days, against what the log says.

A finance reader believes nothing else before that. Every call is priced at its own time, tier of service and size of
prompt; calls that are not billed cost nothing. A model without a price is an error with near names, never $0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from scenarios.bill_reasons import Compared, Reason, difference
from scenarios.catalog import CatalogModel, UnknownModelError
from scenarios.logged_models import ANY, find_logged, shown_name
from scenarios.logs.codes import NONE
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls
from scenarios.tariffs import STANDARD, Tariff, Tokens, at_noon

USD = "USD"
_SAME = 0.005
"""Two sums that differ by less are the same to a reader."""


@dataclass(frozen=True)
class BillLine:
    """The calls of one model as it was logged.

    Attributes
    ----------
    logged, model : str
        Its name in the log, and the entry of the catalogue whose prices were taken.
    calls, unbilled : int
        All its calls, and those that cost nothing.
    prompt, output : int
        Tokens, billed or not; the output with reasoning.
    repriced : float
        USD at list prices.
    recorded_calls : int
        Calls whose cost the log records.
    recorded, repriced_there : float
        Of these, what the log says (in its currency), and what list prices say (USD).
    reason : str
        Why the two differ, in words; empty where they do not, or where nothing is recorded.
    pays : float or None
        The share of the list price that all of it is recorded at, where that is a discount.
    """

    logged: str
    model: str
    calls: int
    unbilled: int
    prompt: int
    output: int
    repriced: float
    recorded_calls: int
    recorded: float
    repriced_there: float
    reason: str
    pays: float | None = None


@dataclass(frozen=True)
class Bill:
    """What a log cost.

    Attributes
    ----------
    lines : tuple of BillLine
        The dearest first.
    cost : float64, shape (n calls,)
        USD of each call at list prices.
    entries : dict of (provider, model) as logged to CatalogModel
        None stands for what the log does not name.
    currency : str
        Of the recorded costs.
    invoice : float or None
        What was paid, as stated, in the currency of the recorded costs.
    days : tuple of date, or None
        First and last day; None where the log has no dates.
    priced_at : date or None
        The day whose prices were taken where the log has no dates.
    notes : tuple of str
        What was assumed.
    """

    lines: tuple[BillLine, ...]
    cost: NDArray[np.float64] = field(repr=False, compare=False)
    entries: Mapping[tuple[str | None, str | None], CatalogModel] = field(repr=False)
    currency: str
    invoice: float | None
    days: tuple[date, date] | None
    priced_at: date | None
    notes: tuple[str, ...]

    @property
    def repriced(self) -> float:
        """USD of all calls at list prices."""
        return sum(line.repriced for line in self.lines)

    @property
    def recorded(self) -> float | None:
        """What the log records, in its currency; None where it records no cost."""
        return sum(line.recorded for line in self.lines) if self.recorded_calls else None

    @property
    def recorded_calls(self) -> int:
        """Calls whose cost the log records."""
        return sum(line.recorded_calls for line in self.lines)

    def to_dict(self) -> dict[str, object]:
        """The bill as plain values, for JSON."""
        lines = [
            {
                "logged": line.logged, "model": line.model, "calls": line.calls, "unbilled": line.unbilled,
                "prompt": line.prompt, "output": line.output, "repriced": line.repriced,
                "recorded_calls": line.recorded_calls, "recorded": line.recorded if line.recorded_calls else None,
                "repriced_there": line.repriced_there, "reason": line.reason or None, "pays": line.pays,
            }
            for line in self.lines
        ]  # fmt: skip
        days = [day.isoformat() for day in self.days] if self.days else None
        return {
            "repriced": self.repriced, "recorded": self.recorded, "recorded_calls": self.recorded_calls,
            "currency": self.currency, "invoice": self.invoice, "days": days,
            "priced_at": self.priced_at.isoformat() if self.priced_at else None,
            "lines": lines, "notes": list(self.notes),
        }  # fmt: skip


def make_bill(
    calls: Calls, *, as_of: date, mapping: Mapping[str, str] | None = None, invoice: float | None = None
) -> Bill:
    """Price a log.

    Parameters
    ----------
    calls : Calls
    as_of : date
        The day whose prices are taken where a call has no date.
    mapping : mapping of str to str, optional
        What `--model` says: names as logged, or `*`, to ``provider/model``.
    invoice : float, optional
        What was paid, in the currency of the recorded costs.

    Returns
    -------
    Bill

    Raises
    ------
    LogError
        Models that nothing prices, all at once, with near names and what to do; costs in several currencies.

    Examples
    --------
    >>> from scenarios.logs.table import Rows
    >>> rows = Rows("model", "fresh", "output")
    >>> rows.append("claude-opus-4-7", 2_000, 800)
    0
    >>> make_bill(rows.finish(dated=False), as_of=date(2026, 11, 20)).repriced
    0.03
    """
    mapping = mapping or {}
    currency = _currency(calls)
    groups = list(calls_by_model(calls))
    tariffs = _tariffs(calls, groups, mapping)
    seconds = _seconds(calls, as_of)
    cost = _costs(calls, groups, tariffs, seconds)
    _refuse_unpriced(tariffs)
    lines = [_line(calls, name, tariffs[name], groups, cost, seconds, currency) for name in tariffs]
    entries = {name: tariff.entry for name, tariff in tariffs.items()}
    ordered = tuple(sorted(lines, key=lambda line: (-line.repriced, line.logged)))
    days, priced_at = _days(calls), None if calls.dated else as_of
    return Bill(ordered, cost, entries, currency, invoice, days, priced_at, tuple(_notes(calls, tariffs, as_of)))


def invoice_words(bill: Bill) -> str:
    """How an invoice compares with the log, in a sentence; empty where none was given."""
    if bill.invoice is None:
        return ""
    recorded = bill.recorded
    if recorded is None and bill.currency != USD:
        return ""
    said, what = (recorded, "the recorded costs") if recorded else (bill.repriced, "the calls at list prices")
    if not said:
        return "the log's calls cost nothing, so the invoice is for something else"
    ratio = bill.invoice / said
    if abs(ratio - 1) <= _SAME:
        return f"the invoice agrees with {what}"
    if ratio > 1:
        return f"the invoice is {ratio - 1:.1%} above {what}: calls that are not in this log, fees or taxes"
    return f"the invoice is {1 - ratio:.1%} below {what}: a discount, credits, or calls that it does not cover"


# -- calls by model ----------------------------------------------------------------------------------------------------

_Name = tuple[str | None, str | None]


@dataclass(frozen=True)
class ModelCalls:
    """Calls of one provider, model and tier of service: its names as logged, and their rows."""

    name: _Name
    tier: str
    rows: NDArray[np.intp] | slice


def calls_by_model(calls: Calls) -> Iterator[ModelCalls]:
    """Rows of the calls of each provider, model and tier of service."""
    columns = ("provider", "model", "tier")
    sizes = [len(calls.names[name]) + 1 for name in columns]
    key = np.zeros(len(calls), np.int64)
    for name, size in zip(columns, sizes, strict=True):
        key = key * size + (calls[name] + 1)
    keys, where = np.unique(key, return_inverse=True)
    for number, one in enumerate(keys.tolist()):
        codes = [one // (sizes[1] * sizes[2]) - 1, one // sizes[2] % sizes[1] - 1, one % sizes[2] - 1]
        names = [calls.names[name][code] if code != NONE else None for name, code in zip(columns, codes, strict=True)]
        rows = slice(None) if keys.size == 1 else np.flatnonzero(where == number)
        yield ModelCalls((names[0], names[1]), names[2] or STANDARD, rows)


def _costs(
    calls: Calls, groups: list[ModelCalls], tariffs: Mapping[_Name, Tariff], seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    tokens = _tokens(calls)
    cost = np.zeros(len(calls))
    for group in groups:
        part = {kind: counts[group.rows] for kind, counts in tokens.items()}
        cost[group.rows] = tariffs[group.name].cost(seconds[group.rows], group.tier, part)
    cost[~calls["billed"]] = 0.0
    return cost


def _tariffs(calls: Calls, groups: list[ModelCalls], mapping: Mapping[str, str]) -> dict[_Name, Tariff]:
    known: dict[_Name, Tariff] = {}
    unknown: dict[_Name, UnknownModelError] = {}
    for name in dict.fromkeys(group.name for group in groups):
        try:
            known[name] = Tariff(find_logged(*name, mapping))
        except UnknownModelError as error:
            unknown[name] = error
    if unknown:
        raise LogError(_unknown_words(unknown, {name: _nameless(calls, name) for name in unknown if not name[1]}))
    _refuse_unused(known, mapping)
    return known


def _nameless(calls: Calls, name: _Name) -> str:
    """How many calls name no model, and where the first of them is."""
    provider = NONE if name[0] is None else calls.names["provider"].index(name[0])
    rows = np.flatnonzero((calls["model"] == NONE) & (calls["provider"] == provider))
    first = int(rows[0])
    session, time = int(calls["session"][first]), float(calls["time"][first])
    where = f" in session {calls.names['session'][session]}" if session != NONE else ""
    when = f" at {datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}" if calls.dated and np.isfinite(time) else ""
    n = len(rows)
    place = f", the first{where}{when}" if where or when else ""
    return f"{n:,} of {len(calls):,} calls {'names' if n == 1 else 'name'} no model{place}"


def _unknown_words(unknown: Mapping[_Name, UnknownModelError], nameless: Mapping[_Name, str]) -> str:
    several = len(unknown) > 1
    lines = [f"{len(unknown)} models of the log have no price:" if several else "a model of the log has no price:"]
    for name, error in sorted(unknown.items(), key=lambda item: shown_name(*item[0])):
        near = f"; did you mean {' or '.join(error.near)}?" if error.near else ""
        lines.append(f"    {nameless[name]}" if name in nameless else f"    {shown_name(*name)}: {error}{near}")
    example = shown_name(*next(iter(unknown)))
    one = f"--model '{example}=PROVIDER/MODEL'" if "(no model)" not in example else "--model '*=PROVIDER/MODEL'"
    every = ", or --model '*=PROVIDER/MODEL' for all" if several else ""
    lines.append(f"say which prices hold: {one}{every}; `burncurve prices NAME` searches; --where leaves calls out")
    return "\n".join(lines)


def _refuse_unused(known: Mapping[_Name, Tariff], mapping: Mapping[str, str]) -> None:
    logged = {text for provider, model in known for text in (shown_name(provider, model), model or "")}
    unused = [key for key in mapping if key not in logged and key != ANY]
    if unused:
        names = ", ".join(sorted(shown_name(*name) for name in known))
        raise LogError(f"--model {unused[0]}=...: the log has no model of that name; it has {names}")


def _refuse_unpriced(tariffs: Mapping[_Name, Tariff]) -> None:
    for name, tariff in tariffs.items():
        if tariff.lacking:
            kinds = " and ".join(sorted(tariff.lacking))
            raise LogError(
                f"{shown_name(*name)}: the price catalogue has no price for the {kinds} tokens of {tariff.entry.name}; "
                f"name a model that has one: --model '{shown_name(*name)}=PROVIDER/MODEL'"
            )


def _currency(calls: Calls) -> str:
    stated = np.isfinite(calls["cost"]) & (calls["cost"] != 0)
    counts = np.bincount(calls["currency"][stated] + 1, minlength=len(calls.names["currency"]) + 1)
    found: dict[str, int] = {}
    for name, count in zip([USD, *calls.names["currency"]], counts.tolist(), strict=True):
        if count:
            found[name.upper()] = found.get(name.upper(), 0) + count
    if len(found) > 1:
        listed = ", ".join(f"{name} ({count:,} calls)" for name, count in found.items())
        raise LogError(f"the log records costs in several currencies, {listed}; calibrate each by itself, with --where")
    return next(iter(found), USD)


def _seconds(calls: Calls, as_of: date) -> NDArray[np.float64]:
    if not calls.dated:
        return np.full(len(calls), at_noon(as_of))
    return np.where(np.isfinite(calls["time"]), calls["time"], at_noon(as_of))


def _tokens(calls: Calls) -> Tokens:
    kinds = {kind: calls[kind] for kind in ("fresh", "cached", "written_1h", "output", "reasoning")}
    return {**kinds, "written": calls["written"] - calls["written_1h"]}


def _days(calls: Calls) -> tuple[date, date] | None:
    times = calls["time"][np.isfinite(calls["time"])]
    if not calls.dated or not times.size:
        return None
    first, last = (
        np.datetime64(int(second), "s").astype("datetime64[D]").item() for second in (times.min(), times.max())
    )
    return first, last


# -- one line ----------------------------------------------------------------------------------------------------------


def _line(
    calls: Calls,
    name: _Name,
    tariff: Tariff,
    groups: list[ModelCalls],
    cost: NDArray[np.float64],
    seconds: NDArray[np.float64],
    currency: str,
) -> BillLine:
    mine = [group for group in groups if group.name == name]
    rows = [np.arange(len(calls)) if isinstance(group.rows, slice) else group.rows for group in mine]
    at = np.concatenate(rows)
    there = at[np.isfinite(calls["cost"][at])]
    recorded, repriced_there = float(calls["cost"][there].sum()), float(cost[there].sum())
    reason = Reason()
    if currency != USD:
        reason = Reason(_rate_words(recorded, repriced_there, currency))
    elif recorded or repriced_there:
        compared = Compared(
            calls, there, cost, seconds, tariff, {group.tier: r for group, r in zip(mine, rows, strict=True)}
        )
        reason = difference(compared)
    return BillLine(
        logged=shown_name(*name),
        model=tariff.entry.name,
        calls=int(at.size),
        unbilled=int((~calls["billed"][at]).sum()),
        prompt=int(calls.prompt[at].sum()),
        output=int((calls["output"][at] + calls["reasoning"][at]).sum()),
        repriced=float(cost[at].sum()),
        recorded_calls=int(there.size),
        recorded=recorded,
        repriced_there=repriced_there,
        reason=reason.words,
        pays=reason.pays,
    )


def _rate_words(recorded: float, repriced: float, currency: str) -> str:
    if not (recorded and repriced):
        return ""
    return f"recorded in {currency}, list prices are in USD: {recorded / repriced:.4g} {currency} recorded for a dollar"


def _notes(calls: Calls, tariffs: Mapping[_Name, Tariff], as_of: date) -> Iterator[str]:
    for name, tariff in tariffs.items():
        for tier in sorted(tariff.ignored):
            entry = tariff.entry.name
            when = " on some days of the log" if tier in tariff.priced else ""
            yield f"{shown_name(*name)}: {entry} has no {tier} prices of its own{when}; standard prices were taken"
        if tariff.entry.lent:
            yield f"{shown_name(*name)}: its provider states no price of its own; priced as {tariff.entry.name}"
    if not calls.dated:
        yield f"the log has no dates: priced at the prices of {as_of.isoformat()}"
    elif not np.isfinite(calls["time"]).all():
        n = int((~np.isfinite(calls["time"])).sum())
        yield f"{n:,} calls have no time: priced at the prices of {as_of.isoformat()}"
