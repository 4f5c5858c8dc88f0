"""Who reviews in this session."""

from typing import Annotated, Final

from fastapi import Request

from domain.people.session import Session
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.context import ConsoleContext
from usecases.reviews.by import By

REVIEW: Final = "review"
_APPROVE: Final = "approve"
ReviewSession = Annotated[Session, needs(REVIEW)]
SeniorSession = Annotated[Session, needs(_APPROVE)]


def by_of(request: Request, context: ConsoleContext, session: Session) -> By:
    """The person, with the apps in which the person may review and approve."""
    app_ids = apps_of(session, REVIEW, context.app_ids)
    approving = (app_id for app_id in app_ids if session.rights.may(_APPROVE, app_id))
    return By(actor_of(request, session), tuple(app_ids), tuple(approving))
