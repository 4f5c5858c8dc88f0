"""Who does something: a person, a program with a token, a command, or the gateway itself."""

from enum import StrEnum
from typing import Self
from uuid import UUID

import msgspec


class ActorKind(StrEnum):
    """`person`: in the console or with a personal token · `token`: a program · `command`: a command line ·
    `gateway`: one of its processes.
    """

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a word
    COMMAND = "command"
    GATEWAY = "gateway"


class Actor(msgspec.Struct, frozen=True):
    """Who does it, and from where.

    `name`: a person's login name, a token's name, the user of the operating system, or a role of the gateway.
    `address`: the client's IP address; None for commands and for the gateway.
    """

    kind: ActorKind
    name: str
    person_id: UUID | None = None
    address: str | None = None

    @classmethod
    def command(cls, user: str) -> Self:
        """A command that the user of an operating system runs."""
        return cls(ActorKind.COMMAND, user)

    @classmethod
    def gateway(cls, role: str) -> Self:
        """A process of the gateway."""
        return cls(ActorKind.GATEWAY, role)

    @classmethod
    def token(cls, name: str, *, address: str | None) -> Self:
        """A program with a token."""
        return cls(ActorKind.TOKEN, name, None, address)

    @classmethod
    def person(cls, person_id: UUID, name: str, *, address: str | None) -> Self:
        """A person, in the console or with a personal token."""
        return cls(ActorKind.PERSON, name, person_id, address)

    def __str__(self) -> str:
        """For logs and audit rows, such as `person:li.na` or `token:orders`."""
        return f"{self.kind}:{self.name}"
