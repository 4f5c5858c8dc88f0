"""Verifications without what a person must not know before a blind second look."""

from collections.abc import Sequence
from typing import Final

from domain.people.session import Session
from domain.views.verifications import Filters, VerificationRecord
from service.console.app.sessions import apps_of
from service.console.context import ConsoleContext
from usecases.reviews.blind import blinded, listed_for

_REVIEW: Final = "review"


async def as_seen(
    context: ConsoleContext, session: Session, records: Sequence[VerificationRecord]
) -> list[VerificationRecord]:
    """The records as the person may see them."""
    app_ids = apps_of(session, _REVIEW, context.app_ids)
    return await blinded(context.reviews.store, records, person_id=session.person.id, app_ids=app_ids)


def filters_for(context: ConsoleContext, session: Session, filters: Filters) -> Filters:
    """The filters by which the person may list."""
    app_ids = apps_of(session, _REVIEW, context.app_ids)
    return listed_for(filters, person_id=session.person.id, app_ids=app_ids)
