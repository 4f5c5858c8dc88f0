"""Bearer tokens of the internal API, without their secrets."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import msgspec

from domain.people.actor import Actor
from domain.people.person import PersonRef
from domain.people.roles import NO_APPS, SCOPES_OF, Apps, Rights

SCOPE_MEANINGS: Final = {
    "verifications:read": "Look up verifications and why they were decided, see and try policies.",
    "verifications:write": "Order and register verifications.",
    "endpoints": "Manage webhook endpoints.",
    "operate": "Spend a pull, ask for a review, handle dead letters, reload policies.",
    "audit": "Read the audit.",
    "erase": "Erase identity, place and lift legal holds.",
    "identity:name": "Read names, for a reason.",
    "identity:number": "Read ID numbers, and search by them, for a reason.",
    "identity:images": "See the pictures of results, for a reason.",
}
"""What a machine's token may have."""

PERSON_SCOPE_MEANINGS: Final = {
    "review": "Work on review cases.",
    "approve": "Approve what another person proposed.",
    "people": "Manage persons and their roles, tokens and policies.",
}
"""What only persons have, by their roles."""

SCOPES: Final = tuple(SCOPE_MEANINGS)
PERSON_SCOPES: Final = frozenset(PERSON_SCOPE_MEANINGS)
EVERY_SCOPE: Final = frozenset({*SCOPES, *PERSON_SCOPES, *(each for of in SCOPES_OF.values() for each in of)})
"""What programs or persons may have."""


class ApiToken(msgspec.Struct, frozen=True):
    """What a bearer may do; `apps` None means every app.

    A personal token has a `person` and this person's `rights`, which say in which apps each scope holds.
    `only`: the scopes to which the person limited the token; None for all.
    """

    name: str
    apps: list[str] | None
    scopes: list[str]
    expires_at: datetime | None
    person: PersonRef | None = None
    rights: Rights | None = None
    only: Collection[str] | None = None

    def actor(self, address: str | None) -> Actor:
        """Who acts with this token, at this address."""
        if self.person is None:
            return Actor.token(self.name, address=address)
        return Actor.person(self.person.id, self.person.name, address=address)

    def apps_for(self, scopes: Iterable[str]) -> Apps:
        """The apps in which all of `scopes` hold. What only persons may do holds nowhere for a machine."""
        if self.rights is not None:
            return self.rights.limited_to(self.only).apps_for(scopes)
        if not set(scopes) <= set(self.scopes) - PERSON_SCOPES:
            return NO_APPS
        return None if self.apps is None else frozenset(self.apps)

    @property
    def reviewed_apps(self) -> Apps:
        """The apps in which the person behind the token may review, whatever the token is limited to."""
        return NO_APPS if self.rights is None else self.rights.apps_for(("review",))
