"""Delete by age what is deleted as a whole: verifications with their decisions, and rows of the audit.

No process may delete these. Functions in the database do it, with the rights of the tables' owner, and check
again that what they delete is old, erased, and held by nobody (migration 0032). Each run that deletes writes
a row of the audit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.statements.holds import ROW_IS_HELD, is_held
from domain.identity.retention import Due, Kind


async def count_due(
    connection: AsyncConnection, app_id: str, kind: Kind, *, before: datetime, most: int
) -> Due:
    """How much is old enough, up to `most`."""
    values = {"app_id": app_id, "before": before, "most": most}
    found: Row[Any] = (await connection.execute(_DUE[kind], values)).one()
    return Due(app_id, kind, found.due, found.held)


async def delete(
    connection: AsyncConnection, app_id: str, kind: Kind, *, before: datetime, limit: int
) -> int:
    """Delete up to `limit`, oldest first; how many."""
    values = {"app_id": app_id, "before": before, "most": limit}
    return int(await connection.scalar(_DELETE[kind], values) or 0)


_IS_DONE: Final = """(SELECT v.erased_at IS NOT NULL FROM verifications v WHERE v.id = {id})
  AND NOT EXISTS (SELECT FROM review_cases c WHERE c.verification_id = {id} AND c.state <> 'closed')"""

IS_IN_BLOCK: Final = "(SELECT true FROM audit_leaves l WHERE l.audit_id = a.id)"
"""SQL: row `a` of the audit is in a block."""


def may_go(row_id: str) -> str:
    """SQL: the verification with this id is erased, in no open case, and not held."""
    return f"({_IS_DONE.format(id=row_id)} AND NOT {is_held(row_id)})"


_DECISIONS: Final = """
SELECT verification_id AS id, {is_held} AS held FROM decisions
WHERE app_id = :app_id AND decided_at < :before AND {which}
ORDER BY decided_at, verification_id LIMIT :most
"""

_UNDECIDED: Final = """
SELECT id, {is_held} AS held FROM verifications
WHERE ((app_id || '/') || COALESCE(listed_as, state)) = CAST(:app_id AS text) || '/expired'
  AND created_at < :before AND {which}
ORDER BY created_at, id LIMIT :most
"""

_AUDIT_DUE: Final = f"""
SELECT count(*) AS due, count(*) FILTER (WHERE held) AS held FROM (
  SELECT a.at, {ROW_IS_HELD} AS held FROM audit a WHERE {IS_IN_BLOCK} ORDER BY a.id LIMIT :most) AS oldest
WHERE at < :before
"""  # noqa: S608 - constants alone
"""Numbers are about in the order of time, and there is no index by time."""


def ended_deliveries(app_id: str, before: str) -> str:
    """SQL: the ended deliveries of an app from before a time, up to `:most`."""
    each_state = (
        f"(SELECT FROM deliveries t WHERE t.app_id = {app_id} AND t.state = '{state}'"
        f" AND t.created_at < {before} ORDER BY t.created_at LIMIT :most)"
        for state in ("delivered", "failed")
    )
    return f"({' UNION ALL '.join(each_state)} LIMIT :most)"


_ATTEMPTS_DUE: Final = f"""
SELECT count(*) AS due, 0 AS held FROM {ended_deliveries(":app_id", ":before")} AS found
"""  # noqa: S608 - as above


def _of(statement: str, row_id: str, which: str) -> str:
    return statement.format(is_held=is_held(row_id), which=which)


def _counted(statement: str, row_id: str) -> TextClause:
    found = _of(statement, row_id, _IS_DONE.format(id=row_id))
    return text(f"SELECT count(*) AS due, count(*) FILTER (WHERE held) AS held FROM ({found}) AS found")  # noqa: S608 - as above


def _deleting(statement: str, row_id: str) -> TextClause:
    found = _of(statement, row_id, may_go(row_id))
    return text(f"""
SELECT delete_verifications_by_age(:app_id, ARRAY(SELECT id FROM ({found}) AS found), :before)
""")  # noqa: S608 - as above


_DUE: Final[Mapping[Kind, TextClause]] = {
    Kind.DECISIONS: _counted(_DECISIONS, "decisions.verification_id"),
    Kind.UNDECIDED: _counted(_UNDECIDED, "verifications.id"),
    Kind.AUDIT: text(_AUDIT_DUE),
    Kind.ATTEMPTS: text(_ATTEMPTS_DUE),
}

_DELETE: Final[Mapping[Kind, TextClause]] = {
    Kind.DECISIONS: _deleting(_DECISIONS, "decisions.verification_id"),
    Kind.UNDECIDED: _deleting(_UNDECIDED, "verifications.id"),
    Kind.AUDIT: text("SELECT purge_audit_by_age(:before, :most)"),
}

KINDS: Final = frozenset(_DUE)
"""What this module counts; the senders delete `attempts`."""
