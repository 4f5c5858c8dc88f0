"""Verifications are found by an ID number, for a reason, by persons who may see numbers."""

from typing import Any

import httpx2
import pytest

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import run
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW, biz_id

PATH = "/verifications/by-number"
NUMBER = "11010519491231002X"
PERSON = {"idcard_info.idcard_number": NUMBER}
ROWS = "SELECT app_id, reason, detail FROM audit WHERE action = 'person.searched'"


async def two_persons(site: Site) -> None:
    """Two verifications of one person and one of another."""
    for n, fields in ((1, PERSON), (2, PERSON), (3, {})):
        await run(site.store, n, fields, at=NOW)


async def searched(client: httpx2.AsyncClient, number: str, reason: str) -> httpx2.Response:
    token = token_in((await client.get(PATH)).text)
    fields = {"form_token": token, "id_number": number, "reason": reason}
    return await client.post(PATH, data=fields)


async def audited(site: Site) -> list[tuple[str, str, Any]]:
    return [(app, why, what) for app, why, what in await site.store.rows(ROWS)]


async def test_a_reviewer_finds_a_person_for_a_reason(site: Site, readers: Readers) -> None:
    await two_persons(site)
    reader = await readers.sign_in(Role.REVIEWER, "demo")
    await reader.open("/verifications")
    await reader.page.fill("[name=q]", NUMBER)
    await reader.page.press("[name=q]", "Enter")
    await reader.page.wait_for_selector("[name=id_number]")
    assert await reader.page.input_value("[name=id_number]") == NUMBER
    await reader.look("by-number")
    await reader.page.fill("[name=reason]", "ticket 4711")
    await reader.page.click("main form button")
    await reader.page.wait_for_selector("tr[data-row]")
    assert await reader.page.locator("tr[data-row]").count() == 2
    assert NUMBER not in reader.page.url + await reader.page.title() + await reader.page.content()
    await reader.look("by-number-found")
    [row] = await audited(site)
    assert (row[:2], sorted(row[2]["biz_ids"])) == (("demo", "ticket 4711"), [biz_id(1), biz_id(2)])


@pytest.mark.parametrize(
    ("number", "reason"), [(NUMBER, " "), (NUMBER, f"of {NUMBER}"), (NUMBER[:-1] + "1", "ticket 4711")]
)
async def test_what_is_refused_finds_nothing(site: Site, number: str, reason: str) -> None:
    await two_persons(site)
    async with site.client(Role.REVIEWER) as client:
        answer = await searched(client, number, reason)
    assert (answer.status_code, "<tr data-row>" in answer.text) == (422, False)
    assert f'value="{number}"' in answer.text
    assert await audited(site) == []


async def test_above_the_limit_nothing_is_found(site: Site) -> None:
    await two_persons(site)
    async with site.client(Role.SENIOR, "demo") as client:
        answers = [await searched(client, NUMBER, "ticket 4711") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert biz_id(1) not in answers[-1].text


async def test_a_person_of_another_app_is_not_found(site: Site) -> None:
    await two_persons(site)
    async with site.client(Role.REVIEWER, "other") as client:
        answer = await searched(client, NUMBER, "ticket 4711")
    assert (answer.status_code, "No verification matches." in answer.text) == (200, True)


async def test_a_person_of_an_app_that_is_gone_finds_nothing(site: Site) -> None:
    await two_persons(site)
    async with site.client(Role.REVIEWER, "gone") as client:
        answer = await searched(client, NUMBER, "ticket 4711")
    assert (answer.status_code, await audited(site)) == (404, [])


async def test_who_may_not_see_numbers_learns_why(site: Site) -> None:
    await two_persons(site)
    async with site.client(Role.VIEWER) as client:
        page = (await client.get("/verifications")).text
        form = {"form_token": token_in(page), "q": NUMBER}
        answer = await client.post("/verifications/search", data=form)
        assert (await client.get(PATH)).status_code == 403
    assert "or ID number" not in page
    assert answer.status_code == 422
    assert ("may see ID numbers" in answer.text, NUMBER in answer.text) == (True, False)
