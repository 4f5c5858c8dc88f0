"""Notes: what persons write may name the verified person, so it is sealed under the verification's key."""

from uuid import UUID

import structlog

from adapters.keys.data_keys import DataKeys
from adapters.sealing.envelope import place_of
from adapters.store.recording.known import key_place
from domain.errors import BrokenSeal
from domain.reviews.case import ReviewCase
from domain.verifications.lease import DataKey

log = structlog.get_logger(__name__)


class Notes:
    """Seals and opens the notes of one case."""

    def __init__(self, keys: DataKeys, case: ReviewCase, wrapped_key: bytes | None) -> None:
        self._keys = keys
        self._case = case
        self._wrapped_key = wrapped_key

    def seal(self, note: str | None, *, seq: int) -> bytes | None:
        """Encrypt the note of an event. Raises BrokenSeal: the verification's key is deleted."""
        return None if note is None else self._key().seal(note.encode(), place=self._place_of(seq))

    def seal_of_review(self, note: str | None, *, n: int) -> bytes | None:
        """Encrypt the note of the verification's n-th review."""
        return None if note is None else self._key().seal(note.encode(), place=self._place_of_review(n))

    def unseal(self, sealed: bytes | None, *, seq: int) -> str | None:
        """The note of an event. Raises BrokenSeal."""
        return None if sealed is None else self._key().unseal(sealed, place=self._place_of(seq)).decode()

    def readable(self, sealed: bytes | None, *, seq: int) -> str | None:
        """The note of an event; None if it cannot be opened: the rest of the case is still readable."""
        try:
            return self.unseal(sealed, seq=seq)
        except BrokenSeal:
            log.warning("review.note_unreadable", case_id=str(self._case.id))
            return None

    def _key(self) -> DataKey:
        place = key_place(self._case.app_id, self._case.verification_id)
        return self._keys.unwrap_data_key(self._wrapped_key, place=place)

    def _place_of_review(self, n: int) -> str:
        return review_place(self._case.app_id, self._case.verification_id, n)

    def _place_of(self, seq: int) -> str:
        return note_place(self._case.app_id, self._case.id, seq)


def note_place(app_id: str, case_id: UUID, seq: int) -> str:
    """The place of the note of a case's event."""
    return place_of(app_id, "review_events.note_ct", f"{case_id}/{seq}")


def review_place(app_id: str, verification_id: UUID, n: int) -> str:
    """The place of the note of a verification's n-th review."""
    return place_of(app_id, "reviews.note_ct", f"{verification_id}/{n}")
