"""Dead letters: genuine callbacks that could not be understood or processed, kept encrypted.

A letter that is being retried stays, marked and not listed, until its callback is recorded. If it fails
again, its attempts and its first time are still known.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, and_, delete, func, select, text, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.envelope import place_of, unseal_packed
from adapters.store.audit.rows import append as append_rows
from adapters.store.audit.rows import of_each_app
from adapters.store.events.log import append
from adapters.store.lookups.figures import LETTERS_OF_APPS, MOST
from adapters.store.lookups.letter_pages import PAGES
from adapters.store.statements import new_letters
from adapters.store.statements.holds import is_held
from adapters.store.statements.positions import NEWEST
from adapters.store.tables.verifications import dead_letters
from domain.audit.row import AuditRow
from domain.callback.payload import decode_payload
from domain.errors import BrokenSeal, MalformedPayload, UndecodableCallback
from domain.events.event import EventType, NewEvent
from domain.identity.errors import LegalHold
from domain.model import AcceptedCallback, verification_id
from domain.verifications.lease import DataKey
from domain.views.letters import DeadLetter, LetterFilter, TakenLetters
from domain.views.operations.figures import Letters

letter: Final = dead_letters.c
NAMES_NONE: Final = UUID(int=0)


class PgDeadLetters:
    """Keeps, lists, opens and deletes dead letters."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys) -> None:
        self._engine = engine
        self._keys = keys

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Store a callback and return the letter's id; storing the same callback again counts an attempt."""
        row = callback.key
        await self._keys.prepare([callback.app_id])
        data_key, wrapped_key = self._new_key(callback)
        named = verification_named(callback)
        async with self._engine.begin() as connection:
            await connection.execute(new_letters.ADD, {"id": named})
            if await connection.scalar(_IS_ERASED, {"id": named}):
                # The letter stays as a note. Its callback is sealed by a key that is not kept.
                data_key, _ = self._new_key(callback)
            sealed = data_key.seal(msgspec.msgpack.encode(callback), place=_raw_place(callback.app_id, row))
            kept = await connection.execute(
                _KEEP,
                {
                    "id": row,
                    "app_id": callback.app_id,
                    "kind": callback.kind,
                    "reason": reason,
                    "detail": detail,
                    "wrapped_key": wrapped_key,
                    "raw_ct": sealed,
                    "verification_id": named,
                    "now": now,
                },
            )
            if kept.scalar_one():
                await append(connection, [_created(callback, reason, now)])
        return row

    async def page(
        self, which: LetterFilter, *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[DeadLetter]:
        """The newest of these letters after `after` (last_seen_at, id)."""
        last_seen_at, letter_id = after or NEWEST
        values: dict[str, Any] = {
            "app_ids": None if which.app_ids is None else list(which.app_ids),
            "last_seen_at": last_seen_at,
            "id": letter_id,
            "limit": limit,
        }
        if which.reason is not None:
            values["reason"] = which.reason
        statement = PAGES[which.retried, which.reason is not None]
        async with self._engine.connect() as connection:
            return [DeadLetter(*row) for row in await connection.execute(statement, values)]

    async def count(self, which: LetterFilter) -> int:
        """The number of these letters."""
        statement = select(func.count()).select_from(dead_letters).where(_clause(which))
        async with self._engine.connect() as connection:
            return int(await connection.scalar(statement) or 0)

    async def by_reason(self, app_ids: Sequence[str]) -> list[Letters]:
        """The letters of these apps, counted by app and reason, each up to `MOST`."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(LETTERS_OF_APPS, {"most": MOST, "apps": list(app_ids)})
            return [Letters(*row) for row in rows]

    @asynccontextmanager
    async def take(
        self,
        which: LetterFilter,
        *,
        now: datetime,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
        audit: AuditRow | None = None,
    ) -> AsyncIterator[TakenLetters]:
        """Up to `limit` letters last seen before `now`, oldest first; marked when the block succeeds.

        They are locked during the block: concurrent retries take different letters, and a worker whose
        callback fails again at once waits for the mark, which it then removes.
        """
        statement = (
            select(letter.id, letter.app_id, letter.wrapped_key, letter.raw_ct, letter.last_seen_at)
            .where(_clause(which), letter.last_seen_at < now)
            .order_by(letter.last_seen_at, letter.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if after is not None:
            statement = statement.where(tuple_(letter.last_seen_at, letter.id) > tuple_(*after))
        async with self._engine.begin() as connection:
            rows = (await connection.execute(statement)).all()
            await self._keys.load(row.wrapped_key for row in rows)
            opened = [self._open_or_none(row) for row in rows]
            readable = [row.id for row, callback in zip(rows, opened, strict=True) if callback]
            yield TakenLetters(
                callbacks=[callback for callback in opened if callback],
                unreadable=len(rows) - len(readable),
                last=(rows[-1].last_seen_at, rows[-1].id) if rows else None,
            )
            await connection.execute(
                update(dead_letters).where(letter.id.in_(readable)).values(retried_at=now)
            )
            await append_rows(connection, of_each_app(audit, (each.app_id for each in opened if each)))

    @asynccontextmanager
    async def take_one(
        self,
        letter_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        now: datetime,
        audit: AuditRow | None = None,
    ) -> AsyncIterator[AcceptedCallback | None]:
        """`take` for one letter, retried before or not; None if these apps have no such letter.

        Raises:
            BrokenSeal: no key decrypts it.
            KeysAway: the key store is away.
        """
        statement = (
            select(letter.id, letter.app_id, letter.wrapped_key, letter.raw_ct)
            .where(letter.id == letter_id, _of_apps(app_ids))
            .with_for_update()
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(statement)).first()
            if row is None:
                yield None
                return
            await self._keys.load([row.wrapped_key])
            yield self._open(row)
            await connection.execute(
                update(dead_letters).where(letter.id == letter_id).values(retried_at=now)
            )
            await append_rows(connection, of_each_app(audit, [row.app_id]))

    async def forget_retried(self, letter_ids: Collection[UUID]) -> None:
        """Delete letters whose retry succeeded; one that has failed again stays."""
        which = letter.id.in_(letter_ids)
        async with self._engine.begin() as connection:
            # The callback may be recorded before its retry has committed the mark, so wait for that.
            await connection.execute(select(letter.id).where(which).order_by(letter.id).with_for_update())
            await connection.execute(delete(dead_letters).where(which, letter.retried_at.is_not(None)))

    async def delete(
        self, letter_id: UUID, app_ids: Sequence[str] | None, *, audit: AuditRow | None = None
    ) -> bool:
        """Delete a dead letter; False if these apps have no such letter.

        Raises:
            LegalHold: its verification is held.
        """
        which = and_(letter.id == letter_id, _of_apps(app_ids))
        if await self._delete(which, audit) == 1:
            return True
        async with self._engine.connect() as connection:
            if await connection.scalar(select(letter.id).where(which)):
                raise LegalHold
        return False

    async def delete_all(self, which: LetterFilter, *, audit: AuditRow | None = None) -> int:
        """Delete these letters and return their number; those of held verifications stay."""
        return await self._delete(_clause(which), audit)

    async def _delete(self, which: ColumnElement[bool], audit: AuditRow | None) -> int:
        statement = delete(dead_letters).where(which, _IS_FREE).returning(letter.app_id)
        async with self._engine.begin() as connection:
            app_ids = (await connection.execute(statement)).scalars().all()
            await append_rows(connection, of_each_app(audit, app_ids))
        return len(app_ids)

    def _new_key(self, callback: AcceptedCallback) -> tuple[DataKey, bytes]:
        place = _key_place(callback.app_id, callback.key)
        return self._keys.new_data_key(callback.app_id, place=place)

    def _open(self, row: Row[*tuple[Any, ...]]) -> AcceptedCallback:
        return open_letter(self._keys, row)

    def _open_or_none(self, row: Row[*tuple[Any, ...]]) -> AcceptedCallback | None:
        try:
            return self._open(row)
        except BrokenSeal:
            return None


_IS_FREE: Final = text(f"NOT {is_held('dead_letters.verification_id')}")


def verification_named(callback: AcceptedCallback) -> UUID:
    """The id of the verification that a callback names; all zeros if it names none."""
    try:
        return verification_id(callback.app_id, decode_payload(callback.data).biz_id)
    except (MalformedPayload, UndecodableCallback):
        return NAMES_NONE


def open_letter(keys: DataKeys, row: Row[Any]) -> AcceptedCallback:
    """The callback in a row with id, app_id, wrapped_key and raw_ct. Raises BrokenSeal, KeysAway."""
    data_key = keys.unwrap_data_key(row.wrapped_key, place=_key_place(row.app_id, row.id))
    place = _raw_place(row.app_id, row.id)
    return unseal_packed(data_key, row.raw_ct, place=place, kind=AcceptedCallback)


def _clause(which: LetterFilter) -> ColumnElement[bool]:
    """A filter as a condition on `dead_letters`."""
    parts = [
        letter.retried_at.is_not(None) if which.retried else letter.retried_at.is_(None),
        _of_apps(which.app_ids),
    ]
    if which.reason is not None:
        parts.append(letter.reason == which.reason)
    return and_(*parts)


def _created(callback: AcceptedCallback, reason: str, now: datetime) -> NewEvent:
    detail = {"dead_letter_id": str(callback.key), "reason": reason, "kind": callback.kind}
    return NewEvent(EventType.DEAD_LETTER_CREATED, now, app_id=callback.app_id, detail=detail)


def _of_apps(app_ids: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if app_ids is None else letter.app_id.in_(app_ids)


def _key_place(app_id: str, row: UUID) -> str:
    return place_of(app_id, "dead_letters.wrapped_key", row)


def _raw_place(app_id: str, row: UUID) -> str:
    return place_of(app_id, "dead_letters.raw_ct", row)


_IS_ERASED: Final = text("""
SELECT EXISTS (SELECT FROM (SELECT erased_at FROM verifications WHERE id = :id FOR SHARE) AS v
               WHERE erased_at IS NOT NULL)
    OR EXISTS (SELECT FROM erasures WHERE verification_id = :id)
""")
"""The lock makes an erasure in progress, and this letter, wait for each other."""

_KEEP: Final = text("""
INSERT INTO dead_letters AS d
  (id, app_id, kind, reason, detail, wrapped_key, raw_ct, first_seen_at, last_seen_at, verification_id)
VALUES (:id, :app_id, :kind, :reason, :detail, :wrapped_key, :raw_ct, :now, :now, :verification_id)
ON CONFLICT (id) DO UPDATE
  SET attempts = d.attempts + 1, reason = EXCLUDED.reason, detail = EXCLUDED.detail,
      last_seen_at = EXCLUDED.last_seen_at, retried_at = NULL
RETURNING d.xmax = 0 AS is_new
""")
