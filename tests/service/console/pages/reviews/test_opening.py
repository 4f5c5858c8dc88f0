"""A review that a person asks for, on the page of a verification."""

from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import run
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW, biz_id

OPENED = "SELECT opened_because FROM review_cases"


async def test_a_person_asks_for_a_review(site: Site, readers: Readers) -> None:
    await run(site.store, 1, {}, at=NOW, result={})
    reader = await readers.sign_in(Role.REVIEWER)
    await reader.open(f"/verifications/demo/{biz_id()}")
    await reader.page.click("details:has([action='/reviews/open']) > summary")
    await reader.page.fill("[action='/reviews/open'] textarea", "The customer called")
    await reader.look("review-asked")
    await reader.page.click("[action='/reviews/open'] button")
    await reader.page.wait_for_url("**/reviews/*-*")
    assert "The customer called" in await reader.text()
    assert await site.store.rows(OPENED) == [("operator",)]


async def test_nothing_is_opened_in_another_app_or_before_the_decision(site: Site) -> None:
    await run(site.store, 1, {}, at=NOW, result={}, app_id="other")
    async with site.client(Role.REVIEWER, "demo") as client:
        form = {"form_token": token_in((await client.get("/help")).text), "biz_id": biz_id()}
        for app_id in ("other", "demo", ""):
            answer = await client.post("/reviews/open", data=form | {"app": app_id})
            assert answer.status_code == 404
    assert not await site.store.rows(OPENED)
