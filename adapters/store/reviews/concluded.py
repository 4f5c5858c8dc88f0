"""What persons concluded about one verification, the newest first."""

from typing import Final
from uuid import UUID

import asyncpg
import structlog

from adapters.keys.data_keys import DataKeys
from adapters.store.recording.known import key_place
from adapters.store.reviews.notes import review_place
from domain.errors import BrokenSeal
from domain.model import Outcome
from domain.views.reviews import ConcludedReview

log = structlog.get_logger(__name__)


async def read_concluded(
    connection: asyncpg.Connection, keys: DataKeys, verification_id: UUID, *, with_notes: bool
) -> list[ConcludedReview]:
    """The reviews of a verification, 50 at most. `with_notes`: their notes are opened."""
    rows = await connection.fetch(_REVIEWS, verification_id)
    if with_notes:
        await keys.load([row["wrapped_key"] for row in rows])
    return [_review(row, _note(keys, row) if with_notes else None) for row in rows]


def _review(row: asyncpg.Record, note: str | None) -> ConcludedReview:
    return ConcludedReview(
        n=row["n"],
        case_id=row["case_id"],
        outcome=Outcome(row["outcome"]),
        reasons=tuple(row["reasons"]),
        proposed_by=row["proposed_name"],
        approved_by=row["approved_name"],
        at=row["at"],
        has_note=row["note_ct"] is not None,
        note=note,
    )


def _note(keys: DataKeys, row: asyncpg.Record) -> str | None:
    """The note; None if there is none or it cannot be opened: the rest of the page is still readable."""
    if row["note_ct"] is None:
        return None
    app_id, verification_id = row["app_id"], row["verification_id"]
    try:
        key = keys.unwrap_data_key(row["wrapped_key"], place=key_place(app_id, verification_id))
        return key.unseal(row["note_ct"], place=review_place(app_id, verification_id, row["n"])).decode()
    except BrokenSeal:
        log.warning("review.note_unreadable", case_id=str(row["case_id"]))
        return None


_REVIEWS: Final = """
SELECT r.verification_id, r.app_id, r.n, r.case_id, r.outcome, r.reasons, r.note_ct, r.proposed_name,
       r.approved_name, r.at, v.wrapped_key
FROM reviews r JOIN verifications v ON v.id = r.verification_id
WHERE r.verification_id = $1 ORDER BY r.n DESC LIMIT 50
"""
