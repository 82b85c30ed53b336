"""Every format of logs, which of them some files are, and the way from files to the table of calls."""

from __future__ import annotations

from scenarios.logs.format import FORMATS

__all__ = ["FORMATS"]
