"""One-time links by which a person signs in without a password, or sets one."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.people.person import PersonRef

SHORTEST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=24)


class Purpose(StrEnum):
    """`invite`: the person sets a password · `sign_in`: the link alone signs in."""

    INVITE = "invite"
    SIGN_IN = "sign_in"


class Link(msgspec.Struct, frozen=True):
    """A link that was not used yet."""

    person: PersonRef
    purpose: Purpose
    ends_at: datetime
