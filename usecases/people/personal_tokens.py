"""Make, list and revoke personal tokens."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.people.actor import Actor
from domain.people.errors import NameRefused, NoSuchPersonalToken, OutOfBounds, ScopeRefused
from domain.people.tokens import DEFAULT_LIFE, LONGEST_LIFE, PersonalToken
from domain.views.tokens import EVERY_SCOPE
from usecases.ports.people import PersonalTokens

_LONGEST_NAME = 64


class PersonalTokenDesk:
    """Personal tokens of one person; only the person, or a command, makes them."""

    def __init__(self, tokens: PersonalTokens, *, clock: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._clock = clock

    async def create(
        self,
        person_id: UUID,
        name: str,
        *,
        actor: Actor,
        scopes: Sequence[str] | None = None,
        life: timedelta = DEFAULT_LIFE,
    ) -> str:
        """Make a token, which is shown this once; one with the same name is replaced. `scopes` limits it to
        some of the person's rights.

        Raises:
            NoSuchPerson: there is no such person, or it is disabled.
            NameRefused: the token's name is empty, too long or not visible text.
            ScopeRefused: a scope that does not exist.
            OutOfBounds: a token lives at most 366 days.
        """
        checked = name.strip()
        if not 1 <= len(checked) <= _LONGEST_NAME or not checked.isprintable():
            raise NameRefused
        if not EVERY_SCOPE.issuperset(scopes or ()):
            raise ScopeRefused
        if not timedelta(0) < life <= LONGEST_LIFE:
            raise OutOfBounds
        ends = self._clock() + life
        return await self._tokens.add(person_id, checked, scopes=scopes, expires_at=ends, actor=actor)

    async def page(self, person_id: UUID | None, *, limit: int) -> list[PersonalToken]:
        """The newest tokens, of one person or of all."""
        return await self._tokens.page(person_id, limit=limit)

    async def revoke(self, token_id: UUID, *, actor: Actor, person_id: UUID | None = None) -> None:
        """Revoke a token of this person, or of anyone. Raises NoSuchPersonalToken."""
        if not await self._tokens.revoke(token_id, actor=actor, person_id=person_id):
            raise NoSuchPersonalToken
