"""Persons, their roles and tokens, on their pages."""

import html
import re
from dataclasses import replace
from uuid import uuid4

from domain.people.actor import Actor
from domain.people.roles import Grant, Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site

ACTOR = Actor.command("test")


async def actions(site: Site) -> list[str]:
    """What persons did, in order, but for their own sign-ins."""
    rows = await site.store.rows("SELECT action FROM audit WHERE actor LIKE 'person:%' ORDER BY id")
    return [action for (action,) in rows if action != "person.signed_in"]


async def test_an_admin_invites_a_person_who_signs_in(site: Site, readers: Readers) -> None:
    reader = await readers.sign_in(Role.ADMIN)
    await reader.open("/people")
    await reader.look("people")
    await reader.page.click("a[href='/people/invite']")
    await reader.page.fill("[name=name]", "Li Na")
    await reader.page.select_option("[name=role]", "reviewer")
    await reader.page.select_option("[name=app]", "demo")
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.look("people-invite")
    await reader.page.fill("[name=name]", "li.na")
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector(".once")
    link = await reader.page.input_value(".once")
    assert link.startswith(f"{site.url}/login?link=")
    await reader.look("people-link")
    await reader.page.click("a.primary")
    await reader.page.wait_for_selector("form[action$='/roles']")
    await reader.page.select_option("form.fields [name=role]", "operator")
    await reader.page.select_option("form.fields [name=app]", "other")
    await reader.page.click("form.fields button")
    await reader.page.wait_for_selector("[role=status]")
    await reader.look("person")
    await reader.page.click("a[href$='/disable']")
    await reader.page.wait_for_selector(".notice")
    await reader.look("person-disable")
    await reader.page.click(".notice button")
    await reader.page.wait_for_selector("input[name=do][value=enable]", state="attached")
    assert (await site.people.desk.find("li.na")).state == "disabled"
    assert await actions(site) == [
        "person.added", "role.granted", "sign_in_link.created", "role.granted", "person.disabled"
    ]  # fmt: skip


async def test_an_admin_who_gives_up_the_own_role_is_told(site: Site) -> None:
    await site.people.person("zhao.min", Grant(Role.ADMIN))
    person = await site.people.person("li.na", Grant(Role.ADMIN), Grant(Role.VIEWER))
    async with site.client() as client:
        client.cookies.set("faceid", await site.people.cookie(person))
        form = {"form_token": token_in((await client.get("/help")).text), "do": "revoke", "app": "*"}
        answer = await client.post(
            "/people/of/li.na/roles", data=form | {"role": "admin"}, follow_redirects=True
        )
    assert (answer.status_code, "Your roles are changed." in answer.text) == (200, True)


async def test_a_person_makes_a_token_that_is_shown_once(site: Site, readers: Readers) -> None:
    reader = await readers.sign_in(Role.OPERATOR)
    await reader.open("/help")
    await reader.page.click("a[href='/tokens']")
    await reader.page.wait_for_selector("[name=days]")
    await reader.page.fill("form.card [name=name]", "laptop")
    await reader.page.check("[value=operate]")
    await reader.look("tokens")
    await reader.page.click("form.card button")
    await reader.page.wait_for_selector(".once")
    token = await reader.page.input_value(".once")
    assert token.startswith("fgp_")
    await reader.look("token-once")
    await reader.page.click("a.primary")
    await reader.page.wait_for_selector("[name=days]")
    assert token not in await reader.page.content()
    await reader.page.click("form[action$='/revoke'] button")
    await reader.page.wait_for_selector(".notice")
    await reader.look("token-revoke")
    await reader.page.click(".notice button")
    await reader.page.wait_for_selector("[role=status]")
    assert await actions(site) == ["personal_token.created", "personal_token.revoked"]


async def test_an_admin_of_one_app_manages_nothing_of_another(site: Site) -> None:
    await site.people.person("wang.wei", Grant(Role.OPERATOR, "other"))
    await site.people.person("li.na", Grant(Role.OPERATOR, "other"), Grant(Role.VIEWER, "demo"))
    async with site.client(Role.ADMIN, "demo") as client:
        text = (await client.get("/people")).text
        assert ("wang.wei" in text, "li.na" in text) == (False, True)
        assert (await client.get("/people/of/wang.wei")).status_code == 404
        form = {"form_token": token_in((await client.get("/help")).text)}
        giving = [
            await client.post(
                "/people/of/li.na/roles", data=form | {"do": "grant", "role": "viewer", "app": app}
            )
            for app in ("other", "*")
        ]
        invited = await client.post("/people/invite", data=form | {"name": "x", "role": "admin", "app": "*"})
        disabled = await client.post("/people/of/li.na/state", data=form | {"do": "disable"})
        linked = await client.post("/people/of/li.na/link", data=form)
        shown = (await client.get("/people/of/li.na")).text
    assert [answer.status_code for answer in (*giving, invited, disabled, linked)] == [
        409,
        409,
        422,
        409,
        409,
    ]
    assert "other" not in shown.split("<main", 1)[1].split("</main", 1)[0]
    assert await actions(site) == []


async def test_the_last_admin_stays_and_double_forms_change_nothing_more(site: Site) -> None:
    async with site.client(Role.ADMIN) as client:
        [admin] = await site.people.desk.page(limit=5)
        form = {"form_token": token_in((await client.get("/help")).text)}
        last = await client.post(f"/people/of/{admin.name}/state", data=form | {"do": "disable"})
        assert (last.status_code, "last active admin" in last.text) == (409, True)
        new = form | {"name": "li.na", "role": "viewer", "app": "*"}
        statuses = [(await client.post("/people/invite", data=new)).status_code for _ in range(2)]
        more = form | {"do": "grant", "role": "auditor", "app": "demo"}
        statuses += [(await client.post("/people/of/li.na/roles", data=more)).status_code for _ in range(2)]
        assert (await client.post("/people/of/li.na/state", data=form | {"do": "x"})).status_code == 404
    assert statuses == [200, 422, 303, 303]
    found = await site.people.desk.find("li.na")
    assert [str(grant) for grant in found.grants] == ["auditor@demo", "viewer"]


async def test_an_admin_revokes_tokens_of_persons_and_programs(site: Site) -> None:
    person = await site.people.person("li.na", Grant(Role.VIEWER, "demo"))
    await site.people.personal.create(person.id, "laptop", actor=ACTOR)
    [token] = await site.people.personal.page(person.id, limit=5)
    for name, apps in (("orders", ["demo"]), ("all", None)):
        await site.context.people.api_tokens.put(name, f"secret-{name}", apps=apps)  # type: ignore[attr-defined]
    async with site.client(Role.ADMIN, "demo") as client:
        form = {"form_token": token_in((await client.get("/help")).text)}
        path = f"/people/of/li.na/tokens/{token.id}/revoke"
        assert (await client.post(path, data=form)).status_code == 200
        sure = form | {"sure": "yes"}
        assert [(await client.post(path, data=sure)).status_code for _ in range(2)] == [303, 409]
        listed = (await client.get("/people/api-tokens")).text
        assert (">orders<" in listed, ">all<" in listed) == (True, False)
        revoke = "/people/api-tokens/revoke"
        asked = await client.post(revoke, data=form | {"name": "orders"})
        assert (asked.status_code, "get 401" in asked.text) == (200, True)
        sure |= {"name": "orders"}
        assert [(await client.post(revoke, data=sure)).status_code for _ in range(2)] == [303, 404]
        assert (await client.post(revoke, data=sure | {"name": "all"})).status_code == 404
    assert await actions(site) == ["personal_token.revoked", "token.revoked"]


async def test_nobody_revokes_the_token_of_another_as_ones_own(site: Site) -> None:
    person = await site.people.person("li.na", Grant(Role.ADMIN))
    await site.people.personal.create(person.id, "laptop", actor=ACTOR)
    [token] = await site.people.personal.page(person.id, limit=5)
    async with site.client(Role.VIEWER) as client:
        form = {"form_token": token_in((await client.get("/help")).text)}
        path, sure = f"/tokens/{token.id}/revoke", form | {"sure": "yes"}
        assert (await client.post(path, data=sure)).status_code == 404
        more = form | {"name": "n", "scope": "people", "days": "30"}
        assert (await client.post("/tokens", data=more)).status_code == 422
    assert [each.name for each in await site.people.personal.page(None, limit=5)] == ["laptop"]


async def test_a_person_may_be_called_as_a_page_is(site: Site) -> None:
    await site.people.person("invite", Grant(Role.VIEWER))
    async with site.client(Role.ADMIN) as client:
        assert "What this person did" in (await client.get("/people/of/invite")).text
        assert "What the roles may do" in (await client.get("/people/invite")).text


async def link_for(site: Site, host: str) -> str:
    async with site.client(Role.ADMIN) as client:
        form = {"form_token": token_in((await client.get("/help")).text), "name": f"p-{uuid4().hex[:6]}"}
        headers = {"host": host, "origin": f"http://{host}"}
        added = await client.post(
            "/people/invite", data=form | {"role": "viewer", "app": "demo"}, headers=headers
        )
    assert added.status_code == 200
    [link] = re.findall(r"(\S*/login\?link=)", added.text)
    return html.unescape(link).rpartition(">")[2]


async def test_a_host_that_a_request_names_is_not_in_a_one_time_link(site: Site) -> None:
    assert await link_for(site, "evil.example") == "/login?link="
    assert await link_for(site, "localhost:8081") == "http://localhost:8081/login?link="
    site.app.state.context = replace(site.context, address="https://console.example")
    for host in ("evil.example", "localhost:8081"):
        assert await link_for(site, host) == "https://console.example/login?link="
