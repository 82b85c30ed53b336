"""What sections of the language are made of: their base, and the types of their fields by unit and range."""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from distributions.law import Law
from scenarios.hard_limits import MAX_STARTS_PER_MONTH
from scenarios.kinds import Amount, ByModel, DurationOf, LawByModel, LawOf, Quantity, noun
from scenarios.plain import Day, NameOf, Sequence, Switch, Words
from scenarios.problems import Fault, FieldError


class Section(BaseModel):
    """A mapping of the language: its keys are its fields, others are errors, and it never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    shorthand: ClassVar[str | None] = None
    """The field that a single value in place of the mapping stands for."""

    @classmethod
    def other_forms(cls) -> list[dict[str, Any]]:
        """What may stand in place of the mapping, as JSON Schema."""
        return [{"type": ["string", "number"]}] if cls.shorthand else []

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        mapping = handler(schema)
        forms = cls.other_forms()
        return {"anyOf": [mapping, *forms]} if forms else mapping

    @model_validator(mode="before")
    @classmethod
    def _mapping(cls, value: object) -> object:
        if isinstance(value, dict | cls):
            return value
        if cls.shorthand and value is not None and not isinstance(value, list | tuple):
            return {cls.shorthand: value}
        allowed = f"a mapping of {', '.join(cls.model_fields)}"
        raise FieldError(Fault((), f"must be a mapping, not {noun(value)}", value, allowed))


Text = Annotated[str, Words()]
Texts = Annotated[tuple[str, ...], Sequence()]
Flag = Annotated[bool, Switch()]
Date = Annotated[dt.date, Day()]
AgentName = Annotated[str, NameOf(what="agent")]
ModelName = Annotated[str, NameOf(what="model")]

Probability = Annotated[float, Quantity("probability", 0, 1)]
Share = Annotated[float, Quantity("share", 0, 1)]
PositiveShare = Annotated[float, Quantity("share", 0, 1, above=True)]
Weight = Annotated[float, Quantity("weight")]
Money = Annotated[float, Amount()]
PositiveMoney = Annotated[float, Amount(above=True)]
UsdPerMillion = Annotated[float, Quantity("USD per million tokens")]
Tokens = Annotated[int, Quantity("tokens", whole=True)]
PositiveTokens = Annotated[int, Quantity("tokens", low=1, whole=True)]
Rate = Annotated[float, Quantity("per calendar month", high=MAX_STARTS_PER_MONTH, above=True)]
Factor = Annotated[float, Quantity("factor")]
Growth = Annotated[float, Quantity("change per month", low=-1, above=True)]
Exponent = Annotated[float, Quantity("exponent", low=-math.inf)]
AtLeastOne = Annotated[int, Quantity("count", low=1, whole=True)]

TokenLaw = Annotated[Law, LawOf("tokens")]
LimitLaw = Annotated[Law | dict[str, Law], LawByModel("tokens", positive=True)]
CountLaw = Annotated[Law, LawOf("count")]
MinutesLaw = Annotated[Law, LawOf("minutes")]
MoneyLaw = Annotated[Law, LawOf("currency")]
DaysLaw = Annotated[Law, DurationOf("days", nonnegative=True)]
FactorLaw = Annotated[Law, LawOf("factor", positive=True)]
NonnegativeFactorLaw = Annotated[Law, LawOf("factor", nonnegative=True)]
UsageLaw = Annotated[Law, LawOf("sessions per user and day", nonnegative=True)]

RateByModel = Annotated[float | dict[str, float], ByModel("probability", 0, 1)]
