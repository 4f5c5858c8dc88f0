"""What belongs to one verification beside its decision, in three short statements."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.views.close_ups import CallView, CloseUp, SentView, ShadowView

MOST: Final = 50
"""Deliveries and shadow decisions of a verification that are read, the newest first."""


class PgCloseUps:
    """Reads calls, shadow decisions and deliveries of a verification."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, verification_id: UUID) -> CloseUp:
        """Everything of this verification. Raises DatabaseAway."""
        values = {"id": verification_id, "most": MOST}
        async with self._engine.connect() as connection:
            calls = await connection.execute(_CALLS, values)
            shadows = await connection.execute(_SHADOWS, values)
            sent = await connection.execute(_SENT, values)
            return CloseUp(
                [CallView(*row) for row in calls],
                [ShadowView(*row) for row in shadows],
                [SentView(*row) for row in sent],
            )


_CALLS: Final = text("""
SELECT n, state, started_at, finished_at, http_status, error FROM pulls WHERE verification_id = :id ORDER BY n
""")

_SHADOWS: Final = text("""
SELECT p.name, p.version, s.outcome, s.reasons, s.decided_at
FROM shadow_decisions s JOIN policies p ON p.content_hash = s.policy_hash
WHERE s.verification_id = :id ORDER BY s.decided_at DESC, p.name LIMIT :most
""")

_SENT: Final = text("""
SELECT d.id, d.type, e.url, d.state, d.attempts, d.error, d.created_at, d.ended_at
FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint_id
WHERE d.verification_id = :id ORDER BY d.created_at DESC, d.id LIMIT :most
""")
