"""A sign-in: from where, and with what."""

from enum import StrEnum

import msgspec


class Way(StrEnum):
    """How a person signs in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - a word
    OIDC = "oidc"


class Origin(msgspec.Struct, frozen=True):
    """Where a sign-in comes from. `address`: the client's IP address. `cookie`: the session that the browser
    has already, which ends. `language`: what the page is shown in.
    """

    address: str | None
    cookie: str | None = None
    language: str | None = None

    def __repr__(self) -> str:
        return f"Origin({self.address!r})"
