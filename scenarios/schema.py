"""The language: a scenario as its owner writes it down, with units, ranges and defaults.

The parts stand in `models`, `agents`, `features` and `period`; every field carries its documentation, from which the
language reference and the JSON Schema are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from scenarios.agents import (
    Agent,
    Cache,
    CheckedBy,
    Context,
    Fallback,
    ModelUse,
    Retry,
    Sensitivity,
    Spawn,
    Tool,
)
from scenarios.calendar import month_after
from scenarios.catalog import price_data_date
from scenarios.features import Feature, Guardrails, Handoff, HumanReview, OnFailure, Overheads
from scenarios.fields import AgentName, Date, FactorLaw, Growth, ModelName, PositiveMoney, Section, Text, Texts
from scenarios.kinds import Quantity
from scenarios.models import LongContext, ModelSpec
from scenarios.period import Budget, FixedCosts, OneTime, PeakHour, Period, Spent, Value, Volume
from scenarios.places import Written, locate
from scenarios.plain import Line, NameOf, Words
from scenarios.problems import Fault, FieldError, ScenarioError
from scenarios.risks import Control, Drivers, Event
from scenarios.words import CAUSE_COVER, CAUSES, COVERS, DRIVERS, CauseName, CoverName, DriverName

__all__ = [
    "CAUSES",
    "CAUSE_COVER",
    "COVERS",
    "DRIVERS",
    "Agent",
    "Budget",
    "Cache",
    "CauseName",
    "CheckedBy",
    "Context",
    "Control",
    "CoverName",
    "DriverName",
    "Drivers",
    "Event",
    "Fallback",
    "Feature",
    "FixedCosts",
    "Guardrails",
    "Handoff",
    "HumanReview",
    "LongContext",
    "ModelSpec",
    "ModelUse",
    "OnFailure",
    "OneTime",
    "Overheads",
    "PeakHour",
    "Period",
    "Retry",
    "Scenario",
    "Sensitivity",
    "Spawn",
    "Spent",
    "Tool",
    "Value",
    "Volume",
]

FeatureName = Annotated[str, NameOf(what="feature")]
EventName = Annotated[str, NameOf(what="event")]
MetricName = Annotated[str, NameOf(what="metric")]


class Currency(Words):
    """An ISO code of three letters."""

    def read(self, value: object) -> str:
        """The code."""
        code = super().read(value)
        if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
            raise FieldError(Fault((), "is no currency code", value, self.allowed()))
        return code

    def allowed(self) -> str:
        """Words for the reference."""
        return "three capital letters, as in USD or EUR"


class Unit(NameOf):
    """What a session is called: a noun, so that a number is none."""

    def read(self, value: object) -> str:
        """The noun."""
        noun = super().read(value)
        if not any(letter.isalpha() for letter in noun):
            raise FieldError(Fault((), "is no name of a unit", value, self.allowed()))
        return noun

    def allowed(self) -> str:
        """Words for the reference."""
        return "a noun, as in ticket, chat or task"


def _month_after(data: dict[str, Any]) -> Period:
    start, days = month_after(data["as_of"])
    return Period.model_construct(start=start, days=days)  # what is wrong with as_of is said there


class Scenario(Section):
    """A workload, what nobody knows about it yet, and the money that must hold."""

    extends: Text | None = Field(
        None,
        description="Another scenario that this one starts from: a file, or a name of the library. Mappings merge, "
        "other values replace, null removes. Loading does this, so that it is always none afterwards.",
    )
    name: Annotated[str, NameOf(what="scenario")] = Field(
        "scenario",
        description="Short name; default: the name of the file, whatever it extends. A mapping in Python has the name "
        "of what it extends.",
    )
    title: Annotated[str, Line()] = Field("", description="One line for people.")
    story: Text = Field("", description="What this is about, in a few sentences.")
    sources: Texts = Field((), description="Where the numbers come from.")
    notes: Texts = Field(
        (),
        description="What a reader must know of the numbers, the most important first; a run shows the first, and its "
        "report all. `calibrate` writes here what is off, what it assumed and what to mind.",
    )
    unit: Annotated[str, Unit(what="unit")] = Field(
        "session", description="What a session is called in every text: ticket, chat, task."
    )
    as_of: Date = Field(
        default_factory=price_data_date,
        description="The day from which the scenario looks ahead: the period follows it, and price data that are much "
        "older on it are warned of; default: the day of the price data.",
    )
    period: Period = Field(
        default_factory=_month_after, description="The budget period; default: the calendar month after as_of."
    )
    currency: Annotated[str, Currency()] = Field("USD", description="Currency of every amount but model prices.")
    usd_rate: Annotated[float, Quantity("currency per USD", above=True)] = Field(
        1.0, description="Price of one US dollar in that currency; needed for any other than USD."
    )
    budget: Budget | None = Field(None, description="The money that must hold: a number, or amount and covers.")
    spent: Spent | None = Field(
        None,
        description="The period to date as a fact: only the days after it are simulated.",
    )
    plan: PositiveMoney | None = Field(None, description="The approved figure, shown beside ours.")
    limits: dict[MetricName, Annotated[float, Quantity("of the metric")]] = Field(
        default_factory=dict,
        description="Upper limits by metric: breach_probability, p95, session.cost.p99; a run outside them exits 1.",
    )
    models: dict[ModelName, ModelSpec] = Field(
        default_factory=dict, description="Models under names of your own; agents may also name catalogue models."
    )
    volume: Volume = Field(description="How many sessions come.")
    features: dict[FeatureName, Feature] = Field(
        default_factory=dict, description="What users come for; default: one feature of the first agent."
    )
    difficulty: FactorLaw | None = Field(
        None,
        description="Difficulty of a session, one draw each; agents say under `sensitivity` what it moves.",
    )
    agents: dict[AgentName, Agent] = Field(description="The agents by name.")
    drivers: Drivers = Field(
        default_factory=Drivers, description="Multipliers nobody knows yet, one draw a trial; or the word typical."
    )
    trends: dict[DriverName, Growth] = Field(
        default_factory=dict, description="Drivers that grow, by so much a calendar month."
    )
    events: dict[EventName, Event] = Field(
        default_factory=dict,
        description="Incidents by name. At most 12 events and controls may have a route, and no set of them may route "
        "in a circle.",
    )
    controls: tuple[Control, ...] = Field(
        (), description="Rules that act on what was spent so far, as shares of the budget."
    )
    fixed_costs: FixedCosts = Field(default_factory=FixedCosts, description="Costs that no session makes.")
    value: Value | None = Field(None, description="What the product earns.")

    _written: Written | None = PrivateAttr(default=None)

    @field_validator("agents")
    @classmethod
    def _some_agent(cls, agents: dict[str, Agent]) -> dict[str, Agent]:
        if not agents:
            raise FieldError(Fault((), "names no agent", hint="a scenario needs at least one"))
        return agents

    @field_validator("controls", mode="before")
    @classmethod
    def _one_control(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _money(self) -> Self:
        given = "usd_rate" in self.model_fields_set
        if self.currency != "USD" and not given:
            hint = f"write usd_rate: the price of one US dollar in {self.currency}; model prices are in dollars"
            raise FieldError(Fault(("currency",), "needs `usd_rate` beside it", self.currency, hint=hint))
        if self.currency == "USD" and self.usd_rate != 1:
            raise FieldError(Fault(("usd_rate",), "must be 1 where the currency is USD", self.usd_rate))
        return self

    @property
    def rules(self) -> tuple[Event | Control, ...]:
        """Everything that may route calls and multiply drivers while the period runs."""
        return (*self.events.values(), *self.controls)

    @property
    def written(self) -> Written | None:
        """The scenario as written, after `extends` and overrides; what edits start from."""
        return self._written

    def as_written(self, tree: Written) -> Self:
        """A copy that remembers the text it was read from."""
        copy = self.model_copy()
        copy._written = tree
        return copy

    def error(self, faults: Iterable[Fault]) -> ScenarioError:
        """An error about this scenario, each fault with the file and line where its value stands.

        Parameters
        ----------
        faults : iterable of Fault
            Paths from the root of the scenario.
        """
        tree = {} if self._written is None else self._written
        return ScenarioError(locate(fault, tree) for fault in faults)
