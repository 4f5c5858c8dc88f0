"""Sign in by password or by a one-time link."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.people.credentials import Credentials
from domain.people.entry import Origin, Way
from domain.people.errors import LinkInvalid, SignInFailed, TooManySignIns
from domain.people.links import Link, Purpose
from domain.people.passwords import check_password
from domain.people.person import normal_name
from usecases.ports.people import Codes, Links, Passwords, Proofs, Sessions, SignInFailures, SignInLimits


@dataclass(frozen=True, kw_only=True)
class SignIns:
    """Opens sessions. A failed sign-in takes as long for a name that exists as for one that does not.

    `with_passwords`: False where an identity provider is configured; links then only sign in.
    """

    sessions: Sessions
    proofs: Proofs
    links: Links
    passwords: Passwords
    codes: Codes
    limits: SignInLimits
    failures: SignInFailures
    clock: Callable[[], datetime]
    with_passwords: bool = True

    async def by_password(self, name: str, password: str, code: str, *, origin: Origin) -> str:
        """Sign in by name, password and, if the person has a second factor, its code; return the cookie of
        the new session.

        Raises:
            SignInFailed: one of them is wrong, or the person is disabled.
            TooManySignIns: too many failed tries, by this name or from this address.
        """
        known = normal_name(name) or ""
        if wait := await self.limits.take(known, origin.address):
            raise TooManySignIns(wait)
        found = await self.proofs.find(known)
        if found is None or not self.with_passwords:
            await self.passwords.verify(None, password)
            raise await self._failed(found, origin)
        is_right = await self.passwords.verify(found.password_hash, password)
        if not (is_right and await self._has_code(found, code)):
            raise await self._failed(found, origin)
        await self.limits.succeeded(known, origin.address)
        return await self.sessions.open(found.person.id, Way.PASSWORD, origin=origin, proof=found)

    async def find_link(self, link: str, *, origin: Origin) -> Link:
        """The one-time link, which stays valid.

        Raises:
            LinkInvalid: it was used, has ended or never existed.
            TooManySignIns: too many such links from this address. A valid link is never refused.
        """
        found = await self.links.find(link)
        if found is not None:
            return found
        if wait := await self.limits.take_at(Way.LINK, origin.address):
            raise TooManySignIns(wait)
        await self.failures.note(Way.LINK, None, why="link", address=origin.address)
        raise LinkInvalid

    async def by_link(self, link: str, *, password: str | None, origin: Origin) -> str:
        """Sign in by a one-time link, and set `password` if it is an invitation; return the cookie of the
        new session.

        Raises:
            LinkInvalid: it was used, has ended or never existed.
            PasswordRefused: this may not be a password. The link stays valid.
            TooManySignIns: as `find_link`, or too many passwords are checked at once.
        """
        found = await self.find_link(link, origin=origin)
        password_hash = None
        if found.purpose is Purpose.INVITE:
            check_password(password or "", name=found.person.name)
            password_hash = await self.passwords.hash(password or "")
        return await self.sessions.open_by_link(link, password_hash=password_hash, origin=origin)

    async def _has_code(self, found: Credentials, code: str) -> bool:
        if found.code_secret is None:
            return True
        step = self.codes.step_of(found.code_secret, code, now=self.clock())
        return step is not None and await self.proofs.use_code(found.person.id, step)

    async def _failed(self, found: Credentials | None, origin: Origin) -> SignInFailed:
        name = None if found is None else found.person.name
        await self.failures.note(Way.PASSWORD, name, why="wrong", address=origin.address)
        return SignInFailed()
