"""Whether this database has every erasure of the ledger, or was restored from an older backup."""

from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.identity.erasure import verification_of
from domain.identity.keys.epochs import Erased

PAGE: Final = 1000


class Entries(Protocol):
    """The erasure ledger."""

    async def entries(self, *, after: int = 0, limit: int = 1000) -> list[Erased]:
        """Up to `limit` entries behind a position. Raises ServerAway."""


class PgApplied:
    """Compares the ledger with the rows of `erasures`, and remembers up to where both agree."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def missing(self, ledger: Entries, *, erased: int) -> list[Erased]:
        """The ledger's entries that this database does not know. `erased`: the position of its last one.

        An entry whose erasure has begun here is known: it is completed by itself.

        Raises:
            ServerAway: the ledger or the database is away.
        """
        async with self._engine.begin() as connection:
            applied = int(await connection.scalar(_APPLIED) or 0)
            missing: list[Erased] = []
            while applied < erased:
                entries = await ledger.entries(after=applied, limit=PAGE)
                if not entries:
                    break
                applied = entries[-1].position
                missing += await _unknown(connection, entries)
                if not missing:
                    await connection.execute(_AGREE, {"position": applied})
        return missing


async def _unknown(connection: AsyncConnection, entries: Sequence[Erased]) -> list[Erased]:
    named: dict[UUID, Erased] = {each: entry for entry in entries if (each := verification_of(entry.key))}
    known = set((await connection.execute(_KNOWN, {"ids": list(named)})).scalars())
    return [entry for each, entry in named.items() if each not in known]


_APPLIED: Final = text("SELECT applied FROM key_store")

_KNOWN: Final = text("SELECT verification_id FROM erasures WHERE verification_id = ANY(CAST(:ids AS uuid[]))")

_AGREE: Final = text("UPDATE key_store SET applied = :position WHERE applied < :position")
