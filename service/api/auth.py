"""Authorization: bearer tokens with scopes, each limited to its apps."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.responses import Response

from domain.limits.quotas import Cost
from domain.people.actor import Actor
from domain.views.tokens import PERSON_SCOPES, ApiToken
from service.api.access.door import Entry
from service.api.access.entrance import asks_to_wait
from service.api.access.json_body import BoundedRequest
from service.api.access.turns import Turn
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.responses import problems
from service.problems.problems import PROBLEMS

_bearer: Final = HTTPBearer(auto_error=False, description="A token made by `faceid-gateway token create`")

_COSTS: Final = {
    "list_reviews": Cost.LIST,
    "end_reviews": Cost.BACKTEST,
    "list_verifications": Cost.LIST,
    "list_audit": Cost.LIST,
    "list_dead_letters": Cost.LIST,
    "list_events": Cost.LIST,
    "list_endpoints": Cost.LIST,
    "list_deliveries": Cost.LIST,
    "redeliver_deliveries": Cost.LIST,
    "recover_endpoint": Cost.LIST,
    "compare_shadow": Cost.LIST,
    "order_verification": Cost.CALL,
    "register_verification": Cost.CALL,
    "pull_result": Cost.CALL,
    "create_endpoint": Cost.CALL,
    "change_endpoint": Cost.CALL,
    "test_endpoint": Cost.CALL,
    "backtest_policy": Cost.BACKTEST,
}
"""By the name of the endpoint's function; all other endpoints are lookups."""

_MAY_WAIT: Final = {"get_verification", "list_events"}


@dataclass(frozen=True)
class Caller:
    """The bearer of a valid token. `app_ids`: the apps in which it may do what the endpoint does.

    `of_every_app`: it may do that in every app, also in those that this process does not know.
    """

    token: ApiToken
    actor: Actor
    app_ids: list[str]
    of_every_app: bool
    turn: Turn

    def narrowed(self, app_id: str | None) -> list[str]:
        """The caller's apps, or only `app_id`; empty if the caller may not see that app."""
        return self.app_ids if app_id is None else [mine for mine in self.app_ids if mine == app_id]


class GuardedRoute(APIRoute):
    """An endpoint that checks the token first, since FastAPI reads the body before any dependency."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        # Successful answers first, then the common problems, then the endpoint's own.
        answers = sorted((options.get("responses") or {}).items(), key=lambda each: int(each[0]) >= 400)
        options["responses"] = {**problems("too_many_requests"), **dict(answers)}
        super().__init__(path, endpoint, **options)

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The scopes that the endpoint's callers need: those of all its dependencies, and of theirs."""
        return frozenset(_scopes_of(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint with its access checks."""
        handle, has_body = super().get_route_handler(), self.body_field is not None
        scopes = self.scopes

        async def guarded(request: Request) -> Response:
            door = request.app.state.context.door
            cost = self._cost(request)
            async with (
                self._denials_noted(request),
                door.enter(request, scopes=scopes, cost=cost, has_body=has_body) as entry,
            ):
                request.state.entry = entry
                bounded = BoundedRequest(request.scope, request.receive)
                if has_body:
                    await bounded.body()
                    await entry.turn.work()
                return await handle(bounded)

        return guarded

    @asynccontextmanager
    async def _denials_noted(self, request: Request) -> AsyncIterator[None]:
        """A 403 in the block is written to the audit."""
        try:
            yield
        except ApiProblem as problem:
            if PROBLEMS[problem.code].status == HTTPStatus.FORBIDDEN:
                what = f"{request.method} {self.path}"
                denials = request.app.state.context.denials
                await denials.note(request.state.actor, what, code=problem.code)
            raise

    def _cost(self, request: Request) -> Cost:
        if self.name in _MAY_WAIT and asks_to_wait(request.query_params):
            return Cost.WAIT
        return _COSTS.get(self.name, Cost.LOOKUP)


def _scopes_of(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for part in dependant.dependencies:
        yield from _scopes_of(part)


def guarded_router(prefix: str, *, tag: str) -> APIRouter:
    """A router with guarded endpoints, whose descriptions include the problems of authentication."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=GuardedRoute,
        responses=problems("unauthenticated", "missing_scope"),
    )


async def authenticate(
    request: Request, context: Context, _shown: Annotated[Any, Depends(_bearer)]
) -> Caller:
    """The admitted caller. The route checks the endpoint's scopes."""
    return caller_of(request.state.entry, context)


def caller_of(entry: Entry, context: ApiContext) -> Caller:
    """The caller of a request that the door has let in."""
    apps = entry.apps
    app_ids = [app_id for app_id in context.app_ids if apps is None or app_id in apps]
    return Caller(entry.token, entry.actor, app_ids, apps is None, entry.turn)


def PersonWith(*scopes: str) -> Any:  # noqa: N802 - reads like FastAPI's Security
    """The dependency of an endpoint for persons who have these scopes; a program's token gets 403
    `person_required`.
    """
    if not PERSON_SCOPES & set(scopes):
        raise ValueError(f"programs may have {scopes}, too")
    return Security(authenticate, scopes=list(scopes))


Reader = Annotated[Caller, Security(authenticate, scopes=["verifications:read"])]
Writer = Annotated[Caller, Security(authenticate, scopes=["verifications:write"])]
EndpointKeeper = Annotated[Caller, Security(authenticate, scopes=["endpoints"])]
Auditor = Annotated[Caller, Security(authenticate, scopes=["audit"])]
Operator = Annotated[Caller, Security(authenticate, scopes=["operate"])]
