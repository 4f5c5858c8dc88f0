"""What a signed-in person changes of the own account: password, second factor and sessions."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from domain.people.entry import Way
from domain.people.errors import SignInFailed, TooManySignIns
from domain.people.passwords import check_password
from domain.people.session import OpenSession, Session
from usecases.ports.people import Codes, Passwords, Proofs, Sessions, SignInFailures, SignInLimits


class NewCode(msgspec.Struct, frozen=True):
    """A second factor to set up: the secret, and the address that an authenticator reads from a QR code. The
    repr shows neither.
    """

    secret: str
    address: str

    def __repr__(self) -> str:
        return "NewCode(...)"


class OwnAccount:
    """A change of password or second factor wants the password again: a browser may be left open."""

    def __init__(
        self,
        *,
        proofs: Proofs,
        sessions: Sessions,
        passwords: Passwords,
        codes: Codes,
        limits: SignInLimits,
        failures: SignInFailures,
        clock: Callable[[], datetime],
    ) -> None:
        self._proofs = proofs
        self._sessions = sessions
        self._passwords = passwords
        self._codes = codes
        self._limits = limits
        self._failures = failures
        self._clock = clock

    async def change_password(self, session: Session, old: str, new: str, *, address: str | None) -> None:
        """Replace the password; the person's other sessions end.

        Raises:
            SignInFailed: the old password is wrong.
            PasswordRefused: the new one cannot be used.
            TooManySignIns: too many tries.
        """
        check_password(new, name=session.person.name)
        await self._prove(session, old, address)
        password_hash = await self._passwords.hash(new)
        actor = session.actor(address)
        await self._proofs.set_password(session.person.id, password_hash, actor=actor)
        await self._sessions.close_all(session.person.id, actor=actor, but=session.id)

    def new_code(self, session: Session) -> NewCode:
        """A second factor to set up. It counts once `set_code` has seen a code of it."""
        return self.code_of(session, self._codes.new_secret())

    def code_of(self, session: Session, secret: str) -> NewCode:
        """The second factor with this secret, to be shown again."""
        return NewCode(secret, self._codes.address(secret, session.person.name))

    async def set_code(
        self, session: Session, password: str, secret: str, code: str, *, address: str | None
    ) -> None:
        """Set up the second factor with this secret. Raises SignInFailed, TooManySignIns."""
        await self._prove(session, password, address)
        step = self._codes.step_of(secret, code, now=self._clock())
        if step is None:
            raise SignInFailed
        await self._proofs.set_code(session.person.id, secret, actor=session.actor(address))
        await self._proofs.use_code(session.person.id, step)

    async def remove_code(self, session: Session, password: str, *, address: str | None) -> None:
        """Remove the second factor. Raises SignInFailed, TooManySignIns."""
        await self._prove(session, password, address)
        await self._proofs.set_code(session.person.id, None, actor=session.actor(address))

    async def has_code(self, session: Session) -> bool:
        """Whether the person has a second factor."""
        found = await self._proofs.find(session.person.name)
        return found is not None and found.code_secret is not None

    async def sessions(self, session: Session) -> list[OpenSession]:
        """The person's sessions, newest first; one of them is `session`."""
        return await self._sessions.open_ones(session.person.id)

    async def end_session(self, session: Session, session_id: UUID, *, address: str | None) -> bool:
        """End one of the person's sessions; False if there is none."""
        actor = session.actor(address)
        return await self._sessions.close_one(session.person.id, session_id, actor=actor)

    async def end_others(self, session: Session, *, address: str | None) -> int:
        """End the person's other sessions; returns how many."""
        actor = session.actor(address)
        return await self._sessions.close_all(session.person.id, actor=actor, but=session.id)

    async def _prove(self, session: Session, password: str, address: str | None) -> None:
        name = session.person.name
        if wait := await self._limits.take(name, address):
            raise TooManySignIns(wait)
        found = await self._proofs.find(name)
        known = None if found is None else found.password_hash
        if not await self._passwords.verify(known, password):
            await self._failures.note(Way.PASSWORD, name, why="account", address=address)
            raise SignInFailed
        await self._limits.succeeded(name, address)
