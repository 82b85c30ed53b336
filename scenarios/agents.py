"""Agents: what one instance does, turn by turn, and what its calls carry."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from distributions.law import Law
from scenarios.fields import (
    AgentName,
    AtLeastOne,
    CountLaw,
    Exponent,
    Flag,
    LimitLaw,
    MinutesLaw,
    ModelName,
    Money,
    PositiveTokens,
    Probability,
    RateByModel,
    Section,
    Share,
    TokenLaw,
    Tokens,
    Weight,
)
from scenarios.kinds import LawOf, Quantity, law_default, noun, varies
from scenarios.plain import NameOf, Sequence
from scenarios.problems import Fault, FieldError

ModelNames = Annotated[tuple[str, ...], Sequence(item=NameOf(what="model"))]
Attempts = Annotated[int, Quantity("count", low=1, high=1_000, whole=True)]


class MessageLaw(LawOf):
    """A law of tokens, or the word `from_agent`."""

    def read(self, value: object) -> Any:
        """The law, or the word."""
        return value if value == "from_agent" else super().read(value)

    def allowed(self) -> str:
        """Words for the reference."""
        return "a law, or from_agent"

    def json_schema(self) -> dict[str, Any]:
        """A law; the word is one of the strings that laws may be, so it is named for editors' completion."""
        return {"anyOf": [{"const": "from_agent"}, super().json_schema()]}


def _attempts(data: dict[str, Any]) -> int:
    return 3 if data["failure_rate"] else 1


_MODEL_FORMS = "a name, {cheap: 80%, frontier: 20%}, or {cascade: [cheap, frontier], escalate_rate: 25%}"


class ModelUse(Section):
    """Which model serves an agent: a name, shares that are drawn once an instance, or a cascade.

    ``model: frontier`` | ``model: {cheap: 80%, frontier: 20%}`` | ``model: {cascade: [cheap, frontier], escalate_rate:
    25%}``: cheap first, then frontier too where the first answer does not do; both are billed.

    Whether a turn escalates is drawn once for all of its attempts. An attempt of an escalated turn is two calls with
    one fate, drawn at the second model's failure_rate: both succeed or both fail, and each is billed for that. Only
    the first reads from the cache. A fallback serves alone, in place of both.
    """

    shares: dict[ModelName, Weight] = Field(
        default_factory=dict,
        description="Share of instances by model, drawn once an instance; scaled to sum 1. A cascade's first has all.",
    )
    cascade: ModelNames = Field(
        (),
        description="Two models: the first answers, the second where it escalates.",
    )
    escalate_rate: Probability = Field(0.0, description="Chance, turn by turn, that the second model is called too.")

    @classmethod
    def other_forms(cls) -> list[dict[str, Any]]:
        """A name, or shares by name."""
        share = Quantity("share").json_schema()
        keys = {"not": {"enum": ["cascade", "escalate_rate", "shares"]}}
        return [
            {"type": "string"},
            {"type": "object", "propertyNames": keys, "additionalProperties": share, "minProperties": 1},
        ]

    @model_validator(mode="before")
    @classmethod
    def _forms(cls, value: object) -> object:
        if isinstance(value, str):
            return {"shares": {value: 1.0}}
        if not isinstance(value, dict | cls):
            raise FieldError(Fault((), f"must name a model, not {noun(value)}", value, _MODEL_FORMS))
        if isinstance(value, dict) and not {"cascade", "escalate_rate", "shares"} & value.keys():
            return {"shares": value}
        if isinstance(value, dict) and "shares" not in value:
            cascade = value.get("cascade")
            first = cascade[:1] if isinstance(cascade, list | tuple) else []
            return {"shares": {str(name): 1.0 for name in first}, **value}
        return value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.cascade and (len(self.cascade) != 2 or self.cascade[0] == self.cascade[1]):
            raise FieldError(Fault(("cascade",), "must name two different models", list(self.cascade)))
        if "escalate_rate" in self.model_fields_set and not self.cascade:
            raise FieldError(Fault(("escalate_rate",), "needs a `cascade` of two models beside it"))
        if not sum(self.shares.values()) > 0:
            raise FieldError(Fault((), "gives every model a share of 0", self.shares, "at least one share above 0"))
        return self

    @field_validator("shares")
    @classmethod
    def _scaled(cls, shares: dict[str, float]) -> dict[str, float]:
        total = sum(shares.values())
        return {name: share / total for name, share in shares.items()} if total > 0 else shares

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that may serve a first attempt."""
        return tuple(dict.fromkeys((*self.shares, *self.cascade)))


class Context(Section):
    """How the conversation so far goes into the next prompt, and what happens when it does not fit.

    A prompt is the system prompt, the history, the pending message and what is retrieved. Where it is over the limit,
    ``truncate`` shortens the history until it fits, or to `keep_tokens` where these are fewer, to nothing at most; what
    still does not fit is sent as it is.
    ``compact`` makes one more call of the agent's own model, which reads system prompt and history, nothing from the
    cache, and writes `summary_tokens`; it counts and is billed like any other but never fails, and the summary is the
    history from then on. ``fail`` ends the agent without a call.

    Where limits are given by model, that of the model which serves holds: of a cascade the first, and of calls that go
    elsewhere the one that they go to. A mapping with a key of laws in it is a law, so that no model of such a name
    (`beta`) can stand in it. `extends` replaces it as a whole.
    """

    carry: Share = Field(
        1.0,
        description="Share of a turn's message (results of tools and children included) and output that later prompts "
        "repeat.",
    )
    carry_output: Share | None = Field(
        None,
        description="The same of outputs alone, as where they have thinking in them, which is not sent again; "
        "default: `carry`.",
    )
    limit: LimitLaw | None = Field(
        None,
        description="Largest prompt: a number, a law that is drawn once an instance, and then at most the model's "
        "context window, or one of these for each model, as in `{cheap: 150k, frontier: 300k to 800k}`; default, and "
        "for a model that such a mapping leaves out: the window, and no limit where nobody states it.",
    )
    overflow: Literal["truncate", "compact", "fail"] = Field(
        "truncate", description="What a prompt over the limit does: drop history, summarise it in a call, or fail."
    )
    summary_tokens: Tokens = Field(0, description="Output of a compaction call, and the history after it.")
    keep_tokens: Tokens | None = Field(
        None,
        description="Most history that a truncation leaves, so that the next turn fits too; default: all that fits.",
    )
    carry_retrieved: Flag = Field(False, description="Whether later prompts repeat what was retrieved.")

    @model_validator(mode="after")
    def _summary(self) -> Self:
        given = "summary_tokens" in self.model_fields_set
        if self.overflow == "compact" and not self.summary_tokens:
            raise FieldError(Fault(("overflow",), "compact needs `summary_tokens`", hint="for example 3_000"))
        if given and self.overflow != "compact":
            raise FieldError(Fault(("summary_tokens",), "has a meaning only with `overflow: compact`"))
        if self.keep_tokens is not None and self.overflow != "truncate":
            raise FieldError(Fault(("keep_tokens",), "has a meaning only with `overflow: truncate`"))
        return self

    @property
    def carried_output(self) -> float:
        """Share of outputs that later prompts repeat."""
        return self.carry if self.carry_output is None else self.carry_output

    @property
    def draws_limit(self) -> bool:
        """Whether instances of one model differ in their limit."""
        laws = self.limit.values() if isinstance(self.limit, dict) else [self.limit]
        return any(law is not None and varies(law) for law in laws)

    def limit_of(self, model: str) -> Law | None:
        """The limit where a model serves; None where it is that model's window."""
        return self.limit.get(model) if isinstance(self.limit, dict) else self.limit


class Cache(Section):
    """Prompt caching: by rate, or by the time between calls.

    What a call may find in the cache is its prefix: the system prompt, as long as no call of the instance has come
    through; then the system prompt and the history, as far as the turn before sent them (its answer is new); in a
    retry after a bad answer, the whole prompt of the attempt before; in a turn whose prompt did not fit, the
    system prompt alone. Only the agent's own model reads, a fallback never.

    On a hit the prefix costs the `cached_input` price. With `cache`, all that is not read is written, at the
    `cache_write` price where the model has one and else at that of input: after a miss the whole prompt, after a
    hit the new message and the retrieved documents too, though documents that are not carried are never read back.
    So mind it where writing costs more than input and documents are long or turns few. Leave `cache` out where the
    client asks for no caching; where it caches the system prompt and nothing else, this bills more writes than
    there are.
    """

    hit_rate: Probability | None = Field(None, description="Chance that a call finds its prefix in the cache.")
    ttl_minutes: Annotated[float, Quantity("minutes", above=True)] | None = Field(
        None, description="How long the cache keeps a prefix."
    )
    gap_minutes: MinutesLaw | None = Field(None, description="Time between two calls of an instance.")
    first_hit_rate: Probability = Field(
        default_factory=lambda data: data["hit_rate"] or 0.0,
        description="The same chance for an instance's first call; default: hit_rate, and 0 with a ttl.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        by_rate, by_time = self.hit_rate is not None, self.ttl_minutes is not None
        if by_rate and (by_time or self.gap_minutes is not None):
            raise FieldError(Fault((), "has a `hit_rate` and a time to live; give one of the two"))
        if by_time != (self.gap_minutes is not None):
            here, there = ("ttl_minutes", "gap_minutes") if by_time else ("gap_minutes", "ttl_minutes")
            raise FieldError(Fault((here,), f"needs `{there}` beside it"))
        if not by_rate and not by_time:
            raise FieldError(Fault((), "needs `hit_rate`, or `ttl_minutes` and `gap_minutes`"))
        return self

    def hit_probabilities(self) -> tuple[float, float]:
        """Chance of a hit while an instance is cold, and later, at a cache_hit driver of 1."""
        if self.hit_rate is not None:
            return self.first_hit_rate, self.hit_rate
        assert self.gap_minutes is not None
        assert self.ttl_minutes is not None
        return self.first_hit_rate, float(self.gap_minutes.cdf(self.ttl_minutes))


class Fallback(Section):
    """Another model for the later attempts of a turn."""

    after: AtLeastOne = Field(description="Attempts that the agent's own model gets first.")
    model: ModelName = Field(description="The model that serves from then on.")


class Retry(Section):
    """Failures of model calls, and what they cost.

    A turn makes attempts until one succeeds. The second and later attempts are retries, and all of their cost is of
    the cause `retries`. An attempt that fails by quality is billed in full, one that the provider fails nothing, or
    its input; both count as calls. Where no attempt succeeds and `on_exhausted` is ``fail``, the agent stops: this
    turn calls no tools and starts no children, its parent goes on, what was paid stays paid, and the session has not
    succeeded.
    """

    failure_rate: RateByModel = Field(
        0.0,
        description="Chance that an attempt fails, times the driver failure_rate and at most 1; a number, or one for "
        "each model.",
    )
    quality_share: Share = Field(
        0.0, description="Of the failures: bad output, billed in full; the rest are the provider's errors."
    )
    provider_billed: Literal["none", "input"] = Field(
        "none", description="What a provider's error costs: nothing, or its input."
    )
    max_attempts: Attempts = Field(
        default_factory=_attempts,
        description="Attempts of a turn, the first counted; default: 1 without a failure_rate, else 3.",
    )
    added_tokens: Tokens = Field(
        0, description="What every further attempt adds to the prompt of the one before; later turns do not repeat it."
    )
    fallback: Fallback | None = Field(None, description="Another model for later attempts.")
    on_exhausted: Literal["fail", "continue"] = Field(
        "fail", description="When no attempt succeeded: the agent fails, or goes on as if one had."
    )


class Tool(Section):
    """A tool that an agent calls after each of its turns.

    Invocations cost their fee and are no model calls: they count in no guardrail on calls, and the driver `price` does
    not move their fees. One that fails is made again and costs the fee again. The result of a call counts once, even
    where every try failed.
    """

    calls_per_turn: CountLaw = Field(
        description="Calls after each turn, times the driver tool_calls, rounded up or down by chance."
    )
    result_tokens: TokenLaw = Field(
        default_factory=law_default(0), description="What the result of a call adds to the agent's next message."
    )
    fee: Money = Field(0.0, description="Fee of one invocation.")
    failure_rate: Probability = Field(0.0, description="Chance that an invocation fails and is made again.")
    max_attempts: Attempts = Field(
        default_factory=_attempts,
        description="Invocations of one call at most; default: 1 without a failure_rate, else 3.",
    )


class Spawn(Section):
    """Children that an agent starts, after the tools of a turn.

    They run one after the other, each to its end with all that it starts, before the next and before the parent goes
    on. A child that would pass the guardrails `depth` or `agents` does not start, and has no result. A child that
    fails leaves the session without success, and its parent goes on.
    """

    agent: AgentName = Field(description="The agent that is started.")
    per: Literal["turn", "agent"] = Field(
        "turn", description="After every turn, or once in an agent's life, after its first turn."
    )
    count: CountLaw = Field(
        description="How many children each time, times the driver fanout, rounded up or down by chance."
    )
    result_tokens: TokenLaw = Field(
        default_factory=law_default(0), description="What one child adds to its parent's next message, when it is done."
    )


class CheckedBy(Section):
    """A validator that reads what the agent put out, and may send it back.

    It runs as an agent of its own, one level below the one that it checks, and counts among `agents`; neither `depth`
    nor `agents` keeps it from running. Every run is checked, one that failed and the last one too. Work that is
    rejected is done anew, `max_loops` times at most, and stands as it is after that. A failure in an earlier run still
    counts. An agent is done anew by a new instance, which draws everything anew. A turn starts anew from the history
    and the message before it, with the cache still warm, and calls its tools and starts its children again; a turn
    that failed ends the agent and is not done anew.
    """

    agent: AgentName = Field(description="The agent that checks.")
    every: Literal["session", "turn"] = Field(
        "session",
        description="After the whole agent and all that it started, or after every turn with its tools and children.",
    )
    reject_rate: Probability = Field(0.0, description="Chance that a run is rejected and done anew.")
    max_loops: AtLeastOne = Field(
        1, description="How often it is done anew at most: one more run than this is the most."
    )


class Sensitivity(Section):
    """What a session's difficulty moves, as exponents on it: 0 nothing, 1 in proportion.

    One draw of `difficulty` holds for the whole session, its children, validators and repeats. What falls where another
    rises has an exponent below 0: in traces of coding agents the sessions of many turns have the shorter messages.
    """

    turns: Exponent = Field(0.0, description="On the number of turns, before it is rounded.")
    output_tokens: Exponent = Field(0.0, description="On the tokens of each output, under max_output_tokens.")
    message_tokens: Exponent = Field(
        0.0,
        description="On the tokens of each message, the first one and what a validator reads too, before they are "
        "rounded; results of tools and children are as they are.",
    )
    first_message_tokens: Exponent | None = Field(
        None,
        description="On an instance's `first_message_tokens`, which it needs; default: as on its messages.",
    )
    prompt_tokens: Exponent = Field(
        0.0, description="On the tokens of each prompt of an agent with `prompt_tokens`, before they are rounded."
    )
    failure_rate: Exponent = Field(0.0, description="On the chance that an attempt fails, which is at most 1.")

    @property
    def of_first_message(self) -> float:
        """The exponent on the first message."""
        return self.message_tokens if self.first_message_tokens is None else self.first_message_tokens


_INCREMENTS = ("system_tokens", "message_tokens", "first_message_tokens", "retrieved_tokens", "context", "cache")


class Agent(Section):
    """One kind of agent: a loop of turns, each one model call with its retries, then tools and children.

    An instance draws its model, system prompt and number of turns when it starts. Then, turn by turn: what is
    retrieved; the prompt (system, history, message, retrieved), shortened where it is over the limit; attempts until
    one succeeds; message and output into the history; the next message; tools in the order written, each result into
    that message; children in the order written, each result into it too; a check of the turn, where `checked_by` says
    every turn. A check of the whole agent follows its last turn. The guardrails on cost and calls act after every
    model call, and end all of it at once.

    What an instance begins with (`first_message_tokens`) is a message like any other: new input in the first turn and
    history from then on, so that a cache can hold it and a compaction shrink it, as it can't a system prompt. Traces of
    coding agents ask for it: a conversation that is taken up again begins with 20k to 400k tokens, and the next
    compaction leaves a few thousand of them. One that is longer than the limit is sent as it is, once. The average
    plan, which re-sends no history, has it in an instance's first prompt alone.

    With `prompt_tokens` each prompt is one draw: nothing is carried, no limit applies, and results of tools and
    children add nothing.
    """

    model: ModelUse = Field(description="The model that serves it: a name, shares, or a cascade.")
    batch: Flag = Field(
        False,
        description="Calls go through the provider's batch interface, at its price, and work as others do.",
    )
    system_tokens: TokenLaw = Field(
        default_factory=law_default(0), description="The stable, cacheable start of every prompt; drawn once."
    )
    turns: CountLaw = Field(
        default_factory=law_default(1),
        description="Turns of an instance, at least 1. A draw, times its driver, that is no whole number is rounded up "
        "or down by chance: 2.3 is 3 turns with a chance of 30 %, and else 2.",
    )
    message_tokens: Annotated[Law | Literal["from_agent"], MessageLaw("tokens")] = Field(
        default_factory=law_default(0),
        description="What the user or a parent adds in a turn. `from_agent` in a validator: the outputs, added up, of "
        "the run or turn that it checks, without reasoning and what children wrote.",
    )
    first_message_tokens: TokenLaw | None = Field(
        None,
        description="The message of an instance's first turn, where it is unlike later ones: a conversation that is "
        "taken up again brings all that was said before; default: message_tokens.",
    )
    retrieved_tokens: TokenLaw = Field(
        default_factory=law_default(0),
        description="What retrieval adds to a prompt; not carried, unless context.carry_retrieved.",
    )
    output_tokens: TokenLaw = Field(description="What the model writes in a turn.")
    reasoning_tokens: TokenLaw = Field(
        default_factory=law_default(0),
        description="Thinking, billed as output, not carried, not under max_output_tokens.",
    )
    max_output_tokens: PositiveTokens | None = Field(
        None, description="Cap on the output of a call, reasoning left out."
    )
    prompt_tokens: TokenLaw | None = Field(
        None, description="The whole prompt of a call in one law, in place of system, message, retrieved and context."
    )
    cached_share: Share = Field(0.0, description="With prompt_tokens: the share of a prompt that is read from cache.")
    context: Context = Field(default_factory=Context, description="What later prompts repeat, and the limit.")
    cache: Cache | None = Field(None, description="Prompt caching; none where it is left out.")
    retry: Retry = Field(default_factory=Retry, description="Failures, attempts and fallback.")
    tools: dict[Annotated[str, NameOf(what="tool")], Tool] = Field(
        default_factory=dict,
        description="Tools by name, called in this order.",
    )
    spawns: tuple[Spawn, ...] = Field((), description="Children, started in this order.")
    checked_by: CheckedBy | None = Field(None, description="A validator of its work.")
    sensitivity: Sensitivity = Field(default_factory=Sensitivity, description="Exponents on the session's difficulty.")

    @field_validator("spawns", mode="before")
    @classmethod
    def _one_spawn(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _whole_prompt(self) -> Self:
        given = [name for name in _INCREMENTS if name in self.model_fields_set and getattr(self, name) is not None]
        if self.prompt_tokens is not None and given:
            hint = "prompt_tokens is the whole prompt; with cached tokens in it, write `cached_share`"
            raise FieldError(*(Fault((name,), "stands beside `prompt_tokens`", hint=hint) for name in given))
        if self.prompt_tokens is None and "cached_share" in self.model_fields_set:
            raise FieldError(Fault(("cached_share",), "needs `prompt_tokens`; other agents have `cache`"))
        if self.prompt_tokens is None and self.sensitivity.prompt_tokens:
            place, hint = ("sensitivity", "prompt_tokens"), "other agents have `message_tokens`"
            raise FieldError(Fault(place, "needs `prompt_tokens`", hint=hint))
        return self

    @model_validator(mode="after")
    def _first_message(self) -> Self:
        if self.message_tokens == "from_agent" and self.first_message_tokens is not None:
            hint = "a validator reads what it is given in every turn, the first one too"
            raise FieldError(Fault(("first_message_tokens",), "stands beside `message_tokens: from_agent`", hint=hint))
        if self.first_message_tokens is None and self.sensitivity.first_message_tokens is not None:
            place, hint = ("sensitivity", "first_message_tokens"), "without, the first message is one like others"
            raise FieldError(Fault(place, "needs `first_message_tokens`", hint=hint))
        return self

    @property
    def opening_message(self) -> Law | Literal["from_agent"]:
        """The message of the first turn."""
        return self.message_tokens if self.first_message_tokens is None else self.first_message_tokens

    @property
    def whole_prompt(self) -> bool:
        """Whether each prompt is one draw of `prompt_tokens`."""
        return self.prompt_tokens is not None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that may serve it, the fallback last."""
        fallback = (self.retry.fallback.model,) if self.retry.fallback else ()
        return tuple(dict.fromkeys((*self.model.names, *fallback)))
