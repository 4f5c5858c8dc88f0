"""What each place still holds of one verification."""

from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.identity.receipts import receipt_of
from domain.identity.erasure import ErasureView, Hold, Place, PlaceState
from domain.identity.errors import NoSuchVerification
from domain.model import verification_id


class PgPlaces:
    """Reads the state of erasures."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def view(self, app_id: str, biz_id: str) -> ErasureView:
        """Each place with what it holds, the hold, and the receipt. Raises NoSuchVerification: there is
        neither a verification nor a dead letter of it, and none was erased on request.
        """
        values = {"app_id": app_id, "id": verification_id(app_id, biz_id)}
        async with self._engine.connect() as connection:
            row = (await connection.execute(_VIEW, values)).one()
        if not (row.is_recorded or row.was_asked or row.dead_letters):
            raise NoSuchVerification
        begun = row.begun_at if row.completed_at is None else None
        return ErasureView(
            places=[PlaceState(place, int(getattr(row, place.value))) for place in _IN_DATABASE],
            hold=None if row.hold is None else msgspec.convert(row.hold, Hold, strict=False),
            erased_at=row.erased_at,
            begun_at=begun,
            receipt=receipt_of(row),
            is_recorded=row.is_recorded,
        )


_IN_DATABASE: Final = (
    Place.KEY,
    Place.IDENTITY,
    Place.CALLBACKS,
    Place.RESULTS,
    Place.NOTES,
    Place.NUMBERS,
    Place.LETTERS,
    Place.PICTURES,
)

_VIEW: Final = text("""
SELECT v.id IS NOT NULL AS is_recorded, e.asked IS NOT NULL AS was_asked,
  COALESCE(v.erased_at, CASE WHEN e.completed_at IS NOT NULL THEN e.at END) AS erased_at,
  e.at AS begun_at, e.completed_at, e.receipt,
  CAST(v.wrapped_key IS NOT NULL AS integer) AS data_key,
  CAST(v.identity_ct IS NOT NULL AS integer) AS identity,
  (SELECT count(*) FROM callbacks WHERE verification_id = v.id AND raw_ct IS NOT NULL
     AND v.wrapped_key IS NOT NULL) AS callbacks,
  (SELECT count(*) FROM pulls WHERE verification_id = v.id AND raw_ct IS NOT NULL
     AND v.wrapped_key IS NOT NULL) AS results,
  (SELECT count(*) FROM review_events n JOIN review_cases c ON c.id = n.case_id
     WHERE c.verification_id = v.id AND n.note_ct IS NOT NULL)
    + (SELECT count(*) FROM reviews WHERE verification_id = v.id AND note_ct IS NOT NULL) AS notes,
  (SELECT count(*) FROM id_numbers WHERE verification_id = v.id) AS id_numbers,
  (SELECT count(*) FROM pictures WHERE verification_id = v.id) AS pictures,
  (SELECT count(*) FROM dead_letters WHERE app_id = :app_id AND verification_id = t.id
     AND v.erased_at IS NULL AND e.completed_at IS NULL) AS dead_letters,
  (SELECT json_build_object('reason', reason, 'placed_by', placed_by, 'placed_at', placed_at)
     FROM holds WHERE verification_id = v.id AND lifted_at IS NULL) AS hold
FROM (SELECT CAST(:id AS uuid) AS id) AS t
  LEFT JOIN verifications v ON v.id = t.id LEFT JOIN erasures e ON e.verification_id = t.id
""")
"""What is sealed under a key that is gone counts as nothing: nobody can open it. A picture counts until its
file is deleted, too."""
