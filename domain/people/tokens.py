"""Personal tokens: what a person's own programs use, with the rights of the person."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.people.person import PersonRef

PREFIX: Final = "fgp_"
"""Personal tokens begin with this, so that the api knows where to look, and a scanner what it found."""

DEFAULT_LIFE: Final = timedelta(days=90)
LONGEST_LIFE: Final = timedelta(days=366)


class PersonalToken(msgspec.Struct, frozen=True, kw_only=True):
    """A personal token without its secret. `scopes` limits the person's rights; None keeps them all."""

    id: UUID
    name: str
    person: PersonRef
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
