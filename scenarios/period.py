"""What a whole period shares: volume, drivers, events, controls, costs that come by the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainSerializer, field_validator, model_validator

from distributions.law import Law
from scenarios.calendar import (
    ALLOWED_PERIODS,
    LONGEST_PERIOD_DAYS,
    day_dates,
    days_in_month,
    parse_period,
    weekday_factors,
)
from scenarios.fields import (
    CountLaw,
    Date,
    DaysLaw,
    Factor,
    FactorLaw,
    Flag,
    ModelName,
    Money,
    PositiveMoney,
    Probability,
    Rate,
    Section,
    Share,
)
from scenarios.kinds import Kind, LawOf, NameOf, Quantity, Sequence, noun
from scenarios.problems import Fault, FieldError
from scenarios.suggest import did_you_mean
from scenarios.words import COVERS, DRIVERS, CoverName, DriverName, Weekday

Routes = dict[ModelName, ModelName]


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


class PeakHour(Section):
    """The busiest hour: sessions beyond what the provider gives you fail more often."""

    share: Share = Field(description="Share of a day's sessions that come in its busiest hour.")
    capacity: Annotated[float, Quantity("sessions per hour", above=True)] = Field(
        description="Sessions in an hour that pass unharmed."
    )
    failure_factor: Factor = Field(description="How many times as often the calls of the sessions beyond it fail.")


SessionsPerDay = Annotated[float, Quantity("sessions per day")]


class Volume(Section):
    """How many sessions come: by day, by month, or by users."""

    sessions_per_day: SessionsPerDay | None = Field(None, description="Expected sessions on the first day.")
    sessions_per_month: Annotated[float, Quantity("sessions per calendar month")] | None = Field(
        None, description="Expected sessions of the calendar month in which the period starts."
    )
    users: Annotated[float, Quantity("users", low=1, whole=True)] | None = Field(None, description="Active users.")
    sessions_per_user_day: CountLaw | None = Field(
        None, description="Sessions of one user on a day; drawn once a user and trial, so that few may carry the bill."
    )
    dispersion: Annotated[float, Quantity("size", above=True)] | None = Field(
        None, description="Negative-binomial size of a day's count: lower is wilder; none is Poisson."
    )
    weekdays: dict[Weekday, Factor] = Field(
        default_factory=dict, description="Relative volume by day of the week, others 1; scaled to mean 1."
    )
    peak_hour: PeakHour | None = Field(None, description="Failures of the busiest hour.")

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
        """Expected sessions of the first day, before weekdays and drivers.

        Parameters
        ----------
        start : date
            First day of the period.
        """
        if self.sessions_per_day is not None:
            return self.sessions_per_day
        if self.sessions_per_month is not None:
            return self.sessions_per_month / days_in_month(start)
        assert self.users is not None
        assert self.sessions_per_user_day is not None
        return self.users * self.sessions_per_user_day.mean()


def _pair(key: str) -> tuple[DriverName, DriverName]:
    names = [name.strip() for name in str(key).split("~")]
    if len(names) != 2:
        raise FieldError(Fault((key,), "is no pair of drivers", allowed="driver~driver, as in volume~failure_rate"))
    for name in names:
        if name not in DRIVERS:
            hint = did_you_mean(name, DRIVERS)
            raise FieldError(Fault((key,), f"names no driver: {name}", allowed=", ".join(DRIVERS), hint=hint))
    first, second = sorted(names, key=DRIVERS.index)
    if first == second:
        raise FieldError(Fault((key,), "pairs a driver with itself"))
    return first, second  # type: ignore[return-value]  # both were just found in DRIVERS


class Correlation(Kind):
    """Rank correlations of pairs of drivers: `volume~failure_rate: 0.4`."""

    def read(self, value: object) -> dict[tuple[DriverName, DriverName], float]:
        """Pairs in the order of DRIVERS, each with its rank correlation."""
        if not isinstance(value, dict):
            raise FieldError(Fault((), f"must be a mapping, not {noun(value)}", value, self.allowed()))
        number, pairs, faults = Quantity(low=-1, high=1), {}, []
        for key, level in value.items():
            try:
                pair = _pair(key)
                if pair in pairs:
                    faults.append(Fault((key,), "states a pair again", level))
                pairs[pair] = number.read(level)
            except FieldError as error:
                faults += [fault if fault.path else fault.under((key,)) for fault in error.faults]
        if faults:
            raise FieldError(*faults)
        return pairs

    def allowed(self) -> str:
        """Words for the reference."""
        return "pairs of drivers: -1 to 1, as in {volume~failure_rate: 0.4}"

    def json_schema(self) -> dict[str, Any]:
        """A mapping of pairs to -1 to 1."""
        name = "|".join(DRIVERS)
        pattern = rf"^\s*({name})\s*~\s*({name})\s*$"
        return {
            "type": "object",
            "propertyNames": {"pattern": pattern},
            "additionalProperties": Quantity(low=-1, high=1).json_schema(),
        }

    def neutral(self) -> object:
        """No correlation."""
        return {}


def _driver(meaning: str) -> Any:
    return Field(None, description=f"Multiplier of {meaning}.")


class Drivers(Section):
    """Multipliers nobody knows yet, one draw of each a trial; 1 leaves everything as it is written.

    The word ``typical`` alone is an outside view: volume lognormal with sigma 0.45.
    """

    volume: FactorLaw | None = _driver("sessions a day")
    turns: FactorLaw | None = _driver("the turns of every agent instance")
    message_tokens: FactorLaw | None = _driver("the tokens of messages that users and parents add")
    output_tokens: FactorLaw | None = _driver("the tokens that models write")
    context: FactorLaw | None = _driver("system prompts, and of the prompts of whole-prompt agents")
    fanout: FactorLaw | None = _driver("the children that agents spawn")
    failure_rate: FactorLaw | None = _driver("the share of model calls that fail")
    cache_hit: FactorLaw | None = _driver("the chance that a prompt's prefix is read from cache")
    tool_calls: FactorLaw | None = _driver("tool calls")
    misses: FactorLaw | None = _driver("the share of sessions without success")
    human_review: FactorLaw | None = _driver("the share of sessions that a person reviews")
    price: FactorLaw | None = _driver("model prices")
    correlation: Annotated[
        dict[tuple[DriverName, DriverName], float],
        Correlation(),
        PlainSerializer(lambda pairs: {f"{a}~{b}": level for (a, b), level in pairs.items()}),
    ] = Field(default_factory=dict, description="Rank correlation of pairs, -1 to 1.")
    typical: Flag = Field(False, description="Set by the word `typical`: volume lognormal with mu 0 and sigma 0.45.")

    @classmethod
    def other_forms(cls) -> list[dict[str, Any]]:
        """The outside view."""
        return [{"const": "typical"}]

    @model_validator(mode="before")
    @classmethod
    def _typical(cls, value: object) -> object:
        if value in ("typical", {"typical": True}):
            return {"typical": True, "volume": {"lognormal": {"mu": 0, "sigma": 0.45}}}
        if isinstance(value, str):
            hint = did_you_mean(value, ["typical"])
            raise FieldError(Fault((), "is no set of drivers", value, "a mapping of drivers, or typical", hint))
        return value

    @model_validator(mode="after")
    def _correlated_are_uncertain(self) -> Self:
        faults = [
            Fault(("correlation", f"{pair[0]}~{pair[1]}"), f"correlates {name}, which has no law here")
            for pair in self.correlation
            for name in pair
            if getattr(self, name) is None
        ]
        if faults:
            raise FieldError(*faults)
        return self

    @property
    def levels(self) -> dict[DriverName, Law]:
        """The uncertain drivers and their laws, in the order of DRIVERS."""
        return {name: law for name in DRIVERS if (law := getattr(self, name)) is not None}


class Event(Section):
    """An incident: when, how likely, how long, and what it does."""

    date: Date | None = Field(None, description="The day on which it starts, if it happens.")
    probability: Probability = Field(1.0, description="Chance that a dated event happens.")
    per_month: Rate | None = Field(None, description="Occurrences expected in a calendar month, at random times.")
    days: DaysLaw | None = Field(None, description="Whole days that it lasts; none is to the end of the period.")
    multiplies: dict[DriverName, Annotated[Law, LawOf("factor")]] = Field(
        default_factory=dict, description="Drivers and by what they are multiplied; a law is drawn once an occurrence."
    )
    route: Routes = Field(default_factory=dict, description="Calls of one model go to another.")
    share: Share = Field(1.0, description="Share of the sessions that it hits.")

    @model_validator(mode="after")
    def _when_and_what(self) -> Self:
        faults = []
        if (self.date is None) == (self.per_month is None):
            wrong = "has no `date` and no `per_month`" if self.date is None else "has a `date` and a `per_month`"
            faults.append(Fault((), f"{wrong}; give one of the two"))
        if self.per_month is not None and "probability" in self.model_fields_set:
            faults.append(Fault(("probability",), "belongs to a `date`; `per_month` says how often by itself"))
        if not self.multiplies and not self.route:
            faults.append(Fault((), "does nothing", hint="say what it `multiplies`, or give a `route`"))
        if faults:
            raise FieldError(*faults)
        return self


class Control(Section):
    """A rule that acts when covered spend passes a share of the budget."""

    at: Annotated[float, Quantity("share of the budget", above=True)] = Field(description="The threshold.")
    route: Routes = Field(default_factory=dict, description="Calls of one model go to another.")
    multiplies: dict[DriverName, Factor] = Field(
        default_factory=dict, description="Drivers and by what they are multiplied."
    )
    stop: Flag = Field(False, description="No more sessions are served.")
    delay_days: Annotated[int, Quantity("days", whole=True)] = Field(
        0, description="Days that it takes to act, on top of the rest of the day."
    )

    @model_validator(mode="after")
    def _acts(self) -> Self:
        if not (self.route or self.multiplies or self.stop):
            raise FieldError(Fault((), "does nothing", hint="give a `route`, what it `multiplies`, or `stop: true`"))
        return self


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
        default_factory=dict, description="Costs that come once, by name."
    )


class Value(Section):
    """What the product earns, for unit economics."""

    users: Annotated[float, Quantity("users", above=True)] = Field(description="Paying users.")
    arpu: Money = Field(description="Revenue of a user in a calendar month.")
