"""The promise under injected faults: what was acknowledged is decided once, and no call is wasted."""
