"""The command line, the only file that prints."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
