"""The promise under injected faults: acknowledged callbacks are decided once, and no call is wasted."""
