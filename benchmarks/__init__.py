"""Speed and memory, as ratios measured in one run; results are checked before they are timed."""
