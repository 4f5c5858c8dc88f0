"""The walk of a reviewer and of a senior, in a browser: both languages, with and without JavaScript."""

from domain.people.roles import Role
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import case, kinds_of, state_of
from tests.service.console.rig.browser import Reader
from tests.service.console.rig.site import Site
from tests.support.storage.stores import biz_id

NOTE = "Seen at the counter: 本人与证件一致"
EFFECTIVE = "SELECT listed_as, effective_outcome FROM verifications"


async def next_case(reader: Reader) -> None:
    """Ask for the next case by the button."""
    await reader.open("/reviews")
    await reader.page.click("[data-press=n]")
    await reader.page.wait_for_selector("#lease")


async def conclude(reader: Reader, key: str, *, note: str = "") -> None:
    """Open a form, choose its first reason, and send it."""
    await reader.page.click(f"summary[data-press={key}]")
    form = reader.page.locator("details[open] form")
    if await form.locator("[type=checkbox]").count():
        await form.locator("[type=checkbox]").first.check()
    if note:
        await form.locator("textarea").fill(note)
    await reader.look(f"review-form-{key}")
    await form.locator("[data-press=Enter]").click()
    await reader.page.wait_for_selector("#lease", state="detached")


async def test_two_persons_approve_and_the_lookup_shows_it(site: Site, readers: Readers) -> None:
    case_id = await case(site)
    reviewer, senior = await readers.sign_in(Role.REVIEWER), await readers.sign_in(Role.SENIOR)
    await reviewer.open("/reviews")
    await reviewer.look("reviews")
    await next_case(reviewer)
    assert "68.918" in await reviewer.text()
    assert await reviewer.page.locator("tr.differs").count() == 1
    await reviewer.look("review")
    await conclude(reviewer, "a", note=NOTE)
    assert await state_of(site, case_id) == "proposed"
    await reviewer.look("review-proposed")
    await next_case(senior)
    assert NOTE in await senior.text()
    await senior.look("review-approve")
    await conclude(senior, "a")
    assert await state_of(site, case_id) == "closed"
    await senior.look("review-closed")
    [found] = await site.store.lookups.find(["demo"], biz_id())
    assert (found.outcome, found.effective_outcome) == ("review", "approved")
    assert await kinds_of(site, case_id) == ["opened", "claimed", "proposed", "claimed", "approved"]


async def test_a_senior_returns_a_proposal_and_the_reviewer_rejects(site: Site, readers: Readers) -> None:
    case_id = await case(site)
    reviewer, senior = await readers.sign_in(Role.REVIEWER), await readers.sign_in(Role.SENIOR)
    await next_case(reviewer)
    await conclude(reviewer, "a", note=NOTE)
    await next_case(senior)
    await conclude(senior, "r", note="Which counter?")
    await next_case(reviewer)
    assert "Which counter?" in await reviewer.text()
    await conclude(reviewer, "r")
    assert await state_of(site, case_id) == "closed"
    [found] = await site.store.lookups.find(["demo"], biz_id())
    assert found.effective_outcome == "rejected"
    await reviewer.open("/reviews?state=closed")
    await reviewer.look("reviews-closed")
    assert await reviewer.page.locator("tr[data-row]").count() == 1
