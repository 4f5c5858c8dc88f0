"""The public listener: callbacks from the vendor and from browsers, and nothing else."""
