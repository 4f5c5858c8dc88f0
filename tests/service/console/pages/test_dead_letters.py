"""Dead letters on their page: by reason, in a list, and back into the inbox."""

from datetime import timedelta

from domain.people.roles import Role
from service.console.pages.dead_letters import PAGE
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW, callback

WORDS = {"en": ("Retry all", "Retry 3 letters", "3 letters are in the inbox again"),
         "zh": ("全部重试", "重试 3 封死信", "3 封死信已放回收件箱")}  # fmt: skip

AUDITED = "SELECT action, actor, app_id FROM audit WHERE action LIKE 'dead_letter%'"


async def keep(site: Site, count: int, *, reason: str = "missing_biz_id", app_id: str = "demo") -> list[str]:
    """Letters, a minute apart; their ids."""
    return [
        str(
            await site.store.dead_letters.keep(
                callback({"n": n, "reason": reason}, app_id=app_id),
                reason=reason,
                detail="the payload carries no biz_id",
                now=NOW - timedelta(minutes=count - n),
            )
        )
        for n in range(count)
    ]


async def waiting(site: Site) -> int:
    """How many letters are not being retried."""
    return len(await site.store.rows("SELECT 1 FROM dead_letters WHERE retried_at IS NULL"))


async def test_an_operator_retries_all_with_a_reason(site: Site, readers: Readers) -> None:
    await keep(site, 3)
    await keep(site, 5, reason="processing_failed", app_id="other")
    reader = await readers.sign_in(Role.OPERATOR)
    every, confirm, done = WORDS[reader.language]
    await reader.open("/dead-letters")
    await reader.look("dead-letters")
    row = reader.page.locator("tr", has_text="missing_biz_id").first
    await row.locator(f"a:has-text('{every}')").click()
    await reader.page.wait_for_url("**/dead-letters/retry?**")
    assert await waiting(site) == 8
    await reader.look("dead-letters-retry")
    await reader.page.click(f"button:has-text('{confirm}')")
    await reader.page.wait_for_selector("[role=status]")
    assert done in await reader.text()
    assert await waiting(site) == 5
    await reader.look("dead-letters-done")


async def test_a_letter_is_retried_by_its_button_and_audited(site: Site, english: Readers) -> None:
    await keep(site, 2)
    reader = await english.sign_in(Role.OPERATOR, "demo")
    await reader.open("/dead-letters")
    await reader.page.click("tr[data-row] button >> nth=0")
    await reader.page.wait_for_selector("[role=status]")
    assert await waiting(site) == 1
    [(action, actor, app_id)] = await site.store.rows(AUDITED)
    assert (action, app_id) == ("dead_letter.retried", "demo")
    assert actor.startswith("person:operator-")


async def test_the_same_form_twice_retries_nothing_twice(site: Site) -> None:
    [letter] = await keep(site, 1)
    async with site.client(Role.OPERATOR) as client:
        token = token_in((await client.get("/dead-letters")).text)
        form = {"form_token": token, "reason": "missing_biz_id"}
        answers = [await client.post("/dead-letters/retry", data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        assert "done=0" in answers[1].headers["location"]
        await site.store.dead_letters.forget_retried([callback({"n": 0, "reason": "missing_biz_id"}).key])
        gone = await client.post(f"/dead-letters/{letter}/retry", data={"form_token": token})
    assert gone.status_code == 404
    assert "no longer there" in gone.text


async def test_a_role_in_one_app_reaches_no_letter_of_another(site: Site) -> None:
    [letter] = await keep(site, 1, app_id="other")
    async with site.client(Role.OPERATOR, "demo") as client:
        page = (await client.get("/dead-letters?app=other")).text
        assert "missing_biz_id" not in page
        token = token_in((await client.get("/help")).text)
        one = await client.post(f"/dead-letters/{letter}/retry", data={"form_token": token})
        many = await client.post("/dead-letters/retry", data={"form_token": token, "app": "other"})
    assert one.status_code == 404
    assert "done=0" in many.headers["location"]
    assert await waiting(site) == 1


async def test_pages_follow_each_other(site: Site) -> None:
    await keep(site, PAGE + 2)
    async with site.client(Role.OPERATOR) as client:
        first = (await client.get("/dead-letters")).text
        after = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = (await client.get(after)).text
        assert (await client.get("/dead-letters?after=x&retried=maybe")).status_code == 200
    assert (first.count("<tr data-row>"), second.count("<tr data-row>")) == (PAGE, 2)
    assert len(first.encode()) <= 120_000
