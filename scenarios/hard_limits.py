"""What no session passes, whatever its guardrails say."""

from __future__ import annotations

MAX_CALLS = 100_000
"""Calls of one session; it is cut where it would make more."""

MAX_DEPTH = 64
"""Deepest level of children, the root at 0: the most that `guardrails.depth` may say."""

MAX_STACK = 200
"""Instances that wait for each other at one time: parents for children, and agents for their validators."""
