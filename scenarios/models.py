"""Models and what they cost: names from the catalogue, overrides, prices of one's own."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from scenarios.fields import Factor, ModelName, PositiveTokens, Section, UsdPerMillion
from scenarios.kinds import Quantity
from scenarios.problems import Fault, FieldError


class LongContext(Section):
    """Prices of the whole call once its prompt passes a threshold; what is left out stays as it is below."""

    above: PositiveTokens = Field(description="Prompt size beyond which these prices hold.")
    input: UsdPerMillion | None = Field(None, description="Price of fresh input tokens.")
    output: UsdPerMillion | None = Field(None, description="Price of output tokens.")
    cached_input: UsdPerMillion | None = Field(None, description="Price of tokens read from cache.")
    cache_write: UsdPerMillion | None = Field(None, description="Price of tokens written to cache.")


class ModelSpec(Section):
    """A model under a name of one's own: an entry of the catalogue, overrides of it, or prices outright.

    A single value is the name in the catalogue: ``frontier: anthropic/claude-opus-4-7``.
    """

    shorthand: ClassVar[str | None] = "catalog"

    catalog: ModelName | None = Field(
        None, description="Name in the price catalogue, `provider/model`; without one, give input and output prices."
    )
    input: UsdPerMillion | None = Field(None, description="Price of fresh input tokens; default: the catalogue's.")
    output: UsdPerMillion | None = Field(None, description="Price of output tokens; default: the catalogue's.")
    cached_input: UsdPerMillion | None = Field(
        None, description="Price of tokens read from cache; default: the catalogue's, else the input price."
    )
    cache_write: UsdPerMillion | None = Field(
        None, description="Price of tokens written to cache; default: the catalogue's, else the input price."
    )
    pays: Factor = Field(1.0, description="What you pay of the list price: 0.9 is ten percent off.")
    batch_pays: Factor | None = Field(
        None, description="What agents with `batch: true` pay of the price; default: the catalogue's batch price."
    )
    fee_per_call: Annotated[float, Quantity("USD per call")] = Field(
        0.0, description="Fee on every billed call, in USD."
    )
    context_window: PositiveTokens | None = Field(
        None, description="Largest prompt that the model takes; default: the catalogue's."
    )
    long_context: LongContext | None = Field(None, description="Other prices for calls with long prompts.")

    @model_validator(mode="after")
    def _priced(self) -> Self:
        missing = [name for name in ("input", "output") if getattr(self, name) is None]
        if self.catalog is None and missing:
            message = f"has no `catalog` name and no price for {' and '.join(missing)}"
            raise FieldError(Fault((), message, hint="write `catalog: provider/model`, or input and output prices"))
        return self
