"""A review by keyboard alone, and two tabs."""

import time
from uuid import UUID

from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import case, kinds_of, state_of
from tests.service.console.pages.reviews.forms import NOTE
from tests.service.console.pages.reviews.test_refusals import evidence_comes
from tests.service.console.rig.browser import Reader
from tests.service.console.rig.site import Site


async def test_a_case_is_rejected_with_four_keys(site: Site, english: Readers) -> None:
    """`pytest -rP` shows how long it took."""
    case_id = await case(site)
    reader = await english.sign_in(Role.REVIEWER)
    keys = reader.page.keyboard
    await reader.open("/reviews")
    begun = time.monotonic()
    await keys.press("n")
    await reader.page.wait_for_selector("#lease")
    for key in ("r", "2", "Enter"):
        await keys.press(key)
    await reader.page.wait_for_selector("[role=status]")
    print(f"from next to the conclusion: {time.monotonic() - begun:.2f} s")  # noqa: T201
    assert await kinds_of(site, case_id) == ["opened", "claimed", "concluded"]
    [(reasons,)] = await site.store.rows("SELECT reasons FROM reviews")
    assert reasons == ["document.doubtful"]


async def test_two_persons_approve_by_keyboard(site: Site, english: Readers) -> None:
    case_id = await case(site)
    reviewer, senior = await english.sign_in(Role.REVIEWER), await english.sign_in(Role.SENIOR)
    await reviewer.open("/reviews")
    await reviewer.page.keyboard.press("n")
    await reviewer.page.wait_for_selector("#lease")
    for key in ("a", "1", "3"):
        await reviewer.page.keyboard.press(key)
    await reviewer.page.focus("details[open] textarea")
    await reviewer.page.keyboard.type(NOTE)
    await reviewer.page.keyboard.press("Control+Enter")
    await reviewer.page.wait_for_selector(".proposal")
    await senior.open("/reviews")
    await senior.page.keyboard.press("n")
    await senior.page.wait_for_selector("#lease")
    await senior.page.keyboard.press("a")
    await senior.page.keyboard.press("Enter")
    await senior.page.wait_for_selector("[role=status]")
    assert await kinds_of(site, case_id) == ["opened", "claimed", "proposed", "claimed", "approved"]


async def test_keys_that_are_off_do_nothing(site: Site, english: Readers) -> None:
    case_id = await case(site)
    reader = await english.sign_in(Role.REVIEWER)
    await reader.open("/help")
    await reader.look("help-reviewer")
    await reader.page.click("form[action='/preferences'] button")
    await reader.open(f"/reviews/{case_id}")
    await reader.page.keyboard.press("c")
    await reader.page.keyboard.press("n")
    assert reader.page.url.endswith(str(case_id))
    assert await kinds_of(site, case_id) == ["opened"]


async def rejecting(site: Site, english: Readers) -> tuple[Reader, UUID]:
    """A reviewer who has claimed a case by keyboard, with the form open that rejects it."""
    case_id = await case(site)
    reader = await english.sign_in(Role.REVIEWER)
    await reader.open(f"/reviews/{case_id}")
    await reader.page.keyboard.press("c")
    await reader.page.wait_for_selector("#lease")
    await reader.page.keyboard.press("r")
    return reader, case_id


async def test_escape_closes_the_form_and_keeps_its_text(site: Site, english: Readers) -> None:
    reader, _ = await rejecting(site, english)
    await reader.page.fill("details[open] textarea", NOTE)
    await reader.page.keyboard.press("Escape")
    await reader.page.focus("details[open] summary")
    await reader.page.keyboard.press("Escape")
    assert await reader.page.locator("details[open]").count() == 0
    await reader.page.keyboard.press("r")
    assert await reader.page.input_value("details[open] textarea") == NOTE


async def test_escape_from_a_note_leaves_it_then_the_form_then_the_case(site: Site, english: Readers) -> None:
    reader, case_id = await rejecting(site, english)
    await reader.page.keyboard.press("2")
    await reader.page.focus("details[open] textarea")
    await reader.page.keyboard.press("Escape")
    assert await reader.page.locator("details[open] :checked").count() == 1
    await reader.page.keyboard.press("Escape")
    assert await reader.page.locator("details[open]").count() == 0
    assert reader.page.url.endswith(f"/reviews/{case_id}")
    await reader.page.keyboard.press("Escape")
    await reader.page.wait_for_url("**/reviews")


async def test_the_older_of_two_tabs_learns_what_changed(site: Site, readers: Readers) -> None:
    case_id = await case(site)
    reader = await readers.sign_in(Role.REVIEWER)
    old = reader.page
    await reader.open(f"/reviews/{case_id}")
    await old.click("[data-press=c]")
    await old.wait_for_selector("#lease")
    new = await old.context.new_page()
    await new.goto(old.url)
    await evidence_comes(site)
    await new.reload()
    await old.click("summary[data-press=r]")
    await old.check("details[open] [value='document.doubtful']")
    await old.fill("details[open] textarea", NOTE)
    await old.click("details[open] [data-press=Enter]")
    await old.wait_for_selector("[role=alert]")
    await reader.look("review-stale")
    assert await old.input_value("details[open] textarea") == NOTE
    assert await old.is_checked("details[open] [value='document.doubtful']")
    assert await state_of(site, case_id) == "open"
    await new.click("summary[data-press=r]")
    await new.check("details[open] [value='document.doubtful']")
    await new.click("details[open] [data-press=Enter]")
    await new.wait_for_selector("[role=status]")
    await new.go_back()
    await new.wait_for_selector("[role=status]")
    assert await new.locator("details[name=desk]").count() == 0
    await old.click("details[open] [data-press=Enter]")
    await old.wait_for_selector("#lease", state="detached")
    assert await kinds_of(site, case_id) == ["opened", "claimed", "noted", "concluded"]
