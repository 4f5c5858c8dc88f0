"""What the use cases and the edges need from the adapters, as small protocols by subject.

Adapters implement them structurally, without importing them. `main` passes adapters, tests pass in-memory
versions, and the same contract tests (`tests/usecases/ports`) check both.
"""
