"""Read identity unmasked, find verifications by ID number, and write the audit before either is answered."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.compression.raw import open_raw
from adapters.sealing.envelope import place_of
from adapters.store.audit.rows import append
from adapters.store.dead_letters import open_letter
from adapters.store.decisions.decisions import unseal_identity
from adapters.store.identity.pictures.pieces import PgPictures
from adapters.store.identity.pictures.shown import Pieces, opened_pictures
from adapters.store.recording.known import key_place, raw_callback_place
from adapters.store.reviews.notes import note_place
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import BrokenSeal
from domain.identity.pictures import StoredPicture, take_pictures
from domain.identity.reading import TooManyReads
from domain.model import Identity
from domain.verifications.lease import DataKey
from domain.views.persons import FoundVerification, ShownPicture, StoredDocument

log = structlog.get_logger(__name__)


class PgIdentityReads:
    """Reads identity. Callers write the audit by `note` before they answer.

    `pieces`: the store of pictures.
    """

    def __init__(
        self, engine: AsyncEngine, *, keys: DataKeys, index: BlindIndex, pieces: Pieces | None = None
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._index = index
        self._pieces = pieces

    async def identity_of(self, verification_id: UUID) -> Identity | None:
        """The identity; None if there is none, or it is erased."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_IDENTITY, {"id": verification_id})).first()
        if row is None or row.identity_ct is None or row.wrapped_key is None:
            return None
        key = await self._key_of(row)
        return unseal_identity(key, row.identity_ct, app_id=row.app_id, verification_id=row.id)

    async def stored_pictures(self, verification_id: UUID) -> list[StoredPicture]:
        """The pictures that are stored, without their bytes."""
        return await PgPictures(self._engine).of(verification_id)

    async def pictures_of(self, verification_id: UUID) -> list[ShownPicture]:
        """The pictures that are stored; none once they are erased."""
        stored = await self.stored_pictures(verification_id)
        if not stored:
            return []
        async with self._engine.connect() as connection:
            row = (await connection.execute(_IDENTITY, {"id": verification_id})).one()
        key = await self._key_of(row)
        return await opened_pictures(
            self._pieces, key, stored, app_id=row.app_id, verification_id=verification_id
        )

    async def documents_of(self, verification_id: UUID) -> list[StoredDocument]:
        """Every callback, result, note and dead letter. Results are without pictures, which those of older
        versions have inside. `data` is None where it is erased or no key opens it."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_IDENTITY, {"id": verification_id})).one()
            found = (await connection.execute(_DOCUMENTS, {"id": verification_id})).all()
            letters = (await connection.execute(_LETTERS, {"app_id": row.app_id, "id": row.id})).all()
        return await self._documents(row, found) + await self._letters(letters)

    async def _documents(self, row: Row[Any], found: Sequence[Row[Any]]) -> list[StoredDocument]:
        try:
            key = await self._key_of(row)
        except BrokenSeal:
            return [StoredDocument(each.kind, each.at, None) for each in found]
        return [
            StoredDocument(each.kind, each.at, await asyncio.to_thread(_text_of, key, row, each))
            for each in found
        ]

    async def _letters(self, letters: Sequence[Row[Any]]) -> list[StoredDocument]:
        await self._keys.load(each.wrapped_key for each in letters)
        return [StoredDocument("dead_letter", each.at, _text_in(self._keys, each)) for each in letters]

    async def find(self, app_ids: Sequence[str], number: str, *, limit: int) -> list[FoundVerification]:
        """The verifications of these apps with this ID number, newest first."""
        digests = [digest for app_id in app_ids for digest in self._index.digests(app_id, number)]
        values = {"app_ids": [*app_ids], "digests": digests, "limit": limit}
        async with self._engine.connect() as connection:
            return [FoundVerification(*row) for row in await connection.execute(_FIND, values)]

    async def note(self, rows: Sequence[AuditRow], *, limit: int) -> None:
        """Count one read of the rows' actor and append the rows; both are committed on return."""
        actor = {"actor": rows[0].actor}
        async with self._engine.begin() as connection:
            counted = await connection.scalar(_COUNT, actor | {"limit": limit})
            if counted is None:
                await _refuse(connection, rows, actor)
            else:
                await append(connection, rows)
        if counted is None:
            log.warning("identity.limit_reached", actor=rows[0].actor)
            raise TooManyReads

    async def _key_of(self, row: Row[Any]) -> DataKey:
        await self._keys.load([row.wrapped_key])
        return self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))


async def _refuse(connection: AsyncConnection, rows: Sequence[AuditRow], actor: dict[str, str]) -> None:
    if await connection.scalar(_REFUSED, actor) == 1:
        await append(connection, list(_refused(rows)))


def _refused(rows: Sequence[AuditRow]) -> Iterator[AuditRow]:
    for row in rows:
        detail = {"action": row.action.value}
        yield msgspec.structs.replace(row, action=Action.IDENTITY_REFUSED, detail=detail)


def _text_of(key: DataKey, row: Row[Any], document: Row[Any]) -> str | None:
    if document.raw_ct is None:
        return None
    try:
        raw = open_raw(key, document.raw_ct, place=_place_of(row, document))
    except BrokenSeal:
        return None
    body = take_pictures(raw)[0] if document.kind == "result" else raw
    return body.decode("utf-8", "replace")


def _text_in(keys: DataKeys, letter: Row[Any]) -> str | None:
    try:
        return open_letter(keys, letter).data.decode("utf-8", "replace")
    except BrokenSeal:
        return None


def _place_of(row: Row[Any], document: Row[Any]) -> str:
    if document.kind == "result":
        return place_of(row.app_id, "pulls.raw_ct", f"{row.id}/{document.n}")
    if document.kind == "note":
        return note_place(row.app_id, document.case_id, document.n)
    return raw_callback_place(row.app_id, row.id)


_IDENTITY: Final = text("SELECT id, app_id, wrapped_key, identity_ct FROM verifications WHERE id = :id")

_DOCUMENTS: Final = text("""
SELECT kind, received_at AS at, raw_ct, 0 AS n, CAST(NULL AS uuid) AS case_id
FROM callbacks WHERE verification_id = :id
UNION ALL
SELECT 'result', finished_at, raw_ct, n, NULL FROM pulls WHERE verification_id = :id AND state <> 'not_sent'
UNION ALL
SELECT 'note', e.at, e.note_ct, e.seq, c.id FROM review_cases c JOIN review_events e ON e.case_id = c.id
WHERE c.verification_id = :id AND e.note_ct IS NOT NULL
ORDER BY at
""")

_LETTERS: Final = text("""
SELECT id, app_id, wrapped_key, raw_ct, last_seen_at AS at
FROM dead_letters WHERE app_id = :app_id AND verification_id = :id ORDER BY last_seen_at, id
""")

_FIND: Final = text("""
SELECT v.id, v.app_id, v.biz_id, v.biz_no, v.state, d.outcome, COALESCE(v.effective_outcome, d.outcome),
       v.created_at
FROM id_numbers n JOIN verifications v ON v.id = n.verification_id
LEFT JOIN decisions d ON d.verification_id = n.verification_id
WHERE n.app_id = ANY(CAST(:app_ids AS text[])) AND n.digest = ANY(CAST(:digests AS bytea[]))
ORDER BY n.at DESC, v.id LIMIT :limit
""")

_COUNT: Final = text("""
INSERT INTO identity_readers AS r (actor, day, reads, refused)
VALUES (:actor, CAST(now() AT TIME ZONE 'UTC' AS date), 1, 0)
ON CONFLICT (actor, day) DO UPDATE SET reads = r.reads + 1 WHERE r.reads < :limit
RETURNING reads
""")

_REFUSED: Final = text("""
UPDATE identity_readers SET refused = refused + 1
WHERE actor = :actor AND day = CAST(now() AT TIME ZONE 'UTC' AS date) RETURNING refused
""")
