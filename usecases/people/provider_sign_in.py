"""Sign in at an identity provider, whose groups give the roles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.people.entry import Origin, Way
from domain.people.errors import NameTaken, ProviderRefused, SignInFailed, TooManySignIns
from domain.people.person import Person, normal_name
from domain.people.provider import ProvenIdentity, grants_of
from domain.people.roles import Grant
from usecases.ports.people import ProvenPersons, Provider, Sessions, SignInFailures, SignInLimits


@dataclass(frozen=True, kw_only=True)
class ProviderSignIns:
    """Opens sessions for those whom the provider vouches for and whose groups give a role.

    `groups`: the roles of each group. `back_to`: where the provider sends the browser back.
    """

    provider: Provider
    groups: Mapping[str, Sequence[Grant]]
    back_to: str
    persons: ProvenPersons
    sessions: Sessions
    limits: SignInLimits
    failures: SignInFailures
    new_secret: Callable[[], str]

    async def begin(self) -> tuple[str, str]:
        """A random secret for the browser to keep until it is back, and the address to which it goes. Raises
        ProviderAway.
        """
        secret = self.new_secret()
        return secret, await self.provider.address(secret, back_to=self.back_to)

    async def finish(self, secret: str, *, state: str, code: str, origin: Origin) -> str:
        """Sign in with what the provider sent back; return the cookie of the new session.

        Raises:
            ProviderRefused: the answer proves nothing, or no group gives a role.
            SignInFailed: the person is disabled.
            ProviderAway: the provider cannot be reached.
            TooManySignIns: too many failed tries from this address.
        """
        if wait := await self.limits.take_at(Way.OIDC, origin.address):
            raise TooManySignIns(wait)
        try:
            person = await self._met(secret, state, code, origin)
        except (ProviderRefused, SignInFailed) as error:
            why = error.code if isinstance(error, ProviderRefused) else "disabled"
            await self.failures.note(Way.OIDC, None, why=why, address=origin.address)
            raise
        await self.limits.succeeded_at(Way.OIDC, origin.address)
        return await self.sessions.open(person.id, Way.OIDC, origin=origin)

    async def _met(self, secret: str, state: str, code: str, origin: Origin) -> Person:
        identity = await self.provider.prove(secret, state=state, code=code, back_to=self.back_to)
        name = _name_of(identity)
        grants = grants_of(identity.groups, self.groups)
        try:
            person = await self.persons.meet(identity, name, grants, address=origin.address)
        except NameTaken:
            raise ProviderRefused("name_taken") from None
        if not person.grants:
            raise ProviderRefused("no_role")
        return person


def _name_of(identity: ProvenIdentity) -> str:
    name = normal_name(identity.name)
    if name is None:
        raise ProviderRefused("no_name")
    return name
