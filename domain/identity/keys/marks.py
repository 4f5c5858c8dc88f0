"""Whether a key store is the one that a database's data is under, by what the database remembers of it."""

from domain.identity.keys.epochs import KeyStoreState


def trouble_of_store(known: KeyStoreState | None, seen: KeyStoreState) -> str | None:
    """Why the store `seen` must not be used, for an operator; None if it may. `known` None: the first one."""
    if known is None:
        return None
    if known.id != seen.id:
        return "this is another key store than the one that the data's keys are in"
    if seen.destroyed < known.destroyed or seen.erased < known.erased:
        return "this key store was rolled back: it lacks destroyed epochs or erasures"
    if seen.epochs < known.epochs:
        return "this key store was rolled back: it lacks epochs that data is under"
    return None
