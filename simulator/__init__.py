"""Risk: many trials of a plan, and what they say."""
