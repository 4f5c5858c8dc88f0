"""Parts that htmx refreshes: a request that fails leaves the page as it is, with a notice."""

import pytest
from playwright.async_api import Page, Route

from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.rig.day import fill
from tests.service.console.rig.site import Site
from tests.support.storage.stores import NOW

NOTICE = "#unrefreshed:not(:empty)"
TEXT = "This could not be refreshed; it is shown as of "


async def refresh(page: Page) -> None:
    """What the page does every twenty seconds."""
    await page.dispatch_event("[data-live]", "live")


async def refuse(route: Route) -> None:
    """A server is away, as a proxy in front or the console itself says it."""
    if "hx-request" in route.request.headers:
        await route.fulfill(status=503, body="<main>away</main>", content_type="text/html")
    else:
        await route.continue_()


@pytest.mark.parametrize("path", ["/", "/system"])
async def test_a_part_that_cannot_be_refreshed_stays_with_a_notice(english: Readers, path: str) -> None:
    reader = await english.sign_in(Role.OPERATOR)
    await reader.open(path)
    before = await reader.page.inner_text("[data-live]")
    as_of = await reader.page.get_attribute("[data-live]", "data-as-of")
    await reader.page.route("**/*", refuse)
    await refresh(reader.page)
    assert await reader.page.inner_text(NOTICE) == f"{TEXT}{as_of}."
    assert await reader.page.inner_text("[data-live]") == before
    await reader.look(f"unrefreshed{path.replace('/', '-')}")
    await reader.page.unroute("**/*")
    await refresh(reader.page)
    await reader.page.wait_for_selector(NOTICE, state="detached")
    assert await reader.page.inner_text("[data-live] h2 >> nth=0")


async def test_a_console_that_does_not_answer_leaves_the_page(english: Readers) -> None:
    reader = await english.sign_in(Role.OPERATOR)
    await reader.open("/")
    await reader.page.route("**/*", lambda route: route.abort())
    await refresh(reader.page)
    await reader.page.wait_for_selector(NOTICE)
    assert await reader.page.locator("[data-live] h1").count() == 1
    # Chromium and htmx note the request that failed, as they should.
    assert all("htmx:" in each or "ERR_FAILED" in each for each in reader.problems)
    reader.problems.clear()


async def test_a_session_that_has_ended_leaves_the_page_with_a_way_to_sign_in(english: Readers) -> None:
    reader = await english.sign_in(Role.OPERATOR)
    await reader.open("/")
    await reader.page.context.clear_cookies()
    await refresh(reader.page)
    await reader.page.wait_for_selector(f"{NOTICE} a")
    assert await reader.page.locator("[data-live] h1").count() == 1
    await reader.look()
    await reader.page.click(f"{NOTICE} a")
    await reader.page.wait_for_selector("form[action^='/login']")


async def test_a_list_that_cannot_be_filtered_stays_and_says_so(site: Site, english: Readers) -> None:
    await fill(site.store, NOW)
    reader = await english.sign_in(Role.OPERATOR)
    await reader.open("/verifications")
    rows = await reader.page.locator("[data-row]").count()
    await reader.page.route("**/*", refuse)
    await reader.page.select_option("[name=effective]", "rejected")
    await reader.page.wait_for_selector(NOTICE)
    assert await reader.page.locator("[data-row]").count() == rows > 0
    await reader.page.unroute("**/*")
    await reader.page.select_option("[name=effective]", "approved")
    await reader.page.wait_for_selector(NOTICE, state="detached")
    assert 0 < await reader.page.locator("[data-row]").count() < rows
