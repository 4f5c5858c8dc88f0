"""Verifications by id, for many lookups in one statement, on asyncpg directly.

SQLAlchemy's execution costs several times as much as the statement itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.bulk import bulk_connection


class FoundRow(msgspec.Struct, frozen=True):
    """A verification with its decision, in the order of the statement's columns."""

    id: UUID
    app_id: str
    biz_id: str
    biz_no: str | None
    state: str
    vendor_status: str | None
    wrapped_key: bytes | None
    identity_ct: bytes | None
    ended_at: datetime | None
    registered_at: datetime | None
    expires_at: datetime | None
    nudged_at: datetime | None
    held: bool
    received_at: datetime | None
    created_at: datetime
    outcome: str | None
    basis: str | None
    reasons_json: str | None
    decided_at: datetime | None
    facts_json: str | None
    policy_name: str | None
    policy_version: str | None
    pulls_used: int
    concluded: str | None
    case_id: UUID | None
    case_state: str | None
    erased_at: datetime | None

    @property
    def reasons(self) -> list[dict[str, str]]:
        """The reasons of the decision, each with `code` and `detail`."""
        return [] if self.reasons_json is None else msgspec.json.decode(self.reasons_json)

    @property
    def facts(self) -> dict[str, Any] | None:
        """The facts of the decision: those of the result, or of the callback without one."""
        return None if self.facts_json is None else msgspec.json.decode(self.facts_json)


_FIND: Final = """
SELECT v.id, v.app_id, v.biz_id, v.biz_no, v.state, v.vendor_status, v.wrapped_key, v.identity_ct,
       v.ended_at, v.registered_at, v.expires_at, v.nudged_at, v.held, v.received_at, v.created_at,
       d.outcome, d.basis, CAST(d.reasons AS text), d.decided_at,
       CAST(coalesce(d.result_facts, d.callback_facts) AS text),
       p.name, p.version,
       (SELECT count(*) FROM pulls WHERE verification_id = v.id AND state <> 'not_sent'),
       v.effective_outcome, c.id, c.state, v.erased_at
FROM verifications v
LEFT JOIN decisions d ON d.verification_id = v.id AND d.verification_id = ANY($1)
LEFT JOIN policies p ON p.content_hash = d.policy_hash
LEFT JOIN LATERAL (
  SELECT id, CASE WHEN state = 'open' AND lease_until > now() THEN 'claimed' ELSE state END AS state
  FROM review_cases WHERE verification_id = v.id ORDER BY opened_at DESC LIMIT 1
) c ON true
WHERE v.id = ANY($1)
"""


async def find_rows(engine: AsyncEngine, searches: Sequence[tuple[UUID, ...]]) -> list[list[FoundRow]]:
    """For each search, the rows of those of its ids that exist. One statement."""
    async with bulk_connection(engine) as connection:
        found = await connection.fetch(_FIND, [*set().union(*searches)])
    rows = {row[0]: FoundRow(*row) for row in found}
    return [[rows[each] for each in ids if each in rows] for ids in searches]
