"""Values that no page of ours sends are refused by a page, never by a defect."""

import pytest

from domain.people.roles import Role
from service.console.app.places import local_path
from tests.service.console.app.test_forms import token_in
from tests.service.console.rig.site import Site


@pytest.mark.parametrize(
    "path",
    [
        "/audit?actor=%00",
        "/audit?subject=%00",
        "/audit?app=%00",
        "/verifications?biz_no=%00",
        "/people?after=%00",
    ],
)
async def test_text_that_no_column_can_hold_is_invalid(site: Site, path: str) -> None:
    async with site.client(Role.ADMIN) as client:
        answer = await client.get(path)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/\r\nLocation: x",
        "//[",
        "http://[",
    ],
)
def test_place_elsewhere_leads_home(text: str) -> None:
    assert local_path(text) == "/"


async def test_token_with_a_scope_that_the_person_lacks_is_not_made(site: Site) -> None:
    async with site.client(Role.VIEWER) as client:
        token = token_in((await client.get("/tokens")).text)
        form = {"form_token": token, "name": "mine", "days": "7", "scope": "people"}
        answer = await client.post("/tokens", data=form)
        assert answer.status_code == 422
        assert "mine" not in (await client.get("/tokens")).text.partition("<table")[2]
