"""Sign in and out, in a browser."""

import httpx2

from domain.people.links import Purpose
from domain.people.roles import Grant, Role
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.storage.people import HERE

PASSWORD = "correct horse battery"
WORDS = {"en": ("Sign in", "Help and preferences"), "zh": ("登录", "帮助与偏好")}


async def invited(site: Site) -> None:
    """Li Na has a password."""
    person = await site.people.person("li.na", Grant(Role.VIEWER))
    link = await site.people.link(person, Purpose.INVITE)
    await site.people.sign_ins.by_link(link, password=PASSWORD, origin=HERE)


async def test_sign_in_by_password_and_out_again(site: Site, readers: Readers) -> None:
    await invited(site)
    reader = await readers.sign_in()
    sign_in, help_ = WORDS[reader.language]
    assert await reader.open("/help") == 200
    assert "/login?next=%2Fhelp" in reader.page.url
    await reader.look("login")
    await reader.page.fill("[name=name]", "li.na")
    await reader.page.fill("[name=password]", "wrong")
    await reader.page.click(f"button:has-text('{sign_in}')")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.look("login-refused")
    await reader.page.fill("[name=password]", PASSWORD)
    await reader.page.click(f"button:has-text('{sign_in}')")
    await reader.page.wait_for_url("**/help")
    assert help_ in await reader.text()
    await reader.look("help")
    await reader.page.click("form[action='/logout'] button")
    await reader.page.wait_for_url("**/login")
    await reader.open("/help")
    assert "/login" in reader.page.url


async def test_an_invitation_sets_a_password_and_works_once(site: Site, readers: Readers) -> None:
    person = await site.people.person("wang.wei", Grant(Role.VIEWER))
    link = await site.people.link(person, Purpose.INVITE)
    reader = await readers.sign_in()
    await reader.open(f"/login?link={link}")
    assert "wang.wei" in await reader.text()
    await reader.look("login-invited")
    await reader.page.fill("[name=password]", PASSWORD)
    await reader.page.fill("[name=again]", PASSWORD + "x")
    await reader.page.click("button.primary")
    await reader.page.wait_for_selector("[role=alert]")
    await reader.page.fill("[name=password]", PASSWORD)
    await reader.page.fill("[name=again]", PASSWORD)
    await reader.page.click("button.primary")
    await reader.page.wait_for_selector(".who")
    assert await reader.open(f"/login?link={link}") == 410
    await reader.look("login-link-gone")


async def test_a_link_to_sign_in_is_not_used_up_by_looking(site: Site) -> None:
    person = await site.people.person("wang.wei", Grant(Role.VIEWER))
    link = await site.people.link(person)
    async with site.client() as client:
        for _ in range(2):
            page = await client.get("/login", params={"link": link})
            assert page.status_code == 200
        form = {"form_token": token_in(page.text), "link": link}
        answer = await client.post("/login/link", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await client.get("/help")).status_code == 200
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


async def test_over_https_the_cookie_is_bound_to_the_host(site: Site) -> None:
    await invited(site)
    transport = httpx2.ASGITransport(site.app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://console.example") as client:
        token = token_in((await client.get("/login")).text)
        form = {"form_token": token, "name": "li.na", "password": PASSWORD}
        answer = await client.post("/login", data=form, headers={"sec-fetch-site": "same-origin"})
    [cookie] = [each for each in answer.headers.get_list("set-cookie") if "faceid=" in each]
    assert cookie.startswith("__Host-faceid=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


async def test_over_plain_http_from_another_machine_nobody_signs_in(site: Site) -> None:
    transport = httpx2.ASGITransport(site.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://10.0.0.5:8081") as client:
        answer = await client.get("/login")
    assert answer.status_code == 403
    assert "HTTPS is needed" in answer.text


async def test_too_many_tries_wait(site: Site) -> None:
    await invited(site)
    async with site.client() as client:
        token = token_in((await client.get("/login")).text)
        form = {"form_token": token, "name": "li.na", "password": "wrong"}
        answers = [await client.post("/login", data=form) for _ in range(12)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "wrong" not in answers[-1].text
