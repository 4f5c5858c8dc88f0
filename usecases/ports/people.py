"""Where persons, links, sessions and personal tokens are stored, and how a person proves who it is.

A link, a cookie and a token are random secrets of 256 bits; the stores keep their SHA-256 alone.
A change writes its audit row in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.people.actor import Actor
from domain.people.credentials import Credentials
from domain.people.entry import Origin, Way
from domain.people.links import Link, Purpose
from domain.people.person import Person, PersonState
from domain.people.provider import ProvenIdentity
from domain.people.roles import Grant, Rights
from domain.people.session import OpenSession, Session
from domain.people.tokens import PersonalToken


class Persons(Protocol):
    """Persons and their roles."""

    async def add(self, name: str, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Store a new person with these roles. Raises NameTaken."""

    async def find(self, name: str) -> Person | None:
        """The person with this login name."""

    async def get(self, person_id: UUID) -> Person | None:
        """The person with this id."""

    async def page(self, *, limit: int, after: str | None = None) -> list[Person]:
        """Persons by name, those behind the name `after`."""

    async def grant(self, person_id: UUID, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Give roles; those that the person has already stay. Raises NoSuchPerson."""

    async def revoke(self, person_id: UUID, grants: Sequence[Grant], *, actor: Actor) -> Person:
        """Take roles away. Raises NoSuchPerson, LastAdmin."""

    async def link(self, person_id: UUID, issuer: str, subject: str, *, actor: Actor) -> Person:
        """Let a person sign in by this identity of the provider. Raises NoSuchPerson, IdentityTaken."""

    async def set_state(self, person_id: UUID, state: PersonState, *, actor: Actor) -> Person:
        """Disable a person, which ends sessions, links and personal tokens for good, or enable one again.

        Raises:
            NoSuchPerson: there is no such person.
            LastAdmin: no other active person is an admin of every app.
        """


class Proofs(Protocol):
    """How persons prove who they are."""

    async def find(self, name: str) -> Credentials | None:
        """The credentials of the active person with this login name."""

    async def use_code(self, person_id: UUID, step: int) -> bool:
        """Note the time step of a code; False if this step or a later one was used before."""

    async def set_password(self, person_id: UUID, password_hash: str, *, actor: Actor) -> None:
        """Replace the password. The person's other sessions are not touched."""

    async def set_code(self, person_id: UUID, secret: str | None, *, actor: Actor) -> None:
        """Set the secret of the second factor; None removes it."""


class Links(Protocol):
    """One-time links."""

    async def add(
        self,
        person_id: UUID,
        link: str,
        *,
        purpose: Purpose,
        ends_at: datetime,
        actor: Actor,
        rights: Rights | None,
    ) -> None:
        """Make a link valid; the person's earlier links end.

        If `rights`, those of the actor, do not hold in every app, the link also ends when the person gets a
        role in another app, or an identity of the provider.

        Raises:
            NoSuchPerson: no such person is active.
            NotPermitted: the actor may not let anyone in as this person now.
        """

    async def find(self, link: str) -> Link | None:
        """The link, which stays valid."""


class Sessions(Protocol):
    """Sessions of the console."""

    async def check(self, cookie: str) -> Session | None:
        """The session with this cookie, which counts as used now; None if there is none or it has ended."""

    async def open(
        self, person_id: UUID, way: Way, *, origin: Origin, proof: Credentials | None = None
    ) -> str:
        """Open a session and return its cookie; the session of `origin` ends. Raises SignInFailed if the
        person is not active, or has other credentials by now than `proof`, which the sign-in was checked
        against.
        """

    async def open_by_link(self, link: str, *, password_hash: str | None, origin: Origin) -> str:
        """Use a link, set the password that comes with an invitation, open a session and return its cookie.

        An invitation ends the person's other sessions. Of many at once, one succeeds. Raises LinkInvalid.
        """

    async def close(self, session: Session, *, address: str | None) -> None:
        """End one session."""

    async def close_all(self, person_id: UUID, *, actor: Actor, but: UUID | None = None) -> int:
        """End a person's sessions, except `but`; returns how many."""

    async def open_ones(self, person_id: UUID) -> list[OpenSession]:
        """A person's sessions that have not ended, newest first, 50 at most."""

    async def close_one(self, person_id: UUID, session_id: UUID, *, actor: Actor) -> bool:
        """End one session of this person; False if there is none."""

    async def set_language(self, session_id: UUID, language: str) -> None:
        """Remember the language that the person chose."""


class PersonalTokens(Protocol):
    """Personal tokens."""

    async def add(
        self,
        person_id: UUID,
        name: str,
        *,
        scopes: Sequence[str] | None,
        expires_at: datetime,
        actor: Actor,
    ) -> str:
        """Make a token and return it; a token of the person with the same name is replaced. Raises
        NoSuchPerson if none is active.
        """

    async def page(self, person_id: UUID | None, *, limit: int) -> list[PersonalToken]:
        """The newest tokens, of one person or of all."""

    async def revoke(self, token_id: UUID, *, actor: Actor, person_id: UUID | None = None) -> bool:
        """Revoke a token; False if there is none, or not of this person."""


class ProvenPersons(Protocol):
    """Persons whom an identity provider vouches for."""

    async def meet(
        self, identity: ProvenIdentity, name: str, grants: Sequence[Grant], *, address: str | None
    ) -> Person:
        """The person with this identity, who is stored at the first sign-in. The roles that came from the
        provider are replaced by `grants`; those that an admin gave stay.

        Raises:
            NameTaken: a person without this identity has the login name.
            SignInFailed: the person is disabled.
            ProviderRefused: the identity is new and comes without a role.
        """


class Provider(Protocol):
    """An identity provider (OpenID Connect)."""

    async def address(self, secret: str, *, back_to: str) -> str:
        """Where the browser goes to sign in. `secret`: random, kept in the browser until it is back. Raises
        ProviderAway.
        """

    async def prove(self, secret: str, *, state: str, code: str, back_to: str) -> ProvenIdentity:
        """Exchange a code for the identity. Raises ProviderRefused, ProviderAway."""


class Passwords(Protocol):
    """Password hashes, computed outside the event loop, few at once."""

    async def hash(self, password: str) -> str:
        """The hash of a new password. Raises TooManySignIns if too many wait."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None takes as long as a hash. Raises TooManySignIns if too many
        wait.
        """


class Codes(Protocol):
    """Codes of a second factor (TOTP)."""

    def new_secret(self) -> str:
        """A new random secret."""

    def address(self, secret: str, name: str) -> str:
        """What an authenticator reads from a QR code, `otpauth://…`."""

    def step_of(self, secret: str, code: str, *, now: datetime) -> int | None:
        """The time step of a right code; None for any other text."""


class SignInLimits(Protocol):
    """Tries to sign in, by name and by address, counted for all processes."""

    async def take(self, name: str, address: str | None) -> float:
        """Count a try and return 0, or return the seconds until the next one is allowed."""

    async def succeeded(self, name: str, address: str | None) -> None:
        """The try was right: it is not counted, and this address is known for this name from now on."""

    async def take_at(self, way: Way, address: str | None) -> float:
        """As `take`, for a try in a way that begins without a name: by address alone."""

    async def succeeded_at(self, way: Way, address: str | None) -> None:
        """The try in this way was right: it is not counted."""


class SignInFailures(Protocol):
    """Failed sign-ins, for the audit."""

    async def note(self, way: Way, name: str | None, *, why: str, address: str | None) -> None:
        """Note a failure. `name`: of the person who exists, never what was typed. `why`: a word of ours."""


class PeopleUpkeep(Protocol):
    """Rows of people that have ended."""

    async def forget(self) -> int:
        """Delete what has ended, which nothing reads any more; returns how many rows."""
