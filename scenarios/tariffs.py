"""What calls of one model cost at their own times: list prices by second, tier of service and size of prompt.

A simulated day has one price (`quotes`); calls that were made have a time, so hours are not blended here, and what was
written for an hour has its own price. The rules are those of the genai-prices package, call by call, in columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scenarios.catalog import CatalogModel
from scenarios.quotes import SECONDS_A_DAY, all_starts, day_parts, in_force, price_at

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

STANDARD = ""
"""The tier of service that has no name."""

_SAME = {"standard": STANDARD, "default": STANDARD, "auto": STANDARD, "on_demand": STANDARD}
_CONTEXTS = ("service_tier", "processing", "speed")
# Each kind of token, its price in the package, and the kind whose price it has where it states none.
KINDS = ("fresh", "cached", "written", "written_1h", "output", "reasoning")
_KEYS = {
    "fresh": ("input_mtok", None),
    "cached": ("cache_read_mtok", "fresh"),
    "written": ("cache_write_mtok", "fresh"),
    "written_1h": ("cache_write_1h_mtok", "written"),
    "output": ("output_mtok", None),
    "reasoning": ("output_reasoning_mtok", "output"),
}
_EPOCH = date(1970, 1, 1).toordinal()

Tokens = Mapping[str, NDArray[np.int64]]
"""Tokens of calls by `KINDS`: `written` is what was written for five minutes, and nothing is counted twice."""


@dataclass(frozen=True)
class _Rates:
    """Prices of one stretch of time and tier: a row for each threshold, USD per million tokens; NaN where none."""

    above: NDArray[np.float64]
    prices: NDArray[np.float64]
    fee: float
    own: bool


@dataclass(frozen=True)
class Tariff:
    """List prices of one entry of the catalogue.

    Attributes
    ----------
    entry : CatalogModel
    ignored : set of str
        Tiers of service that were asked for and have no prices of their own, so that standard prices were taken.
    priced : set of str
        Tiers of service that have prices of their own on some day on which they were asked for.
    lacking : set of str
        Kinds of tokens that were there and have no price.
    """

    entry: CatalogModel
    ignored: set[str] = field(default_factory=set)
    priced: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    _known: dict[tuple[int, int, str], _Rates] = field(default_factory=dict, repr=False)

    def cost(self, seconds: NDArray[np.float64], tier: str, tokens: Tokens) -> NDArray[np.float64]:
        """Price calls of one tier of service.

        Parameters
        ----------
        seconds : float64, shape (n,)
            When they were made, since 1970 in UTC.
        tier : str
            As logged; `STANDARD` where nothing is said.
        tokens : mapping of str to int64, shape (n,)

        Returns
        -------
        float64, shape (n,)
            USD, fees on calls included.
        """
        cost = np.zeros(seconds.size)
        for rows, rates in self._stretches(seconds, _SAME.get(tier.lower(), tier.lower())):
            part = {kind: counts[rows] for kind, counts in tokens.items()}
            cost[rows] = self._charge(rates, part)
        return cost

    def _stretches(self, seconds: NDArray[np.float64], tier: str) -> Iterator[tuple[NDArray[np.intp] | slice, _Rates]]:
        """Calls in groups of equal prices."""
        days = np.floor_divide(seconds, SECONDS_A_DAY).astype(np.int64)
        starts = np.array([start.toordinal() - _EPOCH for start in all_starts(self.entry.info)], np.int64)
        epoch = np.searchsorted(starts, days, side="right")
        for one in np.unique(epoch).tolist():
            rows = np.flatnonzero(epoch == one)
            day = date.fromordinal(int(days[rows[0]]) + _EPOCH)
            moments = [moment for moment, _ in day_parts(in_force(self.entry.info, day), day)]
            if len(moments) == 1:
                yield (slice(None) if rows.size == seconds.size else rows), self._rates(one, 0, tier, moments[0])
                continue
            within = seconds[rows] - days[rows] * SECONDS_A_DAY
            part = np.searchsorted(_cuts(moments), within, side="right")
            for number, moment in enumerate(moments):
                yield rows[part == number], self._rates(one, number, tier, moment)

    def _rates(self, epoch: int, part: int, tier: str, at: datetime) -> _Rates:
        key = (epoch, part, tier)
        if key not in self._known:
            self._known[key] = _rates(self.entry, tier, at)
        if tier:
            (self.priced if self._known[key].own else self.ignored).add(tier)
        return self._known[key]

    def _charge(self, rates: _Rates, tokens: Tokens) -> NDArray[np.float64]:
        prompt = tokens["fresh"] + tokens["cached"] + tokens["written"] + tokens["written_1h"]
        row = np.searchsorted(rates.above, prompt, side="left") - 1 if rates.above.size > 1 else 0
        total = np.zeros(prompt.size)
        for column, kind in enumerate(KINDS):
            if not tokens[kind].any():
                continue
            prices = rates.prices[:, column]
            if np.isnan(prices).any():
                self.lacking.add(kind)
                continue
            total += tokens[kind] * (prices[row] if isinstance(row, np.ndarray) else prices[0])
        return total / 1e6 + rates.fee

    def starts(self) -> tuple[date, ...]:
        """Days on which its prices change, with the one before the first of them."""
        starts = all_starts(self.entry.info)
        return (starts[0] - timedelta(days=1), *starts) if starts else ()


def at_noon(day: date) -> float:
    """Second, since 1970 in UTC, of the middle of a day."""
    return datetime.combine(day, time(12), tzinfo=UTC).timestamp()


def _cuts(moments: list[datetime]) -> NDArray[np.float64]:
    """Where the parts of a day end, from their middles."""
    edges = [0.0]
    for moment in moments[:-1]:
        middle = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
        edges.append(2 * middle - edges[-1])
    return np.array(edges[1:])


def _rates(entry: CatalogModel, tier: str, at: datetime) -> _Rates:
    info = in_force(entry.info, at.date())
    standard = info.get_prices(at)
    contexts = [] if entry.lent or not tier else [info.get_prices(at, {key: tier}) for key in _CONTEXTS]
    prices = next((prices for prices in contexts if prices != standard), standard)
    fee = price_at(prices.requests_kcount, -1) or 0
    above, table = _table(prices)
    return _Rates(above, table, float(fee) / 1000, own=prices is not standard)


def _table(prices: ModelPrice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from genai_prices.types import TieredPrices

    values = {kind: getattr(prices, key) for kind, (key, _) in _KEYS.items()}
    starts = {tier.start for value in values.values() if isinstance(value, TieredPrices) for tier in value.tiers}
    above = [-1, *sorted(starts)]
    rows = []
    for start in above:
        row: dict[str, float] = {}
        for kind, (_, instead) in _KEYS.items():
            price = price_at(values[kind], start)
            row[kind] = float(price) if price is not None else row[instead] if instead else np.nan
        rows.append([row[kind] for kind in KINDS])
    return np.array(above, float), np.array(rows)
