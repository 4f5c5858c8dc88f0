"""Everything that is stored of one person."""

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.people.actor import Actor
from domain.policy.explanation import explain
from domain.views.persons import ListedPicture
from usecases.identity.read import IdentityDesk, StoredPerson
from usecases.ports.lookups import CloseUps, Lookups, StoredDecisions


class PersonExport:
    """Puts a person's verifications together, each with all that belongs to it."""

    def __init__(
        self, desk: IdentityDesk, *, lookups: Lookups, stored: StoredDecisions, close_ups: CloseUps
    ) -> None:
        self._desk = desk
        self._lookups = lookups
        self._stored = stored
        self._close_ups = close_ups

    async def of(
        self, app_ids: Sequence[str], number: str, *, actor: Actor, reason: str
    ) -> list[dict[str, Any]]:
        """A JSON object for each verification, newest first. Raises as `IdentityDesk.search`."""
        found = await self._desk.of_person(app_ids, number, actor=actor, reason=reason)
        return [await self._one(each) for each in found]

    async def _one(self, person: StoredPerson) -> dict[str, Any]:
        found, identity = person.found, person.identity
        decided = await self._stored.get(found.id)
        close_up = await self._close_ups.of(found.id)
        whole = {
            "verification": found,
            "name": identity.name,
            "id_number": identity.id_number,
            "documents": person.documents,
            "images": [ListedPicture(each.name, each.media_type, each.size) for each in person.pictures],
            "explanation": explain(decided) if decided else None,
            "timeline": await self._lookups.timeline(found.id),
            "calls": close_up.calls,
            "deliveries": close_up.sent,
        }
        exported: dict[str, Any] = msgspec.to_builtins(whole)
        return exported
