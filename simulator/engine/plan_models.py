"""Models as kernels see them: one row for each way that agents call one, its prices by day, its window, its rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.complete import routed_models
from simulator.engine.layout import TIER_DTYPE, Table

if TYPE_CHECKING:
    from scenarios.prices import PriceBook, PriceCard
    from scenarios.schema import Agent, Scenario

PER_MILLION = 1e-6


@dataclass(frozen=True)
class Models:
    """Rows of the plan's models: (name, whether it is called in batches), each at its place."""

    rows: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Models:
        """Every model of a scenario, and behind them those that an agent calls in batches."""
        agents = [agent for agent in scenario.agents.values() if agent.batch]
        batched = {name for a in agents for name in (*a.models, *routed_models(scenario, a.models))}
        plain = [(name, False) for name in scenario.models]
        return cls((*plain, *((name, True) for name in scenario.models if name in batched)))

    def place(self, agent: Agent, name: str) -> int:
        """The row of a model that an agent calls."""
        return self.rows.index((name, agent.batch))

    def rates(self, rate: float | Mapping[str, float]) -> list[float]:
        """A rate by row; 0 where a mapping has none."""
        return [rate.get(name, 0.0) if isinstance(rate, Mapping) else rate for name, _ in self.rows]

    def windows(self, prices: PriceBook) -> npt.NDArray[np.float64]:
        """float64[M], tokens of the context windows, inf where unknown."""
        sizes = [prices.cards[name][0].context_window for name, _ in self.rows]
        return np.array([np.inf if size is None else float(size) for size in sizes])

    def served(self, route: Mapping[str, str]) -> npt.NDArray[np.int64]:
        """int64[M], the row of the model that serves in place of each; the same one but where calls go elsewhere."""
        wanted = [(route.get(name, name), batch) for name, batch in self.rows]
        return np.array([self.rows.index(row) for row in wanted], np.int64)

    def price_tables(self, prices: PriceBook, usd_rate: float) -> tuple[npt.NDArray[np.int64], Table]:
        """cards[M, D] and the tiers they point into; days of one price share its rows."""
        rows: list[tuple[object, ...]] = []
        first_row: dict[tuple[PriceCard, bool], int] = {}
        for name, batch in self.rows:
            for card in prices.cards[name]:
                if (card, batch) not in first_row:
                    first_row[card, batch] = len(rows)
                    rows.extend(_tier_rows(card, usd_rate, batch=batch))
        cards = [[first_row[card, batch] for card in prices.cards[name]] for name, batch in self.rows]
        return np.array(cards, np.int64), np.array(rows, TIER_DTYPE)


def _tier_rows(card: PriceCard, usd_rate: float, *, batch: bool) -> Iterator[tuple[object, ...]]:
    per_token = PER_MILLION * usd_rate * card.pays * (card.batch_pays if batch else 1.0)
    tiers = card.batch_tiers if batch else card.tiers
    for index, tier in enumerate(tiers):
        yield (
            tier.above,
            index + 1 < len(tiers),
            card.has_cache_write,
            tier.input * per_token,
            tier.output * per_token,
            tier.cached_input * per_token,
            tier.cache_write * per_token,
            card.fee_per_call * usd_rate,
        )
