"""Operators' requests for a pull, decided under the verification's lock, so that two spend one call."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.rows import append
from adapters.store.recording.known import registration_of
from adapters.store.schedule.pull_ledger import read_calls
from adapters.store.statements import due_moves
from domain.audit.row import AuditRow
from domain.model import State
from domain.pulls.budget import PullRules
from domain.pulls.request import Candidate, Refusal, refuse_pull


class PgPullRequests:
    """Marks a verification for one requested call, which a worker spends. `rules`: the pull budget for
    operators.
    """

    def __init__(self, engine: AsyncEngine, *, rules: PullRules) -> None:
        self._engine = engine
        self._rules = rules

    async def ask(
        self, verification_id: UUID, *, now: datetime, by: str, audit: AuditRow | None = None
    ) -> Refusal | None:
        """Make an existing verification due for one call, or return why not; `by` is the actor."""
        key = {"id": verification_id}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_LOCK, key)).one()
            ledger = await read_calls(connection, verification_id)
            refusal = refuse_pull(_candidate(row), ledger, now=now, rules=self._rules)
            if row.erased_at is not None:
                refusal = Refusal("no_pull_left")
            if refusal is None:
                await connection.execute(_ASK, {**key, "now": now, "by": by})
                if audit is not None:
                    about = msgspec.structs.replace(audit, app_id=row.app_id, subject=row.biz_id)
                    await append(connection, [about])
        return refusal


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        state=State(row.state),
        held=row.held,
        ended_at=row.ended_at,
        registration=registration_of(row),
        asked_at=row.asked_at,
        due_at=row.due_at,
    )


_LOCK: Final = text("""
SELECT app_id, biz_id, state, held, ended_at, biz_no, registered_at, expires_at, nudged_at, asked_at, due_at,
       erased_at
FROM verifications WHERE id = :id FOR NO KEY UPDATE
""")

_ASK: Final = text(f"""
WITH asked AS (
  UPDATE verifications SET asked_at = :now, {due_moves.LOOK_NOW} WHERE id = :id RETURNING id
)
INSERT INTO timeline (verification_id, event, detail)
SELECT id, 'pull.requested', jsonb_build_object('by', CAST(:by AS text)) FROM asked
""")  # noqa: S608 - constants alone
