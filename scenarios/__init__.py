"""Meaning: what a GenAI workload is, as its owner writes it down."""
