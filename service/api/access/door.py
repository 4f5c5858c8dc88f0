"""Admit requests: check the token before the body is read, then its scopes, then its quota."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil

from fastapi import Request

from domain.limits.quotas import Cost, Quota, quotas
from domain.people.actor import Actor
from domain.people.roles import Apps
from domain.views.tokens import PERSON_SCOPES, ApiToken
from service.api.access.entrance import caller_in_queue, key_of, shown_token
from service.api.access.tries import Pauses, Tries
from service.api.access.turns import TooMany, Turn, Turns
from service.api.errors import ApiProblem
from usecases.ports.access import CallRates, Tokens


@dataclass(frozen=True)
class Entry:
    """An admitted request. `apps`: those in which the caller has the endpoint's `scopes`; None: every app."""

    token: ApiToken
    actor: Actor
    scopes: frozenset[str]
    apps: Apps
    turn: Turn


@dataclass
class Door:
    """Admits requests. `calls` counts the requests that cost vendor calls."""

    tokens: Tokens
    calls: CallRates
    shares: Mapping[Cost, Quota] = field(default_factory=lambda: quotas(per_second=1000))
    tries: Tries = field(default_factory=Tries)
    pauses: Pauses = field(default_factory=Pauses)
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        self.turns = Turns(self.shares)

    @asynccontextmanager
    async def enter(
        self, request: Request, *, scopes: frozenset[str], cost: Cost, has_body: bool
    ) -> AsyncIterator[Entry]:
        """Admit the bearer of a valid token with these scopes for the duration of the block. Raises
        ApiProblem.

        A request that `has_body` takes its working slot only once the body has arrived, so that a slow sender
        does not keep other tokens waiting.
        """
        address, shown = request.client.host if request.client else "", shown_token(request)
        if shown is None:
            raise await self._unknown(address, None)
        key = key_of(shown)
        try:
            async with self.turns.enter(key, cost, caller=caller_in_queue(self.tries, request)) as turn:
                if not has_body:
                    await turn.work()
                token = await self._check(address, shown, key)
                actor = request.state.actor = token.actor(address or None)
                apps = _apps_of(token, scopes)
                await self._charge(token, cost)
                yield Entry(token, actor, scopes, apps, turn)
        except TooMany as error:
            await self.pauses.hold()
            raise _too_many(error.retry_after) from None

    async def check_again(self, request: Request, entry: Entry) -> None:
        """Check the token of an admitted request that has waited, before more is answered.

        Raises:
            ApiProblem: the token is revoked or expired, or has lost an app or a scope.
            ServerAway: PostgreSQL is away.
        """
        shown = shown_token(request)
        token = None if shown is None else await self.tokens.check(shown)
        if token is None:
            raise ApiProblem("unauthenticated")
        apps = _apps_of(token, entry.scopes)
        if apps is not None and (entry.apps is None or not entry.apps <= apps):
            raise ApiProblem("missing_scope")

    async def _check(self, address: str, shown: str, key: str) -> ApiToken:
        if wait := self.tries.wait_for(address, key):
            raise TooMany(wait)
        token = await self.tokens.check(shown)
        if token is None:
            raise await self._unknown(address, key)
        self.tries.succeeded(key)
        return token

    async def _charge(self, token: ApiToken, cost: Cost) -> None:
        if cost is Cost.CALL and (wait := await self.calls.take(token.name)):
            raise TooMany(wait)

    async def _unknown(self, address: str, key: str | None) -> ApiProblem:
        if self.tries.failed(address, key):
            await self.pauses.hold()
        return ApiProblem("unauthenticated")


def _apps_of(token: ApiToken, scopes: frozenset[str]) -> Apps:
    """The apps in which the token has all of `scopes`. Raises ApiProblem if there is none."""
    if token.person is None and scopes & PERSON_SCOPES:
        raise ApiProblem("person_required")
    apps = token.apps_for(scopes)
    if apps is not None and not apps:
        raise ApiProblem("missing_scope")
    return apps


def _too_many(retry_after: float) -> ApiProblem:
    return ApiProblem("too_many_requests", retry_after=max(1, ceil(retry_after)))
