"""A form counts only if a page of this session sent it."""

import re

import pytest

from domain.people.roles import Role
from tests.service.console.rig.site import Site

STALE = "This form is out of date"


def token_in(page: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


async def test_a_form_of_this_session_is_done(site: Site) -> None:
    async with site.client(Role.VIEWER) as client:
        token = token_in((await client.get("/help")).text)
        answer = await client.post("/preferences", data={"form_token": token, "keys": "off"})
        assert answer.status_code == 303
        assert 'data-keys="off"' in (await client.get("/help")).text


@pytest.mark.parametrize("token", ["", "x", "é"])
async def test_a_form_without_the_right_token_is_refused(site: Site, token: str) -> None:
    async with site.client(Role.VIEWER) as client:
        answer = await client.post("/preferences", data={"form_token": token, "keys": "off"})
    assert answer.status_code == 403
    assert STALE in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_token_of_another_session_is_refused(site: Site) -> None:
    async with site.client(Role.ADMIN) as other:
        token = token_in((await other.get("/help")).text)
    async with site.client(Role.ADMIN) as client:
        answer = await client.post("/preferences", data={"form_token": token, "keys": "off"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://["},
    ],
)
async def test_a_form_from_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    async with site.client(Role.VIEWER) as client:
        token = token_in((await client.get("/help")).text)
        answer = await client.post("/preferences", data={"form_token": token, "keys": "off"}, headers=headers)
    assert answer.status_code == 403
    assert STALE in answer.text


async def test_what_was_typed_is_shown_again_where_the_session_has_ended(site: Site) -> None:
    async with site.client() as client:
        answer = await client.post(
            "/preferences", data={"note": "<b>three lines of reasons</b>", "password": "my password"}
        )
    assert answer.status_code == 403
    assert "&lt;b&gt;three lines of reasons&lt;/b&gt;" in answer.text
    assert "my password" not in answer.text
    assert "Your session has ended" in answer.text
    assert 'href="/login"' in answer.text


async def test_a_sign_in_needs_the_token_of_its_own_page(site: Site) -> None:
    async with site.client() as client:
        answer = await client.post("/login", data={"name": "li.na", "password": "x", "form_token": "forged"})
    assert answer.status_code == 403
