"""Sums of many calls, as usage pages and bills give them: level and mix, no tails. One reader a file."""
