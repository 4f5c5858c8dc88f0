"""Erasures and legal holds in the console: first what will go, then the confirmed form, then the receipt."""

import json

import httpx2
import pytest
from sqlalchemy import text

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.stores import NOW, biz_id, callback, payload, whole_way

PAGE = f"/verifications/demo/{biz_id()}"
PATH = f"{PAGE}/erasure"
WHY = {"reason": "ticket 4711"}
SURE = {**WHY, "confirmed": "yes"}


async def post(client: httpx2.AsyncClient, path: str, fields: dict[str, str]) -> httpx2.Response:
    token = token_in((await client.get(PATH)).text)
    return await client.post(path, data={"form_token": token, **fields}, follow_redirects=True)


async def audited(site: Site) -> list[tuple[str, str, str]]:
    query = "SELECT action, reason, actor FROM audit WHERE subject = :id ORDER BY id"
    async with site.engine.connect() as connection:
        rows = await connection.execute(text(query), {"id": biz_id()})
        return [tuple(row) for row in rows]


async def test_what_will_go_comes_first_and_the_receipt_last(site: Site) -> None:
    await whole_way(site.store, 1)
    async with site.client(Role.ADMIN) as client:
        assert f'{PATH.replace(",", "%2C")}"' in (await client.get(PAGE)).text
        first = await post(client, PATH, WHY)
        assert "This will go" in first.text
        assert await audited(site) == []

        done = await post(client, PATH, SURE)
        again = await post(client, PATH, SURE)

    assert done.status_code == 200
    assert "Receipt" in done.text
    assert "&#34;because&#34;: &#34;request&#34;" in done.text
    receipts = [page.text[page.text.index("<pre") : page.text.index("</pre>")] for page in (done, again)]
    assert receipts[0] == receipts[1]
    [(action, reason, _)] = await audited(site)
    assert (action, reason) == ("verification.erased", "ticket 4711")


async def test_a_hold_is_shown_refuses_an_erasure_and_is_lifted(site: Site) -> None:
    await whole_way(site.store, 1)
    async with site.client(Role.ADMIN) as client:
        held = await post(client, f"{PAGE}/hold", {"reason": "court order 7"})
        assert "court order 7" in held.text
        assert "Erase for good" not in (await post(client, PATH, WHY)).text
        refused = await post(client, PATH, SURE)
        assert (refused.status_code, "A legal hold is on it" in refused.text) == (409, True)
        assert "Place a hold" in (await post(client, f"{PAGE}/hold/lift", {"reason": "case closed"})).text
        assert (await post(client, f"{PAGE}/hold/lift", {"reason": "case closed"})).status_code == 200
        await post(client, PATH, SURE)
        late = await post(client, f"{PAGE}/hold", WHY)
    assert (late.status_code, "nothing to hold" in late.text) == (409, True)
    assert [row[0] for row in await audited(site)] == ["hold.placed", "hold.lifted", "verification.erased"]


async def test_dead_letters_without_a_verification_are_erased(site: Site) -> None:
    letter = callback(payload(1))
    await site.store.dead_letters.keep(letter, reason="refused", detail="", now=NOW)
    async with site.client(Role.ADMIN, "other") as client:
        assert (await client.get(f"/verifications/other/{biz_id()}/erasure")).status_code == 404
    async with site.client(Role.ADMIN) as client:
        first = await post(client, PATH, WHY)
        done = await post(client, PATH, SURE)
    assert "This will go" in first.text
    assert "Place a hold" not in first.text
    assert (done.status_code, "Receipt" in done.text) == (200, True)
    assert await site.store.letters() == []


@pytest.mark.parametrize("path", [PATH, f"{PAGE}/hold", f"{PAGE}/hold/lift"])
@pytest.mark.parametrize("reason", ["", " ", f"of {ID_NUMBER[:-1]}1"])
async def test_without_a_reason_nothing_happens(site: Site, path: str, reason: str) -> None:
    await whole_way(site.store, 1)
    async with site.client(Role.ADMIN) as client:
        answer = await post(client, path, {"reason": reason, "confirmed": "yes"})
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert await audited(site) == []


async def test_a_stale_form_erases_nothing_and_shows_the_reason_again(site: Site) -> None:
    await whole_way(site.store, 1)
    async with site.client(Role.ADMIN) as client:
        answer = await client.post(PATH, data={"form_token": "old", **SURE})
    assert (answer.status_code, "ticket 4711" in answer.text) == (403, True)
    assert await audited(site) == []


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.ADMIN])
async def test_others_find_no_way(site: Site, role: Role) -> None:
    await whole_way(site.store, 1)
    async with site.client(role) as client:
        assert "/erasure" not in (await client.get(PAGE)).text
        assert (await client.get(PATH)).status_code == 403


async def test_a_right_in_another_app_is_none_here(site: Site) -> None:
    await whole_way(site.store, 1)
    async with site.client(Role.ADMIN, "other") as client:
        assert (await client.get(PATH)).status_code == 404


async def test_in_a_browser(site: Site, readers: Readers) -> None:
    await whole_way(site.store, 1)
    reader = await readers.sign_in(Role.ADMIN)
    await reader.open(PATH)
    await reader.look("erasure")
    area = reader.page.locator("textarea[name=reason]").first
    await area.fill("ticket 4711")
    await reader.page.locator("form[action$='/erasure'] button").click()
    await reader.page.locator("button.danger").wait_for()
    await reader.look("erasure-asks")
    await reader.page.locator("button.danger").click()
    await reader.page.locator("pre").wait_for()
    await reader.look("erasure-receipt")
    assert json.loads(await reader.page.locator("pre code").inner_text())["biz_id"] == biz_id()
