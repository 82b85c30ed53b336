"""Risk: many trials of a plan, and what they say."""

__version__ = "0.1.0"
