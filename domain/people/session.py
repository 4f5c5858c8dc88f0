"""A person's session in the console: how long it lives, and the token of its forms."""

import base64
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.people.actor import Actor
from domain.people.entry import Way
from domain.people.person import Person
from domain.people.roles import Rights

IDLE: Final = timedelta(minutes=30)
"""A session that was not used for so long has ended."""

LONGEST: Final = timedelta(hours=12)
"""No session lives longer, however much it is used."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is valid now. `id` is not the cookie. `csrf`: the token that every form must contain.
    `ends_at`: when it ends, unless it is used before. `language`: the chosen one; None leaves it to the
    browser.
    """

    id: UUID
    person: Person
    rights: Rights
    csrf: str
    signed_in_at: datetime
    seen_at: datetime
    ends_at: datetime
    language: str | None = None

    def __repr__(self) -> str:
        return f"Session(id={self.id!r}, person={self.person.name!r})"

    def actor(self, address: str | None) -> Actor:
        """The person of this session, at this address."""
        return Actor.person(self.person.id, self.person.name, address=address)


class OpenSession(msgspec.Struct, frozen=True):
    """A session in the list of a person's sessions. `address`: of the browser at the sign-in."""

    id: UUID
    way: Way
    address: str | None
    signed_in_at: datetime
    seen_at: datetime


def end_of(signed_in_at: datetime, seen_at: datetime) -> datetime:
    """When a session ends that was last used at `seen_at`."""
    return min(signed_in_at + LONGEST, seen_at + IDLE)


def csrf_of(cookie: str) -> str:
    """The token of a session's forms. It follows from the cookie, which it does not reveal, so it needs no
    place in the store.
    """
    digest = hmac.digest(cookie.encode(errors="surrogatepass"), b"faceid-gateway form token", "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
