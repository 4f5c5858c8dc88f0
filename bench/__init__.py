"""The benchmark: baselines and product side by side, in one run with one table."""
