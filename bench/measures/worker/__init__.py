"""Of the worker: decisions per second, by what waits and what else is done."""
