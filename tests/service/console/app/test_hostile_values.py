"""Values that no page of ours sends are refused by a page, never by a defect."""

import pytest

from domain.people.roles import Role
from service.console.app.paths.places import local_path
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


@pytest.mark.parametrize(
    "secret", ["", "AA", "A" * 8, "a" * 32, "1" * 32, "A" * 5000, "\x00", "A" * 31 + "\n"]
)
async def test_a_second_factor_has_no_secret_that_the_browser_chose(site: Site, secret: str) -> None:
    async with site.client(Role.VIEWER) as client:
        form = {
            "form_token": token_in((await client.get("/account")).text),
            "secret": secret,
            "code": "000000",
        }
        assert (await client.post("/account/code", data=form)).status_code == 404


CHARSETS = ("utf-8", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "idna", "utf-7", "zlib")
MULTIPART = '--x\r\ncontent-disposition: form-data; name="{}"\r\n\r\n\\ud800\r\n--x--\r\n'


@pytest.mark.parametrize("path", ["/login", "/login/link", "/logout", "/language", "/reviews/next"])
async def test_a_form_in_an_encoding_that_no_page_sends_is_no_form(site: Site, path: str) -> None:
    async with site.client() as client:
        for charset in CHARSETS:
            for field in ("form_token", "name", "back", "note"):
                kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
                answer = await client.post(path, content=MULTIPART.format(field), headers=kind)
                assert answer.status_code == (303 if path == "/language" else 403)


@pytest.mark.parametrize("path", ["/login", "/logout", "/language", "/account/password"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", "&".join(f"a{n}=1" for n in range(5000))),
        ("application/x-www-form-urlencoded; charset=punycode", "form_token=%ED%A0%80&note=%ED%A0%80"),
        ("application/x-www-form-urlencoded", b"\xff=%ff&%zz&form_token=%00"),
        ("application/json", '{"form_token": 1}'),
        ("", "form_token=1"),
    ],
)
async def test_a_form_that_no_page_sends_is_no_defect(
    site: Site, path: str, kind: str, body: str | bytes
) -> None:
    async with site.client() as client:
        answer = await client.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code in {303, 403, 422}


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "evil.example", "", "x:y", "a@b", "a/b"])
async def test_a_strange_host_is_no_defect_and_leads_nowhere(site: Site, host: str) -> None:
    async with site.client() as client:
        for method, path in (("GET", "/login"), ("POST", "/login"), ("GET", "/"), ("POST", "/language")):
            headers = {"host": host, "origin": f"https://{host}"}
            answer = await client.request(method, path, headers=headers)
            assert answer.status_code in {200, 303, 400, 403, 422}
            assert answer.headers.get("location", "/").startswith("/")
