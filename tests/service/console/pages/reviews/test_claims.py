"""Claims on the page: kept while it is open, given back, put off."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.errors import ServerAway
from domain.model import Outcome
from domain.people.roles import Role
from domain.reviews.case import Because
from service.console.app.paths.places import verification_path
from service.console.pages.reviews.case import MOST
from service.console.pages.verifications import lists
from tests.service.console.conftest import Readers
from tests.service.console.pages.reviews.desks import case, kinds_of, state_of
from tests.service.console.pages.reviews.forms import NOTE, looking
from tests.service.console.rig.site import Site
from tests.support.storage.reviews import CHEN, Reviews
from tests.support.storage.stores import NOW, biz_id

AGED = text("UPDATE verifications SET created_at = '2020-01-01' WHERE id = :id")
LEASES = "SELECT lease_until FROM review_cases"
MINUTE = 60_000
OTHERWISE = "a person concluded otherwise"
"""Beside an outcome that is not the policy's."""


async def test_the_claim_is_renewed_while_its_page_is_open(site: Site, english: Readers) -> None:
    case_id = await case(site)
    reader = await english.sign_in(Role.REVIEWER)
    await reader.page.clock.install()
    await reader.open(f"/reviews/{case_id}")
    await reader.page.click("[data-press=c]")
    await reader.page.click("summary[data-press=a]")
    await reader.page.fill("details[open] textarea", NOTE)
    site.clock.go_on(timedelta(minutes=9))
    async with reader.page.expect_response("**/renew"):
        await reader.page.clock.run_for(MINUTE)
    [(until,)] = await site.store.rows(LEASES)
    assert until == NOW + timedelta(minutes=19)
    async with looking(site, Role.SENIOR, case_id, claims=False) as senior:
        await senior.send("take-over")
    async with reader.page.expect_response("**/renew"):
        await reader.page.clock.run_for(MINUTE)
    await reader.page.wait_for_selector("#lease[role=alert]")
    await reader.look("review-lease-lost")
    assert await reader.page.input_value("details[open] textarea") == NOTE
    await reader.page.click("details[open] button[formaction]")
    await reader.page.wait_for_selector("[role=alert]:not(#lease)")
    assert NOTE in await reader.page.input_value("textarea[readonly]")
    await reader.look("review-taken-over")


async def test_a_renewal_without_scripts_keeps_the_text(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        site.clock.go_on(timedelta(minutes=5))
        plain = await browser.send("renew")
        typed = await browser.send("renew", choice="approved", note=NOTE)
        assert (plain.status_code, typed.status_code) == (303, 200)
        assert f">{NOTE}</textarea>" in typed.text
        assert "10 min left" in typed.text


async def test_an_outage_leaves_the_page_as_it_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = await case(site)

    async def away(*_args: object, **_more: object) -> None:
        raise ServerAway

    async with looking(site, Role.REVIEWER, case_id) as browser:
        monkeypatch.setattr(site.context.reviews, "renew", away)
        browser.client.headers["hx-request"] = "true"
        answer = await browser.send("renew")
    assert (answer.status_code, answer.headers["hx-reswap"]) == (503, "none")


async def test_a_case_with_a_long_history_has_a_short_page(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        for _ in range(MOST):
            await browser.send("release")
            await browser.look()
            await browser.send("claim")
            await browser.look()
    assert len(await kinds_of(site, case_id)) == 2 + 2 * MOST
    assert browser.page.count("Given back") == MOST // 2
    assert f"{2 + MOST} earlier ones are left out" in browser.page
    assert len(browser.page.encode()) <= 120_000


async def test_a_case_is_given_back_once(site: Site) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        answers = [await browser.send("release") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await kinds_of(site, case_id) == ["opened", "claimed", "released"]


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"span": "4h"}, NOW + timedelta(hours=4)),
        ({"span": "4h", "until": "2026-03-09T09:00"}, NOW + timedelta(days=1, hours=13)),
        ({"span": "forever"}, None),
        ({"until": "2027-03-09T09:00"}, None),
        ({"until": "soon"}, None),
    ],
)
async def test_a_case_is_put_off_until_a_time(site: Site, fields: dict[str, str], until: object) -> None:
    case_id = await case(site)
    async with looking(site, Role.REVIEWER, case_id) as browser:
        answer = await browser.send("snooze", note=NOTE, **fields)
    assert answer.status_code == (422 if until is None else 303)
    assert (NOTE in answer.text) is (until is None)
    assert await state_of(site, case_id) == ("open" if until is None else "snoozed")
    [(stored,)] = await site.store.rows("SELECT snoozed_until FROM review_cases")
    assert stored == until


async def test_an_objection_is_shown(site: Site) -> None:
    case_id = await case(site)
    await site.context.reviews.open(biz_id(), CHEN, Because.APPEAL, note="It was me!")
    async with looking(site, Role.REVIEWER, case_id) as browser:
        assert "<blockquote>It was me!" in browser.page


async def test_a_second_look_shows_nothing_of_the_first(site: Site) -> None:
    first = await case(site)
    async with looking(site, Role.REVIEWER, first) as browser:
        await browser.propose(note="secret first thought")
    [(verification,)] = await site.store.rows("SELECT verification_id FROM review_cases")
    second = await Reviews(site.store).case_of(verification, because=Because.SECOND_LOOK)
    async with looking(site, Role.SENIOR, second) as browser:
        page = browser.page
        assert "A second look" in page
        assert ("secret first thought" in page, "Earlier reviews" in page) == (False, False)
        assert ("A person concluded" in page, "/verifications/demo/" in page) == (False, False)
        assert (await browser.propose("incomplete")).status_code == 303


async def test_a_second_look_is_blind_on_every_page(site: Site) -> None:
    first = await case(site)
    async with looking(site, Role.REVIEWER, first) as browser:
        await browser.propose("rejected", note="secret first thought")
    [(verification,)] = await site.store.rows("SELECT verification_id FROM review_cases")
    await Reviews(site.store).case_of(verification, because=Because.SECOND_LOOK)
    path = verification_path("demo", biz_id())
    async with site.client(Role.REVIEWER) as other, site.client(Role.VIEWER) as viewer:
        pages = [(await other.get(each)).text for each in (path, "/verifications")]
        assert [OTHERWISE in each for each in pages] == [False, False]
        assert ("secret first thought" in pages[0], "A blind second look" in pages[0]) == (False, True)
        assert (await other.get(f"/reviews/{first}")).status_code == 409
        [row] = (await other.get("/verifications?effective=rejected")).text.split("<tbody>")[1:]
        assert "No verification matches." in row
        assert OTHERWISE in (await viewer.get(path)).text


async def test_a_full_page_says_nothing_of_what_is_hidden(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 1)
    first = await case(site)
    async with looking(site, Role.REVIEWER, first) as browser:
        await browser.propose("rejected")
    [verification] = await site.store.rows("SELECT verification_id FROM review_cases")
    await Reviews(site.store).case_of(*verification, because=Because.SECOND_LOOK)
    older = await Reviews(site.store).verification(2, outcome=Outcome.REJECTED)
    async with site.engine.begin() as connection:
        await connection.execute(AGED, {"id": older})
    async with site.client(Role.REVIEWER) as other, site.client(Role.VIEWER) as viewer:
        pages = [(await each.get("/verifications?effective=rejected")).text for each in (other, viewer)]
    assert [biz_id(2) in each for each in pages] == [True, False]
    assert ["after=" in each for each in pages] == [False, True]
