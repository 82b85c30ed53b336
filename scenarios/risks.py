"""What nobody knows yet, and what happens on the way: drivers, events, controls."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer, model_validator

from distributions.law import Law
from scenarios.fields import (
    Date,
    DaysLaw,
    Factor,
    FactorLaw,
    Flag,
    ModelName,
    Probability,
    Rate,
    Section,
    Share,
    not_yet,
)
from scenarios.kinds import Kind, LawOf, Quantity, noun
from scenarios.problems import Fault, FieldError
from scenarios.suggest import did_you_mean
from scenarios.words import DRIVERS, DriverName

Routes = dict[ModelName, ModelName]


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
    ] = Field(
        default_factory=dict,
        description="Rank correlation of pairs, -1 to 1.",
        json_schema_extra=not_yet("correlated drivers"),
    )
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
