"""What a person does not see of a verification while a blind second look waits for that person."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.views.verifications import TimelineEvent, VerificationRecord
from usecases.ports.reviews import ReviewStore

_TOLD: Final = ("review.", "verification.reviewed")


async def blinded(
    store: ReviewStore,
    records: Sequence[VerificationRecord],
    *,
    person_id: UUID | None,
    app_ids: Sequence[str],
) -> list[VerificationRecord]:
    """The records as this person may see them. `person_id`: None for a program. `app_ids`: where the person
    may review. Raises ServerAway.
    """
    reviewed = [each.id for each in records if each.app_id in app_ids and each.review is not None]
    if person_id is None or not reviewed:
        return list(records)
    hidden = await store.second_looks(reviewed, person_id=person_id)
    return [_without_conclusion(each) if each.id in hidden else each for each in records]


def without_reviews(events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """The timeline without what persons did."""
    return [each for each in events if not each.event.startswith(_TOLD)]


def _without_conclusion(record: VerificationRecord) -> VerificationRecord:
    return replace(record, concluded=None, is_blind=True)
