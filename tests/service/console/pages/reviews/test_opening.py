"""A review that a person asks for, on the page of a verification."""

import httpx2
import pytest
from sqlalchemy import text

from domain.model import verification_id
from domain.people.roles import Grant, Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.browser import Reader
from tests.service.console.rig.day import run
from tests.service.console.rig.site import Site
from tests.support.storage.reviews import WANG, Reviews
from tests.support.storage.stores import NOW, biz_id, callback, payload

PAGE = f"/verifications/demo/{biz_id()}"
OPENED = "SELECT opened_because FROM review_cases"
LEADS = {Role.REVIEWER: "review", Role.OPERATOR: "case"}
"""Who may ask, and the last part of the way."""


async def post(client: httpx2.AsyncClient, way: str, **fields: str) -> httpx2.Response:
    token = token_in((await client.get("/help")).text)
    return await client.post(f"{PAGE}/{way}", data={"form_token": token, **fields})


async def ask(reader: Reader, note: str, *, look: str) -> None:
    """Fill the form of the verification's page, look at it under this name, and send it."""
    await reader.open(PAGE)
    await reader.page.click("details:has(textarea) > summary")
    await reader.page.fill("textarea[name=note]", note)
    await reader.look(look)
    await reader.page.click("details:has(textarea) button")


async def test_a_reviewer_asks_for_a_review_and_gets_the_case(site: Site, readers: Readers) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    reader = await readers.sign_in(Role.REVIEWER)
    await ask(reader, "The customer called", look="review-asked")
    await reader.page.wait_for_url("**/reviews/*-*")
    assert "The customer called" in await reader.text()
    assert await site.store.rows(OPENED) == [("operator",)]


async def test_an_operator_opens_a_case_once(site: Site, readers: Readers) -> None:
    await Reviews(site.store).verification()
    reader = await readers.sign_in(Role.OPERATOR)
    await ask(reader, "the photo looks odd", look="verification-case")
    await reader.page.wait_for_selector("[role=status]")
    [row] = await site.store.rows("SELECT id, opened_because FROM review_cases WHERE state <> 'closed'")
    view = await site.context.reviews.find(row[0], WANG)
    assert "the photo looks odd" in [event.note for event in view.events]


async def test_there_is_one_form_for_a_person_with_both_rights(site: Site) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    person = await site.people.person("both", Grant(Role.REVIEWER), Grant(Role.OPERATOR))
    async with site.client() as client:
        client.cookies.set("faceid", await site.people.cookie(person))
        shown = (await client.get(PAGE)).text
    assert (shown.count('name="note"'), "/review" in shown) == (1, True)


@pytest.mark.parametrize("role", LEADS)
async def test_what_cannot_be_opened_says_why_and_keeps_the_note(site: Site, role: Role) -> None:
    await site.store.record(callback(payload()))
    async with site.client(role) as client:
        undecided = await post(client, LEADS[role], note="odd")
        assert (undecided.status_code, "nothing to review" in undecided.text) == (409, True)
        await run(site.store, 1, {}, at=NOW, result={})
        long = await post(client, LEADS[role], note="x" * 2001)
        assert (long.status_code, "x" * 2001 in long.text) == (409, True)


@pytest.mark.parametrize("role", LEADS)
async def test_without_a_key_a_case_is_opened_without_a_note(site: Site, role: Role) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    async with site.engine.begin() as connection:
        gone = text("UPDATE verifications SET wrapped_key = NULL WHERE id = :id")
        await connection.execute(gone, {"id": verification_id("demo", biz_id())})
    async with site.client(role) as client:
        refused = await post(client, LEADS[role], note="odd")
        assert (refused.status_code, "Leave the note out" in refused.text) == (409, True)
        assert "odd</textarea>" in refused.text
        assert (await post(client, LEADS[role], note="")).status_code == 303
    assert await site.store.rows(OPENED) == [("operator",)]


@pytest.mark.parametrize("role", LEADS)
async def test_nothing_is_opened_in_another_app(site: Site, role: Role) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    async with site.client(role, "other") as client:
        assert (await post(client, LEADS[role], note="odd")).status_code == 404
    assert not await site.store.rows(OPENED)
