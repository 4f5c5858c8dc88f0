"""Open a case outside a decision, or note on the open one why it is asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from adapters.store.statements.bulk import as_rows
from adapters.store.statements.opening import first_events, opened_cases
from domain.reviews.case import Because, Priority, ReviewCase


class NewCase(msgspec.Struct, frozen=True):
    """A case to open. `because`: why."""

    verification_id: UUID
    because: Because
    at: datetime


async def open_cases(connection: asyncpg.Connection, cases: Sequence[NewCase]) -> dict[UUID, UUID]:
    """Open a case of each of these decided verifications that has none, and return the new cases' ids by
    verification. The caller has locked the verifications."""
    found = await connection.fetch(_OPEN, as_rows(cases))
    return {row["verification_id"]: row["id"] for row in found}


async def open_another(
    connection: asyncpg.Connection,
    case: ReviewCase,
    because: Because,
    *,
    at: datetime,
    not_for: Sequence[UUID] = (),
    priority: Priority = Priority.LOW,
) -> None:
    """Open the case that follows on one that has ended."""
    new = await open_cases(connection, [NewCase(case.verification_id, because, at)])
    for case_id in new.values():
        await connection.execute(_LIMIT_TO_OTHERS, case_id, list(not_for), int(priority))


async def note_late_evidence(
    connection: asyncpg.Connection, verification_ids: Sequence[UUID], *, what: str, at: datetime
) -> None:
    """Evidence came after these verifications' decisions: open a case of each, or note it on the open one,
    which wakes a snoozed case. Those that are not decided stay as they are.

    The caller has locked the verifications. `what`: the timeline's word for the evidence.
    """
    if not verification_ids:
        return
    ids = sorted(set(verification_ids))
    new = await open_cases(connection, [NewCase(each, Because.LATE_EVIDENCE, at) for each in ids])
    others = [each for each in ids if each not in new]
    if others:
        await connection.execute(_NOTE, others, at, what)


_OPEN: Final = f"""
WITH asked AS (
  SELECT t.*, d.app_id, d.policy_hash,
         COALESCE((SELECT json_agg(reason ->> 'code') FROM json_array_elements(d.reasons) AS reason),
                  CAST('[]' AS json)) AS codes
  FROM json_to_recordset(CAST($1 AS json)) AS t (verification_id uuid, because text, at timestamptz)
  JOIN decisions d ON d.verification_id = t.verification_id
), opened AS ({opened_cases("asked")}
), begun AS ({first_events("opened")}
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'review.opened', jsonb_build_object('case_id', id, 'because', opened_because)
  FROM opened
)
SELECT id, verification_id FROM opened
"""  # noqa: S608 - constants alone

_LIMIT_TO_OTHERS: Final = """
WITH changed AS (UPDATE review_cases SET not_for = $2, priority = $3 WHERE id = $1)
UPDATE review_events
SET detail = jsonb_set(CAST(detail AS jsonb), '{priority}', to_jsonb(CAST($3 AS integer)))
WHERE case_id = $1 AND seq = 1
"""
"""Both rows are of this transaction: nobody has seen them yet."""

_NOTE: Final = """
WITH waiting AS (
  SELECT id FROM review_cases WHERE verification_id = ANY($1) AND state <> 'closed'
  ORDER BY id FOR NO KEY UPDATE
), woken AS (
  UPDATE review_cases c
  SET seq = c.seq + 1, snoozed_until = NULL, state = CASE c.state WHEN 'snoozed' THEN 'open' ELSE c.state END
  FROM waiting WHERE c.id = waiting.id
  RETURNING c.id, c.seq
)
INSERT INTO review_events (case_id, seq, at, actor, kind, detail)
SELECT id, seq, $2, 'gateway:worker', 'noted', json_build_object('because', CAST($3 AS text)) FROM woken
"""
