"""What a whole period shares: volume, drivers, events, controls, costs that come by the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from scenarios.calendar import (
    ALLOWED_PERIODS,
    LONGEST_PERIOD_DAYS,
    day_dates,
    parse_period,
    weekday_factors,
    weekday_total,
)
from scenarios.fields import (
    Date,
    Factor,
    Money,
    PositiveMoney,
    Section,
    Share,
    Text,
    UsageLaw,
)
from scenarios.hard_limits import MAX_USERS
from scenarios.kinds import Kind, Quantity, noun
from scenarios.plain import NameOf, Sequence
from scenarios.problems import Fault, FieldError
from scenarios.rollout import Rollout
from scenarios.suggest import did_you_mean
from scenarios.words import COVERS, CoverName, Weekday


class Cover(Kind):
    """One of the categories that a budget can cover."""

    def read(self, value: object) -> CoverName:
        """The category."""
        for name in COVERS:
            if value == name:
                return name
        raise FieldError(
            Fault((), "is no category of cost", value, self.allowed(), did_you_mean(str(value), COVERS)),
        )

    def allowed(self) -> str:
        """The categories."""
        return ", ".join(COVERS)

    def json_schema(self) -> dict[str, Any]:
        """An enumeration."""
        return {"enum": list(COVERS)}


class Period(Section):
    """The budget period: a month `2026-12`, a quarter `2026-Q4`, a year `2027`, or a start and a number of days."""

    start: Date = Field(description="First day, in UTC.")
    days: Annotated[int, Quantity("days", low=1, high=LONGEST_PERIOD_DAYS, whole=True)] = Field(
        description="Number of days."
    )

    @classmethod
    def other_forms(cls) -> list[dict[str, Any]]:
        """A month, a quarter or a year."""
        return [{"type": "string", "pattern": r"^\d{4}(-\d{1,2}|-?[qQ]\d)?$"}, {"type": "integer"}]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, dict | cls):
            return value
        if value is None or isinstance(value, bool | list | tuple | dt.date):
            raise FieldError(Fault((), f"must be a period, not {noun(value)}", value, ALLOWED_PERIODS))
        try:
            start, days = parse_period(str(value))
        except ValueError as error:
            raise FieldError(Fault((), str(error), value, ALLOWED_PERIODS)) from None
        return {"start": start, "days": days}

    @property
    def dates(self) -> list[dt.date]:
        """Its days in order."""
        return day_dates(self)

    @property
    def end(self) -> dt.date:
        """Its last day."""
        return self.start + dt.timedelta(days=self.days - 1)


class Budget(Section):
    """The money that must hold; a number alone covers every category."""

    shorthand: ClassVar[str | None] = "amount"

    amount: PositiveMoney = Field(description="The budget of the period.")
    covers: Annotated[tuple[CoverName, ...], Sequence(item=Cover())] = Field(
        COVERS, description="Categories of cost that it pays: models, tools, people, overheads, fixed, one_time."
    )

    @field_validator("covers")
    @classmethod
    def _something(cls, covers: tuple[CoverName, ...]) -> tuple[CoverName, ...]:
        if not covers:
            raise FieldError(Fault((), "covers nothing", allowed=", ".join(COVERS)))
        return tuple(name for name in COVERS if name in covers)


class Spent(Section):
    """What the period has cost so far: everything that the budget covers, up to and including a day.

    The days up to `through` are not simulated: no session comes on them, and no fixed cost dated by then is charged, as
    the amount has all of it. Controls count it but for the one-time costs dated by then, and one whose threshold it
    passes was passed on `through`. Drivers, trends, events and users are those of the whole period, and so is the
    average plan.
    """

    through: Date = Field(description="The last day that the amount has in it: inside the period, and not its last.")
    amount: Money = Field(
        description="What was spent by the end of that day on what the budget covers, fixed and one-time costs counted."
    )


class PeakHour(Section):
    """The busiest hour: sessions beyond what the provider gives you fail more often.

    Of n sessions on a day, all features together and after what controls turned away, `share` come in that hour; those
    of them beyond `capacity` are drawn by chance from all of the day's, and their failure rate is multiplied, on top of
    the driver failure_rate.
    """

    share: Share = Field(description="Share of a day's sessions that come in its busiest hour.")
    capacity: Annotated[float, Quantity("sessions per hour", above=True)] = Field(
        description="Sessions in an hour that pass unharmed."
    )
    failure_factor: Factor = Field(
        description="How many times as often the calls of the sessions beyond it fail; a chance is at most 1."
    )


SessionsPerDay = Annotated[float, Quantity("sessions per day")]


class Volume(Section):
    """How many sessions come: by day, by month, or by users."""

    sessions_per_day: SessionsPerDay | None = Field(
        None,
        description="Expected sessions of a day in the mean of a week, weekends counted, when the period starts; "
        "trends go on from it. `burncurve check` says what that comes to on each weekday.",
    )
    sessions_per_month: Annotated[float, Quantity("sessions per calendar month")] | None = Field(
        None,
        description="Expected sessions of the whole calendar month in which the period starts, weekdays counted; "
        "drivers and trends come on top. A period that starts later in the month has its days of them.",
    )
    users: Annotated[float, Quantity("users", low=1, high=MAX_USERS, whole=True)] | None = Field(
        None,
        description="Active users, in place of sessions_per_day: the expected sessions of a day in the mean of a week "
        "are the sum over users.",
    )
    sessions_per_user_day: UsageLaw | None = Field(
        None,
        description="Expected sessions of one user on a day in the mean of a week; drawn once a user and trial, so "
        "that few may carry the bill.",
    )
    dispersion: Annotated[float, Quantity("size", above=True)] | None = Field(
        None, description="Negative-binomial size of a day's count: lower is wilder; none is Poisson."
    )
    weekdays: dict[Weekday, Factor] = Field(
        default_factory=dict,
        description="Relative volume by day of the week, others 1; scaled to mean 1, so that with quiet weekends a "
        "working day has more than the mean.",
    )
    peak_hour: PeakHour | None = Field(None, description="Failures of the busiest hour; none where it is left out.")
    rollout: Rollout = Field(
        default_factory=dict,
        description="Share of the sessions that come from a date on, as a launch goes on; none before the first date. "
        "A date before the period counts, and the last one at or before a day is the day's.",
    )
    source: Text | None = Field(
        None,
        description="Where these numbers come from. One that begins with `measured in` makes them measured ones, and "
        "one that begins with `assumed: ` makes them numbers that nobody knows; laws have a source of their own.",
    )

    @field_validator("weekdays")
    @classmethod
    def _some_day(cls, weekdays: dict[Weekday, float]) -> dict[Weekday, float]:
        try:
            weekday_factors(weekdays)
        except ValueError as error:
            raise FieldError(Fault((), str(error), weekdays)) from None
        return weekdays

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = {name: getattr(self, name) for name in ("sessions_per_day", "sessions_per_month", "users")}
        given = [name for name, value in ways.items() if value is not None]
        if len(given) != 1:
            wrong = f"states {' and '.join(given)}" if given else "states no number of sessions"
            raise FieldError(Fault((), f"{wrong}; give exactly one", allowed=" | ".join(ways)))
        if (self.users is None) != (self.sessions_per_user_day is None):
            here, there = ("users", "sessions_per_user_day")[:: 1 if self.users is not None else -1]
            raise FieldError(Fault((here,), f"needs `{there}` beside it"))
        return self

    def daily_level(self, start: dt.date) -> float:
        """Expected sessions of a day of mean weekday factor, before trends and drivers.

        Parameters
        ----------
        start : date
            First day of the period.
        """
        if self.sessions_per_day is not None:
            return self.sessions_per_day
        if self.sessions_per_month is not None:
            return self.sessions_per_month / weekday_total(self.weekdays, start)
        assert self.users is not None
        assert self.sessions_per_user_day is not None
        return self.users * self.sessions_per_user_day.mean()


class OneTime(Section):
    """A cost that comes once."""

    amount: Money = Field(description="How much.")
    date: Date = Field(description="When.")


class FixedCosts(Section):
    """Costs that no session makes."""

    monthly: dict[Annotated[str, NameOf(what="cost")], Money] = Field(
        default_factory=dict, description="Costs of a calendar month by name, spread over its days."
    )
    one_time: dict[Annotated[str, NameOf(what="cost")], OneTime] = Field(
        default_factory=dict, description="Costs that come once, by name; one that no monthly cost has."
    )

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        faults = [
            Fault(("one_time", name), "has the name of a monthly cost, and they could not be told apart")
            for name in self.one_time
            if name in self.monthly
        ]
        if faults:
            raise FieldError(*faults)
        return self


class Value(Section):
    """What the product earns, for unit economics."""

    users: Annotated[float, Quantity("users", above=True)] = Field(description="Paying users.")
    arpu: Money = Field(description="Revenue of a user in a calendar month.")
