"""A key store in a second PostgreSQL database, on a server whose backups are kept apart from the data's.

Its tables are created at the first use. The names begin with `faceid_`, so the database may have others.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.keys.away import KeysAway, WrongKeyStore
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.postgres.troubles import database_trouble
from domain.identity.keys.epochs import Epoch, Erased, KeyStoreState, Period

_PATIENCE: Final = timedelta(seconds=3)


class PgKeys:
    """Epochs and ledger in the database of this URL. Raises SettingsError if the URL cannot be used."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, pool_size=2, statement_timeout=_PATIENCE)
        self._has_tables = False

    async def aclose(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    async def state(self) -> KeyStoreState:
        """The identity of the store, and its counts. Raises KeysAway."""
        async with self._transaction() as connection:
            row = (await connection.execute(_STATE)).one()
        return KeyStoreState(row.id, row.epochs, row.destroyed, row.erased)

    async def create(self, period: Period, wrapped: bytes) -> Epoch:
        """Keep a key for this period, unless there is one, and return the stored epoch. Raises KeysAway."""
        values = {
            "id": period.id,
            "app_id": period.app_id,
            "begins": period.begins,
            "ends": period.ends,
            "wrapped": wrapped,
        }
        async with self._transaction() as connection:
            await connection.execute(_CREATE, values)
            return _epoch((await connection.execute(_FIND, {"ids": [period.id]})).one())

    async def find(self, ids: Collection[UUID]) -> list[Epoch]:
        """Those of these epochs that exist or existed. Raises KeysAway."""
        async with self._transaction() as connection:
            return [_epoch(row) for row in await connection.execute(_FIND, {"ids": list(ids)})]

    async def epochs(self) -> list[Epoch]:
        """Every epoch, by app and begin. Raises KeysAway."""
        async with self._transaction() as connection:
            return [_epoch(row) for row in await connection.execute(_ALL)]

    async def replace(self, epoch_id: UUID, old: bytes, new: bytes) -> bool:
        """Keep `new` in the place of `old`. Raises KeysAway."""
        async with self._transaction() as connection:
            done = await connection.execute(_REPLACE, {"id": epoch_id, "old": old, "new": new})
            return done.rowcount == 1

    async def destroy(self, epoch_id: UUID, *, now: datetime) -> bool:
        """Destroy an epoch's key. Raises KeysAway."""
        async with self._transaction() as connection:
            return (await connection.execute(_DESTROY, {"id": epoch_id, "now": now})).rowcount == 1

    async def append(self, key: str, *, at: datetime) -> int:
        """Add an entry to the erasure ledger; durable on return. Raises KeysAway."""
        async with self._transaction() as connection:
            # One at a time: positions have no gaps, and a reader sees them in order.
            await connection.execute(_LOCK, {"name": "faceid_erasures"})
            await connection.execute(_APPEND, {"key": key, "at": at})
            return int(await connection.scalar(_POSITION, {"key": key}) or 0)

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Up to `limit` entries behind the position `after`. Raises KeysAway."""
        async with self._transaction() as connection:
            rows = await connection.execute(_ENTRIES, {"after": after, "limit": limit})
            return [Erased(row.position, row.key, row.at) for row in rows]

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            if not self._has_tables:
                await self._create_tables()
            async with self._engine.begin() as connection:
                yield connection
        except DatabaseAway as error:
            raise KeysAway(f"the database of the keys: {database_trouble(error)}") from None

    async def _create_tables(self) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(_LOCK, {"name": "faceid_key_store"})
            if await connection.scalar(_HAS_DATA):
                raise WrongKeyStore(_SAME_DATABASE)
            for statement in _TABLES:
                await connection.execute(statement)
            await connection.execute(_NAME, {"id": uuid4()})
        self._has_tables = True


def _epoch(row: Row[Any]) -> Epoch:
    return Epoch(Period(row.app_id, row.begins, row.ends), row.wrapped, row.destroyed_at)


_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_SAME_DATABASE: Final = "FACEID_KEYS_URL: this database has the gateway's data; the keys need another one"

_HAS_DATA: Final = text("SELECT to_regclass('verifications') IS NOT NULL")

_TABLES: Final = (
    text("""
CREATE TABLE IF NOT EXISTS faceid_key_store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL
)
"""),
    text("""
CREATE TABLE IF NOT EXISTS faceid_key_epochs (
  id uuid PRIMARY KEY,
  app_id text NOT NULL,
  begins timestamptz NOT NULL,
  ends timestamptz NOT NULL,
  wrapped bytea,
  destroyed_at timestamptz,
  UNIQUE (app_id, begins, ends),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
)
"""),
    text("""
CREATE TABLE IF NOT EXISTS faceid_erasures (
  position bigint PRIMARY KEY,
  key text NOT NULL UNIQUE,
  at timestamptz NOT NULL
)
"""),
)

_NAME: Final = text("INSERT INTO faceid_key_store (id) VALUES (:id) ON CONFLICT DO NOTHING")

_STATE: Final = text("""
SELECT id, (SELECT count(*) FROM faceid_key_epochs) AS epochs,
       (SELECT count(*) FROM faceid_key_epochs WHERE destroyed_at IS NOT NULL) AS destroyed,
       (SELECT COALESCE(max(position), 0) FROM faceid_erasures) AS erased
FROM faceid_key_store
""")

_COLUMNS: Final = "app_id, begins, ends, wrapped, destroyed_at"

_CREATE: Final = text("""
INSERT INTO faceid_key_epochs (id, app_id, begins, ends, wrapped)
VALUES (:id, :app_id, :begins, :ends, :wrapped) ON CONFLICT DO NOTHING
""")

_FIND: Final = text(f"SELECT {_COLUMNS} FROM faceid_key_epochs WHERE id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 - constants alone

_ALL: Final = text(f"SELECT {_COLUMNS} FROM faceid_key_epochs ORDER BY app_id, begins")  # noqa: S608 - as above

_REPLACE: Final = text("UPDATE faceid_key_epochs SET wrapped = :new WHERE id = :id AND wrapped = :old")

_DESTROY: Final = text("""
UPDATE faceid_key_epochs SET wrapped = NULL, destroyed_at = :now WHERE id = :id AND destroyed_at IS NULL
""")

_APPEND: Final = text("""
INSERT INTO faceid_erasures (position, key, at)
SELECT COALESCE(max(position), 0) + 1, :key, CAST(:at AS timestamptz) FROM faceid_erasures
ON CONFLICT (key) DO NOTHING
""")

_POSITION: Final = text("SELECT position FROM faceid_erasures WHERE key = :key")

_ENTRIES: Final = text("""
SELECT position, key, at FROM faceid_erasures WHERE position > :after ORDER BY position LIMIT :limit
""")
