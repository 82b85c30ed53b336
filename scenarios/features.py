"""Features: what users come for, whether they get it, and what people do where they don't."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from scenarios.fields import (
    AgentName,
    AtLeastOne,
    MinutesLaw,
    Money,
    MoneyLaw,
    PositiveMoney,
    Probability,
    RateByModel,
    Section,
    Weight,
)
from scenarios.hard_limits import MAX_DEPTH
from scenarios.kinds import Quantity
from scenarios.problems import Fault, FieldError
from scenarios.rollout import Rollout

HourlyRate = Annotated[float, Quantity("currency per hour")]
Depth = Annotated[int, Quantity("level", low=1, high=MAX_DEPTH, whole=True)]


class PersonTime(Section):
    """How often a person is needed, and what that costs: `cost`, or `minutes` and `hourly_rate`."""

    rate: Probability = Field(description="Chance that a person is needed.")
    cost: MoneyLaw | None = Field(None, description="Cost of one time; or give minutes and hourly_rate.")
    minutes: MinutesLaw | None = Field(None, description="Time that a person spends.")
    hourly_rate: HourlyRate | None = Field(None, description="Cost of a person's hour.")

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        timed = {"minutes": self.minutes, "hourly_rate": self.hourly_rate}
        given = [name for name, value in timed.items() if value is not None]
        if self.cost is not None and given:
            raise FieldError(Fault(("cost",), f"stands beside {' and '.join(given)}; give one of the two"))
        if self.cost is None and len(given) == 1:
            other = "hourly_rate" if given == ["minutes"] else "minutes"
            raise FieldError(Fault((given[0],), f"needs `{other}` beside it"))
        if self.cost is None and not given:
            raise FieldError(Fault((), "needs `cost`, or `minutes` and `hourly_rate`"))
        return self


class HumanReview(PersonTime):
    """Sessions that a person looks at, whatever came of them; once a session, after its last run.

    The driver human_review multiplies the rate, up to 1.
    """


class Handoff(PersonTime):
    """Sessions that are left without success after their last run, and that a person takes over."""


class OnFailure(Section):
    """What follows a session without success, one that was cut included: first repeats, then a person.

    Another run draws everything anew but the difficulty. Cost, calls and agents of the runs before go on counting
    against the guardrails, so that a run after a cut by `cost` or `calls` ends at its first call. Success and cut are
    those of the last run.
    """

    repeat: Probability = Field(
        0.0, description="Chance, after each run without success, that the user tries again; at most 3 runs in all."
    )
    handoff: Handoff | None = Field(None, description="A person takes over, where no run succeeded.")


class Guardrails(Section):
    """Caps inside a session; none where they are left out.

    `cost` and `calls` act after every model call: the session is cut at once, also where that call was its last, and
    has not succeeded. What was called is paid, so that a session may end above `cost` by one call and the tools before
    it. `agents` and `depth` keep children from starting and cut nothing; validators always run.
    """

    cost: PositiveMoney | None = Field(
        None,
        description="The session is cut once its models and tools cost this or more; people and overheads are not in.",
    )
    calls: AtLeastOne | None = Field(
        None, description="The session is cut once it made so many model calls, failed and summary ones included."
    )
    agents: AtLeastOne | None = Field(
        None,
        description="Children do not start where there were so many instances, the root, validators and earlier runs "
        "counted. Default where an agent spawns itself: 50.",
    )
    depth: Depth | None = Field(
        None,
        description="Deepest level on which children start, the root at 0. Needed where several agents start each "
        "other in a circle; default where an agent spawns itself: 3.",
    )


class Overheads(Section):
    """What comes on top of every session and call: observability, embeddings, vector search."""

    per_session: Money = Field(0.0, description="Cost of a session, whatever came of it.")
    per_call: Money = Field(0.0, description="Cost of a model call, failed and summary ones included.")


class Feature(Section):
    """A use of the product: its share of the sessions, its root agent, its worth and its safety nets."""

    share: Weight = Field(1.0, description="Share of the sessions; scaled so that all features sum to 1.")
    agent: AgentName = Field(description="The root agent of its sessions.")
    success_rate: RateByModel = Field(
        1.0,
        description="Chance that a session that was not cut, and in which no agent failed, succeeded; a number, or by "
        "the root's model (of a cascade the first). The driver misses multiplies what it lacks to 1.",
    )
    rollout: Rollout = Field(
        default_factory=dict,
        description="Share of its sessions that come from a date on, as it is launched; none before the first date. "
        "The other features get none of what is missing.",
    )
    value_per_success: Money | None = Field(None, description="What a success is worth.")
    on_failure: OnFailure | None = Field(
        None,
        description="Another try, or a person who takes over.",
    )
    human_review: HumanReview | None = Field(None, description="A person who looks at finished sessions.")
    guardrails: Guardrails | None = Field(None, description="Caps inside a session.")
    overheads: Overheads = Field(default_factory=Overheads, description="Costs on top of models and tools.")
