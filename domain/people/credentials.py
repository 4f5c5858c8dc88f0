"""How a person proves who it is, as it is stored."""

import msgspec

from domain.people.person import Person


class Credentials(msgspec.Struct, frozen=True):
    """A person with its password's hash, and the secret and the last used step of its second factor.

    Neither is in the repr.
    """

    person: Person
    password_hash: str | None
    code_secret: str | None = None
    code_used: int = 0

    def __repr__(self) -> str:
        return f"Credentials({self.person.name!r})"
