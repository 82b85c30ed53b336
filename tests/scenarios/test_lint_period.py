"""Second looks at what a period shares: events, peaks, users, launches, controls, a period to date."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import pytest

from distributions.notation import parse_law
from scenarios.lint_period import share_of_top
from tests.scenarios.test_lint import _findings


@pytest.mark.parametrize(
    ("changes", "path", "severity", "words"),
    [
        (
            [("events.e", {"per_month": 1, "multiplies": {"fanout": 2}})],
            "events.e.multiplies.fanout",
            "note",
            "moves nothing: no agent starts others",
        ),
        (
            [("events.e", {"per_month": 1, "multiplies": {"tool_calls": 2}})],
            "events.e.multiplies.tool_calls",
            "note",
            "moves nothing: no agent has tools",
        ),
        (
            [("events.e", {"per_month": 1, "multiplies": {"misses": 2}})],
            "events.e.multiplies.misses",
            "note",
            "moves nothing: every `success_rate` is 1",
        ),
        (
            [("events.e", {"per_month": 1, "multiplies": {"volume": 1}})],
            "events.e.multiplies.volume",
            "note",
            "is 1, which leaves everything as it is",
        ),
        (
            [("events.e", {"date": "2026-12-09", "probability": 0, "multiplies": {"volume": 2}})],
            "events.e.probability",
            "note",
            "it never happens",
        ),
        (
            [("events.e", {"per_month": 1, "days": {"poisson": {"mean": 1}}, "multiplies": {"volume": 2}})],
            "events.e.days",
            "note",
            "below 1 in 37 % of draws, and what begins lasts a day: the mean is about 1.368",
        ),
        (
            [("events.e", {"per_month": 1, "route": {"spare": "m"}}), ("models.spare", {"input": 1, "output": 1})],
            "events.e.route",
            "warning",
            "reroutes spare, which no agent uses",
        ),
        (
            [
                ("spent", {"through": "2026-12-12", "amount": 9}),
                ("as_of", "2026-12-13"),
                ("events.e", {"date": "2026-12-12", "probability": 0.5, "multiplies": {"volume": 2}}),
            ],
            "events.e.probability",
            "note",
            "starts by 2026-12-12, to which `spent` goes: whether it happened is known",
        ),
        (
            [
                ("spent", {"through": "2026-12-12", "amount": 9}),
                ("as_of", "2026-12-13"),
                ("events.e", {"date": "2026-12-10", "days": 3, "multiplies": {"volume": 2}}),
            ],
            "events.e",
            "note",
            "is over by 2026-12-12",
        ),
        (
            [("spent", {"through": "2026-12-12", "amount": 1_001}), ("as_of", "2026-12-13")],
            "spent.amount",
            "warning",
            "is above the budget of 1,000: it is broken already",
        ),
        ([("spent", {"through": "2026-12-12", "amount": 9})], "spent.through", "note", "is after `as_of` (2026-11-20)"),
        (
            [("volume.peak_hour", {"share": 0.1, "capacity": 3, "failure_factor": 3})],
            "volume.peak_hour.capacity",
            "note",
            "the busiest hour of the busiest day has 1 sessions on average, and three times as many are not above 3",
        ),
        (
            [("volume.peak_hour", {"share": 0.04, "capacity": 0.3, "failure_factor": 3})],
            "volume.peak_hour.share",
            "warning",
            "is 4 %: an hour has 1/24 of an even day",
        ),
        (
            [("volume.peak_hour", {"share": 0.1, "capacity": 0.3, "failure_factor": 1})],
            "volume.peak_hour.failure_factor",
            "warning",
            "is 1, which changes nothing",
        ),
        (
            [("volume.peak_hour", {"share": 0.1, "capacity": 0.3, "failure_factor": 3}), ("agents.chat.retry", {})],
            "volume.peak_hour",
            "note",
            "has nothing to do: no call fails",
        ),
        (
            [("volume", {"users": 900, "sessions_per_user_day": {"lognormal": {"mean": 2.7, "cv": 2.5}}})],
            "volume.sessions_per_user_day",
            "note",
            "the most active 1 % (9 of 900) bring 18 % of the sessions in expectation",
        ),
        (
            [("volume", {"users": 20, "sessions_per_user_day": {"lognormal": {"mean": 2.7, "cv": 2.5}}})],
            "volume.sessions_per_user_day",
            "note",
            "the most active one of 20 bring",
        ),
        (
            [("volume.rollout", {"2026-12-05": 0.1, "2027-01-05": 1})],
            "volume.rollout",
            "note",
            "has a step on 2027-01-05, after the period ends",
        ),
        (
            [("features.late", {"agent": "chat", "rollout": {"2027-01-05": 1}})],
            "features.late.rollout",
            "note",
            "lets none of its sessions come on a day that is simulated",
        ),
        (
            [("controls", [{"at": 0.5, "stop": True, "multiplies": {"volume": 0.5}}])],
            "controls.0.multiplies",
            "warning",
            "is never felt: once it stops, no session is left",
        ),
        (
            [("controls", [{"at": 0.8, "multiplies": {"volume": 0.5}}, {"at": 0.8, "stop": True}])],
            "controls.0",
            "warning",
            "is never felt: controls.1 has stopped everything by then",
        ),
        (
            [("controls", [{"at": 0.9, "stop": True}, {"at": 0.8, "stop": True}])],
            "controls.0",
            "warning",
            "is never felt: controls.1 has stopped",
        ),
        (
            [("controls", [{"at": 0.5, "stop": True, "delay_days": 30}])],
            "controls.0.delay_days",
            "warning",
            "never acts: passed on 2026-12-01 at the earliest, it takes 30 more days, and the period ends",
        ),
        (
            [("controls", [{"at": 0.01, "stop": True}]), ("fixed_costs.monthly", {"base": 320})],
            "controls.0.at",
            "warning",
            "is 10, which monthly costs alone pass on the first day",
        ),
        (
            [("controls", [{"at": 0.5, "stop": True}]), ("fixed_costs.monthly", {"base": 620})],
            "controls.0.at",
            "note",
            "is 500, which monthly costs alone pass by 2026-12-26",
        ),
        (
            [
                ("controls", [{"at": 0.5, "stop": True, "delay_days": 2}]),
                ("as_of", "2026-12-13"),
                ("spent", {"through": "2026-12-12", "amount": 501}),
            ],
            "controls.0.at",
            "note",
            "is passed by what is `spent` already, so that it acts from 2026-12-15 on, in every trial",
        ),
    ],
)
def test_findings(changes: list[tuple[str, Any]], path: str, severity: str, words: str) -> None:
    found = [one for one in _findings(*changes) if one[0] == path]
    assert len(found) == 1, found
    assert found[0][1] == severity
    assert words in found[0][2]


@pytest.mark.parametrize(
    "changes",
    [
        [("controls", [{"at": 0.5, "stop": True, "delay_days": 29}])],  # acts on the last day, if passed on the first
        [("controls", [{"at": 0.8, "stop": True, "delay_days": 2}, {"at": 0.9, "multiplies": {"volume": 0.5}}])],
        [("controls", [{"at": 0.01, "stop": True}]), ("fixed_costs.one_time.labels.date", "2026-12-01")],
        [("controls", [{"at": 0.5, "stop": True}]), ("fixed_costs.monthly", {"base": 499})],
        [("volume.peak_hour", {"share": 0.1, "capacity": 2.9, "failure_factor": 3})],
        [("volume", {"users": 900, "sessions_per_user_day": {"lognormal": {"mean": 2.7, "cv": 1}}})],
        [("volume.rollout", {"2026-11-05": 0.1, "2026-12-05": 0.5})],
        [("events.e", {"per_month": 1, "days": {"geometric": {"mean": 2}}, "multiplies": {"failure_rate": 2}})],
    ],
)  # fmt: skip
def test_what_a_period_shares_may_be_as_it_should(changes: list[tuple[str, Any]]) -> None:
    assert _findings(*changes) == []


@pytest.mark.parametrize(("cv", "top"), [(1.0, 0.01), (2.5, 0.01), (2.5, 0.1)])
def test_the_share_of_the_most_active_is_the_lognormals(cv: float, top: float) -> None:
    sigma = math.sqrt(math.log1p(cv**2))
    expected = NormalDist().cdf(sigma - NormalDist().inv_cdf(1 - top))
    assert share_of_top(parse_law({"lognormal": {"mean": 2.7, "cv": cv}}), top) == pytest.approx(expected, rel=1e-6)
    assert share_of_top(parse_law(3), top) == pytest.approx(top)
