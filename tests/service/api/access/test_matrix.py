"""Who may what: every route of the api, asked by a person of every role and by a program."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from fastapi.routing import APIRoute

from adapters.sealing.envelope import KeyRing
from adapters.store.people.personal_tokens import PgBearers
from domain.people.roles import SCOPES_OF, Grant, Role
from domain.views.tokens import PERSON_SCOPES, SCOPES
from service.api.auth import GuardedRoute
from service.api.main import ROUTERS, create_app
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi, door_of
from tests.support.storage.people import People
from tests.support.storage.stores import biz_id

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, GuardedRoute)]
FOR_PERSONS = [route for route in ROUTES if route.scopes & PERSON_SCOPES]


def name(route: APIRoute) -> str:
    """A route in messages."""
    return f"{'|'.join(sorted(route.methods or ()))} {route.path}"


@pytest.fixture
def people(api_context: RealApi, keys: KeyRing) -> People:
    return People(api_context.engine, keys)


@pytest.fixture
async def client(api_context: RealApi) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an api that takes personal tokens, and whose streams end at once."""
    api_context.lifecycle.draining = True
    app = create_app(replace(api_context, door=door_of(PgBearers(api_context.engine))))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://api") as made:
        yield made


def path_about(route: APIRoute) -> str:
    """A path of the route, about the first verification or about nothing."""
    path = route.path
    for part in route.dependant.path_params:
        path = path.replace(f"{{{part.alias}}}", biz_id() if part.alias == "biz_id" else f"{0:032x}")
    return path


async def asked(client: httpx2.AsyncClient, route: APIRoute, token: str) -> httpx2.Response:
    """The answer to a request without a body, about what does not exist."""
    method = next(iter(route.methods or ()))
    return await client.request(method, path_about(route), headers={"authorization": f"Bearer {token}"})


def test_the_matrix_has_every_route_under_v1() -> None:
    every = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert {name(route) for route in every if route.path.startswith("/v1")} == {name(r) for r in ROUTES}
    assert FOR_PERSONS
    assert all(route.scopes for route in ROUTES)


@pytest.mark.parametrize("role", Role)
async def test_a_person_may_what_the_role_says_and_no_more(
    client: httpx2.AsyncClient, people: People, role: Role
) -> None:
    token = await people.token(await people.person("li.na", Grant(role)))
    for route in ROUTES:
        answer = await asked(client, route, token)
        if route.scopes <= SCOPES_OF[role]:
            assert answer.status_code not in {401, 403}, name(route)
        else:
            assert_problem(answer, 403, "missing_scope")


async def test_a_person_without_a_role_may_nothing(client: httpx2.AsyncClient, people: People) -> None:
    token = await people.token(await people.person())
    for route in ROUTES:
        assert_problem(await asked(client, route, token), 403, "missing_scope")


async def test_a_disabled_person_is_unknown(client: httpx2.AsyncClient, people: People) -> None:
    person = await people.person("li.na", *map(Grant, Role))
    token = await people.token(person)
    await people.run("UPDATE persons SET state = 'disabled'")
    for route in ROUTES:
        assert_problem(await asked(client, route, token), 401, "unauthenticated")


async def test_a_limited_token_may_less_than_its_person(client: httpx2.AsyncClient, people: People) -> None:
    person = await people.person("li.na", *map(Grant, Role))
    token = await people.token(person, scopes=["verifications:read"])
    for route in ROUTES:
        answer = await asked(client, route, token)
        if route.scopes <= {"verifications:read"}:
            assert answer.status_code not in {401, 403}, name(route)
        else:
            assert_problem(answer, 403, "missing_scope")


async def test_a_program_does_not_what_only_persons_do(
    client: httpx2.AsyncClient, api_context: RealApi
) -> None:
    await api_context.tokens.put("robot", "robot", scopes=[*SCOPES, *PERSON_SCOPES])
    for route in ROUTES:
        answer = await asked(client, route, "robot")
        if route.scopes & PERSON_SCOPES:
            assert_problem(answer, 403, "person_required")
        else:
            assert answer.status_code not in {401, 403}, name(route)
