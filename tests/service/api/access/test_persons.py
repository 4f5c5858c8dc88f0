"""Persons and programs at the door: in which apps, and who acts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from domain.people.person import PersonRef
from domain.people.roles import Grant, Role, rights_of
from domain.views.tokens import ApiToken
from service.api.auth import Caller, EndpointKeeper, GuardedRoute, Operator, PersonWith, Reader
from service.api.main import create_app
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi, door_of

ID = UUID(int=7)
LI_NA = PersonRef(ID, "li.na")


@dataclass
class NotedTokens:
    """Tokens by their secret."""

    known: dict[str, ApiToken] = field(default_factory=dict)

    async def check(self, token: str) -> ApiToken | None:
        return self.known.get(token)

    def person(self, secret: str, *grants: Grant) -> None:
        self.known[secret] = ApiToken("person:li.na", None, [], None, LI_NA, rights_of(grants))

    def program(self, secret: str, *scopes: str, apps: list[str] | None = None) -> None:
        self.known[secret] = ApiToken(secret, apps, list(scopes), None)


def shown(caller: Caller) -> dict[str, object]:
    return {"actor": str(caller.actor), "apps": caller.app_ids, "every": caller.of_every_app,
            "person": caller.actor.person_id and str(caller.actor.person_id),
            "address": caller.actor.address}  # fmt: skip


def routes() -> APIRouter:
    """A route for each kind of caller."""
    router = APIRouter(prefix="/try", route_class=GuardedRoute)

    @router.get("/read")
    async def read(caller: Reader) -> dict[str, object]:
        return shown(caller)

    @router.get("/operate")
    async def operate(caller: Operator) -> dict[str, object]:
        return shown(caller)

    @router.get("/endpoints")
    async def endpoints(caller: EndpointKeeper) -> dict[str, object]:
        return shown(caller)

    @router.get("/review")
    async def review(caller: Caller = PersonWith("review")) -> dict[str, object]:  # noqa: B008
        return shown(caller)

    return router


@pytest.fixture
def tokens() -> NotedTokens:
    return NotedTokens()


@pytest.fixture
async def api(api_context: RealApi, tokens: NotedTokens) -> AsyncIterator[httpx2.AsyncClient]:
    app: FastAPI = create_app(replace(api_context, door=door_of(tokens)))
    app.include_router(routes())
    transport = httpx2.ASGITransport(app, client=("192.0.2.7", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


async def asked(api: httpx2.AsyncClient, path: str, token: str) -> httpx2.Response:
    return await api.get(f"/try/{path}", headers={"authorization": f"Bearer {token}"})


async def test_a_role_in_one_app_gives_nothing_in_another(
    api: httpx2.AsyncClient, tokens: NotedTokens
) -> None:
    tokens.person("t", Grant(Role.OPERATOR, "demo"), Grant(Role.VIEWER, "other"))
    assert (await asked(api, "operate", "t")).json()["apps"] == ["demo"]
    assert (await asked(api, "endpoints", "t")).json()["apps"] == ["demo"]
    assert (await asked(api, "read", "t")).json()["apps"] == ["demo", "other"]


async def test_a_role_in_every_app_is_one_in_every_app(api: httpx2.AsyncClient, tokens: NotedTokens) -> None:
    tokens.person("t", Grant(Role.REVIEWER), Grant(Role.VIEWER, "other"))
    answer = (await asked(api, "review", "t")).json()
    assert (answer["apps"], answer["every"]) == (["demo", "other"], True)


async def test_a_person_acts_by_name_and_from_an_address(
    api: httpx2.AsyncClient, tokens: NotedTokens
) -> None:
    tokens.person("t", Grant(Role.VIEWER, "demo"))
    answer = (await asked(api, "read", "t")).json()
    assert (answer["actor"], answer["person"], answer["address"]) == ("person:li.na", str(ID), "192.0.2.7")
    tokens.program("p", "verifications:read")
    assert (await asked(api, "read", "p")).json()["actor"] == "token:p"


@pytest.mark.parametrize("scopes", [(), ("review",), ("verifications:read", "review", "approve", "people")])
async def test_a_program_does_not_review(
    api: httpx2.AsyncClient, tokens: NotedTokens, scopes: tuple[str, ...]
) -> None:
    tokens.program("p", *scopes)
    assert_problem(await asked(api, "review", "p"), 403, "person_required")


async def test_a_person_without_the_role_is_refused(api: httpx2.AsyncClient, tokens: NotedTokens) -> None:
    tokens.person("t", Grant(Role.ADMIN), Grant(Role.AUDITOR, "demo"))
    assert_problem(await asked(api, "review", "t"), 403, "missing_scope")
    tokens.person("nothing")
    for path in ("read", "operate", "endpoints", "review"):
        assert_problem(await asked(api, path, "nothing"), 403, "missing_scope")


def test_what_programs_may_do_needs_no_person() -> None:
    with pytest.raises(ValueError, match="operate"):
        PersonWith("operate")
