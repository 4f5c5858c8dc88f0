"""Verifications without what a person must not know before a blind second look."""

from collections.abc import Sequence
from typing import Final

from domain.people.session import Session
from domain.views.verifications import VerificationRecord
from service.console.app.sessions import apps_of
from service.console.context import ConsoleContext
from usecases.reviews.blind import blinded

_REVIEW: Final = "review"


async def as_seen(
    context: ConsoleContext, session: Session, records: Sequence[VerificationRecord]
) -> list[VerificationRecord]:
    """The records as the person may see them."""
    app_ids = apps_of(session, _REVIEW, context.app_ids)
    return await blinded(context.reviews.store, records, person_id=session.person.id, app_ids=app_ids)
