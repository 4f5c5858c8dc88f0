"""Who is signed in, and what a page needs: the dependencies of every route."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from domain.people.actor import Actor
from domain.people.session import Session
from service.console.app.cookies import SESSION, read_cookie
from service.console.app.errors import Forbidden, NotSignedIn
from service.console.context import Context


async def signed_in(request: Request, context: Context) -> Session:
    """The session of the browser. Raises NotSignedIn."""
    cookie = read_cookie(request, SESSION)
    session = await context.sessions.check(cookie) if cookie else None
    if session is None:
        raise NotSignedIn
    request.state.session = session
    return session


Signed = Annotated[Session, Depends(signed_in)]
"""The session of a page that every signed-in person may open."""


@dataclass(frozen=True)
class Needs:
    """A dependency: the session of a person who has `scope` in at least one app."""

    scope: str

    async def __call__(self, request: Request, session: Signed, context: Context) -> Session:
        """The session. Raises Forbidden, which has its row in the audit."""
        if not session.rights.has(self.scope):
            what = f"{request.method} {request.scope['route'].path}"
            await context.denials.note(actor_of(request, session), what, code="missing_scope")
            raise Forbidden
        return session


def needs(scope: str) -> Any:
    """The dependency of a route that needs `scope`: `session: Annotated[Session, needs("operate")]`."""
    return Depends(Needs(scope))


Reader = Annotated[Session, needs("verifications:read")]


def apps_of(session: Session, scope: str, known: Iterable[str]) -> list[str]:
    """The `known` apps in which the person has `scope`."""
    return [app_id for app_id in known if session.rights.may(scope, app_id)]


def actor_of(request: Request, session: Session) -> Actor:
    """Who does it, and from where."""
    return session.actor(request.client.host if request.client else None)
