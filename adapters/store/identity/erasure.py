"""Erase one verification: every ciphertext and the data key go in one transaction.

Before, a row of `erasures` says that it has begun, and the ledger beside the epoch keys gets its entry. After
a crash in between, the row tells a database in which the erasure was interrupted from one that was restored
from an older backup.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.envelope import KeyRing
from adapters.store.audit.rows import append as append_audit
from adapters.store.dead_letters import open_letter, verification_named
from adapters.store.events.log import append
from adapters.store.identity.numbers.index import FORGET
from adapters.store.identity.pictures.pieces import ERASE as ERASE_PICTURES
from adapters.store.identity.receipts import receipt_of, signed_receipt
from adapters.store.statements import due_moves, new_letters
from adapters.store.statements.holds import LOCK_ALL, is_held
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import BrokenSeal
from domain.events.event import EventType, NewEvent
from domain.identity.erasure import ErasureCause, Place, Receipt
from domain.identity.errors import LegalHold, NoSuchVerification
from domain.model import verification_id
from domain.people.actor import Actor


class PgErasures:
    """Begins and completes erasures. `ring` signs the receipts."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys, ring: KeyRing) -> None:
        self._engine = engine
        self._keys = keys
        self._ring = ring

    async def begin(
        self,
        app_id: str,
        biz_id: str,
        *,
        beside: Sequence[UUID],
        at: datetime,
        because: ErasureCause,
        audit: AuditRow,
    ) -> Receipt | None:
        """Note that the verification and those `beside` it are to be erased; the receipt if that was done
        before. It need not be recorded: its dead letters are enough.

        Raises:
            NoSuchVerification: the app has neither it nor a dead letter of it.
            LegalHold: it is held, or one beside it.
            KeysAway: an older dead letter of the app cannot be read now, so it may be of this verification.
        """
        key = {"id": verification_id(app_id, biz_id)}
        ids = [key["id"], *beside]
        async with self._engine.begin() as connection:
            await connection.execute(new_letters.STOP, key)
            await connection.execute(LOCK_ALL, {"ids": ids})
            is_recorded = (await connection.execute(_LOCK, key)).first() is not None
            known = (await connection.execute(_KNOWN, key)).first()
            if known is not None and known.asked is not None:
                return receipt_of(known)
            if not is_recorded and (known or not await self._letters(connection, key["id"], app_id)):
                raise NoSuchVerification
            if await connection.scalar(_HELD, {"ids": ids}):
                raise LegalHold
            asked = msgspec.structs.replace(audit, app_id=app_id, subject=biz_id)
            values = {"at": at, "because": because, "asked": msgspec.json.encode(asked).decode()}
            begin = _BEGIN if known is None else _ASK
            await connection.execute(begin, {**key, **values, "app_id": app_id, "biz_id": biz_id})
            await connection.execute(_BEGIN_UNASKED, {"ids": list(beside), "at": at})
        return None

    async def apps_with_letters(self, app_ids: Sequence[str], biz_id: str) -> list[str]:
        """Those of the apps that have dead letters of this verification, or had them until an erasure.

        Letters of older versions, which must be opened, do not count.
        """
        ids = [verification_id(each, biz_id) for each in app_ids]
        async with self._engine.connect() as connection:
            found = await connection.execute(_WITH_LETTERS, {"app_ids": list(app_ids), "ids": ids})
            return list(found.scalars())

    async def begin_unasked(self, verification_ids: Sequence[UUID], *, at: datetime) -> None:
        """Note that the ledger has these verifications, whatever this database has of them."""
        async with self._engine.begin() as connection:
            await connection.execute(_BEGIN_UNASKED, {"ids": list(verification_ids), "at": at})

    async def begun(self, *, limit: int) -> list[tuple[UUID, datetime]]:
        """Erasures that are not complete, with the time of their begin, oldest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_BEGUN, {"limit": limit})
            return [(row.verification_id, row.at) for row in rows]

    async def complete(self, which: UUID, *, position: int, now: datetime) -> Receipt | None:
        """Erase what has begun, in one transaction; again it changes nothing. `position`: in the ledger.

        None: the ledger's own entry, which nobody asked for here, has no receipt.

        Raises:
            KeysAway: an older dead letter of the app cannot be read now, so it may be of this verification.
        """
        key = {"id": which}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_LOCK, key)).first()
            known = (await connection.execute(_KNOWN, key)).one()
            if known.completed_at is not None:
                return receipt_of(known)
            places = await self._take_away(connection, which, row, known.at)
            receipt = signed_receipt(self._ring, known, position=position, places=places)
            await connection.execute(_COMPLETE, {**key, **_stored(receipt), "position": position, "now": now})
            await append_audit(connection, _audit(known, position, places))
            if row is not None and row.erased_at is None:
                await note_erased(connection, [which], because=known.because)
        return receipt

    async def _take_away(
        self, connection: AsyncConnection, which: UUID, row: Row[Any] | None, at: datetime
    ) -> dict[str, int]:
        """What went, by place. `row` None: there may be dead letters of it all the same."""
        letters = await self._letters(connection, which, None if row is None else row.app_id)
        counts = {} if row is None else await take_away(connection, [which], at=at)
        deleted = await connection.execute(_FORGET_LETTERS, {"ids": letters})
        return counts | {Place.LETTERS.value: deleted.rowcount}

    async def _letters(self, connection: AsyncConnection, which: UUID, app_id: str | None) -> list[UUID]:
        """The dead letters with callbacks of this verification. Those of older versions must be opened."""
        rows = (await connection.execute(_LETTERS, {"app_id": app_id, "id": which})).all()
        await self._keys.load(each.wrapped_key for each in rows if each.verification_id is None)
        return [each.id for each in rows if each.verification_id == which or self._names(each, which)]

    def _names(self, letter: Row[Any], which: UUID) -> bool:
        try:
            return verification_named(open_letter(self._keys, letter)) == which
        except BrokenSeal:
            return False


async def take_away(connection: AsyncConnection, ids: Sequence[UUID], *, at: datetime) -> dict[str, int]:
    """Remove key and ciphertexts of these verifications, whose rows the caller has locked; what went, by
    place. An open verification ends: without its callbacks it cannot be decided."""
    counts = {}
    for place, statement in _TAKE_AWAY.items():
        counts[place] = (await connection.execute(statement, {"ids": list(ids)})).rowcount
    await connection.execute(_ERASE, {"ids": list(ids), "at": at})
    return counts


async def note_erased(connection: AsyncConnection, ids: Sequence[UUID], *, because: str) -> None:
    """Tell timeline and receivers. The last statements of the transaction."""
    await connection.execute(_NOTE, {"ids": list(ids), "because": because})
    detail = {"because": because}
    await append(
        connection, [NewEvent(EventType.ERASED, verification_id=each, detail=detail) for each in ids]
    )


def _stored(receipt: Receipt | None) -> dict[str, str | None]:
    return {"receipt": None if receipt is None else msgspec.json.encode(receipt).decode()}


def _audit(known: Row[Any], position: int, places: dict[str, int]) -> list[AuditRow]:
    detail = {"because": known.because, "position": position, "places": places}
    if known.asked is not None:
        return [msgspec.structs.replace(msgspec.convert(known.asked, AuditRow), detail=detail)]
    row = AuditRow.by(
        Actor.gateway("ledger"),
        Action.ERASED,
        app_id=known.app_id,
        subject=known.biz_id or str(known.verification_id),
        detail=detail,
    )
    return [row]


_LOCK: Final = text(
    "SELECT id, app_id, biz_id, erased_at FROM verifications WHERE id = :id FOR NO KEY UPDATE"
)

_KNOWN: Final = text("SELECT * FROM erasures WHERE verification_id = :id FOR UPDATE")

_HELD: Final = text(f"""
SELECT bool_or({is_held("t.id")}) FROM unnest(CAST(:ids AS uuid[])) AS t (id)
""")  # noqa: S608 - constants alone

_BEGIN: Final = text("""
INSERT INTO erasures (verification_id, app_id, biz_id, at, because, asked)
VALUES (:id, :app_id, :biz_id, :at, :because, CAST(:asked AS json))
""")

_ASK: Final = text("""
UPDATE erasures
SET app_id = :app_id, biz_id = :biz_id, because = :because, asked = CAST(:asked AS json), completed_at = NULL
WHERE verification_id = :id
""")
"""It was erased because the ledger has it, or beside another app's; the time of that erasure stays. This
request gets a receipt too, and what has come in between goes."""

_BEGIN_UNASKED: Final = text("""
INSERT INTO erasures (verification_id, app_id, biz_id, at, because)
SELECT t.id, v.app_id, v.biz_id, :at, 'ledger'
FROM unnest(CAST(:ids AS uuid[])) AS t (id) LEFT JOIN verifications v ON v.id = t.id
ON CONFLICT (verification_id) DO NOTHING
""")

_BEGUN: Final = text("""
SELECT verification_id, at FROM erasures WHERE completed_at IS NULL ORDER BY at LIMIT :limit
""")

_COMPLETE: Final = text("""
UPDATE erasures SET position = :position, receipt = CAST(:receipt AS json), completed_at = :now
WHERE verification_id = :id
""")

_LETTERS: Final = text("""
SELECT id, app_id, wrapped_key, raw_ct, verification_id FROM dead_letters
WHERE (CAST(:app_id AS text) IS NULL OR app_id = :app_id)
  AND (verification_id = :id OR verification_id IS NULL)
ORDER BY id FOR UPDATE
""")

_WITH_LETTERS: Final = text("""
SELECT app_id FROM dead_letters
WHERE app_id = ANY(CAST(:app_ids AS text[])) AND verification_id = ANY(CAST(:ids AS uuid[]))
UNION
SELECT app_id FROM erasures
WHERE app_id = ANY(CAST(:app_ids AS text[])) AND verification_id = ANY(CAST(:ids AS uuid[]))
  AND asked IS NOT NULL
ORDER BY app_id
""")

_FORGET_LETTERS: Final = text("DELETE FROM dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))")

_TAKE_AWAY: Final[dict[str, TextClause]] = {
    Place.KEY.value: text("""
UPDATE verifications SET wrapped_key = NULL WHERE id = ANY(CAST(:ids AS uuid[])) AND wrapped_key IS NOT NULL
"""),
    Place.IDENTITY.value: text("""
UPDATE verifications SET identity_ct = NULL WHERE id = ANY(CAST(:ids AS uuid[])) AND identity_ct IS NOT NULL
"""),
    Place.CALLBACKS.value: text("""
UPDATE callbacks SET raw_ct = NULL
WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND raw_ct IS NOT NULL
"""),
    Place.RESULTS.value: text("""
UPDATE pulls SET raw_ct = NULL WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND raw_ct IS NOT NULL
"""),
    Place.NOTES.value: text("""
WITH concluded AS (
  UPDATE reviews SET note_ct = NULL
  WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND note_ct IS NOT NULL
)
UPDATE review_events SET note_ct = NULL
WHERE case_id IN (SELECT id FROM review_cases WHERE verification_id = ANY(CAST(:ids AS uuid[])))
  AND note_ct IS NOT NULL
"""),
    Place.NUMBERS.value: text(FORGET),
    Place.PICTURES.value: text(ERASE_PICTURES),
}

_ERASE: Final = text(f"""
UPDATE verifications
SET erased_at = COALESCE(erased_at, :at), state = CASE WHEN state = 'decided' THEN state ELSE 'expired' END,
    {due_moves.END}, held = false, fence = fence + 1
WHERE id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608 - constants alone

_NOTE: Final = text("""
INSERT INTO timeline (verification_id, event, detail)
SELECT id, 'verification.erased', jsonb_build_object('because', CAST(:because AS text))
FROM unnest(CAST(:ids AS uuid[])) AS t (id)
""")
