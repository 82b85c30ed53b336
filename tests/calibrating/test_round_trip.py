"""Simulate, write logs, calibrate, simulate again: parameters within their standard errors, spend within 3 %.

The original has no drivers and no events, and of the scenario that comes back the drivers are off: they say what a log
of this length leaves open, which the original does not know; that they cover it is the matter of
`test_interval_coverage`. What is compared is the spend of a month. Sizes are such that the error of the log's own mean,
which no calibration can undo, stays well below the 3 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from distributions.choice import FLOOR
from scenarios.calendar import weekday_factors
from scenarios.calibrate import Calibration, calibrate
from scenarios.load import load
from scenarios.logs.formats import read_logs
from scenarios.schema import Scenario
from simulator.calibration import loaded
from simulator.run import run
from simulator.sampled import bare
from tests.calibrating.products import AGENTS, CHAT, DAYS, HABIT, HAIKU, PRODUCTS, SONNET, TWO, USERS
from tests.calibrating.roundtrip import write_log

FAR = 4.0
WITHIN = 0.03
TRIALS = 500


@dataclass(frozen=True)
class Trip:
    """A product, what its sessions cost in the log, and what was learnt from that."""

    costs: np.ndarray
    made: Calibration
    scenario: Scenario

    @property
    def n(self) -> int:
        return self.costs.size

    @property
    def error(self) -> float:
        """Standard error of the log's mean spend, as a share: of its sessions' costs, and of their number."""
        per_session = float(self.costs.std() / self.costs.mean())
        size = self.made.document["volume"].get("dispersion")
        days = 1 / self.n + (1 / size / DAYS if size else 0.0)
        return float(np.sqrt(per_session**2 / self.n + days))

    def agent(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.made.document["agents"][name]
        return found


@pytest.fixture(scope="module")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("trips")

    @cache
    def trip(name: str) -> Trip:
        file: Path = folder / f"{name}.jsonl"
        costs = write_log(PRODUCTS[name], DAYS, file, sessions=name != "requests")
        calls, reading = read_logs([file])
        made = calibrate(calls, reading)
        return Trip(costs, made, loaded(made))

    return trip


def near(found: float, truth: float, error: float) -> None:
    assert abs(found - truth) <= FAR * error, f"{found} is {abs(found - truth) / error:.1f} errors from {truth}"


# -- the bill and the spend --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_log_is_repriced_to_what_was_charged(name: str, trips: Any) -> None:
    trip = trips(name)
    assert trip.made.bill.recorded == pytest.approx(trip.costs.sum())
    assert trip.made.bill.repriced == pytest.approx(trip.costs.sum(), rel=1e-6)


@pytest.mark.parametrize("name", PRODUCTS)
def test_spend_comes_back(name: str, trips: Any) -> None:
    trip = trips(name)
    before = run(load(PRODUCTS[name]), trials=TRIALS).spend
    after = run(bare(trip.scenario), trials=TRIALS).spend
    drawn = np.sqrt(2 * 0.99 * 0.01 / TRIALS) / stats.norm.pdf(stats.norm.ppf(0.99)) * before.sd / before.mean
    assert np.hypot(trip.error, drawn) < WITHIN / 1.5  # else 3 % would say more of them than of the calibration
    for p in (0.50, 0.95, 0.99):
        assert after.quantile(p) == pytest.approx(before.quantile(p), rel=WITHIN), f"P{100 * p:.0f}"


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRODUCTS)
def test_volume_and_weekdays(name: str, trips: Any) -> None:
    trip, volume = trips(name), PRODUCTS[name]["volume"]
    section = trip.made.document["volume"]
    size, per_day = volume.get("dispersion"), volume["sessions_per_day"]
    error = np.sqrt(per_day + (per_day**2 / size if size else 0))
    near(section["sessions_per_day"], per_day, error / np.sqrt(DAYS))
    truth, found = weekday_factors(volume.get("weekdays", {})), weekday_factors(section.get("weekdays", {}))
    for one, other in zip(found, truth, strict=True):
        near(one, other, error / per_day / np.sqrt(DAYS / 7) * np.sqrt(other))
    if size is None:
        assert "dispersion" not in section
    else:
        assert trip.made.volume.days is not None
        variance = np.sqrt(2 / DAYS) * error**2  # of a sample variance, near the normal law
        near(per_day**2 / section["dispersion"], per_day**2 / size, variance)


@pytest.mark.parametrize(
    ("name", "agent", "model", "turns", "system", "message", "output"),
    [
        ("chat", "bot", CHAT["agents"]["bot"], 4, 2_000, (4.6, 0.8), (5.4, 0.7)),
        ("two", "write-writer", TWO["agents"]["writer"], 3, 1_200, (5.0, 0.6), (6.0, 0.7)),
        ("two", "sort-sorter", TWO["agents"]["sorter"], 2, 4_000, (4.0, 0.8), (3.5, 0.5)),
        ("agents", "reader", AGENTS["agents"]["reader"], 3, 1_500, (5.5, 0.6), (5.0, 0.6)),
    ],
)
def test_agents_of_growing_contexts(
    name: str, agent: str, model: Any, turns: float, system: int, message: Any, output: Any, trips: Any
) -> None:
    trip, found = trips(name), trips(name).agent(agent)
    calls = trip.made.sessions
    mine = next(one.n for one in trip.made.learnt if one.path == f"agents.{agent}.output_tokens")
    instances = next(one.n for one in trip.made.learnt if one.path == f"agents.{agent}.turns")
    assert calls.calls.sum() > mine > 0
    near(found["turns"]["geometric"]["mean"], turns, np.sqrt(turns * (turns - 1) / instances))
    # A system prompt shows only together with a first message; the smallest pair is taken for it.
    assert system <= found["system_tokens"] <= system + np.exp(message[0] - message[1])
    share, error = carried(message, output, turns, instances)
    assert abs(found["context"]["carry"] - share) <= FAR * error + ROUNDED
    for law, (mu, sigma), n in (
        (trip.scenario.agents[agent].message_tokens, message, mine - instances),
        (trip.scenario.agents[agent].output_tokens, output, mine),
    ):
        for p, score in ((0.25, -0.6745), (0.5, 0.0), (0.9, 1.2816)):
            density = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi)
            error = sigma * np.sqrt(p * (1 - p) / n) / density
            rounding = 0.5 / np.exp(mu + sigma * score)
            got = float(np.log(law.ppf(p)))
            assert abs(got - mu - sigma * score) <= FAR * error + rounding, (p, got, mu + sigma * score)


ROUNDED = 0.5e-4
"""What four digits leave out."""


def carried(message: Any, output: Any, turns: float, instances: int) -> tuple[float, float]:
    """Share that seems to be carried where all is, and its standard error.

    One in twenty sessions begins below the prompt that is taken for the system's; what it lacks is missing from each of
    its later prompts. Histories sum to n (n - 1) messages and outputs for each instance of geometric turns of mean n.
    """
    (mu, sigma), start = message, stats.norm.ppf(0.05)
    least = np.exp(mu + sigma * start)
    partly = [np.exp(k * mu + (k * sigma) ** 2 / 2) * stats.norm.cdf(start - k * sigma) for k in (0, 1, 2)]
    lacking = least * partly[0] - partly[1]
    squared = least**2 * partly[0] - 2 * least * partly[1] + partly[2]
    later = turns - 1, (turns - 1) * (2 * turns - 1)  # mean of the turns after the first, and of their square
    added = sum(np.exp(mu + sigma**2 / 2) for mu, sigma in (message, output))
    history = turns * later[0] * added - later[0] * (least - lacking)
    variance = squared * later[1] - (lacking * later[0]) ** 2
    return 1 - lacking * later[0] / history, float(np.sqrt(variance / instances) / history)


def test_failures_models_and_success(trips: Any) -> None:
    trip, bot = trips("chat"), trips("chat").agent("bot")
    calls = int(trip.made.sessions.calls.sum())
    turns = int(trip.made.sessions.turns.sum())  # the rate is that of first attempts
    for model, share in ((SONNET, 0.4), (HAIKU, 0.6)):
        near(bot["model"][f"anthropic/{model}"], share, np.sqrt(0.24 / trip.n))
        near(bot["retry"]["failure_rate"][f"anthropic/{model}"], 0.06, np.sqrt(0.06 * 0.94 / (turns * share)))
    near(bot["retry"]["quality_share"], 0.4, np.sqrt(0.24 / (0.06 * calls)))
    assert bot["retry"]["max_attempts"] == 3
    near(trip.made.document["features"]["bot"]["success_rate"], 0.8, np.sqrt(0.16 / trip.n))
    features = trips("two").made.document["features"]
    n = trips("two").n
    near(features["write-writer"]["share"], 0.3, np.sqrt(0.21 / n))
    near(features["write-writer"]["success_rate"], 0.9, np.sqrt(0.09 / (0.3 * n)))
    near(features["sort-sorter"]["success_rate"], 0.7, np.sqrt(0.21 / (0.7 * n)))


def test_the_cache(trips: Any) -> None:
    """A rate comes back as gaps beyond the time to live: their share is that of the prefixes that were lost."""
    chat = trips("chat")
    lost = 1 - kept(chat.agent("bot")["cache"]["gap_minutes"])
    later = int((chat.made.sessions.turns - 1).sum())
    near(lost, 0.3, np.sqrt(0.21 / later))
    assert chat.agent("bot")["cache"].get("first_hit_rate", 0) == 0  # though retries find what the first attempt wrote
    agents = trips("agents")
    lead = agents.agent("lead")["cache"]
    assert lead["ttl_minutes"] == 5.0
    near(1 - kept(lead["gap_minutes"]), 0.1, np.sqrt(0.09 / (agents.made.sessions.turns - 1).sum()))
    prompts = trips("requests").made.sessions.input
    rounding = np.sqrt(prompts.size / 12) / prompts.sum()  # each is a whole number of tokens
    assert abs(trips("requests").agent("ask")["cached_share"] - 0.2) <= FAR * rounding + ROUNDED


def kept(law: dict[str, Any]) -> float:
    """Share of the gaps that are no longer than the time to live."""
    return float(next(part["weight"] for part in law["mixture"] if part["law"].get("max") == 5.0))


def test_tools_spawns_and_difficulty(trips: Any) -> None:
    trip, lead = trips("agents"), trips("agents").agent("lead")
    turns = int(trip.made.sessions.turns.sum())
    near(lead["tools"]["search"]["calls_per_turn"]["binomial"]["p"], 0.5, np.sqrt(0.25 / turns))
    near(lead["spawns"][0]["count"]["poisson"]["mean"], 0.3, np.sqrt(0.3 / turns))
    near(load_of(trip, "turns") * load_of(trip, "output_tokens"), 0.4 * 0.24, product_error(trip))
    near(load_of(trip, "output_tokens"), 0.24, np.sqrt((0.24**2 + CHANCE) ** 2 / (2 * 0.24**2 * trip.n / 2)))
    assert "message_tokens" not in lead["sensitivity"]


def test_users_and_their_habits(tmp_path: Path) -> None:
    days, (shape, scale) = 9, HABIT
    file = tmp_path / "users.jsonl"
    costs = write_log(USERS, days, file, sessions=False)
    made = calibrate(*read_logs([file]))
    volume, law = made.document["volume"], loaded(made).volume.sessions_per_user_day
    n = volume["users"]
    unseen = float((1 + days * scale) ** -shape)
    near(n, 400 * (1 - unseen), np.sqrt(400 * unseen * (1 - unseen)))
    assert law is not None
    near(law.mean() * n, costs.size / days, FLOOR * costs.size / days / FAR)  # a law keeps a mean within its floor
    habits, seen = stats.gamma(shape, scale=scale), 0.9
    quantile = habits.ppf(unseen + seen * (1 - unseen))
    near(law.ppf([seen])[0], quantile, np.sqrt(seen * (1 - seen) / n) / habits.pdf(quantile))
    error = np.sqrt((2 + 6 / shape) / n)  # of a variance: gamma laws have a kurtosis of 3 + 6 / shape
    near(law.var(), habits.var(), habits.var() * error)
    counts = np.bincount(made.sessions.user)
    own = float(counts.var(ddof=1) - counts.mean()) / days**2  # of this log's users, chance taken off
    assert abs(law.var() - own) <= error * own  # a law of many is off by one standard error at most


CHANCE = 0.44 / 8
"""Variance that chance gives to the logarithm of a mean of some eight outputs of log-sd 0.6."""


def load_of(trip: Trip, name: str) -> float:
    """What difficulty adds to the standard deviation of a logarithm: sigma and exponents are known only as products."""
    return float(trip.made.document["difficulty"]["lognormal"]["sigma"] * trip.agent("lead")["sensitivity"][name])


def product_error(trip: Trip) -> float:
    """Standard error of a covariance of turns and outputs over the half of the sessions that have turns enough.

    Of the covariance that all sessions have, these show half.
    """
    turns, outputs = np.log(trip.made.sessions.turns).var(), 0.24**2 + CHANCE
    return float(np.sqrt((turns * outputs + 0.096**2) / (trip.n / 2)) * 2)
