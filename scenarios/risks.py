"""What nobody knows yet, and what happens on the way: drivers, events, controls."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer, model_validator

from distributions.law import Law
from distributions.quantity import format_number
from scenarios.fields import (
    Date,
    DaysLaw,
    Factor,
    FactorLaw,
    Flag,
    ModelName,
    NonnegativeFactorLaw,
    PositiveShare,
    Probability,
    Rate,
    Section,
)
from scenarios.kinds import Kind, Quantity, noun
from scenarios.problems import NOTHING, Fault, FieldError
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

    On a day, the level of a driver is its draw, times its trend, times what every event in force multiplies it by,
    times what every control that acts does. The word ``typical`` alone is an outside view: volume lognormal with sigma
    0.45.
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
        description="Spearman's rank correlation of pairs of uncertain drivers, through a Gaussian copula; pairs left "
        "out are independent. The laws stay as they are.",
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
            Fault(("correlation", f"{pair[0]}~{pair[1]}"), f"correlates {name}, which {wrong}", NOTHING, None, hint)
            for pair in self.correlation
            for name in pair
            if (wrong := self._certain(name))
            for hint in (f"give {name} a law, or take the pair out",)
        ]
        if faults:
            raise FieldError(*faults)
        return self

    def _certain(self, name: DriverName) -> str | None:
        """Why a driver can't be correlated; None where it can."""
        law: Law | None = getattr(self, name)
        if law is None:
            return "has no law here"
        low, high = law.support()
        return f"is always {format_number(low)}" if low == high else None

    @property
    def levels(self) -> dict[DriverName, Law]:
        """The uncertain drivers and their laws, in the order of DRIVERS."""
        return {name: law for name in DRIVERS if (law := getattr(self, name)) is not None}


class Event(Section):
    """An incident: when, how likely, how long, and what it does.

    With a `date` it happens once or not at all; with `per_month` it starts at random, as a Poisson process over the
    days of the period. An event in force is in force once: where occurrences of one event overlap, the multipliers of
    the first hold to its end. Different events multiply each other. All is cut at the end of the period, and nothing
    is in force that would have started before it.
    """

    date: Date | None = Field(
        None, description="The day on which it starts, if it happens; inside the period. Or give per_month."
    )
    probability: Probability = Field(1.0, description="Chance that a dated event happens.")
    per_month: Rate | None = Field(
        None,
        description="Starts expected in a calendar month, spread over its days. A part of a month has its days of "
        "them.",
    )
    days: DaysLaw | None = Field(
        None,
        description="Days that an occurrence lasts, the first one counted: a draw each, rounded to the nearest whole "
        "day, at least 1. None is to the end of the period.",
    )
    multiplies: dict[DriverName, NonnegativeFactorLaw] = Field(
        default_factory=dict,
        description="Drivers and by what they are multiplied while it is in force; a law is drawn once an occurrence.",
    )
    route: Routes = Field(
        default_factory=dict,
        description="While it is in force, calls of one model go to another: at its prices, context window and failure "
        "rate. Success rates stay those of the model that was meant. Where several rules route, later ones override "
        "for the same model (events in the order written, then controls), and chains are followed to their end.",
    )
    share: PositiveShare = Field(
        1.0,
        description="Share of the sessions that it hits, each by its own chance. Below 1 it may not multiply volume.",
    )

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
        if self.share < 1 and "volume" in self.multiplies:
            wrong = f"is how many sessions come, which an event that hits {100 * self.share:g} % of them can't multiply"
            hint = "give the event to all sessions, or make two events of it"
            faults.append(Fault(("multiplies", "volume"), wrong, NOTHING, "volume where `share` is 1", hint))
        if faults:
            raise FieldError(*faults)
        return self


class Control(Section):
    """A rule that acts when what was spent passes a share of the budget.

    At the end of each day, all that the budget covers, one-time costs left out, is held against the threshold. The
    control acts from the day after the one on which it was passed, `delay_days` later where there are any, to the end
    of the period. What is spent past the threshold until then has leaked. Results are shown with and without controls.
    """

    at: Annotated[float, Quantity("share of the budget", above=True)] = Field(
        description="The threshold: 80% of the budget, or more than all of it."
    )
    route: Routes = Field(
        default_factory=dict,
        description="Calls of one model go to another, as an event's do; it overrides events and the controls "
        "before it.",
    )
    multiplies: dict[DriverName, Factor] = Field(
        default_factory=dict,
        description="Drivers and by what they are multiplied; a volume of 0.5 turns half of the sessions away.",
    )
    stop: Flag = Field(False, description="No more sessions are served; fixed costs go on.")
    delay_days: Annotated[int, Quantity("days", whole=True)] = Field(
        0,
        description="Whole days that it takes to act, on top of the rest of the day on which the threshold is passed.",
    )

    @model_validator(mode="after")
    def _acts(self) -> Self:
        if not (self.route or self.multiplies or self.stop):
            raise FieldError(Fault((), "does nothing", hint="give a `route`, what it `multiplies`, or `stop: true`"))
        return self
