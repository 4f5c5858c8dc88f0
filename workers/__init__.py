"""The queue edge: arq jobs that record callbacks, pull results, decide, and sweep up what was left."""
