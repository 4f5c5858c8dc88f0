"""Identity is shown on a page of its own, for a reason, to who may see it."""

import base64
import html

import httpx2
import pytest
from sqlalchemy import text

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.storage.pictures import FACE, keep_pictures
from tests.support.storage.stores import biz_id

PATH = f"/verifications/demo/{biz_id()}/identity"


async def asked(client: httpx2.AsyncClient, reason: str) -> httpx2.Response:
    token = token_in((await client.get(PATH)).text)
    return await client.post(PATH, data={"form_token": token, "reason": reason})


async def reasons(site: Site) -> list[tuple[str, str]]:
    async with site.engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT action, reason FROM audit WHERE action LIKE 'identity.%'")
        )
        return [tuple(row) for row in rows]


async def test_a_reviewer_sees_it_for_a_reason(site: Site) -> None:
    await site.store.decide(await site.store.record())
    async with site.client(Role.REVIEWER, "demo") as client:
        page = await client.get(f"/verifications/demo/{biz_id()}")
        assert f'{PATH.replace(",", "%2C")}"' in page.text
        assert ID_NUMBER not in page.text + (await client.get(PATH)).text
        answer = await asked(client, "ticket 4711")
    assert (answer.status_code, NAME in answer.text, ID_NUMBER in answer.text) == (200, True, True)
    assert answer.headers["cache-control"] == "no-store"
    assert await reasons(site) == [("identity.read", "ticket 4711")]


@pytest.mark.parametrize("reason", ["", " ", f"of {ID_NUMBER[:-1]}1"])
async def test_without_a_reason_it_is_not_shown(site: Site, reason: str) -> None:
    await site.store.decide(await site.store.record())
    async with site.client(Role.REVIEWER) as client:
        answer = await asked(client, reason)
    assert (answer.status_code, NAME in answer.text) == (422, False)
    assert await reasons(site) == []


async def test_above_the_limit_it_is_not_shown(site: Site) -> None:
    await site.store.decide(await site.store.record())
    async with site.client(Role.SENIOR) as client:
        answers = [await asked(client, "ticket 4711") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert NAME not in answers[-1].text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUDITOR, Role.ADMIN])
async def test_others_are_not_asked(site: Site, role: Role) -> None:
    await site.store.decide(await site.store.record())
    async with site.client(role) as client:
        assert "/identity" not in (await client.get(f"/verifications/demo/{biz_id()}")).text
        assert (await client.get(PATH)).status_code == 403


async def test_a_role_in_another_app_shows_nothing(site: Site) -> None:
    await site.store.decide(await site.store.record())
    async with site.client(Role.REVIEWER, "other") as client:
        assert (await client.get(PATH)).status_code == 404


async def test_pictures_are_on_the_page_of_the_reason_alone(site: Site) -> None:
    await site.store.decide(await keep_pictures(site.store, site.store.pictures))
    face = "data:image/jpeg;base64," + base64.b64encode(FACE).decode()
    async with site.client(Role.REVIEWER, "demo") as client:
        before = (await client.get(f"/verifications/demo/{biz_id()}")).text + (await client.get(PATH)).text
        answer = await asked(client, "ticket 4711")
    assert "data:image/jpeg" not in before
    assert f'src="{face}" alt="Face"' in html.unescape(answer.text)
    assert "Card, front" in answer.text
    assert "img-src 'self' data:" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_no_picture_is_never_in_the_page(site: Site) -> None:
    recorded = await keep_pictures(site.store, site.store.pictures)
    await site.store.decide(recorded)
    async with site.engine.begin() as connection:
        await connection.execute(text("UPDATE pictures SET media_type = 'text/html' WHERE position = 0"))
    del site.store.pictures.pieces[recorded.verification_id, "1-1"]
    async with site.client(Role.REVIEWER, "demo") as client:
        answer = await asked(client, "ticket 4711")
    assert "base64" not in answer.text
    assert answer.text.count("The store of pictures does not have it.") == 2
