"""The public listener, which accepts callbacks from the vendor and from browsers, and nothing else."""
