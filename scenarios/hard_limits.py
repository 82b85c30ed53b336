"""What no session and no period passes, whatever the scenario says."""

from __future__ import annotations

MAX_CALLS = 100_000
"""Calls of one session; it is cut where it would make more."""

MAX_DEPTH = 64
"""Deepest level of children, the root at 0: the most that `guardrails.depth` may say."""

MAX_STACK = 200
"""Instances that wait for each other at one time: parents for children, and agents for their validators."""

MAX_ROUTING_RULES = 12
"""Events and controls with a `route`: every set of them may be in force at once, and needs a table of its own."""

MAX_PARTIAL_EVENTS = 12
"""Events that hit a share of the sessions: every set of them may hit the same one, which makes a kind of its own."""

MAX_STARTS_PER_MONTH = 1_000
"""Expected occurrences of one event in a calendar month."""

MAX_USERS = 1_000_000
"""Users of a volume, each of whom is drawn in every trial."""
