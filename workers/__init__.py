"""The queue edge: arq jobs that record callbacks, pull results, decide, and sweep for unfinished work."""
