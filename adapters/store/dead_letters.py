"""Dead letters: genuine callbacks that could not be understood or processed, kept encrypted."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing, place_of, seal, unseal
from adapters.store.tables import dead_letters
from domain.model import AcceptedCallback


class DeadLetter(msgspec.Struct, frozen=True):
    """One dead letter without its content."""

    id: UUID
    app_id: str
    kind: str
    reason: str
    detail: str
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime


class PgDeadLetters:
    """Keeps, lists, opens and deletes dead letters."""

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def keep(self, callback: AcceptedCallback, *, reason: str, detail: str, now: datetime) -> UUID:
        """Keep a callback; the same one again counts an attempt more. Returns the letter's id."""
        row = callback.key
        data_key, wrapped_key = self._keys.new_data_key(place=_key_place(callback.app_id, row))
        sealed = seal(data_key, msgspec.msgpack.encode(callback), place=_raw_place(callback.app_id, row))
        async with self._engine.begin() as connection:
            await connection.execute(
                _KEEP,
                {
                    "id": row,
                    "app_id": callback.app_id,
                    "kind": callback.kind,
                    "reason": reason,
                    "detail": detail,
                    "wrapped_key": wrapped_key,
                    "raw_ct": sealed,
                    "now": now,
                },
            )
        return row

    async def page(
        self, app_ids: list[str], *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[DeadLetter]:
        """The newest dead letters of these apps, from behind `after` (last_seen_at, id) on."""
        t = dead_letters.c
        statement = (
            select(*(t[name] for name in DeadLetter.__struct_fields__))
            .where(t.app_id.in_(app_ids))
            .order_by(t.last_seen_at.desc(), t.id.desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(t.last_seen_at, t.id) < tuple_(*after))
        async with self._engine.connect() as connection:
            return [DeadLetter(*row) for row in await connection.execute(statement)]

    async def open(self, letter_id: UUID, app_ids: list[str]) -> AcceptedCallback | None:
        """A dead letter's callback, or None where these apps have no such letter."""
        t = dead_letters.c
        statement = select(t.app_id, t.wrapped_key, t.raw_ct).where(t.id == letter_id, t.app_id.in_(app_ids))
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            return None
        data_key = self._keys.unwrap_data_key(row.wrapped_key, place=_key_place(row.app_id, letter_id))
        opened = unseal(data_key, row.raw_ct, place=_raw_place(row.app_id, letter_id))
        return msgspec.msgpack.decode(opened, type=AcceptedCallback)

    async def delete(self, letter_id: UUID, app_ids: list[str]) -> bool:
        """Delete a dead letter; False where these apps have no such letter."""
        t = dead_letters.c
        statement = delete(dead_letters).where(t.id == letter_id, t.app_id.in_(app_ids))
        async with self._engine.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _key_place(app_id: str, row: UUID) -> str:
    return place_of(app_id, "dead_letters.wrapped_key", row)


def _raw_place(app_id: str, row: UUID) -> str:
    return place_of(app_id, "dead_letters.raw_ct", row)


_KEEP: Final = text("""
INSERT INTO dead_letters AS d
  (id, app_id, kind, reason, detail, wrapped_key, raw_ct, first_seen_at, last_seen_at)
VALUES (:id, :app_id, :kind, :reason, :detail, :wrapped_key, :raw_ct, :now, :now)
ON CONFLICT (id) DO UPDATE
  SET attempts = d.attempts + 1, reason = EXCLUDED.reason, detail = EXCLUDED.detail,
      last_seen_at = EXCLUDED.last_seen_at
""")
