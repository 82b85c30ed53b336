"""Which session is meant: an address as people give it, checked against the period that it lies in.

Trials and sessions are counted from 0, as the tables of a result show them; days from 1, or by their date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.prices import resolve_prices
from scenarios.problems import Problem, shown
from scenarios.suggest import did_you_mean
from simulator.arguments import read_arguments
from simulator.engine.again import crossings
from simulator.engine.conditions import Conditions
from simulator.engine.controls import acting_on
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.show import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.schema import Scenario
    from simulator.engine.points import Points

PLACE = ("trial", "day", "session")
"""What an address must say; the feature too, where there are several."""
EARLIEST = date.min
MOST_NAMES = 20
FORMS = "--trial T --day D --session N, or --worst K; of a whole period --month p95"


@dataclass(frozen=True)
class Address:
    """Where a session lies: the day counted from 0, the feature by its place in the scenario."""

    trial: int
    day: int
    feature: int
    session: int


@dataclass(frozen=True)
class Words:
    """An address as given: of which the rest is looked for only where the forms are right.

    Attributes
    ----------
    given : ``trial``, ``day``, ``session``, ``feature`` and ``worst``, those that were given
    prefix : stands before their names in a problem: ``--`` on a command line
    """

    given: Mapping[str, object]
    prefix: str

    def read(self, problems: list[Problem]) -> dict[str, Any]:
        """The numbers that are right; notes what is wrong with them by themselves."""
        self._check_form(problems)
        if "day" in self.given and _day_number(self.given["day"], EARLIEST) is None:
            problems.append(self.problem("day", "a day is a whole number from 1, or a date", self.given["day"]))
        numbers = {name: self.given[name] for name in ("trial", "session", "worst") if name in self.given}
        return read_arguments(numbers, problems, self.prefix)

    def _check_form(self, problems: list[Problem]) -> None:
        found = [name for name in (*PLACE, "feature") if name in self.given]
        missing = [name for name in PLACE if name not in self.given]
        if "worst" in self.given and found:
            message = f"looks for the session, and so does not go with {' and '.join(map(self._named, found))}"
            problems.append(self.problem("worst", message, self.given["worst"], allowed=FORMS))
        elif "worst" not in self.given and len(missing) == len(PLACE):
            problems.append(Problem(None, None, "replay", "which session? none is given", allowed=FORMS))
        elif "worst" not in self.given:
            problems += [self.problem(name, "is missing: an address has it too", allowed=FORMS) for name in missing]

    def place(
        self,
        scenario: Scenario,
        numbers: Mapping[str, Any],
        trials: int | None,
        sessions: Callable[[int, int, int], int],
        problems: list[Problem],
    ) -> Address | None:
        """The address within a scenario's period.

        Parameters
        ----------
        scenario : whose sessions there are
        numbers : as `read` gives them
        trials : of the run in which the session lies; None where any trial will do
        sessions : how many a trial has on a day of a feature, see `sessions_of`
        problems : takes what lies outside

        Returns
        -------
        Address or None
            None where something is missing or wrong.
        """
        day = self._day(scenario, problems)
        feature = self._feature(scenario, problems)
        trial, session = numbers.get("trial"), numbers.get("session")
        if trial is not None and trials is not None and trial >= trials:
            allowed = f"0 to {trials - 1:,}" if trials > 1 else "0"
            problems.append(self.problem("trial", "is beyond the last trial", trial, allowed=allowed))
            return None
        if day is None or feature is None or trial is None or session is None:
            return None
        count = sessions(trial, day, feature)
        if session >= count:
            problems.append(self._beyond(scenario, trial, day, feature, session, count))
            return None
        return Address(trial, day, feature, session)

    def _day(self, scenario: Scenario, problems: list[Problem]) -> int | None:
        """The day from 0."""
        if "day" not in self.given:
            return None
        period, value = scenario.period, self.given["day"]
        number = _day_number(value, period.start)
        if number is None or 0 <= number < period.days:
            return number
        last = period.start + timedelta(days=period.days - 1)
        allowed = f"1 to {period.days}, or {period.start} to {last}" if period.days > 1 else f"1, or {period.start}"
        problems.append(self.problem("day", "is no day of the period", value, allowed=allowed))
        return None

    def _feature(self, scenario: Scenario, problems: list[Problem]) -> int | None:
        names = list(scenario.features)
        if "feature" not in self.given:
            if len(names) == 1:
                return 0
            message = "is missing: the scenario has several features, and each counts its own sessions"
            problems.append(self.problem("feature", message, allowed=_either(names)))
            return None
        value = self.given["feature"]
        if value in names:
            return names.index(str(value))
        hint = did_you_mean(str(value), names)
        problems.append(
            self.problem("feature", "is no feature of the scenario", value, allowed=_either(names), hint=hint)
        )
        return None

    def _beyond(self, scenario: Scenario, trial: int, day: int, feature: int, session: int, count: int) -> Problem:
        when = scenario.period.start + timedelta(days=day)
        counted = f"{count or 'no'} {words.plural(scenario.unit, max(count, 1))} of {list(scenario.features)[feature]}"
        where = f"trial {trial:,} has {counted} on {when}"
        allowed = "another day, or another trial" if not count else f"0 to {count - 1:,}" if count > 1 else "0"
        return self.problem("session", f"is beyond the last one: {where}", session, allowed=allowed)

    def _named(self, name: str) -> str:
        return self.prefix + name

    def problem(
        self, name: str, message: str, *got: object, allowed: str | None = None, hint: str | None = None
    ) -> Problem:
        """What is wrong with one of the words."""
        return Problem(None, None, self._named(name), message, shown(got[0]) if got else None, allowed, hint)


def sessions_of(scenario: Scenario, seed: int, points: Points, trial: int, day: int, feature: int) -> int:
    """How many sessions a feature has on a day of a trial."""
    period, acting = Period.of(scenario, points), None
    if scenario.controls:
        crossed = crossings(compile_program(scenario, resolve_prices(scenario)), period, seed, trial)
        assert crossed is not None
        acting = acting_on(crossed, np.array([control.delay_days for control in scenario.controls], np.int64), day)
    conditions, days = Conditions.of(period, seed, np.array([trial], np.int64)), slice(day, day + 1)
    counts = conditions.counts(conditions.levels(days, acting), days, acting)
    return int(counts[0, 0, feature])


def _day_number(value: object, start: date) -> int | None:
    """A day counted from 0, whether or not the period has it; None where it is neither a number nor a date."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return (value - start).days
    try:
        return (date.fromisoformat(str(value)) - start).days
    except ValueError:
        number = read_arguments({"count": value}, []).get("count")
        return None if number is None else int(number) - 1


def _either(names: Sequence[str]) -> str:
    few = words.listing(names[:MOST_NAMES], "or")
    return few if len(names) <= MOST_NAMES else f"{few} ..."
