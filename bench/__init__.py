"""What the speed is measured with: baselines and product side by side, one run, one table."""
