"""The list of cases, its filters, and the next case."""

from datetime import timedelta

import pytest

from adapters.store.statements.bulk import bulk_connection
from domain.people.roles import Role
from service.console.pages.reviews.queue import PAGE
from tests.service.console.app.test_forms import token_in
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import DIFFERING, case
from tests.service.console.pages.reviews.forms import Browser, looking
from tests.service.console.rig.day import run
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW

RANK = "UPDATE review_cases SET priority = $2, due_at = due_at - CAST($3 AS interval) WHERE id = $1"


async def rank(site: Site, case_id: object, priority: int, *, hours: int = 0) -> None:
    """Make a case so urgent, and its time limit so much earlier."""
    async with bulk_connection(site.engine) as connection:
        await connection.execute(RANK, case_id, priority, timedelta(hours=hours))


async def test_the_most_urgent_case_is_first_and_next(site: Site, english: Readers) -> None:
    await case(site, 1)
    late, urgent = await case(site, 2), await case(site, 3)
    await rank(site, late, 2, hours=5)
    await rank(site, urgent, 4)
    reader = await english.sign_in(Role.REVIEWER)
    await reader.open("/reviews")
    await reader.look("reviews-ranked")
    links = reader.page.locator("tr[data-row] a")
    assert str(urgent) in str(await links.nth(0).get_attribute("href"))
    assert str(late) in str(await links.nth(1).get_attribute("href"))
    await reader.page.check("[name=overdue]")
    await reader.page.wait_for_url("**overdue=yes**")
    assert await reader.page.locator("tr[data-row]").count() == 1
    await reader.page.keyboard.press("n")
    await reader.page.wait_for_url(f"**/reviews/{urgent}")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=claimed", 1),
        ("state=open", 2),
        ("mine=yes", 1),
        ("priority=high", 1),
        ("overdue=yes", 1),
        ("app=other", 1),
        ("app=unknown", 0),
        ("state=closed", 0),
        ("state=<b>&priority=x&mine=no&after=%%%", 3),
    ],
)
async def test_filters_are_in_the_url(site: Site, query: str, count: int) -> None:
    mine = await case(site, 1)
    await rank(site, await case(site, 2), 3)
    await rank(site, await case(site, 3, app_id="other"), 2, hours=9)
    async with looking(site, Role.REVIEWER, mine) as browser:
        page = (await browser.client.get(f"/reviews?{query}")).text
    assert page.count("<tr data-row") == count


async def test_pages_follow_each_other(site: Site) -> None:
    for n in range(1, PAGE + 3):
        await run(site.store, n, {}, at=NOW, result=DIFFERING)
    async with site.client(Role.REVIEWER) as client:
        first = (await client.get("/reviews")).text
        after = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = (await client.get(after)).text
    assert (first.count("<tr data-row"), second.count("<tr data-row")) == (PAGE, 2)
    assert len(first.encode()) <= 120_000


async def test_without_a_case_next_says_so(site: Site) -> None:
    await case(site, app_id="other")
    async with site.client(Role.REVIEWER, "demo") as client:
        browser = Browser(client, await case(site, 2))
        await browser.look()
        claimed = await client.post("/reviews/next", data={"form_token": _token(browser)})
        assert claimed.headers["location"] == browser.path
        nothing = await client.post("/reviews/next", data={"form_token": _token(browser)})
        assert "No case waits for you" in (await client.get(nothing.headers["location"])).text


def _token(browser: Browser) -> str:
    return token_in(browser.page)
