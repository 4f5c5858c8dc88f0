"""Rows as a worker of an older version writes them, even after the migrations."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.events.log import append
from adapters.store.lookups.lists import list_key
from adapters.store.statements import due_moves
from adapters.store.statements.opening import first_events, opened_cases
from domain.events.event import DECIDED, NewEvent
from domain.model import Outcome, State
from domain.pulls.budget import RESULT_KEPT


class PgLeftovers:
    """Completes such rows in batches."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def end_unfinished(self, *, limit: int) -> int:
        """Give up to `limit` unregistered, running flows without a due time the end of the vendor's day, and
        return their number. A version from before migration 0007 writes them."""
        async with self._engine.begin() as connection:
            ended = await connection.execute(_END_UNFINISHED, {"kept": RESULT_KEPT, "limit": limit})
            return ended.rowcount

    async def list_decided(self, app_ids: Sequence[str], *, limit: int) -> int:
        """List up to `limit` decided verifications of these apps by their outcome, write the events of those
        that were decided since there are events, and return how many were listed. A version from before
        migration 0011 lists none and writes none."""
        keys = [list_key(app_id, State.DECIDED) for app_id in app_ids]
        async with self._engine.begin() as connection:
            listed = (await connection.execute(_LIST_DECIDED, {"keys": keys, "limit": limit})).all()
            untold = [
                NewEvent(DECIDED[Outcome(row.listed_as)], row.decided_at, verification_id=row.id)
                for row in listed
                if row.is_untold
            ]
            await append(connection, untold)
            return len(listed)

    async def list_reasons(self, *, limit: int) -> int:
        """Write the reasons that lists find decisions by for up to `limit` decisions without them, open the
        cases of those that are `review`, and return their number. A version from before migration 0020 writes
        none."""
        async with self._engine.begin() as connection:
            return int((await connection.execute(_LIST_REASONS, {"limit": limit})).scalar_one())

    async def list_modes(self, *, limit: int) -> int:
        """List up to `limit` decided verifications by the confirmation mode of their decision, and return
        their number. A version from before migration 0035 lists none."""
        async with self._engine.begin() as connection:
            return (await connection.execute(_LIST_MODES, {"limit": limit})).rowcount


_END_UNFINISHED: Final = text(f"""
WITH endless AS (
  SELECT id FROM verifications
  WHERE state IN ('created', 'received') AND registered_at IS NULL AND final_digest IS NULL
    AND due_at IS NULL AND received_at IS NOT NULL
  LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE verifications v SET {due_moves.END_WITH_DAY}
FROM endless WHERE v.id = endless.id AND v.id = ANY(ARRAY(SELECT id FROM endless))
""")  # noqa: S608 - constants alone
"""The states are those of the index `verifications_open`."""

_LIST_DECIDED: Final = text("""
WITH unlisted AS (
  SELECT id FROM verifications v
  WHERE (v.app_id || '/' || COALESCE(v.listed_as, v.state)) = ANY(CAST(:keys AS text[]))
  LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE verifications v
SET listed_as = (SELECT d.outcome FROM decisions d WHERE d.verification_id = v.id)
WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted))
RETURNING v.id, v.listed_as,
  (SELECT d.decided_at FROM decisions d WHERE d.verification_id = v.id) AS decided_at,
  v.events = 0 AND (SELECT d.decided_at >= (SELECT began_at FROM event_log)
                    FROM decisions d WHERE d.verification_id = v.id) AS is_untold
""")
"""The key is that of the index `verifications_listed`."""

_LIST_MODES: Final = text("""
WITH unlisted AS (
  SELECT id FROM verifications WHERE state = 'decided' AND mode IS NULL
  LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE verifications v SET mode = (SELECT d.mode FROM decisions d WHERE d.verification_id = v.id)
WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted))
""")
"""The condition is that of the index `verifications_without_mode`."""

_LIST_REASONS: Final = text(f"""
WITH unlisted AS (
  SELECT verification_id AS id FROM decisions
  WHERE NOT reasons_listed AND outcome <> 'approved' LIMIT :limit
), held AS MATERIALIZED (
  SELECT v.id, v.app_id, v.biz_no, v.listed_as, v.created_at FROM verifications v
  WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted)) FOR NO KEY UPDATE SKIP LOCKED
), listed AS (
  UPDATE decisions d SET reasons_listed = true
  FROM held WHERE d.verification_id = held.id AND d.verification_id = ANY(ARRAY(SELECT id FROM held))
  RETURNING d.verification_id AS id, d.outcome, d.reasons, d.policy_hash
), doubtful AS MATERIALIZED (
  SELECT id AS verification_id, held.app_id, listed.policy_hash, 'decision' AS because, now() AS at,
         (SELECT json_agg(reason ->> 'code') FROM json_array_elements(listed.reasons) AS reason) AS codes
  FROM listed JOIN held USING (id) WHERE listed.outcome = 'review'
), opened AS ({opened_cases("doubtful")}
), begun AS ({first_events("opened")}
), told AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'review.opened', jsonb_build_object('case_id', id, 'because', opened_because)
  FROM opened
), coded AS (
  INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
  SELECT id, reason ->> 'code', held.app_id, COALESCE(held.listed_as, listed.outcome), held.biz_no,
         held.created_at
  FROM held JOIN listed USING (id) CROSS JOIN LATERAL json_array_elements(listed.reasons) AS reason
  ON CONFLICT DO NOTHING
)
SELECT count(*) FROM listed
""")  # noqa: S608 - constants alone
"""The condition is that of the index `decisions_unlisted`."""
