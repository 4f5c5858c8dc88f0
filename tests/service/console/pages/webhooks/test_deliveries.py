"""Endpoints and deliveries on their pages."""

import html
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.events.webhooks.way import Answer
from domain.people.roles import Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW
from tests.support.webhooks.hooks import Hooks
from usecases.events.webhooks import redeliver

URL = "https://shop.example/hooks/faceid"


def hooks_of(site: Site) -> Hooks:
    """A sender beside the console."""
    return Hooks(site.engine, site.keys, site.clock)


_ACTIONS = "SELECT action FROM audit WHERE actor LIKE 'person:%' AND action <> 'person.signed_in' ORDER BY id"
_END = text("UPDATE deliveries SET state = 'failed', due_at = NULL, ended_at = :at")


async def failing(site: Site, count: int = 3, *, app_id: str = "demo") -> Hooks:
    """An endpoint that answers 500 to each of these events."""
    hooks = hooks_of(site)
    hooks.receiver.answer = lambda _way, _event: Answer(500, None, "<b>full</b>\u202e".encode())
    await hooks.endpoint(app_id=app_id)
    for n in range(count):
        await hooks.event(n + 1, app_id=app_id)
    await hooks.fan_out()
    await hooks.run()
    return hooks


async def end_all(site: Site) -> None:
    """Every delivery has failed for good."""
    async with site.engine.begin() as connection:
        await connection.execute(_END, {"at": NOW - timedelta(hours=1)})


async def actions(site: Site) -> list[str]:
    """What persons did, in order."""
    return [action for (action,) in await site.store.rows(_ACTIONS)]


async def test_an_operator_makes_tests_and_disables_an_endpoint(site: Site, readers: Readers) -> None:
    reader = await readers.sign_in(Role.OPERATOR, "demo")
    await reader.open("/endpoints")
    await reader.look("endpoints-empty")
    await reader.page.click("a[href='/endpoints/new']")
    await reader.page.fill("[name=url]", "http://10.0.0.1/hook")
    await reader.page.fill("[name=types]", "verification.*")
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.look("endpoint-new-refused")
    await reader.page.fill("[name=url]", URL)
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector(".once")
    secret = await reader.page.input_value(".once")
    assert secret.startswith("whsec_")
    await reader.look("endpoint-secret")
    await reader.page.click("a.primary")
    await reader.page.wait_for_selector("form[action$='/test']")
    assert secret not in await reader.page.content()
    await reader.page.click("form[action$='/test'] button")
    await reader.page.wait_for_selector("[role=status]")
    assert [each.event["type"] for each in site.receiver.sent] == ["endpoint.test"]
    await reader.look("endpoint")
    await reader.page.click("a[href$='/disable']")
    await reader.page.wait_for_selector(".notice")
    await reader.look("endpoint-disable")
    await reader.page.click(".notice button")
    await reader.page.wait_for_selector("form[action$='/enable']")
    await reader.page.click("form[action$='/enable'] button")
    await reader.page.wait_for_selector("form[action$='/recover']")
    assert await actions(site) == [
        "endpoint.created", "endpoint.tested", "endpoint.disabled", "endpoint.enabled"
    ]  # fmt: skip


async def test_an_operator_sends_failed_deliveries_again(site: Site, readers: Readers) -> None:
    await failing(site)
    await end_all(site)
    reader = await readers.sign_in(Role.OPERATOR)
    await reader.open("/endpoints")
    await reader.look("endpoints")
    await reader.page.click("tr[data-row] a")
    await reader.page.wait_for_selector("form[action$='/test']")
    await reader.look("endpoint-failing")
    await reader.page.click("tr[data-row] a")
    await reader.page.wait_for_selector("form[action$='/redeliver']")
    assert "<b>full</b>\ufffd" in await reader.text()
    await reader.look("delivery")
    await reader.page.click("form[action$='/redeliver'] button")
    await reader.page.wait_for_selector("[role=status]")
    await reader.open("/deliveries?state=failed")
    assert await reader.page.locator("tr[data-row]").count() == 2
    await reader.look("deliveries")
    await reader.page.click("a[href*='/deliveries/redeliver']")
    await reader.page.wait_for_selector(".notice")
    await reader.look("deliveries-again")
    await reader.page.click(".notice button")
    await reader.page.wait_for_selector("[role=status]")
    assert await site.store.rows("SELECT count(*) FROM deliveries WHERE state = 'pending'") == [(3,)]
    assert await actions(site) == ["delivery.restarted", "deliveries.restarted"]


async def test_a_form_sent_twice_makes_one_endpoint_and_one_secret(site: Site) -> None:
    async with site.client(Role.OPERATOR) as client:
        form = {"form_token": token_in((await client.get("/help")).text), "id": str(uuid4()), "app": "demo"}
        form |= {"url": URL, "types": "*", "format": "thin", "signature": "standard"}
        first, second = [await client.post("/endpoints/new", data=form) for _ in range(2)]
        assert (first.status_code, second.status_code) == (201, 409)
        assert "whsec_" not in second.text
        path = f"/endpoints/{form['id']}"
        seen = html.unescape(_field((await client.get(f"{path}/rotate")).text, "seen"))
        site.clock.now += timedelta(seconds=1)
        rotation = {"form_token": form["form_token"], "seen": seen, "overlap": "1"}
        answers = [await client.post(f"{path}/rotate", data=rotation) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert "whsec_" not in answers[1].text
    assert await actions(site) == ["endpoint.created", "endpoint.secret_rotated"]


async def test_an_endpoint_of_another_app_does_not_exist(site: Site) -> None:
    await failing(site, app_id="other")
    [(delivery,)] = await site.store.rows("SELECT id FROM deliveries LIMIT 1")
    path = f"/endpoints/{UUID(int=1)}"
    async with site.client(Role.OPERATOR, "demo") as client:
        token = token_in((await client.get("/help")).text)
        gets = [
            path,
            f"{path}/change",
            f"{path}/rotate",
            f"{path}/disable",
            f"{path}/delete",
            f"/deliveries/{delivery}",
        ]
        posts = [
            f"{path}/{word}"
            for word in ("change", "test", "rotate", "enable", "disable", "delete", "recover")
        ]
        posts += [f"/deliveries/{delivery}/redeliver"]
        assert {(await client.get(each)).status_code for each in gets} == {404}
        form = {"form_token": token}
        assert {(await client.post(each, data=form)).status_code for each in posts} == {404}
        assert "shop.example" not in (await client.get("/endpoints?app=other")).text
        new = form | {"id": str(uuid4()), "app": "other", "url": URL, "format": "thin"}
        assert (await client.post("/endpoints/new", data=new)).status_code == 422
        again = await client.post("/deliveries/redeliver", data=form | {"app": "other"})
        assert "done=0" in again.headers["location"]
    assert await actions(site) == []


async def test_too_many_to_send_again_are_counted_once_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeliver, "MOST", 1)
    await failing(site)
    await end_all(site)
    async with site.client(Role.OPERATOR) as client:
        form = {"form_token": token_in((await client.get("/help")).text), "state": "failed"}
        again = await client.post("/deliveries/redeliver", data=form)
        assert again.headers["location"] == "/deliveries/redeliver?state=failed"
    assert await actions(site) == []


async def test_a_deleted_endpoint_is_gone_with_its_secrets(site: Site) -> None:
    await failing(site)
    async with site.client(Role.ADMIN) as client:
        token = token_in((await client.get("/help")).text)
        path = f"/endpoints/{UUID(int=1)}"
        late = await client.post(f"{path}/recover", data={"form_token": token, "since": "2999-01-01T00:00"})
        assert late.status_code == 422
        done = await client.post(f"{path}/recover", data={"form_token": token, "since": "2026-03-01T00:00"})
        assert "done=recovered-" in done.headers["location"]
        assert (await client.post(f"{path}/delete", data={"form_token": token})).status_code == 303
        assert (await client.post(f"{path}/delete", data={"form_token": token})).status_code == 404
        assert "are deleted" in (await client.get("/endpoints?deleted=yes")).text


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


async def test_a_delivery_whose_time_has_come_is_said_to_be_due(site: Site) -> None:
    await failing(site, 1)
    [(delivery_id,)] = await site.store.rows("SELECT id FROM deliveries")
    async with site.client(Role.OPERATOR) as client:
        for days, is_due in ((1, False), (-1, True)):
            async with site.engine.begin() as connection:
                at = site.context.clock() + timedelta(days=days)
                await connection.execute(text("UPDATE deliveries SET due_at = :at"), {"at": at})
            for path in ("/deliveries", f"/deliveries/{delivery_id}"):
                assert ("due since" in (await client.get(path)).text) is is_due
