"""What the use cases and the edges need of the adapters, as small protocols, in rooms like the adapters'.

Adapters implement them by shape and import none of them. Tests pass what keeps everything in memory, `main`
passes adapters; the same contract tests (`tests/contracts`) hold both.
"""
