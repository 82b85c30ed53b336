"""Every mistake in what a period shares: drivers, events, controls, rollouts, users, peaks, a period to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.load import load
from tests.scenarios.test_bad_input import GOOD, Bad, _problems, assert_said_once

TABLE = [
    Bad(
        "date: 2026-12-10, probability: 60%", "date: 2026-11-30, probability: 60%", "events.spike.date", "is not inside"
    ),
    Bad("probability: 60%", "probability: 1.2", "events.spike.probability", "must be at most 1"),
    Bad("{per_month: 0.4,", "{per_month: 0,", "events.outage.per_month", "must be above 0"),
    Bad("{per_month: 0.4,", "{per_month: 5k,", "events.outage.per_month", "must be at most 1000"),
    Bad("days: 1, route", "days: 0, route", "events.outage.days", "is always 0, and what begins lasts a day"),
    Bad(
        "days: 1, route", "days: {normal: {mean: 3, sd: 1}}, route", "events.outage.days", "keep it at 0 or above with"
    ),
    Bad("days: 1, route", "days: -1, route", "events.outage.days", "must be at least 0 on average"),
    Bad("{volume: 3}", "{volume: -3}", "events.spike.multiplies.volume", "must be at least 0"),
    Bad("{volume: 3}", "{volume: {normal: {mean: 3, sd: 1}}}", "events.spike.multiplies.volume", "can be below 0"),
    Bad("{volume: 3}", "{volum: 3}", "events.spike.multiplies.volum", "did you mean volume?"),
    Bad(
        "{volume: 3}}",
        "{volume: 3}, share: 2%}",
        "events.spike.multiplies.volume",
        "is how many sessions come, which an event that hits 2 % of them can't multiply",
    ),
    Bad("days: 1, route", "days: 1, share: 0, route", "events.outage.share", "must be above 0"),
    Bad("days: 1, route", "days: 1, share: 1.1, route", "events.outage.share", "must be at most 1"),
    Bad(
        "{at: 80%, route: {dear: cheap}}",
        "{at: 80%, route: {dear: chip}}",
        "controls.0.route.dear",
        "did you mean cheap?",
    ),
    Bad(
        "{at: 80%, route: {dear: cheap}}",
        "{at: 80%, route: {der: cheap}}",
        "controls.0.route.der",
        "did you mean dear?",
    ),
    Bad("{at: 80%, route: {dear: cheap}}", "{at: 80%, route: {dear: dear}}", "controls.0.route.dear", "dear -> dear"),
    Bad(
        "{at: 80%, route: {dear: cheap}}",
        "{at: 80%, route: {cheap: dear}}",
        "controls.0.route.cheap",
        "leads in a circle with events.outage.route: cheap -> dear -> cheap; calls would never arrive",
    ),
    Bad("{at: 80%, route: {dear: cheap}}", "{at: 0, route: {dear: cheap}}", "controls.0.at", "must be above 0"),
    Bad(
        "{at: 80%, route: {dear: cheap}}",
        "{at: 80%, multiplies: {volume: -1}}",
        "controls.0.multiplies.volume",
        "must be at least 0",
    ),
    Bad("{at: 80%, route: {dear: cheap}}", "{at: 80%, stop: no}", "controls.0.stop", "write false"),
    Bad(
        "{at: 80%, route: {dear: cheap}}",
        "{at: 80%, delay_days: -1, route: {dear: cheap}}",
        "controls.0.delay_days",
        "must be at least 0",
    ),
    Bad(
        "  - {at: 80%, route: {dear: cheap}}",
        "  - {at: 80%, stop: true}\n  - {at: 90%, stop: true}\n  - {at: 0.8, stop: true, delay_days: 0}",
        "controls.2",
        "is the same rule as controls.0",
    ),
    Bad("{volume~context: 0.3}", "{volume~context: 1.3}", "drivers.correlation.volume~context", "must be at most 1"),
    Bad("{volume~context: 0.3}", "{volume~context: -1.3}", "drivers.correlation.volume~context", "must be at least -1"),
    Bad("{volume~context: 0.3}", "{volume: 0.3}", "drivers.correlation.volume", "is no pair of drivers"),
    Bad(
        "  context: 1.0 to 1.4", "  context: 1.2", "drivers.correlation.volume~context", "context, which is always 1.2"
    ),
    Bad("sessions_per_day: 10k", "users: 2M\n  sessions_per_user_day: 2", "volume.users", "must be at most 1,000,000"),
    Bad("sessions_per_day: 10k", "users: 0\n  sessions_per_user_day: 2", "volume.users", "must be at least 1"),
    Bad("sessions_per_day: 10k", "users: 2.5\n  sessions_per_user_day: 2", "volume.users", "must be a whole number"),
    Bad("sessions_per_day: 10k", "sessions_per_user_day: 2", "volume", "states no number of sessions"),
    Bad(
        "sessions_per_day: 10k",
        "users: 30\n  sessions_per_user_day: {lomax: {alpha: 0.9, scale: 2}}",
        "volume.sessions_per_user_day",
        "its mean is infinite",
    ),
    Bad(
        "sessions_per_day: 10k",
        "users: 30\n  sessions_per_user_day: {normal: {mean: 3, sd: 1}}",
        "volume.sessions_per_user_day",
        "can be below 0",
    ),
    *(
        Bad(
            "  weekdays: {sat: 0.5}",
            f"  peak_hour: {{share: {share}, capacity: {most}, failure_factor: {factor}}}",
            f"volume.peak_hour.{key}",
            words,
        )
        for share, most, factor, key, words in (
            ("140%", 9, 3, "share", "must be at most 1"),
            ("14%", 0, 3, "capacity", "must be above 0"),
            ("14%", 9, -3, "failure_factor", "must be at least 0"),
        )
    ),
    Bad(
        "  weekdays: {sat: 0.5}",
        "  peak_hour: {share: 14%, capacity: 9}",
        "volume.peak_hour.failure_factor",
        "is missing",
    ),
    *(
        Bad("  weekdays: {sat: 0.5}", f"  rollout: {rollout}", path, words)
        for rollout, path, words in (
            ("5%", "volume.rollout", "must be a mapping of dates, not text"),
            ("{soon: 5%}", "volume.rollout.soon", "must be a date"),
            ("{2026-12-32: 5%}", "volume.rollout.2026-12-32", "is no day of the calendar"),
            ("{2026-12-01: 105%}", "volume.rollout.2026-12-01", "must be at most 1"),
            ("{2026-12-01: 0, 2026-12-09: 0%}", "volume.rollout", "lets no session come on any date"),
            ("{2027-01-01: 100%}", "volume.rollout", "allowed: a share above 0 on a day from 2026-12-01 to 2026-12-31"),
        )
    ),
    Bad(
        "  weekdays: {sat: 0.5}",
        "  rollout: {2026-11-01: 5%, 2026-11-30: 0}",
        "volume.rollout",
        "on a day that is simulated",
    ),
    *(
        Bad("name: shop", f"name: shop\nspent: {spent}", f"spent.{key}", words)
        for spent, key, words in (
            ("{through: 2026-12-12}", "amount", "is missing"),
            ("{amount: 10k}", "through", "is missing"),
            ("{through: 2026-12-12, amount: -1}", "amount", "must be at least 0"),
            ("{through: 2026-11-30, amount: 1}", "through", "is not inside the period, 2026-12-01 to 2026-12-31"),
            ("{through: 2027-01-01, amount: 1}", "through", "allowed: 2026-12-01 to 2026-12-30"),
            ("{through: 2026-12-31, amount: 1}", "through", "nothing is left to simulate"),
        )
    ),
    Bad("name: shop", "name: shop\nspent: 10k", "spent", "must be a mapping, not text"),
]


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: f"{bad.path}: {bad.new[:30].strip()}")
def test_a_mistake_is_said_once_at_its_line(bad: Bad, tmp_path: Path) -> None:
    assert_said_once(bad, tmp_path)


def test_the_nearest_correlation_is_possible_as_it_is_written(tmp_path: Path) -> None:
    drivers = "  context: 1.0 to 1.4\n  price: 0.9 to 1.1\n  turns: 0.9 to 1.1"
    text = GOOD.replace("  context: 1.0 to 1.4", drivers)
    bad = text.replace("{volume~context: 0.3}", "{volume~context: 0.95, volume~price: 0.95, volume~turns: 0.95}")
    (problem,) = _problems(bad, tmp_path)
    assert problem.hint is not None
    nearest = problem.hint.removeprefix("the nearest that can: ")
    assert _problems(text.replace("{volume~context: 0.3}", f"{{{nearest}}}"), tmp_path) == []


def test_drivers_that_move_as_one_are_possible(tmp_path: Path) -> None:
    """The matrix is only semidefinite."""
    text = GOOD.replace("  context: 1.0 to 1.4", "  context: 1.0 to 1.4\n  price: 0.9 to 1.1")
    one = "{volume~context: 1, volume~price: -1, context~price: -1}"
    assert _problems(text.replace("{volume~context: 0.3}", one), tmp_path) == []


def _routing(*routes: str) -> str:
    events = "".join(f"  e{n}: {{per_month: 1, route: {route}}}\n" for n, route in enumerate(routes))
    models = "".join(f"  m{n}: {{input: 1, output: 1}}\n" for n in range(4))
    outage = "  outage: {per_month: 0.4, days: 1, route: {dear: cheap}}\n"
    return GOOD.replace(outage, events).replace("models:\n", f"models:\n{models}")


def test_at_most_twelve_events_hit_a_share(tmp_path: Path) -> None:
    def storms(n: int) -> str:
        events = "".join(f"  s{k}: {{per_month: 1, share: 5%, multiplies: {{turns: 2}}}}\n" for k in range(n))
        return GOOD.replace("  outage:", f"{events}  outage:")

    assert _problems(storms(12), tmp_path) == []
    (problem,) = _problems(storms(13), tmp_path)
    assert problem.path == "events.s12.share"
    assert "is one of 13 events that hit a share of the sessions" in problem.message


def test_a_one_time_cost_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = GOOD.replace("fixed_costs:\n", "fixed_costs:\n  monthly: {labels: 10}\n")
    (problem,) = _problems(text, tmp_path)
    assert problem.path == "fixed_costs.one_time.labels"
    assert "has the name of a monthly cost" in problem.message


def test_a_circle_of_three_rules_is_said_once_at_the_last_of_them(tmp_path: Path) -> None:
    (problem,) = _problems(_routing("{m0: m1}", "{m1: m2}", "{m3: m1}", "{m2: m0}"), tmp_path)
    assert problem.path == "events.e3.route.m2"
    assert "leads in a circle with events.e0.route and events.e1.route: m2 -> m0 -> m1 -> m2" in problem.message


def test_a_rule_that_overrides_another_makes_no_circle_with_it(tmp_path: Path) -> None:
    assert _problems(_routing("{m0: m1}", "{m0: m2, m1: m0}"), tmp_path) == []
    (problem,) = _problems(_routing("{m0: m2, m1: m0}", "{m0: m1}"), tmp_path)
    assert problem.path == "events.e1.route.m0"


def test_chains_of_routes_end(tmp_path: Path) -> None:
    assert _problems(_routing("{m0: m1, m1: m2}", "{m2: m3}"), tmp_path) == []


def test_at_most_twelve_rules_route(tmp_path: Path) -> None:
    assert _problems(_routing(*["{m0: m1}"] * 11), tmp_path) == []  # and a control
    (problem,) = _problems(_routing(*["{m0: m1}"] * 12), tmp_path)
    assert problem.path == "controls.0.route"
    assert "is one of 13 routes of events and controls" in problem.message
    assert problem.allowed is not None
    assert problem.allowed.startswith("at most 12")


def test_features_of_which_none_is_launched(tmp_path: Path) -> None:
    late = GOOD.replace("agent: chat, success_rate", "agent: chat, rollout: {2027-02-01: 1}, success_rate")
    assert _problems(late, tmp_path) == []
    (problem,) = _problems(late.replace("share: 40%", "share: 40%\n    rollout: {2027-01-01: 5%}"), tmp_path)
    assert problem.path == "features.ask.rollout"
    assert "lets no session come on a day that is simulated, and neither do those of build" in problem.message
    spent = late.replace("share: 40%", "share: 40%\n    rollout: {2026-12-01: 5%, 2026-12-10: 0}")
    assert _problems(spent, tmp_path) == []
    (problem,) = _problems(spent.replace("name: shop", "name: shop\nspent: {through: 2026-12-09, amount: 1}"), tmp_path)
    assert problem.path == "features.ask.rollout"


def test_a_period_to_date_asks_for_the_period(tmp_path: Path) -> None:
    text = GOOD.replace("period: 2026-12\n", "spent: {through: 2026-11-12, amount: 1}\n")
    (problem,) = _problems(text, tmp_path)
    assert problem.path == "spent.through"
    assert problem.hint == "without `period`, it is the calendar month after `as_of`; write the one that is under way"


def test_a_rollout_is_read_in_the_order_of_its_dates(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(GOOD.replace("  weekdays: {sat: 0.5}", "  rollout: {2026-12-15: 100%, 2026-12-01: 5%}"))
    assert [(str(day), share) for day, share in load(file).volume.rollout.items()] == [
        ("2026-12-01", 0.05),
        ("2026-12-15", 1.0),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  weekdays: {sat: 0.5}", "  rollout: {2027-01-05: 5%}"),
        ("name: shop", "name: shop\nspent: {through: 2027-01-08, amount: 1}"),
        ("date: 2026-12-10", "date: 2027-01-10"),
    ],
)
def test_dates_are_not_held_against_a_period_that_is_not_understood(old: str, new: str, tmp_path: Path) -> None:
    text = GOOD.replace(old, new).replace("date: 2026-12-10", "date: 2027-01-20")
    assert _problems(text.replace("period: 2026-12", "period: 2027-01"), tmp_path) == []
    (problem,) = _problems(text.replace("period: 2026-12", "period: 2027-13"), tmp_path)
    assert problem.path == "period"
