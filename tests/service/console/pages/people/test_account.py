"""The page of one's own account: password, second factor, sessions, language."""

import re
from dataclasses import replace

import httpx2
import pyotp
import pytest

from adapters.sealing.random_secrets import new_secret
from domain.people.actor import Actor
from domain.people.links import Purpose
from domain.people.roles import Grant, Role
from service.console.charts.qr_codes import qr_code
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.http.clients import plain_client
from tests.support.storage.people import HERE

OLD, NEW = "a pony eats 7 apples", "a horse eats 9 pears"
"""Passwords."""


async def sign_in(site: Site, name: str = "li.na") -> httpx2.AsyncClient:
    """A client of a new person with a password."""
    person = await site.people.person(name, Grant(Role.VIEWER))
    link = await site.people.link(person, Purpose.INVITE)
    cookie = await site.people.sign_ins.by_link(link, password=OLD, origin=HERE)
    return plain_client(site.url, cookies={"faceid": cookie}, headers={"origin": site.url})


async def post(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """Send a form of the account's page."""
    token = token_in((await client.get("/account")).text)
    return await client.post(path, data={"form_token": token, **fields})


async def test_a_person_sets_up_a_second_factor_and_removes_it(site: Site, readers: Readers) -> None:
    reader = await readers.sign_in(Role.VIEWER)
    await reader.open("/account")
    await reader.look("account")
    page = reader.page
    [person] = await site.people.persons.page(limit=5)
    password_hash = await site.people.passwords.hash(OLD)
    await site.people.proofs.set_password(person.id, password_hash, actor=Actor.command("test"))
    await page.click("a[href='/account/code']")
    await page.wait_for_selector("svg.qr")
    await reader.look("account-code")
    await page.fill("[name=code]", "000000")
    await page.fill("[name=password]", "wrong")
    await page.click("form.narrow button")
    await page.wait_for_selector("[role=alert]")
    key = await page.input_value("input.once")
    await page.fill("[name=code]", pyotp.TOTP(key).at(site.people.clock.now))
    await page.fill("[name=password]", OLD)
    await page.click("form.narrow button")
    await page.wait_for_selector("[role=status]")
    assert (await site.people.proofs.find(person.name)).code_secret == key  # type: ignore[union-attr]
    await page.fill("form[action$=remove] [name=password]", OLD)
    await page.click("form[action$=remove] button")
    await page.wait_for_selector("a[href='/account/code'].button")
    assert (await site.people.proofs.find(person.name)).code_secret is None  # type: ignore[union-attr]


async def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    async with await sign_in(site) as client:
        [person] = await site.people.persons.page(limit=5)
        other = await site.people.cookie(person)
        wrong = await post(client, "/account/password", old="no", new=NEW, again=NEW)
        differs = await post(client, "/account/password", old=OLD, new=NEW, again=OLD)
        easy = await post(client, "/account/password", old=OLD, new="short", again="short")
        assert (wrong.status_code, differs.status_code, easy.status_code) == (403, 422, 422)
        assert await site.people.sessions.check(other) is not None
        changed = await post(client, "/account/password", old=OLD, new=NEW, again=NEW)
        assert (changed.status_code, changed.headers["location"]) == (303, "/account?done=password")
        assert await site.people.sessions.check(other) is None
        assert "The password is changed" in (await client.get("/account?done=password")).text
    assert await site.people.sign_ins.by_password(person.name, NEW, code="", origin=HERE)


async def test_a_person_ends_own_sessions_alone(site: Site) -> None:
    async with await sign_in(site) as client:
        [person] = await site.people.persons.page(limit=5)
        stranger = await site.people.person("wang.wei", Grant(Role.VIEWER))
        mine = [await site.people.cookie(person) for _ in range(3)]
        theirs = await site.people.cookie(stranger)
        foreign = (await site.people.sessions.open_ones(stranger.id))[0].id
        first = await site.people.sessions.check(mine[0])
        assert first is not None
        for ended in (foreign, first.id):
            assert (await post(client, "/account/sessions/end", id=str(ended))).status_code == 303
        assert [await site.people.sessions.check(each) is None for each in (*mine, theirs)] == [
            True, False, False, False
        ]  # fmt: skip
        shown = (await client.get("/account")).text
        assert len(re.findall('name="id"', shown)) == 3
        await post(client, "/account/sessions/end", id="others")
        assert len(await site.people.sessions.open_ones(person.id)) == 1
        assert (await post(client, "/account/sessions/end", id="x")).status_code == 404
    rows = await site.store.rows("SELECT detail FROM audit WHERE action = 'sessions.ended' ORDER BY id")
    assert [detail["count"] for (detail,) in rows] == [1, 2]


async def test_the_session_remembers_the_language(site: Site) -> None:
    async with await sign_in(site) as client:
        await client.post("/language", data={"language": "zh"})
        cookie = client.cookies["faceid"]
    session = await site.people.sessions.check(cookie)
    assert session is not None
    assert session.language == "zh"


@pytest.mark.parametrize("path", ["/account/password", "/account/code", "/account/code/remove"])
async def test_with_an_identity_provider_there_is_nothing_to_change(site: Site, path: str) -> None:
    context = replace(site.context, sign_ins=site.people.signing_in(with_passwords=False))
    site.app.state.context = context
    async with await sign_in(site) as client:
        assert "identity provider" in (await client.get("/account")).text
        assert (await post(client, path)).status_code == 404


async def test_tries_are_limited(site: Site) -> None:
    async with await sign_in(site) as client:
        answers = [await post(client, "/account/code/remove", password=new_secret()) for _ in range(12)]
    assert answers[0].status_code == 403
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_qr_code_is_svg_without_styles() -> None:
    svg = qr_code("otpauth://totp/faceid-gateway:li.na?secret=ABC")
    assert svg.startswith("<svg")
    assert "style" not in svg


@pytest.mark.parametrize("path", ["/account", "/help"])
async def test_roles_have_their_words(site: Site, path: str) -> None:
    async with site.client(Role.SENIOR, "demo") as client:
        english = (await client.get(path)).text
        chinese = (await client.get(path, headers={"accept-language": "zh-CN"})).text
    assert '<span class="pill">Senior reviewer · demo</span>' in english
    assert '<span class="pill">高级审核员 · demo</span>' in chinese
