"""What a person does not see of a verification while a blind second look waits for that person."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.views.verifications import BlindReader, Filters, TimelineEvent, VerificationRecord
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


def listed_for(filters: Filters, *, person_id: UUID | None, app_ids: Sequence[str]) -> Filters:
    """The filters by which this person may list: by the outcome that counts, nothing is found whose outcome
    the person must not know. Otherwise a short page or its cursor would show the outcome.
    """
    if person_id is None or filters.effective_outcome is None:
        return filters
    return replace(filters, hidden_from=BlindReader(person_id, app_ids))


def without_reviews(events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """The timeline without what persons did."""
    return [each for each in events if not each.event.startswith(_TOLD)]


def _without_conclusion(record: VerificationRecord) -> VerificationRecord:
    return replace(record, concluded=None, is_blind=True)
