"""The route of the most frequent request: one verification by its biz_id, without any parameter.

FastAPI's search for parameters takes longer than the lookup. A request with a query, or with a biz_id that
is refused, goes through FastAPI and gets the same answers.
"""

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from domain.limits.quotas import Cost
from domain.model import BIZ_ID_SHAPE
from service.api.auth import Caller, GuardedRoute, caller_of
from service.api.context import ApiContext
from service.api.lookups.finding import find_verification
from service.api.models.answers import verification_json


class LookupRoute(GuardedRoute):
    """Answers plain lookups itself."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; errors are answered as on every route."""
        if _is_plain(scope):
            answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)
        else:
            await super().handle(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        context: ApiContext = request.app.state.context
        async with context.door.enter(request, scopes=self.scopes, cost=Cost.LOOKUP, has_body=False) as entry:
            return await answer_lookup(request.path_params["biz_id"], caller_of(entry, context), context)


async def answer_lookup(
    biz_id: str, caller: Caller, context: ApiContext, app_id: str | None = None
) -> Response:
    """The body for the verification that `biz_id` names. Raises ApiProblem."""
    found = await find_verification(biz_id, caller, context, app_id)
    return Response(verification_json(found), media_type="application/json")


def _is_plain(scope: Scope) -> bool:
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and BIZ_ID_SHAPE.fullmatch(scope["path_params"]["biz_id"]) is not None
    )
