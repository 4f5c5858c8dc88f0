"""Whether a key store is the one that a database's data is under, by what the database remembers of it."""

from typing import Final

from domain.identity.keys.epochs import KeyStoreState

_OTHER: Final = "this is another key store than the one that the data's keys are in"


def trouble_of_store(known: KeyStoreState | None, seen: KeyStoreState) -> str | None:
    """Why the store `seen` must not be used, for an operator; None if it may. `known` None: the first one."""
    if known is None:
        return None
    if known.id != seen.id:
        return _OTHER if seen.epochs else f"{_OTHER}; it is empty, as on a disk that is not mounted"
    if seen.destroyed < known.destroyed or seen.erased < known.erased:
        return "this key store was rolled back: it lacks destroyed epochs or erasures"
    if seen.epochs < known.epochs:
        return "this key store was rolled back: it lacks epochs that data is under"
    return None
