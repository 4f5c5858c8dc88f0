"""The guards by subject; `tests.mutations.guards` names and gathers them."""
