"""Show identity to someone who may see it and says why. The audit is committed before the answer leaves."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.identity.numbers import normalize
from domain.identity.pictures import StoredPicture
from domain.identity.reading import Field, checked_reason
from domain.model import Identity
from domain.people.actor import Actor
from domain.views.persons import FoundVerification, ShownIdentity, StoredDocument
from domain.views.verifications import VerificationRecord
from usecases.ports.identity.reads import IdentityReads

MOST: int = 200
"""Verifications of one person that are found, the newest first."""

NOBODY = Identity()


class StoredPerson(NamedTuple):
    """What is stored of one verification's person."""

    found: FoundVerification
    identity: Identity
    documents: list[StoredDocument]
    pictures: list[StoredPicture]


class IdentityDesk:
    """Reads identity, and searches by ID number. `limit`: reads of one actor in a day (UTC)."""

    def __init__(self, reads: IdentityReads, *, limit: int) -> None:
        self._reads = reads
        self._limit = limit

    async def read(
        self, record: VerificationRecord, fields: Collection[Field], *, actor: Actor, reason: str
    ) -> ShownIdentity:
        """These fields; None where there is nothing.

        Raises:
            ReadRefused: no reason, or too many reads.
            BrokenSeal: no configured key opens the identity.
            ServerAway: PostgreSQL, the key store, or that of pictures.
        """
        row = AuditRow.by(
            actor,
            Action.IDENTITY_READ,
            app_id=record.app_id,
            subject=record.biz_id,
            reason=checked_reason(reason),
            detail={"fields": sorted(fields)},
        )
        identity = await self._reads.identity_of(record.id) or NOBODY
        images = await self._reads.pictures_of(record.id) if Field.IMAGES in fields else None
        await self._reads.note([row], limit=self._limit)
        return ShownIdentity(
            name=identity.name if Field.NAME in fields else None,
            id_number=identity.id_number if Field.NUMBER in fields else None,
            images=images,
        )

    async def search(
        self, app_ids: Sequence[str], number: str, *, actor: Actor, reason: str
    ) -> list[FoundVerification]:
        """The verifications of these apps with this ID number, newest first.

        Raises:
            WrongNumber: it is no ID number.
            ReadRefused, ServerAway: as `read`.
        """
        return await self._find(Action.PERSON_SEARCHED, app_ids, number, actor=actor, reason=reason)

    async def of_person(
        self, app_ids: Sequence[str], number: str, *, actor: Actor, reason: str
    ) -> list[StoredPerson]:
        """Everything that the person or the vendor said, for an export. Raises as `read` and `search`."""
        found = await self._find(Action.PERSON_EXPORTED, app_ids, number, actor=actor, reason=reason)
        return [await self._stored(each) for each in found]

    async def _stored(self, found: FoundVerification) -> StoredPerson:
        identity = await self._reads.identity_of(found.id) or NOBODY
        documents, pictures = (
            await self._reads.documents_of(found.id),
            await self._reads.stored_pictures(found.id),
        )
        return StoredPerson(found, identity, documents, pictures)

    async def _find(
        self, action: Action, app_ids: Sequence[str], number: str, *, actor: Actor, reason: str
    ) -> list[FoundVerification]:
        form, why = normalize(number), checked_reason(reason)
        found = await self._reads.find(app_ids, form, limit=MOST)
        row = AuditRow.by(actor, action, reason=why)
        rows = [_of_app(row, app_id, found) for app_id in app_ids]
        await self._reads.note(rows, limit=self._limit)
        return found


def _of_app(row: AuditRow, app_id: str, found: Sequence[FoundVerification]) -> AuditRow:
    biz_ids = [each.biz_id for each in found if each.app_id == app_id]
    return msgspec.structs.replace(row, app_id=app_id, detail={"biz_ids": biz_ids})
