"""Pages on a phone: the reader sees where they are, and words are whole."""

import pytest

from adapters.store.audit.log import PgAuditLog
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.pages.webhooks.test_deliveries import failing
from tests.service.console.rig.browser import PHONE
from tests.service.console.rig.site import Site

_BROKEN = "all => all.filter((each) => each.getClientRects().length > 1).map((each) => each.innerText)"


@pytest.mark.parametrize("path", ["/audit", "/system"])
async def test_the_last_screens_are_in_sight(readers: Readers, path: str) -> None:
    reader = await readers.sign_in(Role.ADMIN)
    await reader.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await reader.open(path)
    box = await reader.page.locator("nav [aria-current]").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= PHONE[0] - box["width"]
    assert await reader.page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


@pytest.mark.parametrize("path", ["/audit", "/deliveries", "/verifications"])
async def test_filters_are_closed_until_one_is_set(readers: Readers, path: str) -> None:
    reader = await readers.sign_in(Role.ADMIN)
    field = reader.page.locator(".filters [name=since]")
    await reader.open(path)
    assert await field.is_visible()
    await reader.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert not await field.is_visible()
    await reader.page.click(".filters > summary")
    await field.fill("2026-11-01T00:00")
    await reader.page.click(".filters button")
    await reader.page.wait_for_url("**since=2026**")
    await reader.open(reader.page.url.removeprefix(reader.url))
    assert await field.is_visible()


async def test_names_of_actions_are_not_broken(site: Site, readers: Readers) -> None:
    row = AuditRow(action=Action.LINK_CREATED, actor="command:root", subject="li.na", reason="asked for")
    await PgAuditLog(site.engine).note(row)
    reader = await readers.sign_in(Role.ADMIN)
    await reader.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await reader.open("/audit")
    assert await reader.page.eval_on_selector_all("td.whole code", _BROKEN) == []


async def test_the_state_of_a_delivery_is_in_sight(site: Site, english: Readers) -> None:
    await failing(site, 1)
    reader = await english.sign_in(Role.ADMIN)
    await reader.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await reader.open("/deliveries")
    box = await reader.page.locator("tr[data-row] .pill").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PHONE[0]
