"""A person who signs in, and what a person's login name may be."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.people.roles import Grant, Rights, rights_of

NAME_SHAPE: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
"""ASCII alone: two names that look alike are the same name."""


class PersonRef(msgspec.Struct, frozen=True):
    """A person in another record."""

    id: UUID
    name: str


class PersonState(StrEnum):
    """A `disabled` person cannot sign in, and has no sessions and no valid tokens."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person. `grants` are those in force. `signs_in_by`: the ways that exist for this person, of
    `password`, `code` (a second factor) and `oidc`.
    """

    id: UUID
    name: str
    state: PersonState = PersonState.ACTIVE
    grants: tuple[Grant, ...] = ()
    signs_in_by: tuple[str, ...] = ()
    created_at: datetime
    seen_at: datetime | None = None

    @property
    def ref(self) -> PersonRef:
        """Id and name."""
        return PersonRef(self.id, self.name)

    @property
    def rights(self) -> Rights:
        """What this person may do; nothing if disabled."""
        return rights_of(self.grants) if self.state is PersonState.ACTIVE else Rights()


def normal_name(text: str) -> str | None:
    """The login name that `text` means, in lower case; None if no login name has this shape."""
    name = unicodedata.normalize("NFKC", text.strip()).lower()
    return name if NAME_SHAPE.fullmatch(name) else None
