"""Tune Python's cycle collector for processes that decode many small trees."""

import gc


def calm_garbage_collection() -> None:
    """Run the cycle collector rarely, and never over objects from before the first request.

    A decoded callback has some forty dicts, so Python's default threshold of 700 starts a collection every
    few requests, and every second a full one, which stops everything for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
