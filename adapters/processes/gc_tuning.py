"""Python's cycle collector, set for processes that decode many small trees."""

import gc


def calm_garbage_collection() -> None:
    """Let the cycle collector run rarely, and never over what was there before the first request.

    A decoded callback is some forty dicts, so that Python's default of 700 starts a collection every few
    requests and a full one, which stops everything for tens of milliseconds, every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
