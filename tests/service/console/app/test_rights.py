"""Every route against every role: the matrix is made from the routes, so a new one cannot be forgotten."""

from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text

from domain.people.roles import SCOPES_OF, Role
from service.console.app.sessions import Needs, signed_in
from service.console.main import ROUTERS
from tests.service.console.rig.site import Site

OPEN = {"static_file", "healthz", "readyz", "show_sign_in", "sign_in", "sign_in_by_link", "choose_language"}
OPEN |= {"begin_at_provider", "return_from_provider"}
"""What a browser without a session may reach."""
EVERYBODY = {"sign_out", "show_help", "change_preferences"}
EVERYBODY |= {"list_my_tokens", "create_my_token", "revoke_my_token"}
EVERYBODY |= {"show_account", "change_my_password", "ask_for_code", "set_my_code", "remove_my_code"}
EVERYBODY |= {"end_my_sessions"}
"""What every signed-in person may reach."""
VALUES = {"app_id": "demo", "biz_id": "1700000000,none", "mark": "0", "name": "console.css"}


def _method(route: APIRoute) -> str:
    return min(route.methods or {"GET"})


ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def parts_of(dependant: Dependant) -> Iterator[object]:
    """Every dependency of a route, and theirs."""
    for part in dependant.dependencies:
        yield part.call
        yield from parts_of(part)


def scopes_of(route: APIRoute) -> set[str]:
    """What a route needs."""
    return {part.scope for part in parts_of(route.dependant) if isinstance(part, Needs)}


def path_of(route: APIRoute) -> str:
    """A path of the route."""
    return route.path.format_map({name: VALUES.get(name, "1") for name in route.param_convertors})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{_method(route)} {route.path}")
async def test_each_route_lets_in_who_has_the_right(site: Site, route: APIRoute) -> None:
    method, path, needed = _method(route), path_of(route), scopes_of(route)
    if route.name in OPEN:
        assert not needed
        return
    assert signed_in in parts_of(route.dependant)
    assert needed or route.name in EVERYBODY
    async with site.client() as client:
        answer = await client.request(method, path)
        assert answer.status_code == (303 if method == "GET" else 403)
    for role in Role:
        async with site.client(role) as client:
            answer = await client.request(method, path)
        may = needed <= SCOPES_OF[role]
        refused = answer.status_code == 403 and "You may not do this" in answer.text
        assert refused is not may, (role, path)


def test_no_form_goes_unchecked() -> None:
    unchecked = [route.name for route in ROUTES if _method(route) == "POST" and not _checks_its_form(route)]
    assert unchecked == ["choose_language"]


def _checks_its_form(route: APIRoute) -> bool:
    calls = {getattr(part, "__name__", "") for part in parts_of(route.dependant)}
    return bool(calls & {"read_form", "read_form_before_sign_in"})


async def test_a_denial_has_its_row_in_the_audit(site: Site) -> None:
    route = next(each for each in ROUTES if "operate" in scopes_of(each) and _method(each) == "GET")
    async with site.client(Role.AUDITOR) as client:
        for _ in range(2):
            assert (await client.get(path_of(route))).status_code == 403
    async with site.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT actor, subject, detail FROM audit WHERE action = 'permission.denied'")
        )
        [(actor, subject, detail)] = found.all()
    assert actor.startswith("person:")
    assert (subject, detail) == (f"GET {route.path}", {"code": "missing_scope"})
