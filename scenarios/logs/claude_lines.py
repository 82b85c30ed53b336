"""Lines of Claude Code's transcripts: what is decoded of them, and nothing of their texts."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

_Count = int | float | None


class Written(Struct, gc=False):
    """Tokens written to the cache, by how long they are kept."""

    ephemeral_5m_input_tokens: _Count = None
    ephemeral_1h_input_tokens: _Count = None


class Usage(Struct, gc=False):
    """Counts of tokens of an answer."""

    input_tokens: _Count = None
    output_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_creation: Written | None = None
    service_tier: str | None = None
    speed: str | None = None


class Iteration(Usage, gc=False):
    """Counts of one of the requests that an answer took: of an advisor's these stand nowhere else."""

    type: str | None = None
    model: str | None = None


class Counts(Usage, gc=False):
    """Counts of an answer, and of the requests that it took."""

    iterations: list[Iteration] | None = None


class Block(Struct, gc=False):
    """A block of a message: of a tool its name, of its result the size. Texts are not decoded."""

    type: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = Raw()
    tool_use_id: str | None = None
    content: Raw = Raw()
    is_error: bool | None = None


class Message(Struct, gc=False):
    """A message: of an answer with its counts."""

    id: str | None = None
    model: str | None = None
    usage: Counts | None = None
    content: list[Block] | str | None = None


class Line(Struct, gc=False):
    """A line of any type."""

    type: str | None = None
    subtype: str | None = None
    timestamp: str | None = None
    session: str | None = msgspec.field(name="sessionId", default=None)
    uuid: str | None = None
    parent: str | None = msgspec.field(name="parentUuid", default=None)
    sidechain: bool | None = msgspec.field(name="isSidechain", default=None)
    agent: str | None = msgspec.field(name="agentId", default=None)
    request: str | None = msgspec.field(name="requestId", default=None)
    api_error: bool | None = msgspec.field(name="isApiErrorMessage", default=None)
    summary: bool | None = msgspec.field(name="isCompactSummary", default=None)
    attempt: int | None = msgspec.field(name="retryAttempt", default=None)
    cost: float | None = msgspec.field(name="costUSD", default=None)
    result: Raw = msgspec.field(name="toolUseResult", default=Raw())
    forked: Raw = msgspec.field(name="forkedFrom", default=Raw())
    message: Message | None = None


class Spawn(Struct, gc=False):
    """What a tool that starts a sub-agent is given."""

    subagent_type: str | None = None


class Spawned(Struct, gc=False):
    """What such a tool gives back."""

    agent: str | None = msgspec.field(name="agentId", default=None)


class Meta(Struct, gc=False):
    """The file beside the log of a sub-agent."""

    kind: str | None = msgspec.field(name="agentType", default=None)


class Kind(Struct, gc=False):
    """The type of a line, whatever else is in it."""

    type: str | None = None


LINE = msgspec.json.Decoder(Line)
SPAWN = msgspec.json.Decoder(Spawn)
SPAWNED = msgspec.json.Decoder(Spawned)
KIND = msgspec.json.Decoder(Kind)
META = msgspec.json.Decoder(Meta)


def tokens_of(usage: Usage) -> tuple[int, int, int, int, int]:
    """Tokens of fresh, cached and written prompt, those of the written for an hour, and the answer."""
    written: int | float = usage.cache_creation_input_tokens or 0
    hour: int | float = 0
    split = usage.cache_creation
    if split is not None:
        hour = split.ephemeral_1h_input_tokens or 0
        written = written or (split.ephemeral_5m_input_tokens or 0) + hour
    return (
        int(usage.input_tokens or 0), int(usage.cache_read_input_tokens or 0), int(written),
        int(min(hour, written)), int(usage.output_tokens or 0),
    )  # fmt: skip


def type_of(text: bytes) -> str:
    """Type of a line of which the rest is of no known form."""
    try:
        return KIND.decode(text).type or ""
    except (msgspec.ValidationError, RecursionError):
        return ""
