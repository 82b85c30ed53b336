"""Threads of Codex, a file each: whose it is, what it asks for, and what was read of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from scenarios.logs.codes import NONE
from scenarios.logs.codex_lines import Payload, Tokens, Usage, spawned_by, time_of
from scenarios.logs.select import Picker
from scenarios.logs.source import Source

_NAN = float("nan")
_TIERS = {"default": "", "standard": "", "auto": "", "fast": "priority"}


@dataclass
class Use:
    """A tool that was asked for by an answer whose counts are still to come."""

    name: str
    id: str
    tokens: int = NONE
    failed: bool = False


@dataclass
class Thread:
    """A file, as far as it was read.

    Attributes
    ----------
    source : the file
    name, parent, origin, kind : of the thread, of the one that spawned it and of the one that it was forked from, and
        what kind of agent it is
    begun : time at which it began
    first_own : ordinal of its first line that is not a copy; None where lines have none
    wanted, feature, fields : what was asked of the log, and the fields that tell it
    rows, marks : of its records, and for each what is the same in a copy
    total, single : sum so far, and the kind and counts of the latest answer's record until there are two
    last_row, before : row of the latest answer if nothing came after it, and that if one line did
    """

    source: Source
    name: str
    parent: str | None = None
    origin: str | None = None
    kind: str = "main"
    begun: float = _NAN
    first_own: int | None = None
    told: bool = False
    provider: str | None = None
    model: str | None = None
    tier: str | None = None
    wanted: bool = True
    feature: str = ""
    fields: dict[str, msgspec.Raw] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    total: Usage | None = None
    last_row: int = NONE
    before: int = NONE
    single: tuple[str, Tokens] | None = None
    compacted: bool = False

    def begin(self, said: Payload) -> None:
        """Learn whose the file is."""
        self.told, self.name = True, said.id or self.name
        self.origin, self.begun = said.forked_from_id, time_of(said.timestamp)
        self.first_own, self.provider = said.first_own, said.model_provider
        self.parent, kind = spawned_by(said)
        self.kind = kind or "main"
        if not (self.parent or self.origin):
            self.begun, self.first_own = _NAN, None
        self.ask(said.model, said.service_tier)

    def ask(self, model: str | None, tier: str | None) -> None:
        """Learn what answers to come are asked of."""
        if model:
            self.model = model
        if tier:
            tier = tier.strip().lower()
            self.tier = _TIERS.get(tier, tier)

    def pick(self, text: bytes, picker: Picker) -> None:
        """Hold the fields of the thread and of its turn against what was asked for."""
        if picker.asked:
            said = msgspec.json.decode(text, type=dict[str, msgspec.Raw])["payload"]
            self.fields |= msgspec.json.decode(said, type=dict[str, msgspec.Raw])
            self.wanted, self.feature = picker.pick(msgspec.json.encode(self.fields))
