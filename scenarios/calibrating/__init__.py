"""A table of calls to agents, features, difficulty and volume, in the words of the scenario language."""
