"""A row of the audit: who did what, to what, and why. It never holds identity."""

from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from domain.audit.action import Action
from domain.people.actor import Actor

LONGEST: Final = 2000
"""Characters of a text in a row. Longer texts are cut: no text may make the change that it records fail."""


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row to append. PostgreSQL gives the number and the time.

    `actor`: `str` of an `Actor`. `app_id`: None if the change concerns every app. `subject`: what was
    changed (`domain.audit.action.MEANINGS`). `address`: the IP address of the caller. `detail`: identifiers
    and words of ours. It holds no floats, since two programs may print one float in two ways.

    Raises:
        TypeError: `detail` has a value that is no text, integer, boolean, None, list or object.
    """

    action: Action
    actor: str
    app_id: str | None = None
    subject: str | None = None
    reason: str | None = None
    detail: dict[str, Any] = {}
    person_id: UUID | None = None
    address: str | None = None

    @classmethod
    def by(cls, actor: Actor, action: Action, **members: Any) -> Self:
        """A row about what `actor` did. `members`: the other members."""
        return cls(
            action=action, actor=str(actor), person_id=actor.person_id, address=actor.address, **members
        )

    def __post_init__(self) -> None:
        for name in ("actor", "app_id", "subject", "reason", "address", "detail"):
            msgspec.structs.force_setattr(self, name, storable(getattr(self, name)))


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table. `at` has microseconds, as PostgreSQL keeps them. `salt` is random."""

    id: int
    at: datetime
    salt: UUID
    app_id: str | None
    actor: str
    person_id: UUID | None
    address: str | None
    action: str
    subject: str | None
    reason: str | None
    detail: dict[str, Any]


def storable(value: Any) -> Any:
    """The value as PostgreSQL can keep it: without NUL and lone surrogates, and at most `LONGEST` long.

    Raises:
        TypeError: it has a value of another kind than `AuditRow` allows.
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            return value.encode(errors="replace").decode().replace("\0", "?")[:LONGEST]
        case list() | tuple():
            return [storable(each) for each in value]
        case dict():
            return {storable(str(name)): storable(each) for name, each in value.items()}
        case _:
            raise TypeError(f"no {type(value).__name__} in a row of the audit")
