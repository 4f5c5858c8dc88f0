"""Authorization of every route: no token, wrong tokens, missing scopes, another app."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from domain.views.tokens import SCOPES
from service.api.routes import audit, dead_letters, health, policies
from service.api.routes.identity import erasures, persons
from service.api.routes.identity import reads as identity
from service.api.routes.reviews import appeals
from service.api.routes.reviews import cases as reviews
from service.api.routes.verifications import explanations, pulls, registrations
from service.api.routes.verifications import lookups as verifications
from service.api.routes.webhooks import deliveries, endpoints, events, sending
from tests.service.conftest import ClientOf, assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import NOW, Store, biz_id, callback
from tests.support.webhooks.endpoints import endpoint

OPEN = {"/healthz", "/readyz", "/metrics"}
ROUTES = [
    route
    for module in (
        verifications,
        registrations,
        pulls,
        events,
        audit,
        dead_letters,
        endpoints,
        deliveries,
        sending,
        persons,
        health,
    )
    for route in module.router.routes
    if isinstance(route, APIRoute)
]
GUARDED = [route for route in ROUTES if route.path not in OPEN]
WITH_DELIVERIES = {
    route.path
    for module in (deliveries, sending)
    for route in module.router.routes
    if isinstance(route, APIRoute)
}
"""Whose these are is tried in test_deliveries.py, which has some."""

SERVED = [route for route in GUARDED if route.path not in WITH_DELIVERIES]
STREAM = next(route for route in GUARDED if route.path.endswith("/stream"))


def name(route: APIRoute) -> str:
    """A route in the names of tests."""
    return f"{'|'.join(sorted(route.methods or ()))} {route.path}"


BODIES = {
    ("POST", "/v1/verifications"): {"app_id": "other", "biz_no": "order-1"},
    ("POST", "/v1/persons/search"): {
        "app_id": "other",
        "id_number": "11010519491231002X",
        "reason": "ticket 4711",
    },
    ("POST", "/v1/persons/export"): {
        "app_id": "other",
        "id_number": "11010519491231002X",
        "reason": "ticket 4711",
    },
    ("POST", "/v1/dead-letters/retry"): {"reason": "r"},
    ("POST", "/v1/persons/erasure"): {
        "app_id": "other",
        "id_number": "11010519491231002X",
        "reason": "ticket 4711",
    },
    ("POST", "/v1/endpoints"): {"app_id": "other", "url": "https://shop.example/"},
    ("PATCH", "/v1/endpoints/{endpoint_id}"): {"max_in_flight": 1},
    ("PUT", "/v1/verifications/{biz_id}"): {
        "app_id": "other",
        "biz_no": "order-1",
        "expires_at": NOW.isoformat(),
    },
}
"""What the routes that need a body are sent."""

NAME_AN_APP = {
    "/v1/verifications",
    "/v1/endpoints",
    "/v1/persons/search",
    "/v1/persons/export",
    "/v1/persons/erasure",
}


def scopes_of(route: APIRoute) -> set[str]:
    """The scopes that a route's security dependency asks for."""
    return {scope for part in route.dependant.dependencies for scope in part.own_oauth_scopes or ()}


async def call(client: httpx2.AsyncClient, route: APIRoute, letter_id: UUID | None = None) -> httpx2.Response:
    path = route.path.format(
        biz_id=biz_id(),
        letter_id=letter_id or UUID(int=1),
        endpoint_id=endpoint().id,
        delivery_id=UUID(int=1),
    )
    method = next(iter(route.methods or ()))
    return await client.request(method, path, json=BODIES.get((method, route.path)))


def test_every_route_of_the_app_is_in_the_matrix(api_app: FastAPI) -> None:
    described = set(api_app.openapi()["paths"])
    elsewhere = {
        route.path
        for module in (appeals, erasures, explanations, identity, policies, reviews)
        for route in module.router.routes
        if isinstance(route, APIRoute)
    }
    """Their tests, in `policies/`, test_identity.py and test_reviews.py, go through the same refusals."""
    assert described == {route.path for route in ROUTES} | elsewhere


@pytest.mark.parametrize("route", GUARDED, ids=name)
def test_every_route_asks_for_a_scope_that_exists(route: APIRoute) -> None:
    assert scopes_of(route)
    assert scopes_of(route) <= set(SCOPES)


@pytest.mark.parametrize("route", GUARDED, ids=name)
@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "right", "bearer: right", "Bearer right right",
     "Bearer expired", "Bearer revoked", "Token right"],
)  # fmt: skip
async def test_without_a_valid_token_it_is_401(
    client_of: ClientOf, api_context: RealApi, route: APIRoute, header: str | None
) -> None:
    now = datetime.now(UTC)
    await api_context.tokens.put("right", "right")
    await api_context.tokens.put("expired", "expired", expires_at=now - timedelta(seconds=1))
    await api_context.tokens.put("revoked", "revoked")
    await api_context.tokens.revoke("revoked")
    client = client_of(None)
    if header is not None:
        client.headers["authorization"] = header
    answer = await call(client, route)
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", GUARDED, ids=name)
async def test_without_the_scope_it_is_403(
    client_of: ClientOf, api_context: RealApi, route: APIRoute
) -> None:
    others = [scope for scope in SCOPES if scope not in scopes_of(route)]
    await api_context.tokens.put("too little", "t", scopes=others)
    await api_context.tokens.put("nothing", "n", scopes=[])
    for token in ("t", "n"):
        assert_problem(await call(client_of(token), route), 403, "missing_scope")


@pytest.mark.parametrize("route", SERVED, ids=name)
async def test_with_the_scope_alone_it_is_served(
    client_of: ClientOf, api_context: RealApi, store: Store, route: APIRoute
) -> None:
    await store.record()
    letter_id = await store.dead_letters.keep(callback(), reason="r", detail="", now=NOW)
    assert await store.endpoints.add(endpoint(), limit=1)
    await api_context.tokens.put("enough", "t", scopes=sorted(scopes_of(route)))
    api_context.lifecycle.draining = True  # or a stream would not end
    assert (await call(client_of("t"), route, letter_id)).status_code in {200, 201, 202, 204}


@pytest.mark.parametrize("route", SERVED, ids=name)
async def test_a_verification_of_another_app_is_not_found(
    client_of: ClientOf, api_context: RealApi, store: Store, route: APIRoute
) -> None:
    await store.record(callback(app_id="other"))
    letter_id = await store.dead_letters.keep(callback(app_id="other"), reason="r", detail="", now=NOW)
    assert await store.endpoints.add(endpoint(app_id="other"), limit=1)
    await api_context.tokens.put("foreign", "t", apps=["demo"])
    api_context.lifecycle.draining = True  # or a stream would not end
    answer = await call(client_of("t"), route, letter_id)
    if "{" in route.path or (route.path in NAME_AN_APP and route.methods == {"POST"}):
        assert_problem(answer, 404, "not_found")
    elif route is STREAM:
        assert "data:" not in answer.text
    else:
        assert answer.json().get("items", []) == []
        assert answer.json().get("retried", 0) == 0
    assert await store.find(app_id="other") is not None
    assert await store.opened_letter(letter_id, "other") is not None
    assert await store.endpoints.find(endpoint().id, None) == endpoint(app_id="other")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs"])
async def test_open_paths_need_no_token(client_of: ClientOf, path: str) -> None:
    assert (await client_of(None).get(path)).status_code == 200


async def test_the_token_is_checked_before_the_parameters(client_of: ClientOf) -> None:
    answer = await client_of(None).get("/v1/verifications?limit=canary")
    assert_problem(answer, 401, "unauthenticated")


async def test_unknown_paths_and_methods_are_problems(api: httpx2.AsyncClient) -> None:
    # Starlette would send the token on to whatever host the request names.
    assert_problem(await api.get("/v1/verifications/", headers={"host": "evil.example"}), 404, "not_found")
    assert_problem(await api.get("/v1/canary"), 404, "not_found")
    answer = await api.delete(f"/v1/verifications/{biz_id()}")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] in {"GET", "PUT"}
