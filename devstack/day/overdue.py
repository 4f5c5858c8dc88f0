"""One case of the demo waits for longer than its time limit, so that it can be seen what that looks like."""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from adapters.postgres.engine import create_engine


async def make_overdue(database_url: str, case_id: UUID) -> None:
    """Move the opening of an open case back by its time limit and an hour. Raises ServerAway."""
    engine = create_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(_MOVE_BACK, {"case_id": case_id})
    finally:
        await engine.dispose()


_MOVE_BACK: Final = text("""
WITH moved AS (
  SELECT id, due_at - opened_at + interval '1 hour' AS by FROM review_cases
  WHERE id = :case_id AND state = 'open' FOR NO KEY UPDATE
), opened AS (
  UPDATE review_events e SET at = e.at - moved.by FROM moved WHERE e.case_id = moved.id AND e.seq = 1
)
UPDATE review_cases c
SET opened_at = opened_at - moved.by, due_at = due_at - moved.by, escalate_at = escalate_at - moved.by
FROM moved WHERE c.id = moved.id
""")
