"""How many persons are stored, and how often their identity is read."""

import msgspec


class Persons(msgspec.Struct, frozen=True):
    """The distinct ID numbers of an app, as of the last count."""

    app_id: str
    count: int


class IdentityFigures(msgspec.Struct, frozen=True):
    """`reads`: of this day (UTC). `at_limit`: the actors that were refused on this day."""

    persons: tuple[Persons, ...] = ()
    reads: int = 0
    at_limit: int = 0
