"""The list and the page of a verification, in a browser and without one."""

from datetime import timedelta

import pytest

from domain.people.roles import Role
from service.console.pages.verifications.lists import PAGE, is_id_number
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import fill, run, stricter
from tests.service.console.rig.site import Site
from tests.support.payloads.callbacks import ID_NUMBER, NAME
from tests.support.storage.stores import NOW, biz_id, callback, payload

CLOSE = {"verify_result.result_faceid.confidence": 68.918}


async def test_a_reader_finds_a_verification_in_the_list(site: Site, readers: Readers) -> None:
    await fill(site.store, NOW)
    reader = await readers.sign_in(Role.VIEWER)
    await reader.open("/verifications")
    assert await reader.page.locator("tr[data-row]").count() == PAGE
    await reader.look("verifications")
    await reader.page.select_option("[name=effective]", "review")
    if not reader.with_scripts:
        await reader.page.click(".filters button >> visible=true")
    await reader.page.wait_for_url("**effective=review**")
    assert await reader.page.locator("tr[data-row]").count() == 4
    await reader.page.fill("[name=q]", "order-0009")
    await reader.page.press("[name=q]", "Enter")
    await reader.page.wait_for_url("**biz_no=order-0009**")
    await reader.page.click("tr[data-row] a")
    await reader.page.wait_for_selector("h1 code")
    assert biz_id(9) in await reader.text()
    await reader.look("verification")


async def test_a_page_shows_both_sides_and_marks_what_differs(site: Site, readers: Readers) -> None:
    await run(site.store, 1, {}, at=NOW, result=CLOSE, shadow=stricter())
    reader = await readers.sign_in(Role.VIEWER)
    await reader.open(f"/verifications/demo/{biz_id()}")
    assert await reader.page.locator("tr.differs").count() == 1
    text = await reader.text()
    assert "68.918" in text
    assert "test@1" in text
    assert (ID_NUMBER in text, NAME in text) == (False, False)
    await reader.look("verification-differs")


async def test_what_strangers_send_is_shown_as_text(site: Site, english: Readers) -> None:
    odd = {
        "biz_info.biz_no": "<script>window.hit = 1</script>",
        "idcard_info.idcard_name": '"><img src=x onerror=alert(1)>\u202e\u200b\u5f20',
        "liveness_result.procedure_type": "'onclick='x",
    }
    await run(site.store, 1, odd, at=NOW, result=odd)
    reader = await english.sign_in(Role.VIEWER)
    for path in ("/verifications", f"/verifications/demo/{biz_id()}"):
        await reader.open(path)
        await reader.look()
        assert await reader.page.evaluate("window.hit") is None
        assert await reader.page.locator("main img, main script").count() == 0
    assert "<script>window.hit" in await reader.text()
    assert await reader.page.title() == f"Verification {biz_id()} · faceid-gateway"


async def test_keys_go_through_the_list_and_back(site: Site, english: Readers) -> None:
    await fill(site.store, NOW, count=5)
    reader = await english.sign_in(Role.VIEWER)
    await reader.open("/help")
    await reader.page.keyboard.press("g")
    await reader.page.keyboard.press("v")
    await reader.page.wait_for_url("**/verifications")
    await reader.page.keyboard.press("j")
    await reader.page.keyboard.press("j")
    await reader.page.keyboard.press("k")
    await reader.page.keyboard.press("j")
    await reader.page.keyboard.press("Enter")
    await reader.page.wait_for_selector("h1 code")
    await reader.page.keyboard.press("Escape")
    await reader.page.wait_for_url("**/verifications")
    await reader.page.keyboard.press("/")
    assert await reader.page.evaluate("document.activeElement.name") == "q"


async def test_pages_follow_each_other_without_a_gap(site: Site) -> None:
    await fill(site.store, NOW, count=PAGE + 7)
    async with site.client(Role.VIEWER) as client:
        first = (await client.get("/verifications")).text
        after = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = (await client.get(after)).text
    assert first.count("<tr data-row>") == PAGE
    assert second.count("<tr data-row>") == 9
    assert 'rel="next"' not in second
    assert len(first.encode()) <= 120_000


async def test_a_policy_is_looked_through(site: Site) -> None:
    await fill(site.store, NOW, count=5)
    async with site.client(Role.VIEWER) as client:
        mine = (await client.get("/verifications", params={"policy": "default@4"})).text
        other = (await client.get("/verifications", params={"policy": "other"})).text
    assert mine.count("<tr data-row>") == 5
    assert "No verification matches." in other


async def test_filters_find_by_basis_and_disagreement(site: Site) -> None:
    await run(site.store, 1, {}, at=NOW, result=CLOSE)
    await site.store.decide(await site.store.record(callback(payload(2))))
    async with site.client(Role.VIEWER) as client:

        async def found(**query: str) -> int:
            return (await client.get("/verifications", params=query)).text.count("<tr data-row>")

        assert await found() == 2
        by_basis = [await found(basis=each) for each in ("callback", "result", "confirmed")]
        assert (sum(by_basis), max(by_basis)) == (2, 1)
        assert await found(basis="callback", policy="nobody") == 0
        assert await found(reason="confirmation.disagrees") == 1
        assert [await found(mode=each) for each in ("required", "off", "unknown")] == [2, 0, 2]
        assert await found(mode="required", reason="confirmation.disagrees") == 1
        assert await found(mode="required", biz_no="nobody's") == 0


@pytest.mark.parametrize(
    "path", ["/verifications/other/{id}", "/verifications/demo/1700000000,none", "/verifications/x/{id}"]
)
async def test_what_another_app_has_is_not_there(site: Site, path: str) -> None:
    await site.store.record(callback(payload(), app_id="other"))
    async with site.client(Role.VIEWER, "demo") as client:
        answer = await client.get(path.format(id=biz_id()))
        listed = await client.get("/verifications")
    assert answer.status_code == 404
    assert "No verification matches." in listed.text


async def test_an_undecided_one_has_a_page_too(site: Site) -> None:
    await site.store.record(callback(payload()))
    async with site.client(Role.VIEWER) as client:
        answer = await client.get(f"/verifications/demo/{biz_id()}")
    assert answer.status_code == 200
    assert "received, not decided yet" in answer.text


async def test_a_search_finds_by_biz_id_and_never_puts_a_number_into_a_url(site: Site) -> None:
    await fill(site.store, NOW, count=2)
    async with site.client(Role.VIEWER) as client:
        token = token_in((await client.get("/verifications")).text)

        async def search(text: str) -> tuple[int, str]:
            answer = await client.post("/verifications/search", data={"form_token": token, "q": text})
            return answer.status_code, answer.headers.get("location", "")

        assert await search(biz_id(1)) == (303, f"/verifications/demo/{biz_id(1).replace(',', '%2C')}")
        assert await search("order-0002") == (303, "/verifications?biz_no=order-0002")
        assert await search("nothing") == (404, "")
        assert await search("11010519491231002X") == (422, "")
        assert await search(" ") == (303, "/verifications")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("11010119900307001X", False),
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),
        ("110105194913310020", False),
        ("123456789012345678", False),
        ("order-1", False),
        ("１１010519491231002X", False),
    ],
)
def test_an_id_number_is_known_by_its_check_digit(text: str, is_one: bool) -> None:
    assert is_id_number(text) is is_one


async def test_odd_filters_show_what_they_can(site: Site) -> None:
    await fill(site.store, NOW, count=1)
    odd = {"outcome": "x' OR 1=1", "since": "yesterday", "after": "%%%", "app": "demo", "state": "<b>"}
    async with site.client(Role.VIEWER) as client:
        answer = await client.get("/verifications", params=odd)
        empty = await client.get("/verifications", params={"app": "unknown"})
        late = await client.get(
            "/verifications", params={"since": f"{NOW + timedelta(days=2):%Y-%m-%dT%H:%M}"}
        )
    assert answer.text.count("<tr data-row>") == 3
    assert "No verification matches." in empty.text
    assert late.text.count("<tr data-row>") == 2
