"""The app that owns a biz_id, if several apps share a vendor account (domain/pulls/accounts.py).

The owner is in a row of `biz_owners` with a unique key, which stays locked until the caller's transaction
ends: if two apps want a biz_id at once, the second one sees that the first one owns it. A deleted row is
created again from the verifications of the biz_id.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.statements.bulk import as_rows
from domain.pulls.accounts import Account, Accounts

Ref = tuple[str, str]
"""The app id and biz_id that name a verification."""


class _Ownership(msgspec.Struct, frozen=True):
    account: str
    biz_id: str
    app_id: str
    apps: tuple[str, ...]


class BizOwners:
    """Assigns owners to biz_ids in the caller's transaction. Apps with an unshared account need none."""

    def __init__(self, accounts: Accounts | None = None) -> None:
        self._accounts: Accounts = accounts or {}

    async def assign_all(self, connection: asyncpg.Connection, refs: Iterable[Ref]) -> dict[Ref, str]:
        """The owner of each ref whose app shares an account. An unowned biz_id goes to the first of the
        group.

        The rows are written in the order of their keys, so that two groups cannot deadlock.
        """
        shared = [ref for ref in refs if ref[0] in self._accounts]
        if not shared:
            return {}
        owned = {(each.account, each.biz_id): each for each in map(self._ownership, reversed(shared))}
        rows = as_rows([owned[key] for key in sorted(owned)])
        found = await connection.fetch(_ASSIGN.format(rows="$1"), rows)
        owners = {(row["account"], row["biz_id"]): row["app_id"] for row in found}
        return {ref: owners[self._accounts[ref[0]].name, ref[1]] for ref in shared}

    def shares(self, app_id: str) -> bool:
        """Whether the app shares a vendor account with another one."""
        return app_id in self._accounts

    async def not_owned(self, connection: AsyncConnection, refs: Iterable[Ref]) -> set[Ref]:
        """The refs whose app shares an account and is not (yet) the owner."""
        shared = {ref for ref in refs if self.shares(ref[0])}
        rows = as_rows([self._ownership(ref) for ref in sorted(shared)])
        found = await connection.execute(_OWNED, {"rows": rows})
        return shared - {(row.app_id, row.biz_id) for row in found}

    async def assign(self, connection: AsyncConnection, app_id: str, biz_id: str) -> str:
        """The owner of one biz_id: `app_id`, unless another app of its account was first."""
        if app_id not in self._accounts:
            return app_id
        ownership = self._ownership((app_id, biz_id))
        found = await connection.execute(text(_ASSIGN.format(rows=":rows")), {"rows": as_rows([ownership])})
        return str(found.one().app_id)

    async def hand_over(self, connection: AsyncConnection, app_id: str, biz_id: str) -> None:
        """Make `app_id` the owner of a biz_id that this transaction has locked."""
        key = {"account": self._accounts[app_id].name, "biz_id": biz_id, "app_id": app_id}
        await connection.execute(_HAND_OVER, key)

    def _ownership(self, ref: Ref) -> _Ownership:
        app_id, biz_id = ref
        account: Account = self._accounts[app_id]
        return _Ownership(account.name, biz_id, app_id, account.app_ids)


class PgOwners:
    """All owners of biz_ids."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def forget(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` owners from before `before`, oldest first, and return their number."""
        async with self._engine.begin() as connection:
            forgotten = await connection.execute(_FORGET, {"before": before, "limit": limit})
            return forgotten.rowcount


_ASSIGN: Final = """
INSERT INTO biz_owners AS o (account, biz_id, app_id)
SELECT account, biz_id, COALESCE(
    (SELECT v.app_id FROM verifications v
     WHERE v.biz_id = w.biz_id AND v.app_id = ANY(ARRAY(SELECT json_array_elements_text(w.apps)))
     ORDER BY v.registered_at IS NULL, v.state <> 'decided', v.state = 'expired', v.created_at, v.app_id
     LIMIT 1),
    app_id)
FROM json_to_recordset(CAST({rows} AS json)) AS w (account text, biz_id text, app_id text, apps json)
ON CONFLICT (account, biz_id) DO UPDATE SET app_id = o.app_id
RETURNING account, biz_id, app_id
"""
"""Without a row, the verifications determine the owner: a registered one, else a decided one, else the
oldest. One that was merged into another is expired."""

_OWNED: Final = text("""
SELECT w.app_id, w.biz_id
FROM json_to_recordset(CAST(:rows AS json)) AS w (account text, biz_id text, app_id text)
CROSS JOIN LATERAL (
  SELECT FROM biz_owners o WHERE o.account = w.account AND o.biz_id = w.biz_id AND o.app_id = w.app_id LIMIT 1
) AS owned
""")

_FORGET: Final = text("""
WITH old AS (
  SELECT account, biz_id FROM biz_owners WHERE claimed_at < :before
  ORDER BY claimed_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM biz_owners o USING old
WHERE o.account = old.account AND o.biz_id = old.biz_id
  AND o.account = ANY(ARRAY(SELECT account FROM old)) AND o.biz_id = ANY(ARRAY(SELECT biz_id FROM old))
""")

_HAND_OVER: Final = text("""
UPDATE biz_owners SET app_id = :app_id WHERE account = :account AND biz_id = :biz_id
""")
